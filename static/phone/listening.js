/** One message after the other is listened to: fetched or found here, played, slower or faster. */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { sentence, toast } from "../ui/dom.js";
import * as cache from "../voice/cache.js";
import { fetchRecording } from "../voice/fetching.js";
import { play, RATES } from "../voice/play.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("../voice/wire.js").Message} Message */

export class Listening {
  /** @type {{id: string, part: number, isPaused: boolean, isLoading: boolean} | null} */
  on = null;
  rate = 1;
  /** @type {import("../voice/play.js").Playing | null} */
  #sound = null;
  #phone;
  #ended;

  /** @param {Phone} phone @param {(message: Message) => unknown} ended it was heard to its end */
  constructor(phone, ended) {
    this.#phone = phone;
    this.#ended = ended;
  }

  /** Plays it, halts it, goes on. @param {Message} message @param {string} familyId */
  async touch(message, familyId) {
    const { id } = message;
    if (this.on?.id === id) return void (this.on.isLoading || this.#haltOrGoOn());
    this.silence();
    this.#change({ id, part: 0, isPaused: false, isLoading: true });
    const blob = await this.#recording(message, familyId);
    if (this.on?.id !== id) return; // another one was touched meanwhile
    if (!blob) return this.#change(null);
    this.#change({ id, part: 0, isPaused: false, isLoading: false });
    this.#sound = play(blob, {
      rate: this.rate,
      onTick: (part) => this.on && this.#change({ ...this.on, part }),
      onEnd: () => {
        this.silence();
        this.#ended(message);
      },
      onFail: () => {
        this.silence();
        toast("bad", t("phone.messages.cannot_play"));
      },
    });
  }

  silence() {
    this.#sound?.stop();
    this.#sound = null;
    this.#change(null);
  }

  /** @param {number} step slower or faster */
  pace(step) {
    const place = Math.max(0, Math.min(RATES.length - 1, RATES.indexOf(this.rate) + step));
    this.rate = RATES[place];
    this.#sound?.setRate(this.rate);
    this.#phone.show();
  }

  #haltOrGoOn() {
    if (!this.#sound || !this.on) return;
    const { isPaused } = this.on;
    if (isPaused) this.#sound.goOn();
    else this.#sound.pause();
    this.#change({ ...this.on, isPaused: !isPaused });
  }

  /** From here, or from the server, and then kept. @param {Message} message @param {string} familyId
   * @returns {Promise<Blob | null>} null where it can't be had, which is said */
  async #recording(message, familyId) {
    const known = await cache.find(message.id);
    if (known) return known;
    try {
      return await keep(message.id, await fetchRecording(message, { face: "phone" }), familyId);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(error.code === "rendition_later" ? "info" : "bad", sentence(error));
      return null;
    }
  }

  /** @param {Listening["on"]} on */
  #change(on) {
    this.on = on;
    this.#phone.show();
  }
}

/** @param {string} id @param {Blob} blob @param {string} familyId */
async function keep(id, blob, familyId) {
  const kept = cache.keep(id, blob, { family_id: familyId, mime: blob.type });
  await kept.catch((error) => console.info("not kept:", error.message)); // no room: it plays all the same
  return blob;
}
