/**
 * People's photos as this terminal shows them: out of memory, else from its disk, where they lie sealed, else from the
 * server, which has the browser itself keep none. Tonight's families' small ones come before they are needed. They go when
 * the server names them no more, and with all else of their family; of a family with four pictures none is kept.
 */
import { isOver } from "../core/rings.js";
import { MINUTE, ms, now, SECOND } from "../core/time.js";
import { photos } from "../ui/dom.js";
import * as cache from "../voice/cache.js";
import { isClosed } from "../voice/known.js";
import { StoreError } from "../voice/store.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../voice/cache.js").Cached} Cached */

const AGAIN_MS = 30 * SECOND;
/** Of who wasn't seen for so long nothing stays. */
const OLDEST_MS = 30 * 24 * 60 * MINUTE;
/** Who rings within that is brought before. */
const CALLERS_MS = 60 * MINUTE;
/** In memory: more than any page shows. */
const MOST_HERE = 64;
const MOST_AHEAD = 60;
const [MOST_KEPT, MOST_BYTES] = [120, 800_000];
const ADDRESS = /\/api\/photos\/(\w+)\/(\d+)\.webp/g;
const [SMALL, LARGE] = ["/96.webp", "/320.webp"];
/** Only what can be sealed is kept, and over plain http nothing can. */
const canSeal = Boolean(globalThis.crypto?.subtle);

/** @type {Photos | null} */
let standing = null;

/** The one of this page. @param {import("../net/live.js").Live} live @param {() => void} redraw */
export const keepPhotos = (live, redraw) => (standing ??= new Photos(live, redraw));

class Photos {
  /** Addresses within this page, the one that was looked at last behind. @type {Map<string, string>} */
  #here = new Map();
  /** When each was looked for. @type {Map<string, number>} */
  #asked = new Map();
  /** The server's last word. @type {Now | null} */
  #known = null;
  /** Whose photos may be kept: the family of each. @type {Map<string, string>} */
  #families = new Map();
  /** Which of tonight are all here. */
  #done = "";
  #wasOnline = false;
  #isAhead = false;
  #live;
  #redraw;

