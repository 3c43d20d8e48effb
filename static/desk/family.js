/** A family's page: its people, when they have time, their regular calls, what is allowed, who is kept apart, the picture PIN; and what the desk does for it. */
import { t } from "../core/texts.js";
import { button, emblem, h, icon, openDialog, sentence, stateOf } from "../ui/dom.js";
import { apartPart, consentActs, consentForm, consentList } from "./consents.js";
import { childrenOf, nextText, parentsOf } from "./families.js";
import { Household } from "./household.js";
import { memberCard, newcomerPart, peopleActs, photoChosen } from "./people.js";
import { hoursPart, seriesPart, Times } from "./times.js";

export { ready } from "./times.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").Desk} Desk */

const ROLES = ["child", "parent", "caregiver"];

export class FamilyView {
  /** Families that were looked at, with what was typed. @type {Map<string, Household>} */
  #homes = new Map();
  /** @type {Household | null} */
  #home = null;
  /** @type {WeakMap<Household, Times>} */
  #times = new WeakMap();
  #desk;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {};

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** @param {string} id */
  open(id) {
    if (this.#home?.id === id) return;
    const home = this.#homes.get(id) ?? new Household(this.#desk, id);
    this.#homes.set(id, home);
    this.#home = home;
    home.onread = () => this.#timesOf(home).read();
    this.acts = { ...peopleActs(home), ...consentActs(home), ...this.#timesOf(home).acts, ...this.#acts(home) };
  }

  freshen() {
    this.#home?.freshen();
  }

  /** @param {Household} home */
  #timesOf(home) {
    const times = this.#times.get(home) ?? new Times(home);
    this.#times.set(home, times);
    return times;
  }

  /** @param {Event} event */
  typed(event) {
    if (this.#home && !photoChosen(this.#home, event) && this.#home.typed(event) && event.type === "change") this.#desk.show();
  } // prettier-ignore

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const home = this.#home;
    if (!home?.family) return [waiting(home)];
    const { family } = home;
    const times = this.#timesOf(home);
    const members = ROLES.flatMap((role) => home.withRole(role));
    const known = now.families.find(({ id }) => id === family.id);
    const canCall = known && childrenOf(known).length > 0 && parentsOf(known).length > 0;
    return [
      h(
        "header",
        { class: "page-head", "data-key": family.id },
        emblem(family.emblem, "m"),
        h("div", { class: "row__main" }, h("h2", { class: "page-head__title" }, family.name), h("p", { class: "muted" }, known && nextText(known, now, at))),
        h(
          "div",
          { class: "page-head__actions" },
          button("call-now", "btn btn--go", "phone-call", t("desk.call_now"), { disabled: !canCall }),
          button("book", "btn btn--primary", "calendar", t("desk.book"), { disabled: !canCall }),
          h("a", { class: "btn", href: `#enrol=${family.id}` }, t("desk.guide")),
        ),
      ),
      section("people", "family", [
        h("ul", { class: "members" }, members.map((member) => memberCard(home, member))),
        newcomerPart(home),
      ]),
      section("times", "clock", hoursPart(times, members)),
      section("series", "calendar", seriesPart(times)),
      section("consent", "check", [
        ...consentList(home),
        h("details", { class: "fold", "data-key": "form" }, h("summary", {}, t("desk.consent_add")), consentForm(home)),
      ]),
      section("apart", "link-lost", apartPart(home)),
      section("pin", "settings", pinPart(home)),
    ];
  } // prettier-ignore

  /** @param {Household} home @returns {import("../ui/dom.js").Acts} */
  #acts(home) {
    const known = () => this.#desk.now()?.families.find(({ id }) => id === home.id);
    /** @param {(family: import("./wire.js").DeskFamily) => void} run */
    const withFamily = (run) => () => {
      const family = known();
      if (family) run(family);
    };
    return {
      "reload-family": () => home.load(),
      "call-now": withFamily((family) => this.#desk.callNow(family)),
      book: withFamily((family) => this.#desk.book(family, null)),
      "clear-pin": () => askToClear(home),
      "unblock-pin": () => home.do("pin", `/api/families/${home.id}/pin/unblock`, {}, t("desk.pin_unblocked")),
    };
  }
}

/** @param {Household | null} home */
export function waiting(home) {
  if (!home?.error) return stateOf("loading", t("common.loading"));
  const retry = button("reload-family", "btn btn--primary", null, t("common.retry"));
  return stateOf("error", sentence(home.error), "", home.error.status === 404 ? null : retry);
}

/** @param {string} name @param {string} iconId @param {import("../ui/dom.js").Child[]} body */
const section = (name, iconId, body) =>
  h(
    "section",
    { class: "part", "data-key": name, "data-part": name },
    h("h2", { class: "heading" }, icon(iconId, "s"), t(`desk.part.${name}`)),
    body,
  );

/** @param {Household} home */
function pinPart(home) {
  const { set = false, blocked = false } = home.family?.pin ?? {};
  const [lamp, key] = blocked ? ["bad", "desk.pin_is_blocked"] : set ? ["on", "desk.pin_is_set"] : ["off", "desk.pin_none"];
  const busy = { "aria-busy": String(home.busy.has("pin")) };
  return [
    h("p", {}, h("span", { class: `lamp lamp--${lamp}` }, t(key))),
    h(
      "div",
      { class: "page-head__actions", hidden: !set },
      button("unblock-pin", "btn btn--small", null, t("desk.pin_unblock"), { ...busy, hidden: !blocked }),
      button("clear-pin", "btn btn--small btn--danger", null, t("desk.pin_clear"), busy),
    ),
  ];
} // prettier-ignore

/** @param {Household} home */
function askToClear(home) {
  openDialog(
    t("desk.pin_clear"),
    [h("p", {}, t("desk.pin_clear_text"))],
    [button("close", "btn btn--quiet", null, t("desk.keep")), button("clear", "btn btn--danger", null, t("desk.pin_clear"))],
    { clear: () => home.do("pin", `/api/families/${home.id}/pin`, {}, t("desk.pin_cleared"), "DELETE") },
  );
} // prettier-ignore
