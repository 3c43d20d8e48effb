/**
 * The sentences that this terminal can say: their texts, and the recordings that its village hears, each fetched once,
 * while nobody needs the link, and kept for when there is none. When one is said is not decided here.
 */
import { SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";

/** @typedef {{key: string, text: string, speech: string | null, url: string | null}} Sentence */
/** @typedef {{mark: string, language: string, sentences: Sentence[]}} Told */

const KEPT = "homethread.prompts";
const LIST = "/api/prompts";
const AGAIN_MS = 20 * SECOND;

export class Sentences {
  language = "en";
  /** @type {Map<string, Sentence>} */
  #known = new Map();
  /** What is here by what is written: for what only shows its text. @type {Map<string, string>} */
  #keys = new Map();
  /** @type {string | null} */
  #mark = null;
  #isWorking = false;
  #api;
  #isQuiet;

  /** @param {import("../net/api.js").Api} api @param {() => boolean} isQuiet nobody needs the link */
  constructor(api, isQuiet) {
    this.#api = api;
    this.#isQuiet = isQuiet;
  }

  /** @param {string} key */
  find = (key) => this.#known.get(key);

  /** @param {string} text @returns {string | undefined} */
  keyOf = (text) => this.#keys.get(text);

  /** What was known when this device was told last: it may have no network now. */
  async recall() {
    const kept = await (await shelf())?.match(LIST);
    if (kept && !this.#known.size) this.#take(await kept.json());
  }

  /** Everything that is new. @param {string | undefined} mark of what there is now; undefined: nobody knows */
  async learn(mark) {
    if (this.#isWorking || mark === undefined || !this.#isQuiet()) return;
    this.#isWorking = true;
    try {
      if (mark !== this.#mark) await this.#read();
      await this.#fetchAll();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // without a network it is tried again
    } finally {
      this.#isWorking = false;
    }
  }

  /** At once where it is here. @param {string} url @returns {Promise<Blob | null>} null without a network */
  async recording(url) {
    const kept = await (await shelf())?.match(url);
    if (kept) return kept.blob();
    const answer = await fetch(url, asTerminal).catch(() => null);
    if (!answer?.ok) return null;
    await keep(url, answer.clone());
    return answer.blob();
  }

  async #read() {
    const kept = await (await shelf())?.match(LIST);
    const tag = kept?.headers.get("ETag");
    const { status, headers, body } = await this.#api.ask(LIST, tag ? { headers: { "If-None-Match": tag } } : {});
    /** @type {Told} */
    const told = status === 304 ? await kept?.json() : body;
    this.#take(told);
    this.#mark = told.mark;
    if (status === 304) return;
    const named = { "Content-Type": "application/json", ETag: headers.get("ETag") ?? "" };
    await keep(LIST, new Response(JSON.stringify(told), { headers: named }));
  }

  /** @param {Told} told */
  #take({ language, sentences }) {
    this.language = language;
    this.#known = new Map(sentences.map((sentence) => [sentence.key, sentence]));
    this.#keys = new Map(sentences.map(({ key, text }) => [text, key]));
  }

  /** What isn't here yet, as long as the link is free; what nobody says any more goes. */
  async #fetchAll() {
    const kept = await shelf();
    if (!kept) return; // over plain http nothing is kept
    const wanted = new Set([...this.#known.values()].flatMap(({ url }) => url ?? []));
    const here = new Set((await kept.keys()).map(({ url }) => new URL(url).pathname));
    for (const url of here) if (url !== LIST && !wanted.has(url)) await kept.delete(url);
    for (const url of wanted) {
      if (here.has(url)) continue;
      if (!this.#isQuiet() || !(await this.recording(url))) return;
    }
  }
}

/** Reads now what there is, and again whenever something may be new. @param {Sentences} sentences
 * @param {import("../net/live.js").Live} live */
export function follow(sentences, live) {
  const learn = () => void sentences.learn(live.view.now?.prompts);
  live.subscribe(learn);
  setInterval(learn, AGAIN_MS);
  return sentences.recall().then(learn);
}

const asTerminal = { headers: { "Homethread-Face": "terminal" } };

/** @returns {Promise<Cache | null>} null where the browser keeps nothing for this page */
const shelf = async () => globalThis.caches?.open(KEPT).catch(() => null) ?? null;

/** @param {string} url @param {Response} answer */
async function keep(url, answer) {
  await (await shelf())?.put(url, answer).catch(() => {}); // the device is full: it is fetched when it is said
}
