/**
 * Recordings that are not sent yet, piece by piece as they were written down: one that was interrupted is found again,
 * one that is whole is made ready. Nothing is thrown away here that nobody asked to throw away.
 */
import { encode, MIME } from "./encode.js";
import { amplified, gainFor, peaks, spoken, toFloats } from "./level.js";
import * as store from "./store.js";

/** @typedef {import("./wire.js").Finished} Finished */
/** @typedef {import("./wire.js").Take} Take */

export const PEAKS = 40;
/** A take whose page is alive holds this lock. @param {string} key */
export const lockOf = (key) => `homethread.take.${key}`;
/** Less than this is a slip of the finger. */
const LEAST_MS = 400;
/** For this long what was put away can be fetched back. */
const PUT_AWAY_MS = 10 * 60_000;
/** Browsers without locks: a page that writes no piece for so long is gone. */
const SILENT_MS = 10_000;

/** @param {Take} take */
export const begin = (take) => store.put("takes", take);

/** @param {string} take @param {number} nth @param {ArrayBuffer} bytes */
export const addPiece = (take, nth, bytes) => store.put("pieces", { take, nth, bytes, at: Date.now() });

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

/** In a transaction of the caller's. @param {IDBObjectStore} takes @param {string} key @param {number | undefined} at */
export function markPutAway(takes, key, at) {
  const asked = takes.get(key);
  asked.onsuccess = () => asked.result && takes.put({ ...asked.result, put_away_at: at });
  return asked;
}

/** For good. @param {string} key */
export const discard = (key) =>
  store.within(["takes", "pieces"], "readwrite", (takes, pieces) => {
    pieces.delete(ofTake(key));
    return takes.delete(key);
  });

/**
 * Trimmed, of one loudness, small. Rejects with StoreError, and with a DOMException where the encoder gives up.
 * @param {string} key @returns {Promise<Finished | null>} null where nothing is left to hear
 */
export async function finish(key) {
  /** @type {[Take | undefined, {bytes: ArrayBuffer}[]]} */
  const [take, pieces] = [await store.get("takes", key), await store.all("pieces", ofTake(key))];
  if (!take || !pieces.length) return null;
  const bytes = pieces.map((piece) => piece.bytes);
  const made = take.how === "pcm" ? await fromSamples(bytes, take.rate) : await fromMedia(bytes, take);
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
  };
}

/** As the browser's own recorder made it: neither trimmed nor louder. @param {ArrayBuffer[]} pieces @param {Take} take */
async function fromMedia(pieces, { mime }) {
  const bytes = await new Blob(pieces).arrayBuffer();
  const context = new OfflineAudioContext(1, 1, 16_000);
  try {
    const heard = (await context.decodeAudioData(bytes.slice(0))).getChannelData(0);
    const duration_ms = Math.round((heard.length / 16_000) * 1_000);
    if (duration_ms < LEAST_MS) return null;
    return { bytes, mime, duration_ms, peaks: [...peaks(heard, PEAKS)], is_silent: !spoken(heard, 16_000) };
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    // An interrupted one may lack its end, which a player forgives and this decoder doesn't.
    return { bytes, mime, duration_ms: 0, peaks: Array(PEAKS).fill(128), is_silent: false };
  }
}

/** Names of the locks that pages hold; null where the browser has none. @returns {Promise<Set<string> | null>} */
async function heldLocks() {
  if (!navigator.locks) return null;
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map(({ name = "" }) => name));
}

/** @param {string} key */
async function isFresh(key) {
  const pieces = await store.all("pieces", ofTake(key));
  return (pieces.at(-1)?.at ?? 0) > Date.now() - SILENT_MS;
}

/** @param {string} key */
const ofTake = (key) => IDBKeyRange.bound([key, 0], [key, Infinity]);
