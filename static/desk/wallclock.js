/** The village's wall clock: dates and times as fields hold them, to instants and back. Pure. */
import { t } from "../core/texts.js";
import { DAY, HOUR, MINUTE, wall } from "../core/time.js";
import { word } from "./words.js";

/** Any Monday, to ask a language for its names. */
const A_MONDAY = Date.UTC(2024, 0, 1, 12);
const FAR_ZONES = [
  "Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei", "Asia/Tokyo", "Asia/Seoul",
  "Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Manila", "Asia/Bangkok", "Asia/Ho_Chi_Minh", "Asia/Jakarta",
  "Asia/Kolkata", "Asia/Dubai", "Asia/Riyadh", "Asia/Qatar", "Africa/Lagos", "Africa/Nairobi", "Africa/Johannesburg",
  "Europe/Moscow", "Europe/Istanbul", "Europe/Rome", "Europe/Madrid", "Europe/Paris", "Europe/London",
  "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Australia/Sydney",
  "Pacific/Auckland",
]; // prettier-ignore

/** @param {number} number */
export const two = (number) => String(number).padStart(2, "0");

/** "2026-11-23" @param {string | number} instant @param {string} zone */
export function dateOf(instant, zone) {
  const { year, month, day } = wall(instant, zone);
  return `${year}-${two(month)}-${two(day)}`;
}

/** A date with its year, as it is said. @param {string | number} instant @param {string} zone @param {string} language */
export const dateText = (instant, zone, language) =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: zone }).format(new Date(instant));

/** The instant of a date and time in a zone; a time that the clocks skip is the one that the clock shows then.
 * @param {string} date @param {string} time @param {string} zone */
export function instantOf(date, time, zone) {
  const meant = Date.parse(`${date}T${time}:00Z`);
  let found = meant;
  for (let tries = 0; tries < 2; tries++) {
    const { year, month, day, hour, minute } = wall(found, zone);
    found += meant - Date.UTC(year, month - 1, day, hour, minute);
  }
  return found;
}

/** The last instant of a date: a consent holds the whole day. @param {string} date @param {string} zone */
export const endOfDate = (date, zone) => instantOf(nextDate(date), "00:00", zone);

/** @param {string} date */
const nextDate = (date) => new Date(Date.parse(date) + DAY).toISOString().slice(0, 10);

/** Minutes since midnight as a field holds them; midnight at the end of a day as well. @param {number} minute */
export const timeOf = (minute) => `${two(Math.floor((minute % 1440) / 60))}:${two(minute % 60)}`;

/** @param {string} time @param {boolean} isEnd where midnight is the end of the day */
export function minuteOf(time, isEnd) {
  const [hour, minute] = time.split(":").map(Number);
  const found = hour * 60 + minute;
  return isEnd && found === 0 ? 1440 : found;
}

/** Monday is 0. @param {number} day @param {string} language */
export const weekdayName = (day, language) =>
  new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format(A_MONDAY + day * DAY);

/** Zones to choose from: the village's, then where people work; `known` is one that is chosen already.
 * @param {string} home @param {string} known @param {number} at @returns {[string, string][]} */
export function zones(home, known, at) {
  const listed = [...new Set([home, known, ...FAR_ZONES])].filter(Boolean);
  return listed.map((zone) => [zone, zone === home ? t("desk.zone_here", { zone: zoneName(zone, at) }) : zoneName(zone, at)]);
}

/** What people call the place; a zone that nobody has a word for by its own name. @param {string} zone */
export const cityName = (zone) => word(`desk.city.${zone}`, zone.split("/").pop()?.replaceAll("_", " ") ?? zone);

/** "Dubai (UTC+4)" @param {string} zone @param {number} at */
export function zoneName(zone, at) {
  const { year, month, day, hour, minute } = wall(at, zone);
  const ahead = Date.UTC(year, month - 1, day, hour, minute) - Math.floor(at / MINUTE) * MINUTE;
  const whole = Math.trunc(ahead / HOUR);
  const rest = Math.abs(ahead % HOUR) / MINUTE;
  return `${cityName(zone)} (UTC${ahead < 0 ? "−" : "+"}${Math.abs(whole)}${rest ? `:${two(rest)}` : ""})`;
}
