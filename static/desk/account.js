/** Who sits at this desk: where they are signed in, the way out, and for operators the other villages. */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { drop } from "../net/pushes.js";
import { button, draw, h, icon, openDialog, sentence, stateOf, toast, withWords } from "../ui/dom.js";
import { word } from "./words.js";

/** @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").OwnDevice} OwnDevice
 * @typedef {{coordinators: import("./wire.js").Coordinator[], villages: {id: string, name: string}[]}} Everybody */

/** @param {Desk} desk */
export function openAccount(desk) {
  const now = desk.now();
  if (!now) return;
  const box = h("div");
  const dialog = openDialog(
    now.coordinator.name,
    [box],
    [button("close", "btn btn--quiet", null, t("common.close")), button("pushes", "btn", "bell", t("desk.pushes")), button("sign-out", "btn btn--danger", null, t("desk.sign_out"))],
    { "sign-out": () => signOut(desk), pushes: () => openPushes(desk, now.coordinator.id) },
    "dialog--wide",
  );
  dialog.dataset.screen = "account";
  box.addEventListener("click", async (event) => {
    const { act = "", deviceId = "", villageId = "" } = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest("[data-act]"))?.dataset ?? {};
    if (act === "end-device") await desk.command(`/api/devices/${deviceId}/end`, {}, t("desk.device_ended"));
    else if (act === "village") return goTo(desk, villageId, dialog);
    else return;
    fill(desk, now, box);
  });
  fill(desk, now, box);
} // prettier-ignore

/** @param {Desk} desk @param {string} who */
async function openPushes(desk, who) {
  const part = await withWords(import("../ui/pushes.js"), "common.push").catch(() => null);
  if (part) await part.openPushes({ api: desk.live.api, face: "desk", who });
  else toast("bad", t("common.offline"));
}

/** @param {Desk} desk */
async function signOut(desk) {
  if (!(await desk.command("/api/sign_out", {}, t("desk.signed_out")))) return;
  await drop("desk");
  await desk.leave();
}

/** Another village's desk, all of it. @param {Desk} desk @param {string} village_id @param {HTMLDialogElement} dialog */
async function goTo(desk, village_id, dialog) {
  dialog.close();
  if (!(await desk.command("/api/desk/village", { village_id }, ""))) return;
  location.hash = "tonight";
  await desk.live.enter();
}

/** @param {Desk} desk @param {DeskNow} now @param {HTMLElement} box */
async function fill(desk, now, box) {
  const { api } = desk.live;
  if (!box.firstChild) draw(box, "account", h("div", {}, stateOf("loading", t("common.loading"))));
  try {
    const { devices } = await api.get("/api/devices");
    /** @type {Everybody | null} */
    const everybody = now.operator ? await api.get("/api/desk/coordinators") : null;
    draw(box, "account", h("div", { class: "dialog__body", "data-part": "account" }, deviceList(devices, now), everybody && villageList(everybody, now)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    draw(box, "account", h("div", {}, stateOf("error", sentence(error))));
  }
} // prettier-ignore

/** @param {OwnDevice[]} devices @param {DeskNow} now */
function deviceList(devices, now) {
  const at = serverNow();
  return h(
    "div",
    { class: "field" },
    h("h3", { class: "heading" }, t("desk.signed_in_at")),
    h(
      "ul",
      { class: "list list--plain" },
      devices.map((device) =>
        h(
          "li",
          { class: "row", "data-key": device.id, "data-device-id": device.id },
          icon(device.is_this ? "check" : "lamp"),
          h(
            "div",
            { class: "row__main" },
            h("p", { class: "row__title" }, device.label || t("desk.some_device")),
            h("p", { class: "row__text" }, device.is_this ? t("desk.this_device") : t("desk.device_seen", { when: dayAndTime(device.seen_at ?? device.opened_at, now.zone, at) })),
          ),
          !device.is_this && button("end-device", "btn btn--small", "close", t("desk.end_device"), { "data-device-id": device.id }),
        ),
      ),
    ),
  );
} // prettier-ignore

/** @param {Everybody} everybody @param {DeskNow} now */
function villageList({ coordinators, villages }, now) {
  const rows = villages.map((village) => {
    const here = village.id === now.village.id;
    const people = coordinators.filter((one) => one.village.id === village.id && !one.ended);
    const named = people.map((one) => `${one.name}${one.is_operator ? ` (${word("desk.operator", "operator")})` : ""}`);
    return h(
      "li",
      { class: "row", "data-key": village.id, "data-village-id": village.id },
      icon("house"),
      h(
        "div",
        { class: "row__main" },
        h("p", { class: "row__title" }, village.name),
        h("p", { class: "row__text" }, named.join(", ") || t("desk.no_coordinators")),
      ),
      here ? h("span", { class: "lamp lamp--on" }, t("desk.here_now")) : button("village", "btn btn--small", "arrow-end", t("desk.go_there"), { "data-village-id": village.id }),
    );
  });
  return h("div", { class: "field" }, h("h3", { class: "heading" }, t("desk.villages")), h("ul", { class: "list list--plain" }, rows));
} // prettier-ignore
