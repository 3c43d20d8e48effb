/** Who one is here: one's hours, one's calendar, what this phone does, where one is signed in, and out again. */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, icon, openDialog, photo, sentence, stateOf, toast } from "../ui/dom.js";
import { isInstalled } from "./installing.js";
import { askToLeave } from "./leaving.js";
import * as places from "./settings_places.js";

/** @typedef {import("../net/live.js").Live} Live */
/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {{id: string, label: string | null, opened_at: string, seen_at: string | null, is_this: boolean}} Device */

/** @param {Phone} phone */
export async function openSettings(phone) {
  const { now } = phone.live.view;
  if (!now?.me) return;
  const isParent = now.families.some(({ role }) => role === "parent");
  const isAloud = Boolean(localStorage["homethread.aloud"]);
  const devices = h("div", { class: "settings__devices" }, h("p", { class: "muted" }, t("common.loading")));
  const dialog = openDialog(
    now.me.name,
    [
      h(
        "div",
        { class: "settings__me" },
        photo(now.me, "l"),
        isParent && button("own-name", "btn btn--quiet btn--small", "microphone", t("phone.settings.name")),
        isParent && button("own-photo", "btn btn--quiet btn--small", "camera", t("phone.settings.photo")),
      ),
      h("div", { class: "list" }, [
        place("my-hours", "clock", t("phone.settings.hours"), t("phone.settings.hours_text")),
        place("aloud", "speaker", t("phone.settings.aloud"), t(`phone.settings.aloud_${isAloud ? "on" : "text"}`)),
        isParent && place("parents", "family", t("phone.settings.parents"), t("phone.settings.parents_text")),
        !isInstalled() && place("install", "house", t("phone.settings.install"), t("phone.settings.install_text")),
        place("calendar", "calendar", t("phone.settings.calendar"), t("phone.settings.calendar_text")),
        place("price", "link-back", t("phone.settings.price"), priceText(now.me.mb_price ?? null, now.language)),
        place("pushes", "bell", t("phone.settings.pushes"), t("phone.settings.pushes_text")),
      ]),
      h("h3", { class: "heading" }, t("phone.settings.devices")),
      devices,
    ],
    [
      button("sign-out", "btn btn--danger", "close", t("phone.settings.sign_out")),
      button("close", "btn btn--quiet", null, t("common.close")),
    ],
    {
      "my-hours": () => places.openHours(phone),
      "own-name": () => places.openName(phone),
      "own-photo": () => places.openPhoto(phone),
      aloud: () => places.turnAloud(phone),
      parents: () => places.openParents(phone),
      install: () => places.openInstalling(phone),
      calendar: () => places.openCalendar(phone),
      price: () => places.openPrice(phone),
      pushes: () => places.openPushes(phone),
      "sign-out": () => askToLeave(phone),
      "end-device": (element) => end(phone, element.dataset.deviceId ?? ""),
    },
  );
  dialog.scrollTop = 0; // on a low screen the place that has the focus stands below
  devices.replaceChildren(await devicesOf(phone.live, now.zone));
}

/** @param {string} act @param {string} iconId @param {string} title @param {string} text */
const place = (act, iconId, title, text) =>
  h(
    "button",
    { class: "row", type: "button", "data-act": act },
    icon(iconId),
    h("span", { class: "row__main" }, h("span", { class: "row__title" }, title), h("span", { class: "row__text" }, text)),
    icon("arrow-end"),
  );

/** @param {Live} live @param {string} zone */
async function devicesOf(live, zone) {
  try {
    /** @type {Device[]} */
    const devices = (await live.api.get("/api/devices")).devices;
    if (!devices.length) return stateOf("empty", t("phone.settings.no_devices"));
    return h("ul", { class: "list" }, devices.map((device) => row(device, zone)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return h("p", { class: "field__error" }, sentence(error));
  }
} // prettier-ignore

/** By the unit in which it is a number that people know. @param {import("../core/wire.js").MbPrice | null} price
 * @param {string} language */
function priceText(price, language) {
  if (!price) return t("phone.settings.price_text");
  const style = { style: /** @type {const} */ ("currency"), currency: price.currency };
  const isByGb = price.milli < 100;
  const cost = (isByGb ? price.milli : price.milli / 1_000).toLocaleString(language, style);
  return t(isByGb ? "phone.settings.price_by_gb" : "phone.settings.price_by_mb", { cost });
}

/** @param {Device} device @param {string} zone */
const row = (device, zone) =>
  h(
    "li",
    { class: "row", "data-device-id": device.id },
    h(
      "div",
      { class: "row__main" },
      h("p", { class: "row__title" }, device.label || t("phone.settings.some_device")),
      h("p", { class: "row__text" }, told("opened", device.opened_at, zone)),
      device.seen_at && h("p", { class: "row__text" }, told("seen", device.seen_at, zone)),
    ),
    device.is_this
      ? h("span", { class: "tag" }, icon("check", "s"), t("phone.settings.this"))
      : button("end-device", "btn btn--small btn--danger", null, t("phone.settings.end"), { "data-device-id": device.id }),
  ); // prettier-ignore

/** @param {"opened" | "seen"} what @param {string} instant @param {string} zone */
const told = (what, instant, zone) => t(`phone.settings.${what}`, { when: dayAndTime(instant, zone, serverNow()) });

/** @param {Phone} phone @param {string} id */
async function end(phone, id) {
  await tell(phone.live.api.command(`/api/devices/${id}/end`), t("phone.settings.ended"));
  await openSettings(phone);
}

/** @param {Promise<unknown>} command @param {string} done */
async function tell(command, done) {
  try {
    await command;
    toast("good", done);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
  }
}
