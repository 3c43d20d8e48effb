/** What a failure to send means, and how long to wait after one. Pure. */

/** @typedef {"wait" | "ask" | "drop"} Turn */

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [2_000, 5 * 60_000];
/** Whoever sends can do something about these. */
const ASKED = new Set([
  "family_full", "too_many_uploads", "deliver_past", "deliver_too_far", "not_a_time", "no_consent", "pin_needed",
]); // prettier-ignore

/**
 * What becomes of a failure. @param {{status: number, code: string}} error @returns {Turn} `wait`: it passes; `ask`:
 * somebody has to decide; `drop`: the server will never take it
 */
export function turnOf({ status, code }) {
  if (ASKED.has(code)) return "ask";
  if (status === 0 || status >= 500 || [401, 408, 410, 412, 423, 425, 429, 460].includes(status)) return "wait";
  if (status === 409) return code === "wrong_offset" ? "wait" : "ask";
  return "drop";
}

/** How long to wait after so many tries: twice as long each time, and never all devices at once. @param {number} tries
 * @param {number} chance 0 to 1 */
export const pauseOf = (tries, chance) =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 10)) * (0.5 + chance / 2);
