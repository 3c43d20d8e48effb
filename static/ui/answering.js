/**
 * Nobody came: one large place to leave a message by a connection that stands already, how long it is, and that it is
 * kept. It stands on the screen of whoever waits, and for a while after the call was missed.
 */
import { AnsweringLine } from "../call/answering.js";
import { otherPerson } from "../core/rings.js";
import { t } from "../core/texts.js";
import { minutesAndSeconds, SECOND } from "../core/time.js";
import { h, icon, listen, photo, round } from "./dom.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").TakenSeat} TakenSeat */
/** @typedef {import("../call/answering.js").State} State */

const AFTER_CALL_MS = 150 * SECOND; // the machine waits a little longer
const LAST_WORD_MS = 5 * SECOND;

export const styled = sheet("answering.css", import.meta.url);
/** The one that is on the screen. @type {Answering | null} */
let shown = null;

listen(/** @type {HTMLElement} */ (document.getElementById("app")), {
  "answering-record": () => shown?.touch(),
  "answering-discard": () => shown?.discard(),
  "answering-close": () => shown?.back(),
});

export class Answering {
  /** Somebody speaks, or looks at what became of it. */
  isOpen = false;
  #seat;
  #live;
  #redraw;
  /** @type {AnsweringLine | null} */
  #line = null;
  #audio = new Audio();
  #timer = 0;
  #onphase = (/** @type {any} */ { detail }) => this.#phase(detail);

  /** @param {import("../call/seat.js").Seat} seat @param {import("./company.js").Ground} ground */
  constructor(seat, { live, redraw }) {
    this.#seat = seat;
    this.#live = live;
    this.#redraw = redraw;
    shown = this;
    addEventListener("homethread:call", this.#onphase);
  }

  /** How the machine's seat stands. @param {OtherSeat} news @param {TakenSeat | null} mine */
  hear({ seat, state }, mine) {
    if (!mine || state === "lost" || state === "left") return; // its connection may stand all the same
    const line = this.#line;
    if (line?.isTaking || (line?.seat === seat && (this.isOpen || !line.isDead))) return line.retry();
    line?.close();
    const { call, own } = this.#seat;
    this.#line = new AnsweringLine(this.#live, call.id, mine, seat, own, () => this.#turned());
    this.#audio.srcObject = this.#line.remote;
  }

  /** Where it can be begun; null while it can't. */
  offer() {
    if (this.isOpen || !this.#line || this.#line.state === "connecting" || this.#line.isDead) return null;
    const person = otherPerson(this.#seat.call);
    const label = t("common.answering.record");
    return h(
      "div",
      { class: "answering-offer", "data-key": "answering-offer" },
      photo(person, "xl"),
      h("p", { class: "answering-offer__text" }, t("common.answering.prompt", { name: person.name })),
      round("answering-record", "answer", "microphone", label, { extra: "round--pulse answering-offer__button" }),
    );
  }

  screen() {
    const state = this.#line?.state ?? "lost";
    const person = otherPerson(this.#seat.call);
    const isTaking = state === "tone" || state === "recording";
    return h(
      "section",
      { class: "screen answering", "data-state": state, "data-call-id": this.#seat.call.id },
      h(
        "div",
        { class: "answering__middle" },
        h("div", { class: "answering__face" }, photo(person, "xl"), MARKS[state] && icon(MARKS[state])),
        h("p", { class: "answering__text", role: "status", "data-says": SAID[state] }, t(`common.answering.${TEXTS[state]}`, { name: person.name })),
        isTaking && h("p", { class: "answering__time", role: "timer" }, minutesAndSeconds((this.#line?.seconds ?? 0) * SECOND)),
        isTaking ? this.#ending(state) : this.#after(state),
      ),
    );
  }

  /** Begins, or ends what was begun. */
  touch() {
    const line = this.#line;
    if (!line) return;
    if (line.state === "recording") return line.end();
    if (line.isTaking || line.isDead) return;
    this.isOpen = true;
    this.#audio.play().catch((error) => console.warn("no tone:", error.message));
    line.begin();
  }

  discard() {
    this.#line?.discard();
    this.back();
  }

  back() {
    this.isOpen = false;
    this.#redraw();
  }

  /** Nobody looks at it any more; what is being said is kept. */
  close() {
    removeEventListener("homethread:call", this.#onphase);
    clearTimeout(this.#timer);
    this.isOpen = false;
    if (shown === this) shown = null;
    const line = this.#line;
    this.#line = null;
    if (!line?.isTaking) return line?.close();
    line.end();
    setTimeout(() => line.close(), LAST_WORD_MS);
  }

  /** @param {State} state */
  #ending(state) {
    const end = { "aria-busy": String(state === "tone"), extra: "answering__button", "data-on": "true" };
    return h(
      "div",
      { class: "answering__deeds" },
      round("answering-record", "answer", "check", t("common.answering.end"), end),
      round("answering-discard", "plain", "close", t("common.answering.discard"), { extra: "answering__small" }),
    );
  }

  /** @param {State} state */
  #after(state) {
    const key = state === "lost" ? "record" : "again";
    const may = !this.#line?.isDead;
    return h(
      "div",
      { class: "answering__deeds" },
      may && round("answering-record", "answer", "microphone", t(`common.answering.${key}`), { extra: "answering__small" }),
      round("answering-close", "plain", "arrow-start", t("common.answering.close"), { extra: "answering__small" }),
    );
  }

  #turned() {
    if (this.#line?.state === "recording") shown = this;
    this.#redraw();
  }

  /** Somebody came after all: the call comes first. A while after it was missed nothing is taken any more.
   * @param {{call: string, state: string}} detail */
  #phase({ call, state }) {
    if (call !== this.#seat.call.id) return;
    if (state === "connecting" || state === "live") this.close();
    if (state !== "ended") return;
    if (this.#seat.hasTalked) return this.close();
    this.#timer = window.setTimeout(() => this.isOpen || (this.close(), this.#redraw()), AFTER_CALL_MS);
  }
}

/** @type {Record<State, string>} */
const TEXTS = {
  connecting: "connecting", ready: "prompt", tone: "tone", recording: "speak", kept: "kept", cut: "cut", lost: "lost",
}; // prettier-ignore
/** What a terminal says aloud. @type {Partial<Record<State, string>>} */
const SAID = { kept: "terminal.say.answering-kept", cut: "terminal.say.answering-cut", lost: "terminal.say.answering-lost" };
/** @type {Partial<Record<State, string>>} */
const MARKS = { tone: "hourglass", recording: "microphone", kept: "check", cut: "check", lost: "warning" };
