/**
 * Once, every week, or every two weeks: what is chosen for the time of a call, and on which of the first days there
 * would be none, asked of the server before anything is booked.
 */
import { dayText, ruleOf } from "../core/every.js";
import { t } from "../core/texts.js";
import { dayNumber, weekday } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { h } from "../ui/dom.js";
import { seriesOf } from "./aims.js";

/** @typedef {import("./aims.js").Choice} Choice */
/** @typedef {import("./wire.js").Foreseen} Foreseen */
/** @typedef {"once" | import("../core/every.js").Rhythm} Choosing */

const RHYTHMS = /** @type {const} */ (["once", "weekly", "fortnightly"]);
const SHOWN_DAYS = 5;

export class Again {
  /** @type {Choosing} */
  rhythm = "once";
  /** What would come of it; null while nobody knows. @type {Foreseen["days"] | null} */
  #days = null;
  #asked = "";
  #phone;

  /** @param {import("../phone.js").Phone} phone */
  constructor(phone) {
    this.#phone = phone;
  }

  forget() {
    this.#days = null;
    this.#asked = "";
  }

  /** @param {Choice} choice @returns {[path: string, body: object] | null} null for a single call */
  command(choice) {
    return this.rhythm === "once" ? null : ["/api/series", seriesOf(choice, this.#rule(choice))];
  }

  /** Looks ahead, unless it is known already. @param {Choice | null} choice */
  async look(choice) {
    const body = choice && this.command(choice)?.[1];
    const asked = body ? JSON.stringify(body) : "";
    if (!body || asked === this.#asked) return;
    this.#asked = asked;
    this.#days = null;
    try {
      const query = Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
      const found = await this.#phone.live.api.get("/api/series/preview", query);
      if (asked === this.#asked) this.#days = found.days;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (asked === this.#asked) this.#asked = ""; // asked again with the next touch; booking says what is wrong
    }
    this.#phone.show();
  }

  /** @param {Choice} choice */
  #rule({ startsAt, zone }) {
    const rhythm = this.rhythm === "fortnightly" ? "fortnightly" : "weekly";
    return ruleOf(rhythm, dayText(dayNumber(startsAt, zone)));
  }

  /** @param {string} zone the reader's */
  part(zone) {
    return h(
      "div",
      { class: "again", "data-key": "again" },
      h(
        "div",
        { class: "again__choice", role: "radiogroup", "aria-label": t("phone.time.how_often") },
        RHYTHMS.map((rhythm) =>
          h(
            "button",
            {
              class: "again__one", type: "button", role: "radio", "data-act": "rhythm", "data-rhythm": rhythm,
              "aria-checked": String(rhythm === this.rhythm),
            }, // prettier-ignore
            t(`phone.time.rhythm.${rhythm}`),
          ),
        ),
      ),
      this.rhythm !== "once" && this.#preview(zone),
    );
  }

  /** @param {string} zone */
  #preview(zone) {
    if (!this.#days) return this.#asked ? h("p", { class: "actions__text muted" }, t("phone.time.looking_ahead")) : null;
    const shown = this.#days.slice(0, SHOWN_DAYS);
    /** @type {Map<string, string[]>} */
    const gaps = new Map();
    for (const { starts_at, reason } of this.#days) {
      if (reason) gaps.set(reason, [...(gaps.get(reason) ?? []), weekday(starts_at, zone).date]);
    }
    return [
      h(
        "ol",
        { class: "again__days" },
        shown.map(({ starts_at, reason }) =>
          h("li", { class: "again__day", "data-state": reason && "gap" }, weekday(starts_at, zone).date),
        ),
        this.#days.length > SHOWN_DAYS && h("li", { class: "again__day" }, "…"),
      ),
      [...gaps].map(([reason, days]) =>
        h(
          "p",
          { class: "actions__text again__gap" },
          t("phone.time.not_on", { days: days.join(t("phone.time.comma")), reason: t(`phone.extra.gap.${reason}`) }),
        ),
      ),
    ];
  }
}
