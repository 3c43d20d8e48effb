/**
 * The life of this device's seat in one call: taken (ready, then here), connected to the other side's seat, lost and
 * back, moved to another device, left. Says in one word, `phase`, what there is to show; how it looks and sounds is
 * not decided here.
 */
import { isRungThere } from "../core/rings.js";
import { ms, now } from "../core/time.js";
import { newKey } from "../net/api.js";
import { UNANSWERED } from "../net/live.js";
import { OwnMedia } from "./media.js";
import { Peer } from "./peer.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").TakenSeat} TakenSeat */
/** @typedef {import("../core/wire.js").Signal} Signal */
/** A coordinator at this end, shown before anything goes there; fetched when one comes.
 * @typedef {{take(signal: Signal): void, share(): void, close(): void, face(): HTMLElement | null}} Third */
/**
 * `ready`: connected ahead, nobody there yet; `connecting`: both there, nothing heard yet; `refused`: see `error`.
 * @typedef {"taking" | "ready" | "waiting" | "connecting" | "live" | "lost" | "ended" | "moved" | "refused"} Phase
 */

/** This loaded page: over a new socket it goes on in its seat, with the connection that stands. */
const PAGE = newKey();
const SILENCE = { audio: null, video: null };
const REPORT_MS = 5_000;
const FLOWS_MS = 3_500; // voice comes 50 times a second, also when nobody speaks
const TAKE_AGAIN_MS = 2_000;
/** Takes a hang-up back that nobody has heard yet, by call. @type {Map<string, () => void>} */
const unheard = new Map();

export class Seat {
  /** @type {Phase} */
  phase = "taking";
  isHere = false;
  /** Something was heard, in this call's life. */
  hasTalked = false;
  /** Pictures of the other end are coming. */
  hasPicture = false;
  /** @type {{code: string, message: string} | null} */
  error = null;
  /** A coordinator who is in the call. @type {OtherSeat | null} */
  desk = null;
  /** @type {Third | null} */
  third = null;
  /** What is said of its end. @type {import("../ui/ending.js").EndingNote | null} */
  ending = null;
  #live;
  #onchange;
  #ondesk;
  /** @type {TakenSeat | null} */
  #mine = null;
  /** @type {{seat: string, isHere: boolean, isLost: boolean, offerer: boolean} | null} */
  #other = null;
  /** @type {Peer | null} */
  #peer = null;
  /** @type {Signal[]} that came before the answer to take_seat */
  #early = [];
  /** What goes out. @type {"nothing" | "ahead" | "all"} */
  #shares = "nothing";
  #rung_again_ms = 0;
  #flowed_at = -Infinity;
  #pictured_at = -Infinity;
  #reported_at = -Infinity;
  #take_timer = 0;
  /** @type {(() => void)[]} */
  #offs;

