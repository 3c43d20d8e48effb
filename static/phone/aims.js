/**
 * What a time is chosen for: a new call, another time for one, an answer to what was proposed, another time for a
 * series. Each knows its words, with whom, how long, and the command that it comes to. Pure.
 */
import { dayNumber, ms, MINUTE, wall } from "../core/time.js";
import { dayText, withWeekday } from "../core/every.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("./wire.js").Series} Series */
/** @typedef {{childId: string, parentId?: string}} Pair who lives with the child names its parent */
/** @typedef {{startsAt: string, minutes: number, zone: string, pair: Pair}} Choice `zone` is the village's */
/**
 * @typedef {object} Aim
 * @property {"new" | "move" | "counter" | "shift"} intent
 * @property {Pair} pair
 * @property {boolean} isFixed with these people and no others
 * @property {number | null} minutes how long; null is up to the village
 * @property {(choice: Choice) => [path: string, body: object]} command
 */

/** @param {Pair} pair @returns {Aim} */
export const newCall = ({ childId, parentId }) => ({
  intent: "new",
  pair: { childId, parentId },
  isFixed: false,
  minutes: null,
  command: ({ startsAt, minutes, pair }) => ["/api/calls", { ...wire(pair), starts_at: startsAt, minutes }],
});

/** @param {Call} call @returns {Aim} */
export const moving = (call) => ({
  ...ofCall(call),
  intent: "move",
  command: ({ startsAt }) => [`/api/calls/${call.id}/move`, { starts_at: startsAt }],
});

/** @param {Call} call @returns {Aim} */
export const countering = (call) => ({
  ...ofCall(call),
  intent: "counter",
  command: ({ startsAt }) => [`/api/calls/${call.id}/counter`, { starts_at: startsAt }],
});

/** Another weekday and time for a series, from one of its days on or for all that is to come.
 * @param {Series} series @param {string | null} occursOn that day; null: all @returns {Aim} */
export const shifting = (series, occursOn) => ({
  intent: "shift",
  pair: { childId: series.child.id, parentId: series.parent.id },
  isFixed: true,
  minutes: series.minutes,
  command: ({ startsAt, zone }) => {
    const { hour, minute } = wall(startsAt, zone);
    const day = dayText(dayNumber(startsAt, zone));
    const from_on = occursOn && (day < occursOn ? day : occursOn);
    const changed = withWeekday(series, day, from_on);
    const body = { ...(from_on && { from_on }), starts_minute: hour * 60 + minute, ...changed };
    return [`/api/series/${series.id}/change`, body];
  },
});

/** A new series at the time that was chosen, as /api/series takes it. @param {Choice} choice @param {string} rule */
export function seriesOf({ startsAt, minutes, zone, pair }, rule) {
  const { hour, minute } = wall(startsAt, zone);
  const starts_on = dayText(dayNumber(startsAt, zone));
  return { ...wire(pair), starts_on, starts_minute: hour * 60 + minute, minutes, rule };
}

/** @param {Pair} pair */
export const wire = ({ childId, parentId }) => ({ child_id: childId, ...(parentId && { parent_id: parentId }) });

/** @param {Call} call */
const ofCall = (call) => ({
  pair: { childId: call.child.id, parentId: call.parent.id },
  isFixed: true,
  minutes: Math.round((ms(call.ends_at) - ms(call.starts_at)) / MINUTE),
});
