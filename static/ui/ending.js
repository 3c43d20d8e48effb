/**
 * Near the end of a call: a sun that goes down behind the hills, with a soft tone, on phone and terminal. In words too, for
 * those who read; at the terminal for screen readers alone.
 */
import { Ending } from "../core/ending.js";
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { h, parts } from "./dom.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../core/ending.js").Said} Said */

const SHOWN_MS = 12 * SECOND;
/** How much of the sun is still there. @type {Record<Said, number>} */
const SUN = { five: 0.6, one: 0.2, longer: 1 };
/** @type {Record<Said, [hertz: number, at_s: number, lasts_s: number, loudness: number][]>} */
const TONES = {
  five: [[523.25, 0, 0.7, 0.16], [659.25, 0.35, 1, 0.16]],
  one: [[659.25, 0, 0.6, 0.2], [523.25, 0.3, 0.6, 0.2], [440, 0.6, 1.2, 0.2]],
  longer: [[440, 0, 0.5, 0.16], [523.25, 0.25, 0.5, 0.16], [659.25, 0.5, 1, 0.16]],
}; // prettier-ignore

sheet("ending.css", import.meta.url);

export class EndingNote {
  #ending = new Ending();
  /** @type {Said | null} */
  #said = null;
  #until = 0;
  #sounds;

  /** @param {import("../call/sounds.js").Sounds | null} sounds */
  constructor(sounds) {
    this.#sounds = sounds;
  }

  /** @param {import("../core/wire.js").Call} call @param {number} at */
  look({ id, ends_at }, at) {
    const fresh = this.#ending.look(ends_at, at);
    if (at > this.#until) this.#said = null;
    if (!fresh) return;
    this.#said = fresh;
    this.#until = at + SHOWN_MS;
    this.#sounds?.play(TONES[fresh]);
    const detail = { state: `end_${fresh}`, call: id, at: new Date(at).toISOString() };
    dispatchEvent(new CustomEvent("homethread:call", { detail }));
  }

  /** The last minute. */
  get isLast() {
    return this.#said === "one";
  }

  /** While it has just been said. */
  note() {
    const said = this.#said;
    if (!said) return null;
    return h(
      "p",
      { class: "call__note call__note--ending", role: "status", "data-state": said },
      parts(h("span", { class: "evening" }, h("span", { class: "evening__sun" })), { part: SUN[said] }),
      h("span", { class: "call__note-text" }, t(`common.ending.${said}`)),
    );
  }
}
