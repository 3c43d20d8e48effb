/** The weekly hours, by the village's own clock: changed as a draft, and saved all at once. */
import { t } from "../core/texts.js";
import { button, h, icon } from "../ui/dom.js";
import { form, input, submit } from "./fields.js";
import { cityName, minuteOf, timeOf, weekdayName } from "./wallclock.js";

/** @typedef {import("./wire.js").VillagePage} VillagePage
 * @typedef {import("./village.js").VillageView} VillageView
 * @typedef {{opens: string, closes: string}} Span
 * @typedef {Record<string, Span>[]} Week by weekday, then by place */

const DAYS = [0, 1, 2, 3, 4, 5, 6];
const USUAL = { opens: "18:00", closes: "21:00" };

export class Hours {
  #view;
  #count = 0;
  /** What stood there before it was saved over here, to be had back. @type {ReturnType<typeof plain> | null} */
  #before = null;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "add-span": (element) => this.#change((week) => (week[Number(element.dataset.day)][`n${++this.#count}${Date.now()}`] = { ...USUAL })),
    "drop-span": (element) => this.#change((week) => delete week[Number(element.dataset.day)][element.dataset.span ?? ""]),
    "copy-monday": () => this.#change((week) => DAYS.slice(1).forEach((day) => (week[day] = copied(week[0])))),
    "forget-hours": () => this.#forget(),
    "save-hours": () => this.#save(plain(this.#view.draft.week ?? []), t("desk.hours_saved")),
    "hours-back": () => this.#before && this.#save(this.#before, t("desk.hours_undone")),
  }; // prettier-ignore

  /** @param {VillageView} view */
  constructor(view) {
    this.#view = view;
  }

  /** @param {VillagePage} page */
  view(page) {
    const kept = weekOf(page);
    const week = this.#view.draft.week ?? kept;
    const isChanged = JSON.stringify(plain(week)) !== JSON.stringify(plain(kept));
    const busy = { "aria-busy": String(this.#view.busy.has("hours")) };
    if (!this.#view.draft.week) this.#view.draft.week = kept; // fields need a place to write to
    return [
      h("p", { class: "muted" }, t("desk.hours_text", { zone: cityName(page.zone), slot: page.slot_minutes, buffer: page.buffer_minutes })),
      form(
        "save-hours",
        { class: "card", ...busy },
        h("ul", { class: "week" }, DAYS.map((day) => dayRow(day, week[day]))),
        this.#view.refusal("hours"),
        h(
          "div",
          { class: "page-head__actions" },
          submit("btn btn--primary", "check", t("desk.hours_save"), { ...busy, disabled: !isChanged }),
          button("copy-monday", "btn btn--quiet", null, t("desk.hours_copy")),
          button("hours-back", "btn btn--quiet", "move", t("desk.hours_back"), { ...busy, hidden: isChanged || !this.#before }),
          button("forget-hours", "btn btn--quiet", null, t("desk.hours_forget"), { hidden: !isChanged }),
        ),
      ),
    ];
  } // prettier-ignore

  /** @param {(week: Week) => void} run */
  #change(run) {
    const { draft } = this.#view;
    if (!draft.week) return;
    run(draft.week);
    this.#view.keep();
    this.#view.desk.show();
  }

  #forget() {
    this.#view.draft.week = null;
    this.#view.refusals.delete("hours");
    this.#view.keep();
    this.#view.desk.show();
  }

  /** @param {ReturnType<typeof plain>} openings @param {string} done */
  async #save(openings, done) {
    const before = this.#view.page && plain(weekOf(this.#view.page));
    if (!(await this.#view.do("hours", "/api/openings", { openings }, done))) return;
    this.#before = before;
    this.#forget();
  }
}

/** @param {VillagePage} page @returns {Week} */
const weekOf = (page) =>
  DAYS.map((day) =>
    Object.fromEntries(
      page.openings
        .filter((opening) => opening.weekday === day)
        .map((opening, place) => [`s${place}`, { opens: timeOf(opening.opens_minute), closes: timeOf(opening.closes_minute) }]),
    ),
  ); // prettier-ignore

/** @param {Record<string, Span>} spans @returns {Record<string, Span>} */
const copied = (spans) => Object.fromEntries(Object.entries(spans).map(([place, span]) => [place, { ...span }]));

/** What is sent: spans in their order, as the server keeps them; one that is half typed is left out. @param {Week} week */
const plain = (week) =>
  week.flatMap((spans, weekday) =>
    Object.values(spans)
      .filter(({ opens, closes }) => opens && closes)
      .map(({ opens, closes }) => ({ weekday, opens_minute: minuteOf(opens, false), closes_minute: minuteOf(closes, true) }))
      .sort((one, other) => one.opens_minute - other.opens_minute),
  ); // prettier-ignore

/** @param {number} day @param {Record<string, Span>} spans */
function dayRow(day, spans) {
  const name = weekdayName(day, document.documentElement.lang);
  const path = (/** @type {string} */ key) => `week.${day}.${key}`;
  return h(
    "li",
    { class: "week__day", "data-key": String(day) },
    h("span", { class: "week__name" }, name),
    h(
      "div",
      { class: "week__spans" },
      Object.entries(spans).map(([key, { opens, closes }]) =>
        h(
          "span",
          { class: "week__span", "data-key": key },
          input(`${path(key)}.opens`, opens, { type: "time", "aria-label": t("desk.hours_opens", { day: name }) }),
          "–",
          input(`${path(key)}.closes`, closes, { type: "time", "aria-label": t("desk.hours_closes", { day: name }) }),
          h("button", { class: "btn btn--icon btn--quiet", type: "button", "data-act": "drop-span", "data-day": day, "data-span": key, "aria-label": t("desk.hours_drop", { day: name }) }, icon("close", "s")),
        ),
      ),
      h("span", { class: "muted", "data-key": "closed", hidden: Object.keys(spans).length > 0 }, t("desk.hours_closed")),
    ),
    button("add-span", "btn btn--small btn--quiet", "plus", t("desk.hours_add"), { "data-day": day }),
  );
} // prettier-ignore
