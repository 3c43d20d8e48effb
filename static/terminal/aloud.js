/**
 * Reads a text aloud, sentence by sentence, by a voice of this machine: others would send the text to somebody else's
 * server. Where no voice speaks the language, or it says nothing, it stays silent and says so.
 */
import { SECOND } from "../core/time.js";

const VOICES_WITHIN_MS = 1.5 * SECOND; // some browsers find them only after they were asked
const BEGINS_WITHIN_MS = 4 * SECOND;
const RATE = 0.85; // for the very old and the very young
/** Tags by which engines call Mandarin, and what is another tongue behind the same letters. */
const MANDARIN = /^(zh|cmn)\b(?!.*-(hk|mo)\b)/;

/** Voices have been waited for once; later they are there or not. */
let hasWaited = false;

/** @typedef {"resting" | "starting" | "reading" | "read" | "silent"} Phase */

export class Aloud {
  /** @type {Phase} */
  phase = "resting";
  /** Which sentence is being said. */
  place = -1;
  #turn = 0;
  /** Held on to: a browser forgets to say that an utterance is over when nobody knows it any more. */
  /** @type {SpeechSynthesisUtterance[]} */
  #utterances = [];
  #timer = 0;
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** From the beginning. @param {string[]} sentences @param {string} language */
  async read(sentences, language) {
    this.stop();
    const turn = ++this.#turn;
    this.#go("starting");
    const voice = await voiceOf(language);
    if (turn !== this.#turn) return;
    if (!voice) return this.#go("silent");
    this.#utterances = sentences.map((sentence, place) => this.#utterance(sentence, place, voice, turn));
    this.#timer = window.setTimeout(() => this.#fail(turn), BEGINS_WITHIN_MS);
    for (const utterance of this.#utterances) speechSynthesis.speak(utterance);
  }

  stop() {
    if (this.phase === "resting") return;
    this.#turn++;
    clearTimeout(this.#timer);
    globalThis.speechSynthesis?.cancel();
    this.#utterances = [];
    this.place = -1;
    this.phase = "resting";
  }

  /** @param {string} sentence @param {number} place @param {SpeechSynthesisVoice} voice @param {number} turn */
  #utterance(sentence, place, voice, turn) {
    const utterance = new SpeechSynthesisUtterance(sentence);
    Object.assign(utterance, { voice, lang: voice.lang, rate: RATE });
    utterance.onstart = () => turn === this.#turn && this.#reach(place);
    utterance.onerror = () => this.#fail(turn);
    utterance.onend = () => {
      if (turn === this.#turn && utterance === this.#utterances[this.#utterances.length - 1]) this.#go("read");
    };
    return utterance;
  }

  /** @param {number} place */
  #reach(place) {
    clearTimeout(this.#timer);
    this.place = place;
    this.#go("reading");
  }

  /** @param {number} turn */
  #fail(turn) {
    if (turn !== this.#turn) return;
    this.stop();
    this.#go("silent");
  }

  /** @param {Phase} phase */
  #go(phase) {
    this.phase = phase;
    if (phase !== "reading") this.place = -1;
    this.#changed();
  }
}

/** @param {string} text @param {string} language @returns {string[]} which together are the text */
export function sentencesOf(text, language) {
  if (!("Segmenter" in Intl)) return [text];
  const found = new Intl.Segmenter(language, { granularity: "sentence" }).segment(text);
  return [...found].map(({ segment }) => segment);
}

/** @param {string} language @returns {Promise<SpeechSynthesisVoice | null>} */
async function voiceOf(language) {
  const engine = globalThis.speechSynthesis;
  if (!engine) return null;
  if (!engine.getVoices().length && !hasWaited) {
    hasWaited = true;
    await new Promise((done) => {
      engine.addEventListener?.("voiceschanged", done, { once: true });
      setTimeout(done, VOICES_WITHIN_MS);
    });
  }
  const own = engine.getVoices().filter(({ localService }) => localService);
  const wanted = language.toLowerCase();
  return own.find(({ lang }) => tag(lang) === wanted) ?? own.find(({ lang }) => speaks(tag(lang), wanted)) ?? null;
}

/** Some systems write `zh_CN`. @param {string} lang */
const tag = (lang) => lang.replace(/_/g, "-").toLowerCase();

/** @param {string} one @param {string} wanted */
const speaks = (one, wanted) =>
  wanted.startsWith("zh") ? MANDARIN.test(one) : one.split("-")[0] === wanted.split("-")[0];
