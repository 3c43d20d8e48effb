/**
 * A coordinator's seat in a call: own microphone and camera first, then the seat, then a line to each end that is
 * there, guests too: a bridge, where there is one, carries the others. An end offers its line when it shows who came;
 * until then nothing is heard or seen of it.
 */
import { newKey } from "../net/api.js";
import { AWAY, UNANSWERED } from "../net/live.js";
import { Line } from "./line.js";
import { OwnMedia } from "./media.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").Signal} Signal */
/** @typedef {import("../core/wire.js").TakenSeat} TakenSeat */

const PAGE = newKey();
const TAKE_AGAIN_MS = 2_000;

export class DeskSeat {
  /** @type {"taking" | "in" | "ended" | "left" | "moved" | "refused"} */
  phase = "taking";
  /** What the server said to a refusal. */
  message = "";
  /** To the ends that sit in the call: by the side, and of a guest by the person. @type {Map<string, Line>} */
  lines = new Map();
  /** Who is there besides the two. @type {Map<string, OtherSeat>} */
  guests = new Map();
  #live;
  #onchange;
  /** @type {TakenSeat | null} */
  #mine = null;
  /** @type {Signal[]} that came before the answer to take_seat */
  #early = [];
  #take_timer = 0;
  #isOpened = false;
  /** @type {(() => void)[]} */
  #offs;

  /** @param {import("../net/live.js").Live} live @param {Call} call @param {() => void} onchange */
  constructor(live, call, onchange) {
    this.#live = live;
    this.call = call;
    this.#onchange = onchange;
    this.own = new OwnMedia(
      () => this.#ownChanged(),
      () => null,
    );
    this.#offs = [
      live.socket.on("peer", (news) => this.#hear(news)),
      live.socket.on("signal", (signal) => this.#signal(signal)),
      live.onconnect(() => this.#take()),
      live.subscribe(({ now }) => this.#update(now?.calls.find(({ id }) => id === call.id))),
    ];
  }

  get isOver() {
    return this.phase !== "taking" && this.phase !== "in";
  }

  /** The face comes first, so that it is there when both ends look. */
  async join() {
    await this.own.open();
    if (this.isOver) return;
    this.#live.setInCall(true);
    this.#isOpened = true;
    await this.#take();
  }

  leave() {
    if (this.isOver) return;
    // a seat may be taken before this page knows
    if (this.#isOpened) this.#live.insist("leave_seat", { call: this.call.id, reason: "hang_up", page: PAGE });
    this.#finish("left");
  }

  async #take() {
    clearTimeout(this.#take_timer);
    if (this.isOver || !this.#isOpened) return;
    try {
      const taken = await this.#live.emit("take_seat", { call: this.call.id, here: true, page: PAGE, had: this.#mine?.seat });
      if (!this.isOver) this.#seated(taken);
    } catch (error) {
      this.#notSeated(/** @type {import("../net/socket.js").SocketError} */ (error));
    }
  }

  /** @param {TakenSeat} taken */
  #seated(taken) {
    if (this.#mine?.seat !== taken.seat) this.#drop();
    this.#mine = taken;
    this.phase = "in";
    const named = new Set(taken.peers.map(keyOf));
    for (const key of this.guests.keys()) if (!named.has(key)) this.#drop(key);
    for (const other of taken.peers) this.#meet(other);
    for (const signal of this.#early.splice(0)) this.#signal(signal);
    this.#onchange();
  }

  /** @param {import("../net/socket.js").SocketError} error */
  #notSeated({ code, message }) {
    if (this.isOver || AWAY.has(code)) return;
    if (UNANSWERED.has(code)) return void (this.#take_timer = window.setTimeout(() => this.#take(), TAKE_AGAIN_MS));
    if (code === "seat_taken_elsewhere") return this.#finish("moved");
    this.message = message;
    this.#finish(code === "call_over" ? "ended" : "refused");
  }

  /** @param {import("../core/wire.js").PeerNews} news */
  #hear(news) {
    if (news.call !== this.call.id || this.isOver || !this.#mine) return;
    if (news.side === "desk") {
      if (news.state === "moved") this.#finish("moved");
    } else if (news.side === "media") return;
    else if (news.state === "left") this.#drop(keyOf(news));
    else if (news.state !== "lost") this.#meet(news);
    else if (this.guests.has(keyOf(news))) this.guests.set(keyOf(news), news);
    this.#onchange();
  }

  /** @param {OtherSeat} other */
  #meet(other) {
    const { side, seat } = other;
    if (!this.#mine || side === "desk" || side === "media") return;
    const key = keyOf(other);
    if (side === "guest") this.guests.set(key, other);
    const standing = this.lines.get(key);
    if (standing?.seat === seat) {
      standing.setRung(other.rung);
      return standing.retry();
    }
    standing?.close();
    const line = new Line(this.#live, this.call.id, this.#mine, other, this.#onchange);
    line.setRung(other.rung);
    line.share(this.own.tracks);
    this.lines.set(key, line);
  }

  /** @param {Signal} signal */
  #signal(signal) {
    if (signal.call !== this.call.id || this.isOver) return;
    if (!this.#mine) this.#early.push(signal);
    else for (const line of this.lines.values()) line.take(signal);
  }

  /** What /api/now says: where it doesn't know of this seat, taking it tells how it is. @param {Call} [call] */
  #update(call) {
    if (!call || this.isOver) return;
    this.call = call;
    if (call.state === "ended") this.#finish("ended");
    else if (this.#mine && !call.desk) this.#take();
    for (const key of this.guests.keys()) if (!call.guests?.some(({ id }) => id === key)) this.#drop(key);
  }

  #ownChanged() {
    for (const line of this.lines.values()) line.share(this.own.tracks);
    this.#onchange();
  }

  /** @param {string} [key] all, unless it is named */
  #drop(key) {
    for (const one of key ? [key] : [...this.lines.keys()]) {
      this.lines.get(one)?.close();
      this.lines.delete(one);
      this.guests.delete(one);
    }
  }

  /** @param {"ended" | "left" | "moved" | "refused"} phase */
  #finish(phase) {
    this.phase = phase;
    clearTimeout(this.#take_timer);
    this.#drop();
    this.own.close();
    this.#live.setInCall(false);
    for (const off of this.#offs) off();
    this.#onchange();
  }
}

/** @param {OtherSeat} other */
const keyOf = ({ side, guest }) => (side === "guest" ? (guest ?? "") : side);
