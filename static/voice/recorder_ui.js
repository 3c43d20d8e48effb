/**
 * One button to speak into: tap and tap again, or hold; then listen, send or put away, and take that back. A recording
 * that a reload or a crash cut off is offered as if it had just ended. Whom it is for, and when it shall be heard, the
 * page says that this stands on.
 */
import { parts } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import * as outbox from "./outbox.js";
import { hush, play } from "./play.js";
import { Recorder } from "./record.js";
import { secondsOf, voiceView } from "./recorder_view.js";
import { persist, StoreError } from "./store.js";
import * as takes from "./takes.js";

/** @typedef {import("./record.js").Trouble} Trouble */
/** @typedef {import("./wire.js").Addressed} Addressed */
/** @typedef {import("./wire.js").Finished} Finished */
/** @typedef {import("./wire.js").Wished} Wished */
/**
 * @typedef {object} Ground
 * @property {{owner: string, face: string}} sender
 * @property {() => Addressed | null} about for whom one would record now; null: nobody
 * @property {() => Pick<Wished, "deliver" | "repeat">} when
 * @property {() => void} redraw
 * @property {() => void} [begins] somebody is about to speak
 * @property {() => boolean} [isTurn] it is their turn to speak
 * @property {() => unknown} [sent] it stands in the outbox
 * @property {() => unknown} [takenBack] it doesn't any more
 * @property {(about: Addressed) => string} [nameOf] whom an interrupted one was for
 */

/** All that recording needs is fetched before it is needed: then there may be no network. */
const NEEDED = ["tap.js", "pictures.svg"];
export const styled = Promise.all([
  sheet("voice.css", import.meta.url),
  ...NEEDED.map((name) => fetch(new URL(name, import.meta.url)).catch(() => {})), // else when it is needed
]);

/** Pressed for longer than this, letting go ends it. */
const HELD_MS = 500;
export class VoiceBox {
  #ground;
  #recorder;
  #isMaking = false;
  /** Ready to be heard and sent. @type {{finished: Finished, about: Addressed, isLeft: boolean} | null} */
  #ready = null;
  /** What can be taken back. @type {{kind: "sent" | "discarded", back: () => unknown} | null} */
  #undo = null;
  #undo_timer = 0;
  /** Beyond the recorder's own. @type {Trouble | null} */
  #trouble = null;
  /** It was pressed at, and whether that began it. @type {{at: number, began: boolean} | null} */
  #press = null;
  /** @type {import("./play.js").Playing | null} */
  #playing = null;
  #played = 0;
  #wasEmpty = false;
  #mayGo = false;
  /** @type {Addressed | null} */
  #about = null;
  #end = new AbortController();