  /** @param {import("../net/live.js").Live} live @param {Call} call
   * @param {{onchange: () => void, silence: () => MediaStreamTrack | null, ondesk: (mine: TakenSeat) => void}} options
   */
  constructor(live, call, { onchange, silence, ondesk }) {
    this.#live = live;
    this.call = call;
    this.#onchange = onchange;
    this.#ondesk = ondesk;
    this.hasTalked = call.state === "live";
    this.#rung_again_ms = rungAgain(call);
    this.own = new OwnMedia(() => this.#ownChanged(), silence);
    this.#offs = [
      live.socket.on("peer", (news) => this.#hear(news)),
      live.socket.on("signal", (signal) => this.#signal(signal)),
      live.onconnect(() => this.#take()),
    ];
  }

  get isOver() {
    return this.phase === "ended" || this.phase === "moved" || this.phase === "refused";
  }

  /** What comes from the other end. @returns {MediaStream | null} */
  get remote() {
    return this.#peer?.remote ?? null;
  }

  /** Stands ready: connects ahead, without microphone and camera. */
  open() {
    this.#take();
  }

  /** A person is there: they joined or answered. */
  join() {
    if (this.isHere || this.isOver) return;
    this.isHere = true;
    this.#turn();
    this.#take();
    this.own.open();
  }

  hangUp() {
    this.#leave("hang_up");
  }

  /** Gives up a seat that nobody used. */
  close() {
    this.#leave("page_closed");
  }

  /** What /api/now says about the call. @param {Call} call */
  update(call) {
    const isRungAgain = rungAgain(call) > this.#rung_again_ms; // an answer that was under way meanwhile is older
    this.#rung_again_ms = Math.max(rungAgain(call), this.#rung_again_ms);
    this.call = call;
    if (call.state === "live") this.hasTalked = true;
    if (isRungAgain && this.isHere) this.#rungAgain();
    if (this.isHere && !call.desk !== !this.desk) this.#take(); // its answer says how it is
    const { seated, lost_at } = call.sides[call.my_side === "parent" ? "village" : "parent"];
    const hasLeft = call.state === "live" && !seated && !lost_at; // told to nobody while this end was out of reach
    if (hasLeft && this.isHere && !this.isOver) this.#otherLeft();
    if (call.state === "ended" && !this.isOver) this.#finish("ended");
  }

  /** Somebody else had answered: the village's device leaves and rings anew, the parent waits for it. */
  #rungAgain() {
    if (this.call.my_side === "village") return this.#finish("moved");
    this.hasTalked = false;
    this.#flowed_at = -Infinity;
    this.#other = null;
    this.#dropPeer();
    this.#turn();
  }

  async #take() {
    clearTimeout(this.#take_timer);
    if (this.isOver) return;
    unheard.get(this.call.id)?.();
    const here = this.isHere;
    try {
      const taken = await this.#live.emit("take_seat", { call: this.call.id, here, page: PAGE });
      if (!this.isOver) this.#seated(taken);
    } catch (error) {
      if (here === this.isHere) this.#notSeated(/** @type {import("../net/socket.js").SocketError} */ (error));
    }
  }

  /** @param {TakenSeat} taken */
  #seated(taken) {
    if (this.#mine?.seat !== taken.seat) {
      this.#dropPeer();
      this.#other = null;
    } else this.#peer?.retry();
    this.#mine = taken;
    for (const other of taken.peers) if (other.side !== "desk") this.#meet(other);
    this.#meetDesk(taken.peers.find(({ side }) => side === "desk"));
    this.#share();
    for (const signal of this.#early.splice(0)) this.#signal(signal);
    this.#turn();
  }

  /** @param {import("../net/socket.js").SocketError} error */
  #notSeated(error) {
    if (this.isOver) return;
    if (!UNANSWERED.has(error.code)) {
      this.error = { code: error.code, message: error.message };
      this.#finish("refused");
    } else if (error.code === "timeout") this.#take_timer = window.setTimeout(() => this.#take(), TAKE_AGAIN_MS);
  }

  /** Until it is heard, else the other side would wait. @param {"hang_up" | "page_closed"} reason */
  #leave(reason) {
    const left = { call: this.call.id, reason, page: PAGE };
    if (this.#mine && !this.isOver) unheard.set(left.call, this.#live.insist("leave_seat", left));
    this.#finish("ended");
  }

  /** @param {OtherSeat | null} [desk] */
  #meetDesk(desk = null) {
    this.desk = desk;
    if (this.#mine && this.isHere) this.#ondesk(this.#mine);
  }

  /** @param {import("../core/wire.js").PeerNews} news */
  #hear(news) {
    if (news.call !== this.call.id || this.isOver) return;
    if (news.side === "desk") return this.#meetDesk(news.state === "left" ? null : news);
    if (news.side === this.call.my_side) {
      if (news.state === "moved") this.#finish("moved");
    } else if (news.state === "left") this.#otherLeft();
    else if (news.state === "lost") {
      if (this.#other) this.#other.isLost = true;
    } else this.#meet(news);
    this.#turn();
  }

  /** The other side's seat as it is now; a new epoch is another page, for which a new connection is made.
   * @param {Pick<OtherSeat, "seat" | "here" | "offerer">} other */
  #meet({ seat, here, offerer }) {
    const isAnother = this.#other?.seat !== seat;
    this.#other = { seat, isHere: here, isLost: false, offerer };
    if (isAnother) this.#connect();
    this.#share();
  }

