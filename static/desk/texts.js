/** Texts: how they leave, what did not arrive, a text to everybody, what they cost and by which terms, who else writes. */
import { t, tn } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, icon, sentence, stateOf } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { Broadcast } from "./broadcast.js";
import { draftOf, keepDraft } from "./drafts.js";
import { put } from "./fields.js";
import { gatewayList } from "./gateways.js";
import { monthPart } from "./month.js";
import { strangerList } from "./strangers.js";
import { TermsForm } from "./terms.js";
import { TroublesView } from "./troubles.js";
import { word } from "./words.js";

/** @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").DeskTexts} DeskTexts
 * @typedef {import("./wire.js").Strangers} Strangers
 * @typedef {import("./wire.js").Terms} Terms */

const DRAFT = "texts";
const STALE_MS = 8_000; // a gateway or an outcome may change without a hint
const LOOK_AGAIN_MS = 2_000;
const UNDER_WAY = new Set(["waiting", "sending"]);

/** @param {Desk} desk */
export async function openTexts(desk) {
  await sheet("texts.css", import.meta.url);
  return new TextsView(desk);
}

export class TextsView {
  /** @type {DeskTexts | null} */
  page = null;
  /** @type {Terms | null} */
  terms = null;
  /** @type {Strangers | null} */
  #strangers = null;
  /** @type {ApiError | null} */
  #error = null;
  #seen = {};
  #readAt = 0;
  #timer = 0;
  /** Notices that are being closed. @type {Set<string>} */
  #busy = new Set();
  /** @type {import("../ui/dom.js").Acts} */
  acts;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {{broadcast: string, terms: import("./terms.js").Typed | null}} */
    this.draft = { broadcast: "", terms: null, ...draftOf(DRAFT) };
    this.broadcast = new Broadcast(this);
    this.form = new TermsForm(this);
    this.troubles = new TroublesView(desk);
    this.acts = {
      "reload-texts": () => this.load(),
      "close-notice": (element) => this.#close(element.dataset.noticeId ?? ""),
      again: async (element) => (await this.troubles.acts.again(element), this.load()),
      ...this.broadcast.acts,
      ...this.form.acts,
    };
  }

  freshen() {
    const now = this.desk.now();
    if (!now || (now === this.#seen && Date.now() - this.#readAt < STALE_MS)) return;
    this.#seen = now;
    this.load();
  }

  async load() {
    this.#readAt = Date.now();
    const { api } = this.desk.live;
    try {
      const all = [api.get("/api/desk/texts"), api.get("/api/notices/terms"), api.get("/api/texts/strangers")];
      [this.page, this.terms, this.#strangers] = await Promise.all(all);
      this.#error = null;
      this.broadcast.typed(); // after a reload it has to be counted
      this.#lookAgain();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.desk.show();
  }

  /** What was sent again shows its outcome as soon as there is one, while somebody looks. */
  #lookAgain() {
    clearTimeout(this.#timer);
    const isUnderWay = this.page?.sent_again.some(({ state }) => UNDER_WAY.has(state));
    if (isUnderWay && location.hash === "#texts") this.#timer = window.setTimeout(() => this.load(), LOOK_AGAIN_MS);
  }

  /** @param {Event} event */
  typed({ target }) {
    if (!put(this.draft, target)) return;
    this.keep();
    this.broadcast.typed();
    this.form.typed();
    this.desk.show();
  }

  keep() {
    keepDraft(DRAFT, { ...this.draft, terms: this.form.isChanged ? this.draft.terms : null });
  }

  /** @param {string} id */
  async #close(id) {
    this.#busy.add(id);
    this.desk.show();
    if (await this.desk.command(`/api/notices/${id}/close`, {}, t("desk.notice_closed"))) await this.load();
    this.#busy.delete(id);
    this.desk.show();
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const retry = button("reload-texts", "btn btn--primary", null, t("common.retry"));
    if (!this.page || !this.terms) return [this.#error ? stateOf("error", sentence(this.#error), "", retry) : stateOf("loading", t("common.loading"))];
    return [
      h("div", { hidden: !this.#error, "data-key": "error" }, this.#error && banner("bad", "warning", sentence(this.#error), retry)),
      part("gateways", "text", gatewayList(this.page.gateways, now.zone, at)),
      part("notices", "bell", this.#notices(this.page, now, at)),
      part("undelivered", "warning", this.#undelivered(this.page, now, at)),
      part("broadcast", "message", this.broadcast.view()),
      part("month", "calendar", monthPart(this.terms)),
      part("terms", "settings", this.form.view(this.terms)),
      this.#strangers && part("strangers", "person", strangerList(this.#strangers, now, at)),
    ];
  } // prettier-ignore

  /** @param {DeskTexts} page @param {DeskNow} now @param {number} at */
  #notices({ notices }, now, at) {
    if (!notices.length) return h("p", { class: "muted" }, t("desk.notices_none"));
    return h(
      "ul",
      { class: "list" },
      notices.map(({ id, text, at: told_at, call_id }) =>
        h(
          "li",
          { class: "row", "data-key": id, "data-notice-id": id },
          icon("bell"),
          h("div", { class: "row__main" }, h("p", {}, text), h("time", { class: "muted" }, dayAndTime(told_at, now.zone, at))),
          call_id && button("call", "btn btn--quiet btn--small", "calendar", t("desk.call"), { "data-call-id": call_id }),
          button("close-notice", "btn btn--small", "check", t("desk.notice_done"), { "data-notice-id": id, "aria-busy": String(this.#busy.has(id)) }),
        ),
      ),
    );
  } // prettier-ignore

  /** @param {DeskTexts} page @param {DeskNow} now @param {number} at */
  #undelivered({ sent_again }, now, at) {
    const lost = this.troubles.list(now.troubles.filter(({ kind }) => kind === "delivery"), now, at);
    return [
      lost ?? h("p", { class: "muted", "data-key": "none" }, t("desk.undelivered_none")),
      sent_again.length > 0 &&
        h(
          "div",
          { "data-key": "again", "data-part": "sent-again", "aria-live": "polite" },
          h("h3", { class: "heading" }, tn("desk.sent_again_list", sent_again.length)),
          h("ul", { class: "trail" }, sent_again.map((one) => outcome(one, now, at))),
        ),
    ];
  } // prettier-ignore
}

const LAMPS = { waiting: "wait", sending: "wait", sent: "on", delivered: "on", failed: "bad", unknown: "lost" };

/** @param {import("./wire.js").SentAgain} one @param {DeskNow} now @param {number} at */
const outcome = ({ id, what, who, at: when, state, error }, now, at) =>
  h(
    "li",
    { class: "trail__item", "data-key": id, "data-delivery-id": id, "data-state": state },
    h("time", {}, dayAndTime(when, now.zone, at)),
    h("span", {}, t("desk.text_to", { what: word(`desk.what.${what}`, what), who })),
    h("span", { class: `lamp lamp--${LAMPS[state]}` }, t(`desk.delivery.${state}`), error && `: ${word(`desk.trouble.${error}`, error)}`),
  ); // prettier-ignore

/** @param {string} name @param {string} iconId @param {import("../ui/dom.js").Child} body */
const part = (name, iconId, body) =>
  h(
    "section",
    { class: "part", "data-key": name, "data-part": `texts-${name}`, "aria-labelledby": `texts-${name}` },
    h("h2", { class: "heading", id: `texts-${name}` }, icon(iconId, "s"), t(`desk.texts_part.${name}`)),
    body,
  );
