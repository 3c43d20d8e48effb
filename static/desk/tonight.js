/** Tonight on a time line: a row for each terminal, a block for each call, the thread of now moving over them. */
import { t, tn } from "../core/texts.js";
import { clockTime, dayAndTime, HOUR, MINUTE, ms, wall } from "../core/time.js";
import { h, icon, parts, photo, stateOf, tag } from "../ui/dom.js";
import { partsText } from "./self_test.js";
import { isClose, lateMinutes, lookOf, lookText, minutesTalked, sideOf } from "./words.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("./wire.js").DeskNow} DeskNow */
/** @typedef {{starts_at: string, ends_at: string}} Interval */
/** @typedef {{from: number, minutes: number}} Span */

const OUT_OF_THE_WAY = new Set(["cancelled", "moved"]);
const NOW_STANDS_AT = 0.35; // of the visible width
const SOON = 30 * MINUTE;

/** The whole hours that hold all of tonight; null when there is nothing to show.
 * @param {Interval[]} intervals @param {string} zone @returns {Span | null} */
export function spanOf(intervals, zone) {
  if (!intervals.length) return null;
  const first = Math.min(...intervals.map(({ starts_at }) => ms(starts_at)));
  const last = Math.max(...intervals.map(({ ends_at }) => ms(ends_at)));
  const from = first - wall(first, zone).minute * MINUTE;
  const over = wall(last, zone).minute;
  const until = over ? last + (60 - over) * MINUTE : last;
  return { from, minutes: (until - from) / MINUTE };
}

/** What is cancelled makes room for what took its place. @param {Call[]} calls @returns {Call[]} */
export function visible(calls) {
  /** @param {Call} one @param {Call} other */
  const overlap = (one, other) => ms(one.starts_at) < ms(other.ends_at) && ms(other.starts_at) < ms(one.ends_at);
  const isOut = (/** @type {Call} */ call) => OUT_OF_THE_WAY.has(call.outcome ?? "");
  return calls.filter(
    (call, place) =>
      !isOut(call) || !calls.some((other, later) => overlap(call, other) && (!isOut(other) || later > place)),
  );
}

/** Calls that are open now or begin within half an hour: somebody has to fetch a child, or look after a terminal.
 * @param {DeskNow} now @param {number} at */
export const callsAtHand = ({ calls }, at) =>
  calls.filter(({ state, starts_at, ends_at }) => {
    const isAgreed = state !== "proposed" && state !== "ended";
    return isAgreed && ms(starts_at) - SOON <= at && (at < ms(ends_at) || state === "live");
  });

/** @param {DeskNow} now @param {number} at @param {string | null} focusId the block that Tab leads to */
export function tonight(now, at, focusId) {
  const span = spanOf([...now.openings, ...now.calls], now.zone);
  if (!span) return [heading(now, at), stateOf("empty", t("desk.closed"), t("desk.closed_text"))];
  const rows = rowsOf(now);
  const shown = rows.flatMap((row) => row.calls);
  const focus = shown.find((call) => call.id === focusId) ?? shown.find((call) => ms(call.ends_at) > at) ?? shown[0];
  return [
    heading(now, at),
    parts(
      h(
        "div",
        { class: "timeline", role: "group", "aria-label": t("desk.timeline"), "data-part": "timeline" },
        hours(span, now.zone),
        rows.map((row) => terminalRow(row, now, span, at, focus)),
      ),
      { span: span.minutes },
    ),
    shown.length ? legend(shown) : h("p", { class: "muted" }, t("desk.no_calls")),
  ];
}

/** A tag's drawing without its text; a lost line has a drawing of its own. @param {string} look */
const markOf = (look) => (look === "lost" ? icon("link-lost", "s") : tag(look, "").firstChild);

/** @param {string} look */
export const tagOf = (look) => h("span", { class: "tag", "data-state": look }, markOf(look), lookText(look));

/** Puts what happens now into sight. @param {HTMLElement} line */
export function scrollToNow(line) {
  const mark = line.querySelector(".timeline__now");
  if (!mark) return;
  const ahead = mark.getBoundingClientRect().left - line.getBoundingClientRect().left;
  line.scrollLeft += ahead - line.clientWidth * NOW_STANDS_AT;
}

/** The block that an arrow key leads to from another one. @param {HTMLElement} block @param {string} key */
export function neighbour(block, key) {
  const rows = [...(block.closest(".timeline")?.querySelectorAll(".timeline__row") ?? [])];
  const blocks = rows.map((row) => /** @type {HTMLElement[]} */ ([...row.querySelectorAll(".block")]));
  const row = blocks.findIndex((some) => some.includes(block));
  const place = blocks[row].indexOf(block);
  const here = block.getBoundingClientRect().left;
  if (key === "ArrowLeft") return blocks[row][place - 1];
  if (key === "ArrowRight") return blocks[row][place + 1];
  if (key === "Home") return blocks[row][0];
  if (key === "End") return blocks[row][blocks[row].length - 1];
  const others = key === "ArrowUp" ? blocks.slice(0, row).reverse() : key === "ArrowDown" ? blocks.slice(row + 1) : [];
  const far = (/** @type {HTMLElement} */ other) => Math.abs(other.getBoundingClientRect().left - here);
  return others.find((some) => some.length)?.reduce((one, other) => (far(other) < far(one) ? other : one));
}

