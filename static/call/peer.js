/**
 * One RTCPeerConnection between two seats of one epoch each: perfect negotiation, trickle ICE, ICE restart, figures.
 * It is made without media (pre-warmed); tracks are put in later and taken out again without negotiating.
 */

/** @typedef {import("../core/wire.js").Figures} Figures */
/** @typedef {{description?: RTCSessionDescriptionInit, candidate?: RTCIceCandidateInit}} Message */
/** @typedef {"audio" | "video"} Kind */
/** @typedef {{figures: Figures, heard: boolean, seen: boolean, isFirst: boolean, at: number}} Seen what has come */

const KINDS = /** @type {Kind[]} */ (["audio", "video"]);
const MAX_BITRATE = { audio: 24_000, video: 600_000 };
const ANSWER_MS = 5_000;
const DISCONNECTED_MS = { offerer: 4_000, answerer: 10_000 }; // the answerer only if the offerer hasn't noticed
const RESTARTED_MS = 8_000;
const LOOK_MS = 1_000;
const LOOK_EAGERLY_MS = 250; // until the first sound and picture have come
const EAGER_FOR_MS = 15_000;

export class Peer {
  /** What comes from the other end; the same object for the connection's whole life. */
  remote = new MediaStream();
  #pc;
  #isOfferer;
  #send;
  #onstate;
  #isMakingOffer = false;
  #isIgnoringOffer = false;
  #isSettingAnswer = false;
  /** @type {RTCIceCandidateInit[]} that came before the description they belong to */
  #early = [];
  /** @type {Promise<void>} signals are taken one after the other */
  #queue = Promise.resolve();
  /** @type {Partial<Record<Kind, RTCRtpSender>>} */
  #senders = {};
  /** @type {Record<Kind, MediaStreamTrack | null>} */
  #tracks = { audio: null, video: null };
  #restart_timer = 0;
  #answer_timer = 0;
  /** @type {Totals | null} */
  #last = null;
  #look_timer = 0;
  /** @type {((seen: Seen) => void) | null} */
  #onlook = null;
  #sound = 0;
  #frames = 0;
  #bitrates;

