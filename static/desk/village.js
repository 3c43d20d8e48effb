/** The village: its terminals and who is signed in at them, its weekly hours, what is closed for once. */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, icon, openDialog, sentence, stateOf } from "../ui/dom.js";
import { Closures } from "./closures.js";
import { draftOf, keepDraft } from "./drafts.js";
import { field, form, input, put, submit } from "./fields.js";
import { Hours } from "./hours.js";
import { lineOf } from "./line.js";
import { passportOf } from "./passport.js";
import { selfTestOf } from "./self_test.js";

/** @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").VillagePage} VillagePage
 * @typedef {import("./wire.js").VillageTerminal} VillageTerminal */

const DRAFT = "village";
const LOOK_AGAIN_MS = 2_500;

export class VillageView {
  /** @type {VillagePage | null} */
  page = null;
  /** @type {ApiError | null} */
  #error = null;
  #seen = {};
  /** Where something is under way, and what was refused there. @type {Set<string>} */
  busy = new Set();
  /** @type {Map<string, string>} */
  refusals = new Map();
  /** The terminal whose digits are asked for, if any; and whether that was after a revocation. */
  #pairing = { id: "", isUndo: false };
  /** @type {import("../ui/dom.js").Acts} */
  acts;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.hours = new Hours(this);
    this.closures = new Closures(this);
    this.draft = {
      digits: "",
      terminal: "",
      /** @type {import("./hours.js").Week | null} */
      week: null,
      closure: this.closures.empty(),
      ...draftOf(DRAFT),
    };
    this.acts = { ...this.#terminalActs(), ...this.hours.acts, ...this.closures.acts };
  }

  freshen() {
    const now = this.desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    this.load();
  }

