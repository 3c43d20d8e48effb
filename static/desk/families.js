/** The families beside tonight: who they are, when they speak next, who was not heard. */
import { t } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { emblem, h, icon, photo } from "../ui/dom.js";
import { input } from "./fields.js";
import { daysUnheard, unheardText } from "./words.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow */
/** @typedef {import("./wire.js").DeskFamily} DeskFamily */

/** @param {DeskFamily} family */
export const childrenOf = (family) => family.members.filter((member) => member.role === "child");
/** @param {DeskFamily} family */
export const parentsOf = (family) => family.members.filter((member) => member.role === "parent");

const MANY = 9; // more than are seen at once

/** Whether a family, or somebody in it, is called so. @param {DeskFamily} family @param {string} sought */
const isSought = ({ name, members }, sought) => [name, ...members.map((member) => member.name)].some((one) => one.toLowerCase().includes(sought));

export class FamilyList {
  /** What was typed to find one. */
  #sought = "";
  #show;

  /** @param {() => void} show */
  constructor(show) {
    this.#show = show;
  }

  forget() {
    this.#sought = "";
  }

  /** @param {Event} event @returns {boolean} whether it was here */
  typed({ target }) {
    if (!isField(target)) return false;
    this.#sought = target.value;
    this.#show();
    return true;
  }

  /** Enter leads to the first that was found. @param {KeyboardEvent} event */
  pressed({ key, target, isComposing }) {
    if (key !== "Enter" || isComposing || !isField(target)) return;
    /** @type {HTMLElement | null | undefined} */ (target.parentElement?.querySelector(".row"))?.focus();
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const sought = this.#sought.trim().toLowerCase();
    const rows = now.families.filter((family) => isSought(family, sought)).map((family) => h("li", { "data-key": family.id }, familyRow(family, now, at)));
    return [
      h(
        "h2",
        { class: "heading", id: "families" },
        icon("family", "s"),
        t("desk.families"),
        h("a", { class: "btn btn--small side-action", href: "#enrol" }, icon("plus", "s"), t("desk.enrol")),
      ),
      input("seek", this.#sought, { type: "search", hidden: now.families.length < MANY && !sought, "aria-label": t("desk.seek"), placeholder: t("desk.seek") }),
      rows.length
        ? h("ul", { class: "list", "aria-labelledby": "families" }, rows)
        : h("p", { class: "muted", role: "status" }, t(sought ? "desk.seek_none" : "desk.no_families")),
    ];
  } // prettier-ignore
}

/** @param {EventTarget | null} target @returns {target is HTMLInputElement} */
const isField = (target) => target instanceof HTMLInputElement && target.name === "seek";

/** @param {DeskFamily} family @param {DeskNow} now @param {number} at */
function familyRow(family, now, at) {
  const [longest] = childrenOf(family).sort((one, other) => unheardFirst(one, other, at));
  const unheard = longest && unheardText(longest.last_heard_at, at, now.promise_days);
  return h(
    "button",
    { class: "row", type: "button", "data-act": "family", "data-family-id": family.id, "data-state": unheard ? "overdue" : null },
    emblem(family.emblem, "s"),
    h(
      "span",
      { class: "row__main" },
      h("span", { class: "row__title" }, family.name),
      h("br"),
      h("span", { class: "row__text" }, nextText(family, now, at)),
      unheard && h("br"),
      unheard && h("span", { class: "lamp lamp--bad" }, unheard),
    ),
    h("span", { class: "photos" }, childrenOf(family).map((child) => photo(child, "s"))),
  );
}

/** @param {DeskFamily} family @param {DeskNow} now @param {number} at */
export function nextText(family, now, at) {
  if (!family.next_call_at) return t("desk.no_next_call");
  return t("desk.next_call", { when: dayAndTime(family.next_call_at, now.zone, at) });
}

/** @param {{last_heard_at: string | null}} one @param {{last_heard_at: string | null}} other @param {number} at */
const unheardFirst = (one, other, at) => {
  const [days, others] = [daysUnheard(one.last_heard_at, at), daysUnheard(other.last_heard_at, at)];
  return days === others ? 0 : others > days ? 1 : -1;
};