  /** @param {Ground} ground */
  constructor(ground) {
    this.#ground = ground;
    this.#recorder = new Recorder(ground.sender.owner, {
      changed: () => ground.redraw(),
      metered: () => this.#meter(),
      done: (take) => this.#make(take, this.#about, false),
    });
    const { signal } = this.#end;
    document.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => this.#up(), { signal });
    this.#lookForLeft();
  }

  /** Nobody speaks into it any more; what was being recorded is kept, and offered again. */
  leave() {
    this.#end.abort();
    this.#playing?.stop();
    clearTimeout(this.#undo_timer);
    this.#recorder.stop();
  }

  get isRecording() {
    return this.#recorder.phase === "recording";
  }

  /** Whether there is something to be sent or put away. */
  get isReviewing() {
    return this.#ready !== null;
  }

  /** Nothing is recorded, or waits to be sent or put away. */
  get isIdle() {
    return this.#recorder.phase === "idle" && !this.#isMaking && !this.#ready;
  }

  /** The take that is in review. */
  get readyKey() {
    return this.#ready?.finished.key ?? null;
  }

  /** Whom the one in review is for: perhaps somebody else than one would record for now. */
  get reviewed() {
    return this.#ready?.about ?? null;
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "voice-record": () => this.#click(),
    "voice-play": () => this.#listen(),
    "voice-send": () => this.#send(),
    "voice-discard": () => this.#discard(),
    "voice-undo": () => this.#takeBack(),
    "voice-again": () => this.#begin(),
  };

  /** @param {import("../ui/dom.js").Child} [when] stands in the review, above what can be done */
  view(when) {
    const { phase, duration_ms } = this.#recorder;
    return voiceView(
      {
        phase: this.#ready ? "ready" : this.#isMaking ? "making" : phase,
        duration_ms,
        trouble: this.#recorder.trouble ?? this.#trouble,
        finished: this.#ready?.finished ?? null,
        leftFor: this.#ready?.isLeft ? (this.#ground.nameOf?.(this.#ready.about) ?? "") : null,
        isPlaying: Boolean(this.#playing) && !this.#playing?.isPaused(),
        played: this.#played,
        wasEmpty: this.#wasEmpty,
        mayGo: this.#mayGo,
        undo: this.#undo?.kind ?? null,
        isTurn: Boolean(this.#ground.isTurn?.()) && this.isIdle,
      },
      when,
    );
  }

  /** @param {PointerEvent} event */
  #down({ target }) {
    if (!(target instanceof Element) || !target.closest("[data-act=voice-record]")) return;
    const began = this.#recorder.phase === "idle" && !this.#isMaking;
    this.#press = { at: performance.now(), began };
    if (began) this.#begin();
  }

  #up() {
    const press = this.#press;
    if (!press?.began || performance.now() - press.at < HELD_MS) return;
    this.#recorder.stop(); // nothing, while the person is still being asked
  }

  /** The second half of a press that began it says nothing more; a keyboard knows clicks alone. */
  #click() {
    const press = this.#press;
    this.#press = null;
    if (press?.began) return;
    if (this.#recorder.phase === "recording") this.#recorder.stop();
    else if (!this.#isMaking) this.#begin();
  }

  async #begin() {
    this.#about = this.#ground.about();
    if (!this.#about) return;
    this.#ground.begins?.();
    this.#hush();
    this.#forgetUndo();
    this.#trouble = null;
    this.#wasEmpty = false;
    await this.#recorder.start(this.#about);
    if (this.#end.signal.aborted) return void this.#recorder.stop(); // the page was left while one was being asked
    if (this.isRecording) this.#mayGo = (await persist()) === "may_go";
    this.#ground.redraw();
  }

  #meter() {
    const box = document.querySelector(".voice");
    const button = box?.querySelector(".voice__button");
    const time = box?.querySelector(".voice__time");
    if (button instanceof HTMLElement) parts(button, { level: Math.round(this.#recorder.level * 100) / 100 });
    if (time && time.textContent !== secondsOf(this.#recorder.duration_ms)) this.#ground.redraw();
  }

  /** @param {string} take @param {Addressed | null} about @param {boolean} isLeft */
  async #make(take, about, isLeft) {
    if (!about || this.#end.signal.aborted) return;
    this.#isMaking = true;
    this.#ground.redraw();
    try {
      const finished = await takes.finish(take);
      if (finished) this.#ready = { finished, about, isLeft };
      else {
        await takes.discard(take);
        this.#wasEmpty = !isLeft;
      }
    } catch (error) {
      this.#trouble = storageTrouble(error); // the pieces stay, and are offered again
    } finally {
      this.#isMaking = false;
      this.#played = 0;
      this.#ground.redraw();
    }
  }

  async #lookForLeft() {
    try {
      const [left] = await takes.interrupted(this.#ground.sender.owner, this.#ground.about()?.family_id);
      if (left && !this.#ready && this.#recorder.phase === "idle") await this.#make(left.key, left.about, true);
    } catch (error) {
      this.#trouble = storageTrouble(error);
      this.#ground.redraw();
    }
  }

  #listen() {
    if (!this.#ready) return;
    if (this.#playing) {
      if (this.#playing.isPaused()) this.#playing.goOn();
      else this.#playing.pause();
      return this.#ground.redraw();
    }
    const { bytes, mime } = this.#ready.finished;
    this.#playing = play(new Blob([bytes], { type: mime }), {
      onTick: (part) => {
        this.#played = part;
        this.#ground.redraw();
      },
      onEnd: () => this.#hush(),
      onFail: () => this.#hush(),
    });
    this.#ground.redraw();
  }

  #hush() {
    this.#playing?.stop();
    hush();
    this.#playing = null;
    this.#played = 0;
    this.#ground.redraw();
  }

  async #send() {
    const ready = this.#ready;
    if (!ready) return;
    this.#ready = null;
    this.#hush();
    try {
      await outbox.add(ready.finished, { ...ready.about, ...this.#ground.when() }, this.#ground.sender);
    } catch (error) {
      this.#ready = ready;
      this.#trouble = storageTrouble(error);
      return this.#ground.redraw();
    }
    this.#offerUndo("sent", async () => {
      if (!(await outbox.takeBack(ready.finished.key))) return;
      this.#ready = ready;
      this.#ground.takenBack?.();
    });
    this.#ground.sent?.();
    await this.#lookForLeft();
  }

  async #discard() {
    const ready = this.#ready;
    if (!ready) return;
    this.#ready = null;
    this.#hush();
    await takes.putAway(ready.finished.key);
    this.#offerUndo("discarded", async () => {
      await takes.fetchBack(ready.finished.key);
      this.#ready = ready;
    });
    await this.#lookForLeft();
  }

  /** @param {"sent" | "discarded"} kind @param {() => unknown} back */
  #offerUndo(kind, back) {
    this.#forgetUndo();
    this.#undo = { kind, back };
    this.#undo_timer = window.setTimeout(() => this.#forgetUndo(), outbox.UNDO_MS - 200);
    this.#ground.redraw();
  }

  #forgetUndo() {
    clearTimeout(this.#undo_timer);
    if (!this.#undo) return;
    this.#undo = null;
    this.#ground.redraw();
  }

  async #takeBack() {
    const undo = this.#undo;
    this.#forgetUndo();
    await undo?.back();
    this.#ground.redraw();
  }
}

/** @param {unknown} error @returns {Trouble} what is no trouble of this device is thrown on */
function storageTrouble(error) {
  if (error instanceof StoreError) return error.kind;
  if (error instanceof DOMException) return "impossible";
  throw error;
}
