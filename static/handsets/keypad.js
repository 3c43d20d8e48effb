/**
 * Typing on twelve keys: digits first, as most answers are one; letters by pressing a key again and again.
 */

export const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
/** What a key writes in turn where letters are wanted. @type {Record<string, string>} */
const LETTERS = {
  1: ".,?!'1", 2: "abc2", 3: "def3", 4: "ghi4", 5: "jkl5", 6: "mno6", 7: "pqrs7", 8: "tuv8", 9: "wxyz9", 0: " 0",
}; // prettier-ignore
const NEXT_LETTER_MS = 900;

/** What stands small on a key. @param {string} key */
export const lettersOf = (key) => (LETTERS[key] ?? "").slice(0, -1).replace(/^\.,.*|^ /, key === "0" ? "␣" : "");

export class Keypad {
  isLetters = false;
  #last = "";
  #turn = 0;
  #pressed_at = -Infinity;

  /** What stands there after a key. @param {string} draft @param {string} key @param {number} at_ms */
  press(draft, key, at_ms) {
    const letters = (this.isLetters && LETTERS[key]) || key;
    const isAgain = letters.length > 1 && key === this.#last && at_ms - this.#pressed_at < NEXT_LETTER_MS;
    this.#turn = isAgain ? (this.#turn + 1) % letters.length : 0;
    this.#last = key;
    this.#pressed_at = at_ms;
    return (isAgain ? draft.slice(0, -1) : draft) + letters[this.#turn];
  }

  /** The next key begins a letter of its own. */
  rest() {
    this.#last = "";
  }

  /** Another text begins: digits first. */
  restart() {
    this.rest();
    this.isLetters = false;
  }
}