  async load() {
    try {
      this.page = await this.desk.live.api.get("/api/village");
      this.#error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.desk.show();
  }

  /** @param {Event} event */
  typed({ target, type }) {
    if (!put(this.draft, target)) return;
    this.keep();
    if (type === "change") this.desk.show();
  }

  keep() {
    keepDraft(DRAFT, this.draft);
  }

  /** Does something at a place of the page; the answer, or null where it was refused.
   * @param {string} spot @param {string} path @param {object} body @param {string} done */
  async do(spot, path, body, done) {
    if (this.busy.has(spot)) return null;
    this.busy.add(spot);
    this.refusals.delete(spot);
    this.desk.show();
    const onerror = (/** @type {ApiError} */ error) => void this.refusals.set(spot, sentence(error));
    const answer = await this.desk.command(path, body, done, { onerror });
    if (answer) await this.load();
    this.busy.delete(spot);
    this.desk.show();
    return answer;
  }

  /** @param {string} spot */
  refusal(spot) {
    return h("p", { class: "field__error", role: "alert", hidden: !this.refusals.has(spot) }, this.refusals.get(spot));
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const { page } = this;
    const retry = button("reload-village", "btn btn--primary", null, t("common.retry"));
    if (!page) return [this.#error ? stateOf("error", sentence(this.#error), "", retry) : stateOf("loading", t("common.loading"))];
    return [
      h("div", { hidden: !this.#error }, this.#error && banner("bad", "warning", sentence(this.#error), retry)),
      part("terminals", "terminal", this.#terminals(page, at)),
      part("hours", "clock", this.hours.view(page)),
      part("closures", "moon", this.closures.view(page, now, at)),
      h("p", { "data-key": "prompts" }, h("a", { class: "btn", href: "#prompts" }, icon("speaker", "s"), t("desk.prompts.open"))),
    ];
  } // prettier-ignore

  /** @param {VillagePage} page @param {number} at */
  #terminals(page, at) {
    const inUse = page.terminals.filter((terminal) => !terminal.retired);
    return [
      h("p", { class: "muted", hidden: inUse.length > 0 }, t("desk.no_terminals")),
      h("ul", { class: "list", hidden: !inUse.length }, inUse.map((terminal) => this.#terminal(terminal, at))),
      form(
        "add-terminal",
        { class: "inline-form", "aria-busy": String(this.busy.has("terminal")) },
        field(t("desk.terminal_name"), input("terminal", this.draft.terminal, { maxlength: 40 })),
        submit("btn", "plus", t("desk.terminal_add"), { "aria-busy": String(this.busy.has("terminal")) }),
      ),
      this.refusal("terminal"),
    ];
  } // prettier-ignore

  /** @param {VillageTerminal} terminal @param {number} at */
  #terminal(terminal, at) {
    const { id, name, present, paired, passport } = terminal;
    const [lamp, key] = present ? ["on", "desk.terminal_on"] : paired ? ["wait", "desk.terminal_off"] : ["off", "desk.terminal_unpaired"];
    const named = { "data-terminal-id": id, "aria-busy": String(this.busy.has(id)) };
    const isPairing = this.#pairing.id === id;
    return h(
      "li",
      { class: "row terminal-row", "data-key": id, "data-terminal-id": id },
      icon("terminal"),
      h("div", { class: "row__main" }, h("p", { class: "row__title" }, name), h("span", { class: `lamp lamp--${lamp}` }, t(key))),
      button("pair", `btn btn--small${paired || isPairing ? "" : " btn--primary"}`, "link-back", t("desk.terminal_pair"), { ...named, "aria-expanded": String(isPairing) }),
      button("revoke-terminal", "btn btn--small btn--danger", "close", t("desk.terminal_revoke"), { ...named, hidden: !paired }),
      button("retire-terminal", "btn btn--small btn--quiet", null, t("desk.terminal_retire"), named),
      isPairing && this.#pairForm(terminal),
      this.refusal(id),
      this.refusal(`line ${id}`),
      (paired || terminal.self_test) && selfTestOf(terminal, at),
      !terminal.retired && lineOf(terminal, at, this.busy.has(`line ${id}`)),
      passportOf(passport, name),
    );
  } // prettier-ignore

  /** @param {VillageTerminal} terminal */
  #pairForm({ id }) {
    const busy = String(this.busy.has(id));
    return form(
      "approve",
      { class: "inline-form terminal-row__pair", "data-terminal-id": id, "aria-busy": busy, "data-key": "pair" },
      h("p", {}, t(this.#pairing.isUndo ? "desk.terminal_revoked_text" : "desk.terminal_pair_text")),
      field(t("desk.terminal_digits"), input("digits", this.draft.digits, { inputmode: "numeric", maxlength: 12 })),
      submit("btn btn--primary", "check", t("desk.terminal_pair"), { "aria-busy": busy }),
    );
  }

  /** @returns {import("../ui/dom.js").Acts} */
  #terminalActs() {
    /** @param {HTMLElement} element */
    const idOf = (element) => element.dataset.terminalId ?? "";
    return {
      "reload-village": () => this.load(),
      pair: (element) => this.#ask(this.#pairing.id === idOf(element) ? "" : idOf(element), false),
      approve: async (form) => {
        if (!this.draft.digits.trim()) return;
        const body = { user_code: this.draft.digits.trim(), terminal_id: idOf(form) };
        if (await this.do(idOf(form), "/api/pairing/approve", body, t("desk.terminal_paired"))) this.#ask("", false);
      },
      "revoke-terminal": async (element) => {
        if (await this.do(idOf(element), `/api/terminals/${idOf(element)}/revoke`, {}, t("desk.terminal_revoked"))) this.#ask(idOf(element), true);
      },
      "retire-terminal": (element) => this.#askToRetire(idOf(element)),
      "check-line": (element) => this.#checkLine(idOf(element)),
      "add-terminal": async () => {
        const name = this.draft.terminal.trim();
        if (!name) return;
        const made = await this.do("terminal", "/api/terminals", { name }, t("desk.terminal_added"));
        if (made) (this.draft.terminal = ""), this.#ask(made.id, false);
      },
    };
  } // prettier-ignore

  /** The terminal is asked to try its line; looked at until it has. @param {string} id */
  async #checkLine(id) {
    await this.do(`line ${id}`, `/api/terminals/${id}/check_line`, {}, t("desk.line.asked"));
    const isTrying = () => this.page?.terminals.some((terminal) => terminal.id === id && terminal.is_checking);
    while (isTrying()) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      await this.load();
    }
  }

  /** Asks for the digits that a terminal shows. @param {string} id @param {boolean} isUndo */
  #ask(id, isUndo) {
    this.#pairing = { id, isUndo };
    this.draft.digits = "";
    this.keep();
    this.desk.show();
    if (id) /** @type {HTMLElement | null} */ (document.querySelector("[name=digits]"))?.focus();
  }

  /** @param {string} id */
  #askToRetire(id) {
    const name = this.page?.terminals.find((terminal) => terminal.id === id)?.name ?? "";
    openDialog(
      t("desk.terminal_retire_title", { name }),
      [h("p", {}, t("desk.terminal_retire_text"))],
      [button("close", "btn btn--quiet", null, t("desk.keep")), button("retire", "btn btn--danger", null, t("desk.terminal_retire"))],
      { retire: () => this.do(id, `/api/terminals/${id}/retire`, {}, t("desk.terminal_retired")) },
    );
  } // prettier-ignore
}

/** @param {string} name @param {string} iconId @param {import("../ui/dom.js").Child[]} body */
const part = (name, iconId, body) =>
  h(
    "section",
    { class: "part", "data-key": name, "data-part": name },
    h("h2", { class: "heading" }, icon(iconId, "s"), t(`desk.part.${name}`)),
    body,
  );
