/** Hours that are the same each week, days away, and a stay away from home over several days of each week. */
import { weeklyOfStay } from "../core/shifts.js";
import { t } from "../core/texts.js";
import { button, h } from "../ui/dom.js";
import { dayField, minuteOf, timeField, weekdayPlaces } from "./hours_fields.js";

/** @typedef {import("./hours.js").Form} Form */
/** @typedef {import("./wire.js").Pattern} Pattern */

/** What the hours of each occupation usually are.
 * @type {Record<string, [weekdays: number[], from: number, until: number]>} */
const USUAL = {
  shift: [[0, 1, 2, 3, 4, 5], 480, 1080],
  school: [[0, 1, 2, 3, 4], 480, 1000],
  bedtime: [[0, 1, 2, 3, 4, 5, 6], 1260, 390],
  market: [[5], 360, 660],
  harvest: [[0, 1, 2, 3, 4, 5, 6], 360, 1140],
  other: [[5], 840, 960],
};
const PRESETS = /** @type {const} */ ([["weekdays", 5], ["with_saturday", 6], ["every_day", 7]]); // prettier-ignore
const GROWN_UP = /** @type {const} */ (["shift", "market", "harvest", "other"]);

/** @implements {Form} */
export class WeeklyForm {
  /** @type {Set<number>} */
  #weekdays;
  #from;
  #until;
  #isFree = false;
  #occupation;
  #isChild;