  /**
   * @param {object} options
   * @param {RTCIceServer[]} options.iceServers
   * @param {RTCIceTransportPolicy} options.icePolicy
   * @param {boolean} options.isOfferer the other end is the polite one
   * @param {(message: Message) => void} options.send
   * @param {(state: RTCPeerConnectionState) => void} options.onstate also when a track of the other end came
   * @param {Record<Kind, number>} [options.bitrates] at most
   */
  constructor({ iceServers, icePolicy, isOfferer, send, onstate, bitrates = MAX_BITRATE }) {
    this.#bitrates = bitrates;
    this.#pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: icePolicy, bundlePolicy: "max-bundle" });
    this.#isOfferer = isOfferer;
    this.#send = send;
    this.#onstate = onstate;
    this.#pc.onnegotiationneeded = () => this.#offer();
    this.#pc.onicecandidate = ({ candidate }) => candidate?.candidate && send({ candidate: candidate.toJSON() });
    this.#pc.ontrack = ({ track }) => {
      this.remote.addTrack(track);
      onstate(this.state);
    };
    this.#pc.onconnectionstatechange = () => this.#turned();
    if (isOfferer) for (const kind of KINDS) this.#senders[kind] = this.#pc.addTransceiver(kind).sender;
  }

  get state() {
    return this.#pc.connectionState;
  }

  /**
   * A signal of the other end. What can't be understood is told to the console and left out.
   * @param {Message} message
   */
  take(message) {
    this.#queue = this.#queue
      .then(() => this.#take(message))
      .catch((error) => console.warn("a signal was left out:", error.message));
  }

  /** What is sent from now on; null is silence. @param {Record<Kind, MediaStreamTrack | null>} tracks */
  async setTracks(tracks) {
    this.#tracks = tracks;
    await Promise.all(KINDS.map((kind) => this.#senders[kind]?.replaceTrack(tracks[kind])));
  }

  /** Signals may have been lost meanwhile: a connection that isn't up is tried anew at once. */
  retry() {
    if (this.state === "failed" || this.state === "disconnected") this.#restartIn(0);
    else if (this.#pc.signalingState === "have-local-offer") this.#describe();
  }

  /**
   * Tells again and again what arrives; null stops it.
   * @param {((seen: Seen) => void) | null} onlook
   */
  watch(onlook) {
    clearTimeout(this.#look_timer);
    this.#onlook = onlook;
    const since = performance.now();
    const look = async () => {
      const figures = await this.figures();
      if (this.#onlook !== onlook || !onlook) return;
      const { received_audio_bytes: sound, received_video_frames: frames } = figures;
      const [heard, seen] = [sound > this.#sound, frames > this.#frames];
      const isFirst = (heard && !this.#sound) || (seen && !this.#frames);
      [this.#sound, this.#frames] = [sound, frames];
      const at = performance.now();
      const isCalm = (sound && frames) || at - since > EAGER_FOR_MS;
      this.#look_timer = window.setTimeout(look, isCalm ? LOOK_MS : LOOK_EAGERLY_MS);
      onlook({ figures, heard, seen, isFirst, at });
    };
    if (onlook) look();
  }

  close() {
    this.watch(null);
    clearTimeout(this.#restart_timer);
    clearTimeout(this.#answer_timer);
    this.#pc.onnegotiationneeded = this.#pc.onicecandidate = this.#pc.ontrack = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  /** What was received in all, and what the link did since the last time. @returns {Promise<Figures>} */
  async figures() {
    const last = this.#last;
    const totals = addUp(await this.#pc.getStats());
    this.#last = totals;
    return {
      received_audio_bytes: totals.audio_bytes,
      received_video_frames: totals.frames,
      rtt_ms: totals.rtt_ms,
      loss_permille: last && lossBetween(last, totals),
      received_kbps: last && perSecond(last, totals, "received_bytes", 8 / 1_000),
      sent_kbps: last && perSecond(last, totals, "sent_bytes", 8 / 1_000),
      frames_per_second: last && perSecond(last, totals, "frames", 1),
    };
  }

  async #offer() {
    try {
      this.#isMakingOffer = true;
      await this.#pc.setLocalDescription();
      this.#describe();
    } catch (error) {
      if (this.#pc.signalingState !== "closed") console.warn("no offer could be made:", error);
    } finally {
      this.#isMakingOffer = false;
    }
  }

  /** Sends the local description; an offer again until it is answered, since signals get lost with their socket. */
  #describe() {
    clearTimeout(this.#answer_timer);
    const { localDescription, signalingState } = this.#pc;
    if (!localDescription) return;
    this.#send({ description: { type: localDescription.type, sdp: localDescription.sdp } });
    if (signalingState !== "have-local-offer") return;
    this.#answer_timer = window.setTimeout(() => {
      if (this.#pc.signalingState === "have-local-offer") this.#describe();
    }, ANSWER_MS);
  }

  /** @param {Message} message */
  async #take({ description, candidate }) {
    if (this.#pc.signalingState === "closed") return;
    if (description) await this.#takeDescription(description);
    else if (candidate) await this.#takeCandidate(candidate);
  }

  /** @param {RTCSessionDescriptionInit} description */
  async #takeDescription(description) {
    const isOffer = description.type === "offer";
    const isReady = this.#pc.signalingState === "stable" || this.#isSettingAnswer;
    this.#isIgnoringOffer = isOffer && this.#isOfferer && (this.#isMakingOffer || !isReady);
    if (this.#isIgnoringOffer) return;
    if (description.type === "answer" && this.#pc.signalingState !== "have-local-offer") return; // a repeated one
    this.#isSettingAnswer = description.type === "answer";
    try {
      await this.#pc.setRemoteDescription(description);
    } finally {
      this.#isSettingAnswer = false;
    }
    if (isOffer) await this.#answer();
    await this.#cap();
    for (const candidate of this.#early.splice(0)) this.take({ candidate });
  }

  async #answer() {
    await this.#adopt();
    await this.#pc.setLocalDescription();
    this.#describe();
  }

  /**
   * The answerer sends through the transceivers that the offer made: ones of its own would match none of the
   * offerer's.
   */
  async #adopt() {
    for (const transceiver of this.#pc.getTransceivers()) {
      const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
      if (this.#senders[kind]) continue;
      this.#senders[kind] = transceiver.sender;
      transceiver.direction = "sendrecv";
      await transceiver.sender.replaceTrack(this.#tracks[kind]);
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

  async #cap() {
    for (const kind of KINDS) {
      const parameters = this.#senders[kind]?.getParameters();
      const [encoding] = parameters?.encodings ?? [];
      if (!parameters || !encoding || encoding.maxBitrate) continue;
      encoding.maxBitrate = this.#bitrates[kind];
      await this.#senders[kind]?.setParameters(parameters);
    }
  }

  #turned() {
    const { connectionState } = this.#pc;
    if (connectionState === "connected") clearTimeout(this.#restart_timer);
    if (connectionState === "failed") this.#restartIn(this.#isOfferer ? 0 : DISCONNECTED_MS.answerer);
    if (connectionState === "disconnected") {
      this.#restartIn(this.#isOfferer ? DISCONNECTED_MS.offerer : DISCONNECTED_MS.answerer);
    }
    this.#onstate(connectionState);
  }

  /** @param {number} delay_ms */
  #restartIn(delay_ms) {
    clearTimeout(this.#restart_timer);
    this.#restart_timer = window.setTimeout(() => {
      this.#pc.restartIce();
      this.#restartIn(RESTARTED_MS);
    }, delay_ms);
  }
}

/** @typedef {{at_ms: number, audio_bytes: number, frames: number, packets: number, lost: number, received_bytes:
 * number,
 *   sent_bytes: number, rtt_ms: number | null}} Totals */

/** @param {RTCStatsReport} report @returns {Totals} */
function addUp(report) {
  const totals = {
    at_ms: performance.now(), audio_bytes: 0, frames: 0, packets: 0, lost: 0, received_bytes: 0, sent_bytes: 0,
    rtt_ms: /** @type {number | null} */ (null),
  }; // prettier-ignore
  report.forEach((part) => {
    if (part.type === "inbound-rtp") {
      if (part.kind === "audio") totals.audio_bytes += part.bytesReceived ?? 0;
      totals.frames += part.framesDecoded ?? 0;
      totals.packets += part.packetsReceived ?? 0;
      totals.lost += Math.max(0, part.packetsLost ?? 0);
    } else if (part.type === "candidate-pair" && part.nominated && part.state === "succeeded") {
      totals.received_bytes += part.bytesReceived ?? 0;
      totals.sent_bytes += part.bytesSent ?? 0;
      if (part.currentRoundTripTime !== undefined) totals.rtt_ms = Math.round(part.currentRoundTripTime * 1_000);
    }
  });
  return totals;
}

/** @param {Totals} last @param {Totals} totals */
function lossBetween(last, totals) {
  const lost = Math.max(0, totals.lost - last.lost);
  const all = lost + totals.packets - last.packets;
  return all > 0 ? Math.round((1_000 * lost) / all) : null;
}

/**
 * @param {Totals} last @param {Totals} totals @param {"received_bytes" | "sent_bytes" | "frames"} what
 * @param {number} factor
 */
function perSecond(last, totals, what, factor) {
  const seconds = (totals.at_ms - last.at_ms) / 1_000;
  return seconds > 0 ? Math.max(0, Math.round(((totals[what] - last[what]) * factor) / seconds)) : null;
}
