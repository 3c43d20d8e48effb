/** What the page of played phones shows: a list of phones, and one of them, large, to type on. */
import { t, tn } from "../core/texts.js";
import { h, icon } from "../ui/dom.js";
import { KEYS, lettersOf } from "./keypad.js";

/** @typedef {{id: string, at: string, text: string, is_own: boolean}} Text */
/**
 * @typedef {{id: string, number: string, names: string[], family: string | null, role: string | null,
 *   is_stranger: boolean, language: string, count: number, newest: Text | null}} Phone
 */
/**
 * @typedef {object} Shown
 * @property {Phone[]} phones those that are looked for
 * @property {number} all how many there are
 * @property {Phone | null} chosen
 * @property {Text[]} texts of the chosen one
 * @property {string} draft what was being typed on it
 * @property {Set<string>} buzzing ids of phones that a text has just come to
 * @property {(phone: Phone) => number} unread
 * @property {boolean} isListOpen on a narrow page
 * @property {boolean} isLetters
 * @property {boolean} isSending
 * @property {boolean} isOn with sound
 * @property {string} refusal why the draft was not sent
 */

const FEW = 8; // more are looked for by name

/** @param {Shown} shown */
export const page = (shown) =>
  h(
    "div",
    { class: "page", "data-list": shown.isListOpen && "open" },
    bar(shown),
    list(shown),
    shown.chosen ? phone(shown.chosen, shown) : h("div", {}),
  );

/** @param {Phone} phone */
export const holderOf = ({ names, number, is_stranger }) =>
  names.join(" · ") || (is_stranger ? t("handset.stranger") : number);

/** @param {Shown} shown */
function bar({ chosen, isListOpen, isOn, phones, unread }) {
  const others = phones.reduce((sum, one) => sum + (one.id === chosen?.id ? 0 : unread(one)), 0);
  return h(
    "header",
    { class: "bar" },
    h(
      "button",
      { class: "bar__phones", type: "button", "data-act": "list", "aria-expanded": String(isListOpen),
        "aria-controls": "phones" }, // prettier-ignore
      icon("text"),
      h("span", { class: "bar__holder" }, chosen ? holderOf(chosen) : t("handset.phones")),
      others ? badge(others) : null,
    ),
    h("h1", {}, t("handset.title")),
    h(
      "button",
      { class: "bar__sound", type: "button", "data-act": "sound", "aria-pressed": String(isOn),
        "aria-label": t("handset.sound") }, // prettier-ignore
      icon("speaker"),
    ),
  );
}

/** @param {number} count */
const badge = (count) =>
  h(
    "span",
    { class: "badge" },
    h("span", { "aria-hidden": "true" }, count),
    h("span", { class: "hidden-text" }, tn("handset.unread", count)),
  );

/** @param {Shown} shown */
const list = (shown) =>
  h(
    "nav",
    { class: "list", id: "phones", "aria-label": t("handset.phones") },
    h("p", { class: "list__about" }, t("handset.about")),
    shown.all > FEW
      ? h("input", { class: "list__find", type: "search", "data-find": true, "aria-label": t("handset.find"),
          placeholder: t("handset.find"), autocomplete: "off" }) // prettier-ignore
      : null,
    h(
      "ul",
      { class: "list__phones" },
      shown.phones.map((one) => row(one, shown)),
    ),
    shown.phones.length ? null : h("p", { class: "list__none" }, t("handset.none_found")),
  );

/** @param {Phone} one @param {Shown} shown */
function row(one, { chosen, unread, buzzing }) {
  const count = unread(one);
  const who = [one.family, one.role && t(`handset.role.${one.role}`), one.number].filter(Boolean).join(" · ");
  return h(
    "li",
    { class: "row", "data-key": one.id, "data-buzz": buzzing.has(one.id) && "true" },
    h(
      "button",
      { class: "row__choose", type: "button", "data-act": "choose", "data-phone-id": one.id,
        "aria-current": one.id === chosen?.id && "true" }, // prettier-ignore
      h("span", { class: "row__holder" }, holderOf(one), count ? badge(count) : null),
      h("span", { class: "row__who" }, who),
      h("span", { class: "row__newest", lang: one.language, dir: "auto" }, one.newest?.text ?? ""),
    ),
  );
}

/** @param {Phone} chosen @param {Shown} shown */
const phone = (chosen, shown) =>
  h(
    "section",
    { class: "phone", "data-key": chosen.id, "data-phone-id": chosen.id, "aria-label": holderOf(chosen),
      "data-buzz": shown.buzzing.has(chosen.id) && "true" }, // prettier-ignore
    h("div", { class: "phone__ear" }),
    screen(chosen, shown),
    h("h2", { class: "phone__holder" }, holderOf(chosen)),
    h(
      "div",
      { class: "keys keys--soft" },
      key("delete", "C", t("handset.delete"), "key--delete"),
      key("letters", shown.isLetters ? "abc" : "123", t("handset.letters"), "key--soft", {
        "aria-pressed": String(shown.isLetters),
      }),
      key("send", t("handset.send"), t("handset.send"), "key--send", { "aria-busy": String(shown.isSending) }),
    ),
    h("div", { class: "keys" }, KEYS.map(digit)),
  );

/** @param {string} act @param {string} text @param {string} label @param {string} kind
 * @param {import("../ui/dom.js").Attributes} [more] */
const key = (act, text, label, kind, more) =>
  h("button", { class: `key ${kind}`, type: "button", "data-act": act, "aria-label": label, ...more }, text);

/** @param {string} digit */
const digit = (digit) =>
  h(
    "button",
    { class: "key", type: "button", "data-act": "key", "data-digit": digit, "aria-label": digit },
    digit,
    h("small", { "aria-hidden": "true" }, lettersOf(digit)),
  );

/** @param {Phone} chosen @param {Shown} shown */
const screen = ({ number, language }, { texts, draft, refusal }) =>
  h(
    "div",
    { class: "screen" },
    h(
      "div",
      { class: "screen__bar" },
      h("span", { class: "bars" }),
      h("span", {}, number),
      h("span", { class: "battery" }),
    ),
    h(
      "div",
      { class: "screen__texts", role: "log", tabindex: 0, "aria-label": t("handset.texts"), lang: language },
      texts.length
        ? texts.map(written)
        : h("p", { class: "screen__empty", lang: document.documentElement.lang }, t("handset.empty")),
    ),
    refusal ? h("p", { class: "screen__refusal", role: "alert" }, refusal) : null,
    h(
      "textarea",
      { class: "screen__draft", rows: 1, "data-draft": true, "aria-label": t("handset.write"), dir: "auto",
        placeholder: t("handset.write"), maxlength: document.documentElement.dataset.longest, autocomplete: "off",
        enterkeyhint: "send" }, // prettier-ignore
      draft,
    ),
  );

/** @param {Text} text */
const written = ({ at, text, is_own }) =>
  h(
    "p",
    { class: "text", "data-own": is_own && "true", dir: "auto" },
    h("span", { class: "text__words" }, text),
    h("span", { class: "text__at" }, at),
  );
