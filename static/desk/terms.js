/** What a village decides about its notices: quiet hours, budgets, price, pushes, kinds. A draft until it is saved. */
import { t } from "../core/texts.js";
import { sentence } from "../ui/dom.js";
import { banner, button, h } from "../ui/dom.js";
import { check, field, form, input, submit } from "./fields.js";
import { priceOf, priceText } from "./money.js";
import { minuteOf, timeOf } from "./wallclock.js";
import { word } from "./words.js";

/** @typedef {import("./wire.js").Terms} Terms
 * @typedef {import("./wire.js").Kind} Kind
 * @typedef {{is_on: boolean, minutes: string}} TypedKind
 * @typedef {{quiet_from: string, quiet_until: string, family_segments: string, village_segments: string, price: string,
 *   currency: string, is_push_on: boolean, kinds: Record<string, TypedKind>}} Typed
 * @typedef {Record<string, any>} Changes */

const MOST_SEGMENTS = 1_000_000;
const LONGEST_MINUTES = 2 * 24 * 60;
const SEGMENTS = /** @type {const} */ (["family_segments", "village_segments"]);

export class TermsForm {
  #view;
  #isSending = false;
  /** What is wrong, by the field's name. @type {Map<string, string>} */
  #errors = new Map();
  #refusal = "";
  /** What the server held when this was drawn last. @type {Typed | null} */
  #kept = null;
  /** What undoes what was saved last. @type {Changes | null} */
  #undo = null;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "save-terms": () => this.#save(),
    "forget-terms": () => this.#forget(),
    "undo-terms": () => this.#takeBack(),
  };

  /** @param {import("./texts.js").TextsView} view */
  constructor(view) {
    this.#view = view;
  }

  /** Something was typed on the page: what was wrong is looked at again when it is saved. */
  typed() {
    this.#errors.clear();
    this.#refusal = "";
  }

  /** @param {Terms} terms */
  view(terms) {
    const { draft } = this.#view;
    const kept = typedOf(terms);
    const typed = draft.terms ? followed(draft.terms, this.#kept ?? kept, kept) : typedOf(terms);
    draft.terms = typed; // fields need a place to write to
    this.#kept = kept;
    const { isChanged } = this;
    const busy = { "aria-busy": String(this.#isSending) };
    const undo = button("undo-terms", "btn btn--small", "arrow-start", t("desk.terms_undo"), busy);
    return form(
      "save-terms",
      { class: "card terms", "data-key": "terms", ...busy },
      h("p", { class: "muted" }, t("desk.terms_text")),
      h(
        "div",
        { class: "terms__fields" },
        this.#field("quiet_from", typed, { type: "time" }),
        this.#field("quiet_until", typed, { type: "time" }),
        this.#field("family_segments", typed, { inputmode: "numeric", maxlength: 7, placeholder: t("desk.terms_no_budget") }),
        this.#field("village_segments", typed, { inputmode: "numeric", maxlength: 7, placeholder: t("desk.terms_no_budget") }),
        this.#field("price", typed, { inputmode: "decimal", maxlength: 8 }),
        this.#field("currency", typed, { maxlength: 3, autocapitalize: "characters" }),
      ),
      check("terms.is_push_on", typed.is_push_on, h("span", {}, t("desk.terms.is_push_on"), h("br"), h("span", { class: "muted" }, t("desk.terms_hint.is_push_on")))),
      h(
        "details",
        { class: "fold", "data-key": "kinds", open: this.#isKindWrong },
        h("summary", {}, t("desk.terms_kinds", { off: terms.kinds.filter(({ is_on }) => !is_on).length, count: terms.kinds.length })),
        h("div", { class: "table-box table-box--plain" }, this.#kinds(terms.kinds, typed)),
      ),
      h("p", { class: "field__error", role: "alert", hidden: !this.#refusal }, this.#refusal),
      h(
        "div",
        { class: "page-head__actions" },
        submit("btn btn--primary", "check", t("desk.save"), { ...busy, disabled: !isChanged }),
        button("forget-terms", "btn btn--quiet", null, t("desk.hours_forget"), { hidden: !isChanged }),
      ),
      h("div", { hidden: !this.#undo || isChanged, "data-key": "undo" }, this.#undo && !isChanged && banner("good", "check", t("desk.saved"), undo)),
    );
  } // prettier-ignore

  get isChanged() {
    const { terms } = this.#view.draft;
    return terms !== null && JSON.stringify(terms) !== JSON.stringify(this.#kept ?? terms);
  }

  get #isKindWrong() {
    return [...this.#errors.keys()].some((name) => name.startsWith("kinds."));
  }

  /** @param {Exclude<keyof Typed, "kinds" | "is_push_on">} name @param {Typed} typed @param {import("../ui/dom.js").Attributes} more */
  #field(name, typed, more) {
    const error = this.#errors.get(name);
    const hint = word(`desk.terms_hint.${name}`, "");
    return field(t(`desk.terms.${name}`), input(`terms.${name}`, typed[name], { ...more, "aria-invalid": String(Boolean(error)) }), error, hint);
  } // prettier-ignore

  /** @param {Kind[]} kinds @param {Typed} typed */
  #kinds(kinds, typed) {
    const heads = ["kind", "sent", "ask_others"].map((name) => h("th", { scope: "col" }, t(`desk.terms_${name}`)));
    return h(
      "table",
      { class: "table terms__kinds", "data-table": "kinds" },
      h("thead", {}, h("tr", {}, heads)),
      h("tbody", {}, kinds.map((kind) => this.#kind(kind, typed.kinds[kind.template]))),
    );
  }

  /** @param {Kind} kind @param {TypedKind} typed */
  #kind({ template, can_be_off, escalate_minutes }, { is_on, minutes }) {
    const what = word(`desk.what.${template}`, template);
    const path = `terms.kinds.${template}`;
    const error = this.#errors.get(`kinds.${template}.minutes`);
    const named = { "aria-label": t("desk.terms_minutes_of", { what }), inputmode: "numeric", maxlength: 4, "aria-invalid": String(Boolean(error)) };
    return h(
      "tr",
      { "data-key": template, "data-template": template },
      h("th", { scope: "row" }, what),
      h("td", {}, can_be_off ? check(`${path}.is_on`, is_on, null, { "aria-label": t("desk.terms_sent_of", { what }) }) : h("span", { class: "muted" }, t("desk.terms_always"))),
      h(
        "td",
        {},
        escalate_minutes === null
          ? h("span", { class: "muted" }, "–")
          : h("span", { class: "terms__minutes" }, input(`${path}.minutes`, minutes, named), h("span", {}, t("desk.terms_minutes"))),
        h("span", { class: "field__error", hidden: !error }, error),
      ),
    );
  } // prettier-ignore

  #forget() {
    this.#view.draft.terms = null;
    this.typed();
    this.#view.keep();
    this.#view.desk.show();
  }

  async #save() {
    const { terms, draft, desk } = this.#view;
    if (!terms || !draft.terms) return;
    this.#errors = wrong(draft.terms, terms);
    if (this.#errors.size) {
      desk.show();
      return void (/** @type {HTMLElement | null} */ (document.querySelector(".terms [aria-invalid=true]"))?.focus());
    }
    const { changes, undo } = changed(draft.terms, terms);
    if (await this.#send(changes)) this.#undo = undo;
    desk.show();
  }

  async #takeBack() {
    const undo = this.#undo;
    if (undo && (await this.#send(undo))) this.#undo = null;
    this.#view.desk.show();
  }

  /** @param {Changes} changes */
  async #send(changes) {
    const { desk } = this.#view;
    this.#isSending = true;
    this.#refusal = "";
    desk.show();
    const onerror = (/** @type {import("../net/api.js").ApiError} */ error) => void (this.#refusal = sentence(error));
    const terms = await desk.command("/api/notices/terms", changes, t("desk.saved"), { onerror });
    this.#isSending = false;
    if (!terms) return false;
    this.#view.terms = terms;
    this.#view.draft.terms = null;
    this.#view.keep();
    return true;
  }
}

/** @param {Terms} terms @returns {Typed} */
const typedOf = (terms) => ({
  quiet_from: timeOf(terms.quiet_from_minute),
  quiet_until: timeOf(terms.quiet_until_minute),
  family_segments: String(terms.family_segments ?? ""),
  village_segments: String(terms.village_segments ?? ""),
  price: priceText(terms.segment_price),
  currency: terms.currency,
  is_push_on: terms.is_push_on,
  kinds: Object.fromEntries(
    terms.kinds.map(({ template, is_on, escalate_minutes }) => [template, { is_on, minutes: String(escalate_minutes ?? "") }]),
  ),
}); // prettier-ignore

/** What was typed, with what another desk has changed meanwhile where nothing was typed.
 * @param {Typed} typed @param {Typed} before @param {Typed} kept @returns {Typed} */
function followed(typed, before, kept) {
  /** @param {any} mine @param {any} old @param {any} theirs @returns {any} */
  const one = (mine, old, theirs) => {
    if (typeof theirs !== "object") return mine === undefined || mine === old ? theirs : mine;
    return Object.fromEntries(Object.keys(theirs).map((name) => [name, one(mine?.[name], old?.[name], theirs[name])]));
  };
  return one(typed, before, kept);
}

/** @param {string} typed @param {number} least @param {number} most */
const isWhole = (typed, least, most) => /^\d+$/.test(typed.trim()) && Number(typed) >= least && Number(typed) <= most;

/** What can't be saved, by the field's name. @param {Typed} typed @param {Terms} terms */
function wrong(typed, { kinds }) {
  /** @type {Map<string, string>} */
  const errors = new Map();
  for (const name of /** @type {const} */ (["quiet_from", "quiet_until"])) {
    if (!typed[name]) errors.set(name, t("desk.terms_wrong.time"));
  }
  for (const name of SEGMENTS) {
    if (typed[name].trim() && !isWhole(typed[name], 0, MOST_SEGMENTS)) errors.set(name, t("desk.terms_wrong.segments", { most: MOST_SEGMENTS }));
  }
  if (!(priceOf(typed.price) <= MOST_SEGMENTS)) errors.set("price", t("desk.terms_wrong.price"));
  if (!/^[A-Za-z]{3}$/.test(typed.currency.trim())) errors.set("currency", t("desk.terms_wrong.currency"));
  for (const { template, escalate_minutes } of kinds) {
    const { minutes } = typed.kinds[template];
    if (escalate_minutes !== null && minutes.trim() && !isWhole(minutes, 1, LONGEST_MINUTES)) {
      errors.set(`kinds.${template}.minutes`, t("desk.terms_wrong.minutes", { most: LONGEST_MINUTES }));
    }
  }
  return errors;
} // prettier-ignore

/** What is sent, and what would undo it: of both no more than differs. @param {Typed} typed @param {Terms} terms */
function changed(typed, terms) {
  const budget = (/** @type {string} */ text) => (text.trim() ? Number(text) : null);
  /** @type {Changes} */
  const wanted = {
    quiet_from_minute: minuteOf(typed.quiet_from, false),
    quiet_until_minute: minuteOf(typed.quiet_until, false),
    family_segments: budget(typed.family_segments),
    village_segments: budget(typed.village_segments),
    segment_price: priceOf(typed.price),
    currency: typed.currency.trim().toUpperCase(),
    is_push_on: typed.is_push_on,
  };
  /** @type {Changes} */
  const held = terms;
  const names = Object.keys(wanted).filter((name) => wanted[name] !== held[name]);
  const kinds = terms.kinds.filter((kind) => isOther(kind, typed.kinds[kind.template]));
  /** @param {Changes} from @param {(kind: Kind) => Changes} of */
  const told = (from, of) => ({ ...Object.fromEntries(names.map((name) => [name, from[name]])), kinds: kinds.map(of) });
  return {
    changes: told(wanted, (kind) => kindOf(kind, typed.kinds[kind.template].is_on, budget(typed.kinds[kind.template].minutes))),
    undo: told(held, (kind) => kindOf(kind, kind.is_on, kind.escalate_minutes)),
  };
} // prettier-ignore

/** @param {Kind} kind @param {TypedKind} typed */
const isOther = (kind, { is_on, minutes }) => kind.is_on !== is_on || String(kind.escalate_minutes ?? "") !== minutes.trim();

/** @param {Kind} kind @param {boolean} is_on @param {number | null} minutes */
const kindOf = ({ template, can_be_off, escalate_minutes }, is_on, minutes) => ({
  template,
  ...(can_be_off && { is_on }),
  ...(escalate_minutes !== null && { escalate_minutes: minutes }),
});
