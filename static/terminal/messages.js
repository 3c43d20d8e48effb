/**
 * A family's voice messages at the terminal: what waits, and what was heard already. A touch plays one at once, from here
 * or as soon as it has come; what waits after it plays by itself. A ring halts it. Heard is what was played to its end.
 * How it looks is `messages_view.js`.
 */
import { t } from "../core/texts.js";
import { now, SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { play, RATES } from "../voice/play.js";
import { styled as voiceStyled } from "../voice/recorder_ui.js";
import * as threads from "../voice/threads.js";
import { albumScreen, messageScreen, waitingMessage } from "./messages_view.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../voice/wire.js").Message} Message */
/** @typedef {import("./carrying.js").Carrying} Carrying */
/** @typedef {import("./family.js").Look} Look */
/** @typedef {import("./waiting.js").Hooks} Hooks */
/** @typedef {import("./waiting.js").Thing} Thing */
/**
 * `starting` is too short to be shown; `coming`: it is fetched, or the link is away; `touch`: the browser wants one before it plays; `broken`: it can't be
 * played here; `turning`: the next one comes by itself.
 * @typedef {"starting" | "coming" | "playing" | "paused" | "touch" | "broken" | "turning" | "over"} Phase
 */

export const styled = Promise.all([voiceStyled, sheet("messages.css", import.meta.url)]);

const READ_AGAIN_MS = 60 * SECOND;
const LEAST_PAUSE_MS = 2 * SECOND;
const AFTER_TROUBLE_MS = 5 * SECOND;
const TURNING_MS = 1.4 * SECOND;
const SHOWN_COMING_MS = SECOND / 2;
/** The family's that is there. @type {Messages | null} */
let current = null;

const main = /** @type {HTMLElement} */ (document.getElementById("app"));
/** A ring halts the playing, whatever else comes ends it. */
new MutationObserver(() => {
  const { screen = "" } = main.dataset;
  if (screen === "ring") current?.halt();
  else if (!screen.startsWith("message")) current?.hush();
}).observe(main, { attributeFilter: ["data-screen"] });

/** What of it is a screen of its own, which says something: nothing is heard there. @type {Partial<Record<Phase, string>>} */
const SAYING = { over: "message-over", coming: "message-coming", broken: "message-broken" };

export class Messages {
  /** @type {Phase} */
  phase = "starting";
  /** How far it has come, or was played. */
  part = 0;
  rate = 1;
  /** @type {Message | null} */
  message = null;
  /** The address of the picture that goes with it, once it is here. */
  photo = "";
  #carrying;
  #familyId;
  #hooks;
  /** @type {import("../voice/play.js").Playing | null} */
  #playing = null;
  #timer = 0;
  /** Ends what is waited for. */
  #end = new AbortController();
  #isAsking = false;
  #isInTrouble = false;
  #asked_at = -Infinity;
  /** What the server had said when it was asked last. */
  #told = "";
  /** Who waits for the end of a turn: whether it was heard. @type {((wasHeard: boolean) => void) | null} */
  #turned = null;

  /** @param {Carrying} carrying @param {string} familyId @param {Hooks} hooks */
  constructor(carrying, familyId, hooks) {
    this.#carrying = carrying;
    this.#familyId = familyId;
    this.#hooks = hooks;
    current?.hush();
    current = this;
  }

