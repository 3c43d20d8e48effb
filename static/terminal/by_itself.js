/**
 * A terminal that answers by itself, where the family allowed it, for those who can't touch it: ten lamps go out one by
 * one, each with a tone, before camera and microphone open, and one touch stops it. Where it can't be heard it isn't done.
 * Whoever was put through like that and is not seen to be there, by a touch, is cut off after some minutes.
 */
import { Sounds } from "../call/sounds.js";
import { ringNow } from "../core/rings.js";
import { t } from "../core/texts.js";
import { MINUTE, ms, SECOND } from "../core/time.js";
import { h, icon, parts, photo } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { place } from "./screens.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../ui/calling.js").Calling} Calling */

const LAMPS = 10;
const COUNTED_MS = LAMPS * SECOND;
const ALONE_MS = 3 * MINUTE;
const WARNED_MS = 30 * SECOND;
/** @type {[hertz: number, at_s: number, lasts_s: number, loudness: number][]} */
const TICK = [[783.99, 0, 0.3, 0.3]];

export const styled = sheet("by_itself.css", import.meta.url);

export class ByItself {
  /** Of which call it counts, and since when. @type {{id: string, since: number, told: number} | null} */
  #counting = null;
  /** Calls that somebody didn't want put through. @type {Set<string>} */
  #stopped = new Set();
  /** The call that it answered, when. @type {{id: string, at: number} | null} */
  #answered = null;
  #sounds = new Sounds();
  #calling;

  /** @param {Calling} calling */
  constructor(calling) {
    this.#calling = calling;
  }

  /** The lamps, and at their end the answer; null where it rings as ever. @param {Call} call that rings @param {number} at */
  screen(call, at) {
    if (!this.#mayCount(call, at)) {
      this.#counting = null;
      return null;
    }
    this.#sounds.unlock();
    this.#sounds.wake();
    if (!this.#sounds.isSounding) return null;
    if (this.#counting?.id !== call.id) this.#counting = { id: call.id, since: at, told: -1 };
    const left = Math.ceil((this.#counting.since + COUNTED_MS - at) / SECOND);
    if (left <= 0) return this.#answer(call, at);
    if (this.#counting.told !== left) this.#sounds.play(TICK);
    this.#counting.told = left;
    return countScreen(call, left);
  }

  /** Somebody doesn't want it. @param {string} id */
  stop(id) {
    this.#stopped.add(id);
    this.#counting = null;
  }

  /** Nobody has touched anything since: a place for it, and in the end goodbye. @param {number} at
   * @param {number} touched_at */
  alone(at, touched_at) {
    const { seat } = this.#calling;
    if (!seat || this.#answered?.id !== seat.call.id || touched_at > this.#answered.at) return null;
    const left = this.#answered.at + ALONE_MS - at;
    if (left <= 0) return this.#calling.hangUp() ?? null;
    return left < WARNED_MS ? aloneNote(left / WARNED_MS) : null;
  }

  /** To its end within one ring, while the parent waits. @param {Call} call @param {number} at */
  #mayCount(call, at) {
    const { until = 0 } = ringNow(call, at) ?? {};
    const since = this.#counting?.id === call.id ? this.#counting.since : at;
    const isWaitedFor = call.auto_answer && call.sides.parent.here;
    return isWaitedFor && !this.#stopped.has(call.id) && since + COUNTED_MS <= ms(until);
  }

  /** @param {Call} call @param {number} at */
  #answer(call, at) {
    this.stop(call.id);
    this.#answered = { id: call.id, at };
    this.#calling.join(call, true).catch(() => {}); // its parts can't be fetched: it rings on
    return null;
  }
}

/** @param {Call} call @param {number} left */
const countScreen = (call, left) =>
  h(
    "section",
    { class: "screen ring by-itself", "data-call-id": call.id, "data-left": left },
    h("div", { class: "ring__face" }, photo(call.parent), h("span", { class: "by-itself__camera" }, icon("camera"))),
    h("p", { class: "ring__name" }, call.parent.name),
    h("div", { class: "by-itself__lamps", "aria-hidden": "true" }, Array.from({ length: LAMPS }, (_, lamp) => h("span", { "data-lit": lamp < left && "true" }))),
    h(
      "div",
      { class: "by-itself__places" },
      place("itself.stop", "hang-up", "close", { text: false, extra: "by-itself__stop", "data-call-id": call.id }),
      place("itself.answer", "answer", "phone-call", { text: false, "data-call-id": call.id }),
    ),
  );

/** @param {number} part of its time that is left */
const aloneNote = (part) =>
  parts(
    h(
      "aside",
      { class: "alone", "data-key": "alone", role: "status", "aria-label": t("terminal.itself.alone"), "data-says": "terminal.itself.alone" },
      place("itself.here", "answer", "person", { extra: "round--pulse", text: false }),
      h("span", { class: "alone__left" }),
    ),
    { part: Math.round(part * 100) / 100 },
  );
