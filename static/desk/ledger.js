/**
 * The ledger, the desk's first page: what was promised and who is overdue, the village's weeks, every child, and the calls
 * of thirty days; on paper and as files as well.
 */
import { t, tn } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, icon, sentence, stateOf } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { download, stamp, toCsv } from "./csv.js";
import { Overdue } from "./overdue.js";
import { roundedTop, sparkOf } from "./plots.js";
import { Promised } from "./promise.js";
import { tagOf } from "./tonight.js";
import { nameOf, plots, thisWeek } from "./weeks.js";
import { lookOf, lookText, minutesTalked, reasonText, unheardText } from "./words.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow */
/** @typedef {import("./wire.js").Ledger} Ledger */
/** @typedef {import("./wire.js").LedgerChild} LedgerChild */
/** @typedef {import("./wire.js").LedgerCall} LedgerCall */

const CHILD_COLUMNS = ["child", "family", "last_heard", "next_call", "weeks", "minutes_week", "minutes_month", "held", "missed"];
const CALL_COLUMNS = ["when", "child", "parent", "outcome", "minutes", "reason"];
const NUMBERS = new Set(["minutes_week", "minutes_month", "held", "missed", "minutes"]);
const CALLS_AT_ONCE = 50; // each is drawn anew with all that changes
const LEAST_TOP_MINUTES = 30; // so that five minutes look like little

sheet("ledger.css", import.meta.url);

export class LedgerView {
  /** @type {Ledger | null} */
  #ledger = null;
  /** @type {ApiError | null} */
  #error = null;
  #seen = {};
  /** How many of the calls stand there. */
  #shown = 0;
  #desk;
  #overdue;
  #promised;
  /** @type {import("./asked_parents.js").AskedParents | null} */
  #asked = null;
  /** @type {import("../ui/dom.js").Acts} */
  acts;

  /** @param {import("./wire.js").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#overdue = new Overdue(desk);
    this.#promised = new Promised(desk, () => this.load());
    this.acts = {
      ...this.#overdue.acts,
      ...this.#promised.acts,
      "reload-ledger": () => this.load(),
      "show-calls": () => this.#showCalls(this.#shown ? 0 : CALLS_AT_ONCE),
      "more-calls": () => this.#showCalls(this.#shown + CALLS_AT_ONCE),
      "csv-children": () => this.save("children"),
      "csv-calls": () => this.save("calls"),
    };
  }

  /** Who asks for a child's other parent comes with a part of its own. */
  async #loadAsked() {
    try {
      this.#asked ??= new (await import("./asked_parents.js")).AskedParents(this.#desk);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return; // without a network; the next change of the evening tries again
    }
    Object.assign(this.acts, this.#asked.acts);
    await this.#asked.load();
  }

  /** Reads it again if the evening has changed since. */
  freshen() {
    const now = this.#desk.now();
    if (now && now !== this.#seen) {
      this.#seen = now;
      this.load();
      this.#loadAsked();
    }
  }

