/**
 * What this end sends, by the rung. That is its own affair: every description of the other end is made to ask for what
 * the rung says before the browser gets it, and a change of rung goes through the last of them once more, of which the
 * other end never learns. When that may be done is not decided here, nor which rung is right.
 */
import { slim, tuned } from "./sdp.js";

/** @typedef {import("./ladder.js").Rung} Rung */
/** @typedef {import("./sdp.js").Voice} Voice */
/** @typedef {import("./stills.js").Still} Still */
/** @typedef {import("./stills.js").Stills} Stills */
/** @typedef {import("./peer.js").Kind} Kind */

/** For a rung of no more a picture begins within half of what the link should give. */
const THIN_KBPS = 100;
/** `drains`: a smaller picture waits until what the larger one left in front of the voice is gone. */
const PICTURE_MS = { heard: 700, unheard: 8_000, drains: 1_200 };
/** The addresses of this device itself are known by then. */
const GATHER_MS = 30;
/** So many packets of a thin voice wait at this end of a long link, where something is always in front of them; of a
 * lossy one the next tells what was lost. What tells of silence is small, and quicker by what a voice takes on the link:
 * of more than half a packet a browser would give up the rest in each silence, and play the next sentence slower to have
 * it back, which sounds worse than what is lost. So it keeps more there, until what comes is played. */
const HELD_PACKETS = { clean: 2, lossy: 3.2, inSilence: 0.4 };
const PLAYED_MS = 1_000;
/** Of what a link seems to carry a large picture takes so much: the estimate wavers, and what is too much for the link
 * stands in front of the voice. In steps, so that not every look changes it. */
const PICTURE = { takes: 0.85, least_kbps: 150, step_kbps: 20 };
const MAX_BITRATE = { audio: 24_000, video: 600_000 };
/** Both ends make the channel by themselves, so that it costs no message. */
const CHANNEL = { negotiated: true, id: 0, ordered: false, maxPacketLifeTime: 5_000 };

/** Header extensions that a rung without feedback takes out, and that come back only when they are asked for. */
const COMES_BACK = /transport-wide-cc|abs-send-time$|ssrc-audio-level$/;

export class Tuning {
  #pc;
  /** @type {Rung | null} */
  #rung = null;
  #isLossy = false;
  #isPictureDue = false;
  /** What is heard on a long link; null: on no such. @type {"voice" | "silence" | null} */
  #heard = null;
  #heard_timer = 0;
  /** At most, of a picture. */
  #left_kbps = Infinity;
  #isGathering = false;
  #picture_timer = 0;
  #isDraining = false;
  #drain_timer = 0;
  /** To carry it again. */
  #bring = () => {};
  /** The other end's last description as it came. @type {RTCSessionDescriptionInit | null} */
  #theirs;
  /** What it was made to ask for. */
  #asked = "";
  /** @type {RTCDataChannel | null} */
  #channel = null;
  /** @type {Promise<Stills> | null} */
  #fetching = null;
  /** @type {Stills | null} */
  #stills = null;
  #senders;
  #onstill;
  #bitrates;

  /** @param {RTCPeerConnection} pc @param {Partial<Record<Kind, RTCRtpSender>>} senders
   * @param {((still: Still) => void) | null} onstill @param {Record<Kind, number>} [bitrates] at most */
  constructor(pc, senders, onstill, bitrates = MAX_BITRATE) {
    this.#pc = pc;
    this.#senders = senders;
    this.#bitrates = bitrates;
    this.#theirs = pc.remoteDescription; // none yet, unless this was fetched late
    this.#onstill = onstill;
  }

