/** Saying more of somebody's hours at the desk: which kind, then its form; what is wrong with them the server says. */
import { t } from "../core/texts.js";
import { ApiError, newKey } from "../net/api.js";
import { AwayForm, StayForm, WeeklyForm } from "../phone/hours_forms.js";
import { RotationForm } from "../phone/rotation.js";
import { banner, button, draw, h, listen, openDialog, sentence, toast } from "../ui/dom.js";

/** @typedef {import("../phone/hours.js").Form} Form
 * @typedef {import("../phone/wire.js").Hours} Hours
 * @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").EnrolledMember} EnrolledMember */

const OWN = [["weekly", "shift"], ["rotation", "shift"], ["weekly", "market"], ["away", "other"]]; // prettier-ignore
const CHILD = [["weekly", "school"], ["weekly", "bedtime"], ["stay", "boarding"], ["weekly", "other"], ["away", "other"]]; // prettier-ignore

export class SayHours {
  #desk;
  #hours;
  #ontaken;
  #kinds;
  #isChild;
  #kind = "";
  /** @type {Form} */
  #form;
  /** @type {ApiError | null} */
  #error = null;
  #isSending = false;
  #box = h("div");
  #send = button("save", "btn btn--primary", "check", t("desk.save"));
  #dialog;

  /** @param {Desk} desk @param {EnrolledMember} member @param {Hours} hours @param {(answer: Hours) => void} ontaken */
  constructor(desk, member, hours, ontaken) {
    this.#desk = desk;
    this.#hours = hours;
    this.#ontaken = ontaken;
    this.#isChild = member.role === "child";
    this.#kinds = this.#isChild ? CHILD : OWN;
    this.#form = this.#formOf(this.#kinds[0]);
    const close = button("close", "btn btn--quiet", null, t("common.close"));
    this.#dialog = openDialog(t("desk.hours_title", { name: member.name }), [this.#box], [close, this.#send], {});
    this.#dialog.dataset.screen = "hours";
    listen(this.#dialog, { save: () => this.#save() });
    const ofForm = new Proxy(/** @type {import("../ui/dom.js").Acts} */ ({}), {
      get: (_, act) => (/** @type {HTMLElement} */ element) => (this.#form.acts[String(act)]?.(element), this.#draw()),
    });
    listen(this.#box, ofForm);
    for (const kind of ["input", "change"]) this.#box.addEventListener(kind, (event) => this.#typed(event));
    this.#draw();
  }

  /** @param {Event} event */
  #typed(event) {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    if (name === "hours-kind") {
      const chosen = this.#kinds.find((kind) => kind.join(" ") === value);
      if (chosen && value !== this.#kind) this.#form = this.#formOf(chosen);
    } else this.#form.typing(event);
    this.#error = null;
    this.#draw();
  }

  /** @param {string[]} kind @returns {Form} */
  #formOf([kind, occupation]) {
    this.#kind = `${kind} ${occupation}`;
    const today = this.#hours.days[0]?.day ?? "";
    if (kind === "rotation") return new RotationForm(today);
    if (kind === "stay") return new StayForm();
    return kind === "away" ? new AwayForm(today) : new WeeklyForm(occupation, this.#isChild);
  }

  #draw() {
    draw(
      this.#box,
      "hours",
      h(
        "div",
        { class: "dialog__body" },
        h("div", { class: "pills", role: "radiogroup", "aria-label": t("desk.hours_what") }, this.#kinds.map((kind) => this.#place(kind))),
        h("div", { class: "dialog__body", "data-key": this.#kind }, this.#form.screen()),
        h("div", { hidden: !this.#error }, this.#error && banner("bad", "warning", sentence(this.#error))),
      ),
    );
    this.#send.disabled = !this.#form.isReady;
    this.#send.setAttribute("aria-busy", String(this.#isSending));
  } // prettier-ignore

  /** @param {string[]} kind */
  #place(kind) {
    const value = kind.join(" ");
    return h(
      "label",
      { class: "pill", "data-key": value },
      h("input", { class: "hidden-text", type: "radio", name: "hours-kind", value, checked: value === this.#kind }),
      t(`phone.hours.kind.${kind.join("_")}`),
    );
  }

  /** What is said anew first, then the end of what it replaces: nobody is free in between who is not. */
  async #save() {
    const { api } = this.#desk.live;
    const replaced = this.#hours.patterns.filter((pattern) => this.#form.replaces(pattern));
    const adds = this.#form.patterns().map((pattern) => /** @type {[string, object]} */ ([`/api/persons/${this.#hours.person_id}/availability`, pattern]));
    const ends = replaced.map(({ id }) => /** @type {[string, object]} */ ([`/api/availability/${id}/end`, {}]));
    this.#isSending = true;
    this.#draw();
    try {
      const onwait = () => toast("info", t("common.trying_again"));
      for (const [path, body] of [...adds, ...ends]) this.#ontaken(await api.command(path, body, { key: newKey(), onwait }));
      this.#dialog.close();
      toast("good", t("desk.saved"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#isSending = false;
    this.#draw();
  } // prettier-ignore
}
