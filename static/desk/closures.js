/** When the village or a terminal is closed for once; the calls that are booked then stand until somebody cancels them. */
import { t, tn } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, icon } from "../ui/dom.js";
import { field, form, input, select, submit } from "./fields.js";
import { dateOf, instantOf } from "./wallclock.js";

/** @typedef {import("../core/wire.js").Call} Call
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").VillagePage} VillagePage
 * @typedef {import("./village.js").VillageView} VillageView */

const REASONS = ["terminal_broken", "weather", "sick", "other"]; // of those that a call may be cancelled for

export class Closures {
  #view;
  /** Calls inside the closure that was just made. @type {Call[]} */
  #calls = [];
  #isCancelling = false;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "add-closure": () => this.#add(),
    "lift-closure": (element) => this.#lift(element.dataset.closureId ?? ""),
    "cancel-inside": () => this.#cancelAll(),
    "leave-inside": () => ((this.#calls = []), this.#view.desk.show()),
  };

  /** @param {VillageView} view */
  constructor(view) {
    this.#view = view;
  }

  empty() {
    const now = this.#view.desk.now();
    const today = dateOf(serverNow(), now?.village.zone ?? "UTC");
    return { terminal: "", from_date: today, from_time: "18:00", to_date: today, to_time: "22:00", reason: "", why: "other" };
  } // prettier-ignore

  /** @param {VillagePage} page @param {DeskNow} now @param {number} at */
  view(page, now, at) {
    const draft = this.#view.draft.closure;
    const named = (/** @type {string | null} */ id) => page.terminals.find((terminal) => terminal.id === id)?.name ?? t("desk.closure_all");
    const where = /** @type {[string, string][]} */ ([["", t("desk.closure_all")], ...page.terminals.filter((one) => !one.retired).map(({ id, name }) => [id, name])]);
    const busy = { "aria-busy": String(this.#view.busy.has("closure")) };
    return [
      h("p", { class: "muted", hidden: page.closures.length > 0 }, t("desk.no_closures")),
      h(
        "ul",
        { class: "list", hidden: !page.closures.length },
        page.closures.map((closure) =>
          h(
            "li",
            { class: "row", "data-key": closure.id, "data-closure-id": closure.id },
            icon("moon"),
            h(
              "div",
              { class: "row__main" },
              h("p", { class: "row__title" }, `${dayAndTime(closure.starts_at, now.zone, at)} – ${dayAndTime(closure.ends_at, now.zone, at)}`),
              h("p", { class: "row__text" }, `${named(closure.terminal_id)} · ${closure.reason}`),
            ),
            button("lift-closure", "btn btn--small", null, t("desk.closure_lift"), { "data-closure-id": closure.id }),
          ),
        ),
      ),
      this.#inside(now, at),
      form(
        "add-closure",
        { class: "card", ...busy, "data-key": "new" },
        h(
          "div",
          { class: "inline-form" },
          field(t("desk.closure_where"), select("closure.terminal", draft.terminal, where)),
          pair(t("desk.closure_from"), "from", draft.from_date, draft.from_time),
          pair(t("desk.closure_until"), "to", draft.to_date, draft.to_time),
          field(t("desk.fact.reason"), input("closure.reason", draft.reason, { maxlength: 80 })),
          submit("btn", "moon", t("desk.closure_add"), busy),
        ),
        this.#view.refusal("closure"),
      ),
    ];
  } // prettier-ignore

  /** What is booked in a closure, and the offer to cancel it. @param {DeskNow} now @param {number} at */
  #inside(now, at) {
    const reasons = /** @type {[string, string][]} */ (REASONS.map((reason) => [reason, t(`desk.reason.${reason}`)]));
    return h(
      "div",
      { class: "card inside", "data-key": "inside", hidden: !this.#calls.length, role: "status" },
      h("p", { class: "card__title" }, tn("desk.closure_calls", this.#calls.length)),
      h(
        "ul",
        {},
        this.#calls.map((call) =>
          h("li", { "data-key": call.id }, h("time", {}, dayAndTime(call.starts_at, now.zone, at)), " · ", t("desk.child_and_parent", { child: call.child.name, parent: call.parent.name })),
        ),
      ),
      h(
        "div",
        { class: "inline-form" },
        field(t("desk.cancel_why"), select("closure.why", this.#view.draft.closure.why, reasons)),
        button("cancel-inside", "btn btn--danger", "close", t("desk.closure_cancel"), { "aria-busy": String(this.#isCancelling) }),
        button("leave-inside", "btn btn--quiet", null, t("desk.closure_keep")),
      ),
    );
  } // prettier-ignore

  async #add() {
    const { draft, page } = this.#view;
    const { terminal, from_date, from_time, to_date, to_time, reason } = draft.closure;
    if (!reason.trim() || !from_date || !to_date || !from_time || !to_time) {
      this.#view.refusals.set("closure", t("desk.closure_missing"));
      return this.#view.desk.show();
    }
    const instant = (/** @type {string} */ date, /** @type {string} */ time) => new Date(instantOf(date, time, page?.zone ?? "UTC")).toISOString();
    const body = { terminal_id: terminal || null, starts_at: instant(from_date, from_time), ends_at: instant(to_date, to_time), reason: reason.trim() };
    const made = await this.#view.do("closure", "/api/closures", body, t("desk.closure_added"));
    if (!made) return;
    draft.closure = this.empty();
    this.#view.keep();
    await this.#look(made.calls);
  } // prettier-ignore

  /** @param {string[]} ids */
  async #look(ids) {
    const { api } = this.#view.desk.live;
    try {
      this.#calls = await Promise.all(ids.map((id) => api.get(`/api/calls/${id}`)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    this.#view.desk.show();
  }

  /** @param {string} id */
  #lift(id) {
    this.#calls = [];
    return this.#view.do("closure", `/api/closures/${id}/lift`, {}, t("desk.closure_lifted"));
  }

  async #cancelAll() {
    const reason = this.#view.draft.closure.why;
    this.#isCancelling = true;
    this.#view.desk.show();
    for (const call of [...this.#calls]) {
      if (!(await this.#view.desk.command(`/api/calls/${call.id}/cancel`, { reason, note: null }, t("desk.cancelled")))) break;
      this.#calls = this.#calls.filter((one) => one !== call);
    }
    this.#isCancelling = false;
    this.#view.desk.show();
  }
}

/** @param {string} label @param {string} name @param {string} date @param {string} time */
const pair = (label, name, date, time) =>
  h(
    "fieldset",
    { class: "field pair-of-fields" },
    h("legend", { class: "field__label" }, label),
    input(`closure.${name}_date`, date, { type: "date", "aria-label": `${label}: ${t("desk.day")}` }),
    input(`closure.${name}_time`, time, { type: "time", "aria-label": `${label}: ${t("desk.fact.when")}` }),
  );
