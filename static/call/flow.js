/**
 * What flows between this seat and the other one: the connection, what goes out by it, by which rung, and what of the
 * other end arrives. Who sits where, and what it means for the call, is not decided here.
 */
import { Peer, prepare } from "./peer.js";

/** @typedef {import("../core/wire.js").TakenSeat} TakenSeat */
/** @typedef {import("./peer.js").Message} Message */
/** @typedef {import("./peer.js").Seen} Seen */
/** `ahead`: the voice, to who is yet to answer. @typedef {"nothing" | "ahead" | "all"} Shares */

const SILENCE = { audio: null, video: null };
const UNHEARD = { heard: null, jitter_ms: null, late_ms: null, concealed: null };
const REPORT_MS = 5_000;
// voice comes at least twice a second, also when nobody speaks
const FLOWS_MS = 3_500;
const LISTENS_MS = 3_000;
const ANSWERED_MS = 8_000;

export class Flow {
  /** How it is carried; null until that has been fetched. @type {import("./rungs.js").Rungs | null} */
  rungs = null;
  /** The newest photo that came. @type {import("./stills.js").Still | null} */
  still = null;
  /** @type {Shares} */
  shares = "nothing";
  /** @type {Peer | null} */
  peer = null;
  /** A picture has come by it. */
  onpicture = () => {};
  /** Where the connection leads, by the seat's name. */
  to = "";
  /** What comes from there; the same object also where another connection takes the place of this one.
   * @type {MediaStream | null} */
  remote = null;
  #live;
  #connections;
  #call;
  #own;
  #onflow;
  #onchange;
  /** What the other end proposes. @type {string | null} */
  #theirs = null;
  #isAlone = false;
  #received = 0;
  #isFetching = false;
  #isOver = false;
  #flowed_at = -Infinity;
  #pictured_at = -Infinity;
  #reported_at = -Infinity;

  /**
   * @param {import("../net/live.js").Live} live @param {string} call @param {import("./media.js").OwnMedia} own
   * @param {{onflow: (heard: boolean) => void, onchange: () => void}} options `onflow`: something may have come, or a
   * path broken
   */
  constructor(live, call, own, { onflow, onchange }) {
    this.#live = live;
    this.#connections = live.socket.connections;
    live.press();
    this.#call = call;
    this.#own = own;
    this.#onflow = onflow;
    this.#onchange = onchange;
    // fetched while the seat is being taken; else when there is a connection
    prepare().catch(() => {});
  }

  /** Whether anything of the other end came a short while ago. @param {number} at */
  flowsAt(at) {
    return at - this.#flowed_at < FLOWS_MS;
  }

  /** @param {number} at @param {boolean} isLost the last picture of a lost line stays */
  hasPictureAt(at, isLost) {
    return at - this.#pictured_at < (isLost ? Infinity : FLOWS_MS);
  }

  /** Another page at the other end, or here: a new connection. @param {TakenSeat} mine
   * @param {{seat: string, offerer: boolean}} other */
  connect(mine, other) {
    this.drop();
    this.use(this.open(mine, other), other.seat);
  }

  /** A connection of which nothing is shown yet. @param {TakenSeat} mine
   * @param {{seat: string, offerer: boolean}} other @param {() => void} [restart] see Peer */
  open(mine, { seat: to, offerer }, restart) {
    const peer = new Peer({
      iceServers: mine.ice_servers,
      icePolicy: mine.ice_policy,
      isOfferer: offerer,
      send: (message) => this.#live.signal({ call: this.#call, to, ...message }),
      onstate: () => this.#onflow(false),
      ondoubt: () => this.#live.doubt(),
      onvoice: () => this.#live.press(LISTENS_MS),
      onstill: (still) => {
        this.still = still;
        this.#onchange();
      },
      restart,
    });
    if (this.rungs) peer.setRung(...this.rungs.sending);
    return peer;
  }