  /** Asks for what is new, as often as the page is drawn. @param {Family} whose */
  async tend(whose) {
    const { ahead } = this.#carrying;
    const told = `${whose.messages_waiting} ${ahead.hints}`;
    const pause_ms = this.#told === told ? READ_AGAIN_MS : this.#isInTrouble ? AFTER_TROUBLE_MS : LEAST_PAUSE_MS;
    if (this.#isAsking || now() < this.#asked_at + pause_ms) return;
    this.#isAsking = true;
    this.#asked_at = now();
    try {
      await ahead.readNow(whose);
      this.#isInTrouble = false;
      this.#told = told;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#isInTrouble = true; // what is known stands
      if (error.status) this.#told = told;
    } finally {
      this.#isAsking = false;
      this.#hooks.redraw();
    }
  }

  /** What waits, for the family's page. @param {Family} whose @returns {Thing[]} */
  things(whose) {
    if (!threads.threadOf(this.#familyId)) {
      const count = whose.messages_waiting ?? 0;
      return count ? [{ id: "", at: "", count, show: (more) => waitingMessage(whose, null, more), open: () => this.open("") }] : [];
    }
    return threads.waiting(this.#familyId, now()).map((message) => ({
      id: message.id,
      at: message.deliver_at,
      count: 1,
      show: (/** @type {number} */ more) => waitingMessage(whose, message, more),
      open: () => this.open(message.id),
    }));
  }

