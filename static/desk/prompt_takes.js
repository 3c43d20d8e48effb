/**
 * What is said into this desk as prompts: recorded, looked at, and kept on the device until the server has it. One that a
 * reload or a crash cut off is offered again; one that was to be sent is sent again, until it went.
 */
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { sentence } from "../ui/dom.js";
import { Recorder } from "../voice/record.js";
import * as store from "../voice/store.js";
import * as takes from "../voice/takes.js";

/** @typedef {import("../voice/record.js").Trouble} Trouble */
/** @typedef {import("../voice/wire.js").Finished} Finished */
/** @typedef {import("../voice/wire.js").Take} Take */
/**
 * `review`: to be listened to and kept, or said anew; `sending`; `waits` for the network; `refused` by the server, `why`.
 * @typedef {{finished: Finished, state: "review" | "sending" | "waits" | "refused", why: string}} Said
 */

export const LONGEST_MS = 15 * SECOND;
const AGAIN_MS = 15 * SECOND;
const MIME = "audio/ogg";

export class PromptTakes {
  /** By the sentence's key. @type {Map<string, Said>} */
  said = new Map();
  /** What stands against recording. @type {Trouble | null} */
  trouble = null;
  /** Too short to be anything: the key of the sentence. */
  empty = "";
  #key = "";
  #recorder;
  #owner;
  #desk;
  #made;
  #sent;

  /**
   * @param {import("./wire.js").Desk} desk @param {string} owner whose takes these are
   * @param {{metered: () => void, made: (key: string) => void, sent: (key: string) => unknown}} tell
   */
  constructor(desk, owner, { metered, made, sent }) {
    this.#desk = desk;
    this.#owner = owner;
    this.#made = made;
    this.#sent = sent;
    const done = (/** @type {string} */ take) => this.#finish(take, this.#key);
    this.#recorder = new Recorder(owner, { changed: () => desk.show(), metered, done }, LONGEST_MS);
    addEventListener("online", () => this.sendAll());
    setInterval(() => this.sendAll(), AGAIN_MS);
    this.#recall();
  }

  /** The sentence that is being said, or "". */
  get recording() {
    return this.#recorder.phase === "idle" ? "" : this.#key;
  }

  /** Whether it is heard already: before that the browser may ask. */
  get isHearing() {
    return this.#recorder.phase === "recording";
  }

  /** 0 to 1. */
  get level() {
    return this.#recorder.level;
  }

  get duration_ms() {
    return this.#recorder.duration_ms;
  }

  /** @param {string} key */
  async start(key) {
    if (this.recording) return this.stop();
    this.#key = key;
    this.empty = "";
    await this.#recorder.start({ family_id: "", child_id: "", contact_id: "", prompt: key });
    this.trouble = this.#recorder.trouble;
    this.#desk.show();
  }

  stop() {
    return this.#recorder.stop();
  }

  /** @param {string} key */
  async keep(key) {
    const said = this.said.get(key);
    if (!said || said.state === "sending") return;
    await markKept(said.finished.key);
    said.state = "waits";
    await this.#send(key, said);
  }

  /** @param {string} key */
  async discard(key) {
    const said = this.said.get(key);
    this.said.delete(key);
    if (said) await takes.discard(said.finished.key);
    this.#desk.show();
  }

  sendAll() {
    for (const [key, said] of this.said) if (said.state === "waits") void this.#send(key, said);
  }

  /** @param {string} take @param {string} key */
  async #finish(take, key) {
    const finished = await takes.finish(take);
    if (!finished) {
      await takes.discard(take);
      this.empty = key;
    } else if (finished.mime.startsWith(MIME)) {
      await this.discard(key); // said anew
      this.said.set(key, { finished, state: "review", why: "" });
    } else {
      await takes.discard(take); // nothing that every terminal plays
      this.trouble = "impossible";
    }
    this.#desk.show();
    this.#made(key);
  }

  /** What a page before this one has left here. */
  async #recall() {
    for (const take of await takes.interrupted(this.#owner)) {
      const key = take.about.prompt;
      const finished = key && (await takes.finish(take.key));
      if (!key || !finished) continue;
      this.said.set(key, { finished, state: take.is_kept ? "waits" : "review", why: "" });
    }
    this.sendAll();
    this.#desk.show();
  }

  /** @param {string} key @param {Said} said */
  async #send(key, said) {
    const { finished } = said;
    said.state = "sending";
    this.#desk.show();
    try {
      const body = { key, recording: base64(finished.bytes) };
      await this.#desk.live.api.command("/api/prompts", body, { key: finished.key });
      if (this.said.get(key) === said) this.said.delete(key);
      await takes.discard(finished.key);
      await this.#sent(key);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      said.state = error.isPassing || error.status === 401 ? "waits" : "refused";
      said.why = said.state === "waits" ? t("desk.prompts.waits") : sentence(error);
    }
    this.#desk.show();
  }
}

/** @param {string} take */
async function markKept(take) {
  /** @type {Take | undefined} */
  const standing = await store.get("takes", take);
  if (standing) await store.put("takes", { ...standing, is_kept: true });
}

/** @param {ArrayBuffer} bytes */
const base64 = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
