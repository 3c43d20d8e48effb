/**
 * This device's own key: made here, kept here, and of no use to whoever copies a cookie. It signs that the device asks
 * for a new token; scripts can use it and never read it. When to ask is not decided here.
 */
import { now, setServerTime } from "../core/time.js";
import { ApiError } from "./api.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {{privateKey: CryptoKey, device: string | null}} Kept `device`: its id, once the server has given it one */

const DATABASE = "homethread-device";
const STORE = "keys";
const NAME = "terminal";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** Browsers keep keys for pages that came over TLS, or from this very machine. */
export const canKeepKey = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

/** Makes a key instead of any before. @returns {Promise<string>} its public half, SPKI in base64 */
export async function makeKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  await write({ privateKey, device: null });
  return base64(await crypto.subtle.exportKey("spki", publicKey));
}

/** @param {string} device */
export async function bindKey(device) {
  const kept = await read();
  if (kept) await write({ ...kept, device });
}

/** Asks for a new token. Rejects with ApiError. @param {Api} api @returns {Promise<boolean>} false: there is no key */
export async function renewToken(api) {
  const kept = canKeepKey() ? await read() : null;
  if (!kept?.device) return false;
  try {
    await ask(api, kept);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "signature_stale") throw error;
    setServerTime(Date.parse(error.detail.now), Date.now(), Date.now()); // a box whose clock has stopped
    await ask(api, kept);
  }
  return true;
}

/** @param {Api} api @param {Kept} kept */
async function ask(api, kept) {
  const at = new Date(now()).toISOString();
  const signed = new TextEncoder().encode(`homethread-token\n${kept.device}\n${at}`);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, kept.privateKey, signed);
  await api.command("/api/terminal/token", { at, signature: base64(signature) });
}

/** @param {ArrayBuffer} buffer */
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

/** @returns {Promise<Kept | undefined>} */
const read = () => inStore("readonly", (store) => store.get(NAME));

/** @param {Kept} kept */
const write = (kept) => inStore("readwrite", (store) => store.put(kept, NAME));

/** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} run @returns {Promise<any>} */
async function inStore(mode, run) {
  const database = await settled(opening());
  try {
    return await settled(run(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function opening() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return request;
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
