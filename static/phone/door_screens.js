/** How the door looks at each step: the number, its code, the faces of those who share it, a card's digits. */
import { t, tn } from "../core/texts.js";
import { MINUTE, SECOND } from "../core/time.js";
import { banner, button, h, icon, photo, stateOf } from "../ui/dom.js";

/** @typedef {{id: string, name: string, photo: string | null}} Face */
/** `gone`: the code can't be entered any more; `spent`: the card that was scanned opens nothing.
 * @typedef {"number" | "code" | "gone" | "faces" | "card" | "spent"} Step */
/**
 * @typedef {{step: Step, number: string, card: string, isScanned: boolean, faces: Face[], isBusy: boolean,
 *   error: string, pause_ms: number, again_ms: number}} DoorView `pause_ms`: asked too often, how long it lasts;
 * `again_ms`: until another code may be sent
 */

/** @param {DoorView} view @returns {HTMLElement} */
export const doorScreen = (view) =>
  h(
    "section",
    { class: "screen door" },
    h(
      "header",
      { class: "bar" },
      h("h1", { class: "bar__title" }, t("common.homethread")),
      h(
        "button",
        { class: "btn btn--icon", type: "button", "data-act": "aloud", "aria-label": t("phone.door.aloud") },
        icon("speaker"),
      ),
    ),
    h("div", { class: "screen__body", "data-key": view.step }, BODIES[view.step](view)),
  );

/** What went wrong, between the field and what is touched next; its place is always there, so that nothing else moves
 * or loses what was typed. @param {DoorView} view */
function told({ pause_ms, error }) {
  const text = pause_ms > 0 ? patience(pause_ms) : error;
  return h("div", { hidden: !text }, text && banner("bad", "warning", text));
}

/** @param {number} pause_ms */
const patience = (pause_ms) =>
  pause_ms < 2 * MINUTE
    ? tn("phone.door.wait_seconds", Math.ceil(pause_ms / SECOND))
    : tn("phone.door.wait_minutes", Math.ceil(pause_ms / MINUTE));

/** @type {Record<Step, (view: DoorView) => import("../ui/dom.js").Child>} */
const BODIES = {
  number: (view) => [
    title("number_title"),
    field("number", { type: "tel", inputmode: "tel", autocomplete: "tel", value: view.number, maxlength: 40 }),
    told(view),
    main("send-code", "send", view.isBusy),
    aside("to-card", "book", "have_card"),
  ],
  code: (view) => [
    title("code_title"),
    h("p", { class: "muted" }, t("phone.door.code_text", { number: view.number })),
    field("code", { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 12 }),
    told(view),
    main("prove", "enter", view.isBusy),
    view.again_ms > 0
      ? h("p", { class: "muted door__again" }, t("phone.door.again_in", { count: Math.ceil(view.again_ms / SECOND) }))
      : aside("send-code", "message", "again"),
    aside("to-number", "arrow-start", "other_number"),
  ],
  gone: (view) => [
    title("gone_title"),
    h("p", { class: "muted" }, t("phone.door.gone_text", { number: view.number })),
    told(view),
    main("send-code", "again", view.isBusy),
    aside("to-number", "arrow-start", "other_number"),
  ],
  faces: (view) => [
    title("who"),
    told(view),
    h(
      "div",
      { class: "door__faces" },
      view.faces.map((face) =>
        h(
          "button",
          {
            class: "face", type: "button", "data-act": "choose-face", "data-person-id": face.id,
            "aria-busy": view.isBusy,
          }, // prettier-ignore
          photo(face, "xl"),
          h("span", { class: "face__name" }, face.name),
        ),
      ),
    ),
    aside("to-number", "arrow-start", "other_number"),
  ],
  card: (view) =>
    view.isScanned && view.isBusy
      ? stateOf("loading", t("phone.door.card_read"))
      : [
          title("card_title"),
          h("p", { class: "muted" }, t("phone.door.card_text")),
          field("card", { inputmode: "numeric", autocomplete: "off", maxlength: 20, value: grouped(view.card) }),
          told(view),
          main("accept", "enter", view.isBusy),
          aside("to-number", "arrow-start", "by_number"),
        ],
  spent: () => [
    stateOf("error", t("phone.door.spent_title"), t("phone.door.spent_text")),
    main("to-number", "by_number", false),
    aside("to-card", "book", "other_card"),
  ],
};

/** @param {string} key */
const title = (key) => h("h2", { class: "door__title" }, t(`phone.door.${key}`));

/** @param {string} name @param {import("../ui/dom.js").Attributes} more */
const field = (name, more) =>
  h(
    "label",
    { class: "field" },
    h("span", { class: "field__label" }, t(`phone.door.${name}`)),
    h("input", { class: "field__input door__input", name, "data-key": name, ...more }),
  );

/** @param {string} act @param {string} key @param {boolean} isBusy */
const main = (act, key, isBusy) =>
  button(act, "btn btn--primary btn--wide", null, t(`phone.door.${key}`), { "aria-busy": isBusy });

/** @param {string} act @param {string} iconId @param {string} key */
const aside = (act, iconId, key) => button(act, "btn btn--quiet btn--wide", iconId, t(`phone.door.${key}`));

/** A card's digits as they are printed. @param {string} digits */
export const grouped = (digits) => digits.replace(/\D/g, "").replace(/(\d{4})(?=\d)/g, "$1 ");
