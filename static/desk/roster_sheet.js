/** A roster on paper, with faces, for the door of the room; and as the rows of a file. */
import { t } from "../core/texts.js";
import { clockTime, dayNumber, weekday } from "../core/time.js";
import { emblem, h, photo } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { stamp } from "./csv.js";
import { spanText } from "./roster_head.js";
import { daysOf, noonOf, placed } from "./roster_places.js";
import { reasonsOf } from "./roster_rows.js";

/** @typedef {import("./wire.js").Roster} Roster
 * @typedef {import("./wire.js").Assignment} Assignment
 * @typedef {import("./wire.js").DeskNow} DeskNow */

sheet("paper.css", import.meta.url);

const COLUMNS = ["when", "terminal", "family", "child", "parent", "minutes", "state", "reason"];

/** Calls that came to nothing make room on the paper. @param {Roster} roster */
const standing = (roster) => placed(roster).filter(({ outcome }) => !outcome || outcome === "held");

/** @param {Roster} roster @param {DeskNow} now @param {number} monday */
export const paper = (roster, now, monday) =>
  h(
    "section",
    { class: "paper", "aria-hidden": "true", "data-key": "paper" },
    h("header", { class: "paper__head" }, h("h2", {}, now.village.name), h("p", {}, spanText(monday), roster.state === "draft" && ` · ${t("desk.roster.paper_draft")}`)),
    h("p", { class: "paper__foot" }, t("desk.roster.paper_foot")),
    daysOf(roster, monday).map((day) => paperDay(day, roster)),
  ); // prettier-ignore

/** @param {number} day @param {Roster} roster */
function paperDay(day, roster) {
  const rows = standing(roster).filter(({ starts_at }) => dayNumber(starts_at ?? 0, roster.zone) === day);
  const { name, date } = weekday(noonOf(day), "UTC");
  return (
    rows.length > 0 &&
    h(
      "section",
      { class: "paper__day" },
      h("h3", {}, `${name} ${date}`),
      h("ul", {}, rows.map((row) => paperRow(row, roster))),
    )
  );
} // prettier-ignore

/** @param {Assignment} row @param {Roster} roster */
const paperRow = (row, roster) =>
  h(
    "li",
    { class: "paper__row" },
    h("span", { class: "paper__time" }, clockTime(row.starts_at ?? 0, roster.zone)),
    photo(row.child, "m"),
    h("span", { class: "paper__who" }, h("strong", {}, row.child.name), h("span", {}, row.parent.name)),
    roster.terminals.length > 1 && h("span", { class: "paper__terminal" }, terminalName(row, roster)),
    emblem(row.family.emblem, "s"),
    h("span", { class: "paper__tick" }),
  ); // prettier-ignore

/** @param {Assignment} row @param {Roster} roster */
const terminalName = (row, roster) => roster.terminals.find(({ id }) => id === row.terminal_id)?.name ?? "";

/** @param {Roster} roster @returns {(string | number)[][]} */
export const cellsOf = (roster) => [
  COLUMNS.map((column) => t(`desk.column.${column}`)),
  ...[...placed(roster), ...roster.assignments.filter(({ starts_at }) => !starts_at)].map((row) => [
    row.starts_at ? stamp(row.starts_at, roster.zone) : "",
    terminalName(row, roster),
    row.family.name,
    row.child.name,
    row.parent.name,
    row.minutes,
    t(`desk.roster.${row.is_fixed ? "fixed" : row.confirmed ? "confirmed" : row.call_id ? "told" : row.starts_at ? "drafted" : "no_slot"}`),
    reasonsOf(row).join(" "),
  ]),
]; // prettier-ignore
