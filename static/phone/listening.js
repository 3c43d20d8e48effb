/**
 * One message after the other is listened to: fetched or found here, played, slower or faster, with its photo. What the
 * server can't make for this phone stays marked, and is asked for again by a touch alone.
 */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { sentence, toast } from "../ui/dom.js";
import * as cache from "../voice/cache.js";
import { fetchPhoto, fetchRecording } from "../voice/fetching.js";
import { play, RATES } from "../voice/play.js";
import { photoOf } from "../voice/threads.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("../voice/wire.js").Message} Message */

const WAYS = { face: "phone" };

export class Listening {
  /**
   * `wantsTouch`: the browser lets nothing sound before one.
   * @type {{id: string, part: number, isPaused: boolean, isLoading: boolean, wantsTouch: boolean} | null}
   */
  on = null;
  rate = 1;
  /** Addresses of the photos that were looked at. @type {Map<string, string>} */
  photos = new Map();
  /** What can't be made for this phone. @type {Set<string>} */
  failed = new Set();
  /** @type {import("../voice/play.js").Playing | null} */
  #sound = null;
  /** Told when it is over, and whether it was heard to its end. @type {(wasHeard: boolean) => void} */
  #over = () => {};
  #phone;
  #ended;

  /** @param {Phone} phone @param {(message: Message) => unknown} ended it was heard to its end */
  constructor(phone, ended) {
    this.#phone = phone;
    this.#ended = ended;
  }

  /** Plays it, halts it, goes on. @param {Message} message @param {string} familyId */
  touch(message, familyId) {
    if (this.on?.id !== message.id) void this.play(message, familyId);
    else if (!this.on.isLoading) this.#haltOrGoOn();
  }

  /** From its beginning. @param {Message} message @param {string} familyId
   * @returns {Promise<boolean>} when it is over: whether it was heard to its end */
  play(message, familyId) {
    this.silence();
    return new Promise((over) => {
      this.#over = over;
      void this.#begin(message, familyId);
    });
  }

  silence() {
    this.#end(false);
  }

  /** A call comes first; a touch goes on from here. */
  halt() {
    if (!this.#sound) return this.silence();
    this.#sound.pause();
    if (this.on) this.on = { ...this.on, isPaused: true };
  }

  /** @param {number} step slower or faster */
  pace(step) {
    const place = Math.max(0, Math.min(RATES.length - 1, RATES.indexOf(this.rate) + step));
    this.rate = RATES[place];
    this.#sound?.setRate(this.rate);
    this.#phone.show();
  }

  /** Fetches the photo of a message. @param {Message} message @param {string} familyId */
  async look(message, familyId) {
    const photo = await this.#had(photoOf(message), familyId, () => fetchPhoto(message, WAYS));
    if (photo && !this.photos.has(message.id)) this.photos.set(message.id, URL.createObjectURL(photo));
    this.#phone.show();
  }

  /** Nobody looks any more. */
  forgetPhotos() {
    for (const address of this.photos.values()) URL.revokeObjectURL(address);
    this.photos.clear();
  }

  /** @param {Message} message @param {string} familyId */
  async #begin(message, familyId) {
    const { id } = message;
    this.failed.delete(id);
    this.#change({ id, part: 0, isPaused: false, isLoading: true, wantsTouch: false });
    const blob = await this.#had(id, familyId, () => fetchRecording(message, WAYS), () => this.failed.add(id));
    if (this.on?.id !== id) return; // another one was touched meanwhile
    if (!blob) return this.#end(false);
    if (message.photo && !this.photos.has(id)) void this.look(message, familyId);
    this.#change({ ...this.on, isLoading: false });
    this.#sound = play(blob, {
      rate: this.rate,
      onTick: (part) => this.on && this.#change({ ...this.on, part }),
      onEnd: () => {
        this.#end(true);
        this.#ended(message);
      },
      onFail: () => {
        this.silence();
        toast("bad", t("phone.messages.cannot_play"));
      },
    });
    const isOn = this.#sound;
    isOn.started.catch(({ name }) => {
      const isRefused = name === "NotAllowedError" && this.#sound === isOn && this.on;
      if (isRefused) this.#change({ ...isRefused, isPaused: true, wantsTouch: true });
    });
  } // prettier-ignore

  /** @param {boolean} wasHeard */
  #end(wasHeard) {
    this.#sound?.stop();
    this.#sound = null;
    const over = this.#over;
    this.#over = () => {};
    this.#change(null);
    over(wasHeard);
  }

  #haltOrGoOn() {
    if (!this.#sound || !this.on) return;
    const { isPaused } = this.on;
    if (isPaused) this.#sound.goOn().catch(() => {}); // it was ended meanwhile
    else this.#sound.pause();
    this.#change({ ...this.on, isPaused: !isPaused, wantsTouch: false });
  }

  /** From here, or from the server, and then kept.
   * @param {string} name @param {string} familyId @param {() => Promise<Blob>} fetcher @param {() => unknown} [failed] it
   * can't be made for this phone @returns {Promise<Blob | null>} null where it can't be had, which is said */
  async #had(name, familyId, fetcher, failed) {
    const known = await cache.find(name);
    if (known) return known;
    try {
      return await keep(name, await fetcher(), familyId);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "rendition_failed") failed?.();
      else toast(error.code === "rendition_later" ? "info" : "bad", sentence(error));
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
