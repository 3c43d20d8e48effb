/** Says a recorded sentence of the interface where the village has recorded it; stays silent where it hasn't. */
import { hasText, t } from "../core/texts.js";
import { toast, words } from "./dom.js";

const LONG_TOUCH_MS = 600;

/** Says what can be done on a screen; where nobody has recorded it, it can be read.
 * @param {Prompts | null} prompts @param {HTMLElement} main */
export async function help(prompts, main) {
  const { screen } = main.dataset;
  const keys = [`terminal.help.${screen}`, `terminal.screen.${screen}`];
  if (keys.some((key) => prompts?.play(key))) return;
  await Promise.all(["terminal.help", "terminal.screen"].map(words)).catch(() => {}); // then there is nothing to read
  const key = keys.find(hasText);
  if (key) toast("info", t(key));
}

export class Prompts {
  #known;
  #audio = new Audio();
  #last = "";

  /**
   * @param {() => string[]} known keys that have a recording
   * @param {HTMLElement} root whose controls speak at a long touch
   */
  constructor(known, root) {
    this.#known = known;
    this.#listen(root);
  }

  /** A screen tells about itself once, when it comes. @param {string} key */
  screen(key) {
    if (this.#last === key) return;
    this.#last = key;
    this.play(key);
  }

  /** @param {string} key @returns {boolean} whether there is a recording */
  play(key) {
    this.#audio.pause();
    if (!this.#known().includes(key)) return false;
    this.#audio.src = `/api/prompts/${encodeURIComponent(key)}?face=terminal`;
    this.#audio.play().catch((error) => {
      if (error.name !== "NotAllowedError" && error.name !== "AbortError")
        console.warn(`prompt ${key}:`, error.message);
    });
    return true;
  }

  /** A long touch of a control says what it does instead of doing it. @param {HTMLElement} root */
  #listen(root) {
    let timer = 0;
    let isLong = false;
    root.addEventListener("pointerdown", ({ target }) => {
      const control = /** @type {HTMLElement} */ (target).closest("[data-act]");
      isLong = false;
      clearTimeout(timer);
      if (!(control instanceof HTMLElement)) return;
      const key = `terminal.act.${control.dataset.act}`;
      timer = window.setTimeout(() => {
        isLong = this.#known().includes(key);
        this.play(key);
      }, LONG_TOUCH_MS);
    });
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => clearTimeout(timer));
    root.addEventListener("click", (event) => isLong && event.stopImmediatePropagation(), true);
    root.addEventListener("contextmenu", (event) => event.preventDefault());
  }
}
