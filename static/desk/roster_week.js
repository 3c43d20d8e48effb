/** The week as columns of days: each row is a family's slot, and where somebody is being moved, each free place too. */
import { t } from "../core/texts.js";
import { clockTime, dayNumber, ms, weekday } from "../core/time.js";
import { h, icon, photo } from "../ui/dom.js";
import { noonOf, placed } from "./roster_places.js";

/** @typedef {import("./wire.js").Roster} Roster
 * @typedef {import("./wire.js").Assignment} Assignment
 * @typedef {import("./roster_places.js").Place} Place
 * @typedef {import("./roster.js").Chosen} Chosen */

/** @param {Roster} roster @param {number[]} days @param {Place[]} places @param {Chosen | null} chosen @param {number} at */
export function weekGrid(roster, days, places, chosen, at) {
  const rows = placed(roster);
  return h(
    "ol",
    { class: "roster__week", "aria-label": t("desk.roster.week"), "data-moving": String(Boolean(chosen?.isMoving)) },
    days.map((day) => {
      const isOn = (/** @type {{starts_at: string | null}} */ one) => dayNumber(one.starts_at ?? 0, roster.zone) === day;
      return dayColumn(day, roster, [...rows.filter(isOn), ...places.filter(isOn)], chosen, at);
    }),
  );
}

/** @param {number} day @param {Roster} roster @param {(Assignment | Place)[]} rows @param {Chosen | null} chosen @param {number} at */
function dayColumn(day, roster, rows, chosen, at) {
  const { name } = weekday(noonOf(day), "UTC");
  const isPast = day < dayNumber(at, roster.zone);
  const sorted = [...rows].sort((one, other) => ms(one.starts_at ?? 0) - ms(other.starts_at ?? 0));
  return h(
    "li",
    { class: "roster__day", "data-key": String(day), "data-past": String(isPast) },
    h("h3", { class: "roster__date" }, name, h("span", { class: "muted" }, ` ${new Date(noonOf(day)).getUTCDate()}`)),
    h("ul", {}, sorted.map((row) => h("li", { "data-key": keyOf(row) }, "id" in row ? slot(row, roster, chosen) : free(row, roster)))),
    !rows.length && h("p", { class: "muted roster__empty" }, t("desk.roster.empty_day")),
  );
} // prettier-ignore

/** @param {Assignment | Place} row */
const keyOf = (row) => ("id" in row ? row.id : `${row.terminal_id} ${row.starts_at}`);

/** @param {Assignment} row @param {Roster} roster @param {Chosen | null} chosen */
function slot(row, roster, chosen) {
  const look = row.outcome ?? (row.call_id ? "booked" : "draft");
  return h(
    "button",
    {
      class: "roster__row", type: "button", "data-act": "roster-row", "data-row-id": row.id, "data-state": look,
      "aria-pressed": String(chosen?.id === row.id), "data-fixed": String(row.is_fixed),
      title: `${row.child.name} · ${row.parent.name}`,
    }, // prettier-ignore
    photo(row.child, "s"),
    h(
      "span",
      { class: "roster__who" },
      h("span", { class: "roster__line" }, when(row, roster), marks(row)),
      h("span", { class: "roster__child" }, row.child.name, h("span", { class: "roster__family" }, ` ${row.family.name}`)),
    ),
  );
} // prettier-ignore

/** @param {Place} place @param {Roster} roster */
const free = (place, roster) =>
  h(
    "button",
    { class: "roster__row roster__row--free", type: "button", "data-act": "roster-place", "data-terminal-id": place.terminal_id, "data-starts-at": place.starts_at },
    when(place, roster),
    h("span", {}, t("desk.roster.free")),
  ); // prettier-ignore

/** What the numbers beside the times say, where a village has more than one terminal. @param {Roster} roster */
export const terminalLegend = ({ terminals }) =>
  h(
    "ul",
    { class: "roster__terminals", hidden: terminals.length < 2 },
    terminals.map(({ id, name }, place) => h("li", { "data-key": id }, h("span", { class: "roster__terminal" }, place + 1), ` ${name}`)),
  ); // prettier-ignore

/** @param {{starts_at: string | null, terminal_id: string | null}} row @param {Roster} roster */
function when({ starts_at, terminal_id }, roster) {
  const number = roster.terminals.findIndex(({ id }) => id === terminal_id) + 1;
  return h(
    "span",
    { class: "roster__when" },
    h("time", { datetime: starts_at ?? "" }, clockTime(starts_at ?? 0, roster.zone)),
    roster.terminals.length > 1 && h("span", { class: "roster__terminal", title: roster.terminals[number - 1]?.name ?? "" }, number || ""),
  );
} // prettier-ignore

/** What is settled about a row, each with its word for who does not see the mark. @param {Assignment} row */
export function marks(row) {
  const found = [
    row.is_fixed ? mark("calendar", "fixed") : row.pinned && mark("lock", "pinned"),
    row.confirmed && mark("check", "confirmed"),
  ];
  return h("span", { class: "roster__marks" }, found);
}

/** @param {string} iconId @param {string} key */
const mark = (iconId, key) => h("span", { class: "roster__mark", title: t(`desk.roster.${key}`) }, icon(iconId, "s"), h("span", { class: "hidden-text" }, t(`desk.roster.${key}`)));
