/**
 * Who calls, said between the bars of the ring for those who can't read: in the caller's own voice where they recorded
 * it, else by the ring's own sentence. What was recorded comes when the call opens, once, sealed as all that is fetched
 * ahead, and stays until they say it anew. It is said while this terminal rings for their family, and never else.
 */
import { isOpen } from "../core/rings.js";
import { MINUTE, now, SECOND } from "../core/time.js";
import * as cache from "../voice/cache.js";
import { StoreError } from "../voice/store.js";

/** @typedef {import("../core/wire.js").Call} Call */

const SENTENCE = "terminal.screen.ring";
/** What a player names that plays a caller's voice. */
const NAME = "recorded_name";
const [LOOK_MS, AGAIN_MS] = [20 * SECOND, MINUTE];
/** Of who hasn't called for so long nothing stays. */
const OLDEST_MS = 30 * 24 * 60 * MINUTE;
/** A voice, and two bars of the ring. */
const EVERY_BARS = 3;

export class RingVoice {
  /** By address, of the calls that are open. @type {Map<string, Blob>} */
  #here = new Map();
  /** When it was asked for. @type {Map<string, number>} */
  #asked = new Map();
  /** The bar instead of which somebody speaks. */
  #due = 1;
  /** The ring's sentence follows the name. */
  #owesSentence = false;
  #isTidy = false;
  #live;
  #calling;
  #prompts;
  #main;

  /** @param {import("../net/live.js").Live} live @param {import("../ui/calling.js").Calling} calling
   * @param {import("../ui/prompt.js").Prompts} prompts @param {HTMLElement} main */
  constructor(live, calling, prompts, main) {
    this.#live = live;
    this.#calling = calling;
    this.#prompts = prompts;
    this.#main = main;
    calling.between = (bar) => this.#between(bar);
    prompts.waits = (key) => key === SENTENCE && (this.#owesSentence = Boolean(this.#own));
    live.subscribe(() => this.#look());
    setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  /** The voice of whoever calls now, where it is here. */
  get #own() {
    return this.#here.get(this.#calling.ringing?.parent.recorded_name ?? "");
  }

  /** The first bar is always the ring's: then one knows that it is a call. @param {number} bar */
  #between(bar) {
    if (!bar) this.#due = this.#own ? 1 : 2; // the sentence has just been said
    if (!bar || this.#main.dataset.screen !== "ring") return false;
    if (this.#prompts.isSounding) this.#due = bar + EVERY_BARS;
    else if (bar >= this.#due) return this.#speak(bar);
    return this.#prompts.isSounding;
  }

  /** @param {number} bar @returns {boolean} whether there is something to say */
  #speak(bar) {
    const own = this.#own;
    if (!own && !this.#prompts.has(SENTENCE)) return false;
    this.#due = bar + EVERY_BARS;
    const said = own ? this.#prompts.voice(own, NAME, this.#owesSentence ? SENTENCE : "") : this.#prompts.say(SENTENCE);
    this.#owesSentence = false;
    said.then((isHeard) => isHeard || (this.#due = Infinity)); // this browser wants a touch first: the tones go on
    return true;
  }

  /** Brings what the calls that are open need; while somebody talks the link is theirs. */
  #look() {
    const { now: known, reach } = this.#live.view;
    if (!known || reach !== "online" || this.#calling.seat?.isHere) return;
    const open = known.calls.filter((call) => isOpen(call, now()));
    const wanted = new Set(open.map(({ parent }) => parent.recorded_name));
    for (const url of this.#here.keys()) if (!wanted.has(url)) this.#here.delete(url);
    for (const call of open) this.#bring(call).catch(told);
    if (!this.#isTidy) this.#tidy().catch(told);
    this.#isTidy = true;
  }

  /** @param {Call} call */
  async #bring({ family, parent }) {
    const url = parent.recorded_name;
    if (!url || this.#here.has(url) || now() < (this.#asked.get(url) ?? 0) + AGAIN_MS) return;
    this.#asked.set(url, now());
    const [of, name] = [`${cache.CALLER}${parent.id}/`, `${cache.CALLER}${parent.id}/${url.split("/").pop()}`];
    const kept = await cache.find(name).catch(told);
    const blob = kept ?? (await fetched(url));
    if (!blob) return;
    this.#here.set(url, blob);
    if (!globalThis.crypto?.subtle) return; // over plain http nothing can be sealed
    await cache.keep(name, blob, { family_id: family.id, mime: blob.type });
    for (const old of await cache.names()) if (old.startsWith(of) && old !== name) await cache.forget(old);
  }

  async #tidy() {
    for (const { message_id, at } of await cache.list()) {
      if (message_id.startsWith(cache.CALLER) && at < Date.now() - OLDEST_MS) await cache.forget(message_id);
    }
  }
}

/** @param {string} url @returns {Promise<Blob | null>} null where it can't be had now */
async function fetched(url) {
  try {
    const answer = await fetch(url, { headers: { "Homethread-Face": "terminal" }, cache: "no-store" });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null; // without a network it is asked for again
  }
}

/** @param {unknown} error what is no trouble of the storage is thrown on */
function told(error) {
  if (!(error instanceof StoreError)) throw error;
  console.info("a caller's voice is not kept:", error.message);
  return null;
}