  #otherLeft() {
    if (this.hasTalked && this.isHere) return this.hangUp();
    this.#other = null;
    this.#dropPeer();
  }

  #connect() {
    this.#dropPeer();
    if (!this.#mine || !this.#other) return;
    const { seat: to, offerer } = this.#other;
    this.#peer = new Peer({
      iceServers: this.#mine.ice_servers,
      icePolicy: this.#mine.ice_policy,
      isOfferer: offerer,
      send: (message) => this.#live.signal({ call: this.call.id, to, ...message }),
      onstate: () => this.#turn(),
    });
  }

  /** @param {Signal} signal */
  #signal(signal) {
    if (signal.call !== this.call.id || this.isOver) return;
    if (!this.#mine) return void this.#early.push(signal);
    if (signal.side === "desk") return this.third?.take(signal);
    if (epoch(signal.from) > epoch(this.#other?.seat)) {
      this.#meet({ seat: signal.from, here: this.#other?.isHere ?? false, offerer: this.call.my_side === "parent" });
    }
    if (signal.from === this.#other?.seat) this.#peer?.take(signal);
  }

  #dropPeer() {
    this.#peer?.close();
    this.#peer = null;
    this.#shares = "nothing";
    this.#reported_at = this.#pictured_at = -Infinity;
  }

  /** The parent's voice goes ahead to the terminal that is rung, which plays it unheard until it is answered. */
  get isSentAhead() {
    return this.#shares === "ahead";
  }

  /** An instant at which a ring may begin or end. */
  tick() {
    if (!this.isOver && this.#toShare() !== this.#shares) this.#share();
  }

  /** Voice and picture go out when both are there, and then what arrives is looked at; voice alone while the other
   * is rung. */
  #share() {
    const shares = this.#toShare();
    const { audio, video } = this.own.tracks;
    const tracks = { nothing: SILENCE, ahead: { audio, video: null }, all: { audio, video } }[shares];
    this.#peer?.setTracks(tracks).catch((error) => console.warn("not sent:", error));
    if (shares === this.#shares) return;
    const wasWatched = this.#shares === "all";
    this.#shares = shares;
    if (wasWatched !== (shares === "all")) this.#peer?.watch(wasWatched ? null : (seen) => this.#weigh(seen));
  }

  #toShare() {
    if (!this.#peer || !this.isHere || !this.#other) return "nothing";
    if (this.#other.isHere) return "all";
    return this.call.my_side === "parent" && isRungThere(this.call, now()) ? "ahead" : "nothing";
  }

  #ownChanged() {
    this.#share();
    this.third?.share();
    this.#onchange();
  }

  /** @param {import("./peer.js").Seen} seen */
  #weigh({ figures, heard, seen, isFirst, at }) {
    if (heard || seen) this.#flowed_at = at;
    if (seen) this.#pictured_at = at;
    if (heard) this.hasTalked = true;
    this.#turn();
    if (!isFirst && at - this.#reported_at < REPORT_MS) return;
    this.#reported_at = at;
    this.#live.report(this.call.id, figures).catch(() => {
      this.#reported_at = -Infinity; // the first voice is what makes the call live: tell it with the next look
    });
  }

  #turn() {
    if (this.isOver) return;
    const at = performance.now();
    const phase = this.#phaseAt(at);
    const lasts_ms = phase === "lost" ? Infinity : FLOWS_MS; // the last picture of a lost line stays, dimmed
    const hasPicture = at - this.#pictured_at < lasts_ms;
    if (phase === this.phase && hasPicture === this.hasPicture) return;
    this.phase = phase;
    this.hasPicture = hasPicture;
    this.#onchange();
  }

  /** @param {number} at @returns {Phase} */
  #phaseAt(at) {
    if (!this.isHere) return this.#mine ? "ready" : "taking";
    if (this.#other?.isHere && at - this.#flowed_at < FLOWS_MS) return "live";
    if (this.hasTalked) return "lost";
    return this.#other?.isHere && !this.#other.isLost ? "connecting" : "waiting";
  }

  /** @param {"ended" | "moved" | "refused"} phase */
  #finish(phase) {
    if (this.isOver) return;
    this.phase = phase;
    this.hasPicture = false;
    clearTimeout(this.#take_timer);
    this.#dropPeer();
    this.third?.close();
    this.own.close();
    this.#live.link = null;
    for (const off of this.#offs) off();
    this.#onchange();
  }
}

/** @param {Call} call */
const rungAgain = ({ rung_again_at: at }) => (at ? ms(at) : 0);

/** @param {string} [seat] "<id>.<epoch>" */
const epoch = (seat) => Number(seat?.split(".")[1] ?? -1);
