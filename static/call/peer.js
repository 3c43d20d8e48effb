/**
 * One RTCPeerConnection between two seats of one epoch each: perfect negotiation, trickle ICE, ICE restart, figures.
 * It is made without media (pre-warmed); tracks are put in later and taken out again without negotiating.
 * What it sends by a rung is decided in tuning.js, when it asks again in restarts.js. All that touches its descriptions
 * waits in one queue.
 */

/** @typedef {import("../core/wire.js").Figures} Figures */
/** @typedef {import("./ladder.js").Rung} Rung */
/** @typedef {import("./stills.js").Still} Still */
/** @typedef {{description?: RTCSessionDescriptionInit, candidate?: RTCIceCandidateInit}} Message */
/** @typedef {"audio" | "video"} Kind */
/** `look`, `bytes`: null until their part is there.
 * @typedef {import("./looks.js").Looked | {figures: Figures, look: null, bytes: null}} Looked */
/** @typedef {Looked & {heard: boolean, seen: boolean, isFirst: boolean, at: number}} Seen what has come */

const KINDS = /** @type {Kind[]} */ (["audio", "video"]);
const LOOK_MS = 1_000;
const LOOK_EAGERLY_MS = 250; // until the first sound and picture have come
const EAGER_FOR_MS = 15_000;
const PARTS_MS = 3_000; // a connection can be made without them, only not as lean
/** @typedef {[typeof import("./tuning.js"), typeof import("./looks.js"), typeof import("./relays.js"),
 * typeof import("./restarts.js"), typeof import("./sdp.js")]} Parts */
/** @type {Promise<Parts> | null} */
let parts = null;

/** Fetches what a connection needs besides, ahead if need be. Rejects without a network; may be called again then. */
export function prepare() {
  parts ??= Promise.all([
    import("./tuning.js"), import("./looks.js"), import("./relays.js"), import("./restarts.js"), import("./sdp.js"),
  ]); // prettier-ignore
  parts.catch(() => (parts = null));
  return parts;
}

export class Peer {
  /** What comes from the other end; the same object for the connection's whole life. */
  remote = new MediaStream();
  #pc;
  #isOfferer;
  #send;
  #onstate;
  #ways;
  #onstill;
  #bitrates;
  #restart;
  #isIgnoringOffer = false;
  /** @type {RTCIceCandidateInit[]} that came before the description they belong to */
  #early = [];
  /** @type {Promise<void>} descriptions and candidates are taken, made and changed one after the other */
  #queue = Promise.resolve();
  /** @type {Partial<Record<Kind, RTCRtpSender>>} */
  #senders = {};
  /** @type {Record<Kind, MediaStreamTrack | null>} */
  #tracks = { audio: null, video: null };
  /** @type {Rung | null} */
  #rung = null;
  #isLossy = false;
  /** @type {import("./tuning.js").Tuning | null} */
  #tuning = null;
  /** @type {import("./restarts.js").Restarts | null} */
  #restarts = null;
  /** @type {import("./looks.js").Pulse | null} */
  #pulse = null;
  /** @type {import("./looks.js").Looks | null} */
  #looks = null;
  #look_timer = 0;
  /** @type {((seen: Seen) => void) | null} */
  #onlook = null;
  #came = { sound: 0, frames: 0 };

