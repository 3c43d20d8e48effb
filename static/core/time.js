/**
 * What time it is by the server's clock, and how instants are said: in the reader's zone, in the other side's, in
 * nights. Everything takes `now` in milliseconds where it can; only `now()` reads a clock.
 */
import { t, tn } from "./texts.js";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A clock that is off by less is left alone: a thin link takes its time. */
const TOLERANCE_MS = 3 * SECOND;

let offset_ms = 0;
let locale = "en";

/** @param {string} language */
export function setLocale(language) {
  locale = language;
}

export const now = () => Date.now() + offset_ms;

/** @param {string | number} instant */
export const ms = (instant) => (typeof instant === "number" ? instant : Date.parse(instant));

/** Takes over the server's clock from an answer that was asked for and arrived at these local instants.
 * @param {number} server_ms @param {number} asked_ms @param {number} arrived_ms */
export function setServerTime(server_ms, asked_ms, arrived_ms) {
  if (!Number.isFinite(server_ms)) return;
  const offset = server_ms - (asked_ms + arrived_ms) / 2;
  const doubt_ms = (arrived_ms - asked_ms) / 2;
  if (Math.abs(offset - offset_ms) > Math.max(doubt_ms, SECOND / 2)) offset_ms = offset;
}

/** The same from an answer that brought nothing else, and came we don't know when after it was made.
 * @param {string | null} date */
export function checkServerTime(date) {
  const server_ms = date ? Date.parse(date) : NaN;
  if (Math.abs(server_ms - now()) > TOLERANCE_MS) offset_ms = server_ms - Date.now();
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options @param {string} [language] */
function format(options, language = locale) {
  const key = language + JSON.stringify(options);
  const found = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, found);
  return found;
}

/** The civil date and time of an instant in a zone. @param {string | number} instant @param {string} zone */
export function wall(instant, zone) {
  const parts = format(
    {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    },
    "en-u-ca-gregory-nu-latn",
  ).formatToParts(ms(instant));
  /** @param {string} type */
  const part = (type) => Number(parts.find((found) => found.type === type)?.value);
  return { year: part("year"), month: part("month"), day: part("day"), hour: part("hour"), minute: part("minute") };
}

/** Days since 1970 of the civil date in a zone. @param {string | number} instant @param {string} zone */
export function dayNumber(instant, zone) {
  const { year, month, day } = wall(instant, zone);
  return Date.UTC(year, month - 1, day) / DAY;
}

/**
 * Nights between now and an instant, where the child lives. @param {string | number} instant @param {string} zone
 * @param {number} at
 */
export const sleeps = (instant, zone, at) => dayNumber(instant, zone) - dayNumber(at, zone);

/** @param {string | number} instant @param {string} zone */
export const clockTime = (instant, zone) =>
  format({ timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ms(instant));

/**
 * "today", "tomorrow", or weekday and date. @param {string | number} instant @param {string} zone
 * @param {number} at
 */
export function dayName(instant, zone, at) {
  const ahead = sleeps(instant, zone, at);
  if (ahead === 0) return t("common.today");
  if (ahead === 1) return t("common.tomorrow");
  if (ahead === -1) return t("common.yesterday");
  return format({ timeZone: zone, weekday: "short", month: "short", day: "numeric" }).format(ms(instant));
}

/** For a narrow label: the weekday and the day of the month. @param {string | number} instant @param {string} zone */
export function weekday(instant, zone) {
  return {
    name: format({ timeZone: zone, weekday: "short" }).format(ms(instant)),
    date: format({ timeZone: zone, month: "numeric", day: "numeric" }).format(ms(instant)),
  };
}

/** @param {string | number} instant @param {string} zone @param {number} at */
export const dayAndTime = (instant, zone, at) => `${dayName(instant, zone, at)} ${clockTime(instant, zone)}`;

/** The time where the other side is, or "" when the clocks there show the same.
 * @param {string | number} instant @param {string} here @param {string} there @param {number} at */
export function timeThere(instant, here, there, at) {
  const sameClock = clockTime(instant, here) === clockTime(instant, there);
  if (sameClock && dayNumber(instant, here) === dayNumber(instant, there)) return "";
  const sameDay = dayNumber(instant, here) === dayNumber(instant, there);
  return sameDay ? clockTime(instant, there) : dayAndTime(instant, there, at);
}

/** How long until an instant, as one or two numbers with their units; the last ten minutes as a clock.
 * @param {string | number} instant @param {number} at @returns {[number: string, unit: string][]} */
export function countdown(instant, at) {
  const left = Math.max(0, ms(instant) - at);
  if (left < 10 * MINUTE) return [[minutesAndSeconds(left), ""]];
  const [days, hours, minutes] = [Math.floor(left / DAY), Math.floor(left / HOUR) % 24, Math.floor(left / MINUTE) % 60];
  const units = [days, hours, minutes].map((count, place) => ({ count, unit: ["days", "hours", "minutes"][place] }));
  const first = units.findIndex(({ count }) => count);
  const shown = units.slice(first, first + 2).filter(({ count }) => count);
  return shown.map(({ count, unit }) => [String(count), tn(`common.${unit}`, count)]);
}

/** "4:07" @param {number} duration_ms */
export function minutesAndSeconds(duration_ms) {
  const seconds = Math.max(0, Math.ceil(duration_ms / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
