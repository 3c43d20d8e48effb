/** Fields of booking: with whom, and how long. */
import { tn } from "../core/texts.js";
import { h, photo } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Person} Person */

const LENGTHS = [5, 10, 15, 20, 30, 45, 60];

/** @param {string} name @param {string} label @param {Person[]} persons @param {string} chosen */
export function people(name, label, persons, chosen) {
  if (persons.length < 2) return null;
  const choices = persons.map((person) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name, value: person.id, checked: person.id === chosen }),
      photo(person, "s"),
      h("span", {}, person.name),
    ),
  );
  return h("fieldset", { class: "choices choices--row" }, h("legend", { class: "choices__title" }, label), choices);
}

/** @param {string} label @param {HTMLElement} input */
export const field = (label, input) => h("label", { class: "field" }, h("span", { class: "field__label" }, label), input);

/** @param {number} usual minutes */
export const lengths = (usual) => LENGTHS.map((minutes) => h("option", { value: minutes, selected: minutes === usual }, tn("desk.minutes", minutes)));

/** A day may have more slots than are in sight. @param {HTMLElement} box */
export function showChosen(box) {
  const chosen = /** @type {HTMLElement | null} */ (box.querySelector('.booking__slots [aria-pressed="true"]'));
  const slots = chosen?.parentElement;
  if (chosen && slots) slots.scrollTop += chosen.getBoundingClientRect().top - slots.getBoundingClientRect().top;
}
