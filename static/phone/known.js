/** What the server told last of one's series and of who waits, and how a series' rhythm is said to this reader. */
import { said } from "../core/every.js";
import { clockTime, dayNumber } from "../core/time.js";

/** @typedef {import("./wire.js").Series} Series */

/** @type {Map<string, Series>} */
export const known = new Map();
/** One's wishes for what gets free. @type {{own: import("./wire.js").Wait[]}} */
export const waits = { own: [] };

/** Rejects with ApiError. @param {import("../net/api.js").Api} api @param {string} familyId */
export async function readSeries(api, familyId) {
  const { series } = await api.get("/api/series", { family_id: familyId });
  for (const one of /** @type {Series[]} */ (series)) known.set(one.id, one);
}

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "every Sunday", by the weekday that it is where the reader is. @param {Series} series @param {string} zone */
export function rhythmOf({ words, calls, zone: there }, zone) {
  const at = calls[0]?.starts_at;
  const later = at ? dayNumber(at, zone) - dayNumber(at, there) : 0;
  const weekdays = words.weekdays.map((day) => (day + later + 7) % 7).sort();
  return said({ ...words, weekdays }, document.documentElement.lang);
}

/** By the reader's clock; before there is any call by the village's. @param {Series} series @param {string} zone */
export function timeOfSeries({ calls, starts_minute }, zone) {
  if (calls[0]) return clockTime(calls[0].starts_at, zone);
  return clockTime(starts_minute * 60_000, "UTC");
}
