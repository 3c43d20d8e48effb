/**
 * How a call looks on phone and terminal: the other's picture or photo, oneself small, the time that is left, and controls
 * of which only hanging up takes two touches. Drawn again at each change; the videos stay.
 */
import { otherPerson, talkedFor } from "../core/rings.js";
import { t } from "../core/texts.js";
import { clockTime, countdown, MINUTE, minutesAndSeconds, ms } from "../core/time.js";
import { h, icon, pair, round } from "./dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Person} Person */
/** @typedef {import("../call/seat.js").Seat} Seat */

const ARMED_MS = 4_000;
const DOUBLE_TOUCH_MS = 400; // a second touch so soon is the same one

/** Hanging up is armed by a first touch and done by a second, deliberate one. */
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

  /** Whether this touch is the second one. */
  confirms() {
    const waited_ms = performance.now() - this.#armed_at;
    return waited_ms > DOUBLE_TOUCH_MS && waited_ms < ARMED_MS + 500;
  }
}

/** Who sits on this side. @param {Call} call @returns {Person} */
const ownPerson = (call) => (call.my_side === "parent" ? call.parent : call.child);

/** The screen of a call in which a person of this side is. @param {Seat} seat @param {number} at @param {HangUp} hangUp @param {string} zone */
export function callScreen(seat, at, hangUp, zone) {
  const { call, phase } = seat;
  const state = shownState(seat, at);
  return h(
    "section",
    { class: "screen call", "data-state": state, "data-picture": seat.hasPicture ? "video" : "none", "data-call-id": call.id },
    h("video", { class: "call__remote", autoplay: true, playsinline: true, "data-key": "remote" }),
    h(
      "div",
      { class: "call__cover" },
      pair(state, [ownPerson(call), otherPerson(call)]),
      h("h1", { class: "call__name" }, otherPerson(call).name),
      h("p", { class: "call__status", role: "status" }, phase === "lost" && icon("link-back"), statusText(seat, at, zone)),
      state === "waiting" && at < ms(call.starts_at) && countdownOf(call.starts_at, at),
    ),
    h("video", { class: "call__own", autoplay: true, playsinline: true, "data-key": "own", hidden: seat.own.camera !== "on" }),
    top(seat, at),
    note(seat),
    hangUp.isArmed ? confirmControls() : controls(seat),
  );
}

/** A ring, or a call that is open and not yet joined, on the phone. @param {Call} call @param {import("./dom.js").Child[]} places */
export const ringScreen = (call, places) =>
  h(
    "section",
    { class: "screen call", "data-state": "ringing", "data-picture": "none", "data-call-id": call.id },
    h(
      "div",
      { class: "call__cover" },
      pair("ringing", [ownPerson(call), otherPerson(call)]),
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
  if (remote.srcObject !== seat.remote) {
    remote.srcObject = seat.remote;
    if (seat.remote) play(remote);
  }
}

/** Where the browser wants a touch before it plays sound, the next touch anywhere is enough. @param {HTMLVideoElement} video */
function play(video) {
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
function statusText({ phase, call }, at, zone) {
  if (phase === "lost") return t("common.call.lost");
  if (phase === "live") return t("common.call.live");
  if (phase === "connecting") return t("common.call.connecting");
  if (at < ms(call.starts_at)) return t("common.call.rung_at", { time: clockTime(call.starts_at, zone) });
  return t("common.call.calling");
}

/** @param {Seat} seat @param {number} at */
function top({ call, phase }, at) {
  const left = ms(call.ends_at) - at;
  const talked = talkedFor(call, at);
  return h(
    "header",
    { class: "call__top" },
    left > 0 &&
      h("p", { class: "call__left", "aria-label": t("common.call.left") }, icon("clock", "s"), h("time", {}, minutesAndSeconds(left))),
    talked > 0 && h("span", { class: `lamp lamp--${phase === "lost" ? "lost" : "on"}` }, minutesAndSeconds(talked)),
  );
}

/** What hinders the other end from hearing; a missing camera shows at its button. @param {Seat} seat */
function note({ own }) {
  const key = { refused: "common.call.microphone_refused", missing: "common.call.microphone_missing" }[String(own.microphone)];
  return h("p", { class: "call__note", role: "status", hidden: !key }, key && icon("microphone-off"), key ? t(key) : "");
}

/** @param {Seat} seat */
function controls({ own }) {
  const hears = own.microphone === "on" || own.microphone === "closed";
  const sees = own.camera === "on" || own.camera === "closed";
  return h(
    "footer",
    { class: "call__controls", "data-key": "controls" },
    round("microphone", "plain", hears ? "microphone" : "microphone-off", t(hears ? "common.call.mute" : "common.call.unmute"), {
      "aria-pressed": String(!hears),
      text: false,
    }),
    round("hang-up", "hang-up", "hang-up", t("common.call.hang_up"), { text: false }),
    round("camera", "plain", sees ? "camera" : "camera-off", t(sees ? "common.call.hide" : "common.call.show"), {
      "aria-pressed": String(!sees),
      text: false,
    }),
  );
}

const confirmControls = () =>
  h(
    "footer",
    { class: "call__controls", "data-key": "confirm" },
    round("stay", "plain", "phone-call", t("common.call.stay")),
    round("hang-up-confirm", "hang-up", "wave", t("common.call.bye"), { extra: "round--pulse" }),
  );
