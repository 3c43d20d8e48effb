/** What a call asks of this device at an instant: is it rung, may it be joined, which one comes next. Pure. */
import { ms } from "./time.js";

/** @typedef {import("./wire.js").Call} Call */

/** Since when it rings anew, in milliseconds; 0: it doesn't. @param {Call} call */
export const rungAgain = ({ rung_again_at: at }) => (at ? ms(at) : 0);

/** The window in which this device's side is rung now, if any. @param {Call} call @param {number} at */
export const ringNow = (call, at) => windowAt(call.rings, at);

/** What this tab kept from an older version of the server names none. @param {Call} call */
const ringsThere = (call) => call.rings_there ?? [];

/** Whether the other side is rung now. @param {Call} call @param {number} at */
export const isRungThere = (call, at) => Boolean(windowAt(ringsThere(call), at));

/** @param {Call["rings"]} rings @param {number} at */
const windowAt = (rings, at) => rings.find(({ since, until }) => ms(since) <= at && at < ms(until));

/** The next instant at which a ring begins or ends, or a call opens, begins or is over; Infinity when nothing comes.
 * @param {Call[]} calls @param {number} at */
export function nextChange(calls, at) {
  const instants = calls.flatMap((call) => [
    call.opens_at,
    call.starts_at,
    call.ends_at,
    ...[...call.rings, ...ringsThere(call)].flatMap(({ since, until }) => [since, until]),
  ]);
  return Math.min(...instants.map(ms).filter((instant) => instant > at));
}

/** @param {Call} call */
export const isOver = (call) => call.state === "ended";

/** A seat may be taken. @param {Call} call @param {number} at */
export const isOpen = (call, at) =>
  !isOver(call) && call.state !== "proposed" && at >= ms(call.opens_at) && at < ms(call.ends_at);

/** @param {Call[]} calls */
export const upcoming = (calls) =>
  calls.filter((call) => !isOver(call)).sort((one, other) => ms(one.starts_at) - ms(other.starts_at));

/** @param {Call[]} calls */
export const past = (calls) => calls.filter(isOver).sort((one, other) => ms(other.starts_at) - ms(one.starts_at));

/** Of the calls that are rung now, the one that was to start first. @param {Call[]} calls @param {number} at */
export const ringing = (calls, at) => upcoming(calls).find((call) => ringNow(call, at));

/** Milliseconds talked so far. @param {Call} call @param {number} at */
export const talkedFor = (call, at) =>
  call.talked_seconds * 1_000 + (call.talking_since ? Math.max(0, at - ms(call.talking_since)) : 0);

/** Who comes into a call of two others sees it from the parent's side. @param {Call} call */
export const isParents = ({ my_side }) => my_side === "parent" || my_side === "guest";

/** @param {Call} call */
export const otherSide = (call) => (call.my_side === "parent" ? "village" : "parent");

/** The person to show on this device: the one at the other end. @param {Call} call */
export const otherPerson = (call) => (isParents(call) ? call.child : call.parent);
