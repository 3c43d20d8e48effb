/**
 * A photo every few seconds over a data channel, where the link carries no moving picture. Each is made small, cut into
 * pieces, and sent at a pace that leaves the voice its room; the other end says how fast they came. What that tells is
 * the pace's affair, whether stills are sent at all the rung's.
 */
import { Pace } from "./pace.js";
import { cut, Gathering, kindOf, readReceipt, writeReceipt } from "./pieces.js";

/** @typedef {import("./ladder.js").StillsRung} StillsRung */
/** `at_ms`: when it was whole here, by performance.now(). @typedef {{url: string, at_ms: number}} Still */

/** A call begins with messages of many kinds: pictures wait for them to be over. */
const BEGINS_MS = 6_000;
const BUFFER_LOOK_MS = 20;
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
  #pace;
  /** The number of the one that was sent and not yet told of. @type {number | null} */
  #sent = null;
  /** @type {string[]} addresses of pictures, the newest last */
  #urls = [];

  /** @param {RTCDataChannel} channel @param {(still: Still) => void} onstill
   * @param {RTCRtpSender} [voice] beside which they go */
  constructor(channel, onstill, voice) {
    this.#pace = new Pace(voice);
    this.#channel = channel;
    this.#onstill = onstill;
  }

  /** What the link is known to carry, in all; 0: the last one didn't arrive; null: none is sent, or none has told yet. */
  get drain_kbps() {
    return this.#pace.drain_kbps;
  }

  /** Sends from now on by this rung what this track shows; null for either stops it.
   * @param {StillsRung | null} rung @param {MediaStreamTrack | null} track */
  show(rung, track) {
    if (rung === this.#rung && track === this.#track) return;
    [this.#rung, this.#track] = [rung, track];
    this.#turn += 1;
    this.#sent = null;
    if (rung && track) this.#send(this.#turn).catch((error) => console.warn("no more stills are sent:", error));
    else this.#pace.forget();
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
      else this.#pace.forget(); // nothing tells of the link now
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
    this.#pace.begin();
    for (const piece of cut(this.#number, bytes)) {
      while (this.#channel.bufferedAmount > 0 && performance.now() < until_ms) await wait(BUFFER_LOOK_MS);
      await this.#pace.leaves(piece.length);
      if (turn !== this.#turn || this.#channel.readyState !== "open" || performance.now() >= until_ms) return;
      this.#channel.send(/** @type {Uint8Array<ArrayBuffer>} */ (piece));
      await wait(this.#pace.went(piece.length));
    }
  }

  /** @param {import("./pieces.js").Receipt} receipt */
  #arrived({ number, kbps }) {
    if (number !== this.#sent) return;
    this.#sent = null;
    this.#pace.told(kbps);
  }

  /** Nothing was said of the last? */
  #judge() {
    if (this.#sent !== null) this.#pace.lost();
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
