/**
 * One's own name, spoken ("it's mother"), which the terminal plays when one calls: said, heard, said anew, removed, and
 * that taken back. What was said is kept on the phone until it is used or said anew; a reload offers it again.
 */
import { t } from "../core/texts.js";
import { SECOND } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { parts } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { MIME } from "../voice/encode.js";
import { hush, play } from "../voice/play.js";
import { Recorder } from "../voice/record.js";
import { StoreError } from "../voice/store.js";
import * as takes from "../voice/takes.js";
import { nameScreen } from "./own_name_view.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("../voice/record.js").Trouble} Trouble */
/** @typedef {import("../voice/wire.js").Finished} Finished */

const NOBODY = { family_id: "", child_id: "", contact_id: "" };
export const LONGEST_MS = 4 * SECOND;
export const ready = sheet("../voice/voice.css", import.meta.url);

/** @param {Phone} phone @param {() => void} [leave] where one goes back to */
export async function openName(phone, leave) {
  await ready;
  phone.open(new NamePage(phone, leave));
}

export class NamePage {
  name = "own-name";
  /** What was said, to be heard and used. @type {Finished | null} */
  finished = null;
  /** @type {"" | "play" | "use" | "remove" | "undo"} */
  busy = "";
  /** @type {ApiError | null} */
  error = null;
  /** @type {Trouble | null} */
  trouble = null;
  wasEmpty = false;
  isPlaying = false;
  /** What was removed, to be brought back. @type {Blob | null} */
  removed = null;
  #phone;
  #owner;
  #recorder;
  #undoKey = "";
  #back;

  /** @param {Phone} phone @param {() => void} [leave] */
  constructor(phone, leave = () => phone.open(null)) {
    this.#phone = phone;
    this.#back = leave;
    this.#owner = `${phone.live.view.now?.me?.id} name`; // no message is offered as a name, nor the other way round
    this.#recorder = new Recorder(
      this.#owner,
      { changed: () => phone.show(), metered: () => this.#meter(), done: (take) => void this.#make(take) },
      LONGEST_MS,
    );
    void this.#recall();
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "name-back": () => this.#leave(),
    "name-record": () => this.#record(),
    "name-play": () => this.#play(),
    "name-use": () => this.#use(),
    "name-discard": () => this.#discard(),
    "name-remove": () => this.#remove(),
    "name-undo": () => this.#undo(),
  };

  get phase() {
    return this.#recorder.phase;
  }

  get duration_ms() {
    return this.#recorder.duration_ms;
  }

  /** @param {import("../core/wire.js").Now} now */
  screen(now) {
    return nameScreen(this, now);
  }

  async #record() {
    if (this.phase === "recording") return this.#recorder.stop();
    if (this.phase !== "idle" || this.busy) return;
    this.#hush();
    Object.assign(this, { error: null, trouble: null, wasEmpty: false, removed: null });
    await this.#recorder.start(NOBODY);
    this.trouble = this.#recorder.trouble;
    this.#phone.show();
  }

  #meter() {
    const button = document.querySelector(".own-name .voice__button");
    if (button instanceof HTMLElement) parts(button, { level: Math.round(this.#recorder.level * 100) / 100 });
    const time = document.querySelector(".own-name progress");
    if (time instanceof HTMLProgressElement) time.value = this.duration_ms;
  }

  /** @param {string} take */
  async #make(take) {
    try {
      const finished = await takes.finish(take);
      if (finished?.mime.startsWith(MIME)) {
        if (this.finished) await takes.discard(this.finished.key); // said anew
        this.finished = finished;
      } else {
        await takes.discard(take);
        if (finished) this.trouble = "impossible"; // nothing that every terminal plays
        else this.wasEmpty = true;
      }
    } catch (error) {
      this.trouble = storageTrouble(error);
    }
    this.#phone.show();
  }

  /** What a page before this one has left here. */
  async #recall() {
    try {
      const [left] = await takes.interrupted(this.#owner);
      if (left && !this.finished && this.phase === "idle") await this.#make(left.key);
    } catch (error) {
      this.trouble = storageTrouble(error);
    }
  }

  async #play() {
    if (this.isPlaying) return this.#hush();
    const said = this.finished && new Blob([this.finished.bytes], { type: this.finished.mime });
    await this.#run("play", async () => {
      const blob = said ?? (await this.#fetch());
      const over = () => this.#hush();
      this.isPlaying = true;
      play(blob, { onEnd: over, onFail: over });
    });
  }

  #hush() {
    hush();
    this.isPlaying = false;
    this.#phone.show();
  }

  async #use() {
    const { finished } = this;
    if (!finished) return;
    await this.#run("use", async () => {
      await this.#send(new Blob([finished.bytes], { type: MIME }), finished.key);
      this.finished = null;
      await takes.discard(finished.key);
    });
  }

  async #discard() {
    const { finished } = this;
    this.finished = null;
    this.#hush();
    if (finished) await takes.discard(finished.key);
  }

  async #remove() {
    await this.#run("remove", async () => {
      const blob = await this.#fetch(); // so that it can be brought back
      await this.#phone.live.api.command("/api/recorded_name/remove");
      this.removed = blob;
      this.#undoKey = newKey();
      await this.#phone.live.refresh();
    });
  }

  async #undo() {
    const { removed } = this;
    if (!removed) return;
    await this.#run("undo", async () => {
      await this.#send(removed, this.#undoKey);
      this.removed = null;
    });
  }

  /** @param {Blob} body @param {string} key */
  async #send(body, key) {
    const headers = { "Content-Type": MIME, "Idempotency-Key": key };
    await this.#phone.live.api.ask("/api/recorded_name", { method: "POST", headers, body });
    await this.#phone.live.refresh();
  }

  /** As the server has it. Rejects with ApiError. @returns {Promise<Blob>} */
  async #fetch() {
    const url = this.#phone.live.view.now?.me?.recorded_name ?? "";
    const answer = await fetch(url, { headers: { "Homethread-Face": "phone" } }).catch(() => null);
    if (!answer) throw new ApiError("offline", 0);
    if (!answer.ok) throw new ApiError("unknown", answer.status, t("phone.name.not_fetched"));
    return answer.blob();
  }

  /** One thing at a time; what was refused is said, and what was spoken stays. @param {NamePage["busy"]} what
   * @param {() => Promise<unknown>} doing */
  async #run(what, doing) {
    if (this.busy) return;
    if (what !== "play") this.#hush();
    Object.assign(this, { busy: what, error: null });
    this.#phone.show();
    try {
      await doing();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
    } finally {
      this.busy = "";
      this.#phone.show();
    }
  }

  #leave() {
    void this.#recorder.stop();
    this.#hush();
    this.#back();
  }
}

/** @param {unknown} error @returns {Trouble} what is no trouble of this device is thrown on */
function storageTrouble(error) {
  if (error instanceof StoreError) return error.kind;
  if (error instanceof DOMException) return "impossible";
  throw error;
}