  /** Before the offer is made, or where one is answered that has room for them. */
  openStills() {
    const offer = this.#pc.signalingState === "have-remote-offer" ? this.#theirs?.sdp : "\nm=application ";
    if (!this.#onstill || this.#channel || !offer?.includes("\nm=application ")) return;
    this.#channel = this.#pc.createDataChannel("stills", CHANNEL);
    this.#channel.binaryType = "arraybuffer";
    this.#channel.onmessage = ({ data }) => this.#withStills((stills) => stills.take(data));
  }

  /** Whether the browser's estimate of the link's rate means anything: beside a voice alone it never grows. */
  get hasEstimate() {
    const isPictured = this.#isPictureDue && Boolean(this.#senders.video?.track);
    return this.#rung ? Boolean(this.#rung.audio?.feedback) && isPictured : true;
  }

  /** Until now there was the voice alone: a picture begins with a burst, and an estimate of the link's rate with another,
   * which would stand in its way. @param {boolean} isHeard the voice has come
   * @param {() => void} then to limit, carry and retune anew */
  bringPicture(isHeard, then) {
    clearTimeout(this.#picture_timer);
    this.#bring = then;
    if (this.#isPictureDue) return;
    this.#picture_timer = window.setTimeout(() => {
      this.#isPictureDue = true;
      then();
    }, isHeard ? PICTURE_MS.heard : PICTURE_MS.unheard);
  }

  /** How fast stills arrive. @returns {number | null} */
  get drain_kbps() {
    return this.#stills?.drain_kbps ?? null;
  }

  /** @param {Rung | null} rung @param {boolean} isLossy */
  set(rung, isLossy) {
    if (rung?.video && rung.needs_kbps < (this.#rung?.video ? this.#rung.needs_kbps : 0)) this.#drain();
    [this.#rung, this.#isLossy] = [rung, isLossy];
  }

  #drain() {
    clearTimeout(this.#drain_timer);
    this.#isDraining = true;
    this.#drain_timer = window.setTimeout(() => {
      this.#isDraining = false;
      this.#bring();
    }, PICTURE_MS.drains);
  }

  /** What stills are made of, where the rung has any. @param {MediaStreamTrack | null} camera */
  show(camera) {
    const rung = this.#rung?.stills ?? null;
    const mayComeSoon = rung || this.#rung?.video; // better fetched while the link is good
    if (mayComeSoon || this.#stills) this.#withStills((stills) => stills.show(rung, camera));
  }

  /** What is really sent of a track: no picture where the rung has none.
   * @param {Kind} kind @param {MediaStreamTrack | null} track */
  carried(kind, track) {
    const isOut = (this.#rung && !this.#rung[kind]) || (kind === "video" && (this.#isDraining || !this.#isPictureDue));
    return isOut ? null : track;
  }

  /** Whether that changes what a picture may take. @param {number | null} available_kbps as the browser estimates */
  leaves(available_kbps) {
    const { audio, video } = this.#rung ?? {};
    const kbps = video && available_kbps ? available_kbps * PICTURE.takes - (audio?.max_kbps ?? 0) : Infinity;
    const left_kbps = Math.max(PICTURE.least_kbps, Math.round(kbps / PICTURE.step_kbps) * PICTURE.step_kbps);
    const isOther = left_kbps !== this.#left_kbps && (video?.max_kbps ?? 0) > PICTURE.least_kbps;
    this.#left_kbps = left_kbps;
    return isOther;
  }

  /** What comes over a long link. @param {"voice" | "silence"} heard */
  hear(heard) {
    if (this.#heard === heard) return;
    const isNew = this.#heard === "silence";
    this.#heard = heard;
    clearTimeout(this.#heard_timer);
    this.#heard_timer = window.setTimeout(() => this.#holdBack(), isNew ? PLAYED_MS : 0);
  }

  /** A browser that can't be limited in some way still sends. */
  async limit() {
    this.#holdBack();
    for (const [kind, sender] of /** @type {[Kind, RTCRtpSender][]} */ (Object.entries(this.#senders))) {
      const parameters = sender.getParameters();
      if (!parameters.encodings?.length) continue;
      const [before, limits] = [parameters.encodings[0], this.#limits(kind)];
      parameters.encodings[0] = { ...before, ...limits };
      if (JSON.stringify(before) === JSON.stringify(parameters.encodings[0])) continue;
      await sender.setParameters(parameters).catch((error) => console.warn("not limited:", error));
    }
  }

  /** Makes our own description; what is found in its first moment goes with it. */
  async settle() {
    this.#isGathering = true;
    try {
      await this.#pc.setLocalDescription();
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    } finally {
      this.#isGathering = false;
    }
  }

  /** What goes with the description, and a way that only one of two browsers could open.
   * @param {RTCIceCandidate} candidate */
  leavesOut({ candidate }) {
    return this.#isGathering || / tcptype active\b/.test(candidate);
  }

  /** Our own description as it is sent. @param {RTCSessionDescription} description */
  written({ type, sdp }) {
    return { type, sdp: slim(sdp) };
  }

  /**
   * Takes what the other end says. The answer to an offer says what this end can and not what it sends, so an offer
   * keeps its feedback until it has been answered; `retune` comes after that.
   * @param {RTCSessionDescriptionInit} description
   */
  async take(description) {
    if (description.type === "answer" && this.#isLate(description)) return;
    this.bringBack();
    await this.#apply(description, description.type === "offer");
  }

  /** To an offer of before this one, which asks for another path: who answers that names another one too (RFC 8839, 4.4).
   * @param {RTCSessionDescriptionInit} answer */
  #isLate(answer) {
    const { localDescription, currentLocalDescription, currentRemoteDescription } = this.#pc;
    const isRestart = currentLocalDescription && pathOf(currentLocalDescription) !== pathOf(localDescription);
    return isRestart && pathOf(answer) === pathOf(currentRemoteDescription);
  }

  /** Makes the last description ask for what the rung says now. False: that takes a real offer, and its answer will. */
  async retune() {
    const [theirs, voice] = [this.#theirs, this.#voice()];
    if (!theirs || !voice || this.#asked === JSON.stringify(voice) || this.#pc.signalingState !== "stable") return true;
    this.bringBack();
    try {
      return await this.#negotiateAlone(theirs);
    } catch (error) {
      console.warn("this browser doesn't send by the rung:", error);
      await this.#goBack();
      return true;
    }
  }

  /** Before any description is made or taken. Browsers without these two offer all extensions again by themselves. */
  bringBack() {
    for (const transceiver of /** @type {any[]} */ (this.#pc.getTransceivers())) {
      if (!transceiver.setHeaderExtensionsToNegotiate) continue;
      const all = transceiver.getHeaderExtensionsToNegotiate();
      const isGone = (/** @type {any} */ { uri, direction }) => COMES_BACK.test(uri) && direction === "stopped";
      if (!all.some(isGone)) continue;
      const back = all.map((/** @type {any} */ one) => (isGone(one) ? { ...one, direction: "sendrecv" } : one));
      transceiver.setHeaderExtensionsToNegotiate(back);
    }
  }

  close() {
    for (const timer of [this.#picture_timer, this.#drain_timer, this.#heard_timer]) clearTimeout(timer);
    this.#channel = null;
    this.#stills?.close();
  }

  /** What comes is sent by the same rung, and the loss is taken for that of this end's own way. */
  #holdBack() {
    const audio = this.#heard && this.#rung?.audio;
    if (!audio) return;
    const packets = HELD_PACKETS[this.#isLossy ? "lossy" : "clean"] + (this.#heard === "silence" ? HELD_PACKETS.inSilence : 0);
    for (const receiver of /** @type {any[]} */ (this.#pc.getReceivers()))
      if (receiver.track.kind === "audio")
        receiver.jitterBufferTarget = audio.dtx ? packets * this.#asSent(audio).packet_ms : null;
  }

  /** @param {import("./ladder.js").AudioRung} audio */
  #asSent = (audio) => (this.#isLossy && audio.redundancy) || audio;

  /** @param {Kind} kind @returns {Partial<RTCRtpEncodingParameters>} */
  #limits(kind) {
    const { audio, video } = this.#rung ?? {};
    const { max_kbps = Infinity } = (kind === "video" ? video : audio && this.#asSent(audio)) ?? {};
    const left_kbps = kind === "video" ? this.#left_kbps : Infinity;
    const maxBitrate = Math.min(this.#bitrates[kind], Math.min(max_kbps, left_kbps) * 1_000);
    if (kind === "audio" || !video) return { maxBitrate };
    const { scale_down_by: scaleResolutionDownBy, max_fps: maxFramerate } = video;
    return { maxBitrate, scaleResolutionDownBy, maxFramerate };
  }

  /** @param {RTCSessionDescriptionInit} theirs */
  async #negotiateAlone(theirs) {
    if (theirs.type === "answer") {
      const offer = await this.#pc.createOffer();
      if (pathOf(offer) !== pathOf(this.#pc.localDescription)) return false; // an ICE restart is due
      await this.#pc.setLocalDescription(offer);
    }
    await this.#apply(theirs, false);
    if (theirs.type === "offer") await this.#pc.setLocalDescription();
    return true;
  }

  async #goBack() {
    const { signalingState } = this.#pc;
    if (signalingState === "have-local-offer") await this.#pc.setLocalDescription({ type: "rollback" });
    if (signalingState === "have-remote-offer") await this.#pc.setRemoteDescription({ type: "rollback" });
  }

  /** @param {RTCSessionDescriptionInit} theirs @param {boolean} keepsFeedback */
  async #apply({ type, sdp = "" }, keepsFeedback) {
    const voice = this.#voice();
    const asked = voice && { ...voice, feedback: voice.feedback || keepsFeedback };
    await this.#pc.setRemoteDescription({ type, sdp: asked ? tuned(sdp, asked) : sdp });
    [this.#theirs, this.#asked] = [{ type, sdp }, JSON.stringify(asked)];
  }

  /** Null: as the browser likes. @returns {Voice | null} */
  #voice() {
    const { audio, video, needs_kbps = 0 } = this.#rung ?? {};
    if (!audio) return null;
    const redundancy = this.#isLossy ? audio.redundancy : null;
    const start_kbps = video && needs_kbps <= THIN_KBPS ? needs_kbps / 2 : 0;
    return { ...audio, redundancy, start_kbps, feedback: audio.feedback && this.#isPictureDue };
  }

  /** Fetches what they need at their first use. @param {(stills: Stills) => unknown} run */
  #withStills(run) {
    const [channel, onstill] = [this.#channel, this.#onstill];
    if (!channel || !onstill) return;
    this.#fetching ??= import("./stills.js").then(({ Stills }) => (this.#stills = new Stills(channel, onstill, this.#senders.audio)));
    this.#fetching
      .then((stills) => (this.#channel ? run(stills) : stills.close()))
      .catch((error) => {
        console.warn("no stills:", error.message);
        if (!this.#stills) this.#fetching = null;
      });
  }
}

/** Another one is another path. @param {RTCSessionDescriptionInit | null} description */
export const pathOf = (description) => /^a=ice-ufrag:.*$/m.exec(description?.sdp ?? "")?.[0];
