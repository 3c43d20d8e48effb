/** What needs a human: texts that nobody got, work that was given up; each with its second try. */
import { t } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { button, h, icon, stateOf } from "../ui/dom.js";
import { gatewayName } from "./gateways.js";
import { word } from "./words.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow */
/** @typedef {import("./wire.js").Trouble} Trouble */

const AGAIN = {
  delivery: { path: (/** @type {string} */ id) => `/api/deliveries/${id}/send_again`, text: "desk.send_again", done: "desk.sent_again" },
  dead_row: { path: (/** @type {string} */ id) => `/api/dead/${id}/revive`, text: "desk.try_again", done: "desk.tried_again" },
}; // prettier-ignore

export class TroublesView {
  /** Those whose second try is under way. @type {Set<string>} */
  #busy = new Set();
  #desk;
  /** @type {import("../ui/dom.js").Acts} */
  acts = { again: (element) => this.#again(element.dataset.troubleId ?? "") };

  /** @param {import("./wire.js").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    if (!now.troubles.length) return [stateOf("empty", t("desk.no_troubles"), t("desk.no_troubles_text"))];
    return [h("h2", { class: "heading" }, icon("warning", "s"), t("desk.troubles")), this.list(now.troubles, now, at)];
  }

  /** Some of them; null where there is none. @param {Trouble[]} troubles @param {DeskNow} now @param {number} at */
  list(troubles, now, at) {
    const rows = troubles.map((trouble) => row(trouble, now, at, this.#busy.has(trouble.id)));
    return rows.length ? h("ul", { class: "list troubles", "data-key": "troubles" }, rows) : null;
  }

  /** @param {string} id */
  async #again(id) {
    const trouble = this.#desk.now()?.troubles.find((one) => one.id === id);
    if (!trouble) return;
    this.#busy.add(id);
    this.#desk.show();
    await this.#desk.command(AGAIN[trouble.kind].path(id), {}, t(AGAIN[trouble.kind].done));
    this.#busy.delete(id);
    this.#desk.show();
  }
}

/** @param {Trouble} trouble @param {DeskNow} now @param {number} at @param {boolean} isBusy */
function row(trouble, now, at, isBusy) {
  const what = word(`desk.what.${trouble.what}`, trouble.what);
  const title = trouble.who ? t("desk.not_delivered", { what, who: trouble.who }) : t("desk.given_up", { what });
  return h(
    "li",
    { class: "row trouble", "data-key": trouble.id, "data-trouble-id": trouble.id },
    icon(trouble.kind === "delivery" ? "text" : "warning"),
    h(
      "div",
      { class: "row__main" },
      h("p", { class: "row__title" }, title),
      h("p", { class: "row__text" }, word(`desk.trouble.${trouble.error}`, trouble.error), said(trouble)),
      h("time", { class: "muted" }, dayAndTime(trouble.at, now.zone, at)),
    ),
    trouble.call_id && button("call", "btn btn--quiet btn--small", "calendar", t("desk.call"), { "data-call-id": trouble.call_id }),
    button("again", "btn btn--small", "bell", t(AGAIN[trouble.kind].text), { "data-trouble-id": trouble.id, "aria-busy": String(isBusy) }),
  );
} // prettier-ignore

/** What the gateway said, where it adds to our own word. @param {Trouble} trouble */
const said = ({ gateway, detail }) => gateway && detail && ` · ${gatewayName(gateway)}: ${detail}`;