  /** @param {Event} event */
  typed(event) {
    this.#promised.typed(event);
    this.#asked?.typed(event);
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
    const { children, promise_days, weeks } = this.#ledger;
    if (!children.length) {
      const enrol = h("a", { class: "btn btn--primary", href: "#enrol" }, icon("plus"), t("desk.enrol"));
      return [this.#promised.view(promise_days, ""), stateOf("empty", t("desk.no_families"), t("desk.no_families_text"), enrol)];
    }
    return [
      h("div", { hidden: !this.#error, "data-key": "error" }, this.#error && banner("bad", "warning", sentence(this.#error), retry)),
      this.#askedPlace(now, at),
      this.#promised.view(promise_days, thisWeek(weeks)),
      this.#overdue.view(children, promise_days, now, at),
      plots(this.#ledger),
      this.#children(this.#ledger, now, at),
      this.#calls(this.#ledger, now, at),
    ];
  } // prettier-ignore

  /** Always there, so that nothing below it is drawn anew when something is asked. @param {DeskNow} now @param {number} at */
  #askedPlace(now, at) {
    const asked = this.#asked?.view(now, at);
    return h("div", { hidden: !asked, "data-key": "asked" }, asked);
  }

  /** @param {Ledger} ledger @param {DeskNow} now @param {number} at */
  #children({ children, promise_days, weeks }, now, at) {
    const top = roundedTop([LEAST_TOP_MINUTES, ...children.flatMap((line) => line.weeks)]);
    const about = t("desk.as_of", { when: dayAndTime(at, now.zone, at) });
    return part(
      "children",
      heading("book", t("desk.ledger"), about, button("csv-children", "btn btn--small", null, t("desk.csv"))),
      table("children", CHILD_COLUMNS, children.map((line) => childRow(line, weeks.map(nameOf), { top, promise_days }, now, at))),
    );
  } // prettier-ignore

  /** @param {Ledger} ledger @param {DeskNow} now @param {number} at */
  #calls({ calls }, now, at) {
    const shown = calls.slice(0, this.#shown);
    const turn = button("show-calls", "btn btn--small", null, shown.length ? t("desk.fewer") : tn("desk.show_calls", calls.length), { "aria-expanded": String(shown.length > 0) });
    return part(
      "calls",
      heading("calendar", t("desk.calls_of_30_days"), "", [calls.length > 0 && turn, button("csv-calls", "btn btn--small", null, t("desk.csv"))]),
      !calls.length && h("p", { class: "muted" }, t("desk.no_ended_calls")),
      shown.length > 0 && table("calls", CALL_COLUMNS, shown.map((call) => callRow(call, now, at))),
      shown.length > 0 && shown.length < calls.length && button("more-calls", "btn btn--small", null, t("desk.audit_more"), { "data-key": "more" }),
    );
  } // prettier-ignore

  /** @param {number} count */
  #showCalls(count) {
    this.#shown = count;
    this.#desk.show();
  }

  /** @param {"children" | "calls"} which */
  save(which) {
    const now = this.#desk.now();
    if (!this.#ledger || !now) return;
    const { children, calls, weeks } = this.#ledger;
    const named = (/** @type {string[]} */ columns) => columns.map((column) => t(`desk.column.${column}`));
    const [head, rows] =
      which === "children"
        ? [
            [...named(CHILD_COLUMNS.filter((column) => column !== "weeks")), t("desk.column.reason"), ...weeks.map(({ week }) => week)],
            children.map((line) => childCells(line, now.zone)),
          ]
        : [named(CALL_COLUMNS), calls.map((call) => callCells(call, now.zone))];
    download(`${now.village.name}-${which}-${stamp(serverNow(), now.zone).slice(0, 10)}.csv`, toCsv([head, ...rows]));
  } // prettier-ignore
}

/** @param {string} name @param {import("../ui/dom.js").Child[]} children */
const part = (name, ...children) => h("section", { class: "part", "data-key": name, "data-part": name }, children);

/** @param {string} iconId @param {string} title @param {string} about @param {import("../ui/dom.js").Child} actions */
const heading = (iconId, title, about, actions) =>
  h(
    "div",
    { class: "heading" },
    h("h2", { class: "heading" }, icon(iconId, "s"), title),
    about && h("span", { class: "muted" }, about),
    h("span", { class: "heading__acts" }, actions),
  );

/** @param {string} name @param {string[]} columns @param {HTMLElement[]} rows */
function table(name, columns, rows) {
  const head = columns.map((column) =>
    h("th", { scope: "col", class: NUMBERS.has(column) ? "table__number" : null }, t(`desk.column.${column}`)),
  );
  return h(
    "div",
    { class: "table-box", tabindex: 0, role: "region", "aria-label": t(name === "calls" ? "desk.calls_of_30_days" : "desk.ledger") },
    h("table", { class: "table table--ledger", "data-table": name }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)),
  );
} // prettier-ignore

/** @param {LedgerChild} line @param {string[]} weeks @param {{top: number, promise_days: number}} known
 * @param {DeskNow} now @param {number} at */
function childRow(line, weeks, { top, promise_days }, now, at) {
  const opens = { "data-act": "family", "data-family-id": line.family.id };
  const unheard = unheardText(line.last_heard_at, at, promise_days);
  const heard = line.last_heard_at && h("time", {}, dayAndTime(line.last_heard_at, now.zone, at));
  const minutes = line.weeks.map((number, place) => `${weeks[place]}: ${number}`).join(", ");
  return h(
    "tr",
    { "data-key": line.child.id, "data-child-id": line.child.id, "data-state": line.overdue ? "overdue" : null, ...opens },
    h("th", { scope: "row", class: "no-wrap" }, opener(line.child.name, opens)),
    h("td", { class: "no-wrap" }, line.family.name),
    h("td", { class: "no-wrap" }, heard, heard && unheard && h("br"), unheard && h("span", { class: "lamp lamp--bad" }, unheard)),
    h("td", { class: "no-wrap" }, line.next_call_at && h("time", {}, dayAndTime(line.next_call_at, now.zone, at))),
    h("td", {}, sparkOf(line.weeks, top, t("desk.plot.child_minutes", { minutes }))),
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
  line.next_call_at ? stamp(line.next_call_at, zone) : "",
  line.minutes_week,
  line.minutes_month,
  line.held,
  line.missed,
  line.reasons.map(reasonText).join("; "),
  ...line.weeks,
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
