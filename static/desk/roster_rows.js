/** One row of a roster at a closer look: why this slot or why none, and what can be done; and those without a slot. */
import { hasText, t, tn } from "../core/texts.js";
import { clockTime, dayAndTime } from "../core/time.js";
import { button, h, icon, pair, photo } from "../ui/dom.js";

/** @typedef {import("./wire.js").Roster} Roster
 * @typedef {import("./wire.js").Assignment} Assignment
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./roster.js").Chosen} Chosen */

/** The sentences of a row's reasons; a code without one says nothing. @param {Assignment} row @returns {string[]} */
export const reasonsOf = ({ reasons }) =>
  reasons.map(({ code, ...params }) => {
    const key = `desk.roster.reason.${code}`;
    const said = Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]);
    return hasText(key) ? t(key, Object.fromEntries(said)) : "";
  }).filter(Boolean); // prettier-ignore

/** Families without any call stand in sight; further calls that found no room are folded away.
 * @param {Roster} roster @param {Chosen | null} chosen */
export function unplaced({ assignments }, chosen) {
  const served = new Set(assignments.filter(({ starts_at }) => starts_at).map(({ family }) => family.id));
  const without = assignments.filter(({ starts_at }) => !starts_at);
  const [unheard, further] = [without.filter(({ family }) => !served.has(family.id)), without.filter(({ family }) => served.has(family.id))];
  return [
    h(
      "section",
      { class: "roster__without", hidden: !unheard.length, "data-part": "without" },
      h("h3", { class: "heading" }, icon("hourglass", "s"), tn("desk.roster.without", unheard.length)),
      queue(unheard, chosen),
    ),
    h(
      "details",
      { class: "fold roster__further", hidden: !further.length, "data-part": "further", open: further.some(({ id }) => id === chosen?.id) },
      h("summary", {}, tn("desk.roster.further", further.length)),
      queue(further, chosen),
    ),
  ];
} // prettier-ignore

/** @param {Assignment[]} rows @param {Chosen | null} chosen */
const queue = (rows, chosen) =>
  h(
    "ul",
    { class: "roster__queue" },
    rows.map((row) =>
      h(
        "li",
        { "data-key": row.id },
        h(
          "button",
          { class: "roster__row", type: "button", "data-act": "roster-row", "data-row-id": row.id, "data-state": "none", "aria-pressed": String(chosen?.id === row.id) },
          photo(row.child, "s"),
          h("span", { class: "roster__who" }, h("span", { class: "roster__child" }, row.child.name), h("span", { class: "roster__parent" }, reasonsOf(row)[0] ?? row.parent.name)),
        ),
      ),
    ),
  ); // prettier-ignore

/** @param {Assignment} row @param {Roster} roster @param {DeskNow} now @param {number} at @param {boolean} isMoving @param {boolean} isBusy */
export function pickedPanel(row, roster, now, at, isMoving, isBusy) {
  const terminal = roster.terminals.find(({ id }) => id === row.terminal_id)?.name ?? "";
  const when = row.starts_at && `${dayAndTime(row.starts_at, roster.zone, at)}–${clockTime(row.ends_at ?? 0, roster.zone)} · ${terminal}`;
  const heard = row.last_heard_at ? t("desk.roster.heard", { when: dayAndTime(row.last_heard_at, now.zone, at) }) : t("desk.never_heard");
  const reasons = reasonsOf(row);
  return h(
    "aside",
    { class: "card roster__picked", "data-part": "picked", "aria-label": row.child.name },
    pair(row.call_id ? "booked" : "waiting", [row.child, row.parent], "m"),
    h("p", { class: "card__title" }, `${row.child.name} · ${row.parent.name}`),
    h("p", {}, when || t("desk.roster.no_slot")),
    h("p", { class: "muted" }, heard),
    reasons.length > 0 && h("div", {}, h("h4", { class: "field__label" }, t(row.starts_at ? "desk.roster.why" : "desk.roster.why_none")), h("ul", { class: "roster__reasons" }, reasons.map((reason) => h("li", {}, reason)))),
    isMoving && h("p", { class: "banner", "data-state": "info", role: "status" }, icon("move"), h("span", {}, t("desk.roster.moving"))),
    h("div", { class: "card__actions" }, actions(row, roster, isMoving, isBusy)),
  );
} // prettier-ignore

/** @param {Assignment} row @param {Roster} roster @param {boolean} isMoving @param {boolean} isBusy */
function actions(row, roster, isMoving, isBusy) {
  const busy = { "aria-busy": String(isBusy) };
  const close = button("close-row", "btn btn--quiet", null, t(isMoving ? "desk.roster.not_now" : "common.close"));
  if (row.call_id) return [button("roster-call", "btn", "calendar", t("desk.roster.open_call"), { "data-call-id": row.call_id }), close];
  if (roster.state !== "draft" || isMoving) return [close];
  return [
    button("move-row", "btn btn--primary", "move", t(row.starts_at ? "desk.roster.move" : "desk.roster.place"), busy),
    (row.starts_at || row.pinned) && button(row.pinned ? "unpin" : "pin", "btn", row.pinned ? "lock-open" : "lock", t(row.pinned ? "desk.roster.unpin" : "desk.roster.pin"), busy),
    row.starts_at && button("take-out", "btn", "close", t("desk.roster.take_out"), busy),
    close,
  ];
} // prettier-ignore
