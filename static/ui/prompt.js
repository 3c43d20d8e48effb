/**
 * Says the sentences of the interface: a screen's when it comes, a control's when it is touched, an error's when it
 * shows. In the recording that the village hears; where nobody has recorded it, by a voice of this machine; where there
 * is none, not at all: then the picture speaks.
 *
 * A screen only names itself, a control its act; what else is to be said has `data-says` with a key. A long touch says
 * what a control does instead of doing it. Whoever touches anything has heard enough. Nothing is said into a recording.
 */
import { hasText, t } from "../core/texts.js";
import { toast, words } from "./dom.js";

/** @typedef {import("../voice/prompts.js").Sentences} Sentences */
/** A voice of this machine. @typedef {{phase: string, read: (said: string[], language: string) => unknown, stop: () => void}} Reader */

const LONG_TOUCH_MS = 600;
/** Where somebody speaks or listens, a control says what it is at a long touch alone. */
const QUIET = new Set(["live", "lost", "connecting", "waiting", "answering", "speak", "message", "text"]);
/** Holding these does something. */
const HELD = new Set(["voice-record"]);
const RECORDING = ".voice[data-phase=recording], .answering[data-state=tone], .answering[data-state=recording]";
const WRITTEN = /^(error|common)\./;

/** Says what can be done on a screen; where nobody can be heard saying it, it can be read.
 * @param {Prompts | null} prompts @param {HTMLElement} main */
export async function help(prompts, main) {
  const { screen } = main.dataset;
  const keys = [`terminal.help.${screen}`, `terminal.screen.${screen}`];
  for (const key of keys) if (await prompts?.say(key)) return;
  await Promise.all(["terminal.help", "terminal.screen"].map(words)).catch(() => {}); // then there is nothing to read
  const key = keys.find(hasText);
  if (key) toast("info", t(key));
}

export class Prompts {
  #sentences;
  /** @type {Reader} */
  #reader;
  #audio = new Audio();
  #last = "";
  /** Of what is being said. */
  #turn = 0;
  /** It is not to be broken off by a screen that comes: what the screen says follows. */
  #isFirst = false;
  #next = "";
  /** A voice of this machine was heard. */
  #canRead = false;
  /** Whether somebody else says this first. @type {(key: string) => boolean} */
  waits = () => false;
  /** @type {(heard: boolean) => void} */
  #settle = () => {};
  /** @type {WeakMap<Element, string>} */
  #told = new WeakMap();

