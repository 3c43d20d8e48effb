/**
 * What waits to be sent from this device, in its order, across reloads and tabs: recordings by `upload.js`, and what was
 * heard here. A failure passes, or can't be mended, or somebody has to decide: that is `failures.js`.
 */
import { now } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { afterFailure, LONG_PAUSE_MS, turnOf } from "./failures.js";
import * as store from "./store.js";
import { discard, markPutAway } from "./takes.js";
import { upload } from "./upload.js";

/** @typedef {import("../net/api.js").Api} Api */
/** @typedef {import("./wire.js").Finished} Finished */
/** @typedef {import("./wire.js").Hearing} Hearing */
/** @typedef {import("./wire.js").Item} Item */
/** @typedef {import("./wire.js").ItemShown} ItemShown */
/** @typedef {import("./wire.js").Wished} Wished */

const LOCK = "homethread.outbox";
const NEWS = "homethread.outbox";
/** In the page's storage while anything is here: a page knows by it whether to fetch this part. */
const MARK = "homethread.outbox";
/** For so long a message can be taken back before it begins to leave. */
export const UNDO_MS = 6_000;
const MOST_HEARINGS = 50;

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(NEWS) : null;
/** @type {Set<() => void>} */
const watchers = new Set();
if (channel) channel.onmessage = () => tellHere();

/** @param {() => void} watcher told when anything has changed, here or in another tab @returns {() => void} */
export function subscribe(watcher) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

function tellHere() {
  for (const watcher of watchers) watcher();
}

function tell() {
  channel?.postMessage(null);
  tellHere();
}

/** Puts a finished take in, which is offered no more as one. Rejects with StoreError. @param {Finished} finished
 * @param {Wished} wished @param {{owner: string, face: string}} sender */
