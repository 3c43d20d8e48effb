/**
 * The way in for somebody who is not signed in: by number and code, by the digits of a card, and a face to choose
 * where a number is shared. What was typed outlives a reload, except codes.
 */
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { banner, button, h, photo, sentence } from "../ui/dom.js";

/** @typedef {{id: string, name: string, photo: string | null}} Face */
/** @typedef {"number" | "code" | "faces" | "card"} Step */

const KEPT = "homethread.door";
const AGAIN_MS = 60 * SECOND;
const CODE_DIGITS = 6;
const CARD_DIGITS = 12;
const LOST = new Set(["code_used_or_expired"]); // nothing more can be done with this challenge

export class Door {
  /** @type {Step} */
  #step = "number";
  #number = "";
  #challenge = "";
  #asked_at = -Infinity;
  /** @type {Face[]} */
  #faces = [];
  #isBusy = false;
  #error = "";
  #keys = new Map();
  #api;
  #redraw;
  #done;

  /** @param {import("../net/api.js").Api} api @param {{redraw: () => void, done: () => void}} options */
  constructor(api, { redraw, done }) {
    this.#api = api;
    this.#redraw = redraw;
    this.#done = done;
    const kept = recall();
    this.#number = kept.number;
    this.#challenge = kept.challenge;
    if (kept.challenge) this.#step = "code";
  }

  /** @returns {[string, HTMLElement]} the name of the screen, and the screen */
  screen() {
    const body = { number: this.#numberBody, code: this.#codeBody, faces: this.#facesBody, card: this.#cardBody };
    return [
      `door-${this.#step}`,
      h(
        "section",
        { class: "screen door" },
        h("header", { class: "bar" }, h("h1", { class: "bar__title" }, t("common.homethread"))),
        h(
          "div",
          { class: "screen__body", "data-key": this.#step },
          this.#error && banner("bad", "warning", this.#error),
          body[this.#step].call(this),
        ),
      ),
    ];
  }

  #numberBody() {
    return [
      h("h2", { class: "heading" }, t("phone.door.number_title")),
      field("number", t("phone.door.number"), { type: "tel", autocomplete: "tel", value: this.#number, maxlength: 40 }),
      this.#place("send-code", t("phone.door.send")),
      button("to-card", "btn btn--quiet btn--wide", "book", t("phone.door.have_card")),
    ];
  }

  #codeBody() {
    const wait_ms = this.#asked_at + AGAIN_MS - performance.now();
    const again = wait_ms > 0 ? t("phone.door.again_in", { count: Math.ceil(wait_ms / SECOND) }) : t("phone.door.again");
    return [
      h("h2", { class: "heading" }, t("phone.door.code_title")),
      h("p", { class: "muted" }, t("phone.door.code_text", { number: this.#number })),
      field("code", t("phone.door.code"), { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 12 }),
      this.#place("prove", t("phone.door.enter")),
      button("send-code", "btn btn--quiet btn--wide", null, again, { disabled: wait_ms > 0 }),
      button("to-number", "btn btn--quiet btn--wide", "arrow-start", t("phone.door.other_number")),
    ];
  }

  #facesBody() {
    return [
      h("h2", { class: "heading" }, t("phone.door.who")),
      h(
        "div",
        { class: "door__faces" },
        this.#faces.map((face) =>
          h(
            "button",
            { class: "face", type: "button", "data-act": "choose-face", "data-person-id": face.id },
            photo(face, "l"),
            h("span", { class: "face__name" }, face.name),
          ),
        ),
      ),
      button("to-number", "btn btn--quiet btn--wide", "arrow-start", t("phone.door.other_number")),
    ];
  }

  #cardBody() {
    return [
      h("h2", { class: "heading" }, t("phone.door.card_title")),
      h("p", { class: "muted" }, t("phone.door.card_text")),
      field("card", t("phone.door.card"), { inputmode: "numeric", autocomplete: "off", maxlength: 20 }),
      this.#place("accept", t("phone.door.enter")),
      button("to-number", "btn btn--quiet btn--wide", "arrow-start", t("phone.door.by_number")),
    ];
  }

  /** @param {string} act @param {string} label */
  #place(act, label) {
    return button(act, "btn btn--primary btn--wide", null, label, { "aria-busy": this.#isBusy });
  }

  /** What each touch does. @returns {import("../ui/dom.js").Acts} */
  get acts() {
    return {
      "send-code": () => this.#send(),
      prove: () => this.#prove(),
      accept: () => this.#accept(typed("card")),
      "choose-face": (element) => this.#choose(element.dataset.personId ?? ""),
      "to-card": () => this.#go("card"),
      "to-number": () => this.#go("number"),
    };
  }

  /** Enter does what the large button does, and the last digit of a code too. @param {Event} event */
  typing(event) {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    const isWhole = { code: CODE_DIGITS, card: CARD_DIGITS }[name] === value.replace(/\D/g, "").length;
    const isEnter = event instanceof KeyboardEvent && event.key === "Enter";
    if (name === "number" && isEnter) this.#send();
    else if (name === "code" && (isEnter || (event.type === "input" && isWhole))) this.#prove();
    else if (name === "card" && (isEnter || (event.type === "input" && isWhole))) this.#accept(value);
  }

  /** Comes in by a card that was scanned. @param {string} code */
  scanned(code) {
    this.#step = "card";
    return this.#accept(code);
  }

  /** @param {Step} step */
  #go(step) {
    this.#step = step;
    this.#error = "";
    if (step === "number") this.#challenge = "";
    this.#keep();
    this.#redraw();
    document.querySelector("input")?.focus();
  }

  async #send() {
    const number = this.#step === "number" ? typed("number") : this.#number;
    if (!number) return;
    this.#number = number;
    await this.#ask("/api/sign_in/code", { number, region: regionOf(navigator.language) }, (asked) => {
      this.#challenge = asked.challenge;
      this.#asked_at = performance.now();
      this.#keys.delete("/api/sign_in/code");
      this.#go("code");
    });
  }

