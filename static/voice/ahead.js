/**
 * Fetching ahead: while nobody needs the link, what a family has still to hear comes here, so that it plays at once and
 * without a network. What is due comes before what is sealed, the least bytes first, within a day's measure. A family
 * behind its pictures is read while it is in, for the server tells nobody else; what came then stays, sealed.
 */
import { hasCall } from "../core/busy.js";
import { dayNumber, MINUTE, ms, now, SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";
import * as cache from "./cache.js";
import { fetchPhoto, fetchRecording } from "./fetching.js";
import * as known from "./known.js";
import { StoreError } from "./store.js";
import * as threads from "./threads.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../net/live.js").View} View */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {{familyId: string, message: Message}} Wanted */

/** What may be fetched in a day that nobody asked for: prepaid megabytes are somebody's money. */
export const DAILY_BYTES = 5_000_000;
/** Sealed ones come, and consents go, without a word to this device. */
const READ_AGAIN_MS = 15 * MINUTE;
/** Something is new in the village, perhaps this. */
const HINTED_AGAIN_MS = 4 * MINUTE;
const [LOOK_MS, AFTER_TROUBLE_MS] = [20 * SECOND, MINUTE];
const SPENT = "homethread.ahead";
/** Only what can be sealed is kept, and over plain http nothing can. */
const canSeal = Boolean(globalThis.crypto?.subtle);

/**
 * What to fetch, in its order. @param {Wanted[]} wanted @param {Set<string>} cached @param {number} left_bytes
 * @param {number} at @returns {Wanted[]}
 */
export function plan(wanted, cached, left_bytes, at) {
  const missing = wanted.filter(({ message }) => lacks(message, cached));
  /** @param {Wanted} one */
  const isSealed = ({ message }) => Number(!threads.isOpen(message, at));
  missing.sort((one, other) => isSealed(one) - isSealed(other) || one.message.bytes - other.message.bytes);
  let left = left_bytes;
  return missing.filter(({ message }) => {
    const fits = message.bytes <= left;
    if (fits) left -= message.bytes;
    return fits;
  });
}

/** Its recording, or the picture that goes with it. @param {Message} message @param {Set<string>} cached */
const lacks = (message, cached) => !cached.has(message.id) || (message.photo && !cached.has(threads.photoOf(message)));

export class Ahead {
  #live;
  #face;
  #changed;
  #isWorking = false;
  /** When each family's thread was read, and what was said then to wait. @type {Map<string, {at: number, waited: number, hints: number}>} */
  #readings = new Map();
  #rests_until = 0;
  /** @type {AbortController | null} */
  #fetching = null;
  #isHurried = 0;
  /** How often the server said that something is new. */
  hints = 0;

  /** @param {import("../net/live.js").Live} live @param {string} face @param {() => void} changed something came or went */
  constructor(live, face, changed) {
    this.#live = live;
    this.#face = face;
    this.#changed = changed;
    live.subscribe(({ reach }) => {
      if (reach === "offline") this.#rests_until = 0; // what comes after it is a fresh start
      this.go();
    });
    addEventListener("online", () => {
      this.#rests_until = 0; // so short an outage that the socket may have lived through it
      this.go();
    });
    live.socket.on("hint", () => this.hints++);
    document.addEventListener("visibilitychange", () => this.go());
    setInterval(() => this.go(), LOOK_MS);
    this.go();
  }

  get #isQuiet() {
    const { view } = this.#live;
    if (this.#isHurried || document.hidden || !view.now || view.reach !== "online" || view.error) return false;
    return !hasCall(view, now());
  }

  /** Looks what there is to do, and leaves off where somebody else needs the link. */
  async go() {
    if (!this.#isQuiet) return this.#fetching?.abort();
    if (!canSeal || this.#isWorking || now() < this.#rests_until) return;
    this.#isWorking = true;
    try {
      await this.#read();
      await this.#fetchAll();
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof StoreError)) throw error;
      if (error instanceof StoreError) console.info("nothing is fetched ahead:", error.message);
      this.#rests_until = now() + AFTER_TROUBLE_MS;
    } finally {
      this.#isWorking = false;
    }
  }

  /** Reads a family's thread now: somebody is there. @param {Family} family */
  async readNow(family) {
    this.#readings.set(family.id, { at: now(), waited: family.messages_waiting ?? 0, hints: this.hints });
    await threads.read(this.#live.api, family.id);
    this.#changed();
    await this.#keepThread(family);
    void this.go();
  }

  /** For a start without a network. @param {Family} family */
  async #keepThread(family) {
    const thread = threads.knownOf(family.id);
    if (!canSeal || !thread || known.isClosed(family)) return;
    try {
      await known.keepThread(family.id, thread);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      console.info("the thread is not kept:", error.message);
    }
  }

