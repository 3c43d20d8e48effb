/**
 * The first minutes of somebody who has just come in: their photo, when they work, and what else this phone can do. Each
 * can be left for later. A reload, which a camera often costs a phone, goes on where it was with the photo that was chosen.
 */
import { isOpen, upcoming } from "../core/rings.js";
import { now as serverNow } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { send } from "../net/intents.js";
import { h, withWords } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { PhotoError, small } from "../voice/photo.js";
import { beginningScreen, isParent } from "./beginning_view.js";
import { ChosenPhoto } from "./chosen_photo.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {"look" | "photo" | "hours" | "ready"} Step `look`: whether hours are known is being asked */

export const ready = sheet("beginning.css", import.meta.url);

/** In the page's storage until somebody has gone through it, or left it. */
const MARK = "homethread.begin";
/** Once was enough on this phone, unless something is lacking. */
const BEGUN = "homethread.begun";
const SIX_DAYS = [0, 1, 2, 3, 4, 5];
const USUAL = /** @type {Record<string, [from: number, until: number]>} */ ({ day: [480, 1080], night: [1200, 480] });

/** Begins, or goes on, where something is lacking; a call that can be joined comes first. @param {Phone} phone */
export async function begin(phone) {
  const { now } = phone.live.view;
  if (!now?.me) return;
  localStorage[MARK] = "1";
  if (upcoming(now.calls).some((call) => isOpen(call, serverNow()))) return;
  await ready;
  phone.open(new BeginningPage(phone, isParent(now) ? [...(now.me.photo ? [] : [photoStep]), "look"] : ["ready"]));
}

const photoStep = /** @type {const} */ ("photo");

/** A photo of one's own, another time. @param {Phone} phone */
export async function choosePhoto(phone) {
  await ready;
  phone.open(new BeginningPage(phone, [photoStep]));
}

export class BeginningPage {
  name = "begin";
  /** @type {ApiError | null} */
  error = null;
  /** @type {PhotoError["kind"] | null} */
  trouble = null;
  busy = "";
  photo = new ChosenPhoto(() => this.#phone.show());
  #phone;
  #steps;
  #key = newKey();

  /** @param {Phone} phone @param {Step[]} steps */
  constructor(phone, steps) {
    this.#phone = phone;
    this.#steps = steps;
    if (this.step === "photo") void this.photo.recall();
    this.#look();
  }

  get step() {
    return this.#steps[0];
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "begin-take": () => this.#ask(true),
    "begin-choose": () => this.#ask(false),
    "begin-send": () => this.#sendPhoto(),
    "begin-later": () => this.#next(),
    "begin-shift": ({ dataset }) => this.#sayHours(dataset.kind ?? "day"),
    "begin-turns": () => this.#openHours(),
    "begin-pushes": () => this.#withSettings((part) => part.openPushes(this.#phone)),
    "begin-install": () => this.#withSettings((part) => part.openInstalling(this.#phone)),
    "begin-aloud": () => this.#withSettings((part) => part.turnAloud(this.#phone)),
    "begin-name": () => this.#withSettings((part) => part.openName(this.#phone, () => this.#phone.open(this))),
    "begin-parents": () => this.#withSettings((part) => part.openParents(this.#phone)),
    "begin-book": () => this.#finish(true),
    "begin-done": () => this.#finish(false),
  };

  /** @param {Now} now */
  screen(now) {
    return beginningScreen(this, now);
  }

  /** @param {boolean} isTaken by the camera, now */
  #ask(isTaken) {
    const asking = h("input", { type: "file", accept: "image/*", capture: isTaken && "user" });
    asking.addEventListener("change", () => asking.files?.[0] && this.#make(asking.files[0]));
    asking.click();
  }

  /** @param {File} file */
  async #make(file) {
    this.#change({ busy: "make", trouble: null, error: null });
    try {
      await this.photo.keep(await small(file));
      this.#key = newKey();
    } catch (error) {
      if (!(error instanceof PhotoError)) throw error;
      this.trouble = error.kind;
    }
    this.#change({ busy: "" });
  }

  async #sendPhoto() {
    const { api, view } = this.#phone.live;
    const { blob } = this.photo;
    const family = view.now?.families.find(({ role }) => role === "parent");
    if (!blob || !family) return;
    await this.#run("send", async () => {
      const headers = { "Content-Type": blob.type, "Idempotency-Key": this.#key };
      await api.ask(`/api/families/${family.id}/photos/${view.now?.me?.id}`, { method: "POST", headers, body: blob });
      await this.photo.keep(null);
      void this.#phone.live.refresh();
    });
  }

  /** @param {string} kind */
  #sayHours(kind) {
    const { api, view } = this.#phone.live;
    const [from_minute, until_minute] = USUAL[kind];
    const detail = { weekdays: SIX_DAYS, from_minute, until_minute };
    const pattern = { kind: "weekly", occupation: "shift", is_free: false, detail };
    const path = `/api/persons/${view.now?.me?.id}/availability`;
    return this.#run(kind, () => send(api, path, pattern, () => this.#change({ busy: `${kind} again` })));
  }

  #openHours() {
    const phone = this.#phone;
    return phone.withPart(withWords(import("./hours.js"), "phone.hours"), async (part) => {
      await part.ready;
      phone.open(
        new part.HoursPage(phone, "", () => {
          this.#next();
          if (this.step) phone.open(this);
        }),
      );
    });
  }

  /** Whether anything is known of when they work; where nobody answers, it is asked all the same. */
  async #look() {
    if (!this.#steps.includes("look")) return;
    const { api, view } = this.#phone.live;
    const known = await api.get(`/api/persons/${view.now?.me?.id}/availability`).catch(() => null);
    const isLacking = !known?.patterns.length;
    const isNew = !localStorage[BEGUN] || isLacking || this.step === "photo";
    this.#steps = this.#steps.flatMap((step) => (step !== "look" ? step : [.../** @type {Step[]} */ (isLacking ? ["hours"] : []), ...(isNew ? [/** @type {const} */ ("ready")] : [])]));
    if (!this.step) this.#finish(false);
    else this.#phone.show();
  } // prettier-ignore

  /** One thing at a time; what was refused is said, and what was chosen stays. @param {string} what
   * @param {() => Promise<unknown>} doing */
  async #run(what, doing) {
    if (this.busy) return;
    this.#change({ busy: what, error: null });
    try {
      await doing();
      this.#next();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
    } finally {
      this.#change({ busy: "" });
    }
  }

  #next() {
    this.#steps = this.#steps.slice(1);
    this.error = this.trouble = null;
    if (!this.step) this.#finish(false);
    else this.#phone.show();
  }

  /** @param {boolean} toBooking */
  #finish(toBooking) {
    const phone = this.#phone;
    localStorage.removeItem(MARK);
    localStorage[BEGUN] = "1";
    phone.open(null);
    if (toBooking) void phone.withPart(withWords(import("./deeds.js"), "phone.agree"), ({ deeds }) => deeds(phone).book?.({}));
  } // prettier-ignore

  /** @param {(part: typeof import("./settings_places.js")) => unknown} use */
  #withSettings(use) {
    return this.#phone.withPart(withWords(import("./settings_places.js"), "phone.settings"), use);
  }

  /** @param {Partial<BeginningPage>} changed */
  #change(changed) {
    Object.assign(this, changed);
    this.#phone.show();
  }
}
