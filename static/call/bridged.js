/**
 * A call of more than two ends, at one of them: who else is here, and the one connection to the media program that
 * bridges them all. Two who were connected directly go on so until both hear the bridge, and are again when it is gone
 * for good. How it looks and sounds is not decided here.
 */

/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").Signal} Signal */
/** @typedef {import("./peer.js").Peer} Peer */
/** The seat of the other of two for whom the call is.
 * @typedef {{seat: string, isHere: boolean, isLost: boolean, offerer: boolean}} Other
 * One who is here and not connected with directly; a guest's `person`; Infinity for who is not lost.
 * @typedef {{seat: string, side: OtherSeat["side"], person: string | null, name: string | null, lost_ms: number}} End
 * A connection that is to take the place of the one that stands. @typedef {{peer: Peer, to: string, isMedia: boolean,
 *   isHeard: boolean, since_ms: number, stands_ms: number}} Next
 */

const CHANNEL = "media";
/** Opened on the direct connection by who hears the bridge: it may be closed as soon as both do. */
const HEARS_BRIDGE = "hears bridge";
const LOST_MS = 4_000; // then the bridge is given up for two who can be connected without it
/** A connection that didn't come to be is made anew: at the next ask of a peer, or later where it is under way. */
const AGAIN_MS = { asked: 7_500, underWay: 20_000 };
const LOOK_MS = 200;
const STANDS_MS = 1_500; // such a connection is good, though nobody has spoken
const LAST_WORDS_MS = 3_000;
const TOLD_AGAIN_MS = 1_000;

export class Bridged {
  /** By the seat's id: guests, and for a guest all others. @type {Map<string, End>} */
  ends = new Map();
  /** Whose voice it is, by the seat's name. @type {string | null} */
  speaks = null;
  /** Whose picture was asked for; null: the speaker's. @type {string | null} */
  looksAt = null;
  #seat;
  /** The bridge's seat. @type {string | null} */
  #media = null;
  /** @type {Next | null} */
  #next = null;
  /** @type {RTCDataChannel | null} */
  #channel = null;
  /** The other of two who are connected directly hears the bridge. */
  #told = false;
  #told_at = -Infinity;
  #lost_timer = 0;
  #again_timer = 0;
  #timer = 0;

  /** @param {import("./seat.js").Seat} seat */
  constructor(seat) {
    this.#seat = seat;
  }

