/**
 * Which call this device rings for, sits in, or has just left; its sounds, its wake lock, and what a reload must
 * remember. Phone and terminal share it and draw their own screens from it.
 */
import { isOpen, isOver, nextChange, ringNow, upcoming } from "../core/rings.js";
import { MINUTE, ms, now, SECOND } from "../core/time.js";
import { answeringOf } from "./callscreen.js";
import { withWords } from "./dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../call/seat.js").Seat} Seat */
/** `bytes`: what this device carried for it.
 * @typedef {{call: Call, kind: "ended" | "moved" | "refused", message: string, bytes: Bytes | null,
 *   company: Seat["company"]}} Farewell */
/** @typedef {import("../call/looks.js").Bytes} Bytes */

// the call that this tab's person is in: a reload goes back to it
const SEAT_KEPT = "homethread.seat";
const READY_AGAIN_MS = 30 * SECOND;
/** Where the call before is about to be over: nothing else would tell when. */
const FREE_AGAIN_MS = 5 * SECOND;

export class Calling {
  /** @type {Seat | null} */
  seat = null;
  /** @type {Farewell | null} */
  farewell = null;
  #live;
  #redraw;
  #standsReady;
  /** @type {Promise<[typeof import("../call/seat.js"), typeof import("../call/sounds.js"),
   * typeof import("../call/media.js")]> | null} */
  #modules = null;
  /** @type {import("../call/sounds.js").Sounds | null} */
  #sounds = null;
  /** @type {import("../call/media.js").WakeLock | null} */
  #awake = null;
  /** @type {Map<string, number>} calls whose ring was put off, until when */
  #later = new Map();
  /** @type {Map<string, number>} calls that are left alone unless a person joins, until when */
  #left = new Map();
  /** Plays what comes unheard, so that it is there at the touch that answers. */
  #ahead = Object.assign(new Audio(), { muted: true });
  /** Whether a voice says who calls instead of this bar of the ring. @type {(bar: number) => boolean} */
  between = () => false;
  #told = { ring: "", seat: "" };
  #timer = 0;
  #hasLooked = false;
  #isTaking = false;
  /** @type {Promise<typeof import("./besides.js")> | null} */
  #besides = null;

