/** The first two steps of enrolling, before anything is saved: the family, its picture, its people. Kept as a draft. */
import { t } from "../core/texts.js";
import { ApiError, newKey } from "../net/api.js";
import { banner, button, emblem, emblemName, h, icon } from "../ui/dom.js";
import { languages, zoneChoices } from "./choices.js";
import { draftOf, keepDraft } from "./drafts.js";
import { field, form, input, put, roleText, select, submit } from "./fields.js";

/** @typedef {{key: string, role: string, name: string, zone: string, language: string}} PersonDraft
 * @typedef {{body: string, key: string}} Intent
 * @typedef {{name: string, emblem: string, persons: Record<string, PersonDraft>, intent: Intent | null}} Draft
 * @typedef {import("./wire.js").Desk} Desk */

const DRAFT = "enrol";
const FIRST_ROLES = ["child", "parent", "caregiver"];
const MOST_PERSONS = 20;

export class Beginning {
  #desk;
  /** @type {Draft} */
  #draft;
  /** Pictures that no other family has. @type {string[] | null} */
  #free = null;
  #seen = {};
  #error = "";
  #isSending = false;
  /** Whether it was tried to save: what is missing is marked from then on. */
  #isChecked = false;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "add-person": () => this.#add(),
    "drop-person": (element) => this.#drop(element.dataset.row ?? ""),
    "start-over": () => (this.clear(), this.#desk.show()),
  };

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#draft = draftOf(DRAFT) ?? this.#empty();
  }

  /** Reads which pictures are free, since others enrol as well. */
  freshen() {
    const now = this.#desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    this.#desk.live.api.get("/api/village").then(
      (village) => ((this.#free = village.free_emblems), this.#desk.show()),
      (error) => {
        if (!(error instanceof ApiError)) throw error;
      },
    );
  }

  /** @param {Event} event */
  typed({ target, type }) {
    if (!put(this.#draft, target)) return;
    this.#error = "";
    keepDraft(DRAFT, this.#draft);
    if (type === "change" || this.#isChecked) this.#desk.show();
  }

  done() {
    const people = Object.values(this.#draft.persons);
    const named = people.filter((person) => person.name.trim());
    const told = [this.#draft.name.trim(), this.#draft.emblem].filter(Boolean).length;
    return /** @type {Record<string, number>} */ ({ family: told / 2, persons: named.length / people.length });
  }

  view() {
    const { name, persons } = this.#draft;
    const busy = String(this.#isSending);
    const missing = this.#isChecked ? this.#missing() : {};
    return [
      form(
        "save-family",
        { class: "beginning", "data-part": "beginning", "data-key": "beginning", "aria-busy": busy },
        h(
          "section",
          { class: "part", "data-part": "step-family", tabindex: -1 },
          h("h3", { class: "heading" }, h("span", { class: "steps__mark" }, "1"), t("desk.step.family")),
          field(t("desk.family_name"), input("name", name, { maxlength: 80, "aria-invalid": missing.name && "true" }), missing.name),
          this.#emblems(missing.emblem),
        ),
        h(
          "section",
          { class: "part", "data-part": "step-persons", tabindex: -1 },
          h("h3", { class: "heading" }, h("span", { class: "steps__mark" }, "2"), t("desk.step.persons")),
          h("p", { class: "muted" }, t("desk.step_text.persons")),
          h("ul", { class: "list" }, Object.values(persons).map((person) => this.#row(person, missing))),
          h("p", { class: "field__error", role: "alert", hidden: !missing.persons }, missing.persons),
          h("div", {}, button("add-person", "btn", "plus", t("desk.person_add"), { disabled: Object.keys(persons).length >= MOST_PERSONS })),
        ),
        h("div", { hidden: !this.#error, role: "alert" }, this.#error && banner("bad", "warning", this.#error)),
        h(
          "div",
          { class: "page-head__actions" },
          submit("btn btn--primary", "check", t("desk.family_save"), { "aria-busy": busy }),
          button("start-over", "btn btn--quiet", null, t("desk.start_over")),
        ),
      ),
    ];
  } // prettier-ignore

  /** @param {string | undefined} error */
  #emblems(error) {
    const free = this.#free ?? [];
    return h(
      "fieldset",
      { class: "choices" },
      h("legend", { class: "choices__title" }, t("desk.family_emblem")),
      h("p", { class: "muted" }, t("desk.family_emblem_text")),
      h(
        "div",
        { class: "emblems" },
        free.map((id) =>
          h(
            "label",
            { class: "emblem-choice", title: emblemName(id), "data-key": id },
            h("input", { type: "radio", name: "emblem", value: id, class: "hidden-text", "data-checked": String(this.#draft.emblem === id) }),
            emblem(id),
          ),
        ),
      ),
      h("p", { class: "muted", hidden: this.#free?.length !== 0 }, t("desk.no_emblems")),
      h("span", { class: "field__error", hidden: !error }, error),
    );
  } // prettier-ignore

  /** @param {PersonDraft} person @param {Record<string, string>} missing */
  #row(person, missing) {
    const path = `persons.${person.key}`;
    const error = missing[path];
    const roles = /** @type {[string, string][]} */ (FIRST_ROLES.map((role) => [role, roleText(role)]));
    return h(
      "li",
      { class: "person-row", "data-key": person.key },
      field(t("desk.person_role"), select(`${path}.role`, person.role, roles)),
      field(t("desk.person_name"), input(`${path}.name`, person.name, { maxlength: 80, "aria-invalid": error && "true" }), error),
      field(t("desk.person_zone"), select(`${path}.zone`, person.zone, zoneChoices(this.#desk, person.zone))),
      field(t("desk.person_language"), select(`${path}.language`, person.language, languages())),
      h(
        "button",
        { class: "btn btn--icon btn--quiet", type: "button", "data-act": "drop-person", "data-row": person.key, "aria-label": t("desk.person_drop"), title: t("desk.person_drop") },
        icon("close"),
      ),
    );
  } // prettier-ignore

  #add() {
    const person = newPerson(this.#desk, "child");
    this.#draft.persons[person.key] = person;
    keepDraft(DRAFT, this.#draft);
    this.#desk.show();
    /** @type {HTMLElement | null} */ (document.querySelector(`[name="persons.${person.key}.name"]`))?.focus();
  }

  /** @param {string} key */
  #drop(key) {
    delete this.#draft.persons[key];
    keepDraft(DRAFT, this.#draft);
    this.#desk.show();
  }

  /** What is to be sent; null while something is missing, which is marked and led to. */
  checked() {
    this.#isChecked = true;
    this.#error = "";
    const missing = this.#missing();
    const { name, emblem: chosen, persons } = this.#draft;
    if (!Object.keys(missing).length) {
      const people = Object.values(persons).map(({ key: _key, ...person }) => ({ ...person, name: person.name.trim() }));
      return { name: name.trim(), emblem: chosen, persons: people };
    }
    this.#desk.show();
    const first = document.querySelector('[data-part=beginning] [aria-invalid="true"], [data-part=beginning] [name=emblem]');
    /** @type {HTMLElement | null} */ (first)?.focus();
    return null;
  } // prettier-ignore

  /** @returns {Record<string, string>} */
  #missing() {
    const { name, emblem: chosen, persons } = this.#draft;
    const people = Object.values(persons);
    /** @type {Record<string, string>} */
    const missing = {};
    if (!name.trim()) missing.name = t("desk.missing.name");
    if (!chosen || (this.#free && !this.#free.includes(chosen))) missing.emblem = t("desk.missing.emblem");
    for (const person of people) if (!person.name.trim()) missing[`persons.${person.key}`] = t("desk.missing.name");
    const has = (/** @type {string} */ role) => people.some((person) => person.role === role);
    if (!has("child") || !has("parent")) missing.persons = t("desk.missing.persons");
    return missing;
  }

  /** A save that got no answer before a reload. @param {string} body */
  intentOf(body) {
    return this.#draft.intent?.body === body ? this.#draft.intent : null;
  }

  /** @param {Intent} intent */
  sending(intent) {
    this.#isSending = true;
    this.#draft.intent = intent;
    keepDraft(DRAFT, this.#draft);
    this.#desk.show();
  }

  /** @param {ApiError} error @param {string} said */
  refused({ code, detail, isPassing }, said) {
    this.#isSending = false;
    this.#error = said;
    if (!isPassing) this.#draft.intent = null;
    if (code === "emblem_taken") this.#free = detail.free ?? this.#free;
    keepDraft(DRAFT, this.#draft);
    this.#desk.show();
  }

  clear() {
    this.#isSending = this.#isChecked = false;
    this.#error = "";
    this.#draft = this.#empty();
    keepDraft(DRAFT, null);
  }

  /** @returns {Draft} */
  #empty() {
    const persons = FIRST_ROLES.map((role) => newPerson(this.#desk, role));
    return { name: "", emblem: "", persons: Object.fromEntries(persons.map((one) => [one.key, one])), intent: null };
  }
}

/** @param {Desk} desk @param {string} role @returns {PersonDraft} */
function newPerson(desk, role) {
  const now = desk.now();
  return { key: `p${newKey().slice(0, 8)}`, role, name: "", zone: now?.village.zone ?? "UTC", language: now?.language ?? "en" };
}
