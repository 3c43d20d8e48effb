/** Who was not heard for as long as was promised, the longest first: why it failed, what is ahead, and three ways on. */
import { t, tn } from "../core/texts.js";
import { DAY, dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, icon, photo, sentence, toast } from "../ui/dom.js";
import { parentsOf } from "./families.js";
import { reasonText, unheardText } from "./words.js";

/** @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").DeskFamily} DeskFamily
 * @typedef {import("./wire.js").LedgerChild} LedgerChild */

const SHOWN = 5;
const OFFERED_WITHIN = 7 * DAY;

export class Overdue {
  #desk;
  #showsAll = false;
  /** Children for whom a time is being looked for. @type {Set<string>} */
  #busy = new Set();
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "overdue-all": () => this.#turn(),
    "overdue-call": (element) => this.#with(element, (family) => this.#desk.callNow(family)),
    "overdue-book": (element) => this.#with(element, (family) => this.#desk.book(family, null)),
    "overdue-offer": (element) => this.#with(element, (family, childId) => this.#offer(family, childId)),
  };

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** @param {LedgerChild[]} children @param {number} promiseDays @param {DeskNow} now @param {number} at */
  view(children, promiseDays, now, at) {
    const late = children.filter(({ overdue }) => overdue);
    if (!late.length) {
      return h("p", { class: "banner", "data-key": "overdue", "data-state": "good" }, icon("check"), h("span", {}, t("desk.overdue_none")));
    }
    const rows = late.map((line, place) => this.#row(line, promiseDays, now, at, place >= SHOWN && !this.#showsAll));
    return h(
      "section",
      { class: "part", "data-key": "overdue", "data-part": "overdue", "aria-labelledby": "overdue" },
      h("h2", { class: "heading", id: "overdue" }, icon("warning", "s"), tn("desk.overdue", late.length)),
      h("ul", { class: "list overdue" }, rows),
      late.length > SHOWN &&
        button("overdue-all", "btn btn--quiet btn--small", null, this.#showsAll ? t("desk.fewer") : t("desk.overdue_all", { count: late.length }), { "aria-expanded": String(this.#showsAll) }),
    );
  } // prettier-ignore

  #turn() {
    this.#showsAll = !this.#showsAll;
    this.#desk.show();
  }

  /** @param {LedgerChild} line @param {number} promiseDays @param {DeskNow} now @param {number} at @param {boolean} isLater */
  #row(line, promiseDays, now, at, isLater) {
    const { child, family, next_call_at, reasons } = line;
    const known = now.families.find(({ id }) => id === family.id);
    const names = { "data-child-id": child.id, "data-family-id": family.id };
    const more = { ...names, disabled: !known || !parentsOf(known).length };
    const why = reasons.map(reasonText).join(t("desk.list_and"));
    return h(
      "li",
      { class: isLater ? "row overdue__row overdue__row--later" : "row overdue__row", "data-key": child.id, ...names },
      photo(child, "s"),
      h(
        "div",
        { class: "row__main" },
        h("button", { class: "row__title", type: "button", "data-act": "family", "data-family-id": family.id }, child.name),
        h("span", { class: "muted" }, ` ${family.name}`),
        h("br"),
        h("span", { class: "lamp lamp--bad" }, unheardText(line.last_heard_at, at, promiseDays)),
        why && h("span", { class: "row__text" }, ` · ${t("desk.failed_because", { reasons: why })}`),
        next_call_at && h("br"),
        next_call_at && h("span", { class: "lamp lamp--on" }, t("desk.next_call", { when: dayAndTime(next_call_at, now.zone, at) })),
      ),
      h(
        "div",
        { class: "overdue__acts" },
        !next_call_at && button("overdue-offer", "btn btn--small", "bell", t("desk.offer"), { ...more, "aria-busy": String(this.#busy.has(child.id)) }),
        button("overdue-call", "btn btn--small btn--go", "phone-call", t("desk.call_now"), more),
        button("overdue-book", "btn btn--small", "calendar", t("desk.book"), more),
      ),
    );
  } // prettier-ignore

  /** Does something for a child's family, with this child as the first that is chosen.
   * @param {HTMLElement} element @param {(family: DeskFamily, childId: string) => void} run */
  #with({ dataset: { childId = "", familyId } }, run) {
    const family = this.#desk.now()?.families.find(({ id }) => id === familyId);
    if (!family) return;
    const isOther = (/** @type {{id: string}} */ { id }) => Number(id !== childId);
    run({ ...family, members: [...family.members].sort((one, other) => isOther(one) - isOther(other)) }, childId);
  }

  /** Proposes the best time of the next days to the parent, who is asked by a text.
   * @param {DeskFamily} family @param {string} childId */
  async #offer(family, childId) {
    const [parent] = parentsOf(family);
    const pair = { child_id: childId, parent_id: parent.id };
    this.#busy.add(childId);
    this.#desk.show();
    try {
      const at = serverNow();
      const within = { from: new Date(at).toISOString(), until: new Date(at + OFFERED_WITHIN).toISOString() };
      const { proposals, minutes, zone } = await this.#desk.live.api.get("/api/proposals", { ...pair, ...within });
      const [best] = proposals;
      if (best) {
        const when = dayAndTime(best.starts_at, zone, at);
        const body = { ...pair, starts_at: best.starts_at, minutes, is_proposal: true };
        await this.#desk.command("/api/calls", body, t("desk.offered", { parent: parent.name, when }));
      } else {
        toast("info", t("desk.offer_none"));
        this.#desk.book(family, null);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast("bad", sentence(error));
    }
    this.#busy.delete(childId);
    this.#desk.show();
  }
}
