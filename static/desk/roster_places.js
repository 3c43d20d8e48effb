/** Where a roster has room: the week's days, what stands in each, and the places that are free. Pure. */
import { DAY, dayNumber, MINUTE, ms } from "../core/time.js";

/** @typedef {import("./wire.js").Roster} Roster
 * @typedef {import("./wire.js").Assignment} Assignment
 * @typedef {{terminal_id: string, starts_at: string}} Place */

/** The days of the week on which somebody could come. @param {Roster} roster @param {number} monday since 1970 */
export function daysOf(roster, monday) {
  const used = [...roster.openings, ...roster.assignments].map(({ starts_at }) => starts_at && dayNumber(starts_at, roster.zone));
  return Array.from({ length: 7 }, (_, place) => monday + place).filter((day) => used.includes(day));
} // prettier-ignore

/** Rows with a slot, in the order of the evening. @param {Roster} roster @returns {Assignment[]} */
export const placed = ({ assignments, terminals }) => {
  const order = terminals.map(({ id }) => id);
  return assignments
    .filter(({ starts_at }) => starts_at)
    .sort(
      (one, other) =>
        ms(one.starts_at ?? 0) - ms(other.starts_at ?? 0) ||
        order.indexOf(one.terminal_id ?? "") - order.indexOf(other.terminal_id ?? ""),
    );
};

/** Starts at which a call of this length would fit, one after another with the change-over between them.
 * @param {Roster} roster @param {number} bufferMinutes @param {number} minutes @param {number} at @returns {Place[]} */
export function freePlaces(roster, bufferMinutes, minutes, at) {
  const [length, buffer] = [minutes * MINUTE, bufferMinutes * MINUTE];
  return roster.openings.flatMap(({ terminal_id, starts_at, ends_at }) => {
    const here = placed(roster).filter((row) => row.terminal_id === terminal_id);
    const taken = here.map((row) => [ms(row.starts_at ?? 0) - buffer, ms(row.ends_at ?? 0) + buffer]);
    /** @type {Place[]} */
    const found = [];
    let start = ms(starts_at);
    while (start + length <= ms(ends_at)) {
      const end = start + length;
      const hit = taken.find(([from, until]) => from < end && start < until);
      if (!hit && start > at) found.push({ terminal_id, starts_at: new Date(start).toISOString().replace(".000", "") });
      start = hit ? hit[1] : end + buffer;
    }
    return found;
  });
}

/** @param {number} day since 1970, as an instant at which it is that day everywhere */
export const noonOf = (day) => day * DAY + DAY / 2;
