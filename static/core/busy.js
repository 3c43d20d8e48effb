/** When the link is a call's own: nothing is fetched then that can wait. */
import { upcoming } from "./rings.js";
import { MINUTE, ms } from "./time.js";

/** @typedef {import("../net/live.js").View} View */

/** Before a call. */
const SOON_MS = 10 * MINUTE;

/** Whether a call has or will soon have the link. @param {View} view @param {number} at */
export const hasCall = ({ now: known }, at, soon_ms = SOON_MS) =>
  upcoming(known?.calls ?? []).some(
    ({ state, starts_at, ends_at }) =>
      state === "live" ||
      state === "ringing" ||
      (state === "booked" && ms(starts_at) < at + soon_ms && at < ms(ends_at)),
  );
