/**
 * Everything is read aloud for those who don't read: a screen when it comes, each part lit while it is said; a control
 * that is held says what it does instead of doing it. Nothing is said into a call, a ring or a recording. The voice is this
 * phone's own, and where it has none for the language, that is said and the switch goes off.
 */
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { Aloud } from "../terminal/aloud.js";
import { button, h, toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { labelOf, piecesOf } from "./spoken.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("./spoken.js").Piece} Piece */

/** In the page's storage while it is on; it is this phone's, whoever is signed in. */
const KEPT = "homethread.aloud";
const SETTLED_MS = 400;
const HELD_MS = 0.6 * SECOND;
const HUSH = ".voice[data-phase='recording'], .voice[data-phase='asking'], .voice[data-phase='closing']";

const main = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {Reader | null} */
let reader = null;

/** On or off, by a touch. @param {Phone} phone */
export function turn(phone) {
  if (!reader) return void start(phone);
  localStorage.removeItem(KEPT);
  reader.end();
  reader = null;
  toast("info", t("phone.aloud.off"));
}

/** @param {Phone} phone */
export async function start(phone) {
  if (reader) return;
  localStorage[KEPT] = "1";
  reader = new Reader(phone);
  await sheet("aloud.css", import.meta.url);
  reader?.again();
}

class Reader {
  #aloud = new Aloud(() => this.#turned());
  /** @type {Piece[]} */
  #pieces = [];
  #shown = "";
  #settling = 0;
  #holding = 0;
  #wasHeld = false;
  #phone;
  #watch = new MutationObserver(() => this.#look());
  #ends = new AbortController();
  #bar = h("div", { class: "aloud" }, button("aloud-again", "btn btn--quiet btn--wide", "speaker", t("phone.aloud.again")));

  /** @param {Phone} phone */
  constructor(phone) {
    this.#phone = phone;
    const { signal } = this.#ends;
    document.body.append(this.#bar);
    this.#bar.addEventListener("click", () => this.again(), { signal });
    this.#watch.observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-screen", "data-key", "hidden"] });
    addEventListener("pointerdown", (event) => this.#touched(event), { signal, capture: true });
    for (const end of ["pointerup", "pointercancel"]) {
      addEventListener(end, () => clearTimeout(this.#holding), { signal, capture: true });
    }
    addEventListener("click", (event) => this.#clicked(event), { signal, capture: true });
    addEventListener("contextmenu", (event) => this.#wasHeld && event.preventDefault(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.#hush(), { signal });
  }

  end() {
    this.#ends.abort();
    this.#watch.disconnect();
    clearTimeout(this.#settling);
    this.#hush();
    this.#bar.remove();
    delete document.documentElement.dataset.aloud;
  }

  /** What stands there, from the beginning. */
  again() {
    this.#shown = "";
    this.#look();
  }

  get #isQuiet() {
    const { calling } = this.#phone;
    return Boolean(calling.seat?.isHere || calling.ringing || document.querySelector(HUSH));
  }

  get #root() {
    const dialogs = document.querySelectorAll("dialog[open]");
    return /** @type {HTMLElement} */ (dialogs[dialogs.length - 1] ?? main);
  }

  /** Another screen, dialog or word at the edge has come. */
  #look() {
    const isQuiet = this.#isQuiet;
    if (this.#bar.hidden !== isQuiet) this.#bar.hidden = isQuiet; // what is set anew is a change again, and seen here
    document.documentElement.toggleAttribute("data-aloud", !isQuiet);
    if (isQuiet) {
      this.#shown = "";
      return this.#hush();
    }
    const root = this.#root;
    const word = document.querySelector(".toast:not([data-leaving])")?.textContent ?? "";
    const shown = [root === main ? main.dataset.screen : root.getAttribute("aria-label"), ...keysIn(root), word].join("\n");
    if (shown === this.#shown) return;
    const isWord = Boolean(word) && !this.#shown.endsWith(word);
    this.#shown = shown;
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => this.#say(isWord ? [{ text: word, element: null }] : piecesOf(this.#root)), SETTLED_MS);
  } // prettier-ignore

  /** @param {Piece[]} pieces */
  #say(pieces) {
    const { userActivation } = navigator;
    if (this.#isQuiet || !pieces.length || (userActivation && !userActivation.hasBeenActive)) return; // not before a touch
    this.#hush();
    this.#pieces = pieces;
    void this.#aloud.read(pieces.map(({ text }) => text), document.documentElement.lang); // prettier-ignore
  }

  #hush() {
    this.#aloud.stop();
    this.#light(null);
  }

  #turned() {
    const { phase, place } = this.#aloud;
    this.#light(phase === "reading" ? (this.#pieces[place]?.element ?? null) : null);
    if (phase === "read" && this.#pieces.length > 1) this.#toTop();
    if (phase !== "silent" || !reader) return;
    turn(this.#phone);
    toast("bad", t("phone.aloud.no_voice"));
  }

  /** It was followed down; one begins at the top. */
  #toTop() {
    const root = this.#root;
    (root.querySelector(".screen__body") ?? root).scrollTo({ top: 0, behavior: "smooth" });
  }

  /** @param {HTMLElement | null} element */
  #light(element) {
    for (const lit of document.querySelectorAll("[data-said]")) lit.removeAttribute("data-said");
    if (!element?.isConnected) return;
    element.setAttribute("data-said", "");
    element.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  /** Whoever touches has heard enough; held, a control says what it does. @param {Event} event */
  #touched({ target }) {
    this.#wasHeld = false;
    clearTimeout(this.#holding);
    const control = /** @type {Element} */ (target).closest?.("[data-act], label, a");
    if (!(control instanceof HTMLElement) || control.dataset.act === "voice-record") return; // held to speak
    this.#hush();
    this.#holding = window.setTimeout(() => {
      this.#wasHeld = true;
      this.#say([{ text: labelOf(control), element: control }]);
    }, HELD_MS);
  }

  /** @param {Event} event */
  #clicked(event) {
    if (!this.#wasHeld) return;
    this.#wasHeld = false;
    event.stopImmediatePropagation();
    event.preventDefault();
  }
}

/** By what a screen is another than before, without its countdowns. @param {HTMLElement} root */
const keysIn = (root) => [...root.querySelectorAll(".screen__body, .actions")].map((part) => /** @type {HTMLElement} */ (part).dataset.key);