  /**
   * @param {Sentences} sentences
   * @param {(changed: () => void) => Reader} reader
   * @param {HTMLElement} root whose controls speak
   */
  constructor(sentences, reader, root) {
    this.#sentences = sentences;
    this.#reader = reader(() => this.#read());
    this.#audio.onended = () => this.#over();
    this.#listen(root);
    new MutationObserver(() => this.#look()).observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-says"] });
  }

  /** A screen tells about itself once, when it comes. @param {string} key */
  screen(key) {
    if (this.#last === key) return;
    this.#last = key;
    if (this.#isFirst) this.#next = key;
    else if (this.waits(key)) this.hush();
    else void this.say(key);
  }

  /** A recording is being played. */
  get isSounding() {
    return !this.#audio.paused;
  }

  /** Whether a sentence was recorded. @param {string} key */
  has = (key) => Boolean(this.#sentences.find(key)?.url);

  /** Somebody's own voice. @param {Blob} recording @param {string} name @param {string} next the sentence of a screen
   * that follows, as long as that stands; or "" @returns {Promise<boolean>} whether it can be heard */
  async voice(recording, name, next) {
    this.hush();
    this.#next = next;
    return this.#sound(recording, name, "");
  }

  /** @param {string} key @returns {boolean} whether there is a recording */
  play(key) {
    void this.say(key);
    return Boolean(this.#sentences.find(key)?.url);
  }

  /** Instead of what was being said. @param {string} key @param {boolean} [isFirst] what a screen says follows
   * @returns {Promise<boolean>} whether it can be heard */
  async say(key, isFirst = false) {
    this.hush();
    const sentence = this.#sentences.find(key);
    if (!sentence || document.querySelector(RECORDING)) return false;
    const turn = this.#turn;
    this.#isFirst = isFirst;
    const recording = sentence.url && (await this.#sentences.recording(sentence.url));
    if (turn !== this.#turn) return true; // overtaken
    if (recording && sentence.url && (await this.#sound(recording, sentence.key, sentence.url))) return true;
    return turn !== this.#turn || this.#aloud(sentence.text);
  }

  hush() {
    this.#turn++;
    this.#isFirst = false;
    this.#next = "";
    this.#audio.pause();
    this.#reader.stop();
    this.#settle(false);
  }

  /** @param {Blob} recording @param {string} key @param {string} url */
  async #sound(recording, key, url) {
    URL.revokeObjectURL(this.#audio.src);
    this.#audio.src = URL.createObjectURL(recording);
    Object.assign(this.#audio.dataset, { key, url });
    try {
      await this.#audio.play();
      return true;
    } catch (error) {
      const { name, message } = /** @type {DOMException} */ (error);
      if (name === "AbortError") return true; // hushed
      if (name !== "NotAllowedError") console.warn(`prompt ${key}:`, message);
      return false;
    }
  }

  /** @param {string} text @returns {Promise<boolean>} */
  #aloud(text) {
    return new Promise((settle) => {
      this.#settle = settle;
      this.#reader.read([text], this.#sentences.language);
    });
  }

  /** The reader has got on. */
  #read() {
    const { phase } = this.#reader;
    if (phase === "reading") this.#canRead = true;
    if (phase !== "starting") this.#settle(phase !== "silent");
    if (phase === "read" || phase === "silent") this.#over();
  }

  #over() {
    const next = this.#next;
    this.#isFirst = false;
    this.#next = "";
    if (next && next === this.#last) void this.say(next);
  }

  /** What shows an error, or names what is to be said. */
  #look() {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-says], .toast"))) {
      const key = element.dataset.says ?? this.#keyOf(element);
      if (!key || this.#told.get(element) === key) continue;
      this.#told.set(element, key);
      void this.say(key, true);
    }
  }

  /** @param {HTMLElement} toast */
  #keyOf({ textContent, dataset }) {
    const key = this.#sentences.keyOf(textContent ?? "");
    if (key && WRITTEN.test(key)) return key;
    return dataset.state === "bad" ? "terminal.say.trouble" : null;
  }

  /** @param {HTMLElement} control */
  #ofControl({ dataset }) {
    const keys = [`terminal.act.${dataset.act}`, `terminal.say.${dataset.act}`];
    return keys.map(this.#sentences.find).find(Boolean);
  }

  /** A long touch of a control says what it does instead of doing it; a short one does it, and says so where no screen
   * comes at once that says something itself. @param {HTMLElement} root */
  #listen(root) {
    let timer = 0;
    let isLong = false;
    let before = "";
    const control = (/** @type {Event} */ { target }) => {
      const found = /** @type {Element} */ (target).closest("[data-act]");
      return found instanceof HTMLElement ? found : null;
    };
    addEventListener("pointerdown", () => this.hush(), true);
    root.addEventListener("pointerdown", (event) => {
      const touched = control(event);
      isLong = false;
      clearTimeout(timer);
      const sentence = touched && !HELD.has(touched.dataset.act ?? "") && this.#ofControl(touched);
      if (!sentence) return;
      timer = window.setTimeout(() => {
        isLong = Boolean(sentence.url) || this.#canRead;
        void this.say(sentence.key, true);
      }, LONG_TOUCH_MS);
    });
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => clearTimeout(timer));
    const swallow = (/** @type {Event} */ event) => {
      before = this.#last;
      if (isLong) event.stopImmediatePropagation();
    };
    root.addEventListener("click", swallow, true);
    root.addEventListener("click", (event) => {
      const touched = control(event);
      const sentence = touched && touched.dataset.act !== "help" && this.#ofControl(touched);
      if (sentence && this.#last === before && !QUIET.has(root.dataset.screen ?? "")) void this.say(sentence.key, true);
    });
    root.addEventListener("contextmenu", (event) => event.preventDefault());
  }
}
