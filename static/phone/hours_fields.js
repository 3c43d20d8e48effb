/** Fields of hours and days, as the forms share them. */
import { weekdayName } from "../core/every.js";
import { h } from "../ui/dom.js";
import { fieldTime } from "./hours_words.js";

/** "08:30" to minutes since midnight. @param {string} time */
export function minuteOf(time) {
  const [hour, minute] = time.split(":").map(Number);
  return hour * 60 + minute;
}

/** @param {string} name @param {number} minute @param {string} label */
export const timeField = (name, minute, label) =>
  h("input", { class: "field__input", type: "time", name, value: fieldTime(minute), "aria-label": label, required: true });

/** @param {string} name @param {string} day @param {string} least @param {string} label */
export const dayField = (name, day, least, label) =>
  h(
    "label",
    { class: "field", "data-key": `${name} ${least}` },
    h("span", { class: "field__label" }, label),
    h("input", { class: "field__input", type: "date", name, value: day, min: least }),
  );

/** @param {string} act @param {(day: number) => boolean} isChosen @param {string} label @param {string} [name] */
export const weekdayPlaces = (act, isChosen, label, name = "") =>
  h(
    "div",
    { class: "weekdays", role: "group", "aria-label": label },
    Array.from({ length: 7 }, (_, day) =>
      h(
        "button",
        {
          class: "weekday", type: "button", "data-act": act, "data-weekday": day, "data-name": name,
          "aria-pressed": String(isChosen(day)),
        }, // prettier-ignore
        weekdayName(day, document.documentElement.lang, "short"),
      ),
    ),
  );