/** @param {DeskNow} now @param {number} at */
function heading(now, at) {
  const count = (/** @type {(call: Call) => boolean} */ matches) => now.calls.filter(matches).length;
  const counts = {
    on: count(({ state }) => state === "ringing" || state === "live"),
    late: count((call) => lateMinutes(call, "village", at) > 0 || lateMinutes(call, "parent", at) > 0),
    left: count(({ state }) => state === "proposed" || state === "booked"),
    held: count(({ outcome }) => outcome === "held"),
    missed: count(({ outcome }) => outcome === "missed"),
  };
  const told = Object.entries(counts).filter(([, number]) => number).map(([name, number]) => tn(`desk.count.${name}`, number));
  return h(
    "p",
    { class: "heading", "data-part": "summary" },
    h("time", {}, dayAndTime(at, now.zone, at)),
    told.map((count) => ` · ${count}`).join(""),
  );
}

/** One row for each terminal, also for one that is no longer in use but had calls. @param {DeskNow} now */
function rowsOf(now) {
  const retired = now.calls.map((call) => ({ ...call.terminal, present: false, failed_parts: /** @type {string[]} */ ([]) }));
  const terminals = new Map([...retired, ...now.terminals].map((terminal) => [terminal.id, terminal]));
  return [...terminals.values()].map((terminal) => ({
    terminal,
    calls: visible(now.calls.filter((call) => call.terminal.id === terminal.id)),
  }));
}

/** @param {Span} span @param {string} zone */
function hours({ from, minutes }, zone) {
  const marks = Array.from({ length: minutes / 60 }, (_, hour) =>
    parts(h("time", { class: "timeline__hour" }, clockTime(from + hour * HOUR, zone)), { at: hour * 60 }),
  );
  return h("div", { class: "timeline__hours", "aria-hidden": "true" }, marks);
}

/** @param {ReturnType<typeof rowsOf>[number]} row @param {DeskNow} now @param {Span} span @param {number} at @param {Call} [focus] */
function terminalRow({ terminal, calls }, now, span, at, focus) {
  const { failed_parts: failed } = terminal;
  const unwell = failed.length > 0 && t("desk.terminal_unwell", { parts: partsText(failed) });
  const presence = [t(terminal.present ? "desk.terminal_on" : "desk.terminal_off"), unwell].filter(Boolean).join(", ");
  const minute = (at - span.from) / MINUTE;
  return h(
    "div",
    { class: "timeline__row", role: "group", "aria-label": `${terminal.name}: ${presence}`, "data-key": terminal.id, "data-terminal-id": terminal.id },
    h(
      "div",
      { class: "timeline__label", title: presence },
      h("span", { class: `lamp lamp--${terminal.present ? "on" : "off"}` }, terminal.name),
      unwell && icon("warning", "s"),
    ),
    h(
      "div",
      { class: "timeline__track" },
      now.openings.map((opening) => parts(h("span", { class: "timeline__open" }), place(opening, span))),
      calls.map((call) => block(call, now.zone, span, at, call === focus)),
      minute >= 0 && minute <= span.minutes && parts(h("span", { class: "timeline__now" }), { at: Math.round(minute * 10) / 10 }),
    ),
  );
}

/** @param {Call} call @param {string} zone @param {Span} span @param {number} at @param {boolean} isFocus */
function block(call, zone, span, at, isFocus) {
  const look = lookOf(call);
  const close = isClose(call, at);
  const talked = call.state === "live" ? tn("desk.minutes", minutesTalked(call, at)) : "";
  return parts(
    h(
      "button",
      {
        class: "block", type: "button", "data-act": "call", "data-call-id": call.id, "data-key": call.id, "data-state": look,
        tabindex: isFocus ? 0 : -1, "aria-label": describe(call, look, zone, close ? at : null, talked), title: lookText(look),
      },
      markOf(look),
      photo(call.child, "s"),
      h("span", { class: "block__name" }, call.child.name),
      " ",
      h("time", { class: "block__time" }, talked || clockTime(call.starts_at, zone)),
      close && h("span", { class: "block__sides" }, sideLamp(call, "village", at), sideLamp(call, "parent", at)),
    ),
    place(call, span),
  );
} // prettier-ignore

/** @param {Call} call @param {"parent" | "village"} side @param {number} at */
function sideLamp(call, side, at) {
  const { lamp, text } = sideOf(call, side, at);
  const { name } = side === "parent" ? call.parent : call.child;
  return h("span", { class: `lamp lamp--${lamp}`, title: `${name}: ${text}`, "data-side": side });
}

/** Begins with what is to be seen. @param {Call} call @param {string} look @param {string} zone
 * @param {number | null} at null while it does not matter who sits where @param {string} talked */
function describe(call, look, zone, at, talked) {
  const time = `${clockTime(call.starts_at, zone)}–${clockTime(call.ends_at, zone)}`;
  const said = [[call.child.name, talked, time].filter(Boolean).join(" "), t("desk.child_and_parent", { child: call.child.name, parent: call.parent.name }), lookText(look)];
  if (at !== null) {
    said.push(`${call.child.name}: ${sideOf(call, "village", at).text}`, `${call.parent.name}: ${sideOf(call, "parent", at).text}`);
  }
  return said.join(", ");
}

/** @param {Interval} interval @param {Span} span */
const place = ({ starts_at, ends_at }, { from }) => ({
  at: (ms(starts_at) - from) / MINUTE,
  minutes: (ms(ends_at) - ms(starts_at)) / MINUTE,
});

/** @param {Call[]} calls */
function legend(calls) {
  const looks = [...new Set(calls.map(lookOf))];
  return h("ul", { class: "legend", "aria-hidden": "true" }, looks.map((look) => h("li", {}, tagOf(look))));
}
