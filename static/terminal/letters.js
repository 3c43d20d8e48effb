/** A family's letters, as far as its pages know of them: all that is behind one is fetched when the first has come. */

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("./thread.js").Hooks} Hooks */

/** @type {typeof import("./thread.js") | null} */
let threads = null;

/** Rejects without a network, and may be asked again. */
async function fetchThreads() {
  const parts = await import("./thread.js");
  await parts.styled;
  threads = parts;
}

export class Letters {
  /** @type {import("./thread.js").Thread | null} */
  #thread = null;
  #live;
  #familyId;
  #hooks;

  /** @param {import("../net/live.js").Live} live @param {string} familyId @param {Hooks} hooks */
  constructor(live, familyId, hooks) {
    this.#live = live;
    this.#familyId = familyId;
    this.#hooks = hooks;
  }

  /** What touches of an open letter do. @type {import("../ui/dom.js").Acts} */
  acts = Object.fromEntries(
    ["open", "again", "on", "next", "done"].map((act) => [
      `visit.text.${act}`,
      ({ dataset }) => this.#thread?.touch(act, dataset),
    ]),
  );

  /** Those that wait, for the family's page. @param {Family} whose */
  waiting(whose) {
    if (!threads && whose.texts_waiting) fetchThreads().then(this.#hooks.redraw, () => {}); // else at the next drawing
    if (!threads) return null;
    this.#thread ??= new threads.Thread(this.#live, this.#familyId, this.#hooks);
    this.#thread.tend(whose);
    return this.#thread.letters(whose);
  }

  /** The open one; null where it is gone. @param {Family} whose @param {import("./family.js").Look} look */
  opened(whose, look) {
    return this.#thread?.screen(whose, look) ?? null;
  }
}