  /**
   * @param {object} options
   * @param {RTCIceServer[]} options.iceServers @param {RTCIceTransportPolicy} options.icePolicy
   * @param {(message: Message) => Promise<boolean> | void} options.send see Restarts
   * @param {boolean} options.isOfferer the other end is the polite one
   * @param {(state: RTCPeerConnectionState) => void} options.onstate also when a track of the other end came
   * @param {() => void} [options.ondoubt] nothing comes any more @param {() => void} [options.onvoice] see Pulse
   * @param {((still: Still) => void) | null} [options.onstill] a still came; without it none are sent or taken
   * @param {Record<Kind, number>} [options.bitrates] at most @param {() => void} [options.restart] another path is
   * needed; else one is sought for this connection
   */
  constructor(options) {
    const { iceServers, icePolicy, isOfferer, send, onstate, ondoubt, onvoice, onstill = null, bitrates, restart } = options;
    this.#bitrates = bitrates;
    this.#restart = restart;
    this.#pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: icePolicy, bundlePolicy: "max-bundle" });
    this.#isOfferer = isOfferer;
    this.#send = send;
    this.#onstate = onstate;
    const hear = (/** @type {"voice" | "silence"} */ heard) => this.#tuning?.hear(heard);
    this.#ways = { pc: this.#pc, ondoubt, onvoice, hear, seek: () => this.#seekPath() };
    this.#onstill = onstill;
    this.#takeParts();
    this.#pc.onnegotiationneeded = () => void this.#run(() => this.#offer());
    this.#pc.onicecandidate = ({ candidate }) =>
      candidate?.candidate && !this.#tuning?.leavesOut(candidate) && send({ candidate: candidate.toJSON() });
    this.#pc.ontrack = ({ track }) => {
      this.remote.addTrack(track);
      onstate(this.state);
    };
    this.#pc.onconnectionstatechange = () => this.#turned();
    if (isOfferer) for (const kind of KINDS) this.#senders[kind] = this.#pc.addTransceiver(kind).sender;
  }

  /** For a channel of somebody's own. */
  get connection() {
    return this.#pc;
  }

  get state() {
    return this.#pc.connectionState;
  }

  /** A signal of the other end. What can't be understood the console is told. @param {Message} message */
  take({ description, candidate }) {
    if (description) this.#run(() => this.#takeDescription(description));
    else if (candidate) this.#run(() => this.#takeCandidate(candidate));
  }

  /** What is sent from now on, as far as the rung carries it; null is silence.
   * @param {Record<Kind, MediaStreamTrack | null>} tracks */
  async setTracks(tracks) {
    this.#tracks = tracks;
    this.#tuning?.show(tracks.video);
    await Promise.all(KINDS.map((kind) => this.#senders[kind]?.replaceTrack(this.#carried(kind))));
  }

  /** Sends by this rung from now on, in a connection that stands or is yet to come.
   * @param {Rung} rung @param {{isLossy?: boolean}} [link] `isLossy`: worth the bytes of redundancy */
  async setRung(rung, { isLossy = false } = {}) {
    [this.#rung, this.#isLossy] = [rung, isLossy];
    this.#tuning?.set(rung, isLossy);
    await this.#run(() => this.#obey());
  }

  /** Signals may have been lost meanwhile: a connection that isn't up is tried anew at once. */
  retry() {
    if (!this.#restarts) {
      this.#takeParts();
      this.#describeAgain();
    } else if (!this.#restarts.retry()) this.#seekPath();
  }

  /** Tells again and again what arrives; null stops it. @param {((seen: Seen) => void) | null} onlook */
  watch(onlook) {
    clearTimeout(this.#look_timer);
    this.#onlook = onlook;
    this.#watched();
    const since = performance.now();
    const look = async () => {
      const looked = await this.look();
      if (this.#onlook !== onlook || !onlook) return;
      const { received_audio_bytes: sound, received_video_frames: frames } = looked.figures;
      const [heard, seen] = [sound > this.#came.sound, frames > this.#came.frames];
      const isFirst = (heard && !this.#came.sound) || (seen && !this.#came.frames);
      if (heard && !this.#came.sound) this.#bringPicture(true);
      this.#came = { sound, frames };
      const at = performance.now();
      const isCalm = (sound && frames) || at - since > EAGER_FOR_MS;
      this.#look_timer = window.setTimeout(look, isCalm ? LOOK_MS : LOOK_EAGERLY_MS);
      onlook({ ...looked, heard, seen, isFirst, at });
    };
    if (onlook) look();
  }

  #watched() {
    this.#pulse?.feel(this.#onlook && this.#ways);
    if (this.#onlook) this.#bringPicture(false);
  }

  /** Another path is sought, once in a silence. */
  #seekPath() {
    if (this.#isOfferer && this.#pulse?.answer()) this.#restarts?.ask();
  }

  /** @param {boolean} isHeard */
  #bringPicture(isHeard) {
    this.#tuning?.bringPicture(isHeard, () => this.#run(() => this.#obey()));
  }

  /** What was received in all, and what the link did since the last time. @returns {Promise<Looked>} */
  async look() {
    const report = await this.#pc.getStats();
    if (!this.#looks || !this.#tuning) return { figures: bare(report), look: null, bytes: null };
    const looked = this.#looks.take(report, performance.now(), this.#tuning);
    if (this.#tuning.leaves(looked.look.available_kbps)) this.#run(() => this.#tuning?.limit());
    return looked;
  }

  close() {
    this.watch(null);
    this.#restarts?.close();
    this.#pc.onnegotiationneeded = this.#pc.onicecandidate = this.#pc.ontrack = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
    this.#tuning?.close();
  }

  /** @param {() => unknown} step what goes wrong in it is told to the console */
  #run(step) {
    this.#queue = this.#queue
      .then(() => this.#pc.signalingState === "closed" || step())
      .then(() => {}, (error) => console.warn("left out in the connection:", error.message)); // prettier-ignore
    return this.#queue;
  }

  #takeParts() {
    this.#run(() => Promise.race([this.#fetchParts(), new Promise((resolve) => setTimeout(resolve, PARTS_MS))]));
  }

  async #fetchParts() {
    const [{ Tuning }, { Looks, Pulse }, { Relays }, { Restarts }] = await prepare();
    if (this.#restarts) return;
    new Relays(this.#pc, this.#isOfferer);
    this.#restarts = new Restarts(this.#pc, this.#isOfferer, { say: () => this.#describeAgain(), restart: this.#restart });
    const isMute = () => Boolean(this.#rung && !this.#rung.audio);
    this.#pulse = new Pulse(() => ({ isLossy: this.#isLossy, rtt_ms: this.#looks?.rtt_ms ?? null, isMute: isMute() }));
    [this.#looks, this.#tuning] = [new Looks(this.#pulse), new Tuning(this.#pc, this.#senders, this.#onstill, this.#bitrates)];
    this.#tuning.set(this.#rung, this.#isLossy);
    if (this.#onlook) this.#watched();
    if (this.#isOfferer) this.#tuning.openStills();
    this.#run(() => this.#obey());
  }

  async #offer() {
    if (this.#pc.signalingState !== "stable") return; // when that has been answered the browser says so again
    if (!this.#pc.getTransceivers().length) return; // other relays want an offer, also of what has nothing to offer yet
    this.#tuning?.bringBack();
    await (this.#tuning ? this.#tuning.settle() : this.#pc.setLocalDescription());
    this.#describe();
  }

  async #obey() {
    await this.#tuning?.limit();
    await this.setTracks(this.#tracks);
    if ((await this.#tuning?.retune()) === false) await this.#offer();
  }

  /** Sends the local description. */
  #describe() {
    const { localDescription } = this.#pc;
    if (!localDescription) return;
    const { type, sdp } = localDescription;
    const sent = this.#send({ description: this.#tuning?.written(localDescription) ?? { type, sdp } });
    this.#restarts?.said(sent);
  }

  #describeAgain() {
    this.#run(() => this.#pc.signalingState === "have-local-offer" && this.#describe());
  }

  /** @param {RTCSessionDescriptionInit} description */
  async #takeDescription(description) {
    const { signalingState } = this.#pc;
    const isOffer = description.type === "offer";
    this.#isIgnoringOffer = isOffer && this.#isOfferer && signalingState !== "stable";
    if (this.#isIgnoringOffer) return;
    if (description.type === "answer" && signalingState !== "have-local-offer") return; // a repeated one
    await (this.#tuning ? this.#tuning.take(description) : this.#pc.setRemoteDescription(description));
    this.#restarts?.taken();
    if (isOffer) {
      await this.#adopt();
      await (this.#tuning ? this.#tuning.settle() : this.#pc.setLocalDescription());
      this.#describe();
    }
    await this.#obey();
    for (const candidate of this.#early.splice(0)) this.take({ candidate });
  }

  /** The answerer sends through the transceivers that the offer made: of its own none would match the offerer's. */
  async #adopt() {
    this.#tuning?.openStills();
    for (const transceiver of this.#pc.getTransceivers()) {
      const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
      if (this.#senders[kind]) continue;
      this.#senders[kind] = transceiver.sender;
      transceiver.direction = "sendrecv";
      await this.#tuning?.limit();
      await transceiver.sender.replaceTrack(this.#carried(kind));
    }
  }

  /** @param {RTCIceCandidateInit} candidate */
  async #takeCandidate(candidate) {
    if (!this.#pc.remoteDescription) return void this.#early.push(candidate);
    try {
      await this.#pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this.#isIgnoringOffer) throw error;
    }
  }

  /** Without the part that limits it no picture is sent: it would take the voice's room. @param {Kind} kind */
  #carried(kind) {
    const track = this.#tracks[kind];
    return this.#tuning ? this.#tuning.carried(kind, track) : kind === "audio" ? track : null;
  }

  #turned() {
    if (this.#restarts) this.#restarts.turned();
    else if (this.state === "failed") this.#takeParts();
    this.#onstate(this.state);
  }
}

const UNKNOWN = { rtt_ms: null, loss_permille: null, received_kbps: null, sent_kbps: null, frames_per_second: null };

/** What came, without a word on the link. @param {RTCStatsReport} report @returns {Figures} */
function bare(report) {
  const figures = { received_audio_bytes: 0, received_video_frames: 0, ...UNKNOWN };
  report.forEach((part) => {
    if (part.type === "inbound-rtp" && part.kind === "audio") figures.received_audio_bytes += part.bytesReceived ?? 0;
    if (part.type === "inbound-rtp") figures.received_video_frames += part.framesDecoded ?? 0;
  });
  return figures;
}
