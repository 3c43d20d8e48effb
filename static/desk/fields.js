/**
 * Pieces of forms, and how typing gets into a state and back: a field's name says where its value belongs
 * ("persons.2.name"), and `settle` shows what the state holds after each drawing, which leaves properties alone.
 */
import { t } from "../core/texts.js";
import { h, icon } from "../ui/dom.js";

/** @typedef {import("../ui/dom.js").Attributes} Attributes
 * @typedef {import("../ui/dom.js").Child} Child */
/** @typedef {[value: string, label: string][]} Options */

/** @param {string} label @param {Child} input @param {string | null | undefined | false} [error] @param {string} [hint] */
export const field = (label, input, error, hint) =>
  h(
    "label",
    { class: "field" },
    h("span", { class: "field__label" }, label),
    input,
    h("span", { class: "field__hint muted", hidden: !hint }, hint),
    h("span", { class: "field__error", hidden: !error }, error),
  );

/** @param {string} name @param {string} value @param {Attributes} [more] */
export const input = (name, value, more = {}) =>
  h("input", { class: "field__input", name, "data-key": name, "data-value": value, autocomplete: "off", ...more });

/** @param {string} name @param {string} value @param {Options} options @param {Attributes} [more] */
export const select = (name, value, options, more = {}) =>
  h(
    "select",
    { class: "field__input", name, "data-key": name, "data-value": value, ...more },
    options.map(([key, label]) => h("option", { value: key }, label)),
  );

/** @param {string} name @param {boolean} isChecked @param {Child} label @param {Attributes} [more] */
export const check = (name, isChecked, label, more = {}) =>
  h(
    "label",
    { class: "check" },
    h("input", { type: "checkbox", name, "data-key": name, "data-checked": String(isChecked), ...more }),
    label,
  );

/** @param {string} name @param {string} chosen @param {string} value @param {Child} label @param {Attributes} [more] */
export const radio = (name, chosen, value, label, more = {}) =>
  h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name, value, "data-key": value, "data-checked": String(chosen === value), ...more }),
    label,
  );

/** Sends its form, by a touch or by Enter. @param {string} className @param {string | null} iconId @param {string} label
 * @param {Attributes} [more] */
export const submit = (className, iconId, label, more = {}) =>
  h("button", { class: className, type: "submit", ...more }, iconId && icon(iconId, "s"), label);

/** A form whose sending is the act `act`. @param {string} act @param {Attributes} more @param {Child[]} children */
export const form = (act, more, ...children) => h("form", { "data-submit": act, novalidate: true, ...more }, ...children);

/** @param {string} name */
export const roleText = (name) => t(`desk.role.${name}`);

/** Shows the values that the tree asked for. @param {HTMLElement} root */
export function settle(root) {
  for (const each of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-value]"))) {
    const value = each.dataset.value ?? "";
    if (each.value !== value) each.value = value;
  }
  for (const each of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-checked]"))) {
    each.checked = each.dataset.checked === "true";
  }
}

/** Puts what was typed where the name of its field says. @param {any} state @param {EventTarget | null} target
 * @returns {boolean} whether the state has such a place */
export function put(state, target) {
  const { name, value, type, checked } = /** @type {HTMLInputElement} */ (target);
  const path = name?.split(".") ?? [];
  const last = path.pop();
  let place = state;
  for (const step of path) place = place?.[step];
  if (!last || typeof place !== "object" || place === null) return false;
  place[last] = type === "checkbox" ? checked : value;
  return true;
}

/** Enter leads to the next field instead of sending what is not ready. @param {KeyboardEvent} event
 * @param {HTMLElement} within */
export function stepOn(event, within) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key !== "Enter" || event.isComposing || !target.matches("input, select")) return;
  event.preventDefault();
  const fields = /** @type {HTMLElement[]} */ ([...within.querySelectorAll("input, select, button")]).filter(
    (one) => one.offsetParent && !(/** @type {HTMLInputElement} */ (one).disabled),
  );
  fields[fields.indexOf(target) + 1]?.focus();
}
