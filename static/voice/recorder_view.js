/** How the place to speak looks: the button with its ring, the recording to be heard and sent, and what stands against it. */
import { t } from "../core/texts.js";
import { minutesAndSeconds } from "../core/time.js";
import { drawing, h, icon } from "../ui/dom.js";
import { LONGEST_MS } from "./record.js";
import { length, sign, signButton, wave } from "./waveform.js";

/** @typedef {import("../ui/dom.js").Child} Child */
/** @typedef {import("./record.js").Trouble} Trouble */
/**
 * @typedef {object} Shown
 * @property {import("./record.js").Phase | "ready" | "making"} phase
 * @property {number} duration_ms so far
 * @property {Trouble | null} trouble
 * @property {import("./wire.js").Finished | null} finished
 * @property {string | null} leftFor it was cut off: whom it was for, "" where that isn't known
 * @property {boolean} isPlaying
 * @property {number} played 0 to 1
 * @property {boolean} wasEmpty the last one was too short
 * @property {boolean} mayGo the browser may throw away what waits
 * @property {"sent" | "discarded" | null} undo
 * @property {boolean} isTurn it is their turn to speak
 */

const NEARLY_MS = LONGEST_MS - 15_000;
const PICTURES = /** @type {Record<Trouble, string>} */ ({
  refused: "refused", insecure: "refused", in_use: "in_use", missing: "missing", impossible: "missing", full: "full",
  forbidden: "full", broken: "full",
}); // prettier-ignore

const STORAGE = new Set(["full", "forbidden", "broken"]);

/** Seconds that are over. @param {number} duration_ms */
export const secondsOf = (duration_ms) => minutesAndSeconds(Math.floor(duration_ms / 1_000) * 1_000);

/** @param {Shown} shown @param {Child} when */
export function voiceView(shown, when) {
  const { phase, trouble, finished, undo } = shown;
  const what = finished ? "ready" : trouble ? "trouble" : "button";
  return h(
    "div",
    { class: "voice", "data-phase": phase, "data-turn": shown.isTurn, "data-key": `voice ${what}` },
    trouble && troubled(trouble, Boolean(finished)),
    finished ? review(shown, finished, when) : (!trouble || phase !== "idle") && button(shown),
    undo && undoBar(undo),
  );
}

/** @param {Shown} shown */
function button({ phase, duration_ms, wasEmpty, mayGo }) {
  const isOn = phase === "recording";
  const isBusy = phase === "making" || phase === "asking" || phase === "closing";
  const label = t(isOn ? "common.voice.stop" : phase === "asking" ? "common.voice.asking" : "common.voice.record");
  return [
    h(
      "button",
      {
        class: "voice__button", type: "button", "data-act": "voice-record", "aria-label": label,
        "aria-pressed": String(isOn), "aria-busy": String(isBusy),
      },
      isOn ? sign("stop") : icon("microphone"),
    ),
    h("p", { class: "voice__line" }, isOn ? timer(duration_ms) : lineOf(phase, wasEmpty, label)),
    mayGo && isOn && h("p", { class: "voice__note" }, t("common.voice.may_go")),
  ];
} // prettier-ignore

/** @param {number} duration_ms */
const timer = (duration_ms) =>
  h("span", { class: "voice__time", role: "timer", "data-late": duration_ms > NEARLY_MS }, secondsOf(duration_ms));

/** @param {Shown["phase"]} phase @param {boolean} wasEmpty @param {string} label */
function lineOf(phase, wasEmpty, label) {
  if (phase === "making" || phase === "closing") return t("common.voice.making");
  return wasEmpty ? t("common.voice.empty") : label;
}

/** @param {Shown} shown @param {import("./wire.js").Finished} finished @param {Child} when */
function review({ leftFor, isPlaying, played }, { is_silent, peaks, duration_ms }, when) {
  const label = t(isPlaying ? "common.voice.pause" : "common.voice.play");
  const left = leftFor ? t("common.voice.left_for", { name: leftFor }) : t("common.voice.left");
  return [
    leftFor !== null && h("p", { class: "voice__note" }, left),
    is_silent && h("p", { class: "voice__note" }, t("common.voice.silent")),
    h(
      "div",
      { class: "voice__review" },
      h(
        "button",
        { class: "play", type: "button", "data-act": "voice-play", "aria-label": label },
        sign(isPlaying ? "pause" : "play"),
      ),
      wave(peaks, played),
      length(duration_ms),
    ),
    when,
    h(
      "div",
      { class: "voice__deeds" },
      signButton("voice-discard", "btn", "bin", t("common.voice.discard")),
      signButton("voice-send", "btn btn--primary", "send", t("common.voice.send")),
    ),
  ];
}

/** @param {"sent" | "discarded"} kind */
const undoBar = (kind) =>
  h(
    "p",
    { class: "voice__undo", "data-kind": kind, role: "status" },
    h("span", {}, t(`common.voice.was_${kind}`)),
    signButton("voice-undo", "btn btn--small", "undo", t("common.voice.undo")),
  );

/** @param {Trouble} kind @param {boolean} isReady something was recorded all the same */
const troubled = (kind, isReady) =>
  h(
    "div",
    { class: "voice__trouble", role: "alert", "data-trouble": kind, "data-says": `terminal.say.${STORAGE.has(kind) ? "no-room" : "no-microphone"}` },
    !isReady && drawing("voice/pictures", PICTURES[kind], { class: "voice__picture", "aria-hidden": "true" }),
    h("p", { class: "voice__title" }, t(`common.voice.trouble.${kind}`)),
    h("p", { class: "muted" }, t(`common.voice.trouble_text.${kind}`)),
    !isReady && h("button", { class: "btn btn--primary", type: "button", "data-act": "voice-again" }, t("common.retry")),
  );
