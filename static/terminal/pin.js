/**
 * Four of twelve pictures before a family's page: tried, and set twice the same. Places never change, for children
 * remember them; how often one may try is the server's to say, here it is only shown, and said aloud.
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
/** What is said where a stage comes; the screen itself says the first. */
const SAID = { try: "terminal.screen.pin", current: "terminal.pin.current", new: "terminal.pin.new", again: "terminal.pin.again" };

export const styled = sheet("pin.css", import.meta.url);

/** What the server was told of the visit. */
let told = { isThere: false, at: 0 };

/** Tells that the family is still there, now and then, or at once that it has left.
 * @param {import("../net/live.js").Live} live @param {boolean} isThere @param {number} touched_at @param {number} at */
export function tellVisit(live, isThere, touched_at, at) {
  const isTold = isThere ? touched_at < told.at + MINUTE : at < told.at + TOLD_AGAIN_MS;
  if (told.isThere === isThere && isTold) return;
  told = { isThere, at };
  // Whoever comes next may be quicker than the server.
  if (!isThere) for (const family of live.view.now?.families ?? []) family.locked ||= Boolean(family.has_pin);
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
  /** What the pad says, also twice in a row. */
  #said = { key: "", turn: 0 };

  /** @param {import("../net/live.js").Live} live @param {Family} family @param {"open" | "set"} what
   * @param {{redraw: () => void, done: () => void}} options `done`: the family is in */
  constructor(live, family, what, { redraw, done }) {
    this.#live = live;
    this.familyId = family.id;
    this.#stages = what === "open" ? ["try"] : family.has_pin ? ["current", "new", "again"] : ["new", "again"];
    this.#isBlocked = Boolean(family.blocked);
    if (this.#isBlocked) this.#say("error.pin_blocked");
    else if (what === "set") this.#say(SAID[this.#stages[0]]);
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
    else if (stage !== "again") this.#say(SAID[this.#stages[++this.#stage]]);
    else if (String(fresh) === String(chosen)) {
      await this.#send("pin", { pictures: chosen, ...(current && { current }) });
    } else this.#back(this.#stages.indexOf("new"), "terminal.pin.unlike");
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
    else if (code !== "wrong_pictures" && code !== "pin_wait") return toast("bad", sentence(error)), this.#back(0);
    this.#back(0, this.#isBlocked ? "error.pin_blocked" : this.#wait ? "terminal.pin.sand" : "terminal.pin.wrong");
  }

  /** @param {number} stage @param {string} [key] */
  #back(stage, key) {
    if (key) this.#say(key);
    this.#stage = stage;
    this.#shaken_at = performance.now();
    setTimeout(() => this.#redraw(), SHAKE_MS);
  }

  /** @param {string} key */
  #say(key) {
    this.#said = { key, turn: this.#said.turn + 1 };
  }

  /** @param {Family} family @param {number} at */
  screen(family, at) {
    if (this.#wait && at >= this.#wait.until) this.#wait = null, this.#say(SAID.try);
    const stage = this.#stages[this.#stage];
    const { key, turn } = this.#said;
    const said = h("span", { hidden: true, "data-says": key || null, "data-key": `said ${turn}` });
    const body = this.#isBlocked ? blocked() : this.#wait ? hourglass(this.#wait, at) : this.#pad(stage);
    const state = this.#isBlocked ? "blocked" : this.#wait ? "waiting" : stage;
    return h("section", { class: "screen pin", "data-state": state }, familyBar(family), said, body);
  }

  /** The last four were others, and nothing has been touched since. */
  get #hasFailed() {
    return ["terminal.pin.wrong", "terminal.pin.unlike"].includes(this.#said.key) && !this.#chosen.length;
  }

  /** @param {Stage} stage */
  #pad(stage) {
    const isShaking = performance.now() - this.#shaken_at < SHAKE_MS;
    return [
      h(
        "button",
        { class: "pin__dots", type: "button", "data-act": "pin-undo", "data-shake": isShaking && "true",
          "aria-label": t("terminal.act.pin-undo") }, // prettier-ignore
        h("span", { class: "pin__hint" }, icon(this.#isBusy ? "hourglass" : HINTS[stage])),
        Array.from({ length: LENGTH }, (_, place) =>
          h("span", { class: "pin__dot", "data-full": place < this.#chosen.length && "true" }),
        ),
      ),
      h("p", { class: "pin__text", role: "status" }, t(this.#hasFailed ? this.#said.key : `terminal.pin.${stage}`)),
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
