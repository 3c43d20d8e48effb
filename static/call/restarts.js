/**
 * When an offer is said again, since signals get lost with the sockets of both ends, and when another path is asked
 * for. On a thin link each costs seconds of voice: none is said while one is on its way. How an offer is made is not
 * decided here.
 */
import { pathOf } from "./tuning.js";

/** `say`: the offer that is not answered yet, once more; `restart`: another path is needed.
 * @typedef {{say: () => void, restart?: () => void}} Ways */

const DISCONNECTED_MS = 4_000;
/** Who answers asks only where the offerer hasn't noticed. */
const ANSWERER_LATER_MS = 10_000;
const RESTARTED_MS = 8_000;
/** From when the server has it; each time twice as long. */
const ANSWER_MS = { first: 5_000, longest: 20_000 };

export class Restarts {
  #pc;
  #later_ms;
  #ways;
  /** 0: the connection is up, or has not been yet. */
  #restart_timer = 0;
  #answer_timer = 0;
  /** What was said last is on its way to the server. @type {Promise<boolean | void> | null} */
  #sending = null;
  /** It may be lost all the same. */
  #isDoubted = false;
  /** Of the offer that was said last, and when it is said again. */
  #mine = "";
  #answer_ms = ANSWER_MS.first;
  #theirs;

  /** Perhaps of a connection that has begun.
   * @param {RTCPeerConnection} pc @param {boolean} isOfferer @param {Ways} ways */
  constructor(pc, isOfferer, ways) {
    this.#pc = pc;
    this.#later_ms = isOfferer ? 0 : ANSWERER_LATER_MS;
    this.#ways = ways;
    this.#theirs = pathOf(pc.remoteDescription);
    this.said();
    this.turned();
  }

  /** This end's description was. @param {Promise<boolean> | void} [sent] whether it may be said again; false: only when
   * a socket or the other end is back */
  async said(sent) {
    clearTimeout(this.#answer_timer);
    this.#sending = null;
    if (this.#pc.signalingState !== "have-local-offer") return;
    const mine = pathOf(this.#pc.localDescription) ?? "";
    this.#answer_ms = mine === this.#mine ? Math.min(this.#answer_ms * 2, ANSWER_MS.longest) : ANSWER_MS.first;
    this.#mine = mine;
    this.#isDoubted = false;
    const sending = (this.#sending = Promise.resolve(sent));
    const isTaken = (await sending) !== false;
    if (this.#sending !== sending) return; // said again, or answered
    this.#sending = null;
    if (isTaken) this.#answer_timer = window.setTimeout(() => this.#ways.say(), this.#answer_ms);
    else this.#mine = "";
    if (!isTaken && this.#isDoubted) this.#ways.say();
  }

  /** The other end's description was. */
  taken() {
    if (this.#pc.signalingState !== "have-local-offer") this.#rest();
    const theirs = pathOf(this.#pc.remoteDescription);
    // its checks have just begun
    if (theirs !== this.#theirs && this.#restart_timer) this.#restartIn(RESTARTED_MS + this.#later_ms);
    this.#theirs = theirs;
  }

  turned() {
    const { connectionState } = this.#pc;
    if (connectionState === "connected") this.#calm();
    if (connectionState === "failed") this.#restartIn(this.#later_ms);
    if (connectionState === "disconnected") this.#restartIn(this.#later_ms || DISCONNECTED_MS);
  }

  /** Signals may have been lost. @returns {boolean} whether that was all there is to do */
  retry() {
    const { connectionState, signalingState } = this.#pc;
    const isAsked = signalingState === "have-local-offer";
    if (isAsked && this.#sending) this.#isDoubted = true;
    else if (isAsked) this.#ways.say();
    else if (connectionState === "failed" || connectionState === "disconnected") this.#restartIn(0);
    else return false;
    return true;
  }

  /** Another path is needed. Asked while one is, the browser would ask for yet another one after the answer, and leave the
   * checks that have just begun. */
  ask() {
    if (this.#ways.restart) return this.#ways.restart();
    const { pendingLocalDescription: asked, currentLocalDescription: current } = this.#pc;
    if (asked?.type !== "offer" || pathOf(asked) === pathOf(current)) this.#pc.restartIce();
  }

  close() {
    this.#calm();
    this.#rest();
  }

  /** No other path is needed. */
  #calm() {
    clearTimeout(this.#restart_timer);
    this.#restart_timer = 0;
  }

  /** No answer is waited for. */
  #rest() {
    clearTimeout(this.#answer_timer);
    this.#sending = null;
    this.#mine = "";
  }

  /** @param {number} delay_ms */
  #restartIn(delay_ms) {
    clearTimeout(this.#restart_timer);
    this.#restart_timer = window.setTimeout(() => {
      this.ask();
      this.#restartIn(RESTARTED_MS);
    }, delay_ms);
  }
}