export async function add(finished, wished, { owner, face }) {
  const { key, bytes, mime, duration_ms, peaks, recorded_at } = finished;
  /** @type {Item} */
  const item = {
    key, owner, face, wished, recorded_at, duration_ms, peaks, mime, bytes, sha256: await digest(bytes),
    state: "waits", made_at: Date.now(), next_at: Date.now() + UNDO_MS, tries: 0, why: null, sent_as: key,
    upload_url: "", offset: 0, restarts: 0,
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
  const items = /** @type {Item[]} */ (await store.all("outbox"));
  return items
    .filter((item) => item.owner === owner)
    .sort((one, other) => one.made_at - other.made_at)
    .map(({ bytes, ...shown }) => ({ ...shown, size: bytes.byteLength }));
}

/** @param {string} key @returns {Promise<Blob | null>} to be listened to, or kept as a file */
export async function recording(key) {
  const item = /** @type {Item | undefined} */ (await store.get("outbox", key));
  return item ? new Blob([item.bytes], { type: item.mime }) : null;
}

/** It is a take again; what is on its way already stays. @param {string} key @returns {Promise<boolean>} */
export async function takeBack(key) {
  let isBack = false;
  await store.within(["outbox", "takes"], "readwrite", (outbox, takes) => {
    const asked = outbox.get(key);
    asked.onsuccess = () => {
      isBack = asked.result && asked.result.state !== "sending" && !asked.result.upload_url;
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
  const item = /** @type {Item | undefined} */ (await store.get("outbox", key));
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

/** Sends what waits, one thing after the other, as long as this page lives; of all tabs one. */
export class Courier {
  #api;
  #sender;
  #timer = 0;
  #asked = false;
  #isGoing = false;
  #end = new AbortController();
  #sent;

  /** @param {Api} api @param {{owner: string, face: string}} sender @param {() => void} [sent] the server has
   * something new of ours */
  constructor(api, sender, sent = () => {}) {
    this.#api = api;
    this.#sender = sender;
    this.#sent = sent;
    const { signal } = this.#end;
    addEventListener("online", () => this.go(true), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.go(true), { signal });
    signal.addEventListener("abort", subscribe(() => this.go()));
    this.go();
  }

  /** Somebody else is here now. */
  stop() {
    clearTimeout(this.#timer);
    this.#end.abort();
  }

  /** Looks for what is due. @param {boolean} [hasNews] the network may be back: pauses are over */
  async go(hasNews = false) {
    if (this.#end.signal.aborted) return;
    if (this.#isGoing) return void (this.#asked = true);
    this.#isGoing = true;
    try {
      if (hasNews) await rush(this.#sender.owner);
      await alone(this.#end.signal, () => this.#work());
    } finally {
      this.#isGoing = false;
    }
    if (this.#asked) {
      this.#asked = false;
      this.go();
    }
  }

  async #work() {
    await this.#tellHeard();
    for (;;) {
      const due = (await list(this.#sender.owner)).find(({ state, next_at }) => isOpen(state) && next_at <= Date.now());
      if (!due || this.#end.signal.aborted) break;
      await this.#send(due.key);
    }
    await this.#rest();
  }

  /** @param {string} key */
  async #send(key) {
    const item = await change(key, () => ({ state: "sending" }));
    if (!item) return;
    tell();
    await discard(key); // its samples: what is sent stands in the outbox
    try {
      await upload(item, {
        signal: this.#end.signal,
        moved: async (moved) => {
          await change(key, () => ({ ...moved, tries: 0 }));
          tell();
        },
      });
      await store.drop("outbox", key);
      this.#sent();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await change(key, (failed) => afterFailure(failed, error, Date.now(), Math.random()));
    }
    tell();
  }

  async #tellHeard() {
    const rows = /** @type {Hearing[]} */ (await store.all("heard"));
    const own = rows.filter(({ owner }) => owner === this.#sender.owner).slice(0, MOST_HEARINGS);
    if (!own.length) return;
    const hearings = own.map(({ message_id, key, heard_at }) => ({ message_id, key, heard_at }));
    try {
      await this.#api.command("/api/messages/hearings", { hearings }); // each counts once by its own key
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (turnOf(error) === "wait") return; // with the next look
    }
    await store.within(["heard"], "readwrite", (shelf) => {
      for (const { message_id } of own) shelf.delete(message_id);
      return undefined;
    });
    this.#sent();
    tell();
  }

  /** Sleeps until the next thing is due. */
  async #rest() {
    clearTimeout(this.#timer);
    const open = (await list(this.#sender.owner)).filter(({ state }) => isOpen(state));
    const told = (await untold(this.#sender.owner)).size === 0;
    mark((await store.all("outbox")).length > 0 || !told);
    if (!open.length && told) return;
    const next = open.reduce((soonest, { next_at }) => Math.min(soonest, next_at), told ? Infinity : Date.now() + LONG_PAUSE_MS);
    this.#timer = window.setTimeout(() => this.go(), Math.max(500, next - Date.now()));
  }
}

/** One that says it is being sent, while nobody sends, was cut off. @param {string} state */
const isOpen = (state) => state === "waits" || state === "sending";

/** Only one page sends; where another does, this one waits until that has done, or is gone.
 * @param {AbortSignal} signal @param {() => Promise<void>} run */
async function alone(signal, run) {
  if (!navigator.locks) return run();
  try {
    await navigator.locks.request(LOCK, { signal }, run);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What waits for the network waits no longer. @param {string} owner */
async function rush(owner) {
  const waiting = (await list(owner)).filter(({ state, tries }) => isOpen(state) && tries > 0);
  for (const { key } of waiting) await change(key, () => ({ next_at: 0 }));
}

/** @param {string} key @param {(item: Item) => Partial<Item>} changes
 * @returns {Promise<Item | null>} as it is then; null where it is gone */
async function change(key, changes) {
  /** @type {Item | null} */
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

/** @param {boolean} isWaiting */
function mark(isWaiting) {
  try {
    if (isWaiting) localStorage.setItem(MARK, "1");
    else localStorage.removeItem(MARK);
  } catch {
    // forbidden: then every page looks
  }
}
