/**
 * Recordings that were fetched ahead, so that they play at once and without a network: sealed by a key of this device
 * that scripts can use and never read. What is fetched, and when it has to go, is decided elsewhere.
 */
import * as store from "./store.js";

/**
 * `family_id` is what it is wiped by; `at` is when it was kept, by this device's clock.
 * @typedef {{family_id: string, mime: string}} About
 * @typedef {About & {message_id: string, bytes: number, at: number}} Cached
 */

const KEY = "cache";
const NONCE_BYTES = 12;

/** @type {Promise<CryptoKey> | null} */
let known = null;

/** Keeps one, or keeps it anew. Rejects with StoreError. @param {string} messageId @param {Blob} blob
 * @param {About} about */
export async function keep(messageId, blob, { family_id, mime }) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const named = { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(messageId) };
  const sealed = await crypto.subtle.encrypt(named, await key(), await blob.arrayBuffer());
  await store.put("cache", { message_id: messageId, family_id, mime, bytes: blob.size, at: Date.now(), nonce, sealed });
}

/** @param {string} messageId @returns {Promise<Blob | null>} null where it isn't here, or can't be opened any more */
export async function find(messageId) {
  const row = await store.get("cache", messageId);
  if (!row) return null;
  const named = { name: "AES-GCM", iv: row.nonce, additionalData: new TextEncoder().encode(messageId) };
  try {
    return new Blob([await crypto.subtle.decrypt(named, await key(), row.sealed)], { type: row.mime });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    await forget(messageId); // sealed by a key that is gone: to be fetched anew
    return null;
  }
}

/** What is here by name alone, without a look into it. @returns {Promise<Set<string>>} */
export async function names() {
  return new Set(/** @type {string[]} */ (await store.within(["cache"], "readonly", (cache) => cache.getAllKeys())));
}

/** What is here, without the recordings themselves. @returns {Promise<Cached[]>} */
export async function list() {
  const rows = await store.all("cache");
  return rows.map(({ message_id, family_id, mime, bytes, at }) => ({ message_id, family_id, mime, bytes, at }));
}

/** @param {string} messageId */
export const forget = (messageId) => store.drop("cache", messageId);

/** @param {string} familyId */
export async function forgetFamily(familyId) {
  for (const { message_id } of (await list()).filter(({ family_id }) => family_id === familyId)) await forget(message_id);
}

/** Everything, and the key: what a copy of the disk still holds can't be opened by anybody. */
export async function wipe() {
  known = null;
  await store.drop("keys", KEY);
  await store.clear("cache");
}

/** @returns {Promise<CryptoKey>} */
function key() {
  known ??= readOrMake().catch((error) => {
    known = null;
    throw error;
  });
  return known;
}

/** Two tabs may both make one: the one that was kept first holds. */
async function readOrMake() {
  const standing = await store.get("keys", KEY);
  if (standing) return standing.key;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const kept = await store.within(["keys"], "readwrite", (keys) => {
    const asked = keys.get(KEY);
    asked.onsuccess = () => asked.result ?? keys.put({ name: KEY, key: made });
    return asked;
  });
  return kept?.key ?? made;
}
