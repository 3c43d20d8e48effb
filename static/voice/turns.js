/**
 * Turns: two who can't hold a call speak one after the other, on the thread of a child and a parent. While it is open,
 * what arrives there plays by itself after a short tone, and then it is this end's turn to speak. What waited before is
 * left to a touch, as is what came while nobody saw the page, and what was sealed for an hour; nothing plays over a ring,
 * a recording or another message. Who reads, plays and records is the page's, and how it looks too: a thread on a phone, a
 * visit at a terminal, a call whose link carries no voice.
 */
import { Sounds } from "../call/sounds.js";
import { MINUTE, ms, now, SECOND } from "../core/time.js";

/** @typedef {import("./wire.js").From} From */
/** @typedef {import("./wire.js").Message} Message */
/**
 * `theirs`: something was said here, and the answer is awaited; `comes`: it is about to play; `plays`; `yours`: it was
 * heard, and this end speaks next.
 * @typedef {"rest" | "theirs" | "comes" | "plays" | "yours"} Turn
 * @typedef {{child_id: string, contact_id: string, end: From}} Between `end` is the one of this device
 */
/**
 * @typedef {object} Ways
 * @property {import("../net/live.js").Live} live
 * @property {() => unknown} read asks for the thread anew; what comes of it is given to `look`
 * @property {() => boolean} isFree nothing rings, is recorded or plays here
 * @property {(message: Message) => boolean} isHeard here, though the server may not know it yet
 * @property {(message: Message) => Promise<boolean>} play whether it was heard to its end; where the browser wants a
 *   touch first, after that touch
 * @property {() => void} redraw
 */

/** What is to be heard at once falls due when it has arrived; what comes later was meant for its own hour. */
const AT_ONCE_MS = MINUTE;
/** Hints come in bundles. */
const CALM_MS = SECOND / 2;
/** For so long an answer is waited for where nobody touches anything. */
const AWAITED_MS = 2 * MINUTE;
/** @type {[hertz: number, at_s: number, lasts_s: number, loudness: number][]} */
const TONE = [[587.33, 0, 0.35, 0.25], [880, 0.16, 0.5, 0.25]]; // prettier-ignore
const TONE_MS = 0.7 * SECOND;

/** The turns of these two, until `end`. @param {Between} between @param {Ways} ways */
export const takeTurns = (between, ways) => new Turns(between, ways);

export class Turns {
  /** @type {Turn} */
  turn = "rest";
  /** What was heard last: what is said now answers it. @type {Message | null} */
  heard = null;
  between;
  #ways;
  #since = -Infinity;
  /** Whatever stood in the thread before, or was played since. @type {Set<string> | null} */
  #known = null;
  /** What arrived and is still to be played, the oldest first. @type {Message[]} */
  #arrived = [];
  #sounds = new Sounds();
  #isOver = false;
  #timer = 0;
  #off;
  #unseen = () => {
    if (document.hidden) [this.#known, this.#arrived] = [null, []];
  };

  /** @param {Between} between @param {Ways} ways */
  constructor(between, ways) {
    this.between = between;
    this.#ways = ways;
    this.#off = ways.live.socket.on("hint", () => {
      this.#timer ||= window.setTimeout(() => ((this.#timer = 0), ways.read()), CALM_MS);
    });
    document.addEventListener("visibilitychange", this.#unseen);
  }

  end() {
    this.#isOver = true;
    this.#off();
    document.removeEventListener("visibilitychange", this.#unseen);
    clearTimeout(this.#timer);
  }

  /** Somebody spoke a short while ago: the other end may be answering. */
  get isAwaiting() {
    return this.turn !== "rest" && now() < this.#since + AWAITED_MS;
  }

  /** Something was said here. */
  said() {
    this.#go("theirs");
  }

  /** The thread as the server tells it. @param {Message[]} messages newest first */
  look(messages) {
    const theirs = messages.filter((message) => this.#isTheirs(message) && message.state !== "looked_at");
    const known = this.#known;
    this.#known = new Set([...(known ?? []), ...theirs.map(({ id }) => id)]);
    const arrived = known && !document.hidden ? arrivedIn(theirs, known).filter(isAtOnce).reverse() : [];
    const standing = new Map(theirs.map((message) => [message.id, message]));
    this.#arrived = [...this.#arrived, ...arrived].filter(({ id }) => {
      const message = standing.get(id);
      return message?.state === "due" && !this.#ways.isHeard(message); // not withdrawn, nor played by hand
    });
    this.tend();
  }

  /** Whatever waits plays as soon as it may: asked as often as the page is drawn. */
  tend() {
    if (this.#arrived.length) queueMicrotask(() => this.#next());
  }

  async #next() {
    const isBusy = this.turn === "comes" || this.turn === "plays";
    const [message] = this.#arrived;
    if (!message || isBusy || !this.#isFree) return;
    this.#go("comes");
    await this.#sound();
    const isStill = this.#arrived[0]?.id === message.id && this.#isFree;
    if (!isStill) return this.#isOver || this.#go("rest");
    this.#arrived.shift();
    this.#go("plays");
    const wasHeard = await this.#ways.play(message);
    if (this.#isOver) return;
    if (wasHeard) this.heard = message;
    this.#go(wasHeard ? "yours" : "rest");
    this.tend();
  }

  get #isFree() {
    return !this.#isOver && !document.hidden && this.#ways.isFree();
  }

  async #sound() {
    await this.#sounds.unlock(); // silent where the browser wants a touch first
    this.#sounds.play(TONE);
    await new Promise((done) => setTimeout(done, TONE_MS));
  }

  /** @param {Message} message */
  #isTheirs({ from, child_id, contact_id }) {
    const { between } = this;
    return from !== between.end && child_id === between.child_id && contact_id === between.contact_id;
  }

  /** @param {Turn} turn */
  #go(turn) {
    this.turn = turn;
    this.#since = now();
    this.#ways.redraw();
  }
}

/** Not what stands below all that is known: somebody turned a page back. @param {Message[]} messages newest first
 * @param {Set<string>} known @returns {Message[]} */
function arrivedIn(messages, known) {
  const oldest = messages.map(({ id }) => known.has(id)).lastIndexOf(true);
  return messages.filter(({ id }, place) => !known.has(id) && (oldest < 0 || place < oldest));
}

/** @param {Message} message */
const isAtOnce = ({ state, repeat, sent_at, deliver_at }) =>
  state === "due" && !repeat && ms(deliver_at) - ms(sent_at) < AT_ONCE_MS;
