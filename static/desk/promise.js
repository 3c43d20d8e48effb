/** What the village promised: within how many days every child is heard. Shown, and changed on the spot. */
import { t, tn } from "../core/texts.js";
import { button, h } from "../ui/dom.js";
import { field, form, input, put, submit } from "./fields.js";

/** @typedef {import("./wire.js").Desk} Desk */

const LONGEST_DAYS = 31;

export class Promised {
  #desk;
  #changed;
  /** What is typed, while it is being changed. @type {{days: string} | null} */
  #typed = null;
  #error = "";
  #isSending = false;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "change-promise": (element) => this.#open(element.dataset.days ?? ""),
    "keep-promise": () => this.#close(),
    "save-promise": () => this.#save(),
  };

  /** @param {Desk} desk @param {() => Promise<void>} changed what follows when it is another one */
  constructor(desk, changed) {
    this.#desk = desk;
    this.#changed = changed;
  }

  /** @param {Event} event */
  typed(event) {
    return this.#typed !== null && put({ promise: this.#typed }, event.target);
  }

  /** @param {number} days @param {string} about */
  view(days, about) {
    return h(
      "header",
      { class: "page-head", "data-key": "promise", "data-part": "promise" },
      h("div", { class: "row__main" }, h("h2", { class: "page-head__title" }, tn("desk.promise", days)), h("p", { class: "muted" }, about)),
      this.#typed
        ? this.#form(this.#typed)
        : button("change-promise", "btn btn--small", null, t("desk.promise_change"), { "data-key": "change", "data-days": days }),
    );
  } // prettier-ignore

  /** @param {{days: string}} typed */
  #form({ days }) {
    const more = { type: "number", min: 1, max: LONGEST_DAYS, step: 1, "aria-invalid": String(Boolean(this.#error)) };
    return form(
      "save-promise",
      { class: "inline-form promise", "data-key": "form", "aria-busy": String(this.#isSending) },
      field(t("desk.promise_days"), input("promise.days", days, more), this.#error, t("desk.promise_hint", { longest: LONGEST_DAYS })),
      submit("btn btn--small btn--primary", null, t("desk.save"), { "aria-busy": String(this.#isSending) }),
      button("keep-promise", "btn btn--small btn--quiet", null, t("desk.promise_keep")),
    );
  } // prettier-ignore

  /** @param {string} days */
  #open(days) {
    this.#typed = { days };
    this.#desk.show();
    /** @type {HTMLInputElement | null} */ (document.querySelector("input[name='promise.days']"))?.select();
  }

  #close() {
    this.#typed = null;
    this.#error = "";
    this.#desk.show();
    /** @type {HTMLElement | null} */ (document.querySelector("[data-act='change-promise']"))?.focus();
  }

  async #save() {
    const days = Number(this.#typed?.days);
    this.#error = Number.isInteger(days) && days >= 1 && days <= LONGEST_DAYS ? "" : t("desk.promise_wrong", { longest: LONGEST_DAYS });
    if (this.#error) return this.#desk.show();
    this.#isSending = true;
    this.#desk.show();
    const onerror = (/** @type {import("../net/api.js").ApiError} */ error) => (this.#error = error.message);
    const done = await this.#desk.command("/api/village/promise", { days }, t("desk.promise_saved"), { onerror });
    this.#isSending = false;
    if (!done) return this.#desk.show();
    await this.#changed();
    this.#close();
  } // prettier-ignore
}
