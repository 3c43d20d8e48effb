/**
 * The life of this device's seat in one call: taken (ready, then here), connected to the other side's seat, lost and
 * back, moved to another device, left. Says in one word, `phase`, what there is to show; how it looks and sounds is
 * not decided here.
 */
import { ms } from "../core/time.js";
import { newKey } from "../net/api.js";
import { OwnMedia } from "./media.js";
import { Peer } from "./peer.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").PeerNews} PeerNews */
/** @typedef {import("../core/wire.js").Signal} Signal */
/** @typedef {import("../core/wire.js").Figures} Figures */
/**
 * `ready`: connected ahead, nobody there yet; `connecting`: both there, nothing heard yet; `refused`: see `error`.
 * @typedef {"taking" | "ready" | "waiting" | "connecting" | "live" | "lost" | "ended" | "moved" | "refused"} Phase
 */

/** This loaded page: over a new socket it goes on in its seat, with the connection that stands. */
const PAGE = newKey();
const SILENCE = { audio: null, video: null };
const LOOK_MS = 1_000;
const LOOK_EAGERLY_MS = 250; // until the first sound and picture have come
const EAGER_FOR_MS = 15_000;
const REPORT_MS = 5_000;
const FLOWS_MS = 3_500; // voice comes 50 times a second, also when nobody speaks
const TAKE_AGAIN_MS = 2_000;
/** Not the server's answer: the seat is taken again when it is in reach. */
const UNANSWERED = new Set(["offline", "lost", "timeout"]);

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
  #live;
  #onchange;
  /** @type {import("../core/wire.js").TakenSeat | null} */
  #mine = null;
  /** @type {{seat: string, isHere: boolean, isLost: boolean} | null} */
  #other = null;
  /** @type {Peer | null} */
  #peer = null;
  /** @type {Signal[]} that came before the answer to take_seat */
  #early = [];
  /** @type {Figures | null} */
  #last = null;
  #shared_at = 0;
  #isShared = false;
  #rung_again_ms = 0;
  #flowed_at = -Infinity;
  #pictured_at = -Infinity;
  #reported_at = -Infinity;
  #look_timer = 0;
  #take_timer = 0;
  /** @type {(() => void)[]} */
  #offs;

  /** @param {import("../net/live.js").Live} live @param {Call} call
   * @param {{onchange: () => void, silence: () => MediaStreamTrack | null}} options */
  constructor(live, call, { onchange, silence }) {
    this.#live = live;
    this.call = call;
    this.#onchange = onchange;
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

  get isOtherHere() {
    return Boolean(this.#other?.isHere && !this.#other.isLost);
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
    this.#finish("ended");
  }

  /** Gives up a seat that nobody used. */
  close() {
    this.#leave("page_closed");
    this.#finish("ended");
  }

  /** What /api/now says about the call. @param {Call} call */
  update(call) {
    const isRungAgain = rungAgain(call) > this.#rung_again_ms; // an answer that was under way meanwhile is older
    this.#rung_again_ms = Math.max(rungAgain(call), this.#rung_again_ms);
    this.call = call;
    if (call.state === "live") this.hasTalked = true;
    if (isRungAgain && this.isHere) this.#rungAgain();
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
    const here = this.isHere;
    try {
      const taken = await this.#live.emit("take_seat", { call: this.call.id, here, page: PAGE });
      if (!this.isOver) this.#seated(taken);
    } catch (error) {
      if (here === this.isHere) this.#notSeated(/** @type {import("../net/socket.js").SocketError} */ (error));
    }
  }

  /** @param {import("../core/wire.js").TakenSeat} taken */
  #seated(taken) {
    if (this.#mine?.seat !== taken.seat) {
      this.#dropPeer();
      this.#other = null;
    } else this.#peer?.retry();
    this.#mine = taken;
    for (const other of taken.peers) this.#meet(other);
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

  /** @param {"hang_up" | "page_closed"} reason */
  #leave(reason) {
    if (!this.#mine || this.isOver) return;
    this.#live.emit("leave_seat", { call: this.call.id, reason }).catch(() => {}); // else it is lost by itself
  }

  /** @param {PeerNews} news */
  #hear(news) {
    if (news.call !== this.call.id || this.isOver) return;
    if (news.side === this.call.my_side) {
      if (news.state === "moved") this.#finish("moved");
    } else if (news.state === "left") this.#otherLeft();
    else if (news.state === "lost") {
      if (this.#other) this.#other.isLost = true;
    } else this.#meet(news);
    this.#turn();
  }

  /** The other side's seat as it is now; a new epoch is another page, for which a new connection is made.
   * @param {Pick<OtherSeat, "seat" | "here">} other */
  #meet({ seat, here }) {
    const isAnother = this.#other?.seat !== seat;
    this.#other = { seat, isHere: here, isLost: false };
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
    const { seat: to } = this.#other;
    this.#peer = new Peer({
      iceServers: this.#mine.ice_servers,
      icePolicy: this.#mine.ice_policy,
      isOfferer: this.#mine.offerer,
      isPolite: this.#mine.polite,
      send: (message) => this.#send({ call: this.call.id, to, ...message }),
      onstate: () => this.#turn(),
    });
  }

  /** A signal that is lost with its socket, or stale, is made good by the next connection. @param {object} signal */
  #send(signal) {
    this.#live.emit("signal", signal).catch((error) => {
      if (!UNANSWERED.has(error.code) && error.code !== "stale_seat") console.warn("a signal was refused:", error.code);
    });
  }

  /** @param {Signal} signal */
  #signal(signal) {
    if (signal.call !== this.call.id || this.isOver) return;
    if (!this.#mine) return void this.#early.push(signal);
    if (epoch(signal.from) > epoch(this.#other?.seat)) {
      this.#meet({ seat: signal.from, here: this.#other?.isHere ?? false });
    }
    if (signal.from === this.#other?.seat) this.#peer?.take(signal);
  }

  #dropPeer() {
    clearTimeout(this.#look_timer);
    this.#peer?.close();
    this.#peer = this.#last = null;
    this.#isShared = false;
    this.#reported_at = this.#pictured_at = -Infinity;
  }

  /** Voice and picture go out only when both are there; then what arrives is looked at. */
  #share() {
    const isShared = Boolean(this.#peer && this.isHere && this.#other?.isHere);
    this.#peer?.setTracks(isShared ? this.own.tracks : SILENCE).catch((error) => console.warn("not sent:", error));
    if (isShared === this.#isShared) return;
    this.#isShared = isShared;
    this.#shared_at = performance.now();
    this.#look();
  }

  #ownChanged() {
    this.#share();
    this.#onchange();
  }

  async #look() {
    clearTimeout(this.#look_timer);
    const peer = this.#peer;
    if (!peer || !this.#isShared) return;
    const figures = await peer.figures();
    if (peer !== this.#peer) return;
    const at = performance.now();
    this.#weigh(figures, at);
    const isComplete = figures.received_audio_bytes && figures.received_video_frames;
    const pause_ms = isComplete || at - this.#shared_at > EAGER_FOR_MS ? LOOK_MS : LOOK_EAGERLY_MS;
    clearTimeout(this.#look_timer);
    this.#look_timer = window.setTimeout(() => this.#look(), pause_ms);
  }

  /** @param {Figures} figures @param {number} at */
  #weigh(figures, at) {
    const { received_audio_bytes: sound, received_video_frames: frames } = figures;
    const heard = sound > (this.#last?.received_audio_bytes ?? 0);
    const seen = frames > (this.#last?.received_video_frames ?? 0);
    const isFirst = (heard && !this.#last?.received_audio_bytes) || (seen && !this.#last?.received_video_frames);
    if (heard || seen) this.#flowed_at = at;
    if (seen) this.#pictured_at = at;
    if (heard) this.hasTalked = true;
    this.#last = figures;
    if (isFirst || at - this.#reported_at >= REPORT_MS) this.#report(figures, at);
    this.#turn();
  }

  /** @param {Figures} figures @param {number} at */
  #report(figures, at) {
    this.#reported_at = at;
    const { rtt_ms, loss_permille, sent_kbps, received_kbps } = figures;
    const loss = loss_permille === null ? null : loss_permille / 10;
    this.#live.link = { rtt_ms, loss, up_kbps: sent_kbps, down_kbps: received_kbps };
    this.#live.emit("figures", { call: this.call.id, ...figures }).catch(() => {
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
    return this.isOtherHere ? "connecting" : "waiting";
  }

  /** @param {"ended" | "moved" | "refused"} phase */
  #finish(phase) {
    if (this.isOver) return;
    this.phase = phase;
    this.hasPicture = false;
    clearTimeout(this.#take_timer);
    this.#dropPeer();
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