  get #isGuest() {
    return this.#seat.call.my_side === "guest";
  }

  /** A bridge is there, or is awaited. */
  get isOn() {
    return this.#media !== null;
  }

  /** Somebody is here besides the other of the two; a guest comes to who is here. */
  get hasCompany() {
    return this.#isGuest || this.ends.size > 0;
  }

  /** It goes on without the other of the two; not where only guests are there who are lost when that one leaves. */
  get goesOn() {
    const isSomebodyThere = [...this.ends.values()].some(({ lost_ms }) => lost_ms === Infinity);
    return this.hasCompany && (isSomebodyThere || !this.#seat.other);
  }

  get otherSeat() {
    return this.#seat.other?.seat ?? null;
  }

  /** What is sent comes by the bridge. */
  get isBridged() {
    return this.isOn && idOf(this.#seat.flow.to) === idOf(this.#media);
  }

  /** @param {OtherSeat} news */
  hear(news) {
    if (news.side !== "media") this.#hearEnd(news);
    else if (news.serves === "bridge") this.#hearBridge(news);
    this.#seat.changed();
  }

  /** Who else is here, when the seat was taken again. @param {OtherSeat[]} peers */
  keep(peers) {
    const named = new Set(peers.map(({ seat }) => idOf(seat)));
    const hadEnds = this.ends.size > 0;
    for (const id of [...this.ends.keys()]) if (!named.has(id)) this.ends.delete(id);
    if (this.#media && !named.has(idOf(this.#media))) this.#giveUpLater();
    if (hadEnds) this.#endAlone();
  }

  /** @param {Signal} signal @returns {boolean} whether it was of the bridge, or for a connection that is yet to be used */
  take(signal) {
    const { flow } = this.#seat;
    const isOffered = signal.description?.type === "offer" && signal.from === this.#seat.other?.seat;
    if (isOffered && this.isBridged && this.#isBroken) this.#giveUp(); // they have, too
    const isNext = signal.from === this.#next?.to;
    if (isNext) this.#next?.peer.take(signal);
    else if (signal.side === "media" && signal.from === flow.to) flow.take(signal);
    return isNext || signal.side === "media";
  }

  /** What goes out to the connection that is not used yet: the voice alone, for the link carries two then. */
  share() {
    const audio = this.#seat.isHere ? this.#seat.own.tracks.audio : null;
    this.#next?.peer.setTracks({ audio, video: null }).catch((error) => console.warn("not sent:", error));
    this.#settle();
  }

  /** One picture is sent to this end: of who speaks, or of this one. @param {string | null} seat */
  lookAt(seat) {
    this.looksAt = this.looksAt === seat ? null : seat;
    this.#say({ look_at: this.looksAt ?? "speaker" });
    this.#seat.changed();
  }

  /** This end has another seat now, or leaves. */
  drop() {
    clearTimeout(this.#lost_timer);
    clearTimeout(this.#again_timer);
    this.#close();
    this.#media = this.speaks = null;
    this.#channel = null;
  }

  /** @param {OtherSeat} news */
  #hearEnd({ seat, side, state, here, guest, name }) {
    if (state === "left" || !here) this.ends.delete(idOf(seat));
    else this.ends.set(idOf(seat), { seat, side, person: guest ?? null, name, lost_ms: state === "lost" ? performance.now() : Infinity });
    if (state === "left") this.#endAlone();
  } // prettier-ignore

  /** The last of those is gone for whom it went on without the other of the two. */
  #endAlone() {
    const { call, other } = this.#seat;
    if (call.state === "live" && !this.#isGuest && !this.ends.size && !other) this.#seat.otherLeft();
  }

  /** @param {OtherSeat} news */
  #hearBridge({ seat, state }) {
    clearTimeout(this.#lost_timer);
    if (state === "left") return this.#giveUp();
    if (state === "lost") return this.#giveUpLater();
    if (this.#media === seat) return this.#retry();
    this.#media = seat;
    this.#connect();
  }

  #retry() {
    if (this.#next) this.#next.peer.retry();
    else this.#seat.flow.retry();
  }

  /** To the bridge, while what stands goes on. */
  #connect() {
    const mine = this.#seat.mine;
    if (!mine || !this.#media) return;
    this.#close();
    const peer = this.#seat.flow.open(mine, { seat: this.#media, offerer: true }, () => this.#again());
    this.#listen(peer.connection.createDataChannel(CHANNEL));
    this.#hearDirect();
    this.#await(peer, this.#media, true);
  }

  #hearDirect() {
    const direct = this.#seat.flow.to === this.otherSeat ? this.#seat.flow.peer?.connection : null;
    if (!direct || direct.ondatachannel) return;
    this.#told = false;
    direct.ondatachannel = ({ channel }) => (this.#told ||= channel.label === HEARS_BRIDGE);
  }

  /** A path to the bridge broke: it takes a new connection for what a browser calls a restart. */
  #again() {
    const isSilent = this.isBridged && this.#seat.flow.flowsAt(performance.now()); // it sends nothing to who speaks alone
    if (isSilent) return this.#againLater();
    const next = this.#next;
    const isUnderWay = next?.peer.state === "connecting" || next?.peer.state === "connected";
    const isYoung = next && performance.now() - next.since_ms < AGAIN_MS[isUnderWay ? "underWay" : "asked"];
    if (this.#media && !isYoung) this.#connect();
  }

  #againLater() {
    clearTimeout(this.#again_timer);
    this.#again_timer = window.setTimeout(() => this.isOn && this.#isBroken && this.#again(), LOST_MS);
  }

  get #isBroken() {
    return !this.#seat.flow.flowsAt(performance.now());
  }

  /** The two are connected without it. */
  #giveUp() {
    this.#media = this.speaks = null;
    this.#channel = null;
    this.#close();
    const { mine, other, flow } = this.#seat;
    if (this.#isGuest || !mine || !other || flow.to === other.seat) return;
    this.#await(flow.open(mine, other), other.seat, false);
  }

  /** Its socket is lost, which its voice may outlive. */
  #giveUpLater() {
    clearTimeout(this.#lost_timer);
    this.#lost_timer = window.setTimeout(() => {
      if ((this.isBridged && !this.#isBroken) || this.#isGuest) this.#giveUpLater();
      else this.#giveUp();
    }, LOST_MS);
  }

  /** @param {Peer} peer @param {string} to @param {boolean} isMedia */
  #await(peer, to, isMedia) {
    const next = { peer, to, isMedia, isHeard: false, since_ms: performance.now(), stands_ms: Infinity };
    this.#next = next;
    peer.watch(({ heard }) => {
      next.isHeard ||= heard;
      this.#settle();
    });
    this.#timer = window.setInterval(() => this.#settle(), LOOK_MS);
    this.share();
  }

  /** Uses the connection that waits as soon as nothing is missed by that. */
  #settle() {
    const [next, { flow }] = [this.#next, this.#seat];
    if (!next || (flow.peer && !this.#isReady(next))) return;
    this.#next = null;
    clearInterval(this.#timer);
    next.peer.watch(null);
    this.#swap(next);
    this.#seat.changed();
  }

  /** Another connection takes the place of the one that stands, whose other end may yet need it. Its picture stays until
   * the new one's comes. @param {Next} next */
  #swap({ peer, to, isMedia }) {
    const { flow, own } = this.#seat;
    const [before, shares] = [flow.peer, flow.shares];
    flow.share("nothing");
    before?.setTracks({ audio: own.tracks.audio, video: null }).catch((error) => console.warn("not sent:", error));
    if (before) setTimeout(() => before.close(), LAST_WORDS_MS);
    flow.rungs?.startAnew();
    flow.use(peer, to, isMedia);
    if (flow.rungs) peer.setRung(...flow.rungs.sending);
    flow.share(shares);
    this.#play("audio");
    flow.onpicture = () => this.#play("video");
  }

  /** Shows what comes by the connection that is used now. @param {"audio" | "video"} kind */
  #play(kind) {
    const [shown, coming] = [this.#seat.flow.remote, this.#seat.flow.peer?.remote];
    if (!shown || !coming || shown === coming) return;
    const isIt = (/** @type {MediaStreamTrack} */ track) => track.kind === kind;
    const [before, after] = [shown, coming].map((stream) => stream.getTracks().find(isIt));
    if (!after || before === after) return;
    shown.addTrack(after);
    if (before) shown.removeTrack(before);
  }

  /** @param {Next} next */
  #isReady(next) {
    const { flow } = this.#seat;
    const at = performance.now();
    if (next.peer.state !== "connected") next.stands_ms = Infinity;
    else next.stands_ms = Math.min(next.stands_ms, at);
    const isGood = next.isHeard || at - next.stands_ms > STANDS_MS;
    const isDirect = next.isMedia && flow.to === this.#seat.other?.seat;
    if (!isGood || !isDirect) return isGood;
    const tells = this.#told || at - this.#told_at > TOLD_AGAIN_MS; // before that the other end may not have listened
    if (tells) flow.peer?.connection.createDataChannel(HEARS_BRIDGE);
    if (tells) this.#told_at = at;
    return this.#told;
  }

  #close() {
    clearInterval(this.#timer);
    this.#next?.peer.close();
    this.#next = null;
  }

  /** @param {RTCDataChannel} channel */
  #listen(channel) {
    this.#channel = channel;
    channel.onopen = () => this.looksAt && this.#say({ look_at: this.looksAt });
    channel.onmessage = ({ data }) => channel === this.#channel && this.#read(data);
  }

  /** @param {object} line */
  #say(line) {
    if (this.#channel?.readyState === "open") this.#channel.send(JSON.stringify(line));
  }

  /** @param {unknown} data */
  #read(data) {
    const line = parsed(data);
    if (line?.speaks === undefined || line.speaks === this.speaks) return;
    this.speaks = line.speaks;
    this.#seat.changed();
  }
}

/** @param {unknown} data @returns {any} null for what is no line of ours */
export function parsed(data) {
  try {
    return JSON.parse(String(data));
  } catch {
    return null;
  }
}

/** @param {string | null} [seat] "<id>.<epoch>" */
export const idOf = (seat) => seat?.split(".")[0] ?? "";