  /** @param {string} occupation @param {boolean} isChild */
  constructor(occupation, isChild) {
    const [weekdays, from, until] = USUAL[occupation] ?? USUAL.other;
    this.#occupation = occupation;
    this.#isChild = isChild;
    this.#weekdays = new Set(weekdays);
    this.#from = from;
    this.#until = until;
    this.title = t(`phone.hours.kind.weekly_${isChild || occupation === "shift" ? occupation : "market"}`);
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "weekly-day": ({ dataset }) => this.#toggle(Number(dataset.weekday)),
    "weekly-preset": ({ dataset }) => (this.#weekdays = new Set([0, 1, 2, 3, 4, 5, 6].slice(0, Number(dataset.count)))),
    "weekly-occupation": ({ dataset }) => (this.#occupation = dataset.occupation ?? "other"),
    "weekly-free": ({ dataset }) => (this.#isFree = dataset.free === "true"),
  };

  get isReady() {
    return this.#weekdays.size > 0;
  }

  /** @param {Event} event */
  typing({ target }) {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    if (!value) return;
    if (name === "from") this.#from = minuteOf(value);
    if (name === "until") this.#until = minuteOf(value);
  }

  patterns() {
    const detail = { weekdays: [...this.#weekdays].sort(), from_minute: this.#from, until_minute: this.#until };
    return [{ kind: "weekly", occupation: this.#occupation, is_free: this.#isFree, detail }];
  }

  /** New hours of work take the place of those before, also of a rotation; bedtime that of the one before.
   * @param {Pattern} pattern */
  replaces({ kind, occupation, is_free, detail }) {
    if (this.#isFree || is_free) return false;
    if (this.#occupation === "shift") {
      return kind === "rotation" || (kind === "weekly" && occupation === "shift" && this.#isMeantBy(detail.weekdays));
    }
    const areBedtimes = this.#occupation === "bedtime" && kind === "weekly" && occupation === "bedtime";
    return areBedtimes && this.#isMeantBy(detail.weekdays);
  }

  /** @param {number[]} [weekdays] */
  #isMeantBy(weekdays = []) {
    return weekdays.every((day) => this.#weekdays.has(day));
  }

  /** @param {number} day */
  #toggle(day) {
    if (!this.#weekdays.delete(day)) this.#weekdays.add(day);
  }

  screen() {
    const isOver = this.#until <= this.#from;
    return [
      !this.#isChild && this.#occupation !== "shift" && this.#what(),
      h(
        "section",
        { class: "part-of-day", "data-key": "weekdays" },
        h("h2", { class: "heading" }, t("phone.hours.which_days")),
        weekdayPlaces("weekly-day", (day) => this.#weekdays.has(day), t("phone.hours.which_days")),
        h(
          "div",
          { class: "words" },
          PRESETS.map(([name, count]) =>
            button("weekly-preset", "btn btn--small", null, t(`phone.hours.preset.${name}`), { "data-count": count }),
          ),
        ),
      ),
      h(
        "section",
        { class: "part-of-day", "data-key": "hours" },
        h("h2", { class: "heading" }, t("phone.hours.which_hours")),
        h(
          "div",
          { class: "when" },
          timeField("from", this.#from, t("phone.hours.begins")),
          h("span", {}, "–"),
          timeField("until", this.#until, t("phone.hours.ends")),
        ),
        h("p", { class: "muted", hidden: !isOver }, t("phone.hours.over_midnight")),
      ),
      !this.#isChild && this.#meaning(),
    ];
  }

  #what() {
    return h(
      "div",
      { class: "words", role: "radiogroup", "aria-label": t("phone.hours.what"), "data-key": "what" },
      GROWN_UP.slice(1).map((occupation) =>
        button("weekly-occupation", "btn btn--small word", null, t(`phone.hours.occupation.${occupation}`), {
          role: "radio",
          "data-occupation": occupation,
          "aria-checked": String(occupation === this.#occupation),
        }),
      ),
    );
  }

  #meaning() {
    return h(
      "div",
      { class: "words", role: "radiogroup", "aria-label": t("phone.hours.meaning"), "data-key": "meaning" },
      [false, true].map((isFree) =>
        button("weekly-free", "btn btn--small word", null, t(isFree ? "phone.hours.means_free" : "phone.hours.means_busy"), {
          role: "radio",
          "data-free": String(isFree),
          "aria-checked": String(isFree === this.#isFree),
        }),
      ),
    );
  }
}

/** @implements {Form} */
export class AwayForm {
  title = t("phone.hours.kind.away_other");
  acts = {};
  #from;
  #until;
  #note = "";
  #today;

  /** @param {string} today */
  constructor(today) {
    this.#today = this.#from = this.#until = today;
  }

  get isReady() {
    return Boolean(this.#from && this.#until && this.#from <= this.#until);
  }

  /** @param {Event} event */
  typing({ target }) {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    if (name === "from-day") {
      if (this.#until < value || this.#until === this.#from) this.#until = value;
      this.#from = value;
    }
    if (name === "until-day") this.#until = value;
    if (name === "note") this.#note = value;
  }

  patterns() {
    const note = this.#note.trim() || null;
    return [{ kind: "away", occupation: "other", from_day: this.#from, until_day: this.#until, detail: {}, note }];
  }

  replaces() {
    return false;
  }

  screen() {
    return [
      h(
        "div",
        { class: "away", "data-key": "away" },
        dayField("from-day", this.#from, this.#today, t("phone.hours.first_day")),
        dayField("until-day", this.#until, this.#from, t("phone.hours.last_day")),
      ),
      h(
        "label",
        { class: "field", "data-key": "note" },
        h("span", { class: "field__label" }, t("phone.hours.note")),
        h("input", { class: "field__input", name: "note", maxlength: 80, value: this.#note, autocomplete: "off" }),
      ),
    ];
  }
}

/** @implements {Form} */
export class StayForm {
  title = t("phone.hours.kind.stay_boarding");
  /** @type {import("../core/shifts.js").WeekMoment} */
  #from = { weekday: 6, minute: 960 };
  /** @type {import("../core/shifts.js").WeekMoment} */
  #until = { weekday: 4, minute: 960 };

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "stay-day": ({ dataset }) => {
      const weekday = Number(dataset.weekday);
      if (dataset.name === "from") this.#from = { ...this.#from, weekday };
      else this.#until = { ...this.#until, weekday };
    },
  };

  get isReady() {
    return this.#from.weekday !== this.#until.weekday;
  }

  /** @param {Event} event */
  typing({ target }) {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    if (!value) return;
    if (name === "from") this.#from = { ...this.#from, minute: minuteOf(value) };
    if (name === "until") this.#until = { ...this.#until, minute: minuteOf(value) };
  }

  patterns() {
    return weeklyOfStay(this.#from, this.#until).map((detail) => ({ kind: "weekly", occupation: "boarding", detail }));
  }

  /** @param {Pattern} pattern */
  replaces({ kind, occupation }) {
    return kind === "weekly" && occupation === "boarding";
  }

  screen() {
    return [
      this.#end("from", this.#from, t("phone.hours.leaves")),
      this.#end("until", this.#until, t("phone.hours.comes_home")),
    ];
  }

  /** @param {"from" | "until"} name @param {import("../core/shifts.js").WeekMoment} moment @param {string} label */
  #end(name, { weekday, minute }, label) {
    return h(
      "section",
      { class: "part-of-day", "data-key": name },
      h("h2", { class: "heading" }, label),
      weekdayPlaces("stay-day", (day) => day === weekday, label, name),
      h("div", { class: "when" }, timeField(name, minute, label)),
    );
  }
}
