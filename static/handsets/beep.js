/** Tells that a text came: two short tones and a buzz, as far as the browser lets a page that was touched do so. */

const KEPT = "homethread.handset.silent";
const HERTZ = [1_760, 2_093];
const TONE_S = 0.09;

export class Beeper {
  isOn = localStorage.getItem(KEPT) === null;
  /** Made at the first touch: before it no page may sound. @type {AudioContext | null} */
  #context = null;

  constructor() {
    const touched = () => (this.#context ??= new AudioContext());
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, touched, { once: true });
  }

  toggle() {
    this.isOn = !this.isOn;
    if (this.isOn) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, "1");
  }

  beep() {
    if (!this.isOn || !this.#context) return;
    navigator.vibrate?.([120, 80, 120]);
    const context = this.#context;
    HERTZ.forEach((hertz, turn) => {
      const from = context.currentTime + turn * TONE_S * 1.4;
      const tone = new OscillatorNode(context, { type: "square", frequency: hertz });
      const loudness = new GainNode(context, { gain: 0.05 });
      tone.connect(loudness).connect(context.destination);
      tone.start(from);
      tone.stop(from + TONE_S);
    });
  }
}
