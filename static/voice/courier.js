/**
 * Sends what waits as long as this page lives: at once, when the network is back, when somebody looks. When the page goes
 * and something still waits, the service worker is asked to go on, where the browser wakes it (Background Sync).
 */
import { deliver, nextAt, SYNC } from "./delivery.js";
import { forgetOld, remark, rush, subscribe } from "./outbox.js";

/** @typedef {import("../net/api.js").Api} Api */
/** @typedef {import("./delivery.js").Sender} Sender */
/** @typedef {ServiceWorkerRegistration & {sync?: {register: (tag: string) => Promise<void>}}} Woken */

const LEAST_PAUSE_MS = 500;

export class Courier {
  #api;
  #sender;
  #timer = 0;
  #asked = false;
  #isGoing = false;
  #isTidy = false;
  #end = new AbortController();
  /** @type {Woken | null} */
  #worker = null;

  /** @param {Api} api @param {Sender} sender @param {() => void} [sent] the server has something new of ours */
  constructor(api, sender, sent = () => {}) {
    this.#api = api;
    this.#sender = sender;
    const { signal } = this.#end;
    addEventListener("online", () => this.go(true), { signal });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#handOver() : this.go(true)), { signal });
    addEventListener("pagehide", () => this.#handOver(), { signal });
    navigator.serviceWorker?.ready.then((worker) => (this.#worker = worker));
    const look = (/** @type {boolean} */ hasArrived) => {
      if (hasArrived) sent();
      this.go();
    };
    signal.addEventListener("abort", subscribe(look));
    this.go();
  }

  /** Somebody else is here now. */
  stop() {
    clearTimeout(this.#timer);
    this.#end.abort();
  }

  /** Looks for what is due. @param {boolean} [hasNews] the network may be back: pauses are over */
  async go(hasNews = false) {
    const { signal } = this.#end;
    if (signal.aborted) return;
    if (this.#isGoing) return void (this.#asked = true);
    this.#isGoing = true;
    try {
      if (hasNews) await rush(this.#sender.owner);
      await deliver(this.#api, this.#sender, signal);
      await this.#rest();
    } finally {
      this.#isGoing = false;
    }
    if (this.#asked) {
      this.#asked = false;
      this.go();
    }
  }

  /** Sleeps until the next thing is due. */
  async #rest() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#isTidy) await forgetOld(this.#sender.owner);
    this.#isTidy = true;
    const next = await nextAt(this.#sender.owner);
    await remark();
    if (next === null || this.#end.signal.aborted) return;
    this.#timer = window.setTimeout(() => this.go(), Math.max(LEAST_PAUSE_MS, next - Date.now()));
  }

  /** Without waiting for anything: the page may be gone the next moment. */
  #handOver() {
    if (!this.#timer && !this.#isGoing) return; // nothing waits
    this.#worker?.sync?.register(SYNC).catch((error) => console.info("nobody goes on from here:", error.message));
  }
}
