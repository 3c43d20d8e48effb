/**
 * What waits on this device to be sent, in its order, across reloads and tabs: recordings, sealed, and what was heard
 * here. It is its owner's alone: nobody else is shown it, and it leaves under no other name. Where the owner was signed
 * out without a word, because the device was given up or lost, it stays sealed for them until `KEPT_MS` are over. Who
 * sends it is `delivery.js`.
 */
import { now } from "../core/time.js";
import { newKey } from "../net/api.js";
import { toSend } from "./photo.js";
import { discard, mark, markPutAway } from "./pieces.js";
import { dropKey, open, seal } from "./seal.js";
import * as store from "./store.js";

/** @typedef {import("../net/api.js").Api} Api */
/** @typedef {import("./wire.js").Finished} Finished */
/** @typedef {import("./wire.js").Hearing} Hearing */
/** @typedef {import("./wire.js").Item} Item */
/** @typedef {import("./wire.js").ItemKept} ItemKept */
/** @typedef {import("./wire.js").ItemShown} ItemShown */
/** @typedef {import("./wire.js").Wished} Wished */

const NEWS = "homethread.outbox";
/** For so long a message can be taken back before it begins to leave. */
export const UNDO_MS = 6_000;
/** So long something waits for an owner who is not here any more. */
const KEPT_MS = 30 * 86_400_000;

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(NEWS) : null;
/** @type {Set<(hasArrived: boolean) => void>} */
const watchers = new Set();
if (channel) channel.onmessage = ({ data }) => tellHere(data);

/** @param {(hasArrived: boolean) => void} watcher told when anything has changed, here, in another tab or by the service
 * worker; `hasArrived`: the server has something new of ours @returns {() => void} */
export function subscribe(watcher) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** @param {boolean} hasArrived */
function tellHere(hasArrived) {
  for (const watcher of watchers) watcher(hasArrived);
}

export function tell(hasArrived = false) {
  channel?.postMessage(hasArrived);
  tellHere(hasArrived);
}

/** Puts a finished take in, which is offered no more as one. Rejects with StoreError. @param {Finished} finished
 * @param {Wished} wished @param {{owner: string, face: string}} sender */
export async function add(finished, wished, { owner, face }) {
  const { key, bytes, mime, duration_ms, peaks, recorded_at } = finished;
  const [sha256, sealed, take] = await Promise.all([
    digest(bytes),
    seal("spoken", nameOf(key), bytes),
    store.get("takes", key),
  ]);
  /** @type {ItemKept} */
  const item = {
    key, owner, face, wished, recorded_at, duration_ms, peaks, mime, size: bytes.byteLength, sha256, ...sealed,
    state: "waits", made_at: Date.now(), next_at: Date.now() + UNDO_MS, tries: 0, why: null, sent_as: key,
    upload_url: "", offset: 0, restarts: 0, ...(take?.photo && { photo: toSend(take.photo) }),
  }; // prettier-ignore
  await store.within(["outbox", "takes"], "readwrite", (outbox, takes) => {
    outbox.put(item);
    return markPutAway(takes, key, Date.now());
  });
  mark(true);
  tell();
}

/** What this person's device has to send, in order. @param {string} owner @returns {Promise<ItemShown[]>} */
export async function list(owner) {
  const items = /** @type {ItemKept[]} */ (await store.all("outbox"));
  return items
    .filter((item) => item.owner === owner)
    .sort((one, other) => one.made_at - other.made_at)
    .map(({ nonce: _nonce, sealed: _sealed, ...shown }) => shown);
}

/** From which faces of this browser something waits to be sent. @returns {Promise<string[]>} */
export async function faces() {
  const [items, heard] = await Promise.all([store.all("outbox"), store.all("heard")]);
  return [...new Set([...items.filter(isOpen), ...heard].map(({ face }) => face))];
}

/** One that says it is being sent, while nobody sends, was cut off. @param {Pick<ItemShown, "state">} item */
export const isOpen = ({ state }) => state === "waits" || state === "sending";

/** With the recording itself. @param {ItemKept} item @returns {Promise<Item | null>} null where its key is gone */
export async function opened({ size: _size, nonce, sealed, ...item }) {
  const bytes = await open("spoken", nameOf(item.key), { nonce, sealed });
  return bytes && { ...item, bytes };
}

/** @param {string} key */
const nameOf = (key) => `recording ${key}`;

/** @param {string} key @returns {Promise<Blob | null>} to be listened to, or kept as a file */
export async function recording(key) {
  const item = /** @type {ItemKept | undefined} */ (await store.get("outbox", key));
  const found = item && (await opened(item));
  return found ? new Blob([found.bytes], { type: found.mime }) : null;
}

