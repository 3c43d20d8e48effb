/**
 * A clock that a child reads: two hands over the sky of the hour, with the sun or the moon where they stand. Where nobody
 * has touched the wall at night for a while it goes dark around the clock; the first touch only wakes it.
 */
import { clockTime, MINUTE, wall } from "../core/time.js";
import { h, parts } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { SUNRISE_HOUR, SUNSET_HOUR } from "./when.js";

const SVG = "http://www.w3.org/2000/svg";
const ASLEEP_AFTER_MS = 2 * MINUTE;
const BEDTIME_HOUR = 22;
const DUSK_HOURS = 1;
const NUMERALS = [12, 3, 6, 9];
const REACH = 33; // of the numerals from the middle, of 50

export const styled = sheet("clock.css", import.meta.url);

/** @param {number} at @param {string} zone */
export function clock(at, zone) {
  const { hour, minute } = wall(at, zone);
  const time = hour + minute / 60;
  const isDay = time >= SUNRISE_HOUR && time < SUNSET_HOUR;
  const isDusk = [SUNRISE_HOUR, SUNSET_HOUR].some((turn) => Math.abs(time - turn) < DUSK_HOURS);
  const since = ((time + 18) % 12) / 12;
  return parts(
    h(
      "time",
      { class: "clock", datetime: clockTime(at, zone), role: "img", "aria-label": clockTime(at, zone), "data-hour": isDay ? "day" : "night", "data-dusk": isDusk && "true" },
      h("span", { class: "clock__light" }),
      face(),
      h("span", { class: "clock__hand clock__hand--hour" }),
      h("span", { class: "clock__hand" }),
    ),
    { hour: (hour % 12) * 30 + minute / 2, minute: minute * 6, x: since, y: Math.sin(since * Math.PI) },
  );
}

function face() {
  const drawn = svg("svg", { class: "clock__face", viewBox: "-50 -50 100 100", "aria-hidden": "true" });
  for (let turn = 0; turn < 12; turn++) {
    drawn.append(svg("line", { y1: "-46", y2: turn % 3 ? "-43" : "-41", transform: `rotate(${turn * 30})` }));
  }
  for (const number of NUMERALS) {
    const angle = (number * Math.PI) / 6;
    const numeral = svg("text", { x: String(Math.round(REACH * Math.sin(angle))), y: String(Math.round(-REACH * Math.cos(angle))) });
    numeral.textContent = String(number);
    drawn.append(numeral);
  }
  return drawn;
}

/** @param {string} name @param {Record<string, string>} attributes */
function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

let isDark = false;
let isWaking = false;

/** The wall at night, or not. @param {HTMLElement} main @param {number} at @param {string} zone @param {number} touched_at */
export function darken(main, at, zone, touched_at) {
  const { hour } = wall(at, zone);
  isDark = (hour >= BEDTIME_HOUR || hour < SUNRISE_HOUR) && at - touched_at > ASLEEP_AFTER_MS;
  main.toggleAttribute("data-asleep", isDark);
}

addEventListener("pointerdown", () => (isWaking = isDark), true);
addEventListener("click", (event) => isWaking && ((isWaking = false), event.stopImmediatePropagation()), true);
