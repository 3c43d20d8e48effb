/**
 * A photo every few seconds over a data channel, where the link carries no moving picture. Each is made small, cut into
 * pieces, and sent at a pace that leaves the voice its room; the other end says how fast they came, which paces the
 * next and tells what the link has to spare. Whether stills are sent at all is the rung's affair.
 */
import { AROUND_BYTES, cut, Gathering, kindOf, readReceipt, writeReceipt } from "./pieces.js";

/** @typedef {import("./ladder.js").StillsRung} StillsRung */
/** `at_ms`: when it was whole here, by performance.now(). @typedef {{url: string, at_ms: number}} Still */

/** The first tells whether a picture may go beside a voice that goes twice: see the picker. */
const PACE_KBPS = { first: 40, least: 4, most: 128 };
/** A call begins with messages of many kinds: pictures wait for them to be over. */
const BEGINS_MS = 6_000;
/** Until one came slower than it went; after that every try to go faster than that may be a queue again. */
const FASTER_BY = { first: 1.6, then: 1.1 };
/** Of the pace at which they came where they came slower than they went: what had queued must drain. */
const SLOWER_BY = 0.8;
/** As fast as asked for, but for the clock's grain. */
const KEPT_UP = 0.9;
/** Times the pace of those that waited: of what comes with one of them, where the one between was lost. */
const WAITED = 2;
const BUFFER_LOOK_MS = 20;
/** While this end speaks a piece waits for a pause, which there may not be where it is never still; or for as long as it
 * takes beside the voice on a link that is known to carry both. */
const PAUSE_MS = { look: 250, stale: 800, most: 3_000 }; // a look back over two packets of the longest
/** IPv4, UDP and SRTP's tag around a packet of the voice. */
const AROUND_VOICE_BYTES = 38;
/** Of what the voice leaves. */
const TAKES = 0.7;
/** What goes while nobody speaks is far less, what goes while somebody does far more. */
const SPEAKS_KBPS = 5;
/** From the last piece to the receipt, one piece lost and sent again. */
const RECEIPT_MS = 3_000;
const LATEST = 4; // times the interval: then what is left of a still is left out
const CAMERA_MS = 2_000;
const QUALITY = { least: 0.04, most: 0.8, steps: 5 };
const SMALLER_BY = 0.7;
const SMALLEST_PX = 64;

export class Stills {
  /** The newest from the other end. @type {Still | null} */
  last = null;
  /** At what pace the last one arrived at the other end; 0: it didn't; null: none is sent.
   * @type {number | null} */
  drain_kbps = null;
  /** When there was first something to send: the channel may stand long before. @type {number | null} */
  #began_ms = null;
  #channel;
  #onstill;
  #gathering = new Gathering();
  #camera = new Camera();
  /** @type {StillsRung | null} */
  #rung = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #turn = 0;
  #number = 0;
  #pace_kbps = PACE_KBPS.first;
  /** How fast the pieces of the last one really went, which may be far below the pace. @type {number[]} */
  #poured_kbps = [];
  #voice;
  /** What the link is known to carry: the most since one came slower than it went; less for each not told of. */
  #carries_kbps = 0;
  #hasQueued = false;
  /** The number of the one that was sent and not yet told of. @type {number | null} */
  #sent = null;
  /** @type {string[]} addresses of pictures, the newest last */
  #urls = [];

  /** @param {RTCDataChannel} channel @param {(still: Still) => void} onstill
   * @param {RTCRtpSender} [voice] beside which they go */
  constructor(channel, onstill, voice) {
    this.#voice = new Voice(voice);
    this.#channel = channel;
    this.#onstill = onstill;
  }

