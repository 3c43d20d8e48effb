/**
 * How fast the pieces of a photo go, and what the pace at which they came tells of the link. They leave the voice its
 * room: a piece waits for a pause. Beside somebody who makes none no photo would ever go fast enough to tell anything;
 * then one of each pace goes beside the voice, and what came of both is what the link carries.
 */
import { AROUND_BYTES } from "./pieces.js";

/** The first tells whether a picture may go beside a voice that goes twice: see the picker. */
const PACE_KBPS = { first: 40, least: 4, most: 128 };
/** Enough to tell that a moving picture has room: see the picker. */
const BESIDE_KBPS = 64;
/** Of waiting for pauses within one photo: there are too few. */
const CROWDED_MS = 5_000;
/** Until one came slower than it went; after that every try to go faster than that may be a queue again. */
const FASTER_BY = { first: 1.6, then: 1.1 };
/** Of the pace at which they came where they came slower than they went: what had queued must drain. */
const SLOWER_BY = 0.8;
/** As fast as asked for, but for the clock's grain. */
const KEPT_UP = 0.9;
/** Of what came beside a voice together with it: the two were not counted at the same end. That tells a link for the
 * voice alone from one for both, but not what more it carries. */
const SURE = 0.9;
/** Times the pace of those that waited: of what comes with one of them, where the one between was lost. */
const WAITED = 2;
/** While this end speaks a piece waits for a pause, which there may not be where it is never still; or for as long as it
 * takes beside the voice on a link that is known to carry both. */
const PAUSE_MS = { look: 250, stale: 800, most: 3_000 }; // a look back over two packets of the longest
/** IPv4, UDP and SRTP's tag around a packet of the voice. */
const AROUND_VOICE_BYTES = 38;
/** Of what the voice leaves. */
const TAKES = 0.7;
/** What goes while nobody speaks is far less, what goes while somebody does far more. */
const SPEAKS_KBPS = 5;

export class Pace {
  /** What the link is known to carry; 0: the last photo didn't arrive; null: none has told yet.
   * @type {number | null} */
  drain_kbps = null;
  #kbps = PACE_KBPS.first;
  /** How fast the pieces of the last one really went, which may be far below the pace. @type {number[]} */
  #poured_kbps = [];
  #went_ms = 0;
  #voice;
  /** The most since one came slower than it went; less for each not told of. */
  #carries_kbps = 0;
  #hasQueued = false;
  /** The last one that waited for pauses found too few. */
  #isCrowded = false;
  #waited_ms = 0;
  /** The last one waits for no more of them. */
  #isBeside = false;
  /** The fastest of those that has told. */
  #beside_kbps = 0;
  /** What had gone of the voice before each piece of such a one. @type {Count[]} */
  #counts = [];

  /** @param {RTCRtpSender} [voice] beside which they go */
  constructor(voice) {
    this.#voice = new Voice(voice);
  }

