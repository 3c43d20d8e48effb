/**
 * In a call: this end's path to the server is in doubt. What is done then, and what tells of it besides a call's silence.
 */
import { decode } from "./socket.js";

const MOST = 3;
/** For a new socket, which takes four round trips. While something of the call comes the link stands, and a socket that
 * doesn't is slow: one that was given up any sooner would never stand behind a queue of two seconds. */
const PATIENCE_MS = { least: 2_000, most: 5_000, round_trips: 8, stands: 12_000 };
const COMES_MS = 3_000;
/** A network that changed tells nobody: the silence of the old path does. On a long link an answer stands in a queue. */
const ANSWER_MS = { least: 6_000, most: 12_000, round_trips: 6 };
/** What stood before is asked too, and is the better one where it answers. */
const ASKED_MS = 400;

/** Nothing of a call comes any more: where the server is silent too it is this end's path, and a new one is taken.
 * @param {import("./live.js").Live} live */
export function doubt(live) {
  const { socket } = live;
  if (socket.life.state !== "connected") return;
  socket.patience_ms = patience_ms(live);
  socket.doubt(Spares);
  live.emit("beat", live.beatOfNow).catch(() => {}); // the socket itself tells when it is lost
}

/** It comes back by another socket. @param {import("./live.js").Live} live */
export function lost(live) {
  const isComing = performance.now() - live.came_ms < COMES_MS;
  live.socket.patience_ms = isComing ? PATIENCE_MS.stands : patience_ms(live);
}

/** Where neither its answer nor anything else comes, another socket is taken. @param {import("./live.js").Live} live */
export async function beat(live) {
  const [{ socket }, asked_ms, timeout_ms] = [live, performance.now(), within(ANSWER_MS, live.link?.rtt_ms ?? 0)];
  await socket.emit("beat", live.beatOfNow, { timeout_ms }).catch(({ code }) => {
    if (code === "timeout" && socket.heard_ms < asked_ms) socket.renew();
  });
}

/** @param {import("./live.js").Live} live */
const patience_ms = ({ link }) => within(PATIENCE_MS, link?.rtt_ms ?? Infinity);

/** @param {{least: number, most: number, round_trips: number}} bounds @param {number} rtt_ms */
const within = ({ least, most, round_trips }, rtt_ms) => Math.min(most, Math.max(least, round_trips * rtt_ms));

/** Where the browser says by what kind of network it goes (Chrome on Android), a change of it needn't be felt first.
 * @param {import("./live.js").Live} live */
export function watchNetwork(live) {
  const { connection } = /** @type {{connection?: EventTarget & {type?: string}}} */ (navigator);
  let before = connection?.type;
  connection?.addEventListener("change", () => {
    if (connection.type !== before && connection.type !== "none") doubt(live);
    before = connection.type;
  });
}

/** @typedef {{address: string, auth: () => Record<string, unknown>, WebSocketClass: new (url: string) => WebSocket,
 *   timers: import("./socket.js").Timers}} Options */

/**
 * Another connection beside one that is in doubt, and another after that: the first that stands takes its place. Never
 * two at once: a browser opens one after the other to the same address.
 */
export class Spares {
  /** @type {WebSocket | null} */
  #link = null;
  /** @type {unknown} */
  #timer = null;
  /** While the doubted one has its time to answer. @type {unknown} */
  #asking;
  /** Takes its place then. @type {(() => void) | null} */
  #change = null;
  #options;
  #patience_ms;
  #ways;

  /** @param {Options} options @param {number} patience_ms for each
   * @param {{change: (link: WebSocket, heartbeat_ms: number) => void, giveUp: () => void}} ways */
  constructor(options, patience_ms, ways) {
    this.#options = options;
    this.#patience_ms = patience_ms;
    this.#ways = ways;
    this.#asking = options.timers.setTimeout(() => this.#asked(), ASKED_MS);
    this.#open(1);
  }

  /** @returns {null} */
  close() {
    this.#options.timers.clearTimeout(this.#asking);
    this.#giveUp();
    return null;
  }

  #giveUp() {
    const link = this.#link;
    this.#link = this.#change = null;
    this.#options.timers.clearTimeout(this.#timer);
    link?.close(1000, "needless");
  }

  /** @param {number} number */
  #open(number) {
    const { WebSocketClass, address, auth, timers } = this.#options;
    const link = new WebSocketClass(address);
    let heartbeat_ms = 0;
    this.#link = link;
    this.#timer = timers.setTimeout(() => this.#next(number), this.#patience_ms);
    link.onmessage = ({ data }) => {
      const packet = link === this.#link ? decode(String(data)) : null;
      if (packet?.kind === "open") {
        heartbeat_ms = packet.heartbeat_ms;
        link.send(`40${JSON.stringify(auth())}`);
      } else if (packet?.kind === "connect" && heartbeat_ms) this.#stands(link, heartbeat_ms);
    };
  }

  /** @param {number} number */
  #next(number) {
    this.#giveUp();
    if (number < MOST) this.#open(number + 1);
    else this.#ways.giveUp();
  }

  /** @param {WebSocket} link @param {number} heartbeat_ms */
  #stands(link, heartbeat_ms) {
    this.#options.timers.clearTimeout(this.#timer);
    this.#change = () => {
      this.#link = null;
      this.#ways.change(link, heartbeat_ms);
    };
    if (!this.#asking) this.#change();
  }

  #asked() {
    this.#asking = null;
    this.#change?.();
  }
}
