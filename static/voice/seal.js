/**
 * What lies on this device of a voice lies sealed: AES-GCM, by keys that scripts can use and never read. Each piece is
 * bound to its name, so that none can stand for another. Which key seals what, and when one goes, the callers decide:
 * once it is gone, nobody opens what a copy of the disk still holds. The browser itself keeps its keys in files of its own,
 * so whoever can take the whole profile apart is held off by the lock of the device alone.
 */
import * as store from "./store.js";

/** `cache`: what was fetched to be heard; `spoken`: what was said here. @typedef {"cache" | "spoken"} KeyName */
/** @typedef {{nonce: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer}} Sealed */

const NONCE_BYTES = 12;

/** Rejects with StoreError. @param {KeyName} keyName @param {string} name @param {ArrayBuffer} bytes
 * @returns {Promise<Sealed>} */
export async function seal(keyName, name, bytes) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return { nonce, sealed: await crypto.subtle.encrypt(named(nonce, name), await keyOf(keyName), bytes) };
}

/** @param {KeyName} keyName @param {string} name @param {Sealed} row
 * @returns {Promise<ArrayBuffer | null>} null where its key is gone, or it is none of this name */
export async function open(keyName, name, { nonce, sealed }) {
  try {
    return await crypto.subtle.decrypt(named(nonce, name), await keyOf(keyName), sealed);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}

/** For good. @param {KeyName} keyName */
export const dropKey = (keyName) => store.drop("keys", keyName);

/** @param {Uint8Array<ArrayBuffer>} iv @param {string} name */
const named = (iv, name) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) });

/** Read each time: another tab may have dropped it. Two may both make one: the one that was kept first holds.
 * @param {KeyName} name @returns {Promise<CryptoKey>} */
async function keyOf(name) {
  const standing = await store.get("keys", name);
  if (standing) return standing.key;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const kept = await store.within(["keys"], "readwrite", (keys) => {
    const asked = keys.get(name);
    asked.onsuccess = () => asked.result ?? keys.put({ name, key: made });
    return asked;
  });
  return kept?.key ?? made;
}