  /** No more of them for now. */
  forget() {
    [this.drain_kbps, this.#kbps, this.#poured_kbps] = [null, PACE_KBPS.first, []];
    [this.#hasQueued, this.#isCrowded, this.#beside_kbps] = [false, false, 0];
  }

  /** Another photo. */
  begin() {
    [this.#poured_kbps, this.#went_ms, this.#waited_ms, this.#counts] = [[], 0, 0, []];
    this.#isBeside = false;
    if (this.#isCrowded) this.#goBeside();
  }

  #goBeside() {
    const isNew = this.#kbps > this.#beside_kbps && this.#kbps <= BESIDE_KBPS;
    if (isNew && !this.#hasQueued) this.#isBeside = this.#isCrowded = true;
  }

  /** Until a piece of so many bytes may go. @param {number} bytes */
  async leaves(bytes) {
    if (this.#isBeside) return void this.#counts.push(await this.#voice.count());
    const since_ms = performance.now();
    await this.#voice.leaves(bitsOf(bytes), this.#carries_kbps);
    this.#waited_ms += performance.now() - since_ms;
    if (this.#waited_ms >= CROWDED_MS) this.#goBeside();
  }

  /** @param {number} bytes @returns {number} for how many ms the next piece waits */
  went(bytes) {
    const now_ms = performance.now();
    if (this.#went_ms) this.#poured_kbps.push(bitsOf(bytes) / Math.max(1, now_ms - this.#went_ms));
    this.#went_ms = now_ms;
    return bitsOf(bytes) / this.#kbps;
  }

  /** The last photo came, its pieces so fast. @param {number} kbps */
  told(kbps) {
    const { middle_kbps, low_kbps, hasTried } = this.#poured();
    const hasKeptUp = kbps >= middle_kbps * KEPT_UP;
    // about as slow as those that waited for a voice: their neighbours may have been lost, so that tells nothing
    const hasWaited = kbps >= low_kbps * KEPT_UP && kbps <= low_kbps * WAITED;
    if (!kbps || (!hasKeptUp && hasWaited)) return;
    this.#hasQueued ||= !hasKeptUp;
    if (this.#isBeside && (hasTried || !hasKeptUp)) this.#beside_kbps = this.#kbps;
    // one that went slowly, beside a voice, and kept up says nothing against what is known, and nothing for more
    const tried_kbps = hasTried ? this.#kbps : Math.min(this.#kbps, PACE_KBPS.first);
    const both_kbps = Math.min(PACE_KBPS.first, (kbps + this.#voiceBeside()) * SURE);
    const came_kbps = this.#isBeside ? both_kbps : kbps;
    this.#carries_kbps = hasKeptUp ? Math.max(tried_kbps, this.#carries_kbps) : came_kbps;
    if (hasTried || !hasKeptUp) this.drain_kbps = this.#carries_kbps;
    const faster_by = !hasTried ? 1 : this.#hasQueued ? FASTER_BY.then : FASTER_BY.first;
    const next_kbps = hasKeptUp ? this.#kbps * faster_by : came_kbps * SLOWER_BY;
    this.#kbps = Math.min(PACE_KBPS.most, Math.max(PACE_KBPS.least, next_kbps));
  }

  /** Nothing was said of the last photo. */
  lost() {
    this.#poured();
    if (this.#isBeside) this.#beside_kbps = this.#kbps;
    this.drain_kbps = 0;
    this.#carries_kbps *= SLOWER_BY;
    this.#kbps = Math.max(PACE_KBPS.least, this.#kbps / 2);
  }

  #poured() {
    const sorted_kbps = this.#poured_kbps.sort((one, other) => one - other);
    const [middle_kbps, low_kbps] = [0, -2].map((less) => sorted_kbps[Math.floor((sorted_kbps.length + less) / 2)] ?? 0);
    const hasTried = middle_kbps >= this.#kbps * KEPT_UP;
    if (!this.#isBeside) this.#isCrowded = !hasTried;
    return { middle_kbps, low_kbps, hasTried };
  }

  #voiceBeside() {
    const [first, last] = [this.#counts[0], this.#counts[this.#counts.length - 1]];
    return first && last && last !== first ? kbpsOf(first, last) : 0;
  }
}

/** @typedef {{bytes: number, at_ms: number}} Count of what was sent until then */

/** What this end says, as far as it is sent: silence isn't. */
class Voice {
  #sender;
  /** The newest last. @type {Count[]} */
  #seen = [];
  #kbps = 0;

  /** @param {RTCRtpSender} [sender] */
  constructor(sender) {
    this.#sender = sender;
  }

  /** Until this end is silent for a moment, has spoken for too long, or so much would have gone beside it.
   * @param {number} bits @param {number} carried_kbps what the link is known to carry */
  async leaves(bits, carried_kbps) {
    const since_ms = performance.now();
    while (await this.#speaks()) {
      const spare_kbps = (carried_kbps - this.#kbps) * TAKES;
      const takes_ms = spare_kbps > 0 ? bits / spare_kbps : Infinity;
      if (performance.now() - since_ms >= Math.min(takes_ms, PAUSE_MS.most)) return;
      await wait(PAUSE_MS.look);
    }
  }

  /** @returns {Promise<Count>} bytes on the wire */
  async count() {
    let bytes = 0;
    (await this.#sender?.getStats())?.forEach((part) => {
      if (part.type !== "outbound-rtp") return;
      const { bytesSent = 0, headerBytesSent = 0, packetsSent = 0 } = part;
      bytes += bytesSent + headerBytesSent + packetsSent * AROUND_VOICE_BYTES;
    });
    return { bytes, at_ms: performance.now() };
  }

  /** @returns {Promise<boolean>} */
  async #speaks() {
    if (!this.#sender) return false;
    const now = await this.count();
    this.#seen = [...this.#seen.filter(({ at_ms }) => now.at_ms - at_ms <= PAUSE_MS.stale), now];
    const before = this.#seen.filter(({ at_ms }) => now.at_ms - at_ms >= PAUSE_MS.look * KEPT_UP).pop();
    if (!before) return (await wait(PAUSE_MS.look), this.#speaks());
    this.#kbps = kbpsOf(before, now);
    return this.#kbps > SPEAKS_KBPS;
  }
}

/** @param {number} bytes of a piece */
const bitsOf = (bytes) => (bytes + AROUND_BYTES) * 8;

/** @param {Count} before @param {Count} after */
const kbpsOf = (before, after) => ((after.bytes - before.bytes) * 8) / (after.at_ms - before.at_ms);

/** @param {number} duration_ms */
const wait = (duration_ms) => new Promise((resolve) => setTimeout(resolve, duration_ms));
