/**
 * The life of this device's seat in one call: taken (ready, then here), connected to the other side's seat, lost and
 * back, moved to another device, left. Says in one word, `phase`, what there is to show; how it looks and sounds is
 * not decided here.
 */
import { isRungThere, otherSide, rungAgain } from "../core/rings.js";
import { now } from "../core/time.js";
import { newKey } from "../net/api.js";
import { AWAY, UNANSWERED } from "../net/live.js";
import { Flow } from "./flow.js";
import { OwnMedia } from "./media.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").TakenSeat} TakenSeat */
/** @typedef {import("../core/wire.js").Signal} Signal */
/** A coordinator at this end, shown before anything goes there; fetched when one comes.
 * @typedef {{take(signal: Signal): void, share(): void, close(): void, face(): HTMLElement | null}} Third */
/** `ready`: connected ahead, nobody there yet; `connecting`: both there, nothing heard yet; `refused`: see `error`.
 * @typedef {"taking" | "ready" | "waiting" | "connecting" | "live" | "lost" | "ended" | "moved" | "refused"} Phase */

/** This loaded page: over a new socket it goes on in its seat, with the connection that stands. */
const PAGE = newKey();
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
  /** Guests who are in the call, and what carries it then. @type {import("./bridged.js").Bridged | null} */
  bridged = null;
  /** What is shown of them. @type {import("../ui/company.js").Company | null} */
  company = null;
  /** What is shown of how it is carried. @type {import("../ui/rung.js").RungView | null} */
  view = null;
  /** What is said of its end. @type {import("../ui/ending.js").EndingNote | null} */
  ending = null;
  #live;
  #onchange;
  #onmore;
  /** @type {TakenSeat | null} */
  mine = null;
  /** @type {import("./bridged.js").Other | null} */
  other = null;
  /** @type {Signal[]} that came before the answer to take_seat */
  #early = [];
  #rung_again_ms = 0;
  /** The newest of a rung. @type {import("../core/wire.js").PeerNews | null} */
  #rung_news = null;
  /** @type {boolean | undefined} */
  #by_itself;
  /** The seat in which somebody is here. @type {string | undefined} */
  #had;
  #take_timer = 0;
  /** @type {(() => void)[]} */
  #offs;

  /** @param {import("../net/live.js").Live} live @param {Call} call
   * @param {{onchange: () => void, silence: () => MediaStreamTrack | null,
   *   onmore: (news: OtherSeat[]) => Promise<boolean>}} options `onmore`: others came or went, or with none the desk */
  constructor(live, call, { onchange, silence, onmore }) {
    this.#live = live;
    this.call = call;
    this.#onchange = onchange;
    this.#onmore = onmore;
    this.hasTalked = call.state === "live" && call.my_side !== "guest";
    this.#rung_again_ms = rungAgain(call);
    this.own = new OwnMedia(() => this.changed(), silence, call.id);
    /** The other end, as far as it comes here. */
    this.flow = new Flow(live, call.id, this.own, {
      onflow: (heard) => ((this.hasTalked ||= heard), this.#turn()),
      onchange: () => {
        this.third?.share();
        onchange();
      },
    });
    this.#offs = [
      live.socket.on("peer", (news) => this.#hear(news)),
      live.socket.on("signal", (signal) => this.#signal(signal)),
      live.onconnect(() => this.#take()),
    ];
  }

  get isOver() {
    return ["ended", "moved", "refused"].includes(this.phase);
  }

  /** Stands ready: connects ahead, without microphone and camera. */
  open = () => this.#take();
  hangUp = () => this.#leave("hang_up");
  /** Gives up a seat that nobody used. */
  close = () => this.#leave("page_closed");

  /** A person is there: they joined or answered. @param {boolean} [isByItself] nobody did */
  join(isByItself) {
    if (this.isHere || this.isOver) return;
    this.isHere = true;
    this.#by_itself = isByItself;
    this.#turn();
    this.#take();
    this.own.open();
  }

  /** What /api/now says about the call. @param {Call} call */
  update(call) {
    // an answer that was under way meanwhile is older
    const isRungAgain = rungAgain(call) > this.#rung_again_ms;
    this.#rung_again_ms = Math.max(rungAgain(call), this.#rung_again_ms);
    this.call = call;
    if (call.state === "ended" && !this.isOver) this.#finish("ended");
    if (this.isHere && !call.desk !== !this.desk) this.#take(); // its answer says how it is
    if (call.my_side === "guest") return;
    if (call.state === "live") this.hasTalked = true;
    if (isRungAgain && this.isHere) this.#rungAgain();
    const { seated, here, lost_at } = call.sides[otherSide(call)];
    if (this.isHere && seated && here && !this.other?.isHere) this.#take(); // who came was not told to this page
    const hasLeft = call.state === "live" && !seated && !lost_at; // told to nobody while this end was out of reach
    if (hasLeft && this.isHere && !this.isOver) this.otherLeft();
  }

  /** Somebody else had answered: the village's device leaves and rings anew, the parent waits for it. */
  #rungAgain() {
    if (this.call.my_side === "village") return this.#finish("moved");
    this.hasTalked = false;
    this.flow.forget();
    this.other = null;
    this.flow.drop();
    this.#turn();
  }

  async #take() {
    clearTimeout(this.#take_timer);
    if (this.isOver) return;
    unheard.get(this.call.id)?.();
    const wanted = { call: this.call.id, here: this.isHere, by_itself: this.#by_itself, page: PAGE, had: this.#had };
    const before = this.#rung_news;
    try {
      const taken = await this.#live.emit("take_seat", wanted);
      if (wanted.here) this.#had = taken.seat;
      if (!this.isOver) this.#seated(taken, before === this.#rung_news ? null : this.#rung_news);
    } catch (error) {
      if (wanted.here === this.isHere) this.#notSeated(/** @type {import("../net/socket.js").SocketError} */ (error));
    }
  }

  /** @param {TakenSeat} taken @param {OtherSeat | null} news of a rung, since that was asked: the answer may be older */
  #seated(taken, news) {
    if (this.mine?.seat !== taken.seat) {
      this.flow.drop();
      this.bridged?.drop();
      this.other = null;
    } else if (this.flow.mayHaveLost()) this.flow.retry();
    this.mine = taken;
    this.flow.takeRungs(taken.rung);
    const more = taken.peers.filter((peer) => this.#isMore(peer));
    const others = taken.peers.filter((other) => other.side !== "desk" && !more.includes(other));
    for (const other of others) this.#meet(news?.seat === other.seat ? { ...other, rung: news.rung } : other);
    this.bridged?.keep(more);
    this.#meetMore(more);
    this.#meetDesk(taken.peers.find(({ side }) => side === "desk"));
    this.#share();
    for (const signal of this.#early.splice(0)) this.#signal(signal);
    this.#turn();
  }

  /** @param {import("../net/socket.js").SocketError} error */
  #notSeated({ code, message }) {
    if (this.isOver || AWAY.has(code)) return;
    if (UNANSWERED.has(code)) return this.#takeLater();
    if (this.#had && code === "seat_taken_elsewhere") return this.#finish("moved");
    this.error = { code, message };
    this.#finish("refused");
  }

  #takeLater() {
    if (!this.isOver) this.#take_timer = window.setTimeout(() => this.#take(), TAKE_AGAIN_MS);
  }

  /** Until it is heard, else the other side would wait; a seat may be taken before this page knows.
   * @param {"hang_up" | "page_closed"} reason */
  #leave(reason) {
    const left = { call: this.call.id, reason, page: PAGE };
    if (!this.isOver) unheard.set(left.call, this.#live.insist("leave_seat", left));
    this.#finish("ended");
  }

  /** One with whom this end is not connected directly. @param {OtherSeat} peer */
  #isMore = ({ side }) => side !== "desk" && (this.call.my_side === "guest" || side !== otherSide(this.call));

  /** @param {OtherSeat[]} news */
  async #meetMore(news) {
    if (!news.length || (await this.#onmore(news))) return this.#turn();
    this.#takeLater(); // its part is not here
  }

  /** @param {OtherSeat | null} [desk] */
  #meetDesk(desk = null) {
    this.desk = desk;
    if (this.mine && this.isHere && (desk || this.third)) this.#onmore([]);
  }

  /** @param {import("../core/wire.js").PeerNews} news */
  #hear(news) {
    if (news.call !== this.call.id || this.isOver) return;
    if (news.side === "desk") return this.#meetDesk(news.state === "left" ? null : news);
    if (news.state === "moved") this.#finish("moved"); // told to nobody but the page that had this seat
    else if (this.#isMore(news)) this.#meetMore([news]);
    else if (news.state === "rung") this.flow.hear((this.#rung_news = news).rung);
    else if (news.state === "left") this.otherLeft();
    else if (news.state === "lost") this.other &&= { ...this.other, isLost: true };
    else {
      this.#meet(news);
      if (news.state === "back") this.flow.retry(); // it may have missed what was said to it
    }
    this.#turn();
  }

  /** The other side's seat as it is now; a new epoch is another page, for which a new connection is made.
   * @param {Pick<OtherSeat, "seat" | "here" | "offerer" | "rung">} other */
  #meet({ seat, here, offerer, rung }) {
    const isAnother = this.other?.seat !== seat;
    this.other = { seat, isHere: here, isLost: false, offerer };
    this.flow.hear(rung ?? null);
    if (isAnother && this.mine && !this.bridged?.isOn) this.flow.connect(this.mine, this.other);
    this.#share();
  }

  otherLeft() {
    if (this.hasTalked && this.isHere && !this.bridged?.goesOn) return this.hangUp();
    this.other = null;
    if (!this.bridged?.hasCompany) this.flow.drop();
  }

  /** @param {Signal} signal */
  #signal(signal) {
    if (signal.call !== this.call.id || this.isOver) return;
    if (!this.mine) return void this.#early.push(signal);
    if (signal.side === "desk") return this.third?.take(signal);
    if (this.bridged?.take(signal) || signal.side === "media") return;
    if (epoch(signal.from) > epoch(this.other?.seat)) {
      const [here, offerer] = [this.other?.isHere ?? false, this.call.my_side === "parent"];
      this.#meet({ seat: signal.from, here, offerer, rung: null });
    }
    if (signal.from === this.flow.to) this.flow.take(signal);
  }

  /** An instant at which a ring may begin or end. */
  tick() {
    if (!this.isOver && this.#toShare() !== this.flow.shares) this.#share();
  }

  /** Voice and picture go out when both are there; the parent's voice goes ahead to the terminal that is rung, which
   * plays it unheard until it is answered. */
  #share() {
    this.flow.share(this.#toShare());
    this.bridged?.share();
  }

  #toShare() {
    if (!this.flow.peer || !this.isHere) return "nothing";
    if (this.other?.isHere || this.bridged?.hasCompany) return "all";
    return this.other && this.call.my_side === "parent" && isRungThere(this.call, now()) ? "ahead" : "nothing";
  }

  /** What is sent, or to whom. */
  changed() {
    this.#share();
    this.third?.share();
    this.#turn();
    this.#onchange();
  }

  #turn() {
    if (this.isOver) return;
    const at = performance.now();
    const phase = this.#phaseAt(at);
    const hasPicture = this.flow.hasPictureAt(at, phase === "lost");
    if (phase === this.phase && hasPicture === this.hasPicture) return;
    [this.phase, this.hasPicture] = [phase, hasPicture];
    this.#onchange();
  }

  /** @param {number} at @returns {Phase} */
  #phaseAt(at) {
    if (!this.isHere) return this.mine ? "ready" : "taking";
    const isThere = this.other?.isHere || this.bridged?.hasCompany;
    if (isThere && this.flow.flowsAt(at)) return "live";
    if (this.hasTalked) return "lost";
    return isThere && !this.other?.isLost ? "connecting" : "waiting";
  }

  /** @param {"ended" | "moved" | "refused"} phase */
  #finish(phase) {
    if (this.isOver) return;
    [this.phase, this.hasPicture] = [phase, false];
    clearTimeout(this.#take_timer);
    this.flow.close();
    this.third?.close();
    this.bridged?.drop();
    this.own.close();
    this.#live.link = null;
    for (const off of this.#offs) off();
    this.#onchange();
  }
}

/** @param {string} [seat] "<id>.<epoch>" */
const epoch = (seat) => Number(seat?.split(".")[1] ?? -1);
