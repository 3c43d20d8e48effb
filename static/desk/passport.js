/**
 * A terminal's link by the hour of the village's day, drawn: how high its calls stood on the ladder, how many there
 * were, whether it was good. The same stands in a table behind it.
 */
import { t, tn } from "../core/texts.js";
import { h } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { drawn, numbersTable } from "./plots.js";
import { rungText } from "./words.js";

/** @typedef {import("./wire.js").LinkHour} LinkHour */

sheet("passport.css", import.meta.url);

const RUNGS = ["clips", "thin_voice", "voice", "stills", "micro_video", "thin_video", "video"];
const NAMED = ["voice", "stills", "video"];
const STATES = /** @type {const} */ (["good", "fair", "bad", "few"]);
const FEWEST_CALLS = 2;
const LEFT = 40; // for the names of the rungs, in units of the drawing
const STEP = 11;
const RUNG = 10;
const HEIGHT = RUNGS.length * RUNG;
const WIDE = LEFT + 24 * STEP;
const NAMED_EVERY = 3;

/** @param {LinkHour[]} hours @param {string} name the terminal's */
export function passportOf(hours, name) {
  const calls = hours.reduce((sum, hour) => sum + hour.calls, 0);
  return h(
    "details",
    { class: "fold passport", "data-key": "passport" },
    h("summary", {}, t("desk.passport")),
    calls ? [plot(hours, t("desk.passport_about", { name, calls: tn("desk.calls", calls) })), legend(), table(hours)] : h("p", { class: "muted" }, t("desk.passport_none")),
  );
} // prettier-ignore

/** @param {LinkHour[]} hours @param {string} label */
function plot(hours, label) {
  const height = (/** @type {string} */ rung) => (RUNGS.indexOf(rung) + 1) * RUNG;
  const lines = NAMED.flatMap((rung) => {
    const y = HEIGHT - height(rung);
    const line = drawn("line", { class: "passport__line", x1: LEFT, x2: WIDE, y1: y, y2: y });
    return [line, drawn("text", { x: LEFT - 3, y: y + 2.5, "text-anchor": "end" }, rungText(rung))];
  });
  const names = Array.from({ length: 24 / NAMED_EVERY }, (_, place) =>
    drawn("text", { x: middle(place * NAMED_EVERY), y: HEIGHT + 19, "text-anchor": "middle" }, clock(place * NAMED_EVERY)),
  );
  return h(
    "div",
    {},
    h("p", { class: "muted" }, label),
    drawn(
      "svg",
      { class: "passport__plot", viewBox: `0 -3 ${WIDE} ${HEIGHT + 25}`, role: "img", "aria-label": label },
      ...lines,
      drawn("line", { class: "passport__ground", x1: LEFT, x2: WIDE, y1: HEIGHT, y2: HEIGHT }),
      ...hours.map((hour) => column(hour, hour.rung ? height(hour.rung) : 2)),
      ...names,
    ),
  );
} // prettier-ignore

/** @param {LinkHour} hour @param {number} height */
function column(hour, height) {
  const x = LEFT + hour.hour * STEP;
  return drawn(
    "g",
    { class: "passport__hour", "data-hour": hour.hour, "data-state": stateOf(hour) },
    drawn("title", {}, says(hour)),
    drawn("rect", { class: "passport__reach", x, y: 0, width: STEP, height: HEIGHT + 10 }),
    drawn("rect", { class: "passport__bar", x: x + 1.5, y: HEIGHT - height, width: STEP - 3, height }),
    drawn("text", { class: "passport__calls", x: middle(hour.hour), y: HEIGHT + 9, "text-anchor": "middle" }, String(hour.calls)),
  );
} // prettier-ignore

const legend = () =>
  h(
    "p",
    { class: "passport__legend", "aria-hidden": "true" },
    STATES.map((state) => h("span", { "data-state": state }, t(`desk.passport_is.${state}`))),
  );

/** @param {LinkHour[]} hours */
const table = (hours) =>
  h(
    "details",
    { class: "fold", "data-key": "numbers" },
    h("summary", {}, t("desk.as_table")),
    numbersTable(
      ["hour", "calls", "rung", "round_trip", "loss", "link"],
      hours.map((hour) => [
        `${clock(hour.hour)}:00`, hour.calls, hour.rung ? rungText(hour.rung) : "–", milliseconds(hour), lost(hour),
        t(`desk.passport_is.${stateOf(hour)}`),
      ]), // prettier-ignore
    ),
  );

/** @param {LinkHour} hour @returns {typeof STATES[number]} */
function stateOf({ calls, is_good, is_bad }) {
  if (calls < FEWEST_CALLS) return "few";
  return is_good ? "good" : is_bad ? "bad" : "fair";
}

/** "19:00: 5 calls, Small video, 320 ms, 2 %" @param {LinkHour} hour */
const says = (hour) =>
  [
    `${clock(hour.hour)}:00: ${tn("desk.calls", hour.calls)}`, hour.rung && rungText(hour.rung),
    t(`desk.passport_is.${stateOf(hour)}`), milliseconds(hour), lost(hour),
  ].filter((part) => part && part !== "–").join(" · "); // prettier-ignore

/** @param {LinkHour} hour */
const milliseconds = ({ rtt_ms }) => (rtt_ms === null ? "–" : `${rtt_ms} ms`);

/** @param {LinkHour} hour */
const lost = ({ loss_permille }) => (loss_permille === null ? "–" : `${loss_permille / 10} %`);

/** @param {number} hour */
const middle = (hour) => LEFT + hour * STEP + STEP / 2;

/** @param {number} hour */
const clock = (hour) => String(hour).padStart(2, "0");
