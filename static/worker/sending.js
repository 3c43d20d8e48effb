/**
 * The service worker's part that sends what waits when no page does: the browser wakes it when there is a network
 * (Background Sync), also after the page was closed. Only for whoever is signed in here, which the server is asked before.
 */
import { Api, ApiError } from "../net/api.js";
import { deliver, nextAt, SYNC } from "../voice/delivery.js";
import { faces } from "../voice/outbox.js";

/** @typedef {Event & {tag: string, waitUntil: (done: Promise<void>) => void}} SyncEvent */

/** Pauses that end later are the browser's to wait for. */
const PATIENCE_MS = 60_000;
const LEAST_PAUSE_MS = 500;

addEventListener("sync", (event) => {
  const { tag } = /** @type {SyncEvent} */ (event);
  if (tag === SYNC) /** @type {SyncEvent} */ (event).waitUntil(sendAll());
});

async function sendAll() {
  if (!navigator.locks) return; // nothing would keep a page from sending the same
  for (const face of await faces()) await sendOf(face, Date.now() + PATIENCE_MS);
}

/** Rejects where something still waits: then the browser asks again, by its own measure. @param {string} face
 * @param {number} until */
async function sendOf(face, until) {
  const api = new Api(face);
  for (;;) {
    const owner = await whoIsHere(api);
    if (!owner) return; // it waits for them
    await deliver(api, { owner, face }, new AbortController().signal);
    const next = await nextAt(owner);
    if (next === null) return;
    if (next > until) throw new Error(`something of the ${face} waits`);
    await new Promise((done) => setTimeout(done, Math.max(LEAST_PAUSE_MS, next - Date.now())));
  }
}

/** @param {Api} api @returns {Promise<string>} "" nobody */
async function whoIsHere(api) {
  try {
    const { me, terminal } = await api.get("/api/now");
    return me?.id ?? terminal?.id ?? "";
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return "";
    throw error;
  }
}
