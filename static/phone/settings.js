/** Who one is here, where one is signed in, and out again. */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, icon, openDialog, photo, sentence, stateOf, toast } from "../ui/dom.js";

/** @typedef {{id: string, label: string | null, opened_at: string, seen_at: string | null, is_this: boolean}} Device */

/** @param {import("../net/live.js").Live} live @param {() => void} left called when this device is signed out */
export async function openSettings(live, left) {
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
      "sign-out": () => leave(live, left),
      "end-device": (element) => end(live, element.dataset.deviceId ?? "", () => dialog.close()),
    },
  );
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
      h("p", { class: "row__text" }, t("phone.settings.seen", { when: dayAndTime(device.seen_at ?? device.opened_at, zone, serverNow()) })),
    ),
    device.is_this
      ? h("span", { class: "tag" }, icon("check", "s"), t("phone.settings.this"))
      : button("end-device", "btn btn--small btn--danger", null, t("phone.settings.end"), { "data-device-id": device.id }),
  ); // prettier-ignore

/** @param {import("../net/live.js").Live} live @param {string} id @param {() => void} close */
async function end(live, id, close) {
  await tell(live.api.command(`/api/devices/${id}/end`), t("phone.settings.ended"));
  close();
}

/** @param {import("../net/live.js").Live} live @param {() => void} left */
async function leave(live, left) {
  if (await tell(live.api.command("/api/sign_out"), t("phone.settings.signed_out"))) left();
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
