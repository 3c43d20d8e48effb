/**
 * Which rung a call stands on at this end: the lower of what the picker proposes for this end's link and of what the
 * other end proposes; what was carried meanwhile, and the last still. How a rung is sent is not decided here.
 */
import { readLadder } from "./ladder.js";
import { begin, hold, move, pick } from "./picker.js";

/** @typedef {import("./ladder.js").Rung} Rung */
/** @typedef {import("./peer.js").Seen} Seen */
/** @typedef {import("./looks.js").Bytes} Bytes */
/** `tell`: the server and the other end; false: it is to be told again. @typedef {object} Ways
 * @property {(rung: Rung, link: {isLossy: boolean}) => void} send
 * @property {(rung: string, reason: string, held: boolean) => Promise<boolean> | boolean | void} tell
 * @property {() => void} onchange
 */

/** What of a call outlives its page. */
const KEPT = "homethread.rungs";
const TELL_AGAIN_MS = 5_000;
const NOTHING = Object.freeze({ sent: 0, received: 0 });

/** Rejects without a network; may be called again then. @param {string} call @param {string} start @param {Ways} ways */
export const takeRungs = async (call, start, ways) => new Rungs(await readLadder(), call, start, ways);

export class Rungs {
  /** In effect. @type {Rung} */
  rung;
  /** Why this one and not another; `other`: the other end's link. */
  reason = "start";
  /** Up or down from the one before: -1 is down. @type {-1 | 0 | 1} */
  step = 0;
  /** By performance.now(). */
  since_ms = 0;
  /** A person's ceiling, in this call also over a reload. @type {string | null} */
  held = null;
  /** All that this end has carried in this call, also before a reload. @type {Bytes} */
  bytes = NOTHING;
  #ladder;
  #call;
  #memory;
  #ways;
  #isLossy = false;
  #mine;
  #told = "";
  /** The newest. @type {Promise<boolean | void> | null} */
  #telling = null;
  /** @type {string | null} */
  #theirs = null;
  /** Carried by connections that are gone. @type {Bytes} */
  #before = NOTHING;
  /** Carried by pages that are gone, which the server has counted. @type {Bytes} */
  #earlier = NOTHING;

  /** @param {import("./ladder.js").Ladder} ladder @param {string} call @param {string} start @param {Ways} ways */
  constructor(ladder, call, start, ways) {
    this.#ladder = ladder;
    this.#call = call;
    this.#ways = ways;
    this.#memory = begin(ladder, start, performance.now());
    this.rung = ladder.rungs.find(({ name }) => name === start) ?? /** @type {Rung} */ (ladder.rungs[ladder.rungs.length - 3]);
    this.#mine = this.rung.name;
    this.#told = `${this.#mine} false`;
  }

  /** For a connection that is new. */
  get sending() {
    return /** @type {const} */ ([this.rung, { isLossy: this.#isLossy }]);
  }

  /** @param {Seen} seen @returns {object} what the server is told of it besides */
  look({ look, bytes }) {
    if (bytes) {
      this.bytes = add(this.#before, bytes);
      this.#keep();
    }
    if (!look) return {};
    const picked = pick(this.#ladder, this.#memory, { ...look, in_effect: this.rung.name });
    this.#memory = picked.memory;
    this.#propose(picked.rung, picked.reason, picked.is_lossy);
    const permille = look.concealed === null ? null : Math.round(look.concealed * 1_000);
    const { sent, received } = this.#earlier;
    return {
      jitter_ms: look.jitter_ms === null ? null : Math.round(look.jitter_ms), concealed_permille: permille,
      sent_bytes: this.bytes.sent - sent, received_bytes: this.bytes.received - received, rung: this.rung.name,
    };
  } // prettier-ignore

  /** What the other end proposes; null while it has said nothing. @param {string | null | undefined} name */
  hear(name) {
    this.#theirs = name ?? null;
    this.#settle(this.reason);
  }

  /** A person wants no more than this rung, or null: as much as the link carries. @param {string | null} name */
  hold(name) {
    this.held = name;
    this.#keep();
    this.#memory = hold(this.#memory, name);
    const lower = name && this.#place(name) > this.#place(this.#mine);
    if (lower) this.#propose(name, "held", this.#isLossy);
    else this.#tell(this.reason);
    this.#ways.onchange();
  }

  /** What was held and carried in this call before the page was loaded anew. */
  recall() {
    const { held, bytes } = recall(this.#call);
    if (bytes) this.bytes = this.#before = this.#earlier = bytes;
    if (held) this.hold(held);
  }

  #keep() {
    keep({ call: this.#call, held: this.held, bytes: this.bytes });
  }

  /** The seat was taken again: what was told before may be lost. @param {string} known what the server has of it */
  tellAgain(known) {
    if (this.#telling || known !== this.#mine) this.#told = "";
    this.#tell(this.reason);
  }

  /** The connection is made anew, perhaps by another path: its bytes stay counted. */
  startAnew() {
    this.#before = this.bytes;
    this.#memory = move(this.#memory);
  }

  /** @param {string} mine @param {string} reason @param {boolean} isLossy */
  #propose(mine, reason, isLossy) {
    const isSame = mine === this.#mine;
    this.#mine = mine;
    const wasLossy = this.#isLossy;
    this.#isLossy = isLossy;
    this.#settle(reason, wasLossy !== isLossy);
    if (!isSame) this.#tell(reason);
  }

  /** @param {string} reason @param {boolean} [mustSend] */
  #settle(reason, mustSend = false) {
    const [mine, theirs] = [this.#place(this.#mine), this.#theirs === null ? -1 : this.#place(this.#theirs)];
    const rung = /** @type {Rung} */ (this.#ladder.rungs[Math.max(mine, theirs)]);
    const isNew = rung.name !== this.rung.name;
    if (isNew) {
      this.step = this.#place(rung.name) > this.#place(this.rung.name) ? -1 : 1;
      this.since_ms = performance.now();
      this.reason = this.step < 0 && theirs > mine ? "other" : reason;
      this.rung = rung;
    }
    if (isNew || mustSend) this.#ways.send(...this.sending);
    if (isNew) this.#ways.onchange();
  }

  /** @param {string} reason */
  async #tell(reason) {
    const told = `${this.#mine} ${this.held !== null}`;
    if (told === this.#told) return;
    this.#told = told;
    const telling = (this.#telling = Promise.resolve(this.#ways.tell(this.#mine, reason, this.held !== null)));
    if ((await telling) !== false) return;
    await new Promise((resolve) => setTimeout(resolve, TELL_AGAIN_MS));
    if (this.#telling !== telling) return; // another was told meanwhile
    this.#told = "";
    this.#tell(reason);
  }

  /** Of one that we don't know: the top. @param {string} name */
  #place(name) {
    return Math.max(0, this.#ladder.rungs.findIndex((rung) => rung.name === name));
  } // prettier-ignore
}

/** @param {Bytes} one @param {Bytes} other */
const add = (one, other) => ({ sent: one.sent + other.sent, received: one.received + other.received });

/** @typedef {{call: string, held: string | null, bytes: Bytes}} Kept */

/** @param {Kept} kept */
function keep(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // forbidden
  }
}

/** @param {string} call @returns {Partial<Kept>} */
function recall(call) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    return kept.call === call ? kept : {};
  } catch {
    return {}; // forbidden, or no words of ours
  }
}
