/** Above every page of the desk while texts don't leave: since when, by which gateway, and whom to call by phone. */
import { t, tn } from "../core/texts.js";
import { clockTime, HOUR, MINUTE, ms } from "../core/time.js";
import { banner, button, h, icon, toast } from "../ui/dom.js";
import { gatewayName } from "./gateways.js";
import { listed } from "./words.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").ToCall} ToCall */

const SHOWN = 4;

export class Outage {
  #desk;
  #showsAll = false;
  /** Numbers that were looked at, to be dialled, by person. @type {Map<string, string>} */
  #numbers = new Map();
  /** @type {Set<string>} */
  #busy = new Set();
  /** Whether something was wrong when it was drawn last; null before anything was known. @type {boolean | null} */
  #wasOut = null;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "outage-all": () => ((this.#showsAll = !this.#showsAll), this.#desk.show()),
    "outage-number": (element) => this.#ask(element.dataset.personId ?? ""),
  };

  /** @param {import("./wire.js").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** Who phones families has to learn that they can stop. @param {DeskNow} now */
  freshen({ texts }) {
    const isOut = isOutage(texts);
    if (this.#wasOut && !isOut) {
      toast("good", t("desk.outage.over"));
      this.#numbers.clear();
      this.#showsAll = false;
    }
    this.#wasOut = isOut;
  }

  /** @param {DeskNow} now @param {number} at */
  view({ texts, zone }, at) {
    const { waiting_since, silent, can_leave, to_call } = texts;
    const isOut = isOutage(texts);
    const more = h("a", { class: "btn btn--small", href: "#texts" }, t("desk.outage.more"));
    return h(
      "section",
      { class: "outage", "data-part": "outage", "data-key": "outage", hidden: !isOut && !silent.length, "aria-label": t("desk.outage.title") },
      isOut && banner("bad", "warning", sentenceOf(waiting_since, silent, zone, at), more),
      !isOut && silent.length > 0 && can_leave && banner("info", "bell", t("desk.outage.others", { gateways: namesOf(silent, zone) }), more),
      isOut && to_call.length > 0 && this.#people(to_call, zone),
    );
  } // prettier-ignore

  /** @param {ToCall[]} people @param {string} zone */
  #people(people, zone) {
    const shown = this.#showsAll ? people : people.slice(0, SHOWN);
    return h(
      "div",
      { class: "outage__call", "data-key": "call" },
      h("h2", { class: "heading" }, icon("phone-call", "s"), tn("desk.outage.call", people.length)),
      h("ul", { class: "outage__people" }, shown.map((one) => this.#person(one, zone))),
      people.length > SHOWN &&
        button("outage-all", "btn btn--quiet btn--small", null, this.#showsAll ? t("desk.fewer") : t("desk.overdue_all", { count: people.length }), { "aria-expanded": String(this.#showsAll) }),
    );
  } // prettier-ignore

  /** @param {ToCall} one @param {string} zone */
  #person({ call_id, starts_at, person_id, name, is_confirmed }, zone) {
    const number = this.#numbers.get(person_id);
    const named = { "data-person-id": person_id, "aria-label": t("desk.outage.phone", { name }), "aria-busy": String(this.#busy.has(person_id)) };
    return h(
      "li",
      { class: "outage__person", "data-key": `${call_id} ${person_id}`, "data-person-id": person_id },
      button("call", "outage__time", null, clockTime(starts_at, zone), { "data-call-id": call_id, "aria-label": t("desk.outage.show_call", { time: clockTime(starts_at, zone), name }) }),
      h("span", { class: "outage__name" }, name, is_confirmed && h("span", { class: "muted" }, ` · ${t("desk.outage.knows")}`)),
      number
        ? h("a", { class: "btn btn--small btn--go", href: `tel:${number}`, "data-key": "dial" }, icon("phone-call", "s"), number)
        : button("outage-number", "btn btn--small", "phone-call", t("desk.number_show"), named),
    );
  } // prettier-ignore

  /** @param {string} id */
  async #ask(id) {
    this.#busy.add(id);
    this.#desk.show();
    const answer = await this.#desk.command(`/api/persons/${id}/number/show`, {}, "");
    if (answer) this.#numbers.set(id, answer.number);
    this.#busy.delete(id);
    this.#desk.show();
    if (answer) /** @type {HTMLElement | null} */ (document.querySelector(`.outage__person[data-person-id="${id}"] a`))?.focus();
  } // prettier-ignore
}

/** @param {import("./wire.js").TextsNow} texts */
export const isOutage = ({ waiting_since, silent, can_leave }) => Boolean(waiting_since) || (silent.length > 0 && !can_leave);

/** @param {string | null} since @param {{name: string, since: string}[]} silent @param {string} zone @param {number} at */
function sentenceOf(since, silent, zone, at) {
  const gateways = silent.length ? t("desk.outage.silent", { gateways: namesOf(silent, zone) }) : "";
  const said = since ? sinceText(at - ms(since)) : t("desk.outage.none_leaves");
  return gateways ? t("desk.outage.both", { said, gateways }) : said;
}

/** @param {number} late_ms */
function sinceText(late_ms) {
  const hours = Math.floor(late_ms / HOUR);
  return hours >= 2 ? tn("desk.outage.hours", hours) : tn("desk.outage.minutes", Math.max(1, Math.floor(late_ms / MINUTE)));
}

/** "Kannel (since 18:05)" @param {{name: string, since: string}[]} silent @param {string} zone */
const namesOf = (silent, zone) =>
  listed(silent.map(({ name, since }) => t("desk.outage.since", { gateway: gatewayName(name), time: clockTime(since, zone) })));
