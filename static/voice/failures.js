/** What a failure to send means, and how long to wait after one. */
import { newKey } from "../net/api.js";

/** @typedef {import("../net/api.js").ApiError} ApiError */
/** @typedef {import("./wire.js").Item} Item */
/** @typedef {import("./wire.js").ItemShown} ItemShown */
/** @typedef {"wait" | "ask" | "drop"} Turn */

/** Where nobody is signed in, or the disk there is full, haste is no use. */
export const LONG_PAUSE_MS = 60_000;
const MOST_RESTARTS = 3;
/** What broke off is still locked at the server, for seconds: that is no failure that anybody should be told of. */
const LOCKED_PAUSE_MS = 3_000;
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

/** How an item stands after a failure. @param {Pick<Item, "tries" | "restarts">} item @param {ApiError} error
 * @param {number} at @param {number} chance 0 to 1 @returns {Partial<ItemShown>} */
export function afterFailure({ tries, restarts }, error, at, chance) {
  const { code, message, status, retry_ms } = error;
  if (status === 423) return { state: "waits", next_at: at + (retry_ms ?? LOCKED_PAUSE_MS * (0.5 + chance)), why: null };
  // It arrived as something else, or the server has given it up: from the beginning, but not for ever.
  const isAnew = status === 460 || status === 410;
  const turn = isAnew && restarts >= MOST_RESTARTS ? "ask" : turnOf(error);
  const pause = status === 401 || status === 507 ? LONG_PAUSE_MS : pauseOf(tries, chance);
  return {
    state: turn === "wait" ? "waits" : turn === "ask" ? "asks" : "dropped",
    tries: tries + 1,
    restarts: restarts + Number(isAnew),
    next_at: at + Math.max(pause, retry_ms ?? 0),
    why: { code, message: status ? message : "" },
    // A name that stands for what has ended can't be used again.
    ...(status === 410 && { sent_as: newKey(), upload_url: "", offset: 0 }),
  };
}
