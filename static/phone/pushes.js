/**
 * A phone that is told by pushes: a touched one opens its call at once, the messages of its two, or what one asked for;
 * what came is read when somebody looks, and the subscription goes on.
 */
import { t } from "../core/texts.js";
import { isOpen } from "../core/rings.js";
import { now, SECOND } from "../core/time.js";
import { forgive, goOn } from "../net/pushes.js";
import { toast, withWords } from "../ui/dom.js";
import { openParents } from "./settings_places.js";

/** @typedef {import("../phone.js").Phone} Phone */

const LOOKED_FOR_MS = 15 * SECOND; // a new page over a thin link
const CALL = /#call=(\w+)$/;
/** A child and a parent of it. */
const MESSAGES = /#messages=([\w-]+):([\w-]+)$/;
/** What one asked for, and what became of it. */
const PARENTS = /#parents$/;

/** @param {Phone} phone */
export function start(phone) {
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data.type === "open") open(phone, data.url);
    else phone.live.refresh();
  });
  open(phone, location.hash);
  if ([CALL, MESSAGES, PARENTS].some((asked) => asked.test(location.hash))) history.replaceState(null, "", location.pathname);
  let isOn = false;
  let whose = "";
  const meet = async () => {
    const { live } = phone;
    const id = live.view.now?.me?.id ?? "";
    if (id === whose) return;
    whose = id;
    isOn = Boolean(id) && (await goOn(live.api, "phone", id).catch(forgive)) === true;
    if (isOn) look(phone);
  };
  phone.live.subscribe(meet);
  meet();
  document.addEventListener("visibilitychange", () => isOn && look(phone));
}

/** What was pushed is seen, and no text need follow. @param {Phone} phone */
async function look({ live }) {
  if (document.hidden) return;
  const registration = await navigator.serviceWorker.getRegistration("/");
  for (const shown of (await registration?.getNotifications()) ?? []) {
    if (shown.data?.url?.startsWith(location.pathname) && shown.data.id) shown.close();
  }
  await live.api.command("/api/notices/read", { ids: null }).catch(forgive);
}

/** @param {Phone} phone @param {string} url */
function open(phone, url) {
  const id = CALL.exec(url)?.[1];
  const [, childId, parentId] = MESSAGES.exec(url) ?? [];
  const { live, calling } = phone;
  const isFree = () => !calling.seat?.isHere && live.view.now?.me;
  if (id) whenRead(phone, () => join(phone, id));
  else if (childId) whenRead(phone, () => isFree() && openMessages(phone, childId, parentId));
  else if (PARENTS.test(url)) whenRead(phone, () => isFree() && !document.querySelector("[data-part=asked]") && openParents(phone));
}

/** Once the server has said what there is now; without it, after a while. @param {Phone} phone @param {() => unknown} run */
function whenRead({ live }, run) {
  const until = performance.now() + LOOKED_FOR_MS;
  const off = live.subscribe(({ reach }) => {
    if (reach !== "online" && performance.now() < until) return;
    off();
    run();
  });
  live.refresh();
}

/** @param {Phone} phone @param {string} id */
function join(phone, id) {
  const { calling } = phone;
  const call = calling.calls.find((one) => one.id === id);
  if (!call || !isOpen(call, now()) || calling.seat?.isHere) return;
  phone.open(null);
  calling.join(call).catch(() => toast("bad", t("common.offline")));
}

/** @param {Phone} phone @param {string} childId @param {string} parentId */
function openMessages(phone, childId, parentId) {
  const part = withWords(import("./deeds.js"), "phone.agree");
  return phone.withPart(part, ({ deeds }) => deeds(phone).messages({ childId, parentId }));
}
