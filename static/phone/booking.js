/**
 * Choosing a time: with whom, which day, which slot. A slot that somebody else took is said, and the rest stays
 * chosen.
 */
import { t, tn } from "../core/texts.js";
import { clockTime, DAY, dayAndTime, dayNumber, now as serverNow, timeThere, wall, weekday } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { banner, button, h, icon, photo, sentence, stateOf } from "../ui/dom.js";
import { partners } from "./home.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../core/wire.js").Slot} Slot */
/** @typedef {Pick<import("./home.js").Partner, "childId" | "parentId">} Pair */

const DAYS_AHEAD = 14;
const EVENING_HOUR = 18;
const NOON = 12;
/** The slot itself is gone; what else may be refused doesn't change with another slot. */
const GONE = new Set(["slot_taken", "not_a_slot", "in_the_past", "outside_hours"]);

export class Booking {
  /** @type {Slot[] | null} */
  #slots = null;
  /** @type {number | null} */
  #day = null;
  /** @type {string | null} */
  #chosen = null;
  #zone = "";
  #minutes = 15;
  /** @type {ApiError | null} */
  #error = null;
  #isSending = false;
  #isWaiting = false;
  #key = newKey();
  #api;
  #redraw;

  /** @param {import("../net/api.js").Api} api @param {Pair} pair with whom @param {Call | null} moving the call that
   * gets another time
   * @param {() => void} redraw */
  constructor(api, { childId, parentId }, moving, redraw) {
    this.#api = api;
    this.#redraw = redraw;
    this.childId = childId;
    this.parentId = parentId;
    this.moving = moving;
    this.load();
  }

