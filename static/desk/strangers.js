/** Who wrote from numbers that nobody confirmed, and what can be done about it; the numbers are masked. */
import { t, tn } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { button, h, icon } from "../ui/dom.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").Stranger} Stranger */

/** @param {import("./wire.js").Strangers} found @param {DeskNow} now @param {number} at */
export function strangerList({ strangers, elsewhere }, now, at) {
  return [
    strangers.length > 0
      ? [h("p", { class: "muted", "data-key": "hint" }, t("desk.strangers_hint")), list(strangers, now, at, "own")]
      : h("p", { class: "muted", "data-key": "none" }, t("desk.strangers_none")),
    elsewhere !== null && elsewhere.length > 0 && [
      h("h3", { class: "heading", "data-key": "else" }, t("desk.strangers_elsewhere")),
      h("p", { class: "muted", "data-key": "else-hint" }, t("desk.strangers_elsewhere_hint")),
      list(elsewhere, now, at, "others"),
    ],
  ];
} // prettier-ignore

/** @param {Stranger[]} strangers @param {DeskNow} now @param {number} at @param {string} key */
const list = (strangers, now, at, key) =>
  h("ul", { class: "list", "data-key": key }, strangers.map((one) => row(one, now, at)));

/** @param {Stranger} stranger @param {DeskNow} now @param {number} at */
function row({ number, texts, last_at, person_id, name }, now, at) {
  const family = now.families.find(({ members }) => members.some(({ id }) => id === person_id));
  return h(
    "li",
    { class: "row", "data-key": `${number} ${person_id ?? ""} ${last_at}`, "data-stranger": number },
    icon("person"),
    h(
      "div",
      { class: "row__main" },
      h("p", { class: "row__title" }, name ? t("desk.stranger_of", { number, name }) : number),
      h("p", { class: "row__text" }, `${tn("desk.stranger_texts", texts)} · ${dayAndTime(last_at, now.zone, at)}`),
    ),
    family && button("family", "btn btn--small", "family", t("desk.stranger_confirm"), { "data-family-id": family.id }),
  );
} // prettier-ignore
