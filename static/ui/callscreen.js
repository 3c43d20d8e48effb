/**
 * How a call looks on phone and terminal: the other's picture or photo, oneself small, the time that is left, and
 * controls of which only hanging up takes two touches. Drawn again at each change; the videos stay.
 */
import { isParents, otherPerson, talkedFor } from "../core/rings.js";
import { t } from "../core/texts.js";
import { clockTime, countdown, MINUTE, minutesAndSeconds, ms } from "../core/time.js";
import { h, icon, pair, photo, round } from "./dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Person} Person */
/** @typedef {import("../call/seat.js").Seat} Seat */

const ARMED_MS = 4_000;

/** Hanging up is armed by a first touch and done by a second one at another place, so that no double touch does it. */
export class HangUp {
  #armed_at = -Infinity;

  get isArmed() {
    return performance.now() - this.#armed_at < ARMED_MS;
  }

  arm() {
    this.#armed_at = performance.now();
  }

  disarm() {
    this.#armed_at = -Infinity;
  }
}

/** Where who waits, or has waited, may leave a message. @param {import("./calling.js").Calling} calling */
export const answeringOf = ({ seat, farewell }) => (seat ?? farewell)?.company?.answering ?? null;

/** Who sits on this side. @param {Call} call @returns {Person} */
export const ownPerson = (call) => (isParents(call) ? call.parent : call.child);

/**
 * The screen of a call in which a person of this side is. @param {Seat} seat @param {number} at
 * @param {HangUp} hangUp @param {string} zone
 */
export function callScreen(seat, at, hangUp, zone) {
  const { call, phase } = seat;
  const state = shownState(seat, at);
  const still = seat.view?.still();
  return h(
    "section",
    {
      class: "screen call",
      "data-state": state,
      "data-picture": seat.hasPicture ? "video" : still ? "still" : "none",
      "data-call-id": call.id,
      "data-rung": seat.flow.rungs?.rung.name,
    },
    h("video", { class: "call__remote", autoplay: true, playsinline: true, "data-key": "remote" }),
    still,
    h(
      "div",
      { class: "call__cover" },
      pair(state, [ownPerson(call), otherPerson(call)]),
      h("h1", { class: "call__name" }, otherPerson(call).name),
      h(
        "p",
        { class: "call__status", role: "status" },
        phase === "lost" && icon("link-back"),
        seat.flow.shares === "ahead" && icon("microphone"),
        statusText(seat, at, zone),
      ),
      state === "waiting" && at < ms(call.starts_at) && countdownOf(call.starts_at, at),
      phase === "waiting" && seat.company?.answering?.offer(),
    ),
    h("video", {
      class: "call__own",
      autoplay: true,
      playsinline: true,
      "data-key": "own",
      hidden: seat.own.camera !== "on",
    }),
    top(seat, at, hangUp.isArmed),
    seat.view?.meter(),
    note(seat, hangUp.isArmed),
    controls(seat, hangUp.isArmed),
    seat.third?.face(),
    seat.company?.faces(),
  );
}

/** A ring on the phone. @param {Call} call @param {import("./dom.js").Child[]} places */
export const ringScreen = (call, places) =>
  h(
    "section",
    { class: "screen call", "data-state": "ringing", "data-picture": "none", "data-call-id": call.id },
    h(
      "div",
      { class: "call__cover" },
      photo(otherPerson(call), "xl"),
      h("h1", { class: "call__name" }, otherPerson(call).name),
      h("p", { class: "call__status", role: "status" }, t("common.call.rings")),
    ),
    h("footer", { class: "call__controls" }, places),
  );

/** @param {string} instant @param {number} at */
export function countdownOf(instant, at) {
  const soon = ms(instant) - at < 10 * MINUTE;
  return h(
    "p",
    { class: "countdown", "data-state": soon && "soon" },
    countdown(instant, at).flatMap(([number, unit]) => [
      h("span", { class: "countdown__number" }, number),
      unit && h("span", { class: "countdown__unit" }, unit),
    ]),
  );
}

