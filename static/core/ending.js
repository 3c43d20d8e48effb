/** What is to be said of a call's end as it comes near: five minutes and one minute before, and that it goes on. Pure. */
import { MINUTE, ms } from "./time.js";

/** @typedef {"five" | "one" | "longer"} Said */

/** @type {[Said, number][]} the nearest last */
const WARNINGS = [["five", 5 * MINUTE], ["one", MINUTE]]; // prettier-ignore

/** Each is said once for an end; what had passed before anybody looked is not made up for. */
export class Ending {
  #ends_at = 0;
  /** @type {Set<Said>} */
  #said = new Set();

  /** @param {string} endsAt @param {number} at @returns {Said | null} what is new */
  look(endsAt, at) {
    const ends_at = ms(endsAt);
    const left = ends_at - at;
    const due = WARNINGS.filter(([, before]) => left <= before).map(([said]) => said);
    const before = this.#ends_at;
    this.#ends_at = ends_at;
    if (ends_at !== before) {
      this.#said = new Set(due);
      return before && ends_at > before ? "longer" : null;
    }
    const fresh = due.filter((said) => !this.#said.has(said)).pop() ?? null;
    for (const said of due) this.#said.add(said);
    return left > 0 ? fresh : null;
  }
}