  /**
   * A recording, from here or from the server; somebody waits for it. Rejects with ApiError, or when `signal` ends it.
   * @param {Message} message @param {string} familyId @param {(part: number) => void} moved @param {AbortSignal} signal
   */
  recording(message, familyId, moved, signal) {
    return this.#now(message.id, familyId, () => fetchRecording(message, { face: this.#face, moved, signal }));
  }

  /** The same for the picture that goes with it. @param {Message} message @param {string} familyId
   * @param {AbortSignal} signal */
  photo(message, familyId, signal) {
    return this.#now(threads.photoOf(message), familyId, () => fetchPhoto(message, { face: this.#face, signal }));
  }

  /** @param {string} name @param {string} familyId @param {() => Promise<Blob>} fetcher */
  async #now(name, familyId, fetcher) {
    const here = await cache.find(name);
    if (here) return here;
    this.#isHurried++;
    this.#fetching?.abort();
    try {
      return await this.#keep(name, familyId, await fetcher());
    } finally {
      this.#isHurried--;
    }
  }

  async #read() {
    const families = this.#live.view.now?.families ?? [];
    const here = new Set(families.map(({ id }) => id));
    await Promise.all([threads.forgetStrangers(here), known.forgetOthers(here)]);
    for (const family of families) {
      if (family.locked || this.#isKnown(family) || !this.#isQuiet) continue;
      try {
        await this.readNow(family);
      } catch (error) {
        if (!(error instanceof ApiError) || !error.status || error.isPassing) throw error;
        this.#changed(); // not of here, or behind its pictures again
      }
    }
  }

  /** Nothing says that its thread is another one now. @param {Family} family */
  #isKnown({ id, messages_waiting = 0 }) {
    const last = this.#readings.get(id);
    if (!last || last.waited !== messages_waiting) return false;
    if (now() > last.at + (last.hints === this.hints ? READ_AGAIN_MS : HINTED_AGAIN_MS)) return false;
    const opened = (threads.threadOf(id) ?? []).map(({ deliver_at }) => ms(deliver_at)); // it may have been withdrawn
    return !opened.some((at) => last.at < at && at <= now());
  }

  async #fetchAll() {
    for (;;) {
      const families = this.#live.view.now?.families ?? [];
      const wanted = families.flatMap(({ id: familyId, locked }) =>
        locked ? [] : (threads.threadOf(familyId) ?? []).filter(threads.isUnheard).map((message) => ({ familyId, message })),
      );
      if (!wanted.length) return;
      const cached = await cache.names();
      const [next] = plan(wanted, cached, DAILY_BYTES - this.#spent, now());
      if (!next || !this.#isQuiet) return;
      await this.#fetch(next, cached);
    }
  }

  /** @param {Wanted} wanted @param {Set<string>} cached */
  async #fetch({ familyId, message }, cached) {
    const fetching = (this.#fetching = new AbortController());
    try {
      const isPhoto = cached.has(message.id);
      const blob = await (isPhoto ? fetchPhoto : fetchRecording)(message, { face: this.#face, signal: fetching.signal });
      this.#spend(blob.size);
      await this.#keep(isPhoto ? threads.photoOf(message) : message.id, familyId, blob, true);
      this.#changed();
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) this.#readings.delete(familyId); // gone since it was read
      throw error;
    } finally {
      this.#fetching = null;
    }
  }

  /** @param {string} name @param {string} familyId @param {Blob} blob @param {boolean} [isNeeded] */
  async #keep(name, familyId, blob, isNeeded = false) {
    if (!canSeal) return blob;
    try {
      await cache.keep(name, blob, { family_id: familyId, mime: blob.type });
    } catch (error) {
      if (isNeeded || !(error instanceof StoreError)) throw error;
      console.info("not kept:", error.message); // no room: it plays all the same
    }
    return blob;
  }

  get #today() {
    return dayNumber(now(), this.#live.view.now?.zone ?? "UTC");
  }

  get #spent() {
    const { day, bytes } = JSON.parse(localStorage.getItem(SPENT) ?? "{}");
    return day === this.#today ? Number(bytes) : 0;
  }

  /** @param {number} bytes */
  #spend(bytes) {
    localStorage.setItem(SPENT, JSON.stringify({ day: this.#today, bytes: this.#spent + bytes }));
  }
}
