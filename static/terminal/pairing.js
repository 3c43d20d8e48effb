/**
 * A terminal that is nobody's: it shows a code, a new one by itself when the old one is over, until a coordinator has
 * entered it at the desk. First it tries whether its key still opens the door.
 */
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { bindKey, canKeepKey, makeKey, renewToken } from "../net/device_key.js";
import { h, icon, scene, stateOf } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { forgetOld } from "../voice/outbox.js";
import { forgetAll } from "../voice/threads.js";

/** @typedef {import("../net/api.js").Api} Api */
/** @typedef {{device_code: string, user_code: string, expires_at: string, interval_seconds: number}} Shown */

const AGAIN_MS = 5 * SECOND;

sheet("pairing.css", import.meta.url);

export class Pairing {
  #api;
  #redraw;
  #done;
  /** @type {Shown | null} */
  #shown = null;
  /** Of all claims of one code: an answer that was lost is had again. */
  #key = "";
  #isReached = true;
  #canKeepKey = canKeepKey();

  /** @param {Api} api @param {{redraw: () => void, done: () => void}} options `done`: this is a terminal now */
  constructor(api, { redraw, done }) {
    this.#api = api;
    this.#redraw = redraw;
    this.#done = done;
  }

  async start() {
    if (!this.#canKeepKey) return;
    try {
      let isPaired = await this.#patiently(() => this.#renew());
      if (!isPaired) await Promise.all([forgetAll(), forgetOld("")]); // what was fetched ahead is no terminal's now
      while (!isPaired) isPaired = await this.#patiently(() => this.#next());
      this.#done();
    } catch (error) {
      this.#canKeepKey = false; // storage is full or forbidden
      this.#redraw();
      throw error;
    }
  }

  /** The same again until the server has answered: a key that may still open the door is not thrown away.
   * @param {() => Promise<boolean>} step whether this is a terminal now */
  async #patiently(step) {
    for (;;) {
      try {
        const isPaired = await step();
        this.#isReached = true;
        this.#redraw();
        return isPaired;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.#miss();
        await pause(error.retry_ms ?? AGAIN_MS);
      }
    }
  }

  #miss() {
    this.#isReached = false;
    this.#redraw();
  }

  async #renew() {
    try {
      return await renewToken(this.#api);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return false;
      throw error;
    }
  }

  #next() {
    return this.#shown ? this.#claim(this.#shown) : this.#begin();
  }

  async #begin() {
    const public_key = await makeKey();
    this.#key = newKey();
    this.#shown = await this.#api.command("/api/pairing", { public_key }, { onwait: () => this.#miss() });
    return false;
  }

  /** @param {Shown} shown */
  async #claim({ device_code, interval_seconds }) {
    await pause(interval_seconds * SECOND);
    const { state } = await this.#api.command("/api/pairing/claim", { device_code }, { key: this.#key });
    if (state === "gone") this.#shown = null;
    if (state !== "paired") return false;
    const { terminal } = await this.#api.get("/api/now");
    await bindKey(terminal.device);
    return true;
  }

  screen() {
    if (!this.#canKeepKey)
      return frame(stateOf("error", t("terminal.pairing_insecure"), t("terminal.pairing_insecure_text")));
    if (!this.#shown) {
      const isOut = !this.#isReached;
      return frame(stateOf(isOut ? "offline" : "loading", t(isOut ? "common.cannot_reach" : "common.loading")));
    }
    const { user_code } = this.#shown;
    const groups = [user_code.slice(0, 4), user_code.slice(4)];
    return frame(
      scene("scene-homes", "pairing__art"),
      h("h1", { class: "pairing__title" }, icon("terminal"), t("terminal.pairing_title")),
      h(
        "p",
        { class: "pairing__code", "data-code": user_code, "aria-label": user_code.split("").join(" ") },
        groups.map((group) => h("span", {}, group)),
      ),
      h("p", { class: "pairing__text" }, t(this.#isReached ? "terminal.pairing_text" : "common.cannot_reach")),
    );
  }
}

/** @param {number} pause_ms */
const pause = (pause_ms) => new Promise((resolve) => setTimeout(resolve, pause_ms));

/** @param {import("../ui/dom.js").Child[]} parts */
const frame = (...parts) => h("section", { class: "screen terminal-state pairing" }, parts);
