/** The way in for a coordinator: login, password, and the code that the authenticator shows. What was typed stays. */
import { t } from "../core/texts.js";
import { ApiError, newKey } from "../net/api.js";
import { banner, h, scene, sentence } from "../ui/dom.js";
import { field, form, submit } from "./fields.js";

export class DeskDoor {
  #live;
  #redraw;
  #error = "";
  #isBusy = false;
  /** What was sent last and got no answer goes on with its key. */
  #intent = { body: "", key: "" };
  /** @type {import("../ui/dom.js").Acts} */
  acts = { "sign-in": (form) => this.#signIn(/** @type {HTMLFormElement} */ (form)) };

  /** @param {import("../net/live.js").Live} live @param {() => void} redraw */
  constructor(live, redraw) {
    this.#live = live;
    this.#redraw = redraw;
  }

  view() {
    const wide = { class: "field__input", required: true };
    return h(
      "section",
      { class: "screen door" },
      h(
        "div",
        { class: "card door__card" },
        scene("scene-homes", "state__art door__art"),
        h("h1", { class: "card__title" }, t("common.homethread"), h("br"), h("span", { class: "muted" }, t("common.desk"))),
        h("div", { hidden: !this.#error, role: "alert" }, this.#error && banner("bad", "warning", this.#error)),
        form(
          "sign-in",
          { class: "dialog__body", "aria-busy": String(this.#isBusy) },
          field(t("desk.door.login"), h("input", { ...wide, name: "login", autocomplete: "username", autocapitalize: "none", maxlength: 80 })),
          field(t("desk.door.password"), h("input", { ...wide, name: "password", type: "password", autocomplete: "current-password", maxlength: 200 })),
          field(t("desk.door.code"), h("input", { ...wide, name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 12 }), null, t("desk.door.code_hint")),
          submit("btn btn--primary btn--wide", null, t("desk.door.enter"), { "aria-busy": String(this.#isBusy) }),
        ),
      ),
    );
  } // prettier-ignore

  /** @param {HTMLFormElement} form */
  async #signIn(form) {
    const empty = [...form.querySelectorAll("input")].find((input) => !input.value.trim());
    if (empty) return empty.focus();
    const given = new FormData(form);
    const typed = (/** @type {string} */ name) => String(given.get(name) ?? "");
    const body = { login: typed("login").trim(), password: typed("password"), code: typed("code").trim() };
    this.#isBusy = true;
    this.#redraw();
    try {
      await this.#live.api.command("/api/sign_in/password", body, { key: this.#keyFor(JSON.stringify(body)) });
      this.#intent = { body: "", key: "" };
      this.#error = "";
      await this.#live.enter();
      if (this.#live.view.now && this.#live.view.now.language !== document.documentElement.lang) location.reload();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!error.isPassing) this.#intent = { body: "", key: "" };
      this.#error = sentence(error);
      askAgain(form);
    } finally {
      this.#isBusy = false;
      this.#redraw();
    }
  }

  /** @param {string} body */
  #keyFor(body) {
    if (this.#intent.body !== body) this.#intent = { body, key: newKey() };
    return this.#intent.key;
  }
}

/** A code is good once; login and password stay as they are. @param {HTMLFormElement} form */
function askAgain(form) {
  const code = /** @type {HTMLInputElement} */ (form.elements.namedItem("code"));
  code.value = "";
  code.focus();
}