  /** Of both ends, the newest first; sealed ones are not of these yet. */
  get heardOrSaid() {
    const at = now();
    return (threads.threadOf(this.#familyId) ?? []).filter(
      (message) => ["due", "sealed"].includes(message.state) && threads.isOpen(message, at) && !threads.isUnheard(message),
    );
  }

  /** @param {string} act @param {DOMStringMap} named */
  touch(act, { messageId }) {
    if (act === "open") return this.open(messageId ?? "");
    if (act === "album") return this.#hooks.show("messages");
    if (act === "again") return this.#begin();
    if (act === "pause") return this.#pauseOrGoOn();
    if (act === "slower") return this.#pace(-1);
    if (act === "faster") return this.#pace(1);
    if (act === "next") return this.#hooks.next(this.message?.id ?? "");
    const { message } = this;
    this.hush();
    if (act === "answer" && message) return this.#hooks.speak(message.child_id, message.contact_id, message.id);
    this.#hooks.home();
  }

  /** The open one, or all; null where it is gone. @param {"message" | "messages"} page @param {Family} whose
   * @param {Look} look @returns {[name: string, tree: HTMLElement] | null} */
  screen(page, whose, look) {
    this.tend(whose);
    const said = page === "messages" ? this.heardOrSaid : [];
    if (said.length) return ["messages", albumScreen(whose, said, look)];
    if (page === "messages") return null; // nobody is asked to touch a picture where there is none
    const message = this.#standing;
    if (!message) return null;
    if (["starting", "playing", "coming", "turning"].includes(this.phase)) this.#hooks.stay();
    const name = SAYING[this.phase] ?? "message";
    return [name, messageScreen(this, whose, message, this.#hooks.hasNext(message.id), look)];
  }

  /** Opens and plays one that has just arrived. @param {string} id
   * @returns {Promise<boolean>} when it is over, or somebody left it: whether it was heard to its end */
  playTurn(id) {
    void this.open(id);
    return new Promise((over) => (this.#turned = over));
  }

  /** Until somebody touches it again. */
  halt() {
    if (!this.message || this.phase === "over" || this.phase === "broken") return;
    if (this.#playing) this.#playing.pause();
    else this.#silence();
    this.#go("paused", this.part);
  }

  /** Silence, and nothing is waited for. */
  hush() {
    this.#silence();
    this.#overTurn(false);
  }

  /** @param {boolean} wasHeard */
  #overTurn(wasHeard) {
    this.#turned?.(wasHeard);
    this.#turned = null;
  }

  #silence() {
    clearTimeout(this.#timer);
    this.#end.abort();
    this.#playing?.stop();
    this.#playing = null;
    URL.revokeObjectURL(this.photo);
    this.photo = "";
  }

  /** @param {string} id of a message; "" the first that waits */
  async open(id) {
    this.hush();
    if (!id && !threads.threadOf(this.#familyId)) return toast("info", t("common.trying_again"));
    const message = this.#thread.find((one) => one.id === id) ?? threads.waiting(this.#familyId, now())[0];
    if (!message) return;
    this.message = message;
    this.#hooks.show("message");
    await this.#begin();
  }

  get #thread() {
    return threads.threadOf(this.#familyId) ?? [];
  }

  /** As it is now: withdrawn, it is gone. */
  get #standing() {
    const standing = this.#thread.find(({ id }) => id === this.message?.id) ?? null;
    if (!standing && this.message) this.hush();
    return (this.message = standing);
  }

  /** From its beginning. */
  async #begin() {
    const { message } = this;
    if (!message) return;
    this.#silence();
    const { signal } = (this.#end = new AbortController());
    this.#go("starting", 0);
    this.#timer = window.setTimeout(() => this.#go("coming", this.part), SHOWN_COMING_MS);
    const moved = (/** @type {number} */ part) => signal.aborted || this.#go(this.phase, part);
    if (message.photo) void this.#show(message, signal);
    try {
      const blob = await this.#carrying.ahead.recording(message, this.#familyId, moved, signal);
      if (!signal.aborted) this.#play(blob);
    } catch (error) {
      clearTimeout(this.#timer);
      if (!(error instanceof ApiError)) throw error;
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Without it the message is heard all the same. @param {Message} message @param {AbortSignal} signal */
  async #show(message, signal) {
    const picture = await this.#carrying.ahead.photo(message, this.#familyId, signal).catch((error) => {
      if (!(error instanceof ApiError)) throw error;
    });
    if (!picture || signal.aborted) return;
    this.photo = URL.createObjectURL(picture);
    this.#hooks.redraw();
  }

  /** It comes when it can. @param {ApiError} error */
  #fail({ status, code }) {
    this.#go("coming", this.part);
    if (status === 404) this.#isGone();
    else if (status && status < 500 && code !== "rendition_later") this.#go("broken", 0);
    else {
      this.#timer = window.setTimeout(() => this.#begin(), AFTER_TROUBLE_MS);
      addEventListener("online", () => this.#begin(), { signal: this.#end.signal });
    }
  }

  /** The thread says so too, when it is read anew. */
  #isGone() {
    this.#asked_at = -Infinity;
    this.#told = "";
    this.#hooks.redraw();
  }

  /** @param {Blob} blob */
  #play(blob) {
    clearTimeout(this.#timer);
    this.#playing = play(blob, {
      rate: this.rate,
      onTick: (part) => this.phase === "playing" && this.#go("playing", part),
      onEnd: () => this.#ended(),
      onFail: () => this.#go("broken", 0),
    });
    this.#go("playing", 0);
    this.#playing.started.catch((error) => {
      if (error.name === "NotAllowedError") this.#go("touch", 0);
    });
  }

  #ended() {
    const { message } = this;
    this.#playing = null;
    if (!message) return;
    const wasNew = threads.isUnheard(message);
    if (wasNew) void this.#carrying.heard(message.id);
    const isTurn = this.#turned !== null;
    const goesOn = wasNew && !isTurn && this.#hooks.hasNext(message.id);
    this.#go(goesOn ? "turning" : "over", 1);
    if (isTurn) this.#timer = window.setTimeout(() => this.#overTurn(true), TURNING_MS);
    else if (goesOn) this.#timer = window.setTimeout(() => this.#hooks.next(message.id), TURNING_MS);
    else this.#hooks.stay();
  }

  #pauseOrGoOn() {
    const isHalted = this.phase === "paused" && !this.#playing;
    if (isHalted || this.phase === "over" || this.phase === "broken") return void this.#begin();
    if (!this.#playing) return;
    const isPaused = this.#playing.isPaused();
    if (isPaused) this.#playing.goOn();
    else this.#playing.pause();
    this.#go(isPaused ? "playing" : "paused", this.part);
  }

  /** @param {number} step */
  #pace(step) {
    const place = Math.max(0, Math.min(RATES.length - 1, RATES.indexOf(this.rate) + step));
    this.rate = RATES[place];
    this.#playing?.setRate(this.rate);
    this.#hooks.redraw();
  }

  /** @param {Phase} phase @param {number} part */
  #go(phase, part) {
    this.phase = phase;
    this.part = part;
    this.#hooks.redraw();
  }
}
