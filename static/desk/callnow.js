/** A call that begins at this minute: which child, with whom; a refusal says why and what else is free. */
import { t } from "../core/texts.js";
import { ApiError, newKey } from "../net/api.js";
import { banner, button, draw, h, openDialog, photo, sentence, toast } from "../ui/dom.js";
import { childrenOf, parentsOf } from "./families.js";
import { form, radio, settle, submit } from "./fields.js";

/** @typedef {import("../core/wire.js").Person} Person
 * @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskFamily} DeskFamily */

const FORM = "call-now";

export class CallNow {
  #desk;
  #family;
  #chosen;
  #box = h("div");
  #send = submit("btn btn--go", "phone-call", t("desk.call_now"), { form: FORM });
  #dialog;
  /** @type {ApiError | null} */
  #error = null;
  #isSending = false;
  #key = newKey();

  /** @param {Desk} desk @param {DeskFamily} family */
  constructor(desk, family) {
    this.#desk = desk;
    this.#family = family;
    this.#chosen = { child: childrenOf(family)[0].id, parent: parentsOf(family)[0].id };
    const later = button("book", "btn", "calendar", t("desk.book"));
    const close = button("close", "btn btn--quiet", null, t("common.close"));
    const acts = { book: () => desk.book(family, null) };
    this.#dialog = openDialog(t("desk.call_now_title", { family: family.name }), [this.#box], [close, later, this.#send], acts);
    this.#dialog.dataset.screen = "call-now";
    this.#box.addEventListener("change", ({ target }) => this.#choose(/** @type {HTMLInputElement} */ (target)));
    this.#box.addEventListener("submit", (event) => (event.preventDefault(), this.#call()));
    this.#draw();
    this.#send.focus();
  } // prettier-ignore

  /** @param {HTMLInputElement} field */
  #choose({ name, value }) {
    this.#chosen[/** @type {"child" | "parent"} */ (name)] = value;
    this.#error = null;
    this.#key = newKey();
    this.#draw();
  }

  async #call() {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#draw();
    const body = { child_id: this.#chosen.child, parent_id: this.#chosen.parent };
    try {
      const onwait = () => toast("info", t("common.trying_again"));
      const call = await this.#desk.live.api.command("/api/calls/now", body, { key: this.#key, onwait });
      this.#dialog.close();
      await this.#desk.live.refresh();
      this.#desk.openCall(call.id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!error.isPassing) this.#key = newKey();
      this.#error = error;
      this.#isSending = false;
      this.#draw();
    }
  }

  #draw() {
    const { child, parent } = this.#chosen;
    draw(
      this.#box,
      FORM,
      form(
        FORM,
        { class: "dialog__body", id: FORM },
        h("p", { class: "muted" }, t("desk.call_now_text")),
        people("child", t("desk.which_child"), childrenOf(this.#family), child),
        people("parent", t("desk.which_parent"), parentsOf(this.#family), parent),
        h("div", { hidden: !this.#error, role: "alert" }, this.#error && banner("bad", "warning", whyNot(this.#error))),
      ),
    );
    settle(this.#box);
    this.#send.setAttribute("aria-busy", String(this.#isSending));
  } // prettier-ignore
}

/** No time was chosen that others could have taken. @param {ApiError} error */
const whyNot = (error) => (error.code === "slot_taken" ? t("desk.taken_now") : sentence(error));

/** @param {string} name @param {string} label @param {Person[]} persons @param {string} chosen */
const people = (name, label, persons, chosen) =>
  h(
    "fieldset",
    { class: "choices" },
    h("legend", { class: "choices__title" }, label),
    persons.map((person) => radio(name, chosen, person.id, [photo(person, "s"), h("span", {}, person.name)])),
  );
