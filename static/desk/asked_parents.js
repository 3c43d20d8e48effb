/**
 * On top of the ledger: parents who ask that their child's other parent gets in too. The coordinator looks who it is,
 * takes them in (a code goes to the number, the card is printed) or says why not; what was decided can be undone.
 */
import { t } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, icon, photo, sentence, toast } from "../ui/dom.js";
import { openCard } from "./card.js";
import { zoneChoices } from "./choices.js";
import { draftOf, keepDraft } from "./drafts.js";
import { field, form, input, put, select, submit } from "./fields.js";

/** @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").ParentRequest} ParentRequest
 * @typedef {{zone: string, known: string, reason: string}} Draft */

const NEW = "new";
const DRAFTS = "asked_parents";

export class AskedParents {
  /** @type {ParentRequest[]} */
  #requests = [];
  /** What was typed, by request. @type {{asked: Record<string, Draft>}} */
  #drafts;
  /** @type {Set<string>} */
  #busy = new Set();
  /** @type {Map<string, string>} */
  #refusals = new Map();
  /** Numbers that were looked at, to be dialled. @type {Map<string, string>} */
  #numbers = new Map();
  /** @type {ApiError | null} */
  #error = null;
  #desk;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#drafts = { asked: {}, ...draftOf(DRAFTS) };
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "asked-accept": ({ dataset }) => this.#with(dataset, (request) => this.#accept(request)),
    "asked-decline": ({ dataset }) => this.#with(dataset, (request) => this.#decline(request)),
    "asked-undo": ({ dataset }) => this.#with(dataset, ({ id }) => this.#do(id, "reopen", {}, t("desk.asked.undone"))),
    "asked-number": ({ dataset }) => this.#with(dataset, (request) => this.#showNumber(request)),
  };

  async load() {
    try {
      this.#requests = (await this.#desk.live.api.get("/api/desk/parent_requests")).requests;
      for (const { id, zone } of this.#requests) this.#drafts.asked[id] ??= { zone, known: NEW, reason: "" };
      this.#error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#desk.show();
  }

  /** @param {Event} event */
  typed({ target, type }) {
    if (!put(this.#drafts, target)) return;
    keepDraft(DRAFTS, this.#drafts);
    if (type === "change") this.#desk.show();
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const isUnknown = this.#error && now.parent_requests > 0 && !this.#requests.length;
    if (!this.#requests.length && !isUnknown) return null;
    const waiting = this.#requests.filter(({ state }) => state === "open").length;
    return h(
      "section",
      { class: "part", "data-key": "asked", "data-part": "asked", "aria-labelledby": "asked" },
      h("h2", { class: "heading", id: "asked" }, icon("family", "s"), t("desk.asked.part")),
      waiting > 0 && h("p", { class: "muted", "data-key": "text" }, t("desk.asked.text")),
      this.#error && h("p", { class: "field__error", role: "alert", "data-key": "error" }, sentence(this.#error)),
      h("ul", { class: "list", "data-key": "list" }, this.#requests.map((request) => this.#row(request, now, at))),
    );
  } // prettier-ignore

  /** @param {ParentRequest} request @param {DeskNow} now @param {number} at */
  #row(request, now, at) {
    const { id, asked_by, asked_at, children, kinship, name, note, state } = request;
    const names = new Intl.ListFormat(document.documentElement.lang).format(children);
    const who = { name, kinship: t(`desk.asked.kinship.${kinship}`), children: names };
    return h(
      "li",
      { class: "row", "data-key": `${id} ${state}`, "data-request-id": id, "data-state": state },
      photo(asked_by, "s"),
      h(
        "div",
        { class: "row__main dialog__body" },
        h(
          "div",
          {},
          h("p", { class: "row__title" }, t("desk.asked.of", who)),
          h("p", { class: "row__text" }, t("desk.asked.by", { name: asked_by.name, when: dayAndTime(asked_at, now.zone, at) })),
          note && h("p", { class: "row__text" }, t("desk.asked.note", { note })),
        ),
        state === "open" ? this.#open(request) : this.#decided(request),
        h("p", { class: "field__error", role: "alert", hidden: !this.#refusals.has(id) }, this.#refusals.get(id)),
      ),
    );
  } // prettier-ignore

  /** @param {ParentRequest} request */
  #open(request) {
    const { id, asked_by, known, number } = request;
    const draft = this.#drafts.asked[id];
    const [named, busy] = [{ "data-request-id": id }, String(this.#busy.has(id))];
    const shown = this.#numbers.get(id);
    const parent = known.find(({ role }) => role === "parent");
    const choices = /** @type {[string, string][]} */ ([[NEW, t("desk.asked.as_new")], ...known.map((one) => [one.id, t("desk.asked.accept_known", { name: one.name })])]);
    return [
      h(
        "p",
        { class: "inline-form", "data-key": "number" },
        shown
          ? h("a", { class: "btn btn--small btn--go", href: `tel:${shown}` }, icon("phone-call", "s"), shown)
          : button("asked-number", "btn btn--small", "phone-call", `${number} · ${t("desk.number_show")}`, named),
        button("family", "btn btn--small", "family", request.family.name, { "data-family-id": request.family.id }),
      ),
      parent && h("p", { class: "lamp lamp--bad", "data-key": "parent" }, t("desk.asked.already_parent", { name: parent.name })),
      form(
        "asked-accept",
        { ...named, class: "inline-form", "aria-busy": busy, "data-key": "accept", hidden: Boolean(parent) },
        known.length > 0 && field(t("desk.asked.as_whom"), select(`asked.${id}.known`, draft.known, choices)),
        draft.known === NEW && field(t("desk.asked.zone"), select(`asked.${id}.zone`, draft.zone, zoneChoices(this.#desk, draft.zone))),
        submit("btn btn--primary", "check", t("desk.asked.accept"), { "aria-busy": busy }),
      ),
      h(
        "details",
        { class: "fold", "data-key": "decline" },
        h("summary", {}, t("desk.asked.decline")),
        form(
          "asked-decline",
          { ...named, class: "inline-form", "aria-busy": busy },
          field(t("desk.asked.decline_why", { name: asked_by.name }), input(`asked.${id}.reason`, draft.reason, { maxlength: 200 })),
          submit("btn btn--danger", "close", t("desk.asked.decline"), { "aria-busy": busy, disabled: !draft.reason.trim() }),
        ),
      ),
    ];
  } // prettier-ignore

  /** @param {ParentRequest} request */
  #decided({ id, family, state, reason }) {
    const busy = { "aria-busy": String(this.#busy.has(id)) };
    const isIn = state === "accepted";
    return [
      h("p", { class: `lamp lamp--${isIn ? "on" : "bad"}` }, t(`desk.asked.state.${state}`, { reason: reason ?? "" })),
      h(
        "div",
        { class: "inline-form" },
        isIn && h("a", { class: "btn btn--small btn--primary", href: `#enrol=${family.id}` }, icon("check", "s"), t("desk.asked.consent_next")),
        button("asked-undo", "btn btn--small", null, t("desk.asked.undo"), { "data-request-id": id, ...busy }),
      ),
    ];
  } // prettier-ignore

  /** @param {DOMStringMap} dataset @param {(request: ParentRequest) => void} run */
  #with({ requestId }, run) {
    const request = this.#requests.find(({ id }) => id === requestId);
    if (request && !this.#busy.has(request.id)) run(request);
  }

  /** @param {ParentRequest} request */
  async #accept({ id, family }) {
    const { zone, known } = this.#drafts.asked[id];
    const done = await this.#do(id, "accept", { zone, known_id: known === NEW ? null : known }, "");
    if (!done) return;
    const { person, language, invitation } = done;
    toast("good", t(invitation ? "desk.asked.accepted" : "desk.asked.accepted_known", { name: person.name }));
    if (invitation) openCard({ family, desk: this.#desk }, { name: person.name, language }, invitation);
  }

  /** @param {ParentRequest} request */
  async #decline({ id, asked_by }) {
    const reason = this.#drafts.asked[id].reason.trim();
    if (reason) await this.#do(id, "decline", { reason }, t("desk.asked.declined", { name: asked_by.name }));
  }

  /** @param {ParentRequest} request */
  async #showNumber({ id }) {
    const answer = await this.#do(id, "number/show", {}, "");
    if (answer) this.#numbers.set(id, answer.number);
    this.#desk.show();
  }

  /** Does something about a request, where a refusal stays until the next try; the answer or null.
   * @param {string} id @param {string} what @param {object} body @param {string} done */
  async #do(id, what, body, done) {
    this.#busy.add(id);
    this.#refusals.delete(id);
    this.#desk.show();
    const onerror = (/** @type {ApiError} */ error) => void this.#refusals.set(id, sentence(error));
    const answer = await this.#desk.command(`/api/parent_requests/${id}/${what}`, body, done, { onerror });
    await this.load();
    this.#busy.delete(id);
    keepDraft(DRAFTS, this.#drafts);
    this.#desk.show();
    return answer;
  }
}
