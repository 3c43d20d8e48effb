/**
 * A text to everybody of the village: written with its length and cost beside it, looked at as it will leave, then sent.
 * What it costs is the server's to say, since it knows the numbers, the alphabet and what stands in front.
 */
import { t, tn } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, sentence } from "../ui/dom.js";
import { field, form, submit } from "./fields.js";
import { money } from "./money.js";
import { listed } from "./words.js";

/** @typedef {import("./wire.js").BroadcastPreview} Preview
 * @typedef {import("./texts.js").TextsView} TextsView */

const PAUSE_MS = 600; // in typing, before it is counted
const LONGEST = 20_000; // what is too long to be sent can still be shortened
const NAMES_SHOWN = 12;

export class Broadcast {
  #view;
  #timer = 0;
  /** What was counted last, and for which text. @type {{text: string, counted: Preview} | null} */
  #found = null;
  /** Whether it is looked at before it is sent. */
  #isShown = false;
  #isAsking = false;
  #isSending = false;
  #refusal = "";
  /** What was sent last. @type {{people: number, segments: number, cost: number, currency: string} | null} */
  #sent = null;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "preview-broadcast": () => this.#preview(),
    "change-broadcast": () => this.#change(),
    "send-broadcast": () => this.#send(),
    "forget-broadcast": () => this.#forget(),
  };

  /** @param {TextsView} view */
  constructor(view) {
    this.#view = view;
  }

  get #text() {
    return this.#view.draft.broadcast;
  }

  /** Something was typed on the page, here or elsewhere. */
  typed() {
    if (this.#found?.text === this.#text || (!this.#text.trim() && !this.#found)) return;
    this.#isShown = false;
    this.#refusal = "";
    this.#sent = null;
    clearTimeout(this.#timer);
    if (this.#text.trim()) this.#timer = window.setTimeout(() => this.#count(), PAUSE_MS);
    else this.#found = null;
  }

  /** Asks what this text would cost; true when that is known. */
  async #count() {
    const { desk } = this.#view;
    const text = this.#text;
    clearTimeout(this.#timer);
    if (!text.trim()) return false;
    this.#isAsking = true;
    desk.show();
    try {
      const counted = await desk.live.api.command("/api/broadcasts/preview", { text });
      if (text === this.#text) this.#found = { text, counted };
      this.#refusal = "";
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#refusal = sentence(error);
    }
    this.#isAsking = false;
    desk.show();
    return this.#found?.text === this.#text;
  }

  async #preview() {
    if (!this.#text.trim()) {
      this.#refusal = t("desk.broadcast_empty");
      this.#view.desk.show();
      return focus("[name=broadcast]");
    }
    if (this.#found?.text !== this.#text && !(await this.#count())) return;
    this.#isShown = true;
    this.#view.desk.show();
    focus("[data-act=send-broadcast]:not(:disabled), [data-act=change-broadcast]");
  }

  #change() {
    this.#isShown = false;
    this.#view.desk.show();
    focus("[name=broadcast]");
  }

  async #send() {
    const { desk, draft } = this.#view;
    const people = this.#found ? reached(this.#found.counted) : 0;
    this.#isSending = true;
    this.#refusal = "";
    desk.show();
    const onerror = (/** @type {ApiError} */ error) => void (this.#refusal = sentence(error));
    const sent = await desk.command("/api/broadcasts", { text: this.#text }, "", { onerror });
    this.#isSending = false;
    if (sent) {
      draft.broadcast = "";
      this.#found = null;
      this.#isShown = false;
      this.#sent = { ...sent, people };
      this.#view.keep();
      await this.#view.load();
    }
    desk.show();
    if (sent) focus("[data-act=forget-broadcast]");
  }

  #forget() {
    this.#sent = null;
    this.#view.desk.show();
    focus("[name=broadcast]");
  }

  view() {
    if (this.#sent) return this.#result(this.#sent);
    const counted = this.#found?.text === this.#text ? this.#found.counted : null;
    const more = { rows: 3, maxlength: LONGEST, readonly: this.#isShown, "aria-describedby": "broadcast-count", "aria-invalid": String(Boolean(this.#refusal)) };
    return form(
      "preview-broadcast",
      { class: "card broadcast", "data-key": "form", "aria-busy": String(this.#isAsking && this.#isShown) },
      field(
        t("desk.broadcast_text"),
        h("textarea", { class: "field__input", name: "broadcast", "data-key": "broadcast", "data-value": this.#text, ...more }),
        this.#refusal,
        t("desk.broadcast_hint"),
      ),
      h("p", { class: "muted", id: "broadcast-count", "data-part": "broadcast-count", "aria-live": "polite" }, this.#countText(counted)),
      this.#isShown && counted
        ? preview(counted, this.#isSending)
        : h("div", { class: "page-head__actions", "data-key": "look" }, submit("btn btn--primary", "message", t("desk.broadcast_preview"), { disabled: !this.#text.trim() })),
    );
  } // prettier-ignore

  /** @param {Preview | null} counted */
  #countText(counted) {
    const characters = tn("desk.broadcast_characters", [...this.#text].length);
    if (!this.#text.trim()) return characters;
    if (!counted) return `${characters} · ${t(this.#refusal ? "desk.broadcast_uncounted" : "desk.broadcast_counting")}`;
    const { segments_each, segments, cost, currency } = counted;
    return [characters, tn("desk.broadcast_each", segments_each), t("desk.broadcast_sum", { people: reached(counted), segments, cost: money(cost, currency) })].join(" · ");
  } // prettier-ignore

  /** @param {{people: number, segments: number, cost: number, currency: string}} sent */
  #result({ people, segments, cost, currency }) {
    const another = button("forget-broadcast", "btn btn--small", null, t("desk.broadcast_another"));
    const said = tn("desk.broadcast_sent", people, { segments, cost: money(cost, currency) });
    return h("div", { "data-key": "sent", "data-part": "broadcast-sent" }, banner("good", "check", said, another));
  }
}

/** @param {Preview} counted @param {boolean} isSending */
function preview(counted, isSending) {
  const { parts, segments, segments_each, cost, currency, encoding, unreachable, left_this_month, refusal, most_segments } = counted;
  const facts = [
    ["people", tn("desk.broadcast_people", reached(counted))],
    ["segments", `${tn("desk.broadcast_each", segments_each)}, ${t("desk.broadcast_total", { segments, encoding })}`],
    ["cost", money(cost, currency)],
    left_this_month !== null && ["left", t("desk.broadcast_left", { left: Math.max(0, left_this_month - segments) })],
    unreachable.length > 0 && ["unreachable", t("desk.broadcast_unreachable", { names: someOf(unreachable) })],
  ].filter((each) => each !== false);
  const sending = { "aria-busy": String(isSending), disabled: Boolean(refusal) };
  return h(
    "div",
    { class: "broadcast__preview", "data-key": "preview", "data-part": "broadcast-preview" },
    h("p", { class: "field__label" }, t("desk.broadcast_reads")),
    h("div", { class: "broadcast__parts" }, parts.map((part, place) => h("p", { class: "broadcast__part", "data-key": String(place) }, part))),
    h("dl", { class: "facts" }, facts.map(([name, text]) => [h("dt", { "data-key": `t ${name}` }, t(`desk.broadcast_fact.${name}`)), h("dd", { "data-key": name, "data-fact": name }, text)])),
    refusal && banner("bad", "warning", t(`desk.broadcast_refused.${refusal}`, { each: segments_each, most: most_segments, segments, left: left_this_month ?? 0 })),
    h(
      "div",
      { class: "page-head__actions" },
      button("send-broadcast", "btn btn--primary", "check", tn("desk.broadcast_send", reached(counted)), sending),
      button("change-broadcast", "btn btn--quiet", null, t("desk.broadcast_change"), { disabled: isSending }),
    ),
  );
} // prettier-ignore

/** @param {import("./wire.js").TextCost} cost */
export const reached = ({ people, unreachable }) => people - unreachable.length;

/** @param {string[]} people */
export function someOf(people) {
  const more = people.length - NAMES_SHOWN;
  const names = people.slice(0, NAMES_SHOWN);
  return listed(more > 0 ? [...names, t("desk.broadcast_more", { count: more })] : names);
}

/** @param {string} selector */
const focus = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus();
