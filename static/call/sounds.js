/**
 * What a call sounds like, made of gentle tones by the browser itself. A browser may refuse to sound before a person
 * has touched the page: then it stays silent, and sounds as soon as it may.
 */
import { isGranted } from "./media.js";

/** @typedef {"ring" | "ring_back" | "lost" | "back" | "goodbye"} SoundName */
/** @typedef {[hertz: number, at_s: number, lasts_s: number, loudness: number]} Note */

const [C5, D5, E5, G5, A5, C6] = [523.25, 587.33, 659.25, 783.99, 880, 1046.5];

/** @type {Record<SoundName, {notes: Note[], every_s: number}>} `every_s` 0: once */
const SOUNDS = {
  ring: {
    notes: [
      [E5, 0, 0.5, 0.5],
      [G5, 0.22, 0.5, 0.5],
      [C6, 0.44, 0.9, 0.5],
      [A5, 1.1, 0.5, 0.45],
      [C6, 1.32, 1.1, 0.45],
    ],
    every_s: 3.2,
  },
  ring_back: { notes: [[440, 0, 0.9, 0.12]], every_s: 4 },
  lost: {
    notes: [
      [A5, 0, 0.35, 0.3],
      [E5, 0.25, 0.6, 0.3],
    ],
    every_s: 6,
  },
  back: {
    notes: [
      [E5, 0, 0.3, 0.3],
      [A5, 0.2, 0.6, 0.3],
    ],
    every_s: 0,
  },
  goodbye: {
    notes: [
      [G5, 0, 0.5, 0.25],
      [D5, 0.3, 0.5, 0.25],
      [C5, 0.6, 1.2, 0.25],
    ],
    every_s: 0,
  },
};

export class Sounds {
  /** @type {AudioContext | null} made at the first sound, so that silent pages never ask for one */
  #context = null;
  /** @type {SoundName | null} */
  looping = null;
  #timer = 0;
  /** How often it came before. */
  #bar = 0;
  #between;
  /** @type {MediaStreamTrack | null} */
  #silence = null;
  #isWaking = false;

  /** @param {(bar: number) => boolean} [between] a voice speaks instead of this bar of the ring */
  constructor(between = () => false) {
    this.#between = between;
  }

  get isSounding() {
    return this.#context?.state === "running";
  }

  /** Sounds again and again until `stop`. @param {SoundName} name */
  loop(name) {
    if (this.looping === name) return;
    this.stop();
    this.looping = name;
    this.#bar = 0;
    this.#turn();
    this.#timer = window.setInterval(() => (this.#bar++, this.#turn()), SOUNDS[name].every_s * 1_000);
  }

  stop() {
    clearInterval(this.#timer);
    this.looping = null;
  }

  /** @param {SoundName} name */
  once(name) {
    this.stop();
    this.play(SOUNDS[name].notes);
  }

  /** A touch or a key allows it; before the first one a browser would only complain. */
  async unlock() {
    if (this.#context?.state === "running" || navigator.userActivation?.hasBeenActive === false) return;
    await this.#resume();
  }

  async #resume() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    this.#turn();
  }

  /**
   * Without a touch: a page that captures may sound, and a context that runs goes on after that. So where the
   * microphone
   * has been granted for good, as in a terminal's policy, it is opened for a moment and nothing of it is kept or sent.
   */
  async wake() {
    if (this.#context?.state === "running" || this.#isWaking || !(await isGranted("microphone"))) return;
    this.#isWaking = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      await this.#resume();
      for (const track of stream.getTracks()) track.stop();
    } catch {
      // no microphone: the next touch unlocks
    } finally {
      this.#isWaking = false;
    }
  }

  /** A track that carries nothing but the fact that the line is good. @returns {MediaStreamTrack | null} */
  silentTrack() {
    if (!this.#context || this.#silence) return this.#silence;
    const destination = this.#context.createMediaStreamDestination();
    const nothing = new ConstantSourceNode(this.#context, { offset: 0 }); // without a source no packets would go out
    nothing.connect(destination);
    nothing.start();
    return (this.#silence = destination.stream.getAudioTracks()[0]);
  }

  #turn() {
    if (!this.looping || (this.looping === "ring" && this.#between(this.#bar))) return;
    this.play(SOUNDS[this.looping].notes);
  }

  /** @param {Note[]} notes */
  play(notes) {
    if (!this.#context) return void this.unlock();
    if (this.#context.state !== "running") return; // notes would pile up and sound all at once later
    for (const note of notes) strike(this.#context, note);
  }
}

/**
 * A soft mallet: quick to come, slow to go, with a little of the octave. @param {AudioContext} context
 * @param {Note} note
 */
function strike(context, [hertz, at_s, lasts_s, loudness]) {
  const start = context.currentTime + at_s + 0.02;
  for (const [harmonic, share] of [[1, 1], [2, 0.25]]) {
    const oscillator = new OscillatorNode(context, { frequency: hertz * harmonic });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loudness * share, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, start + lasts_s);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + lasts_s + 0.05);
  }
} // prettier-ignore