  /** This one is used from now on. @param {Peer} peer @param {string} to @param {boolean} [isAlone] what the other ends
   * propose is no matter */
  use(peer, to, isAlone = false) {
    [this.peer, this.to, this.#isAlone, this.#reported_at] = [peer, to, isAlone, -Infinity];
    this.remote ??= peer.remote;
    this.hear(this.#theirs);
  }

  /** @param {Message} message */
  take(message) {
    this.peer?.take(message);
  }

  /** Whether this end's socket is another one than when that was asked last: what was said over that may be lost. */
  mayHaveLost() {
    const before = this.#connections;
    this.#connections = this.#live.socket.connections;
    return this.#connections !== before;
  }

  /** Signals may have been lost meanwhile. */
  retry() {
    this.peer?.retry();
  }

  /** What goes out from now on. Only what goes both ways is looked at. @param {Shares} shares */
  share(shares) {
    const { audio, video } = this.#own.tracks;
    const tracks = { nothing: SILENCE, ahead: { audio, video: null }, all: { audio, video } }[shares];
    this.peer?.setTracks(tracks).catch((error) => console.warn("not sent:", error));
    const wasWatched = this.shares === "all";
    this.shares = shares;
    if (!wasWatched && shares === "all") {
      this.#live.press(ANSWERED_MS);
      // nothing is there to be told yet
      this.#reported_at = performance.now();
    }
    if (wasWatched !== (shares === "all")) this.peer?.watch(wasWatched ? null : (seen) => this.#weigh(seen));
  }

  /** The other end rings anew: what came is another's. */
  forget() {
    this.#flowed_at = -Infinity;
  }

  drop() {
    this.peer?.close();
    this.peer = this.still = this.remote = null;
    this.to = "";
    this.rungs?.startAnew();
    this.shares = "nothing";
    this.#reported_at = this.#pictured_at = -Infinity;
  }

  close() {
    this.#isOver = true;
    this.drop();
  }

  /** The rung that the other end proposes. @param {string | null} rung */
  hear(rung) {
    this.#theirs = rung;
    this.rungs?.hear(this.#isAlone ? null : rung);
  }

  /** Fetches how it is carried, and later tells it again; without a network the next seat taken tries again, and until
   * then it goes as the browser likes. @param {string} known what the server has of the seat that was just taken */
  async takeRungs(known) {
    if (this.rungs) return this.rungs.tellAgain(known);
    if (this.#isFetching) return;
    this.#isFetching = true;
    const ways = {
      send: (/** @type {import("./peer.js").Rung} */ rung, /** @type {{isLossy: boolean}} */ link) =>
        void this.peer?.setRung(rung, link),
      tell: (/** @type {string} */ rung, /** @type {string} */ reason, /** @type {boolean} */ held) =>
        this.#isOver || this.#live.tellRung({ call: this.#call, rung, reason, held }),
      onchange: this.#onchange,
    };
    const rungs = await import("./rungs.js").then((part) => part.takeRungs(this.#call, known, ways)).catch(() => null);
    this.#isFetching = false;
    if (!rungs || this.#isOver) return;
    this.rungs = rungs;
    rungs.recall();
    this.hear(this.#theirs);
    this.peer?.setRung(...rungs.sending);
    this.#onchange();
  }

  /** @param {Seen} seen */
  #weigh(seen) {
    const { figures, heard, seen: pictured, isFirst, at } = seen;
    const isMore = (seen.bytes?.received ?? 0) > this.#received;
    this.#received = seen.bytes?.received ?? 0;
    if (isMore) this.#live.came_ms = at;
    // a bridge is silent for who speaks alone: nothing heard says nothing of the link
    const isStill = this.#isAlone && isMore && !heard;
    const more = this.rungs?.look(isStill && seen.look ? { ...seen, look: { ...seen.look, ...UNHEARD } } : seen) ?? {};
    if (heard || pictured || isStill) this.#flowed_at = at;
    if (pictured) {
      this.#pictured_at = at;
      this.onpicture();
    }
    this.#onflow(heard);
    if (!isFirst && at - this.#reported_at < REPORT_MS) return;
    this.#reported_at = at;
    this.#live.report(this.#call, { ...figures, ...more }).catch(() => {
      // the first voice is what makes the call live: tell it with the next look
      this.#reported_at = -Infinity;
    });
  }
}