/** Puts the streams into the videos that stand in `main`. @param {HTMLElement} main @param {Seat | null} seat */
export function showStreams(main, seat) {
  const [remote, own] = main.querySelectorAll("video");
  if (!seat || !remote || !own) return;
  own.muted = true;
  if (own.srcObject !== seat.own.stream) own.srcObject = seat.own.stream;
  if (remote.srcObject !== seat.flow.remote) {
    remote.srcObject = seat.flow.remote;
    if (seat.flow.remote) play(remote);
  }
}

/**
 * Where the browser wants a touch before it plays sound, the next touch anywhere is enough.
 * @param {HTMLVideoElement} video
 */
export function play(video) {
  video.play().catch((error) => {
    if (error.name === "NotAllowedError") addEventListener("pointerdown", () => play(video), { once: true });
  });
}

/** @param {Seat} seat @param {number} at @returns {"waiting" | "ringing" | "live" | "lost"} */
function shownState({ phase, call }, at) {
  if (phase === "live" || phase === "lost") return phase;
  return phase === "connecting" || at >= ms(call.starts_at) ? "ringing" : "waiting";
}

/** @param {Seat} seat @param {number} at @param {string} zone */
function statusText({ phase, call, flow }, at, zone) {
  if (phase === "lost") return t("common.call.lost");
  if (phase === "live") return t("common.call.live");
  if (phase === "connecting") return t("common.call.connecting");
  if (at < ms(call.starts_at)) return t("common.call.rung_at", { time: clockTime(call.starts_at, zone) });
  if (flow.shares === "ahead") return t("common.call.ahead");
  return t("common.call.calling");
}

/** @param {Seat} seat @param {number} at @param {boolean} isArmed */
function top({ call, phase }, at, isArmed) {
  const { can, id } = call;
  const left = ms(call.ends_at) - at;
  const talked = talkedFor(call, at);
  return h(
    "header",
    { class: "call__top" },
    left > 0 &&
      h(
        "p",
        { class: "call__left", "aria-label": t("common.call.left") },
        icon("clock", "s"),
        h("time", {}, minutesAndSeconds(left)),
      ),
    can.includes("wrong_person") && !isArmed &&
      h(
        "button",
        { class: "btn btn--small call__wrong", type: "button", "data-act": "wrong-person", "data-call-id": id },
        icon("person", "s"),
        t("common.call.wrong_person"),
      ),
    talked > 0 && h("span", { class: `lamp lamp--${phase === "lost" ? "lost" : "on"}` }, minutesAndSeconds(talked)),
  );
}

/** The question before hanging up, the end that comes near, what hinders the other end from hearing; a missing camera
 * shows at its button. @param {Seat} seat @param {boolean} isArmed */
function note({ own, ending, view }, isArmed) {
  if (isArmed) return h("p", { class: "call__note", role: "status" }, icon("wave"), t("common.call.sure"));
  const said = ending?.note() ?? view?.note();
  if (said) return said;
  const key = { refused: "common.call.microphone_refused", missing: "common.call.microphone_missing" }[
    String(own.microphone)
  ];
  return h(
    "p",
    { class: "call__note", role: "status", hidden: !key, "data-says": key && "terminal.say.no-microphone" },
    key && icon("microphone-off"),
    key ? t(key) : "",
  );
}

/** Armed, the middle place is to stay. @param {Seat} seat @param {boolean} isArmed */
const controls = ({ own, call }, isArmed) =>
  h(
    "footer",
    { class: "call__controls" },
    isArmed
      ? round("hang-up-confirm", "hang-up", "wave", t("common.call.bye"), { text: false, extra: "round--pulse" })
      : toggle("microphone", own.microphone, t("common.call.mute"), t("common.call.unmute")),
    isArmed
      ? round("stay", "answer", "phone-call", t("common.call.stay"), { text: false })
      : round(call.my_side === "guest" ? "hang-up-confirm" : "hang-up", "hang-up", "hang-up", t("common.call.hang_up"), { text: false }),
    toggle("camera", own.camera, t("common.call.hide"), t("common.call.show")),
  );

/**
 * @param {"microphone" | "camera"} what @param {import("../call/media.js").Access} access @param {string} off
 * @param {string} on
 */
function toggle(what, access, off, on) {
  const isOn = access === "on" || access === "closed";
  return round(what, "plain", isOn ? what : `${what}-off`, isOn ? off : on, {
    "aria-pressed": String(!isOn),
    text: false,
  });
}
