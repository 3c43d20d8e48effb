/**
 * Brings what waits on this device to the server: what was heard here, then one recording after the other; of all pages
 * and the service worker one at a time. Once through all that is due, and no more: when to look again, whoever asks
 * decides. A failure passes, or can't be mended, or somebody has to decide: that is `failures.js`.
 */
import { ApiError } from "../net/api.js";
import { afterFailure, LONG_PAUSE_MS, turnOf } from "./failures.js";
import * as outbox from "./outbox.js";
import { discard } from "./pieces.js";
import { withPhoto } from "./photo_way.js";
import * as store from "./store.js";
import { upload } from "./upload.js";

/** @typedef {import("../net/api.js").Api} Api */
/** @typedef {import("./wire.js").Hearing} Hearing */
/** @typedef {{owner: string, face: string}} Sender */

/** By this the browser wakes the service worker. */
export const SYNC = "homethread.outbox";
const LOCK = "homethread.outbox";
const MOST_HEARINGS = 50;

/** All that is due of this sender, who has to be the one that is signed in. @param {Api} api @param {Sender} sender
 * @param {AbortSignal} signal ends it between two bytes */
export async function deliver(api, sender, signal) {
  await alone(signal, async () => {
    await tellHeard(api, sender);
    for (;;) {
      const due = (await outbox.list(sender.owner)).find((item) => outbox.isOpen(item) && item.next_at <= Date.now());
      if (!due || signal.aborted) break;
      await send(due.key, signal);
    }
  });
}

/** When something is due next; null where nothing waits for anything but a decision. @param {string} owner
 * @returns {Promise<number | null>} */
export async function nextAt(owner) {
  const open = (await outbox.list(owner)).filter(outbox.isOpen);
  const hasHeard = (await outbox.untold(owner)).size > 0;
  const next = open.reduce((soonest, { next_at }) => Math.min(soonest, next_at), hasHeard ? Date.now() + LONG_PAUSE_MS : Infinity);
  return next === Infinity ? null : next;
}

/** Only one sends; where another does, this one waits until that has done, or is gone. @param {AbortSignal} signal
 * @param {() => Promise<void>} run */
async function alone(signal, run) {
  if (!navigator.locks) return run();
  try {
    await navigator.locks.request(LOCK, { signal }, run);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** @param {string} key @param {AbortSignal} signal */
async function send(key, signal) {
  const kept = await outbox.change(key, () => ({ state: "sending" }));
  if (!kept) return;
  outbox.tell();
  const item = await outbox.opened(kept);
  if (!item) {
    await outbox.change(key, () => ({ state: "dropped", why: { code: "unreadable", message: "" } }));
    return outbox.tell();
  }
  await discard(key); // its samples: what is sent stands in the outbox
  try {
    /** @param {Partial<import("./wire.js").Item>} change */
    const moved = async (change) => {
      await outbox.change(key, () => ({ ...change, tries: 0 }));
      outbox.tell();
    };
    await withPhoto(item, { signal, keep: (photo) => moved({ photo }) }, (named) => upload(named, { signal, moved }));
    await store.drop("outbox", key);
    outbox.tell(true);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    await outbox.change(key, (failed) => afterFailure(failed, error, Date.now(), Math.random()));
    outbox.tell();
  }
}

/** @param {Api} api @param {Sender} sender */
async function tellHeard(api, { owner }) {
  const rows = /** @type {Hearing[]} */ (await store.all("heard"));
  const own = rows.filter((row) => row.owner === owner).slice(0, MOST_HEARINGS);
  if (!own.length) return;
  const hearings = own.map(({ message_id, key, heard_at }) => ({ message_id, key, heard_at }));
  try {
    await api.command("/api/messages/hearings", { hearings }); // each counts once by its own key
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (turnOf(error) === "wait") return; // with the next look
  }
  await store.within(["heard"], "readwrite", (shelf) => {
    for (const { message_id } of own) shelf.delete(message_id);
    return undefined;
  });
  outbox.tell(true);
}
