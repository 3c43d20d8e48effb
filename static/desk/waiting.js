/**
 * Below tonight: who waits for a slot that gets free, in the order in which it is offered, and what is offered to whom.
 * Whom the village has promised more waits by itself; who asked for a slot is put on the list and taken off it here. On
 * paper tonight's sheet stands instead of all.
 */
import { t, tn } from "../core/texts.js";
import { dayAndTime, dayName } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, icon, photo, sentence } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { eveningPaper } from "./evening_sheet.js";
import { childrenOf, parentsOf } from "./families.js";
import { field, form, put, select, submit } from "./fields.js";
import { unheardText } from "./words.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").Waiting} Waiting */

const SHOWN = 6;

const NOBODY = "nobody";

/** @param {Desk} desk */
export async function openWaiting(desk) {
  await sheet("scheduling.css", import.meta.url);
  return new WaitingView(desk);
}

class WaitingView {
  /** @type {Waiting[] | null} */
  #waits = null;
  /** @type {ApiError | null} */
  #error = null;
  #areAllShown = false;
  #busy = "";
  /** "child parent" that are to be put on the list. */
  #draft = { pair: NOBODY };
  #seen = {};
  #desk;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  freshen() {
    const now = this.#desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    this.#load();
  }

  /** @param {Event} event */
  typed({ target }) {
    if (put(this.#draft, target)) this.#desk.show();
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "all-waits": () => ((this.#areAllShown = !this.#areAllShown), this.#desk.show()),
    "end-wait": ({ dataset }) => this.#do(dataset.waitId ?? "", `/api/waits/${dataset.waitId}/end`, {}, t("desk.wait_ended")),
    wait: () => this.#wait(),
  };

  async #wait() {
    const [child_id, parent_id] = this.#draft.pair.split(" ");
    if (!parent_id) return;
    if (await this.#do("new", "/api/waits", { child_id, parent_id }, t("desk.wait_begun"))) this.#draft.pair = NOBODY;
    this.#desk.show();
  }

  /** @param {string} spot @param {string} path @param {object} body @param {string} done */
  async #do(spot, path, body, done) {
    this.#busy = spot;
    this.#desk.show();
    const answer = await this.#desk.command(path, body, done);
    if (answer) this.#waits = answer.waits;
    this.#busy = "";
    this.#desk.show();
    return answer;
  }

  async #load() {
    try {
      this.#waits = (await this.#desk.live.api.get("/api/waits")).waits;
      this.#error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#desk.show();
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const waits = this.#waits;
    const paper = eveningPaper(now, at);
    if (!waits) return [this.#error && h("p", { class: "field__error", role: "alert" }, sentence(this.#error)), paper];
    const shown = this.#areAllShown ? waits : waits.slice(0, SHOWN);
    const turn = button("all-waits", "btn btn--small", null, this.#areAllShown ? t("desk.fewer") : t("desk.wait_all", { count: waits.length }));
    return [
      h(
        "section",
        { class: "part", "data-key": "waiting", "data-part": "waiting" },
        h("h2", { class: "heading" }, icon("lamp", "s"), waits.length ? tn("desk.waiting", waits.length) : t("desk.waiting_nobody")),
        h("p", { class: "muted" }, t("desk.waiting_text")),
        waits.length > 0 && h("ol", { class: "list" }, shown.map((one, place) => this.#row(one, place, now, at))),
        waits.length > SHOWN && h("div", {}, turn),
        this.#newcomer(now, waits),
      ),
      paper,
    ];
  } // prettier-ignore

  /** @param {Waiting} one @param {number} place @param {DeskNow} now @param {number} at */
  #row({ family, child, parent, last_heard_at, has_call_at, wait_id, since, offer }, place, now, at) {
    const heard = unheardText(last_heard_at, at, 1) || t("desk.wait_heard", { day: dayName(last_heard_at ?? "", now.zone, at) });
    const next = has_call_at && t("desk.next_call", { when: dayAndTime(has_call_at, now.zone, at) });
    const asked = since && t("desk.wait_asked", { day: dayName(since, now.zone, at) });
    return h(
      "li",
      { class: "row wait-row", "data-key": `${child.id} ${parent.id}`, "data-child-id": child.id },
      h("span", { class: "wait-row__place" }, place + 1),
      h("span", { class: "photos" }, photo(child, "s"), photo(parent, "s")),
      h(
        "div",
        { class: "row__main" },
        h("p", { class: "row__title" }, t("desk.child_and_parent", { child: child.name, parent: parent.name })),
        h("p", { class: "row__text" }, [heard, next, asked].filter(Boolean).join(" · ")),
        offer && h("p", { class: "lamp lamp--wait" }, t("desk.wait_offer", { when: dayAndTime(offer.starts_at, now.zone, at), until: dayAndTime(offer.expires_at, now.zone, at) })),
      ),
      h(
        "div",
        { class: "card__actions wait-row__acts" },
        wait_id && button("end-wait", "btn btn--small", "close", t("desk.wait_end"), { "data-wait-id": wait_id, "aria-busy": String(this.#busy === wait_id) }),
        offer && button("call", "btn btn--small", "help", t("desk.wait_show"), { "data-call-id": offer.call_id }),
        !offer && button("family", "btn btn--small", "family", family.name, { "data-family-id": family.id }),
      ),
    );
  } // prettier-ignore

  /** @param {DeskNow} now @param {Waiting[]} waits */
  #newcomer(now, waits) {
    const asked = new Set(waits.filter(({ wait_id }) => wait_id).map(({ child, parent }) => `${child.id} ${parent.id}`));
    const pairs = now.families.flatMap((family) =>
      childrenOf(family).flatMap((child) =>
        parentsOf(family).map((parent) => /** @type {[string, string]} */ ([`${child.id} ${parent.id}`, t("desk.child_and_parent", { child: child.name, parent: parent.name })])),
      ),
    );
    const choices = /** @type {[string, string][]} */ ([[NOBODY, t("desk.wait_whom")], ...pairs.filter(([pair]) => !asked.has(pair))]);
    const busy = String(this.#busy === "new");
    return form(
      "wait",
      { class: "inline-form wait-form", "aria-busy": busy, "data-key": "new" },
      field(t("desk.wait_new"), select("pair", this.#draft.pair, choices)),
      submit("btn", "plus", t("desk.wait_put"), { "aria-busy": busy, disabled: this.#draft.pair === NOBODY }),
    );
  } // prettier-ignore
}
