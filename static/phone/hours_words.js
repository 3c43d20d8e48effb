/** What is said of somebody's hours, in words: a day's shift and hours, a pattern as one line. */
import { weekdayName } from "../core/every.js";
import { DAY_MINUTES, nameOf, rotationOn, runs, told, weekdayRuns } from "../core/shifts.js";
import { t, tn } from "../core/texts.js";
import { weekday } from "../core/time.js";

/** @typedef {import("./wire.js").Hours} Hours */
/** @typedef {import("./wire.js").Pattern} Pattern */

/** "8:30" @param {number} minute */
export const clock = (minute) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;

/** "08:30", as a field holds it @param {number} minute */
export const fieldTime = (minute) => clock(minute % DAY_MINUTES).padStart(5, "0");

/** @param {number} from @param {number} until */
export const span = (from, until) => `${clock(from)}–${clock(until)}`;

/** @param {string} day "2026-11-26" */
const noonOf = (day) => `${day}T12:00:00Z`;

/** "Thu 11/26" @param {string} day */
export function dayLabel(day) {
  const { name, date } = weekday(noonOf(day), "UTC");
  return `${name} ${date}`;
}

/** What a day is, above all: a shift, an occupation, away, or free. @param {Hours} hours @param {number} place */
export function markOf({ days, patterns }, place) {
  const { shift, busy, day } = days[place];
  if (isAway(patterns, day)) return "away";
  if (shift) return shift;
  const awake = busy.filter(({ occupation }) => occupation !== "bedtime");
  const [most] = awake.sort((one, other) => length(other) - length(one));
  return most?.occupation ?? "free";
}

/** @param {{from_minute: number, until_minute: number}} span */
const length = ({ from_minute, until_minute }) => until_minute - from_minute;

/** @param {Pattern[]} patterns @param {string} day */
const isAway = (patterns, day) =>
  patterns.some(({ kind, from_day, until_day }) => kind === "away" && (from_day ?? "") <= day && day <= (until_day ?? ""));

/** "Night shift", "School", "Off" @param {string} mark */
export function markWord(mark) {
  if (mark === "away" || mark === "free") return t(`phone.hours.${mark}`);
  const isShift = ["day", "night", "early", "late", "off"].includes(mark);
  return t(`phone.hours.${isShift ? "shift" : "occupation"}.${mark}`);
}

/** When one is busy that day. @param {Hours} hours @param {number} place */
export function hoursText(hours, place) {
  const { days, patterns } = hours;
  const { shift, free, busy } = days[place];
  const rotation = shift && shift !== "off" ? rotationOn(patterns, days[place].day)?.detail.hours?.[shift] : null;
  const others = told(days, place).filter(({ occupation }) => !(rotation && occupation === "shift"));
  const ofRotation = rotation ? [span(...rotation)] : [];
  const mark = markOf(hours, place);
  const spans = others.map((one) => oneText(one, one.occupation !== mark));
  if (!busy.length && free.length && length(free[0]) < DAY_MINUTES) {
    return t("phone.hours.free_at", { spans: free.map((one) => span(one.from_minute, one.until_minute)).join(" ") });
  }
  return [...ofRotation, ...spans].join(" · ");
}

/** @param {import("../core/shifts.js").Told} told @param {boolean} isNamed beside others each says what it is */
function oneText({ occupation, from, until }, isNamed) {
  const name = isNamed ? `${t(`phone.hours.occupation.${occupation}`)} ` : "";
  if (from === null && until === null) return `${name}${t("phone.hours.all_day")}`;
  if (from === null) return `${name}${t("phone.hours.until", { time: clock(until ?? 0) })}`;
  if (until === null) return `${name}${t("phone.hours.from", { time: clock(from) })}`;
  return `${name}${span(from, until)}`;
}

/** "Sat 11/28: Off" @param {Hours | null} hours @param {number} place */
export const dayWord = (hours, place) =>
  hours && hours.days[place]
    ? t("phone.hours.day_is", { day: dayLabel(hours.days[place].day), what: markWord(markOf(hours, place)) })
    : t("phone.hours.saved");

/** A pattern as one line and its hours. @param {Pattern} pattern @returns {[title: string, text: string]} */
export function patternText({ kind, occupation, detail, from_day, until_day, is_free, note }) {
  if (kind === "rotation") return [cycleText(detail.cycle ?? []), hoursOfWords(detail.hours ?? {})];
  if (kind === "away") return [days(from_day, until_day), note ?? t("phone.hours.away")];
  const name = t(is_free ? "phone.hours.only_free" : `phone.hours.occupation.${occupation}`);
  const when = `${weekdaysText(detail.weekdays ?? [])} ${span(detail.from_minute ?? 0, detail.until_minute ?? 0)}`;
  return [name, [when, note].filter(Boolean).join(" · ")];
}

/** By its name, or as "Day × 4, Off × 2" where it is short; else how long it is.
 * @param {import("../core/shifts.js").CycleWord[]} cycle */
function cycleText(cycle) {
  const name = nameOf(cycle);
  if (name) return t(`phone.hours.rotation.${name}`);
  const found = runs(cycle);
  if (found.length > 4) return tn("phone.hours.cycle", cycle.length);
  const words = found.map(({ word, length: count }) =>
    t("phone.hours.run", { what: t(`phone.hours.shift.${word}`), count }),
  );
  return words.join(t("phone.hours.then"));
}

/** @param {Partial<Record<string, [number, number]>>} hours */
const hoursOfWords = (hours) =>
  Object.entries(hours)
    .map(([word, hoursOf]) => `${t(`phone.hours.shift.${word}`)} ${hoursOf ? span(...hoursOf) : ""}`)
    .join(" · ");

/** "Mon–Fri", "every day", "Mon Wed Fri" @param {number[]} weekdays */
export function weekdaysText(weekdays) {
  if (weekdays.length === 7) return t("phone.hours.every_day");
  const name = (/** @type {number} */ day) => weekdayName(day, document.documentElement.lang, "short");
  return weekdayRuns(weekdays)
    .map((run) => (run.length > 2 ? `${name(run[0])}–${name(run[run.length - 1])}` : run.map(name).join(" ")))
    .join(" ");
}

/** @param {string | null} from @param {string | null} until */
function days(from, until) {
  const dates = [from, until].filter(Boolean).map((day) => dayLabel(/** @type {string} */ (day)));
  return from === until ? dates[0] : dates.join(" – ");
}
