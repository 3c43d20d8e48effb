/**
 * Asking the coordinator to let the other parent of a child in: what one says of them, and what became of it. What was
 * typed stays until it is sent, also over a dialog that closes and a page that is loaded anew.
 */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { send } from "../net/intents.js";
import { button, h, sentence, toast } from "../ui/dom.js";

/** @typedef {import("../phone.js").Phone} Phone
 * @typedef {import("../core/wire.js").Family} Family
 * @typedef {import("./wire.js").ParentRequest} ParentRequest */

const KEPT = "homethread.asked_parent";
const FIELDS = ["name", "number", "kinship", "language", "note"];
const KINSHIPS = ["mother", "father", "step_parent", "guardian"];
const LANGUAGES = ["zh-CN", "en"]; // those that the server has texts in
const LAMPS = { open: "wait", accepted: "on", declined: "bad" };

export class AskedParents {
  #phone;
  #families;
  #own = h("div", { "data-part": "asked" });
  #said;

  /** @param {Phone} phone @param {Family[]} families those in which one is a parent */
  constructor(phone, families) {
    this.#phone = phone;
    this.#families = families;
    this.#said = recall(this.#me);
  }

  /** @type {Record<string, import("../ui/steady.js").Step>} */
  steps = {
    "ask-parent": async (place, wait) => {
      const within = /** @type {HTMLElement} */ (place.closest("[data-family-id]"));
      const said = saidIn(within);
      if (!isComplete(within, said)) return false;
      const body = { ...said, note: said.note.trim() || null };
      this.#show(await send(this.#phone.live.api, `/api/families/${within.dataset.familyId}/parent_requests`, body, wait));
      this.#forget(within);
      toast("good", t("phone.parents.asked"));
      return false;
    },
    "withdraw-parent": async ({ dataset }, wait) => {
      this.#show(await send(this.#phone.live.api, `/api/parent_requests/${dataset.requestId}/withdraw`, {}, wait));
      toast("good", t("phone.parents.withdrawn"));
      return false;
    },
    "read-asked": async () => {
      await this.#read();
      return false;
    },
  };

  /** @returns {HTMLElement[]} */
  view() {
    return [this.#own, ...this.#families.map((family) => this.#form(family))];
  }

  /** The dialog that they stand in is open: read, keep what is typed, and read again when somebody decides.
   * @param {HTMLElement} dialog */
  watch(dialog) {
    dialog.addEventListener("input", ({ target }) => {
      const within = /** @type {HTMLElement} */ (target).closest("[data-family-id]");
      if (within instanceof HTMLElement) this.#keep(within);
    });
    const off = this.#phone.live.socket.on("hint", () => void this.#read());
    dialog.addEventListener("close", off);
    this.#read();
  }

  get #me() {
    return this.#phone.live.view.now?.me?.id ?? "";
  }