/** It is a take again; what is on its way already, or was once, stays. @param {string} key @returns {Promise<boolean>} */
export async function takeBack(key) {
  let isBack = false;
  await store.within(["outbox", "takes"], "readwrite", (outbox, takes) => {
    const [item, take] = [outbox.get(key), takes.get(key)];
    take.onsuccess = () => {
      const { state, upload_url } = item.result ?? { state: "sending" }; // answered before, in their order
      isBack = Boolean(take.result) && state !== "sending" && !upload_url;
      if (!isBack) return;
      outbox.delete(key);
      markPutAway(takes, key, undefined);
    };
    return undefined;
  });
  tell();
  return isBack;
}

/** For good, here and at the server. @param {string} key @param {Api} api */
export async function remove(key, api) {
  const item = /** @type {ItemKept | undefined} */ (await store.get("outbox", key));
  await store.drop("outbox", key);
  await discard(key);
  tell();
  if (!item?.upload_url) return;
  // Where it can't be told now, the server forgets it by itself in two weeks.
  await api.ask(item.upload_url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }).catch(() => {});
}

/** Somebody decided: try again, perhaps with another wish, as something new. @param {string} key
 * @param {Partial<Wished>} [wished] */
export async function again(key, wished = {}) {
  await change(key, (item) => ({
    state: "waits", next_at: 0, tries: 0, why: null, sent_as: newKey(), upload_url: "", offset: 0, restarts: 0,
    wished: { ...item.wished, ...wished },
  })); // prettier-ignore
  tell();
}

/** Somebody heard a message here. @param {string} messageId @param {{owner: string, face: string}} by */
export async function heard(messageId, { owner, face }) {
  await store.within(["heard"], "readwrite", (shelf) => {
    const row = { message_id: messageId, key: newKey(), owner, face, heard_at: new Date(now()).toISOString() };
    const asked = shelf.get(messageId);
    asked.onsuccess = () => asked.result ?? shelf.put(row); // once, when it was heard first
    return asked;
  });
  mark(true);
  tell();
}

/** Ids of what was heard here and is not known at the server yet. @param {string} owner
 * @returns {Promise<Set<string>>} */
export async function untold(owner) {
  const rows = /** @type {Hearing[]} */ (await store.all("heard"));
  return new Set(rows.filter((row) => row.owner === owner).map(({ message_id }) => message_id));
}

/** Whether an owner has said something here that is not sent; what was put away doesn't count. @param {string} owner */
export async function hasUnsent(owner) {
  const [items, takes] = await Promise.all([store.all("outbox"), store.all("takes")]);
  return items.some((item) => item.owner === owner) || takes.some((take) => take.owner === owner && !take.put_away_at);
}

/** Of one owner all that is not sent, also what was put away; the key too, if it seals nothing of anybody else.
 * @param {string} owner @param {Api} api */
export async function discardAll(owner, api) {
  for (const { key } of await list(owner)) await remove(key, api);
  for (const take of await store.all("takes")) if (take.owner === owner) await discard(take.key);
  if (!(await hasAny())) await dropKey("spoken");
}

/** What waited too long for an owner who is not here. @param {string} owner who is; "" nobody */
export async function forgetOld(owner) {
  const since = Date.now() - KEPT_MS;
  for (const item of await store.all("outbox")) {
    if (item.owner !== owner && item.made_at < since) await store.drop("outbox", item.key);
  }
  for (const take of await store.all("takes")) {
    if (take.owner !== owner && take.started_at < since) await discard(take.key);
  }
}

/** Says to the pages to come whether anything is here. */
export async function remark() {
  mark((await hasAny()) || (await store.all("heard")).length > 0);
}

async function hasAny() {
  let count = 0;
  await store.within(["outbox", "takes"], "readonly", (...shelves) => {
    for (const shelf of shelves) {
      const asked = shelf.count();
      asked.onsuccess = () => (count += asked.result);
    }
    return undefined;
  });
  return count > 0;
}

/** What waits for the network waits no longer. @param {string} owner */
export async function rush(owner) {
  const waiting = (await list(owner)).filter((item) => isOpen(item) && item.tries > 0);
  for (const { key } of waiting) await change(key, () => ({ next_at: 0 }));
}

/** @param {string} key @param {(item: ItemKept) => Partial<ItemKept>} changes
 * @returns {Promise<ItemKept | null>} as it is then; null where it is gone */
export async function change(key, changes) {
  /** @type {ItemKept | null} */
  let changed = null;
  await store.within(["outbox"], "readwrite", (outbox) => {
    const asked = outbox.get(key);
    asked.onsuccess = () => {
      if (!asked.result) return;
      changed = { ...asked.result, ...changes(asked.result) };
      outbox.put(changed);
    };
    return undefined;
  });
  return changed;
}

/** @param {ArrayBuffer} bytes */
async function digest(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