  /** @param {import("../net/live.js").Live} live @param {() => void} redraw */
  constructor(live, redraw) {
    this.#live = live;
    this.#redraw = redraw;
    photos.of = (address) => this.#of(address);
    live.subscribe(() => this.#tend());
    this.#tend();
    this.#tidy().catch(told);
  }

  /** Brings what tonight's families may need, one after the other. @param {() => boolean} isQuiet nobody else needs the link */
  async ahead(isQuiet) {
    for (const address of this.#callers) if (isQuiet()) await this.#bring(address).catch(told);
    const wanted = this.#tonight;
    if (this.#isAhead || !canSeal || wanted.join() === this.#done) return;
    this.#isAhead = true;
    try {
      const kept = await cache.names();
      const lacking = wanted.filter((address) => !kept.has(nameOf(address)) && !kept.has(nameOf(otherOf(address))));
      for (const address of lacking) if (isQuiet() && !this.#isAsked(address)) await this.#fetch(address);
      if (!lacking.length) this.#done = wanted.join();
    } catch (error) {
      told(error);
    } finally {
      this.#isAhead = false;
    }
  }

  /** Who will be seen large at a ring, when the link is wanted for the call. */
  get #callers() {
    const soon = (this.#known?.calls ?? []).filter((call) => !isOver(call) && ms(call.starts_at) < now() + CALLERS_MS);
    return soon.flatMap(({ parent }) => parent.photo?.replace(SMALL, LARGE) ?? []);
  }

  get #tonight() {
    const calls = (this.#known?.calls ?? []).filter((call) => !isOver(call));
    const whose = new Set(calls.map(({ family }) => family.id));
    const members = (this.#known?.families ?? []).flatMap(({ id, members = [] }) => (whose.has(id) ? members : []));
    const all = members.flatMap(({ photo }) => (photo && this.#families.has(idOf(photo)) ? photo : []));
    return [...new Set(all)].slice(0, MOST_AHEAD);
  }

  /** What to show for an address: the other size while that one isn't here. @param {string} address */
  #of(address) {
    const here = this.#here.get(address);
    if (!here) this.#bring(address).catch(told);
    else this.#here.delete(address), this.#here.set(address, here);
    return here ?? this.#here.get(otherOf(address)) ?? (isShown(address) ? address : null);
  }

  /** @param {string} address */
  #isAsked(address) {
    return now() < (this.#asked.get(address) ?? 0) + AGAIN_MS;
  }

  /** @param {string} address */
  async #bring(address) {
    if (this.#isAsked(address)) return;
    this.#asked.set(address, now());
    for (const one of [address, otherOf(address)]) {
      const isHere = this.#here.has(one) || (await this.#find(one));
      if (isHere && (one === address || one.includes(LARGE))) return;
    }
    const isTalking = this.#known?.calls.some(({ state }) => state === "live"); // the link is theirs
    const wanted = isTalking ? address.replace(LARGE, SMALL) : address;
    if (this.#live.view.reach !== "online" || this.#here.has(wanted)) return;
    const blob = await this.#fetch(wanted);
    if (blob) this.#take(wanted, blob);
  }

  /** @param {string} address */
  async #find(address) {
    const kept = await cache.find(nameOf(address)).catch(told);
    if (kept) this.#take(address, kept);
    return Boolean(kept);
  }

  /** @param {string} address @returns {Promise<Blob | null>} null where it can't be had now */
  async #fetch(address) {
    this.#asked.set(address, Infinity);
    try {
      // What an older page left readable in the browser's own cache goes with it.
      const answer = await fetch(address, { headers: { "Homethread-Face": "terminal" }, cache: "reload" });
      const blob = answer.ok ? await answer.blob() : null;
      if (blob) await this.#keep(address, blob).catch(told);
      return blob;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return null; // without a network it is asked for again
    } finally {
      this.#asked.set(address, now());
    }
  }

  /** @param {string} address @param {Blob} blob */
  async #keep(address, blob) {
    const family_id = this.#families.get(idOf(address));
    if (!canSeal || !family_id) return;
    await cache.keep(nameOf(address), blob, { family_id, mime: blob.type });
    for (const { message_id } of tooMany(await cache.list(cache.PHOTO))) await cache.forget(message_id);
  }

  /** @param {string} address @param {Blob} blob */
  #take(address, blob) {
    this.#drop(address);
    this.#here.set(address, URL.createObjectURL(blob));
    for (const oldest of this.#here.keys()) if (this.#here.size > MOST_HERE) this.#drop(oldest);
    this.#redraw();
  }

  /** @param {string} address */
  #drop(address) {
    URL.revokeObjectURL(this.#here.get(address) ?? "");
    this.#here.delete(address);
  }

  #tend() {
    const { now: known, reach } = this.#live.view;
    const isOnline = reach === "online";
    if (isOnline && !this.#wasOnline) this.#asked.clear();
    this.#wasOnline = isOnline;
    if (known === this.#known) return;
    this.#known = known;
    this.#families = familiesOf(known);
    const named = idsIn(known);
    for (const address of this.#here.keys()) if (!named.has(idOf(address))) this.#drop(address);
    if (known && isOnline) this.#forgetOthers().catch(told);
  }

  async #forgetOthers() {
    for (const name of await cache.names()) {
      const isLeft = name.startsWith(cache.PHOTO) && !this.#families.has(name.split("/")[1]);
      if (isLeft) await cache.forget(name);
    }
  }

  async #tidy() {
    for (const { message_id, at } of await cache.list(cache.PHOTO)) {
      if (at < Date.now() - OLDEST_MS) await cache.forget(message_id);
    }
  }
}

/** What has to go where too much is kept: large ones first, and of each size the oldest. @param {Cached[]} kept */
export function tooMany(kept) {
  const isLarge = (/** @type {Cached} */ { message_id }) => Number(`/${message_id}.webp`.endsWith(LARGE));
  const inOrder = [...kept].sort((one, other) => isLarge(one) - isLarge(other) || other.at - one.at);
  let left = MOST_BYTES;
  return inOrder.filter(({ bytes }, place) => (left -= bytes) < 0 || place >= MOST_KEPT);
}

/** @param {string} address "/api/photos/ID/96.webp" and so on */
const idOf = (address) => address.split("/")[3];

/** @param {string} address */
const nameOf = (address) => address.replace(/.*\/api\/photos\/(\w+)\/(\d+)\.webp.*/, `${cache.PHOTO}$1/$2`);

/** @param {string} address */
const otherOf = (address) => (address.includes(SMALL) ? address.replace(SMALL, LARGE) : address.replace(LARGE, SMALL));

/** It came before this part of the page. @param {string} address */
const isShown = (address) => Boolean(document.querySelector(`img[src="${address}"]`));

/** Every photo that is named there. @param {unknown} known */
const idsIn = (known) => new Set([...JSON.stringify(known).matchAll(ADDRESS)].map(([, id]) => id));

/** @param {Now | null} known @returns {Map<string, string>} */
function familiesOf(known) {
  const open = (known?.families ?? []).filter((family) => !isClosed(family));
  return new Map(open.flatMap((family) => [...idsIn(family)].map((id) => /** @type {const} */ ([id, family.id]))));
}

/** @param {unknown} error what is no trouble of the storage is thrown on */
function told(error) {
  if (!(error instanceof StoreError)) throw error;
  console.info("a photo is not kept:", error.message);
  return null;
}