  #prove() {
    const code = typed("code");
    if (!code) return;
    return this.#ask("/api/sign_in/prove", { challenge: this.#challenge, code }, (answer) => this.#enter(answer));
  }

  /** @param {string} person_id */
  #choose(person_id) {
    const body = { challenge: this.#challenge, person_id };
    return this.#ask("/api/sign_in/choose", body, (answer) => this.#enter(answer));
  }

  /** @param {string} code */
  #accept(code) {
    if (!code) return;
    return this.#ask("/api/sign_in/invitation", { code }, (answer) => this.#enter(answer));
  }

  /** @param {{signed_in: boolean, faces: Face[]}} answer */
  #enter({ signed_in, faces }) {
    if (!signed_in && faces.length) {
      this.#faces = faces;
      return this.#go("faces");
    }
    this.#number = this.#challenge = "";
    this.#keep();
    this.#done();
  }

  /** One question at a time; what got no answer is asked again with its own key. @param {string} path
   * @param {Record<string, any>} body @param {(answer: any) => void} use */
  async #ask(path, body, use) {
    if (this.#isBusy) return;
    const intent = path + JSON.stringify(body);
    const key = this.#keys.get(intent) ?? newKey();
    this.#keys.set(intent, key);
    this.#isBusy = true;
    this.#error = "";
    this.#redraw();
    try {
      const answer = await this.#api.command(path, body, { key });
      this.#keys.delete(intent);
      this.#isBusy = false;
      use(answer);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!error.isPassing) this.#keys.delete(intent);
      this.#error = sentence(error);
      if (LOST.has(error.code) && this.#step !== "card") this.#challenge = "";
    } finally {
      this.#isBusy = false;
      this.#redraw();
    }
  }

  #keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ number: this.#number, challenge: this.#challenge }));
    } catch {
      // forbidden: a reload then starts with an empty field
    }
  }
}

/** @param {string} name @param {string} label @param {import("../ui/dom.js").Attributes} more */
const field = (name, label, more) =>
  h(
    "label",
    { class: "field" },
    h("span", { class: "field__label" }, label),
    h("input", { class: "field__input door__input", name, "data-key": name, required: true, ...more }),
  );

/** @param {string} name */
function typed(name) {
  const input = document.querySelector(`input[name=${name}]`);
  return input instanceof HTMLInputElement ? input.value.trim() : "";
}

/** @param {string} language @returns {string | null} */
const regionOf = (language) => /-([A-Z]{2})\b/.exec(language)?.[1] ?? null;

/** @returns {{number: string, challenge: string}} */
function recall() {
  try {
    return { number: "", challenge: "", ...JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return { number: "", challenge: "" };
  }
}
