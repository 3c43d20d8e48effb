/**
 * What the terminal brings and takes by itself: recordings fetched ahead, those that were made here on their way, what
 * was heard here told; faces; and what it needs to be started anew without a network, which `known.js` and the service worker
 * keep. It begins when the page has come to rest, or with the first family; in a call it waits.
 */
import { hasCall } from "../core/busy.js";
import { now, SECOND, setServerTime } from "../core/time.js";
import { Ahead } from "../voice/ahead.js";
import { Courier } from "../voice/courier.js";
import * as known from "../voice/known.js";
import { keepPage } from "../voice/offline.js";
import * as outbox from "../voice/outbox.js";
import { StoreError } from "../voice/store.js";
import * as threads from "../voice/threads.js";
import { keepPhotos } from "./photos.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../voice/wire.js").ItemShown} ItemShown */

const FACE = "terminal";
/** What the server says comes in bursts. */
const CALM_MS = 2 * SECOND;
/** @type {Carrying | null} */
let carrying = null;

/** The server takes nothing from a family that is behind its pictures. @param {ItemShown} item */
export const isForPin = ({ state, why }) => state === "asks" && why?.code === "pin_needed";

/** The one of this page. @param {import("../net/live.js").Live} live @param {() => void} redraw */
export const carry = (live, redraw) => (carrying ??= new Carrying(live, redraw));

export class Carrying {
  /** What waits here to be sent. @type {ItemShown[]} */
  items = [];
  /** When the last one arrived. */
  arrived_at = 0;
  ahead;
  #live;
  #redraw;
  #photos;
  /** @type {Courier | null} */
  #courier = null;
  #owner = "";
  /** What is kept of the server's last word, and when the next is. @type {import("../core/wire.js").Now | null} */
  #kept = null;
  #keeping = 0;
  #isWhole = false;

  /** @param {import("../net/live.js").Live} live @param {() => void} redraw */
  constructor(live, redraw) {
    this.#live = live;
    this.#redraw = redraw;
    this.#photos = keepPhotos(live, redraw);
    this.ahead = new Ahead(live, FACE, () => {
      redraw();
      void this.#makeWhole();
    });
    live.subscribe(() => this.#tend());
    outbox.subscribe(() => this.#look());
    this.#tend();
    this.#look();
  }

  /** @returns {{owner: string, face: string}} */
  get sender() {
    return { owner: this.#live.view.now?.terminal?.id ?? this.#owner, face: FACE };
  }

  /** Whether a message waits for this family, as far as is known here. @param {Family} family @param {number} at */
  hasWaiting(family, at) {
    if (family.locked || !threads.threadOf(family.id)) return Boolean(family.messages_waiting);
    return threads.waiting(family.id, at).length > 0;
  }

  /** Whether a message may be left here for this parent. @param {import("../core/wire.js").Call} call */
  maySay({ family, child, parent }) {
    return threads.pairsOf(family.id).some(({ child_id, contact_id }) => child_id === child.id && contact_id === parent.id);
  }

  /** What waits to be sent of one family, the oldest first. @param {string} familyId */
  itemsOf(familyId) {
    return this.items.filter(({ wished }) => wished.family_id === familyId);
  }

  /** It was played to its end. @param {string} messageId */
  async heard(messageId) {
    threads.noteHeard([messageId], now());
    this.#redraw();
    await outbox.heard(messageId, this.sender);
    this.#courier?.go();
  }

  /** Something was put into the outbox. */
  go() {
    this.#courier?.go();
  }

  /** Shows what was known before this page was loaded, as long as nobody answers. */
  async recall() {
    const last = await known.recall().catch(told);
    if (!last || this.#live.view.now) return;
    const here_ms = Date.now();
    setServerTime(here_ms + last.offset_ms, here_ms, here_ms);
    for (const [familyId, thread] of last.threads) threads.remember(familyId, thread);
    this.#kept = last.now;
    this.#live.remember(last.now);
  }

  #tend() {
    const { view } = this.#live;
    if (view.reach === "online" && view.now && view.now !== this.#kept) this.#keep();
    void this.#photos.ahead(() => this.#isQuiet);
    if (this.items.some(isForPin)) void this.#goOn(view.now?.families ?? []);
    const { owner } = this.sender;
    const isFree = Boolean(owner) && view.error?.status !== 401 && !hasCall(view, now(), 0);
    if (isFree && this.#owner === owner && this.#courier) return;
    this.#courier?.stop();
    this.#owner = owner;
    this.#courier = isFree ? new Courier(this.#live.api, this.sender, () => this.#arrive()) : null;
  }

  get #isQuiet() {
    const { view } = this.#live;
    return view.reach === "online" && !view.error && !document.hidden && !hasCall(view, now());
  }

  #keep() {
    this.#keeping ||= window.setTimeout(async () => {
      this.#keeping = 0;
      const { now: last, error } = this.#live.view;
      this.#kept = last;
      if (last && error?.status !== 401) await known.keepNow(last).catch(told);
    }, CALM_MS);
  }

  /** What plays and records is fetched before it is needed, and kept with the page: then there may be no network. */
  async #makeWhole() {
    const hasThread = this.#live.view.now?.families.some(({ id }) => threads.pairsOf(id).length);
    if (this.#isWhole || !hasThread || this.#live.view.reach !== "online") return;
    this.#isWhole = true;
    try {
      const { fetchVoices } = await import("./waiting.js");
      await fetchVoices(this.#live, this.#redraw);
      await keepPage("/terminal");
    } catch {
      this.#isWhole = false; // with the next thread
    }
  }

  #arrive() {
    this.arrived_at = now();
    void this.#look();
  }

  async #look() {
    const { owner } = this.sender;
    try {
      const [items, heard] = await Promise.all([outbox.list(owner), outbox.untold(owner)]);
      threads.noteHeard(heard, now());
      this.items = items;
      this.#redraw();
    } catch (error) {
      told(error);
    }
  }

  /** What was spoken in a visit that has ended goes on with the next one. @param {Family[]} families */
  async #goOn(families) {
    const open = new Set(families.filter(({ locked }) => !locked).map(({ id }) => id));
    for (const { key, wished } of this.items.filter(isForPin)) if (open.has(wished.family_id)) await outbox.again(key);
  }
}

/** @param {unknown} error what is no trouble of the storage is thrown on */
function told(error) {
  if (!(error instanceof StoreError)) throw error;
  console.info("nothing is kept here:", error.message);
}
