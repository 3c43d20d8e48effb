/**
 * Records a voice: asks for the microphone, meters, and writes piece after piece down, so that a reload, a crash or a
 * dead battery costs no more than the last second. What is done with a take is `takes.js`; how it looks, the caller's.
 */
import { now } from "../core/time.js";
import { newKey } from "../net/api.js";
import { canEncode } from "./encode.js";
import { meter, rms } from "./level.js";
import { StoreError } from "./store.js";
import { addPiece, begin, lockOf } from "./takes.js";

/** @typedef {import("./wire.js").Addressed} Addressed */
/**
 * `refused`: the person or the browser said no; `in_use`: another program has it; `missing`: there is none; `insecure`:
 * not over https; `impossible`: the browser can't; `full`, `forbidden`, `broken`: the device's storage.
 * @typedef {"refused" | "in_use" | "missing" | "insecure" | "impossible" | "full" | "forbidden" | "broken"} Trouble
 */
/** @typedef {"idle" | "asking" | "recording" | "closing"} Phase */
/** What runs while it records: it hands over its rest and ends. @typedef {{close: () => Promise<void>}} Source */

export const LONGEST_MS = 180_000;
const RATE = 16_000; // all that 10.5 kbps carry
const PIECE_MS = 1_000;
const MEDIA_BITRATE = 12_000;
const MEDIA_MIMES = ["audio/ogg; codecs=opus", "audio/webm; codecs=opus", "audio/mp4"];

export class Recorder {
  /** @type {Phase} */
  phase = "idle";
  /** @type {Trouble | null} */
  trouble = null;
  /** 0 to 1, of the last tenth of a second. */
  level = 0;
  duration_ms = 0;
  #owner;
  #changed;
  #metered;
  #done;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {Source | null} */
  #source = null;
  /** Pieces are written in their order. @type {Promise<unknown>} */
  #writing = Promise.resolve();
  #take = "";
  #written = 0;
  #longest_ms;
  #unlock = () => {};
  /** @type {WakeLockSentinel | null} */
  #awake = null;

  /**
   * @param {string} owner the id of whoever records
   * @param {{changed: () => void, metered: () => void, done: (take: string) => void}} tell `done` with the key of each
   *   take that ended, whatever ended it
   * @param {number} [longest_ms] after which it ends by itself
   */
  constructor(owner, { changed, metered, done }, longest_ms = LONGEST_MS) {
    this.#longest_ms = longest_ms;
    this.#owner = owner;
    this.#done = done;
    this.#changed = changed;
    this.#metered = metered;
  }

  /** Where it can't, `trouble` says why. @param {Addressed} about */
  async start(about) {
    if (this.phase !== "idle") return;
    this.#turn("asking", null);
    try {
      const stream = (this.#stream = await microphone());
      await this.#begin(stream, about);
      for (const track of stream.getTracks()) track.addEventListener("ended", () => this.stop());
      this.#turn("recording", null);
      this.#awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    } catch (error) {
      this.#letGo();
      this.#turn("idle", troubleOf(error));
    }
  }

  async stop() {
    if (this.phase !== "recording") return;
    this.#turn("closing", this.trouble);
    await this.#source?.close();
    this.#letGo();
    await this.#writing;
    this.#turn("idle", this.trouble);
    this.#done(this.#take);
  }

  /** @param {MediaStream} stream @param {Addressed} about */
  async #begin(stream, about) {
    const { context, how, mime } = await prepared(stream);
    this.#take = newKey();
    this.#written = this.duration_ms = 0;
    this.#writing = Promise.resolve();
    this.#unlock = hold(lockOf(this.#take));
    const { sampleRate: rate } = context;
    await begin({ key: this.#take, owner: this.#owner, how, rate, mime, started_at: now(), about });
    const hear = (/** @type {number} */ loudness, /** @type {number} */ ms) => this.#hear(loudness, ms);
    const keep = (/** @type {ArrayBuffer} */ bytes) => this.#keep(bytes);
    this.#source = await (how === "pcm" ? tapped : taped)(stream, context, mime, hear, keep);
  }

  /** @param {number} loudness @param {number} ms so far */
  #hear(loudness, ms) {
    this.level = meter(loudness);
    this.duration_ms = ms;
    this.#metered();
    if (ms >= this.#longest_ms && this.phase === "recording") this.stop();
  }

  /** @param {ArrayBuffer} bytes */
  #keep(bytes) {
    const [take, nth] = [this.#take, this.#written++];
    this.#writing = this.#writing
      .then(() => this.trouble || addPiece(take, nth, bytes))
      .catch((error) => {
        this.trouble = troubleOf(error); // what was written stays; more can't be
        this.stop();
      });
  }

  #letGo() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#awake?.release().catch(() => {}); // the screen was turned off: it has gone by itself
    this.#awake = this.#stream = this.#source = null;
    this.#unlock();
    this.#unlock = () => {};
    this.level = 0;
  }

  /** @param {Phase} phase @param {Trouble | null} trouble */
  #turn(phase, trouble) {
    this.phase = phase;
    this.trouble = trouble;
    this.#changed();
  }
}

