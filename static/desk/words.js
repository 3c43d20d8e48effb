/** How a call and its sides are said and marked at the desk: one word, one lamp, one icon for each. Pure. */
import { hasText, t, tn } from "../core/texts.js";
import { DAY, MINUTE, ms } from "../core/time.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Side} Side */

/** The state by which a call is coloured. @param {Pick<Call, "state" | "outcome"> & Partial<Call>} call */
export function lookOf({ state, outcome, sides }) {
  if (state === "ended") return outcome ?? "cancelled";
  const isLost = state === "live" && sides && (sides.parent.lost_at || sides.village.lost_at);
  return isLost ? "lost" : state;
}

/** @param {string} look */
export function lookText(look) {
  if (look === "lost") return t("desk.state.lost");
  const outcome = `common.outcome.${look}`;
  return t(hasText(outcome) ? outcome : `common.state.${look}`);
}

/** Whole minutes by which a side is late that should be in the call; 0 while it is not. @param {Call} call
 * @param {Side} side @param {number} at */
export function lateMinutes({ state, starts_at, sides }, side, at) {
  const { here, lost_at } = sides[side];
  const isAwaited = (state === "booked" || state === "ringing") && !here && !lost_at;
  return isAwaited ? Math.max(0, Math.floor((at - ms(starts_at)) / MINUTE)) : 0;
}

/** @param {Call} call @param {Side} side @param {number} at @returns {{lamp: string, text: string}} */
export function sideOf(call, side, at) {
  const { here, seated, lost_at, confirmed, declined } = call.sides[side];
  if (lost_at) return { lamp: "lost", text: t("desk.side.lost") };
  if (here) return { lamp: "on", text: t("desk.side.here") };
  const late = lateMinutes(call, side, at);
  if (late && !declined) return { lamp: "bad", text: tn("desk.side.late", late) };
  if (seated) return { lamp: "wait", text: t("desk.side.seated") };
  if (declined) return { lamp: "bad", text: t("desk.side.declined") };
  return { lamp: "off", text: t(confirmed ? "desk.side.confirmed" : "desk.side.away") };
}

/** Whether it matters by now who sits where. @param {Call} call @param {number} at */
export const isClose = (call, at) => call.state !== "ended" && call.state !== "proposed" && at >= ms(call.opens_at);

/** A reason as a sentence, and a code that we have no sentence for as itself. @param {string | null} reason */
export const reasonText = (reason) => (reason ? word(`desk.reason.${reason}`, reason) : "");

/** @param {string} rung */
export const rungText = (rung) => word(`desk.rung.${rung}`, rung);

/** @param {string} key @param {string} otherwise */
export const word = (key, otherwise) => (hasText(key) ? t(key) : otherwise);

/** Whole minutes: those that were talked, or the one that is running. @param {Pick<Call, "talked_seconds"> & Partial<Call>} call @param {number} at */
export function minutesTalked({ talked_seconds, talking_since }, at) {
  if (!talking_since) return talked_seconds && Math.max(1, Math.round(talked_seconds / 60));
  return Math.ceil((talked_seconds * 1_000 + Math.max(0, at - ms(talking_since))) / MINUTE);
}

/** Days since a child was heard; Infinity for never. @param {string | null} last @param {number} at */
export const daysUnheard = (last, at) => (last ? Math.floor((at - ms(last)) / DAY) : Infinity);

/** "not heard for 9 days", or "" while it is not overdue against the village's promise.
 * @param {string | null} last @param {number} at @param {number} promiseDays */
export function unheardText(last, at, promiseDays) {
  const days = daysUnheard(last, at);
  if (days < promiseDays) return "";
  return days === Infinity ? t("desk.never_heard") : t("desk.unheard", { count: days });
}

/** "Wang, Li and Chen" @param {string[]} names */
export const listed = (names) => new Intl.ListFormat(document.documentElement.lang).format(names);
