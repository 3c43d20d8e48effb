/** A rotation of shifts in few touches: which one, where one stands in it, and the hours, which are there already. */
import { ahead, anchorOf, CYCLES, LONGEST_CYCLE, runs, usualHours } from "../core/shifts.js";
import { dayOfText, dayText } from "../core/every.js";
import { t } from "../core/texts.js";
import { button, h } from "../ui/dom.js";
import { minuteOf, timeField } from "./hours_fields.js";
import { dayLabel } from "./hours_words.js";

/** @typedef {import("../core/shifts.js").CycleWord} CycleWord */
/** @typedef {import("./hours.js").Form} Form */
/** @typedef {import("./wire.js").HoursOf} HoursOf */
/** @typedef {import("./wire.js").Pattern} Pattern */

const PREVIEW_DAYS = 14;
const WORDS = /** @type {CycleWord[]} */ (["day", "night", "early", "late", "off"]);

/** @implements {Form} */
export class RotationForm {
  title = t("phone.hours.kind.rotation_shift");
  /** A name of CYCLES, or "own". */
  #name = "";
  /** @type {CycleWord[]} */
  #cycle = [];
  /** Where today is in it. */
  #place = -1;
  /** @type {Partial<Record<string, HoursOf>>} */
  #hours = {};
  #today;

  /** @param {string} today */
  constructor(today) {
    this.#today = today;
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "rotation-name": ({ dataset }) => this.#choose(dataset.name ?? ""),
    "rotation-word": ({ dataset }) => this.#add(/** @type {CycleWord} */ (dataset.word)),
    "rotation-undo": () => this.#set(this.#cycle.slice(0, -1)),
    "rotation-place": ({ dataset }) => (this.#place = Number(dataset.place)),
  };

  get isReady() {
    return this.#place >= 0 && this.#cycle.some((word) => word !== "off");
  }

  /** @param {Event} event */
  typing({ target }) {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    const [word, end] = name.split(" ");
    const hours = this.#hours[word];
    if (!hours || !value) return;
    this.#hours = { ...this.#hours, [word]: end === "from" ? [minuteOf(value), hours[1]] : [hours[0], minuteOf(value)] };
  }

  patterns() {
    const detail = { anchor: anchorOf(this.#today, this.#place), cycle: this.#cycle, hours: this.#hours };
    return [{ kind: "rotation", occupation: "shift", detail }];
  }

  /** Weekly hours of work; a rotation before it ends by itself. @param {Pattern} pattern */
  replaces({ kind, occupation, is_free }) {
    return kind === "weekly" && occupation === "shift" && !is_free;
  }

  screen() {
    return [
      this.#which(),
      this.#name === "own" && this.#own(),
      this.#cycle.length > 0 && [this.#where(), this.#when(), this.isReady && this.#preview()],
    ];
  }

  /** @param {string} name */
  #choose(name) {
    this.#name = name;
    this.#set(CYCLES[name] ?? []);
  }

  /** @param {CycleWord} word */
  #add(word) {
    if (this.#cycle.length < LONGEST_CYCLE) this.#set([...this.#cycle, word]);
  }

  /** @param {CycleWord[]} cycle */
  #set(cycle) {
    this.#cycle = cycle;
    this.#place = -1;
    this.#hours = { ...usualHours(cycle) };
  }

  #which() {
    return h(
      "section",
      { class: "part-of-day", "data-key": "which" },
      h("h2", { class: "heading" }, t("phone.hours.rotation.which")),
      h(
        "div",
        { class: "cycles", role: "radiogroup" },
        [...Object.entries(CYCLES), /** @type {[string, CycleWord[]]} */ (["own", []])].map(([name, cycle]) =>
          h(
            "button",
            {
              class: "cycle", type: "button", role: "radio", "data-act": "rotation-name", "data-name": name,
              "aria-checked": String(name === this.#name),
            }, // prettier-ignore
            h("span", { class: "cycle__name" }, t(`phone.hours.rotation.${name}`)),
            strip(cycle),
          ),
        ),
      ),
    );
  }

  #own() {
    return h(
      "section",
      { class: "part-of-day", "data-key": "own" },
      h("p", { class: "muted" }, t("phone.hours.rotation.own_text")),
      h(
        "div",
        { class: "words" },
        WORDS.map((word) =>
          button("rotation-word", "btn btn--small word", null, t(`phone.hours.short.${word}`), {
            "data-word": word,
            "data-mark": word,
          }),
        ),
        button("rotation-undo", "btn btn--small", "close", t("phone.hours.rotation.undo"), {
          disabled: !this.#cycle.length,
        }),
      ),
      strip(this.#cycle),
    );
  }

  /** Each day of the cycle as a place to touch, those of one kind side by side. */
  #where() {
    return h(
      "section",
      { class: "part-of-day", "data-key": `where ${this.#name}` },
      h("h2", { class: "heading" }, t("phone.hours.rotation.where", { day: dayLabel(this.#today) })),
      runs(this.#cycle).map(({ word, place, length }) =>
        h(
          "div",
          { class: "run", "data-mark": word },
          h("span", { class: "run__name" }, t(`phone.hours.shift.${word}`)),
          h(
            "div",
            { class: "run__days", role: "radiogroup" },
            Array.from({ length }, (_, nth) =>
              h(
                "button",
                {
                  class: "run__day", type: "button", role: "radio", "data-act": "rotation-place", "data-place": place + nth,
                  "data-mark": word, "aria-checked": String(place + nth === this.#place),
                  "aria-label": t("phone.hours.rotation.nth", { what: t(`phone.hours.shift.${word}`), count: nth + 1 }),
                }, // prettier-ignore
                String(nth + 1),
              ),
            ),
          ),
        ),
      ),
    );
  }

  #when() {
    return h(
      "section",
      { class: "part-of-day", "data-key": `when ${this.#name} ${Object.keys(this.#hours).join(" ")}` },
      h("h2", { class: "heading" }, t("phone.hours.rotation.when")),
      Object.entries(this.#hours).map(
        ([word, hours]) =>
          hours &&
          h(
            "div",
            { class: "when" },
            h("span", { class: "when__name" }, t(`phone.hours.shift.${word}`)),
            timeField(`${word} from`, hours[0], t("phone.hours.begins")),
            h("span", {}, "–"),
            timeField(`${word} until`, hours[1], t("phone.hours.ends")),
          ),
      ),
    );
  }

  #preview() {
    const first = dayOfText(this.#today);
    return h(
      "section",
      { class: "part-of-day", "data-key": "preview" },
      h("h2", { class: "heading" }, t("phone.hours.rotation.preview")),
      h(
        "ol",
        { class: "preview" },
        ahead(this.#cycle, this.#place, PREVIEW_DAYS).map((word, after) =>
          h(
            "li",
            { class: "preview__day", "data-mark": word },
            h("span", { class: "preview__number" }, String(Number(dayText(first + after).slice(8)))),
            t(`phone.hours.short.${word}`),
          ),
        ),
      ),
    );
  }
}

/** A cycle as small squares. @param {CycleWord[]} cycle */
const strip = (cycle) =>
  h(
    "span",
    { class: "strip", "aria-hidden": "true" },
    cycle.map((word) => h("span", { class: "strip__day", "data-mark": word })),
  );
