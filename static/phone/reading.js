/** A family's thread as the server tells it, a page after the other, the newest first. */
import { ApiError } from "../net/api.js";
import { sentence, toast } from "../ui/dom.js";
import * as cache from "../voice/cache.js";

/** @typedef {import("../voice/wire.js").Message} Message */
/** @typedef {import("../voice/wire.js").ThreadPage} ThreadPage */

export class Reading {
  /** Null while they are read. @type {Message[] | null} */
  messages = null;
  /** @type {ApiError | null} */
  error = null;
  /** @type {string | null} */
  next = null;
  /** Who may send each other messages; null where the server didn't say yet. @type {ThreadPage["pairs"] | null} */
  pairs = null;
  #api;
  #changed;
  #familyId;
  #isOver = false;

  /** @param {import("../net/api.js").Api} api @param {string} familyId @param {() => void} changed */
  constructor(api, familyId, changed) {
    this.#api = api;
    this.#familyId = familyId;
    this.#changed = changed;
  }

  /** Another family's is read now. */
  end() {
    this.#isOver = true;
  }

  async read() {
    try {
      const { messages, next, pairs } = await this.#page();
      const older = (this.messages ?? []).slice(messages.length ? this.#after(messages) : 0);
      this.#change({ messages: [...messages, ...older], error: null, next: older.length ? this.next : next, pairs });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if ([401, 404].includes(error.status)) await cache.forgetFamily(this.#familyId); // not ours to hear any more
      this.#change({ error });
    }
  }

  async more() {
    if (!this.next) return;
    try {
      const { messages, next } = await this.#page({ before: this.next });
      this.#change({ messages: [...(this.messages ?? []), ...messages], next });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast("bad", sentence(error));
    }
  }

  /** @param {string | null} id */
  find(id) {
    return (id && this.messages?.find((message) => message.id === id)) || null;
  }

  /** @param {Record<string, string>} [query] @returns {Promise<ThreadPage>} */
  #page(query) {
    return this.#api.get(`/api/families/${this.#familyId}/thread`, query);
  }

  /** Where in what is known the older ones begin. @param {Message[]} messages */
  #after(messages) {
    const last = messages[messages.length - 1].id;
    const at = (this.messages ?? []).findIndex(({ id }) => id === last);
    return at < 0 ? Infinity : at + 1;
  }

  /** @param {Partial<Reading>} changed */
  #change(changed) {
    if (this.#isOver) return;
    Object.assign(this, changed);
    this.#changed();
  }
}
