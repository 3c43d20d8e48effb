/**
 * Runs beside the page, on the browser's thread for sound: hands on what the microphone gives as 16-bit samples, a
 * tenth of a second at a time, each with its loudness. A module of its own, since such a thread loads no others in old
 * browsers.
 */

const scope = /** @type {any} */ (globalThis);
const PARTS_A_SECOND = 10;

scope.registerProcessor(
  "tap",
  class extends scope.AudioWorkletProcessor {
    #part = new Int16Array(Math.round(scope.sampleRate / PARTS_A_SECOND));
    #filled = 0;
    #sum = 0;
    #isOver = false;

    constructor() {
      super();
      // Asked for the rest: what has not filled a part yet comes too.
      this.port.onmessage = () => {
        this.#isOver = true;
        this.#hand();
        this.port.postMessage("over");
      };
    }

    /** @param {Float32Array[][]} inputs */
    process([channels]) {
      for (const sample of channels[0] ?? []) {
        this.#sum += sample * sample;
        this.#part[this.#filled++] = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
        if (this.#filled === this.#part.length) this.#hand();
      }
      return !this.#isOver;
    }

    #hand() {
      if (!this.#filled) return;
      const samples = this.#part.slice(0, this.#filled);
      this.port.postMessage({ samples, rms: Math.sqrt(this.#sum / this.#filled) }, [samples.buffer]);
      this.#filled = this.#sum = 0;
    }
  },
);
