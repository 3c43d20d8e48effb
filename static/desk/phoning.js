/**
 * Phoning who belongs to a call by the coordinator's own telephone: who looks after the child first, then the parent. A
 * number is shown when somebody wants to dial it; that is written down.
 */
import { t } from "../core/texts.js";
import { button, h, icon } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("./wire.js").Desk} Desk */

export class Phoning {
  /** Numbers that were looked at, by person. @type {Map<string, string>} */
  #shown = new Map();
  #busy = "";
  #desk;
  #redraw;

  /** @param {Desk} desk @param {() => void} redraw */
  constructor(desk, redraw) {
    this.#desk = desk;
    this.#redraw = redraw;
  }

  /** Null where nobody of them has a number. @param {Call} call */
  view({ family, parent }) {
    const members = this.#desk.now()?.families.find(({ id }) => id === family.id)?.members ?? [];
    const withPhone = members.filter(({ id, role, has_phone }) => has_phone && (role === "caregiver" || id === parent.id));
    const known = new Map(withPhone.map((member) => [member.id, member]));
    const sorted = [...known.values()].sort((one, other) => Number(one.id === parent.id) - Number(other.id === parent.id));
    return sorted.length > 0 && h("span", { class: "fact-with-acts" }, sorted.map((member) => this.#way(member)));
  }

  /** @param {import("./wire.js").DeskMember} member */
  #way({ id, name }) {
    const number = this.#shown.get(id);
    const named = { "data-person-id": id, "data-key": id, "aria-busy": String(this.#busy === id) };
    if (!number) return button("phone", "btn btn--small", "phone-call", t("desk.phone_whom", { name }), named);
    return h("a", { class: "btn btn--small btn--go", href: `tel:${number}`, ...named }, icon("phone-call", "s"), `${name} ${number}`);
  }

  /** @param {string} id */
  async show(id) {
    if (this.#busy) return;
    this.#busy = id;
    this.#redraw();
    const answer = await this.#desk.command(`/api/persons/${id}/number/show`, {}, "");
    if (answer) this.#shown.set(id, answer.number);
    this.#busy = "";
    this.#redraw();
  }
}
