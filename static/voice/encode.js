/**
 * Speech made small on the device: Opus, one voice, 10.5 kbps in packets of 60 ms, in an Ogg file. Where the browser has
 * no encoder of its own to lend, `record.js` records with MediaRecorder instead.
 */
import { oggOpus } from "./ogg.js";

/** @typedef {import("./ogg.js").Packet} Packet */

export const MIME = "audio/ogg";
const OPUS_RATE = 48_000;
const PACKET_US = 60_000;
// Chromium drops what its encoder calls silence and counts on as if nothing had been there, so silence is encoded too;
// this many bits keep a minute of ordinary speech below 68 kB.
const BITRATE = 10_500;
/** What an encoder may hold back, in samples at 48 kHz; it is given as much silence, and that is cut off again. */
const MOST_HELD_BACK = 5_760;
/** What libopus holds back where an encoder doesn't say. */
const USUAL_PRE_SKIP = 312;
const FEED_SECONDS = 1;
/** As much may wait in the encoder: a small phone must stay able to draw. */
const MOST_WAITING = 8;

/** @param {number} rate in Hz */
const settings = (rate) => ({
  codec: "opus", sampleRate: rate, numberOfChannels: 1, bitrate: BITRATE,
  opus: { format: "opus", frameDuration: PACKET_US, application: "voip", signal: "voice", complexity: 10, usedtx: false },
}); // prettier-ignore

/** @param {number} rate in Hz @returns {Promise<boolean>} */
export async function canEncode(rate) {
  if (!("AudioEncoder" in globalThis) || !("AudioData" in globalThis)) return false;
  try {
    const { supported } = await AudioEncoder.isConfigSupported(/** @type {AudioEncoderConfig} */ (settings(rate)));
    return supported === true;
  } catch {
    return false; // a browser that doesn't know one of the words
  }
}

/**
 * Rejects with a DOMException where the encoder gives up.
 * @param {Float32Array} samples mono @param {number} rate in Hz @returns {Promise<Uint8Array<ArrayBuffer>>} an Ogg file
 */
export async function encode(samples, rate) {
  /** @type {Packet[]} */
  const packets = [];
  let preSkip = USUAL_PRE_SKIP;
  /** @type {DOMException | null} */
  let failure = null;
  const encoder = new AudioEncoder({
    output: (chunk, about) => {
      preSkip = preSkipOf(about?.decoderConfig?.description) ?? preSkip;
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      packets.push({ data, samples: samplesOf(data) });
    },
    error: (error) => (failure = error),
  });
  try {
    encoder.configure(/** @type {AudioEncoderConfig} */ (settings(rate)));
    for (const part of fed(samples, rate)) {
      while (encoder.encodeQueueSize > MOST_WAITING && !failure) await turn();
      if (failure) throw failure;
      encoder.encode(part);
      part.close();
    }
    await encoder.flush();
    if (failure) throw failure;
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  const recorded = Math.round((samples.length / rate) * OPUS_RATE);
  return oggOpus(packets, { preSkip, samples: recorded, rate, serial: crypto.getRandomValues(new Uint32Array(1))[0] });
}

/** What was recorded, and silence to push out what the encoder holds back. @param {Float32Array} samples
 * @param {number} rate */
function* fed(samples, rate) {
  const padded = new Float32Array(samples.length + Math.ceil((MOST_HELD_BACK * rate) / OPUS_RATE));
  padded.set(samples);
  const size = rate * FEED_SECONDS;
  for (let at = 0; at < padded.length; at += size) {
    const data = padded.slice(at, at + size);
    yield new AudioData({
      format: "f32-planar", sampleRate: rate, numberOfFrames: data.length, numberOfChannels: 1,
      timestamp: Math.round((at / rate) * 1e6), data,
    }); // prettier-ignore
  }
}

/** From an Opus header, RFC 7845, 5.1. @param {AllowSharedBufferSource | undefined} header */
function preSkipOf(header) {
  if (!header || header.byteLength < 12) return null;
  const view = ArrayBuffer.isView(header)
    ? new DataView(header.buffer, header.byteOffset, header.byteLength)
    : new DataView(header);
  return view.getUint16(10, true);
}

/** How many samples at 48 kHz a packet holds, by its first bytes: RFC 6716, 3.1 and 3.2. @param {Uint8Array} packet */
function samplesOf(packet) {
  const config = packet[0] >> 3;
  const frame_ms =
    config < 12 ? [10, 20, 40, 60][config % 4] : config < 16 ? [10, 20][config % 2] : [2.5, 5, 10, 20][config % 4];
  const code = packet[0] & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : packet[1] & 63;
  return frames * frame_ms * (OPUS_RATE / 1_000);
}

const turn = () => new Promise((done) => setTimeout(done, 5));
