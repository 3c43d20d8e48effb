/** For the coordinator: a long touch of the upper corner, where nobody's family is, opens the self-test. */
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { toast, withWords } from "../ui/dom.js";

const PRESSED_MS = 2.5 * SECOND;
const CORNER_PX = 90;
const SCREENS = ["idle", "pairing"];

export class Corner {
  /** @type {import("./self_test.js").SelfTest | null} */
  #test = null;
  #timer = 0;
  #live;
  #main;
  #acts;
  #redraw;

  /** @param {import("../net/live.js").Live} live @param {HTMLElement} main @param {import("../ui/dom.js").Acts} acts what
   * touches do, to which those of the test are added @param {() => void} redraw */
  constructor(live, main, acts, redraw) {
    this.#live = live;
    this.#main = main;
    this.#acts = acts;
    this.#redraw = redraw;
    addEventListener("pointerdown", (touch) => this.#press(touch));
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => clearTimeout(this.#timer));
  }

  /** What stands there once it is opened; a call comes first. @param {boolean} isCalled */
  screen(isCalled) {
    if (isCalled) this.#close();
    return this.#test?.screen() ?? null;
  }

  /** @param {PointerEvent} touch */
  #press({ clientX, clientY }) {
    clearTimeout(this.#timer);
    if (Math.max(clientX, clientY) > CORNER_PX || !SCREENS.includes(this.#main.dataset.screen ?? "")) return;
    this.#timer = window.setTimeout(() => this.#open().catch(() => toast("bad", t("common.offline"))), PRESSED_MS);
  }

  async #open() {
    const parts = await withWords(import("./self_test.js"), "terminal.act.test", "terminal.test");
    await parts.styled;
    const close = () => {
      this.#close();
      this.#redraw();
    };
    this.#test ??= new parts.SelfTest(this.#live, { redraw: this.#redraw, close });
    Object.assign(this.#acts, this.#test.acts);
    this.#redraw();
  }

  #close() {
    this.#test?.close();
    this.#test = null;
  }
}