/** @returns {Promise<MediaStream>} */
async function microphone() {
  if (!navigator.mediaDevices?.getUserMedia) throw new Hindrance(isSecureContext ? "impossible" : "insecure");
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: false };
  return navigator.mediaDevices.getUserMedia({ audio });
}

/** By samples where the browser lends an encoder, else by its own recorder. @param {MediaStream} stream */
async function prepared(stream) {
  const context = await contextOf(stream);
  if ((await canEncode(context.sampleRate)) && (await canTap(context))) {
    return { context, how: /** @type {const} */ ("pcm"), mime: "" };
  }
  const mime = MEDIA_MIMES.find((one) => globalThis.MediaRecorder?.isTypeSupported(one));
  if (!mime) {
    await context.close();
    throw new Hindrance("impossible");
  }
  return { context, how: /** @type {const} */ ("media"), mime };
}

/** @param {AudioContext} context */
async function canTap(context) {
  if (!context.audioWorklet) return false;
  return context.audioWorklet.addModule(new URL("tap.js", import.meta.url)).then(
    () => true,
    () => false, // it was never fetched, and there is no network
  );
}

/** At our rate; Firefox takes a microphone at its own alone. @param {MediaStream} stream */
async function contextOf(stream) {
  let context = new AudioContext({ sampleRate: RATE });
  try {
    context.createMediaStreamSource(stream);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    await context.close();
    context = new AudioContext();
  }
  await context.resume();
  return context;
}

/**
 * @callback Open
 * @param {MediaStream} stream @param {AudioContext} context @param {string} mime
 * @param {(loudness: number, ms: number) => void} hear @param {(bytes: ArrayBuffer) => void} keep
 * @returns {Promise<Source>}
 */

/** @type {Open} Samples, as `tap.js` gives them. */
async function tapped(stream, context, _mime, hear, keep) {
  const source = context.createMediaStreamSource(stream);
  const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  /** @type {Int16Array<ArrayBuffer>[]} */
  let gathered = [];
  let [waiting, heard] = [0, 0];
  const hand = () => {
    const piece = new Int16Array(waiting);
    let at = 0;
    for (const part of gathered) {
      piece.set(part, at);
      at += part.length;
    }
    if (waiting) keep(piece.buffer);
    gathered = [];
    waiting = 0;
  };
  const over = new Promise((done) => {
    tap.port.onmessage = ({ data }) => {
      if (data === "over") return done(null);
      gathered.push(data.samples);
      waiting += data.samples.length;
      heard += data.samples.length;
      if (waiting >= (context.sampleRate * PIECE_MS) / 1_000) hand();
      hear(data.rms, (heard / context.sampleRate) * 1_000);
    };
  });
  source.connect(tap);
  return {
    close: async () => {
      tap.port.postMessage("rest");
      await over;
      hand();
      await context.close();
    },
  };
}

/** @type {Open} What the browser's own recorder makes of it. */
async function taped(stream, context, mime, hear, keep) {
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const recorder = new MediaRecorder(stream, { mimeType: mime, audioBitsPerSecond: MEDIA_BITRATE });
  /** @type {Promise<unknown>} */
  let handing = Promise.resolve();
  recorder.ondataavailable = ({ data }) => {
    if (data.size) handing = handing.then(() => data.arrayBuffer()).then(keep);
  };
  const since = performance.now();
  recorder.start(PIECE_MS);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    hear(rms(samples), performance.now() - since);
  }, 100);
  return {
    close: async () => {
      clearInterval(timer);
      if (recorder.state !== "inactive") {
        const stopped = new Promise((done) => recorder.addEventListener("stop", done, { once: true }));
        recorder.stop();
        await stopped;
      }
      await handing;
      await context.close();
    },
  };
}

/** Holds a lock until it is called. @param {string} name @returns {() => void} */
function hold(name) {
  /** @type {() => void} */
  let free = () => {};
  const held = new Promise((done) => (free = () => done(null)));
  navigator.locks?.request(name, () => held);
  return free;
}

class Hindrance extends Error {
  /** @param {Trouble} kind */
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

/** @param {unknown} error @returns {Trouble} what is no trouble of the microphone or the storage is thrown on */
function troubleOf(error) {
  if (error instanceof Hindrance || error instanceof StoreError) return error.kind;
  if (!(error instanceof DOMException)) throw error;
  const known = /** @type {Record<string, Trouble>} */ ({
    NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing",
    NotReadableError: "in_use", AbortError: "in_use", NotSupportedError: "impossible",
  }); // prettier-ignore
  return known[error.name] ?? "impossible";
}
