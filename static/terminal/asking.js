/** Asking for a call without reading: a few free times as suns and moons, and one last look before it is asked for. */
import { t } from "../core/texts.js";
import { clockTime, DAY, dayAndTime, HOUR, sleeps, wall } from "../core/time.js";
import { h, icon, pair, stateOf } from "../ui/dom.js";
import { familyBar, moons, night, place, sunset, SUNRISE_HOUR, SUNSET_HOUR } from "./screens.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").Slot} Slot */
/** @typedef {import("./screens.js").Pair} Pair */

const BEDTIME_HOUR = 22;
const PROPOSED_DAYS = 2;
const PROPOSED_A_DAY = 3;

/** A few free times as pictures, a row for each day: the nights before it, then the height of the sun, or the
 * evening's moon.
 * @param {Family} family @param {Slot[] | null} slots null while they are fetched @param {string} zone @param
 * {number} at */
export function askScreen(family, slots, zone, at) {
  const days = slots && fewOf(slots, zone);
  return h(
    "section",
    { class: "screen faces" },
    familyBar(family),
    days && !days.length
      ? h("div", { class: "family__none" }, stateOf("empty", t("terminal.no_time")))
      : h(
          "div",
          { class: "faces__grid" },
          days ? days.map((day) => dayRow(day, zone, at)) : stateOf("loading", t("common.loading")),
        ),
  );
}

/** @param {Slot[]} slots of one day @param {string} zone @param {number} at */
function dayRow(slots, zone, at) {
  const nights = sleeps(slots[0].starts_at, zone, at);
  const before =
    nights > 0
      ? moons(nights)
      : h("span", { class: "sleep", role: "img", "aria-label": t("terminal.today") }, icon("sun"));
  return h(
    "div",
    { class: "day" },
    before,
    slots.map((slot) => timePlace(slot, zone, at)),
  );
}

/** @param {Slot} slot @param {string} zone @param {number} at */
function timePlace({ starts_at }, zone, at) {
  const { hour } = wall(starts_at, zone);
  const part = 1 - (hour - SUNRISE_HOUR) / (SUNSET_HOUR - SUNRISE_HOUR);
  return h(
    "button",
    {
      class: "face",
      type: "button",
      "data-act": "slot",
      "data-starts-at": starts_at,
      "aria-label": dayAndTime(starts_at, zone, at),
    },
    hour < SUNSET_HOUR ? sunset(Math.max(0.35, Math.min(1, part)), "") : icon("moon", "xl"),
    h("span", { class: "face__name" }, h("time", { datetime: starts_at }, clockTime(starts_at, zone))),
  );
}

/** The first, a middle and the last free time of each of the next days, at hours when children are up.
 * @param {Slot[]} slots @param {string} zone @returns {Slot[][]} */
function fewOf(slots, zone) {
  /** @type {Map<number, Slot[]>} */
  const days = new Map();
  for (const slot of slots) {
    const { day, hour } = wall(slot.starts_at, zone);
    if (hour >= SUNRISE_HOUR && hour < BEDTIME_HOUR) days.set(day, [...(days.get(day) ?? []), slot]);
  }
  return [...days.values()].slice(0, PROPOSED_DAYS).map((some) => {
    const step = (some.length - 1) / (PROPOSED_A_DAY - 1);
    return [...new Set(Array.from({ length: PROPOSED_A_DAY }, (_, place) => some[Math.round(place * step)]))];
  });
}

/** Where free times are looked for: the parent needs time to answer. */
export const FROM_MS = 2 * HOUR;
export const UNTIL_MS = 7 * DAY;

/** One last look before it is asked for. @param {Family} family @param {Pair} chosen @param {string} startsAt @param
 * {string} zone
 * @param {number} at @param {boolean} isBusy */
export const askConfirmScreen = (family, chosen, startsAt, zone, at, isBusy) =>
  h(
    "section",
    { class: "screen family" },
    familyBar(family),
    h(
      "div",
      { class: "family__next" },
      chosen.child && chosen.parent && pair("booked", [chosen.child, chosen.parent]),
      night(startsAt, zone, at),
      h(
        "p",
        { class: "family__when" },
        icon("clock"),
        h("time", { datetime: startsAt }, dayAndTime(startsAt, zone, at)),
      ),
    ),
    h(
      "footer",
      { class: "terminal-actions" },
      place("send-ask", "answer", "check", { extra: "round--pulse", "aria-busy": isBusy }),
    ),
  );
