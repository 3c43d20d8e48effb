/**
 * What the server said last of families' voice messages, as far as this device may know, and what has to go with it: a
 * recording that stands in no thread any more, and all of a family that is not this device's. What is fetched of them is
 * decided in `ahead.js`.
 */
import { ms } from "../core/time.js";
import { ApiError } from "../net/api.js";
import * as cache from "./cache.js";

/** @typedef {import("./wire.js").KnownThread} KnownThread */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").Pair} Pair */
/** @typedef {import("./wire.js").ThreadPage} ThreadPage */

/** Older pages are read while they may hold something that nobody has heard. */
const MOST_PAGES = 4;
/** @type {Map<string, KnownThread>} */
const known = new Map();
/** Played to the end here, and when; the server may not know it yet. @type {Map<string, number>} */
const heardHere = new Map();

/** The newest page of each as it was told last, with its tag: where nothing is new it isn't told again.
 * @type {Map<string, {tag: string, page: ThreadPage}>} */
const newest = new Map();

/** Of which families nothing but theirs is here. */
let lastHere = "";

/** As it was known before this page was loaded. @param {string} familyId @param {KnownThread} thread */
export function remember(familyId, thread) {
  if (!known.has(familyId)) known.set(familyId, thread);
}

/** @param {string} familyId @returns {KnownThread | null} null where nobody asked yet */
export const knownOf = (familyId) => known.get(familyId) ?? null;

/** @param {string} familyId @returns {Message[] | null} newest first; null where nobody asked yet */
export const threadOf = (familyId) => known.get(familyId)?.messages ?? null;

/** Who of a family may send each other messages, as far as is known. @param {string} familyId @returns {Pair[]} */
export const pairsOf = (familyId) => known.get(familyId)?.pairs ?? [];

/** @param {Iterable<string>} ids @param {number} at */
export function noteHeard(ids, at) {
  for (const id of ids) if (!heardHere.has(id)) heardHere.set(id, at);
}

/** Whether the village has still to hear it; what comes each night is new again then. @param {Message} message */
export function isUnheard({ id, from, state, heard_at, deliver_at }) {
  const heard = Math.max(heard_at ? ms(heard_at) : 0, heardHere.get(id) ?? 0);
  return from === "parent" && (state === "due" || state === "sealed") && (!heard || heard < ms(deliver_at));
}

/** Whether it may be shown: sealed ones are here before their hour. @param {Message} message @param {number} at */
export const isOpen = ({ from, state, deliver_at }, at) =>
  from === "village" || state === "due" || (state === "sealed" && ms(deliver_at) <= at);

/** By what name the picture of a message lies beside its recording. @param {Message} message */
export const photoOf = ({ id }) => `${id}/photo`;

/** What waits to be heard now, the oldest first. @param {string} familyId @param {number} at */
export const waiting = (familyId, at) =>
  (threadOf(familyId) ?? [])
    .filter((message) => isUnheard(message) && isOpen(message, at))
    .sort((one, other) => ms(one.deliver_at) - ms(other.deliver_at));

/**
 * Asks the server anew. Rejects with ApiError; a refusal that says that the family is not here has taken all of it away.
 * @param {import("../net/api.js").Api} api @param {string} familyId
 */
export async function read(api, familyId) {
  try {
    const thread = await pages(api, familyId);
    known.set(familyId, thread);
    await forgetOthers(familyId, new Set(thread.messages.map(({ id }) => id)));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 404)) await forget(familyId);
    throw error;
  }
}

/** @param {import("../net/api.js").Api} api @param {string} familyId */
async function pages(api, familyId) {
  /** @type {Message[]} */
  const messages = [];
  /** @type {string | null} */
  let before = null;
  /** @type {Pair[]} */
  let pairs = [];
  for (let place = 0; place < MOST_PAGES; place++) {
    /** @type {ThreadPage} */
    const page = before ? await older(api, familyId, before) : await first(api, familyId);
    messages.push(...page.messages);
    pairs = page.pairs;
    before = page.next;
    if (!before || !page.messages.some(isUnheard)) break;
  }
  return { messages, pairs };
}

/** @param {import("../net/api.js").Api} api @param {string} familyId @returns {Promise<ThreadPage>} */
async function first(api, familyId) {
  const last = newest.get(familyId);
  const asked = last ? { headers: { "If-None-Match": last.tag } } : {};
  const { status, headers, body } = await api.ask(pathOf(familyId), asked);
  if (status === 304 && last) return last.page;
  newest.set(familyId, { tag: headers.get("ETag") ?? "", page: body });
  return body;
}

/** @param {import("../net/api.js").Api} api @param {string} familyId @param {string} before
 * @returns {Promise<ThreadPage>} */
const older = (api, familyId, before) => api.get(pathOf(familyId), { before });

/** @param {string} familyId */
const pathOf = (familyId) => `/api/families/${familyId}/thread`;

/** Withdrawn, deleted, or no consent stands any more. @param {string} familyId @param {Set<string>} standing */
async function forgetOthers(familyId, standing) {
  const standsSomewhere = new Set([...known.values()].flatMap(({ messages }) => messages.map(({ id }) => id)));
  const isElsewhere = (/** @type {string} */ name) => name.startsWith(cache.CALLER) || name.startsWith(cache.PHOTO); // of no thread
  if ([...(await cache.names())].every((name) => isElsewhere(name) || standsSomewhere.has(name.split("/")[0]))) return; // all that is here stands
  for (const { message_id, family_id } of await cache.list()) {
    const isLeft = !isElsewhere(message_id) && !standing.has(message_id.split("/")[0]);
    if (family_id === familyId && isLeft) await cache.forget(message_id);
  }
}

/** @param {string} familyId */
export async function forget(familyId) {
  known.delete(familyId);
  newest.delete(familyId);
  await cache.forgetFamily(familyId);
}

/** Of families that are not of here any more nothing stays. @param {Set<string>} familyIds of those that are */
export async function forgetStrangers(familyIds) {
  const here = [...familyIds].sort().join();
  if (here === lastHere) return;
  for (const each of [known, newest]) for (const id of each.keys()) if (!familyIds.has(id)) each.delete(id);
  for (const { message_id, family_id } of await cache.list()) {
    if (!familyIds.has(family_id)) await cache.forget(message_id);
  }
  lastHere = here;
}

/** This device is nobody's. */
export async function forgetAll() {
  known.clear();
  newest.clear();
  heardHere.clear();
  await cache.wipe();
}
