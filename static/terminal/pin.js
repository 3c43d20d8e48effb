/**
 * Four of twelve pictures before a family's page: tried, and set twice the same. Places never change, for children
 * remember them; how often one may try is the server's to say, here it is only shown.
 */
import { t } from "../core/texts.js";
import { MINUTE, now, SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { emblem, emblemName, h, icon, parts, sentence, toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { familyBar } from "./family.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {"try" | "current" | "new" | "again"} Stage */

const PICTURES = [
  "fish", "boat", "bird", "flower", "tree", "star",
  "cloud", "drum", "umbrella", "teapot", "cat", "ox",
]; // prettier-ignore
const LENGTH = 4;
const SHAKE_MS = 600;
const TOLD_AGAIN_MS = 5 * SECOND;
const HINTS = { try: "lock", current: "lock", new: "lock", again: "move" };

export const styled = sheet("pin.css", import.meta.url);

/** What the server was told of the visit. */
let told = { isThere: false, at: 0 };

/** Tells that the family is still there, now and then, or at once that it has left.
 * @param {import("../net/live.js").Live} live @param {boolean} isThere @param {number} touched_at @param {number} at */
export function tellVisit(live, isThere, touched_at, at) {
  const isTold = isThere ? touched_at < told.at + MINUTE : at < told.at + TOLD_AGAIN_MS;
  if (told.isThere === isThere && isTold) return;
  told = { isThere, at };
  live.api
    .command(isThere ? "/api/visit/stay" : "/api/visit/end")
    .then(() => live.refresh())
    .catch(() => {}); // it runs out by itself
}

export class PinPad {
  #live;
  #redraw;
  #done;
  /** @type {Stage[]} */
  #stages;
  #stage = 0;
  /** @type {string[]} */
  #chosen = [];
  /** What was chosen at the stages before. @type {Partial<Record<Stage, string[]>>} */
  #known = {};
  /** @type {{from: number, until: number} | null} */
  #wait = null;
  #isBlocked;
  #isBusy = false;
  #shaken_at = -Infinity;

  /** @param {import("../net/live.js").Live} live @param {Family} family @param {"open" | "set"} what
   * @param {{redraw: () => void, done: () => void}} options `done`: the family is in */
  constructor(live, family, what, { redraw, done }) {
    this.#live = live;
    this.familyId = family.id;
    this.#stages = what === "open" ? ["try"] : family.has_pin ? ["current", "new", "again"] : ["new", "again"];
    this.#isBlocked = Boolean(family.blocked);
    this.#redraw = redraw;
    this.#done = done;
  }

  /** @param {string} picture */
  async choose(picture) {
    if (this.#isBusy) return;
    this.#chosen = [...this.#chosen, picture];
    this.#isBusy = this.#chosen.length === LENGTH;
    this.#redraw();
    if (!this.#isBusy) return;
    await this.#full(this.#chosen);
    this.#isBusy = false;
    this.#chosen = [];
    this.#redraw();
  }

  undo() {
    if (!this.#isBusy) this.#chosen = this.#chosen.slice(0, -1);
    this.#redraw();
  }

  /** @param {string[]} chosen */
  async #full(chosen) {
    const stage = this.#stages[this.#stage];
    this.#known[stage] = chosen;
    const { current, new: fresh } = this.#known;
    await new Promise((resolve) => setTimeout(resolve, SECOND / 4)); // the fourth is seen
    if (stage === "try") await this.#send("visit", { pictures: chosen });
    else if (stage !== "again") this.#stage += 1;
    else if (String(fresh) === String(chosen)) {
      await this.#send("pin", { pictures: chosen, ...(current && { current }) });
    } else this.#back(this.#stages.indexOf("new"));
  }

  /** @param {string} path @param {object} body */
  async #send(path, body) {
    try {
      await this.#live.api.command(`/api/families/${this.familyId}/${path}`, body);
      await this.#live.refresh();
      this.#done();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await this.#refused(error);
    }
  }

  /** @param {ApiError} error */
  async #refused(error) {
    const { code, detail } = error;
    const wait_ms = (detail.wait_seconds ?? 0) * SECOND;
    if (wait_ms) this.#wait = { from: now(), until: now() + wait_ms };
    if (code === "pin_blocked") this.#isBlocked = true;
    else if (code !== "wrong_pictures" && code !== "pin_wait") toast("bad", sentence(error));
    this.#back(0);
  }

  /** @param {number} stage */
  #back(stage) {
    this.#stage = stage;
    this.#shaken_at = performance.now();
    setTimeout(() => this.#redraw(), SHAKE_MS);
  }

  /** @param {Family} family @param {number} at */
  screen(family, at) {
    if (this.#wait && at >= this.#wait.until) this.#wait = null;
    const stage = this.#stages[this.#stage];
    const body = this.#isBlocked ? blocked() : this.#wait ? hourglass(this.#wait, at) : this.#pad(stage);
    const state = this.#isBlocked ? "blocked" : this.#wait ? "waiting" : stage;
    return h("section", { class: "screen pin", "data-state": state }, familyBar(family), body);
  }

  /** @param {Stage} stage */
  #pad(stage) {
    const isShaking = performance.now() - this.#shaken_at < SHAKE_MS;
    return [
      h(
        "button",
        { class: "pin__dots", type: "button", "data-act": "pin-undo", "data-shake": isShaking && "true",
          "aria-label": t("terminal.act.pin-undo") }, // prettier-ignore
        h("span", { class: "pin__hint" }, icon(HINTS[stage])),
        Array.from({ length: LENGTH }, (_, place) =>
          h("span", { class: "pin__dot", "data-full": place < this.#chosen.length && "true" }),
        ),
      ),
      h("p", { class: "pin__text" }, t(`terminal.pin.${stage}`)),
      h("div", { class: "pin__grid", "aria-busy": this.#isBusy && "true" }, PICTURES.map(tile)),
    ];
  }
}

/** @param {string} picture */
function tile(picture) {
  const name = emblemName(picture);
  return h(
    "button",
    { class: "pin__tile", type: "button", "data-act": "pin", "data-picture": picture, "aria-label": name },
    emblem(picture),
  );
}

/** The sand runs while nobody may try. @param {{from: number, until: number}} wait @param {number} at */
function hourglass({ from, until }, at) {
  const part = Math.round(((until - at) / (until - from)) * 50) / 50;
  const seconds = Math.ceil((until - at) / SECOND);
  return h(
    "div",
    { class: "pin__wait", role: "status" },
    parts(h("span", { class: "pin__glass" }, icon("hourglass")), { part }),
    h("p", { class: "pin__text" }, t("terminal.pin.wait", { seconds })),
  );
}

/** Somebody of the desk opens it again. */
const blocked = () =>
  h(
    "div",
    { class: "pin__wait", role: "status" },
    h("span", { class: "pin__ask" }, icon("person"), icon("lock")),
    h("p", { class: "pin__text" }, t("terminal.pin.blocked")),
  );
