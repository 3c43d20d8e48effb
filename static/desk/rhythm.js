/** How often: once, every week, every two weeks, on several weekdays; and until when. What is chosen as a rule of RFC 5545. */
import { dayOfText, dayText, weekdayName, weekdayOf, written } from "../core/every.js";
import { t } from "../core/texts.js";
import { h } from "../ui/dom.js";

/** @typedef {"once" | "weekly" | "fortnightly" | "days"} Often */

const OFTEN = /** @type {Often[]} */ (["once", "weekly", "fortnightly", "days"]);
const ENDS = ["never", "until", "count"];
const LONGEST = 200; // times
const USUAL_DAYS = 90;

export class Rhythm {
  /** @type {Often} */
  often = "once";
  /** Beside the weekday of the first call. @type {Set<number>} */
  #weekdays = new Set();
  #end = "never";
  #until = "";
  #count = "10";

  /** @param {string} name @param {string} value @returns {boolean} whether it was ours */
  typed(name, value) {
    if (name === "often") this.often = /** @type {Often} */ (value);
    else if (name === "end") this.#end = value;
    else if (name === "until") this.#until = value;
    else if (name === "count") this.#count = value;
    else return false;
    return true;
  }

  /** @param {number} weekday */
  toggle(weekday) {
    if (!this.#weekdays.delete(weekday)) this.#weekdays.add(weekday);
  }

  get isSeries() {
    return this.often !== "once";
  }

  get isReady() {
    if (!this.isSeries || this.#end === "never") return true;
    return this.#end === "until" ? Boolean(this.#until) : Number(this.#count) >= 1 && Number(this.#count) <= LONGEST;
  }

  /** @param {string} day the first one */
  rule(day) {
    return written({
      interval: this.often === "fortnightly" ? 2 : 1,
      weekdays: this.#on(day),
      count: this.#end === "count" ? Number(this.#count) : null,
      until: this.#end === "until" ? this.#until : null,
    });
  }

  /** What fields hold that drawing leaves alone. @returns {Record<string, string>} */
  get fields() {
    return { until: this.#until, count: this.#count };
  }

  /** @param {string} day the first one, "" for none yet */
  view(day) {
    if (!this.#until && day) this.#until = dayText(dayOfText(day) + USUAL_DAYS);
    return h(
      "fieldset",
      { class: "choices", "data-key": "rhythm", "data-part": "rhythm" },
      h("legend", { class: "choices__title" }, t("desk.often")),
      places("often", OFTEN, this.often),
      this.often === "days" && this.#days(day),
      this.isSeries && this.#ending(day),
    );
  }

  /** @param {string} day @returns {number[]} */
  #on(day) {
    const first = weekdayOf(dayOfText(day));
    return this.often === "days" ? [...new Set([first, ...this.#weekdays])].sort() : [first];
  }

  /** @param {string} day */
  #days(day) {
    const chosen = day ? this.#on(day) : [...this.#weekdays];
    const first = day ? weekdayOf(dayOfText(day)) : -1;
    return h(
      "div",
      { class: "pills", role: "group", "aria-label": t("desk.often.days"), "data-key": "days" },
      Array.from({ length: 7 }, (_, weekday) =>
        h(
          "button",
          { class: "pill", type: "button", "data-act": "weekday", "data-weekday": weekday, "aria-pressed": String(chosen.includes(weekday)), disabled: weekday === first },
          weekdayName(weekday, document.documentElement.lang, "short"),
        ),
      ),
    );
  } // prettier-ignore

  /** @param {string} day */
  #ending(day) {
    return h(
      "div",
      { class: "pills", role: "group", "aria-label": t("desk.often_end"), "data-key": "end" },
      h("span", { class: "field__label" }, t("desk.often_end")),
      places("end", ENDS, this.#end),
      h("input", { class: "field__input pills__field", type: "date", name: "until", min: day, hidden: this.#end !== "until", "aria-label": t("desk.often_end.until") }),
      h("input", { class: "field__input pills__field", type: "number", name: "count", min: 1, max: LONGEST, hidden: this.#end !== "count", "aria-label": t("desk.often_end.count") }),
    );
  } // prettier-ignore
}

/** @param {string} name @param {string[]} values @param {string} chosen */
const places = (name, values, chosen) =>
  h(
    "div",
    { class: "pills", "data-key": name },
    values.map((value) =>
      h(
        "label",
        { class: "pill", "data-key": value },
        h("input", { class: "hidden-text", type: "radio", name, value, checked: value === chosen }),
        t(name === "often" ? `desk.often.${value}` : `desk.often_end.${value}`),
      ),
    ),
  );