  async #read() {
    try {
      this.#show(await this.#phone.live.api.get("/api/parent_requests"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (this.#own.querySelector("li")) return; // what is known stays
      const again = button("read-asked", "btn btn--small", null, t("common.retry"));
      this.#own.replaceChildren(h("p", { class: "field__error" }, sentence(error)), again);
    }
  }

  /** @param {{requests: ParentRequest[]}} answer */
  #show({ requests }) {
    if (!requests.length) return this.#own.replaceChildren();
    this.#own.replaceChildren(
      h("h3", { class: "heading" }, t("phone.parents.yours")),
      h("ul", { class: "list" }, requests.map(row)),
    );
  } // prettier-ignore

  /** @param {Family} family */
  #form({ id, children = [], parents = [] }) {
    const names = new Intl.ListFormat(document.documentElement.lang).format(children.map(({ name }) => name));
    const said = this.#said[id] ?? {};
    const isAlone = parents.length < 2;
    return h(
      "details",
      { "data-family-id": id, open: isAlone || Boolean(this.#said[id]) },
      h("summary", { class: "btn btn--wide" }, t("phone.parents.ask_for", { children: names })),
      h(
        "div",
        { class: "dialog__body" },
        h("p", { class: "muted" }, t("phone.parents.ask_text")),
        field("name", input("name", said.name, { maxlength: 80, autocomplete: "off" })),
        field("number", input("number", said.number, { type: "tel", inputmode: "tel", maxlength: 40, autocomplete: "off" })),
        field("kinship", select("kinship", said.kinship ?? KINSHIPS[0], KINSHIPS.map((word) => [word, t(`phone.parents.kinship_${word}`)]))),
        field("language", select("language", said.language ?? document.documentElement.lang, LANGUAGES.map((tag) => [tag, nameOf(tag)]))),
        field("note", input("note", said.note, { maxlength: 200, autocomplete: "off" })),
        button("ask-parent", "btn btn--primary btn--wide", "message", t("phone.parents.ask")),
      ),
    );
  } // prettier-ignore

  /** @param {HTMLElement} within */
  #keep(within) {
    this.#said[within.dataset.familyId ?? ""] = saidIn(within);
    store({ me: this.#me, said: this.#said });
  }

  /** It is sent: the fields are for somebody else. @param {HTMLElement} within */
  #forget(within) {
    for (const name of ["name", "number", "note"]) inputIn(within, name).value = "";
    delete this.#said[within.dataset.familyId ?? ""];
    store({ me: this.#me, said: this.#said });
    this.#own.scrollIntoView({ block: "nearest" });
  }
}

/** @param {ParentRequest} request */
const row = ({ id, name, number, kinship, state, reason }) =>
  h(
    "li",
    { class: "row", "data-request-id": id, "data-state": state },
    h(
      "div",
      { class: "row__main" },
      h("p", { class: "row__title" }, `${name} · ${t(`phone.parents.kinship_${kinship}`)}`),
      h("p", { class: "row__text", dir: "ltr" }, number),
      h("p", { class: `lamp lamp--${LAMPS[state]}` }, t(`phone.parents.state_${state}`, { reason: reason ?? "" })),
    ),
    state === "open" && button("withdraw-parent", "btn btn--small", null, t("phone.parents.withdraw"), { "data-request-id": id }),
  ); // prettier-ignore

/** @param {string} tag by its own name, without its country */
const nameOf = (tag) => new Intl.DisplayNames(tag, { type: "language" }).of(tag.split("-")[0]) ?? tag;

/** @param {string} name @param {HTMLElement} control */
const field = (name, control) =>
  h("label", { class: "field" }, h("span", { class: "field__label" }, t(`phone.parents.${name}`)), control, h("span", { class: "field__error", role: "alert", hidden: true, "data-missing": name }));

/** @param {string} name @param {string | undefined} value @param {import("../ui/dom.js").Attributes} more */
const input = (name, value, more) => h("input", { class: "field__input", name, value: value ?? "", ...more });

/** @param {string} name @param {string} chosen @param {string[][]} options */
const select = (name, chosen, options) =>
  h(
    "select",
    { class: "field__input", name },
    options.map(([value, label]) => h("option", { value, selected: value === chosen }, label)),
  );

/** @param {HTMLElement} within @param {string} name */
const inputIn = (within, name) => /** @type {HTMLInputElement} */ (within.querySelector(`[name=${name}]`));

/** @param {HTMLElement} within @returns {Record<string, string>} */
const saidIn = (within) => Object.fromEntries(FIELDS.map((name) => [name, inputIn(within, name).value]));

/** Says at its field what is missing. @param {HTMLElement} within @param {Record<string, string>} said */
function isComplete(within, said) {
  const missing = ["name", "number"].filter((name) => !said[name].trim());
  for (const name of ["name", "number"]) {
    const isMissing = missing.includes(name);
    const told = /** @type {HTMLElement} */ (within.querySelector(`[data-missing=${name}]`));
    told.hidden = !isMissing;
    told.textContent = isMissing ? t(`phone.parents.${name}_missing`) : "";
    inputIn(within, name).setAttribute("aria-invalid", String(isMissing));
  }
  if (missing.length) inputIn(within, missing[0]).focus();
  return !missing.length;
}

/** Nobody finds what somebody else typed. @param {string} me @returns {Record<string, Record<string, string>>} */
function recall(me) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    return kept.me === me ? kept.said : {};
  } catch {
    return {};
  }
}

/** @param {object} kept */
function store(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // forbidden: a reload then starts with empty fields
  }
}
