/**
 * When something is, for those who don't read: the nights before it as moons, today as a sun that goes down until then,
 * the hour as sun or moon over the hills.
 */
import { t, tn } from "../core/texts.js";
import { dayAndTime, HOUR, ms, sleeps, wall } from "../core/time.js";
import { h, icon, parts } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";

const MOST_MOONS = 14;
const MOST_LARGE = 4;
export const SUNRISE_HOUR = 6;
export const SUNSET_HOUR = 18;

export const styled = sheet("when.css", import.meta.url);

/** In words beside for helpers. @param {string} instant @param {string} zone @param {number} at
 * @param {boolean} [isAsked] nobody has said yes */
export const when = (instant, zone, at, isAsked) =>
  h(
    "div",
    { class: "when" },
    night(instant, zone, at),
    sky(instant, zone),
    h(
      "span",
      { class: "when__text" },
      isAsked && icon("help"),
      h("time", { datetime: instant }, dayAndTime(instant, zone, at)),
    ),
  );

/** The hills at an hour: the sun on its way over them, or the moon. @param {string} instant @param {string} zone */
export function sky(instant, zone) {
  const { hour, minute } = wall(instant, zone);
  const since = ((hour + 18) % 12) + minute / 60;
  const isDay = hour >= SUNRISE_HOUR && hour < SUNSET_HOUR;
  const place = { x: since / 12, y: Math.sin((since / 12) * Math.PI) };
  return parts(h("span", { class: "sky", "data-hour": isDay ? "day" : "night" }, !isDay && icon("moon")), place);
}

/** @param {string} instant @param {string} zone @param {number} at */
function night(instant, zone, at) {
  const nights = sleeps(instant, zone, at);
  if (nights > 0) return moons(nights);
  const part = (ms(instant) - at) / (ms(instant) - morning(instant, zone));
  return sunset(Math.max(0.35, Math.min(1, part)), t("terminal.today"));
}

/** @param {number} nights */
export const moons = (nights) =>
  h(
    "ol",
    { class: "sleeps", "data-many": nights > MOST_LARGE && "true", "aria-label": tn("terminal.sleeps", nights) },
    Array.from({ length: Math.min(nights, MOST_MOONS) }, () => h("li", { class: "sleep" }, icon("moon"))),
  );

/** @param {string} instant @param {string} zone */
const morning = (instant, zone) => ms(instant) - Math.max(1, wall(instant, zone).hour - SUNRISE_HOUR) * HOUR;

/** @param {number} part 1 in the morning, 0 now @param {string} label */
const sunset = (part, label) =>
  parts(h("div", { class: "sunset", role: "img", "aria-label": label }, h("span", { class: "sunset__sun" })), {
    part: Math.round(part * 100) / 100,
  });
