/**
 * The way in for somebody who is not signed in: by number and code, by the digits of a card, and a face to choose
 * where a number is shared. What was typed outlives a reload, except codes.
 */
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { sentence } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { doorScreen, grouped } from "./door_screens.js";

/** @typedef {import("./door_screens.js").Face} Face */
/** @typedef {import("./door_screens.js").Step} Step */

const KEPT = "homethread.door";
const AGAIN_MS = 60 * SECOND;
const DIGITS = /** @type {Record<string, number>} */ ({ code: 6, card: 12 });
/** Nothing more can be done with this code, or with this card. */
const WORTHLESS = new Set(["code_used_or_expired", "invitation_revoked"]);

/** The door must not stand there before it looks like one. */
export const ready = sheet("door.css", import.meta.url);

export class Door {
  /** @type {Step} */
  #step = "number";
  #number = "";
  #card = "";
  #isScanned = false;
  #challenge = "";
  #asked_at = -Infinity;
  #paused_until = -Infinity;
  /** @type {Face[]} */
  #faces = [];
  #isBusy = false;
  /** Where a number is asked for, the digits of a card were typed, as a text has them. */
  #isCard = false;
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
    if (kept.step === "card" || (kept.step === "code" && kept.challenge)) this.#step = kept.step;
  }

  /** @returns {[string, HTMLElement]} the name of the screen, and the screen */
  screen() {
    const at = performance.now();
    const tree = doorScreen({
      step: this.#step,
      number: this.#number,
      card: this.#card,
      isScanned: this.#isScanned,
      faces: this.#faces,
      isBusy: this.#isBusy,
      error: this.#error,
      pause_ms: this.#paused_until - at,
      again_ms: this.#asked_at + AGAIN_MS - at,
    });
    return [`door-${this.#step}`, tree];
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
    const input = /** @type {HTMLInputElement} */ (event.target);
    const isEnter = event instanceof KeyboardEvent && event.key === "Enter";
    const isWhole = event.type === "input" && input.value.replace(/\D/g, "").length === DIGITS[input.name];
    if (event.type === "input") this.#typed(input);
    if (input.name === "number" && isEnter) this.#send();
    else if (input.name === "code" && (isEnter || isWhole)) this.#prove();
    else if (input.name === "card" && (isEnter || isWhole)) this.#accept(input.value);
  }

  /** What stands in a field is kept; a card's digits are shown as they are printed. @param {HTMLInputElement} input */
  #typed(input) {
    if (input.name === "number") {
      this.#number = input.value.trim();
      this.#keep();
    }
    const isAtEnd = input.selectionStart === input.value.length;
    if (input.name === "card" && isAtEnd && !/\s$/.test(input.value)) input.value = grouped(input.value);
  }

  /** Comes in by a card that was scanned. @param {string} code */
  scanned(code) {
    this.#go("card");
    this.#card = code;
    this.#isScanned = true;
    return this.#accept(code);
  }

  /** @param {Step} step */
  #go(step) {
    this.#step = step;
    this.#card = this.#error = "";
    this.#isScanned = false;
    if (step === "number") this.#challenge = "";
    this.#keep();
    this.#redraw();
    document.querySelector("input")?.focus();
  }

  async #send() {
    const number = this.#step === "number" ? typed("number") : this.#number;
    if (!number) return;
    this.#number = number;
    const path = "/api/sign_in/code";
    await this.#ask(path, { number, region: regionOf(navigator.language) }, (asked) => {
      this.#challenge = asked.challenge;
      this.#asked_at = performance.now();
      this.#go("code");
    });
    if (!this.#isCard) return;
    this.#isCard = false;
    this.#number = "";
    this.#go("card");
    this.#card = number;
    await this.#accept(number);
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
    this.#paused_until = -Infinity;
    this.#redraw();
    try {
      const answer = await this.#api.command(path, body, { key, onwait: (error) => this.#wait(error) });
      this.#keys.delete(intent);
      this.#error = "";
      use(answer);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!error.isPassing) this.#keys.delete(intent);
      this.#refused(error);
    } finally {
      this.#isBusy = false;
      this.#redraw();
    }
    if (this.#error) mend(this.#step);
  }

  /** It goes on trying by itself, unless the house wants a pause. @param {ApiError} error */
  #wait(error) {
    if (error.status === 429) throw error;
    this.#error = t("common.trying_again");
    this.#redraw();
  }

  /** @param {ApiError} error */
  #refused(error) {
    const isWorthless = WORTHLESS.has(error.code);
    if (error.status === 429) this.#paused_until = performance.now() + (error.retry_ms ?? AGAIN_MS);
    else if (isWorthless && this.#step !== "card") this.#go("gone");
    else if (isWorthless && this.#isScanned) this.#go("spent");
    else if (error.code === "bad_number" && isOfCard(this.#number)) this.#isCard = true;
    else if (error.code === "code_used_or_expired") this.#error = t("phone.door.wrong_card");
    else this.#error = sentence(error);
  }

  #keep() {
    const kept = { number: this.#number, challenge: this.#challenge, step: this.#step };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      // forbidden: a reload then starts with an empty field
    }
  }
}

/** @param {string} name */
function typed(name) {
  const input = document.querySelector(`input[name=${name}]`);
  return input instanceof HTMLInputElement ? input.value.trim() : "";
}

/** Back to the field; a code that was wrong gives way to the next that is typed, a slip in a long number is mended.
 * @param {Step} step */
function mend(step) {
  const input = document.querySelector("input");
  input?.focus();
  if (step === "code") input?.select();
  document.querySelector(".door .banner")?.scrollIntoView({ block: "nearest" });
}

/** @param {string} number */
const isOfCard = (number) => number.replace(/[\s-]/g, "").length === DIGITS.card;

/** @param {string} language @returns {string | null} */
const regionOf = (language) => /-([A-Z]{2})\b/.exec(language)?.[1] ?? null;

/** @returns {{number: string, challenge: string, step: Step}} */
function recall() {
  const nothing = { number: "", challenge: "", step: /** @type {Step} */ ("number") };
  try {
    return { ...nothing, ...JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return nothing;
  }
}