  /** Sends from now on by this rung what this track shows; null for either stops it.
   * @param {StillsRung | null} rung @param {MediaStreamTrack | null} track */
  show(rung, track) {
    if (rung === this.#rung && track === this.#track) return;
    [this.#rung, this.#track] = [rung, track];
    this.#turn += 1;
    this.#sent = null;
    if (rung && track) this.#send(this.#turn).catch((error) => console.warn("no more stills are sent:", error));
    else [this.drain_kbps, this.#pace_kbps, this.#hasQueued] = [null, PACE_KBPS.first, false];
    if (!rung || !track) this.#camera.close();
  }

  /** What came by the channel. @param {ArrayBuffer | string} data */
  async take(data) {
    const at_ms = performance.now();
    if (typeof data === "string") return;
    const bytes = new Uint8Array(data);
    const receipt = readReceipt(bytes);
    if (receipt) return this.#arrived(receipt);
    const whole = this.#gathering.take(bytes, at_ms);
    if (!whole) return;
    if (this.#channel.readyState === "open") this.#channel.send(writeReceipt(whole));
    await this.#receive(whole, at_ms);
  }

  close() {
    this.show(null, null);
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
    this.last = null;
  }

  /** @param {number} turn */
  async #send(turn) {
    this.#began_ms ??= performance.now();
    await wait(this.#began_ms + BEGINS_MS - performance.now());
    while (turn === this.#turn && this.#rung && this.#track) {
      const [began_ms, every_ms] = [performance.now(), this.#rung.every_seconds * 1_000];
      const picture = this.#channel.readyState === "open" ? await this.#camera.take(this.#track, this.#rung) : null;
      const latest_ms = began_ms + LATEST * every_ms;
      if (picture) await this.#pour(new Uint8Array(await picture.arrayBuffer()), turn, latest_ms);
      const told_ms = performance.now() + RECEIPT_MS;
      while (turn === this.#turn && this.#sent !== null && performance.now() < told_ms) await wait(BUFFER_LOOK_MS * 5);
      await wait(began_ms + every_ms - performance.now());
      if (turn === this.#turn) this.#judge();
    }
  }

  /** One piece after the other, none before the one before has left; not all of it if that takes too long.
   * @param {Uint8Array} bytes @param {number} turn @param {number} until_ms */
  async #pour(bytes, turn, until_ms) {
    this.#sent = this.#number = (this.#number + 1) % 65_536;
    const kbps = (this.#poured_kbps = /** @type {number[]} */ ([]));
    let sent_ms = 0;
    for (const piece of cut(this.#number, bytes)) {
      while (this.#channel.bufferedAmount > 0 && performance.now() < until_ms) await wait(BUFFER_LOOK_MS);
      await this.#voice.leaves((piece.length + AROUND_BYTES) * 8, this.#carries_kbps);
      if (turn !== this.#turn || this.#channel.readyState !== "open" || performance.now() >= until_ms) return;
      this.#channel.send(/** @type {Uint8Array<ArrayBuffer>} */ (piece));
      const now_ms = performance.now();
      if (sent_ms) kbps.push(((piece.length + AROUND_BYTES) * 8) / Math.max(1, now_ms - sent_ms));
      sent_ms = now_ms;
      await wait(((piece.length + AROUND_BYTES) * 8) / this.#pace_kbps);
    }
  }

  /** @param {import("./pieces.js").Receipt} receipt */
  #arrived({ number, kbps }) {
    if (number !== this.#sent) return;
    this.#sent = null;
    const poured_kbps = this.#poured_kbps.sort((one, other) => one - other);
    const [middle_kbps, low_kbps] = [0, -2].map((less) => poured_kbps[Math.floor((poured_kbps.length + less) / 2)] ?? 0);
    const hasKeptUp = kbps >= middle_kbps * KEPT_UP;
    // about as slow as those that waited for a voice: their neighbours may have been lost, so that tells nothing
    const hasWaited = kbps >= low_kbps * KEPT_UP && kbps <= low_kbps * WAITED;
    if (!kbps || (!hasKeptUp && hasWaited)) return;
    const hasTried = middle_kbps >= this.#pace_kbps * KEPT_UP;
    this.#hasQueued ||= !hasKeptUp;
    // one that went slowly, beside a voice, and kept up says nothing against what is known, and nothing for more
    const tried_kbps = hasTried ? this.#pace_kbps : Math.min(this.#pace_kbps, PACE_KBPS.first);
    this.#carries_kbps = hasKeptUp ? Math.max(tried_kbps, this.#carries_kbps) : kbps;
    if (hasTried || !hasKeptUp) this.drain_kbps = this.#carries_kbps;
    const faster_by = !hasTried ? 1 : this.#hasQueued ? FASTER_BY.then : FASTER_BY.first;
    const pace_kbps = hasKeptUp ? this.#pace_kbps * faster_by : kbps * SLOWER_BY;
    this.#pace_kbps = Math.min(PACE_KBPS.most, Math.max(PACE_KBPS.least, pace_kbps));
  }

  /** Nothing was said of the last? */
  #judge() {
    if (this.#sent === null) return;
    this.drain_kbps = 0;
    this.#carries_kbps *= SLOWER_BY;
    this.#pace_kbps = Math.max(PACE_KBPS.least, this.#pace_kbps / 2);
    this.#sent = null;
  }

  /** Shows it if it is a picture after all. @param {import("./pieces.js").Gathered} whole @param {number} at_ms */
  async #receive({ number, bytes }, at_ms) {
    const kind = kindOf(bytes);
    if (!kind) return console.warn("a still was left out: no picture of ours");
    const picture = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], { type: kind });
    try {
      (await createImageBitmap(picture)).close();
    } catch {
      return console.warn("a still was left out: broken");
    }
    if (at_ms < (this.last?.at_ms ?? -Infinity)) return;
    this.#gathering.shown(number);
    this.last = { url: URL.createObjectURL(picture), at_ms };
    this.#urls.push(this.last.url);
    for (const url of this.#urls.splice(0, this.#urls.length - 2)) URL.revokeObjectURL(url); // one may be drawn yet
    this.#onstill(this.last);
  }
}

/** What this end says, as far as it is sent: silence isn't. */
class Voice {
  #sender;
  /** What had been sent when, the newest last. @type {{bytes: number, at_ms: number}[]} */
  #seen = [];
  #kbps = 0;

  /** @param {RTCRtpSender} [sender] */
  constructor(sender) {
    this.#sender = sender;
  }

  /** Until this end is silent for a moment, has spoken for too long, or so much would have gone beside it.
   * @param {number} bits @param {number} carried_kbps what the link is known to carry */
  async leaves(bits, carried_kbps) {
    const since_ms = performance.now();
    while (await this.#speaks()) {
      const spare_kbps = (carried_kbps - this.#kbps) * TAKES;
      const takes_ms = spare_kbps > 0 ? bits / spare_kbps : Infinity;
      if (performance.now() - since_ms >= Math.min(takes_ms, PAUSE_MS.most)) return;
      await wait(PAUSE_MS.look);
    }
  }

  /** @returns {Promise<boolean>} */
  async #speaks() {
    if (!this.#sender) return false;
    const now = { bytes: await this.#sent(this.#sender), at_ms: performance.now() };
    this.#seen = [...this.#seen.filter(({ at_ms }) => now.at_ms - at_ms <= PAUSE_MS.stale), now];
    const before = this.#seen.filter(({ at_ms }) => now.at_ms - at_ms >= PAUSE_MS.look * KEPT_UP).pop();
    if (!before) return (await wait(PAUSE_MS.look), this.#speaks());
    this.#kbps = ((now.bytes - before.bytes) * 8) / (now.at_ms - before.at_ms);
    return this.#kbps > SPEAKS_KBPS;
  }

  /** @param {RTCRtpSender} sender bytes on the wire */
  async #sent(sender) {
    let sum = 0;
    (await sender.getStats()).forEach((part) => {
      if (part.type !== "outbound-rtp") return;
      const { bytesSent = 0, headerBytesSent = 0, packetsSent = 0 } = part;
      sum += bytesSent + headerBytesSent + packetsSent * AROUND_VOICE_BYTES;
    });
    return sum;
  }
}

/** Small pictures of what a track shows. */
class Camera {
  /** @type {HTMLVideoElement | null} */
  #video = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #kind = "image/webp";

  /** Null when there is nothing to be seen. @param {MediaStreamTrack} track @param {StillsRung} rung
   * @returns {Promise<Blob | null>} */
  async take(track, rung) {
    if (track.readyState !== "live" || !track.enabled || track.muted) return null;
    const video = await this.#watch(track);
    const { videoWidth: wide, videoHeight: high } = video;
    if (!wide || !high) return null;
    for (let px = rung.max_px; px >= SMALLEST_PX; px *= SMALLER_BY) {
      const scale = Math.min(1, px / Math.max(wide, high));
      const found = await this.#encode(video, Math.round(wide * scale), Math.round(high * scale), rung.max_bytes);
      if (found) return found;
    }
    return null;
  }

  close() {
    if (this.#video) this.#video.srcObject = null;
    this.#video = this.#track = null;
  }

  /** @param {MediaStreamTrack} track */
  async #watch(track) {
    if (this.#video && this.#track === track) return this.#video;
    this.close();
    const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
    [this.#video, this.#track] = [video, track];
    const isThere = new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
    video.srcObject = new MediaStream([track]);
    video.play().catch((error) => console.warn("the camera can't be looked at:", error.message));
    await Promise.race([isThere, wait(CAMERA_MS)]);
    return video;
  }

  /** The best that is small enough, null if there is none.
   * @param {HTMLVideoElement} video @param {number} wide @param {number} high @param {number} max_bytes */
  async #encode(video, wide, high, max_bytes) {
    const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: high });
    canvas.getContext("2d")?.drawImage(video, 0, 0, wide, high);
    let found = null;
    let [low, top] = [QUALITY.least, QUALITY.most];
    for (let step = 0, quality = low; step < QUALITY.steps; step++, quality = (low + top) / 2) {
      const picture = await this.#asked(canvas, quality);
      if (picture && picture.size <= max_bytes) [found, low] = [picture, quality];
      else if (step === 0) return null;
      else top = quality;
    }
    return found;
  }

  /** A browser that doesn't write WebP (Safari) gives a PNG instead. @param {HTMLCanvasElement} canvas
   * @param {number} quality @returns {Promise<Blob | null>} */
  async #asked(canvas, quality) {
    const picture = await new Promise((resolve) => canvas.toBlob(resolve, this.#kind, quality));
    if (!picture || picture.type === this.#kind) return picture;
    this.#kind = "image/jpeg";
    return new Promise((resolve) => canvas.toBlob(resolve, this.#kind, quality));
  }
}

/** @param {number} duration_ms */
const wait = (duration_ms) => new Promise((resolve) => setTimeout(resolve, duration_ms));
