/** Who one is here, where one is signed in, and out again. */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, icon, openDialog, photo, sentence, stateOf, toast } from "../ui/dom.js";

/** @typedef {import("../net/live.js").Live} Live */
/** @typedef {{id: string, label: string | null, opened_at: string, seen_at: string | null, is_this: boolean}} Device */

/** @param {Live} live */
export async function openSettings(live) {
  const { now } = live.view;
  if (!now?.me) return;
  /** @type {Device[]} */
  let devices = [];
  try {
    devices = (await live.api.get("/api/devices")).devices;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return toast("bad", sentence(error));
  }
  const dialog = openDialog(
    now.me.name,
    [
      h("div", { class: "settings__me" }, photo(now.me, "l")),
      h("h3", { class: "heading" }, t("phone.settings.devices")),
      devices.length
        ? h("ul", { class: "list" }, devices.map((device) => row(device, now.zone)))
        : stateOf("empty", t("phone.settings.no_devices")),
    ],
    [
      button("sign-out", "btn btn--danger", "close", t("phone.settings.sign_out")),
      button("close", "btn btn--quiet", null, t("common.close")),
    ],
    {
      "sign-out": () => askToLeave(live),
      "end-device": (element) => end(live, element.dataset.deviceId ?? ""),
    },
  );
  dialog.scrollTop = 0; // on a low screen the place that has the focus stands below
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

/** @param {Live} live @param {string} id */
async function end(live, id) {
  await tell(live.api.command(`/api/devices/${id}/end`), t("phone.settings.ended"));
  await openSettings(live);
}

/** @param {Live} live */
function askToLeave(live) {
  openDialog(
    t("phone.settings.sign_out_title"),
    [h("p", {}, t("phone.settings.sign_out_text"))],
    [
      button("close", "btn btn--quiet", null, t("phone.settings.stay")),
      button("leave", "btn btn--danger", "close", t("phone.settings.sign_out")),
    ],
    { leave: () => signOut(live) },
  );
}

/** @param {Live} live */
export async function signOut(live) {
  if (await tell(live.api.command("/api/sign_out"), t("phone.settings.signed_out"))) await live.leave();
}

/** @param {Promise<unknown>} command @param {string} done */
async function tell(command, done) {
  try {
    await command;
    toast("good", done);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
    return false;
  }
}
