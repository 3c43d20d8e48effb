/** Where the places of the settings lead, each a part that is fetched then; the first minutes lead there too. */
import { withWords } from "../ui/dom.js";

/** @typedef {import("../phone.js").Phone} Phone */

/** @param {Phone} phone */
export const openHours = (phone) =>
  phone.withPart(withWords(import("./hours.js"), "phone.hours"), async ({ HoursPage, ready }) => {
    await ready;
    phone.open(new HoursPage(phone, ""));
  });

/** @param {Phone} phone */
export const openCalendar = (phone) =>
  phone.withPart(withWords(import("./calendar.js"), "phone.calendar"), (part) => part.openCalendar(phone));

/** @param {Phone} phone */
export const openPrice = (phone) => phone.withPart(import("./price.js"), (part) => part.openPrice(phone));

/** @param {Phone} phone */
export const openPushes = (phone) =>
  phone.withPart(withWords(import("../ui/pushes.js"), "common.push"), (part) =>
    part.openPushes({ api: phone.live.api, face: "phone", who: phone.live.view.now?.me?.id ?? "" }),
  );

/** @param {Phone} phone */
export const openInstalling = (phone) => phone.withPart(import("./installing.js"), (part) => part.install(phone));

/** @param {Phone} phone */
export const openParents = (phone) =>
  phone.withPart(withWords(import("./parents.js"), "phone.parents"), (part) => part.openParents(phone));

/** @param {Phone} phone */
export const openPhoto = (phone) =>
  phone.withPart(withWords(import("./beginning.js"), "phone.begin", "phone.settings"), (part) => part.choosePhoto(phone));

/** @param {Phone} phone @param {() => void} [leave] where one goes back to */
export const openName = (phone, leave) =>
  phone.withPart(withWords(import("./own_name.js"), "phone.name", "common.voice"), (part) => part.openName(phone, leave));

/** Everything is read aloud, or nothing any more. @param {Phone} phone */
export const turnAloud = (phone) =>
  phone.withPart(withWords(import("./aloud.js"), "phone.aloud"), (part) => part.turn(phone));
