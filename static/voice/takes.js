/**
 * Recordings that are not sent yet: one that was interrupted is found again, one that is whole is made ready. Nothing is
 * thrown away here that nobody asked to throw away; how they lie on the device is `pieces.js`.
 */
import { encode, MIME } from "./encode.js";
import { amplified, gainFor, judged, peaks, spoken, toFloats } from "./level.js";
import { discard, markPutAway, piecesOf, writtenAt } from "./pieces.js";
import * as store from "./store.js";

/** @typedef {import("./wire.js").Finished} Finished */
/** @typedef {import("./wire.js").Take} Take */

export { addPiece, begin, discard } from "./pieces.js";
export const PEAKS = 40;
/** A take whose page is alive holds this lock. @param {string} key */
export const lockOf = (key) => `homethread.take.${key}`;
/** Less than this is a slip of the finger. */
const LEAST_MS = 400;
/** For this long what was put away can be fetched back. */
const PUT_AWAY_MS = 10 * 60_000;
/** Browsers without locks: a page that writes no piece for so long is gone. */
const SILENT_MS = 10_000;

/** Takes of this person that no page is recording any more, the oldest first; what was put away long ago goes.
 * @param {string} owner @param {string} [familyId] of this family alone @returns {Promise<Take[]>} */
export async function interrupted(owner, familyId) {
  const held = await heldLocks();
  /** @type {Take[]} */
  const found = [];
  for (const take of /** @type {Take[]} */ (await store.all("takes"))) {
    if (held ? held.has(lockOf(take.key)) : await isFresh(take.key)) continue;
    if (take.put_away_at) {
      if (take.put_away_at < Date.now() - PUT_AWAY_MS) await discard(take.key);
    } else if (take.owner === owner && (!familyId || take.about.family_id === familyId)) found.push(take);
  }
  return found.sort((one, other) => one.started_at - other.started_at);
}

/** Not offered any more, and gone for good in a while. @param {string} key */
export const putAway = (key) => store.within(["takes"], "readwrite", (takes) => markPutAway(takes, key, Date.now()));

/** Offered again. @param {string} key */
export const fetchBack = (key) => store.within(["takes"], "readwrite", (takes) => markPutAway(takes, key, undefined));

/**
 * Trimmed, of one loudness, small. Rejects with StoreError, and with a DOMException where the encoder gives up.
 * @param {string} key @returns {Promise<Finished | null>} null where nothing is left to hear
 */
export async function finish(key) {
  /** @type {[Take | undefined, ArrayBuffer[]]} */
  const [take, pieces] = await Promise.all([store.get("takes", key), piecesOf(key)]);
  if (!take || !pieces.length) return null;
  const made = take.how === "pcm" ? await fromSamples(pieces, take.rate) : await fromMedia(pieces, take);
  return made && { key, recorded_at: take.started_at, ...made };
}

/** @param {ArrayBuffer[]} pieces @param {number} rate */
async function fromSamples(pieces, rate) {
  const whole = toFloats(new Int16Array(await new Blob(pieces).arrayBuffer()));
  if (whole.length < (LEAST_MS / 1_000) * rate) return null;
  const heard = spoken(whole, rate);
  const samples = heard ? amplified(whole.slice(heard.from, heard.until), gainFor(heard.speech_rms)) : whole;
  return {
    bytes: (await encode(samples, rate)).buffer,
    mime: MIME,
    duration_ms: Math.round((samples.length / rate) * 1_000),
    peaks: [...peaks(samples, PEAKS)],
    is_silent: !heard,
    level: judged(whole, heard),
  };
}

/** As the browser's own recorder made it: neither trimmed nor louder. @param {ArrayBuffer[]} pieces @param {Take} take
 * @returns {Promise<Omit<Finished, "key" | "recorded_at"> | null>} */
async function fromMedia(pieces, { mime }) {
  const bytes = await new Blob(pieces).arrayBuffer();
  const context = new OfflineAudioContext(1, 1, 16_000);
  try {
    const heard = (await context.decodeAudioData(bytes.slice(0))).getChannelData(0);
    const duration_ms = Math.round((heard.length / 16_000) * 1_000);
    if (duration_ms < LEAST_MS) return null;
    const level = judged(heard, spoken(heard, 16_000));
    return { bytes, mime, duration_ms, peaks: [...peaks(heard, PEAKS)], is_silent: level === "silent", level };
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    // An interrupted one may lack its end, which a player forgives and this decoder doesn't.
    return { bytes, mime, duration_ms: 0, peaks: Array(PEAKS).fill(128), is_silent: false, level: "good" };
  }
}

/** Names of the locks that pages hold; null where the browser has none. @returns {Promise<Set<string> | null>} */
async function heldLocks() {
  if (!navigator.locks) return null;
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map(({ name = "" }) => name));
}

/** @param {string} key */
const isFresh = async (key) => (await writtenAt(key)) > Date.now() - SILENT_MS;
