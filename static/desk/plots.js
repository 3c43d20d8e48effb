/**
 * Small drawings of the ledger, as SVG: columns for weeks, a line of columns for one child, a bar for a share. What is
 * drawn can be read as well: every drawing has a sentence, and the table with its numbers stands behind it.
 */
import { t } from "../core/texts.js";
import { h } from "../ui/dom.js";

/** @typedef {import("../ui/dom.js").Attributes} Attributes
 * @typedef {import("../ui/dom.js").Child} Child */
/** One column: its parts from the bottom up, and what is said of it. @typedef {{says: string, parts: number[]}} Column */

const SVG = "http://www.w3.org/2000/svg";
const STEP = 10; // the width of a column with its gap, in units of the drawing
const GAP = 2.4;
const HEIGHT = 100;
/** Places of the weeks that are named below the columns, besides the last. */
const NAMED_EVERY = 4;

/** An element of a drawing. @param {string} tag @param {Attributes} attributes @param {(SVGElement | string)[]} children */
export function drawn(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** The least round number that is not below any. @param {number[]} numbers */
export function roundedTop(numbers) {
  const most = Math.max(1, ...numbers);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((times) => times * power).find((top) => top >= most) ?? most;
}

/** Columns side by side, the last being the week that goes on. @param {string} label the sentence of all of it
 * @param {Column[]} columns @param {string[]} weeks names of the weeks */
export function columnsOf(label, columns, weeks) {
  const top = roundedTop(columns.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0)));
  const wide = columns.length * STEP;
  const lines = [0, HEIGHT / 2].map((y) => drawn("line", { class: "plot__line", x1: 0, x2: wide, y1: y, y2: y }));
  const svg = drawn(
    "svg",
    { class: "plot__drawing", viewBox: `0 0 ${wide} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    ...lines,
    ...columns.map((column, place) => columnAt(column, place, top, place === columns.length - 1)),
  );
  const names = weeks.map((name, place) => {
    const isLast = place === weeks.length - 1;
    const isNamed = isLast || (place % NAMED_EVERY === 0 && place < weeks.length - 2);
    return h("span", {}, isNamed && (isLast ? t("desk.this_week") : name));
  });
  return h(
    "div",
    { class: "plot__box" },
    h("span", { class: "plot__top", "aria-hidden": "true" }, top),
    svg,
    h("div", { class: "plot__weeks", "aria-hidden": "true" }, names),
  );
} // prettier-ignore

/** @param {Column} column @param {number} place @param {number} top @param {boolean} goesOn */
function columnAt({ says, parts }, place, top, goesOn) {
  const x = place * STEP + GAP / 2;
  const width = STEP - GAP;
  let bottom = HEIGHT;
  const bars = parts.map((part, kind) => {
    const height = (part / top) * HEIGHT;
    bottom -= height;
    return drawn("rect", { class: `plot__part plot__part--${kind}`, x, y: bottom, width, height });
  });
  const reach = drawn("rect", { class: "plot__reach", x: place * STEP, y: 0, width: STEP, height: HEIGHT });
  const group = drawn("g", { class: "plot__column" }, drawn("title", {}, says), reach, ...bars);
  if (goesOn) group.setAttribute("data-state", "now");
  return group;
}

/** One child's weeks, small; `top` is the same for all children. @param {number[]} numbers @param {number} top @param {string} label */
export function sparkOf(numbers, top, label) {
  const bar = (/** @type {number} */ number, /** @type {number} */ place) =>
    number > 0 ? `M${place * 4} 16V${Math.round((1 - Math.min(1, number / top)) * 140) / 10}h3V16z` : "";
  const past = numbers.slice(0, -1).map(bar).join("");
  return drawn(
    "svg",
    { class: "spark", viewBox: `0 0 ${numbers.length * 4 - 1} 16`, role: "img", "aria-label": label },
    drawn("title", {}, label),
    drawn("path", { class: "spark__ground", d: `M0 16H${numbers.length * 4 - 1}` }),
    drawn("path", { class: "spark__past", d: past }),
    drawn("path", { class: "spark__now", d: bar(numbers[numbers.length - 1] ?? 0, numbers.length - 1) }),
  );
}

/** A bar as long as its share. @param {number} count @param {number} most */
export const shareOf = (count, most) =>
  drawn(
    "svg",
    { class: "share", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawn("rect", { class: "share__bar", x: 0, y: 0, width: Math.max(1, (count / most) * 100), height: 10 }),
  );

/** A drawing under its title, with the table behind it. @param {string} name @param {string} title @param {string} about
 * @param {Child} drawing @param {Child} [table] */
export const figure = (name, title, about, drawing, table) =>
  h(
    "figure",
    { class: "card plot", "data-key": name, "data-plot": name },
    h("figcaption", {}, h("h3", { class: "plot__title" }, title), h("p", { class: "muted" }, about)),
    drawing,
    table && h("details", { class: "fold plot__numbers" }, h("summary", {}, t("desk.as_table")), table),
  );

/** @param {string[]} columns keys of `desk.column` @param {(string | number)[][]} rows the first cell names the row */
export const numbersTable = (columns, rows) =>
  h(
    "div",
    { class: "table-box table-box--plain" },
    h(
      "table",
      { class: "table" },
      h("thead", {}, h("tr", {}, columns.map((column, place) => h("th", { scope: "col", class: place > 0 && "table__number" }, t(`desk.column.${column}`))))),
      h(
        "tbody",
        {},
        rows.map(([name, ...cells]) =>
          h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell) => h("td", { class: "table__number" }, cell))),
        ),
      ),
    ),
  ); // prettier-ignore
