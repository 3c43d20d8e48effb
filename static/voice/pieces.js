/**
 * What was said here and is not sent yet, piece by piece as it was written down, sealed. Which takes are offered and how
 * one is made ready is `takes.js`.
 */
import { open, seal } from "./seal.js";
import * as store from "./store.js";

/** @typedef {import("./wire.js").Take} Take */

/** In the page's storage while anything is here: a page knows by it whether to fetch these parts. */
const MARK = "homethread.outbox";

/** @param {Take} take */
export async function begin(take) {
  await store.put("takes", take);
  mark(true);
}

/** Rejects with StoreError. @param {string} take @param {number} nth @param {ArrayBuffer} bytes */
export async function addPiece(take, nth, bytes) {
  return store.put("pieces", { take, nth, at: Date.now(), ...(await seal("spoken", nameOf(take, nth), bytes)) });
}

/** What of a take can be opened, in its order. @param {string} take @returns {Promise<ArrayBuffer[]>} */
export async function piecesOf(take) {
  const rows = await store.all("pieces", ofTake(take));
  const opened = await Promise.all(rows.map((row) => open("spoken", nameOf(take, row.nth), row)));
  return opened.filter((bytes) => bytes !== null);
}

/** When the last piece was written, by this device's clock. @param {string} take @returns {Promise<number>} */
export async function writtenAt(take) {
  return (await store.all("pieces", ofTake(take))).pop()?.at ?? 0;
}

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

/** @param {boolean} isWaiting */
export function mark(isWaiting) {
  try {
    if (isWaiting) localStorage.setItem(MARK, "1");
    else localStorage.removeItem(MARK);
  } catch {
    // forbidden: then every page looks
  }
}

/** @param {string} take */
const ofTake = (take) => IDBKeyRange.bound([take, 0], [take, Infinity]);

/** @param {string} take @param {number} nth */
const nameOf = (take, nth) => `piece ${nth} of ${take}`;
