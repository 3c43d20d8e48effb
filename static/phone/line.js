/**
 * Trying the line and the microphone before a call: what is being tried, one's own voice a little later, and in the end
 * a picture and a sentence of what the call will be like. It gives way to any call.
 */
import { LineCheck } from "../call/linecheck.js";
import { rateText, TOLD, toldOf } from "../core/lines.js";
import { t } from "../core/texts.js";
import { AWAY } from "../net/live.js";
import { button, h, icon, parts } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { meter, rms } from "../voice/level.js";

/** @typedef {import("../call/linecheck.js").Verdict} Verdict */

export const ready = sheet("line.css", import.meta.url);

const STEPS = /** @type {const} */ (["connecting", "round_trip", "down", "up", "voice"]);
const PICTURES = { picture: "camera", photos: "person", voice: "phone-call", messages: "message" };
const LEVEL_MS = 80;
const MICROPHONE = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } };

export class LinePage {
  name = "line";
  /** @type {import("../ui/dom.js").Acts} */
  acts;
  /** @type {LineCheck | null} */
  #check = null;
  #hasMicrophone = true;
  #phone;
  #timer = 0;
  #sound = new Audio();
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AnalyserNode | null} */
  #ear = null;

  /** @param {import("../phone.js").Phone} phone */
  constructor(phone) {
    this.#phone = phone;
    this.acts = {
      "line-again": () => void this.start(),
      "line-leave": () => {
        this.#stop();
        phone.open(null);
      },
    };
  }

  async start() {
    this.#stop();
    const context = new AudioContext(); // in the touch itself: later it would be refused
    this.#context = context;
    const microphone = await openMicrophone();
    if (this.#context !== context) return microphone?.stop(); // left while the browser was still asking
    this.#hasMicrophone = Boolean(microphone);
    this.#listen(microphone);
    const check = new LineCheck(this.#phone.live, microphone, () => this.#turned(check));
    this.#check = check;
    this.#sound.srcObject = check.heard;
    this.#timer = window.setInterval(() => this.#look(), LEVEL_MS);
    await check.run();
  }

  /** @param {LineCheck} check */
  #turned(check) {
    if (check !== this.#check) return;
    if (check.stage === "voice") this.#sound.play().catch(() => {}); // one sees that one is heard all the same
    if (check.isOver) this.#rest();
    dispatchEvent(new CustomEvent("homethread:line", { detail: { stage: check.stage, verdict: check.verdict, bytes: check.bytes } }));
    this.#phone.show();
  } // prettier-ignore

  /** @param {MediaStreamTrack | null} microphone */
  #listen(microphone) {
    if (!microphone || !this.#context) return;
    this.#ear = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(new MediaStream([microphone])).connect(this.#ear);
  }

  /** How loud it is now, straight onto the screen; and whether a call wants the line. */
  #look() {
    const { calling } = this.#phone;
    if (calling.seat?.isHere || calling.ringing) return this.#stop();
    const lamp = document.querySelector(".line__ear");
    if (!(lamp instanceof HTMLElement) || !this.#ear) return;
    const samples = new Float32Array(this.#ear.fftSize);
    this.#ear.getFloatTimeDomainData(samples);
    parts(lamp, { level: meter(rms(samples)) });
  }

  #stop() {
    this.#check?.cancel();
    this.#check = null;
    this.#rest();
  }

  #rest() {
    clearInterval(this.#timer);
    this.#ear = null;
    this.#sound.srcObject = null;
    this.#context?.close();
    this.#context = null;
  }

  screen() {
    const check = this.#check;
    return h(
      "section",
      { class: "screen line" },
      h(
        "header",
        { class: "bar" },
        h(
          "button",
          { class: "btn btn--icon", type: "button", "data-act": "line-leave", "aria-label": t("common.back") },
          icon("arrow-start"),
        ),
        h("h1", { class: "bar__title" }, t("phone.line.title")),
      ),
      h("div", { class: "screen__body screen__body--middle", "aria-live": "polite" }, check ? this.#body(check) : stopped()),
      h("footer", { class: "actions" }, check && !check.isOver ? cancel() : again()),
    );
  } // prettier-ignore

  /** @param {LineCheck} check */
  #body(check) {
    const { stage, verdict, error } = check;
    if (stage === "refused") return said("refused", "warning", whyNot(error));
    if (stage === "broken") return said("broken", "link-lost", t(check.isForsaken ? "phone.line.forsaken" : "phone.line.broken"));
    if (verdict) return this.#result(verdict, stage === "judged");
    if (stage === "voice") return speaking(check.speaks_ms);
    return h(
      "div",
      { class: "line__trying", "data-stage": stage },
      h("p", { class: "line__what" }, t(`phone.line.stage.${stage}`)),
      progress(stage),
      h("p", { class: "muted" }, t("phone.line.costs")),
      !this.#hasMicrophone && h("p", { class: "line__note" }, icon("microphone-off", "s"), t("phone.line.no_microphone")),
    );
  } // prettier-ignore

  /** @param {Verdict} verdict @param {boolean} isHeardBack one hears oneself still */
  #result(verdict, isHeardBack) {
    const told = toldOf(verdict.rung);
    const level = this.#hasMicrophone ? verdict.level : "missing";
    return h(
      "div",
      { class: "line__result", "data-told": told, "data-rung": verdict.rung, "data-level": level },
      ladder(told),
      h("h2", { class: "line__verdict" }, t(`phone.line.told.${told}`)),
      h("p", { class: "line__level" }, icon(level === "good" ? "check" : "microphone", "s"), t(`phone.line.level.${level}`)),
      isHeardBack && level !== "missing" && level !== "unknown" && h("p", { class: "muted" }, t("phone.line.heard_back")),
      figures(verdict),
    );
  } // prettier-ignore
}

