/** The ledger: every child, longest unheard on top, and the calls of thirty days; on paper and as a file as well. */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow, wall } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, icon, sentence, stateOf } from "../ui/dom.js";
import { download, toCsv } from "./csv.js";
import { tagOf } from "./tonight.js";
import { lookOf, lookText, minutesTalked, reasonText, unheardText } from "./words.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow */
/** @typedef {import("./wire.js").LedgerChild} LedgerChild */
/** @typedef {import("./wire.js").LedgerCall} LedgerCall */

const CHILD_COLUMNS = ["child", "family", "last_heard", "minutes_week", "minutes_month", "held", "missed"];
const CALL_COLUMNS = ["when", "child", "parent", "outcome", "minutes", "reason"];
const NUMBERS = new Set(["minutes_week", "minutes_month", "held", "missed", "minutes"]);

export class LedgerView {
  /** @type {import("./wire.js").Ledger | null} */
  #ledger = null;
  /** @type {ApiError | null} */
  #error = null;
  #seen = {};
  #desk;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "reload-ledger": () => this.load(),
    "csv-children": () => this.save("children"),
    "csv-calls": () => this.save("calls"),
  };

  /** @param {import("./wire.js").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** Reads it again if the evening has changed since. */
  freshen() {
    const now = this.#desk.now();
    if (now && now !== this.#seen) {
      this.#seen = now;
      this.load();
    }
  }

  async load() {
    try {
      this.#ledger = await this.#desk.live.api.get("/api/ledger");
      this.#error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#desk.show();
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const retry = button("reload-ledger", "btn btn--primary", null, t("common.retry"));
    if (!this.#ledger) {
      return this.#error ? [stateOf("error", sentence(this.#error), "", retry)] : [stateOf("loading", t("common.loading"))];
    }
    const { children, calls } = this.#ledger;
    if (!children.length) return [stateOf("empty", t("desk.no_families"))];
    return [
      h("div", { hidden: !this.#error }, this.#error && banner("bad", "warning", sentence(this.#error), retry)),
      heading("book", t("desk.ledger"), t("desk.as_of", { when: dayAndTime(at, now.zone, at) }), button("csv-children", "btn btn--small", null, t("desk.csv"))),
      table("children", CHILD_COLUMNS, children.map((line) => childRow(line, now, at))),
      heading("calendar", t("desk.calls_of_30_days"), "", button("csv-calls", "btn btn--small", null, t("desk.csv"))),
      calls.length ? table("calls", CALL_COLUMNS, calls.map((call) => callRow(call, now, at))) : h("p", { class: "muted" }, t("desk.no_ended_calls")),
    ];
  } // prettier-ignore

  /** @param {"children" | "calls"} which */
  save(which) {
    const now = this.#desk.now();
    if (!this.#ledger || !now) return;
    const [columns, rows] =
      which === "children"
        ? [CHILD_COLUMNS, this.#ledger.children.map((line) => childCells(line, now.zone))]
        : [CALL_COLUMNS, this.#ledger.calls.map((call) => callCells(call, now.zone))];
    const head = columns.map((column) => t(`desk.column.${column}`));
    download(`${now.village.name}-${which}-${stamp(serverNow(), now.zone).slice(0, 10)}.csv`, toCsv([head, ...rows]));
  }
}

/** @param {string} iconId @param {string} title @param {string} about @param {HTMLElement} action */
const heading = (iconId, title, about, action) =>
  h("h2", { class: "heading" }, icon(iconId, "s"), title, about && h("span", { class: "muted" }, about), action);

/** @param {string} name @param {string[]} columns @param {HTMLElement[]} rows */
function table(name, columns, rows) {
  const head = columns.map((column) =>
    h("th", { scope: "col", class: NUMBERS.has(column) ? "table__number" : null }, t(`desk.column.${column}`)),
  );
  return h(
    "div",
    { class: "table-box", tabindex: 0, role: "region", "aria-label": t(name === "calls" ? "desk.calls_of_30_days" : "desk.ledger") },
    h("table", { class: "table", "data-table": name }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)),
  );
} // prettier-ignore

/** @param {LedgerChild} line @param {DeskNow} now @param {number} at */
function childRow(line, now, at) {
  const opens = { "data-act": "family", "data-family-id": line.family.id };
  const unheard = unheardText(line.last_heard_at, at);
  const heard = line.last_heard_at && h("time", {}, dayAndTime(line.last_heard_at, now.zone, at));
  return h(
    "tr",
    { "data-key": line.child.id, "data-child-id": line.child.id, "data-state": line.overdue ? "overdue" : null, ...opens },
    h("td", { class: "no-wrap" }, opener(line.child.name, opens)),
    h("td", { class: "no-wrap" }, line.family.name),
    h("td", { class: "no-wrap" }, heard, heard && unheard && h("br"), unheard && h("span", { class: "lamp lamp--bad" }, unheard)),
    [line.minutes_week, line.minutes_month, line.held, line.missed].map((number) => h("td", { class: "table__number" }, number)),
  );
} // prettier-ignore

/** @param {LedgerCall} call @param {DeskNow} now @param {number} at */
function callRow(call, now, at) {
  const opens = { "data-act": "call", "data-call-id": call.id };
  const look = lookOf(call);
  return h(
    "tr",
    { "data-key": call.id, ...opens },
    h("td", { class: "no-wrap" }, opener(dayAndTime(call.starts_at, now.zone, at), opens)),
    h("td", {}, call.child.name),
    h("td", {}, call.parent.name),
    h("td", { class: "no-wrap" }, tagOf(look)),
    h("td", { class: "table__number" }, minutesTalked(call, at)),
    h("td", {}, reasonText(call.reason)),
  );
}

/** What the keyboard reaches of a row; a finger may touch all of it. @param {string} text @param {import("../ui/dom.js").Attributes} opens */
const opener = (text, opens) => h("button", { class: "row__title", type: "button", ...opens }, text);

/** @param {LedgerChild} line @param {string} zone */
const childCells = (line, zone) => [
  line.child.name,
  line.family.name,
  line.last_heard_at ? stamp(line.last_heard_at, zone) : "",
  line.minutes_week,
  line.minutes_month,
  line.held,
  line.missed,
];

/** @param {LedgerCall} call @param {string} zone */
const callCells = (call, zone) => [
  stamp(call.starts_at, zone),
  call.child.name,
  call.parent.name,
  lookText(lookOf(call)),
  minutesTalked(call, 0),
  reasonText(call.reason),
];

/** A wall time as spreadsheets understand it. @param {string | number} instant @param {string} zone */
function stamp(instant, zone) {
  const { year, month, day, hour, minute } = wall(instant, zone);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
}
