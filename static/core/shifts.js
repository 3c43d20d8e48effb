/**
 * People's hours as the phone says them: rotations by name, where somebody stands in one today, what a day's busy
 * minutes mean in words, stays away from home over several days. Minutes count from midnight, Monday is 0. Pure.
 */
import { dayOfText, dayText, weekdayOf } from "./every.js";

/** @typedef {import("../phone/wire.js").Busy} Busy */
/** @typedef {import("../phone/wire.js").HoursDay} HoursDay */
/** @typedef {import("../phone/wire.js").HoursOf} HoursOf */
/** @typedef {import("../phone/wire.js").Occupation} Occupation */
/** @typedef {import("../phone/wire.js").Pattern} Pattern */
/** @typedef {import("../phone/wire.js").ShiftWord} ShiftWord */
/** @typedef {ShiftWord | "off"} CycleWord */
/** @typedef {{occupation: Occupation, from: number | null, until: number | null}} Told without a begin or an end it goes
 * on from the day before, or to the next; without both it is all day */
/** @typedef {{weekday: number, minute: number}} WeekMoment */
/** @typedef {{weekdays: number[], from_minute: number, until_minute: number}} WeeklyDetail */
/** @typedef {{from: WeekMoment, until: WeekMoment, ids: string[]}} Stay */

export const DAY_MINUTES = 1440;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const NOON = 720;
export const LONGEST_CYCLE = 56;

/** @param {number} count @param {CycleWord} word @returns {CycleWord[]} */
const times = (count, word) => Array.from({ length: count }, () => word);
/** @param {CycleWord} word */
const week = (word) => [...times(6, word), ...times(1, "off")];

/** The rotations that factories, kitchens and building sites have. @type {Record<string, CycleWord[]>} */
export const CYCLES = {
  four_two: [...times(4, "day"), ...times(2, "off")],
  six_one: week("day"),
  weeks: [...week("day"), ...week("night")],
  fortnights: [...week("day"), ...week("day"), ...week("night"), ...week("night")],
  three: [...times(2, "early"), ...times(2, "late"), ...times(2, "night"), ...times(2, "off")],
};

/** Which of CYCLES it is, wherever it begins; "" for one of somebody's own. @param {CycleWord[]} cycle */
export function nameOf(cycle) {
  const written = cycle.join();
  const found = Object.entries(CYCLES).find(
    ([, known]) => known.length === cycle.length && `${known.join()},${known.join()}`.includes(written),
  );
  return found?.[0] ?? "";
}

/** What the hours usually are: of two shifts a day, or of three. @param {CycleWord[]} cycle */
export function usualHours(cycle) {
  const ofThree = cycle.includes("early") || cycle.includes("late");
  /** @type {Record<ShiftWord, HoursOf>} */
  const usual = {
    day: [480, 1200],
    night: ofThree ? [1380, 420] : [1200, 480],
    early: [420, 900],
    late: [900, 1380],
  };
  const words = /** @type {ShiftWord[]} */ ([...new Set(cycle)].filter((word) => word !== "off"));
  return Object.fromEntries(words.map((word) => [word, usual[word]]));
}

/** Days of one kind side by side.
 * @param {CycleWord[]} cycle @returns {{word: CycleWord, place: number, length: number}[]} */
export function runs(cycle) {
  const found = /** @type {{word: CycleWord, place: number, length: number}[]} */ ([]);
  cycle.forEach((word, place) => {
    const last = found[found.length - 1];
    if (last?.word === word) last.length += 1;
    else found.push({ word, place, length: 1 });
  });
  return found;
}

/** The first day of a cycle of which a day is at `place`. @param {string} day @param {number} place */
export const anchorOf = (day, place) => dayText(dayOfText(day) - place);

/** The words of so many days, of which the first is at `place`. @param {CycleWord[]} cycle @param {number} place
 * @param {number} count */
export const ahead = (cycle, place, count) =>
  Array.from({ length: count }, (_, after) => cycle[(place + after) % cycle.length]);

/**
 * What begins or goes on in a day. Hours that go on over one midnight are told with the day on which they begin.
 * @param {HoursDay[]} days side by side @param {number} place @returns {Told[]}
 */
