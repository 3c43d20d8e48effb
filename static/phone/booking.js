/**
 * Choosing a time: the best ones first, each with its reason, then all that are free by day; once or again and again.
 * A time that somebody else took is said, and the rest stays chosen. How it looks is `booking_view.js`.
 */
import { t } from "../core/texts.js";
import { DAY, dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { send } from "../net/intents.js";
import { toast, withWords } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { Again } from "./again.js";
import { wire } from "./aims.js";
import { bookingScreen, DAYS_AHEAD } from "./booking_view.js";
import { waits } from "./known.js";

/** @typedef {import("../core/wire.js").Slot} Slot */
/** @typedef {import("./aims.js").Aim} Aim */
/** @typedef {import("./aims.js").Choice} Choice */
/** @typedef {import("./aims.js").Pair} Pair */
/** @typedef {import("./wire.js").Proposals} Proposals */
/** @typedef {import("./wire.js").Series} Series */
/** @typedef {import("./wire.js").Wait} Wait */

const USUAL_MINUTES = 15;
/** The slot itself is gone; what else may be refused doesn't change with another slot. */
const GONE = new Set(["slot_taken", "not_a_slot", "in_the_past", "outside_hours"]);

export const ready = Promise.all(["times.css", "choose.css", "booking.css"].map((name) => sheet(name, import.meta.url)));

export class Booking {
  name = "book";
  /** @type {Slot[] | null} */
  slots = null;
  /** Null while they are looked for, undefined where they can't be. @type {Proposals | null | undefined} */
  best = null;
  /** @type {number | null} */
  day = null;
  /** @type {{startsAt: string, minutes: number} | null} */
  chosen = null;
  zone = "";
  /** @type {ApiError | null} */
  error = null;
  isSending = false;
  isTryingAgain = false;
  #minutes = USUAL_MINUTES;
  #phone;

  /** @param {import("../phone.js").Phone} phone @param {Aim} aim */
  constructor(phone, aim) {
    this.#phone = phone;
    this.aim = aim;
    this.pair = aim.pair;
    this.again = new Again(phone);
    this.load();
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    whom: ({ dataset }) => this.#setPair({ childId: dataset.childId ?? "", parentId: dataset.parentId }),
    day: ({ dataset }) => this.#change({ day: Number(dataset.day) }),
    slot: ({ dataset }) => this.#choose(dataset.startsAt ?? "", this.#minutes),
    propose: ({ dataset }) => this.#choose(dataset.startsAt ?? "", this.best?.minutes ?? this.#minutes),
    compromise: ({ dataset }) => {
      this.#choose(dataset.startsAt ?? "", this.best?.minutes ?? this.#minutes);
      this.#book();
    },
    rhythm: ({ dataset }) => this.#repeat(/** @type {import("./again.js").Choosing} */ (dataset.rhythm)),
    "reload-slots": () => {
      this.#change({ error: null });
      this.load();
    },
    "send-booking": () => this.#book(),
    wait: () => this.#wait("/api/waits", wire(this.pair), "phone.time.wait_is_on"),
    "stop-waiting": ({ dataset }) => this.#wait(`/api/waits/${dataset.waitId}/end`, {}, "phone.time.wait_is_off"),
    "my-hours": () => this.#openHours(),
  };

  /** @param {import("../core/wire.js").Now} now @param {number} at */
  screen(now, at) {
    return bookingScreen(this, now, at);
  }

  /** Who lives with the child asks, a parent books. */
  get intent() {
    if (this.aim.intent !== "new") return this.aim.intent;
    return this.pair.parentId ? "ask" : "book";
  }

  /** @returns {Choice | null} */
  get choice() {
    return this.chosen && { ...this.chosen, zone: this.zone || this.best?.zone || "UTC", pair: this.pair };
  }

  /** The wish of these two for what gets free. */
  get ownWait() {
    const { childId, parentId = this.#phone.live.view.now?.me?.id } = this.pair;
    return waits.own.find(({ child, parent }) => child.id === childId && parent.id === parentId) ?? null;
  }

  async load() {
    const { pair } = this;
    const from = serverNow();
    const span = { from: new Date(from).toISOString(), until: new Date(from + DAYS_AHEAD * DAY).toISOString() };
    /** @type {Record<string, string>} */
    const length = this.aim.minutes ? { minutes: String(this.aim.minutes) } : {};
    this.#read(pair, "/api/proposals", length, (best) => ({ best }), () => ({ best: undefined }));
    await this.#read(pair, "/api/slots", span, (found) => this.#found(found), (error) => ({ error }));
    if (this.aim.intent === "new") await this.#read(pair, "/api/waits", null, (found) => this.#waited(found), () => ({}));
  } // prettier-ignore

  /** @param {{slots: Slot[], zone: string, minutes: number}} found */
  #found({ slots, zone, minutes }) {
    this.#minutes = this.aim.minutes ?? minutes;
    return { slots, zone };
  }

  /** @param {{waits: Wait[]}} found */
  #waited(found) {
    waits.own = found.waits;
    return {};
  }

  /** What comes when it is not wanted any more is left. @param {Pair} pair @param {string} path
   * @param {Record<string, string> | null} query @param {(found: any) => object} take
   * @param {(error: ApiError) => object} fail */
  async #read(pair, path, query, take, fail) {
    try {
      const found = await this.#phone.live.api.get(path, query ? { ...wire(pair), ...query } : undefined);
      if (pair === this.pair) this.#change(take(found));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (pair === this.pair) this.#change(fail(error));
    }
  }

  /** @param {Pair} pair */
  #setPair(pair) {
    this.again.forget();
    this.#change({ pair, slots: null, best: null, day: null, chosen: null, error: null });
    this.load();
  }

  /** @param {string} startsAt @param {number} minutes */
  #choose(startsAt, minutes) {
    this.#change({ chosen: { startsAt, minutes }, error: null });
    this.again.look(this.choice);
  }

  /** @param {import("./again.js").Choosing} rhythm */
  #repeat(rhythm) {
    this.again.rhythm = rhythm;
    this.again.look(this.choice);
    this.#phone.show();
  }

  async #book() {
    const { choice } = this;
    if (!choice) return;
    const repeated = this.aim.intent === "new" ? this.again.command(choice) : null;
    const [path, body] = repeated ?? this.aim.command(choice);
    const answer = await this.#send(path, body);
    if (answer) return this.#done(answer);
    if (repeated || !this.error || !GONE.has(this.error.code)) return;
    const slots = (this.slots ?? []).filter((slot) => slot.starts_at !== choice.startsAt);
    this.#change({ slots, best: null, chosen: null });
    this.load();
  }

  /** @param {string} path @param {object} body @param {string} done a key */
  async #wait(path, body, done) {
    const answer = await this.#send(path, body);
    if (!answer) return;
    toast("good", t(done));
    this.#change(this.#waited(answer));
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} null when it came to nothing, which is shown */
  async #send(path, body) {
    if (this.isSending) return null;
    this.#change({ isSending: true, error: null });
    try {
      return await send(this.#phone.live.api, path, body, () => this.#change({ isTryingAgain: true }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
      return null;
    } finally {
      this.#change({ isSending: false, isTryingAgain: false });
    }
  }

  /** @param {any} answer a call, or a series */
  async #done(answer) {
    if (answer.rule) return this.#doneWith(answer);
    const { live } = this.#phone;
    this.#phone.open(null);
    const when = dayAndTime(answer.starts_at, live.view.now?.zone ?? answer.zone, serverNow());
    toast("good", t(answer.state === "proposed" ? "phone.time.asked" : "phone.time.booked", { when }));
    live.adopt(answer);
  }

  /** The first screen stands behind what is told: it has to know the calls by then. @param {Series} series */
  async #doneWith(series) {
    this.#change({ isSending: true });
    const coming = withWords(import("./series.js"), "phone.series").catch(() => null);
    const [part] = await Promise.all([coming, this.#phone.live.refresh()]);
    this.#phone.open(null);
    if (part) part.showSeries(this.#phone, series, this.aim.intent === "shift" ? "changed" : "booked");
    else toast("good", t("phone.time.series_booked"));
  }

  #openHours() {
    this.#phone.withPart(withWords(import("./hours.js"), "phone.hours"), async ({ HoursPage, ready: styled }) => {
      await styled;
      this.#phone.open(new HoursPage(this.#phone, "", () => this.#comeBack()));
    });
  }

  /** Hours may have changed: look anew. */
  #comeBack() {
    this.best = null;
    this.#phone.open(this);
    this.load();
  }

  /** @param {Partial<Booking>} changed */
  #change(changed) {
    Object.assign(this, changed);
    this.#phone.show();
  }
}
