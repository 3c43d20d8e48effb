/**
 * What the terminal brings and takes by itself: recordings fetched ahead, those that were made here on their way, and
 * what was heard here told. It begins when the page has come to rest, or with the first family; in a call it waits.
 */
import { now } from "../core/time.js";
import { Ahead, hasCall } from "../voice/ahead.js";
import * as outbox from "../voice/outbox.js";
import { StoreError } from "../voice/store.js";
import * as threads from "../voice/threads.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../voice/wire.js").ItemShown} ItemShown */

const FACE = "terminal";
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
  /** @type {outbox.Courier | null} */
  #courier = null;
  #owner = "";

  /** @param {import("../net/live.js").Live} live @param {() => void} redraw */
  constructor(live, redraw) {
    this.#live = live;
    this.#redraw = redraw;
    this.ahead = new Ahead(live, FACE, redraw);
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

  #tend() {
    const { view } = this.#live;
    if (this.items.some(isForPin)) void this.#goOn(view.now?.families ?? []);
    const { owner } = this.sender;
    const isFree = Boolean(owner) && view.error?.status !== 401 && !hasCall(view, now(), 0);
    if (isFree && this.#owner === owner && this.#courier) return;
    this.#courier?.stop();
    this.#owner = owner;
    this.#courier = isFree ? new outbox.Courier(this.#live.api, this.sender, () => this.#arrive()) : null;
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
      if (!(error instanceof StoreError)) throw error;
      console.info("nothing is kept here:", error.message);
    }
  }

  /** What was spoken in a visit that has ended goes on with the next one. @param {Family[]} families */
  async #goOn(families) {
    const open = new Set(families.filter(({ locked }) => !locked).map(({ id }) => id));
    for (const { key, wished } of this.items.filter(isForPin)) if (open.has(wished.family_id)) await outbox.again(key);
  }
}