export function told(days, place) {
  return days[place].busy.flatMap((busy) => {
    const { occupation, from_minute: from, until_minute: until } = busy;
    const before = from === 0 && ofKind(days[place - 1], occupation).find((one) => one.until_minute === DAY_MINUTES);
    const after = until === DAY_MINUTES && ofKind(days[place + 1], occupation).find((one) => one.from_minute === 0);
    const isOpenEnd = until === DAY_MINUTES && (!days[place + 1] || Boolean(after));
    if (from === 0 && until === DAY_MINUTES) return { occupation, from: null, until: null };
    if (before && before.from_minute >= NOON) return [];
    if (from === 0 && !days[place - 1] && until < NOON) return []; // the rest of a night
    if (before || (from === 0 && !days[place - 1])) return { occupation, from: null, until };
    if (after && after.until_minute < DAY_MINUTES) return { occupation, from, until: after.until_minute };
    return { occupation, from, until: isOpenEnd ? null : until };
  });
}

/** @param {HoursDay | undefined} day @param {Occupation} occupation */
const ofKind = (day, occupation) => day?.busy.filter((one) => one.occupation === occupation) ?? [];

/**
 * Weekly hours of somebody who is away from home from one moment of the week to another: whole days of 24 hours, and
 * what is left. @param {WeekMoment} from @param {WeekMoment} until @returns {WeeklyDetail[]}
 */
export function weeklyOfStay(from, until) {
  const length = (momentOf(until) - momentOf(from) + WEEK_MINUTES) % WEEK_MINUTES || WEEK_MINUTES;
  const whole = Math.floor(length / DAY_MINUTES);
  const weekdays = Array.from({ length: whole }, (_, after) => (from.weekday + after) % 7);
  const last = (from.weekday + whole) % 7;
  const from_minute = from.minute;
  return [
    ...(whole ? [{ weekdays, from_minute, until_minute: from_minute }] : []),
    ...(length % DAY_MINUTES ? [{ weekdays: [last], from_minute, until_minute: until.minute }] : []),
  ];
}

/** Weekly patterns of one occupation, joined where one begins when another ends. @param {Pattern[]} patterns
 * @returns {Stay[]} */
export function stays(patterns) {
  const spans = patterns.flatMap(({ id, detail: { weekdays = [], from_minute = 0, until_minute = 0 } }) =>
    weekdays.map((day) => {
      const from = day * DAY_MINUTES + from_minute;
      const length = until_minute > from_minute ? until_minute - from_minute : until_minute - from_minute + DAY_MINUTES;
      return { from, length, ids: [id] };
    }),
  );
  for (let joined = true; joined && spans.length > 1; ) {
    joined = spans.some((one) => {
      const next = spans.find((other) => other !== one && other.from === (one.from + one.length) % WEEK_MINUTES);
      if (!next) return false;
      one.length += next.length;
      one.ids = [...new Set([...one.ids, ...next.ids])];
      return spans.splice(spans.indexOf(next), 1).length > 0;
    });
  }
  return spans.map(({ from, length, ids }) => ({ from: moment(from), until: moment(from + length), ids }));
}

/** The rotation that holds on a day: the last one said. @param {Pattern[]} patterns @param {string} day */
export const rotationOn = (patterns, day) =>
  patterns
    .filter(({ kind }) => kind === "rotation")
    .filter(({ from_day, until_day }) => !(from_day && day < from_day) && !(until_day && until_day < day))
    .pop();

/** "Mon-Fri": weekdays in a row as their first and last. @param {number[]} weekdays @returns {number[][]} */
export function weekdayRuns(weekdays) {
  const found = /** @type {number[][]} */ ([]);
  for (const day of [...weekdays].sort()) {
    const last = found[found.length - 1];
    if (last && last[last.length - 1] === day - 1) last.push(day);
    else found.push([day]);
  }
  return found;
}

/** @param {string} day */
export const weekOf = (day) => dayOfText(day) - weekdayOf(dayOfText(day));

/** @param {WeekMoment} moment */
const momentOf = ({ weekday, minute }) => weekday * DAY_MINUTES + minute;

/** @param {number} minutes of the week @returns {WeekMoment} */
function moment(minutes) {
  const within = minutes % WEEK_MINUTES;
  return { weekday: Math.floor(within / DAY_MINUTES), minute: within % DAY_MINUTES };
}
