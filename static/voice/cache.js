/**
 * Recordings and photos that were fetched ahead, so that they are here at once and without a network, sealed by `seal.js`.
 * What is fetched, and when it has to go, is decided elsewhere.
 */
import { dropKey, open, seal } from "./seal.js";
import * as store from "./store.js";

/**
 * `family_id` is what it is wiped by; `at` is when it was kept, by this device's clock.
 * @typedef {{family_id: string, mime: string}} About
 * @typedef {About & {message_id: string, bytes: number, at: number}} Cached
 */

/** So begins the name of what a caller is called in their own voice, which stands in no thread. */
export const CALLER = "caller/";
/** And so that of a person's photo. */
export const PHOTO = "photo/";
/** In the page's storage while anything may be here: a phone whose door is shut knows by it that something has to go. */
const MARK = "homethread.cache";

/** Keeps one, or keeps it anew. Rejects with StoreError. @param {string} messageId @param {Blob} blob
 * @param {About} about */
export async function keep(messageId, blob, { family_id, mime }) {
  localStorage.setItem(MARK, "1");
  const sealed = await seal("cache", messageId, await blob.arrayBuffer());
  await store.put("cache", { message_id: messageId, family_id, mime, bytes: blob.size, at: Date.now(), ...sealed });
}

/** @param {string} messageId @returns {Promise<Blob | null>} null where it isn't here, or can't be opened any more */
export async function find(messageId) {
  const row = await store.get("cache", messageId);
  if (!row) return null;
  const opened = await open("cache", messageId, row);
  if (opened) return new Blob([opened], { type: row.mime });
  await forget(messageId); // sealed by a key that is gone: to be fetched anew
  return null;
}

/** What is here by name alone, without a look into it. @returns {Promise<Set<string>>} */
export async function names() {
  return new Set(/** @type {string[]} */ (await store.within(["cache"], "readonly", (cache) => cache.getAllKeys())));
}

/** What is here, without the recordings themselves. @param {string} [begin] of their names
 * @returns {Promise<Cached[]>} */
export async function list(begin) {
  const rows = await store.all("cache", begin ? IDBKeyRange.bound(begin, `${begin}\uffff`) : undefined);
  return rows.map(({ message_id, family_id, mime, bytes, at }) => ({ message_id, family_id, mime, bytes, at }));
}

/** @param {string} messageId */
export const forget = (messageId) => store.drop("cache", messageId);

/** Its recordings, and what is known of them. @param {string} familyId */
export async function forgetFamily(familyId) {
  await store.drop("known", familyId);
  for (const { message_id } of (await list()).filter(({ family_id }) => family_id === familyId)) await forget(message_id);
}

/** Everything that was fetched, and the key: what a copy of the disk still holds can't be opened by anybody. */
export async function wipe() {
  await dropKey("cache");
  await store.within(["cache", "known"], "readwrite", (cache, known) => {
    cache.clear();
    return known.clear();
  });
  localStorage.removeItem(MARK);
}