  get #pair() {
    return { child_id: this.childId, ...(this.parentId && { parent_id: this.parentId }) };
  }

  /** Who lives with the child asks; a parent books. */
  get #isAsking() {
    return Boolean(this.parentId && !this.moving);
  }

  /** @param {Pair} pair */
  setPair({ childId, parentId }) {
    this.childId = childId;
    this.parentId = parentId;
    this.#slots = this.#day = this.#chosen = null;
    this.load();
  }

  /** @param {number} day */
  setDay(day) {
    this.#day = day;
    this.#redraw();
  }

  /** @param {string} startsAt */
  choose(startsAt) {
    this.#chosen = startsAt;
    this.#error = null;
    this.#key = newKey();
    this.#redraw();
  }

  async load() {
    const { childId, parentId } = this;
    this.#redraw();
    const from = new Date(serverNow());
    const until = new Date(from.getTime() + DAYS_AHEAD * DAY);
    const query = { ...this.#pair, from: from.toISOString(), until: until.toISOString() };
    try {
      const found = await this.#api.get("/api/slots", query);
      if (childId !== this.childId || parentId !== this.parentId) return;
      this.#slots = found.slots;
      this.#zone = found.zone;
      this.#minutes = found.minutes;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#redraw();
  }

  /** @returns {Promise<Call | null>} the call that stands now; null when it came to nothing, which is shown */
  async send() {
    if (!this.#chosen || this.#isSending) return null;
    this.#isSending = true;
    this.#error = null;
    this.#redraw();
    const [path, body] = this.moving
      ? [`/api/calls/${this.moving.id}/move`, { starts_at: this.#chosen }]
      : ["/api/calls", { ...this.#pair, starts_at: this.#chosen }];
    try {
      return await this.#api.command(path, body, { key: this.#key, onwait: () => this.#wait() });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#refused(error);
      return null;
    } finally {
      this.#isSending = this.#isWaiting = false;
      this.#redraw();
    }
  }

  #wait() {
    this.#isWaiting = true;
    this.#redraw();
  }

  /** @param {ApiError} error */
  #refused(error) {
    this.#error = error;
    if (!error.isPassing) this.#key = newKey();
    if (!GONE.has(error.code)) return;
    this.#slots = (this.#slots ?? []).filter((slot) => slot.starts_at !== this.#chosen);
    this.#chosen = null;
    this.load();
  }

  /** @param {Now} now @param {number} at */
  screen(now, at) {
    return h(
      "section",
      { class: "screen phone-slots" },
      h(
        "header",
        { class: "bar" },
        h(
          "button",
          { class: "btn btn--quiet btn--icon", type: "button", "data-act": "home", "aria-label": t("common.back") },
          icon("arrow-start", "turns"),
        ),
        h("h1", { class: "bar__title" }, t(`phone.${this.#intent}_title`)),
      ),
      h("div", { class: "screen__body" }, this.#banner(), this.#whom(now), this.#choice(now, at)),
      h("footer", { class: "actions" }, this.#footer(now, at)),
    );
  }

  get #intent() {
    return this.moving ? "move" : this.#isAsking ? "ask" : "book";
  }

  #banner() {
    if (this.#isWaiting) return banner("offline", "link-lost", t("common.trying_again"));
    if (!this.#error || !this.#slots) return null;
    return banner("bad", "warning", sentence(this.#error));
  }

  /** @param {Now} now */
  #whom(now) {
    const all = partners(now);
    if (all.length < 2 || this.moving) return null;
    return h(
      "div",
      { class: "children", role: "radiogroup", "aria-label": t("phone.which_child") },
      all.map(({ face, name, childId, parentId }) =>
        h(
          "button",
          {
            class: "child",
            type: "button",
            role: "radio",
            "data-act": "whom",
            "data-child-id": childId,
            "data-parent-id": parentId,
            "aria-checked": String(childId === this.childId && parentId === this.parentId),
          },
          photo(face, "m"),
          h("span", { class: "child__name" }, name),
        ),
      ),
    );
  }

  /** @param {Now} now @param {number} at */
  #choice(now, at) {
    if (!this.#slots) {
      if (!this.#error) return stateOf("loading", t("common.loading"));
      return stateOf(
        "error",
        sentence(this.#error),
        "",
        button("reload-slots", "btn btn--primary", null, t("common.retry")),
      );
    }
    if (!this.#slots.length) return stateOf("empty", t("phone.no_slots"), t("phone.no_slots_text"));
    const byDay = group(this.#slots, (slot) => dayNumber(slot.starts_at, now.zone));
    const day = this.#day !== null && byDay.has(this.#day) ? this.#day : [...byDay.keys()][0];
    const slots = byDay.get(day) ?? [];
    const isElsewhere = slots.some((slot) => timeThere(slot.starts_at, now.zone, this.#zone, at));
    return [
      this.#days(byDay, day, now, at),
      isElsewhere && h("p", { class: "muted" }, t("phone.zones_differ")),
      ...partsOfDay(slots, now.zone).map(([part, some]) => this.#part(part, some, now, at)),
    ];
  }

  /** @param {Map<number, Slot[]>} byDay @param {number} day @param {Now} now @param {number} at */
  #days(byDay, day, now, at) {
    const today = dayNumber(at, now.zone);
    return h(
      "div",
      { class: "days", role: "radiogroup", "aria-label": t("phone.which_day") },
      Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => {
        const number = today + ahead;
        const name = weekday(number * DAY + DAY / 2, "UTC");
        const count = byDay.get(number)?.length ?? 0;
        return h(
          "button",
          {
            class: "day",
            type: "button",
            role: "radio",
            "data-act": "day",
            "data-day": number,
            "aria-checked": String(number === day),
            disabled: !count,
          },
          h("span", { class: "day__name" }, ahead === 0 ? t("common.today") : name.name),
          h("span", { class: "day__number" }, String(new Date(number * DAY).getUTCDate())),
          h("span", { class: "day__count", "aria-label": tn("phone.free", count) }, count || ""),
        );
      }),
    );
  }

  /** @param {Part} part @param {Slot[]} slots @param {Now} now @param {number} at */
  #part(part, slots, now, at) {
    return h(
      "section",
      { class: "part-of-day", "data-key": part },
      h("h2", { class: "heading" }, icon(part === "evening" ? "moon" : "sun", "s"), ` ${t(`phone.part.${part}`)}`),
      h(
        "div",
        { class: "slots" },
        slots.map((slot) => this.#slot(slot, now, at)),
      ),
    );
  }

  /** @param {Slot} slot @param {Now} now @param {number} at */
  #slot(slot, now, at) {
    const there = timeThere(slot.starts_at, now.zone, this.#zone, at);
    return h(
      "button",
      {
        class: "slot",
        type: "button",
        "data-act": "slot",
        "data-starts-at": slot.starts_at,
        "aria-pressed": String(slot.starts_at === this.#chosen),
      },
      h("span", { class: "slot__time" }, clockTime(slot.starts_at, now.zone)),
      there && h("span", { class: "slot__zone" }, there),
    );
  }

  /** @param {Now} now @param {number} at */
  #footer(now, at) {
    const chosen = this.#chosen;
    const text = chosen && t("phone.chosen", { when: dayAndTime(chosen, now.zone, at), minutes: this.#minutes });
    const there = chosen && timeThere(chosen, now.zone, this.#zone, at);
    const asked = this.#isAsking && partners(now).find(({ parentId }) => parentId === this.parentId)?.face;
    return [
      text &&
        h(
          "p",
          { class: "actions__text" },
          text,
          there && h("span", { class: "muted" }, ` · ${t("phone.there", { time: there })}`),
        ),
      asked && h("p", { class: "actions__text muted" }, t("phone.will_be_asked", { name: asked.name })),
      button("send-booking", "btn btn--primary btn--wide", null, t(`phone.${this.#intent}_this`), {
        disabled: !chosen,
        "aria-busy": this.#isSending,
      }),
    ];
  }
}

/** @template T @param {T[]} items @param {(item: T) => number} keyOf @returns {Map<number, T[]>} */
function group(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** @typedef {"morning" | "afternoon" | "evening"} Part */
/** @param {Slot[]} slots @param {string} zone @returns {[Part, Slot[]][]} by the reader's clock */
function partsOfDay(slots, zone) {
  const hourOf = (/** @type {Slot} */ slot) => wall(slot.starts_at, zone).hour;
  /** @type {[Part, Slot[]][]} */
  const parts = [
    ["morning", slots.filter((slot) => hourOf(slot) < NOON)],
    ["afternoon", slots.filter((slot) => hourOf(slot) >= NOON && hourOf(slot) < EVENING_HOUR)],
    ["evening", slots.filter((slot) => hourOf(slot) >= EVENING_HOUR)],
  ];
  return parts.filter(([, some]) => some.length);
}