  /** @param {import("../net/live.js").Live} live
   * @param {{redraw: () => void, standsReady: () => boolean, rejoinsAlone?: boolean}} options `standsReady`: whether this
   * device connects ahead now; `rejoinsAlone`: it is nobody's own, so a live call that it lost is simply taken up again */
  constructor(live, { redraw, standsReady, rejoinsAlone = false }) {
    this.#live = live;
    this.#redraw = redraw;
    this.#standsReady = standsReady;
    this.rejoinsAlone = rejoinsAlone;
    live.subscribe(() => this.#update());
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => this.#sounds?.unlock(), true);
    document.addEventListener("visibilitychange", () => this.#tick());
  }

  get calls() {
    return this.#live.view.now?.calls ?? [];
  }

  /** The call that rings here now. */
  get ringing() {
    if (this.seat?.isHere || this.farewell) return null;
    const at = now();
    return upcoming(this.calls).find((call) => ringNow(call, at) && (this.#later.get(call.id) ?? 0) <= at) ?? null;
  }

  /** Loads what a call needs, so that a ring can be answered at once. Rejects without a network; may be called again
   * then. */
  prepare() {
    this.#modules ??= Promise.all([import("../call/seat.js"), import("../call/sounds.js"), import("../call/media.js")]);
    this.#modules.catch(() => (this.#modules = null));
    return this.#modules;
  }

  /** A person joins or answers; `isByItself`: nobody does. Rejects when the parts of a call can't be fetched.
   * @param {Call} call @param {boolean} [isByItself] */
  async join(call, isByItself) {
    this.farewell = null;
    this.#left.delete(call.id);
    remember(call.id);
    await this.#sit(call, true);
    this.#sounds?.unlock();
    this.seat?.join(isByItself);
  }

  /** Not now: silent until the next ring. @param {Call} call */
  putOff(call) {
    const ring = ringNow(call, now());
    this.#later.set(call.id, ring ? ms(ring.until) : now());
    this.#tick();
  }

  hangUp = () => this.seat?.hangUp();

  /** Done looking at how it ended. */
  dismiss() {
    this.farewell?.company?.close();
    this.farewell = null;
    this.#tick();
  }

  /** Someone leaves the screen on which it stood ready. */
  standDown() {
    if (this.seat && !this.seat.isHere) this.seat.close();
  }

  /** @param {Call} call @param {boolean} [isJoining] who joins takes the seat at once, also from another device */
  async #sit(call, isJoining = false) {
    if (this.seat?.call.id === call.id) return;
    this.#isTaking = true;
    const [{ Seat }, { Sounds }, { WakeLock }] = await this.prepare().finally(() => (this.#isTaking = false));
    if (this.seat?.call.id === call.id) return;
    this.#sounds ??= this.#newSounds(Sounds);
    this.#awake ??= new WakeLock();
    this.seat?.close();
    const silence = () => this.#sounds?.silentTrack() ?? null;
    const onmore = (/** @type {import("../core/wire.js").OtherSeat[]} */ news) =>
      companyPart().then((part) => part.meet(seat, news, this.#ground)).then(() => true, () => false); // prettier-ignore
    const seat = new Seat(this.#live, call, { onchange: () => this.#turned(seat), silence, onmore });
    this.seat = seat;
    if (!isJoining) seat.open();
  }

  /** @param {typeof import("../call/sounds.js").Sounds} Sounds */
  #newSounds = (Sounds) => new Sounds((bar) => this.between(bar));

  get #ground() {
    return { live: this.#live, sounds: this.#sounds, redraw: this.#redraw };
  }

  /** @param {Seat} seat */
  #turned(seat) {
    if (seat !== this.seat) return;
    if (seat.isOver) this.#over(seat);
    this.#live.setInCall(Boolean(this.seat));
    const isStandingDown = seat.isOver && !seat.isHere;
    if (!isStandingDown)
      this.#tell("seat", seat.call, seat.hasPicture && seat.phase === "live" ? "picture" : seat.phase);
    this.#tick();
  }

  /** @param {Seat} seat */
  #over(seat) {
    this.seat = null;
    const again_ms = seat.error?.code === "terminal_busy" ? FREE_AGAIN_MS : READY_AGAIN_MS;
    this.#left.set(seat.call.id, seat.isHere || seat.phase === "moved" ? Infinity : now() + again_ms);
    if (!seat.isHere) return;
    remember(null);
    const kind = /** @type {Farewell["kind"]} */ (seat.phase);
    if (kind !== "ended" || seat.hasTalked || isOver(seat.call)) {
      const { call, company, error } = seat;
      this.farewell = { call, kind, message: error?.message ?? "", bytes: seat.flow.rungs?.bytes ?? null, company };
    }
    if (kind === "ended" && seat.hasTalked) this.#sounds?.once("goodbye");
    this.#live.refresh();
  }

  #update() {
    const { now: known, reach } = this.#live.view;
    if (known && reach === "online" && !this.#hasLooked) this.#goBack(known.calls);
    for (const call of known?.calls ?? []) {
      if (call.id === this.seat?.call.id) this.seat.update(call);
      if (this.farewell?.call.id === call.id) this.farewell.call = call;
    }
    this.#tick();
  }

  /** After a reload: into the call again in which this person was. @param {Call[]} calls */
  #goBack(calls) {
    this.#hasLooked = true;
    const id = recall();
    const call = calls.find((one) => isOpen(one, now()) && (one.id === id || this.#wasLostHere(one)));
    if (call) this.join(call).catch(() => (this.#hasLooked = false));
    else remember(null);
  }

  /** @param {Call} call */
  #wasLostHere(call) {
    const mine = call.sides[call.my_side === "parent" ? "parent" : "village"];
    return this.rejoinsAlone && call.state === "live" && Boolean(mine?.lost_at);
  }

  #tick() {
    clearTimeout(this.#timer);
    const at = now();
    const change = nextChange(this.calls, at) - at;
    this.#timer = window.setTimeout(() => this.#tick(), Math.min(SECOND - (at % SECOND), Math.max(change, 1)) + 5);
    this.#standReady(at);
    this.seat?.tick();
    if (this.seat && this.rejoinsAlone) this.#listenAhead(this.seat);
    this.#hearAhead();
    this.#lookBesides(at);
    this.#sound(at);
    this.#awake?.want(Boolean(this.seat?.isHere || this.ringing));
    if (!document.hidden) this.#redraw();
  }

  /** A device that is nobody's own has its microphone ready while it rings. @param {Seat} seat */
  #listenAhead({ call, own }) {
    if (this.ringing?.id === call.id) own.openAhead();
    else own.closeAhead();
  }

  #hearAhead() {
    const remote = this.seat?.flow.remote ?? null;
    if (this.#ahead.srcObject === remote) return;
    this.#ahead.srcObject = remote;
    // a connection that is gone again; the call's own picture plays
    if (remote) this.#ahead.play().catch(() => {});
  }

  /** What stands beside the call. @param {number} at */
  #lookBesides(at) {
    const { seat } = this;
    if (!seat?.isHere) return;
    this.#besides ??= import("./besides.js");
    this.#besides.then((part) => part.look(seat, at, this.#ground), () => (this.#besides = null)); // prettier-ignore
  }

  /** Nothing above the voice, or as much as the line carries again. */
  saveData() {
    const rungs = this.seat?.flow.rungs;
    rungs?.hold(rungs.held ? null : "voice");
  }

  /** @param {number} at */
  #standReady(at) {
    if (this.seat || this.#isTaking || this.farewell || !this.#hasLooked || !this.#standsReady()) return;
    // in a guest's seat sits a person
    const own = upcoming(this.calls).filter(({ my_side }) => my_side !== "guest");
    const call = own.find((one) => isOpen(one, at) && (this.#left.get(one.id) ?? 0) <= at);
    if (call) this.#sit(call).catch(() => this.#left.set(call.id, at + READY_AGAIN_MS));
  }

  /** @param {number} at */
  async #sound(at) {
    const { ringing } = this;
    // the link is wanted for the voice that comes ahead
    if (ringing && this.#tell("ring", ringing, "ring")) this.#live.press();
    if (!ringing) this.#told.ring = "";
    const wanted = ringing ? "ring" : answeringOf(this)?.isOpen ? null : this.#soundOf(this.seat, at);
    if (wanted && !this.#sounds) {
      // rung in silence then, and again at the next tick
      const parts = await this.prepare().catch(() => null);
      if (parts) this.#sounds ??= this.#newSounds(parts[1].Sounds);
    }
    if (wanted) this.#sounds?.loop(wanted);
    else if (this.seat?.phase === "live" && this.#sounds?.looping === "lost") this.#sounds.once("back");
    else this.#sounds?.stop();
    if (ringing) this.#sounds?.wake();
  }

  /** @param {Seat | null} seat @param {number} at @returns {"lost" | "ring_back" | null} */
  #soundOf(seat, at) {
    if (seat?.phase === "lost") return "lost";
    const isCalling = seat?.phase === "waiting" && at >= ms(seat.call.starts_at);
    return isCalling && at < ms(seat.call.starts_at) + 10 * MINUTE ? "ring_back" : null;
  }

  /** For whoever listens: each change once. Whether it is one.
   * @param {"ring" | "seat"} what @param {Call} call @param {string} state */
  #tell(what, call, state) {
    const told = `${call.id} ${state}`;
    if (this.#told[what] === told) return false;
    this.#told[what] = told;
    dispatchEvent(
      new CustomEvent("homethread:call", { detail: { state, call: call.id, at: new Date(now()).toISOString() } }),
    );
    return true;
  }
}

/** A coordinator, guests, an answering machine. */
const companyPart = () => withWords(import("./company.js"), "common.company");

/** The call that this tab's person is in; where that may not be kept, a reload shows the button to join.
 * @param {string | null} callId */
function remember(callId) {
  try {
    if (callId) sessionStorage.setItem(SEAT_KEPT, callId);
    else sessionStorage.removeItem(SEAT_KEPT);
  } catch {
    // forbidden
  }
}

function recall() {
  try {
    return sessionStorage.getItem(SEAT_KEPT);
  } catch {
    return null;
  }
}
