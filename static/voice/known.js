/**
 * What a terminal knew when the server last told it, sealed, so that it can be started anew without a network: its wall,
 * and for each family without four pictures its page and its thread. A family with pictures keeps nothing here but its
 * emblem: only the server can check them, for twenty thousand ways to choose four are tried in a minute by whoever holds
 * the device. Its page opens again with the network. A phone keeps its first screen, calls and all: it is one person's.
 * Nothing here is older than `OLDEST_MS`; what has to go before that, the callers say.
 */
import { now as serverNow } from "../core/time.js";
import { open, seal } from "./seal.js";
import * as store from "./store.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("./wire.js").KnownThread} KnownThread */

/** A consent may have been taken back since. */
const OLDEST_MS = 14 * 86_400_000;
const NOW = "now";
const PHONE = "phone";

/** Of families that have pictures by now, what was kept before goes. @param {Now} now */
export async function keepNow(now) {
  for (const { id } of now.families.filter(isClosed)) await forget(id);
  const families = now.families.map(withoutSecrets);
  const kept = { ...now, version: "", calls: [], prompts: "", families }; // no page is outdated by it
  await keep(NOW, { now: kept, offset_ms: serverNow() - Date.now() });
}

/** @param {Now} now */
export const keepPhone = (now) =>
  keep(PHONE, { now: { ...now, version: "", known_at: serverNow() }, offset_ms: serverNow() - Date.now() });

/** @returns {Promise<{now: Now, offset_ms: number} | null>} null where nothing is known any more */
export const recallPhone = () => find(PHONE);

/** @param {string} familyId @param {KnownThread} thread */
export const keepThread = (familyId, thread) => keep(familyId, thread);

/** `offset_ms`: how far the server's clock was ahead of this device's.
 * @returns {Promise<{now: Now, offset_ms: number, threads: Map<string, KnownThread>} | null>} null where nothing is known
 * any more */
export async function recall() {
  const keys = await store.within(["known"], "readonly", (known) => known.getAllKeys());
  const names = /** @type {string[]} */ (keys).filter((name) => name !== PHONE);
  const found = new Map(await Promise.all(names.map(async (name) => /** @type {const} */ ([name, await find(name)]))));
  const last = found.get(NOW);
  if (!last) return null;
  found.delete(NOW);
  return { ...last, threads: new Map([...found].filter(([, thread]) => thread)) };
}

/** @param {string} familyId */
export const forget = (familyId) => store.drop("known", familyId);

/** @param {Set<string>} familyIds of those that may stay */
export async function forgetOthers(familyIds) {
  for (const name of await store.within(["known"], "readonly", (known) => known.getAllKeys())) {
    if (name !== NOW && name !== PHONE && !familyIds.has(String(name))) await store.drop("known", name);
  }
}

/** @param {Family} family */
export const isClosed = ({ has_pin, locked }) => Boolean(has_pin || locked);

/** Letters and questions need the server, and so do those who are behind their pictures. @param {Family} family
 * @returns {Family} */
function withoutSecrets(family) {
  const { id, emblem, messages_waiting } = family;
  if (isClosed(family)) return { id, emblem, messages_waiting, name: "", has_pin: true, locked: true };
  return { ...family, texts_waiting: 0 };
}

/** @param {string} name @param {object} value */
async function keep(name, value) {
  if (!globalThis.crypto?.subtle) return; // over plain http nothing can be sealed
  const bytes = new TextEncoder().encode(JSON.stringify(value)).buffer;
  await store.put("known", { name, at: Date.now(), ...(await seal("cache", `known ${name}`, bytes)) });
}

/** @param {string} name @returns {Promise<any>} */
async function find(name) {
  const row = await store.get("known", name);
  const bytes = row && row.at > Date.now() - OLDEST_MS && (await open("cache", `known ${name}`, row));
  return bytes ? JSON.parse(new TextDecoder().decode(bytes)) : null;
}