/** What a call may be made of, and what this line carries of it. @param {import("../core/lines.js").Told} told */
const ladder = (told) =>
  h(
    "ol",
    { class: "line__ladder", "aria-hidden": "true" },
    TOLD.map((one) => {
      const isCarried = TOLD.indexOf(one) >= TOLD.indexOf(told);
      return h("li", { "data-state": one === told ? "here" : isCarried ? "carried" : "beyond" }, icon(PICTURES[one]));
    }),
  );

/** @param {Verdict} verdict */
function figures({ rtt_ms, loss_permille, up_kbps, down_kbps }) {
  const rows = /** @type {const} */ ([
    ["round_trip", rtt_ms, "ms"], ["loss", loss_permille === null ? null : loss_permille / 10, "%"],
    ["up", up_kbps === null ? null : rateText(up_kbps), "kbit/s"],
    ["down", down_kbps === null ? null : rateText(down_kbps), "kbit/s"],
  ]); // prettier-ignore
  return h(
    "details",
    { class: "fold line__figures" },
    h("summary", {}, t("phone.line.figures")),
    h("dl", {}, rows.map(([name, value, unit]) => [h("dt", {}, t(`phone.line.${name}`)), h("dd", {}, value === null ? "–" : `${value} ${unit}`)])),
  );
} // prettier-ignore

/** @param {number} ms */
function speaking(ms) {
  const lamp = h("div", { class: "line__ear" }, icon("microphone"));
  return h(
    "div",
    { class: "line__speaking", "data-stage": "voice" },
    lamp,
    h("p", { class: "line__what" }, t("phone.line.speak")),
    h("p", { class: "muted" }, t("phone.line.speak_text")),
    parts(h("div", { class: "line__time", "aria-hidden": "true" }), { seconds: ms / 1_000 }),
  );
}

/** @param {string} stage */
function progress(stage) {
  const at = STEPS.findIndex((one) => one === stage);
  const value = String(Math.max(0, at));
  return h("progress", { class: "line__progress", max: String(STEPS.length), value, "aria-label": t("phone.line.title") });
} // prettier-ignore

/** @param {string} stage @param {string} iconId @param {string} text */
const said = (stage, iconId, text) =>
  h("div", { class: "line__said", "data-stage": stage }, icon(iconId, "xl"), h("p", { class: "line__what" }, text));

/** The server brings a sentence along. @param {LineCheck["error"]} error */
function whyNot(error) {
  if (!error || AWAY.has(error.code)) return t("common.cannot_reach");
  return error.code === "timeout" ? t("common.timeout") : error.message;
}

const stopped = () => said("stopped", "phone-call", t("phone.line.stopped"));

const cancel = () => button("line-leave", "btn btn--quiet btn--wide", "close", t("phone.line.cancel"));

const again = () => [
  button("line-leave", "btn btn--primary btn--wide", "check", t("phone.line.done")),
  button("line-again", "btn btn--quiet", "move", t("phone.line.again")),
];

/** Without one the line alone is tried. @returns {Promise<MediaStreamTrack | null>} */
async function openMicrophone() {
  const given = await navigator.mediaDevices?.getUserMedia(MICROPHONE).catch(() => null);
  return given?.getAudioTracks()[0] ?? null;
}
