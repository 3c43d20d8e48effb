/** The coordinator joins a call: the warning before, then both ends, oneself, the microphone and the way out. */
import { DeskSeat } from "../call/deskseat.js";
import { t } from "../core/texts.js";
import { now as serverNow } from "../core/time.js";
import { play } from "../ui/callscreen.js";
import { banner, button, draw, h, icon, listen, openDialog, photo, round, toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { sideOf } from "./words.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").Person} Person */
/** @typedef {import("../core/wire.js").Side} Side */
/** @typedef {import("./wire.js").Desk} Desk */

const ENDS = /** @type {Side[]} */ (["village", "parent"]);

sheet("joining.css", import.meta.url);

/** @param {Desk} desk @param {Call} call */
export function askToJoin(desk, call) {
  const names = { child: call.child.name, parent: call.parent.name };
  const dialog = openDialog(
    t("desk.join_title", names),
    [banner("info", "camera", t("desk.join_seen"))],
    [
      button("close", "btn btn--quiet", null, t("common.close")),
      button("join-confirm", "btn btn--primary", "phone-call", t("desk.join")),
    ],
    { "join-confirm": () => new Joining(desk, call) },
  );
  dialog.dataset.screen = "join";
}

class Joining {
  #seat;
  #dialog = h("dialog", { class: "joining", "aria-label": t("desk.join") });

  /** @param {Desk} desk @param {Call} call */
  constructor(desk, call) {
    this.#seat = new DeskSeat(desk.live, call, () => this.#changed());
    listen(this.#dialog, {
      microphone: () => this.#seat.own.toggleMicrophone(),
      "leave-call": () => this.#seat.leave(),
    });
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault()); // only its own button leaves
    this.#dialog.addEventListener("close", () => this.#seat.leave());
    document.body.append(this.#dialog);
    this.#draw();
    this.#dialog.showModal();
    this.#seat.join();
  }

  #changed() {
    if (!this.#seat.isOver) return this.#draw();
    if (!this.#dialog.isConnected) return;
    this.#dialog.remove();
    const { phase, message } = this.#seat;
    if (phase === "refused") toast("bad", message);
    else if (phase !== "left") toast("info", t(phase === "moved" ? "desk.join_moved" : "desk.join_over"));
  }

  #draw() {
    const { own, lines, phase } = this.#seat;
    const guests = [...this.#seat.guests.values()];
    const isOn = own.microphone === "on" || own.microphone === "closed";
    const tree = h(
      "section",
      { class: "joining__screen", "data-phase": phase },
      banner("info", "camera", t("desk.join_seen")),
      h("div", { class: "joining__ends" }, ENDS.map((side) => this.#end(side)), guests.map((guest) => this.#guest(guest))),
      h(
        "footer",
        { class: "joining__foot" },
        h("video", { class: "joining__own", autoplay: true, playsinline: true, hidden: own.camera !== "on" }),
        round("microphone", "plain", isOn ? "microphone" : "microphone-off", t(isOn ? "common.call.mute" : "common.call.unmute"), { "aria-pressed": String(!isOn) }),
        round("leave-call", "hang-up", "hang-up", t("desk.join_leave"), { "data-focus": true }),
      ),
    ); // prettier-ignore
    draw(this.#dialog, "joining", tree);
    for (const side of ENDS) show(this.#dialog, `[data-side=${side}] video`, lines.get(side)?.remote ?? null, false);
    for (const { guest = "" } of guests)
      show(this.#dialog, `[data-guest="${guest}"] video`, lines.get(guest)?.remote ?? null, false);
    show(this.#dialog, ".joining__own", own.stream, true);
  }

  /** @param {Side} side */
  #end(side) {
    const { call } = this.#seat;
    const person = side === "parent" ? call.parent : call.child;
    const iconId = side === "parent" ? "person" : "terminal";
    return this.#figure(side, { "data-side": side }, person, iconId, sideOf(call, side, serverNow()));
  }

  /** @param {OtherSeat} guest */
  #guest({ guest: id = "", name, state }) {
    const person = this.#seat.call.guests?.find((one) => one.id === id) ?? { id, name: name ?? "", photo: null };
    const isLost = state === "lost";
    const mark = { lamp: isLost ? "lost" : "on", text: t(isLost ? "desk.side.lost" : "desk.side.here") };
    return this.#figure(id, { "data-guest": id, "data-key": id }, person, "person", mark);
  }

  /** @param {string} key @param {Record<string, string>} named @param {Person} person @param {string} iconId
   * @param {{lamp: string, text: string}} mark */
  #figure(key, named, person, iconId, { lamp, text }) {
    const line = this.#seat.lines.get(key);
    const isHeard = line?.hasSound;
    return h(
      "figure",
      {
        class: "joining__end",
        ...named,
        "data-picture": line?.hasPicture ? "video" : "none",
        "data-sound": String(Boolean(isHeard)),
      },
      h("video", { autoplay: true, playsinline: true }),
      h(
        "div",
        { class: "joining__wait" },
        photo(person, "xl"),
        h("p", { role: "status" }, isHeard ? t("common.call.live") : t("desk.join_wait", { name: person.name })),
      ),
      h(
        "figcaption",
        { class: "joining__name" },
        icon(iconId, "s"),
        person.name,
        h("span", { class: `lamp lamp--${lamp}` }, text),
      ),
    );
  }
}

/** @param {HTMLElement} root @param {string} selector @param {MediaStream | null} stream @param {boolean} isOwn */
function show(root, selector, stream, isOwn) {
  const video = /** @type {HTMLVideoElement} */ (root.querySelector(selector));
  if (isOwn) video.muted = true;
  if (video.srcObject === stream) return;
  video.srcObject = stream;
  if (stream) play(video);
}
