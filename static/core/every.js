/**
 * The rhythm of a series: its rule in the words of RFC 5545 as the phone writes it, and how a rule is said. Days are
 * civil days of the village, Monday is 0. Pure.
 */
import { t } from "./texts.js";
import { DAY } from "./time.js";

/** @typedef {import("../phone/wire.js").Series} Series */
/** @typedef {"weekly" | "fortnightly"} Rhythm */

const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/** 1970 began with a Thursday. */
const FIRST_WEEKDAY = 3;
const A_MONDAY = 4;

/** "2026-11-26" @param {number} number days since 1970 */
export const dayText = (number) => new Date(number * DAY).toISOString().slice(0, 10);

/** @param {string} text "2026-11-26" */
export const dayOfText = (text) => Math.round(Date.parse(`${text}T00:00:00Z`) / DAY);

/** @param {number} number days since 1970 */
export const weekdayOf = (number) => (number + FIRST_WEEKDAY) % 7;

/** @param {Rhythm} rhythm @param {string} day the first one */
export const ruleOf = (rhythm, day) =>
  written({ interval: rhythm === "weekly" ? 1 : 2, weekdays: [weekdayOf(dayOfText(day))], count: null, until: null });

/** Whether a series is of one weekday, which alone can be given another one. @param {Series} series */
export const isOfOneWeekday = ({ words }) => words.freq === "weekly" && words.weekdays.length === 1;

/**
 * What has to change of a series so that its days are those of the week on which `day` lies; nothing where they are.
 * @param {Series} series of one weekday @param {string} day the first one that is meant
 * @param {string | null} from_on from when on; null: all that is to come
 * @returns {{rule?: string, starts_on?: string}}
 */
export function withWeekday(series, day, from_on) {
  const { interval, count, until } = series.words;
  const weekday = weekdayOf(dayOfText(day));
  const isSame = weekday === series.words.weekdays[0];
  const beginsAnew = interval > 1 || day < series.starts_on || Boolean(from_on && !isSame);
  if (isSame && !beginsAnew) return {};
  const left = beginsAnew && count ? count - timesBefore(series, from_on ?? day) : count;
  const rule = written({ interval, weekdays: [weekday], count: left, until });
  return beginsAnew ? { rule, starts_on: day } : { rule };
}

/** How often a series of one weekday has come before a day. @param {Series} series @param {string} day */
export function timesBefore({ starts_on, words }, day) {
  const begins = dayOfText(starts_on);
  const monday = begins - weekdayOf(begins);
  const step = 7 * words.interval;
  let times = 0;
  for (let next = monday + words.weekdays[0]; next < dayOfText(day); next += step) times += Number(next >= begins);
  return times;
}

/** "every Sunday", "every two weeks on Sunday" @param {Series["words"]} words @param {string} language */
export function said({ freq, interval, weekdays }, language) {
  const isWeekly = freq === "weekly";
  const style = language.startsWith("zh") ? "short" : "long"; // 周日, not 星期日
  const days = isWeekly ? listed(weekdays.map((day) => weekdayName(day, language, style)), language) : "";
  if (isWeekly && weekdays.length === 7 && interval === 1) return t("phone.extra.every.daily");
  const size = interval === 1 ? "" : interval === 2 ? ".two" : ".many";
  return t(`phone.extra.every.${freq}${size}`, { days, count: interval });
}

/** Monday is 0. @param {number} day @param {string} language @param {"long" | "short"} [style] */
export const weekdayName = (day, language, style = "long") =>
  new Intl.DateTimeFormat(language, { weekday: style, timeZone: "UTC" }).format((A_MONDAY + day) * DAY);

/** @param {string[]} names @param {string} language */
const listed = (names, language) => new Intl.ListFormat(language, { type: "conjunction" }).format(names);

/** A weekly rule. @param {{interval: number, weekdays: number[], count: number | null, until: string | null}} rule */
export function written({ interval, weekdays, count, until }) {
  const days = weekdays.map((day) => WEEKDAYS[day]).join(",");
  const parts = ["FREQ=WEEKLY", interval > 1 && `INTERVAL=${interval}`, `BYDAY=${days}`];
  parts.push(Boolean(count) && `COUNT=${count}`, Boolean(until) && `UNTIL=${until?.replaceAll("-", "")}`);
  return parts.filter(Boolean).join(";");
}
