/** When the people of a family have time, and their regular calls, on the family's page: read, said, ended. */
import { stays } from "../core/shifts.js";
import { weekdayName } from "../core/every.js";
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { MARKS } from "../phone/hours_view.js";
import { clock, dayLabel, hoursText, markOf, markWord, patternText } from "../phone/hours_words.js";
import { button, h, icon, photo, sentence } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { roleText } from "./fields.js";
import { face, refusal } from "./people.js";
import { askToEnd, lineOf, nextOf, shift, showSeries } from "./series.js";

/** @typedef {import("../phone/wire.js").Hours} Hours
 * @typedef {import("../phone/wire.js").Pattern} Pattern
 * @typedef {import("../phone/wire.js").Series} Series
 * @typedef {import("./household.js").Household} Household
 * @typedef {import("./wire.js").EnrolledMember} EnrolledMember */

const SHOWN_DAYS = 14;

export const ready = Promise.all(["scheduling.css", "../phone/hours.css", "../phone/choose.css"].map((name) => sheet(name, import.meta.url)));

/** What was read of a family's times; null is on its way. */
export class Times {
  /** By person. @type {Map<string, Hours | null>} */
  hours = new Map();
  /** @type {Series[] | null} */
  series = null;
  /** @type {ApiError | null} */
  error = null;

  /** @param {Household} home */
  constructor(home) {
    this.home = home;
  }

  /** Reads what has not been read, and the regular calls again: they change with the evening. */
  async read() {
    const { home, hours } = this;
    const { api } = home.desk.live;
    const unread = home.members.filter(({ id }) => !hours.has(id)).map(({ id }) => id);
    for (const id of unread) hours.set(id, null);
    try {
      const [found] = await Promise.all([
        api.get("/api/series", { family_id: home.id }),
        ...unread.map(async (id) => hours.set(id, await api.get(`/api/persons/${id}/availability`))),
      ]);
      this.series = found.series;
      this.error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
      for (const [id, known] of hours) if (!known) hours.delete(id);
    }
    home.desk.show();
  }

  /** @returns {import("../ui/dom.js").Acts} */
  get acts() {
    const { home } = this;
    /** @param {(series: Series) => void} run */
    const of = (run) => (/** @type {HTMLElement} */ { dataset }) => {
      const series = this.series?.find(({ id }) => id === dataset.seriesId);
      if (series) run(series);
    };
    return {
      "show-series": of((series) => showSeries(home.desk, series, false)),
      "shift-series": of((series) => shift(home.desk, series, null)),
      "end-series": of((series) => askToEnd(home.desk, series)),
      "end-hours": ({ dataset }) => this.#end(dataset.personId ?? "", (dataset.patternIds ?? "").split(" ")),
      "say-hours": async ({ dataset }) => {
        const member = home.member(dataset.personId ?? "");
        const hours = this.hours.get(dataset.personId ?? "");
        const part = await import("./say_hours.js");
        if (member && hours) new part.SayHours(home.desk, member, hours, (answer) => this.#take(member.id, answer));
      },
    };
  }

  /** @param {string} personId @param {string[]} ids */
  async #end(personId, ids) {
    for (const id of ids) {
      const answer = await this.home.do(`hours:${personId}`, `/api/availability/${id}/end`, {}, t("desk.hours_ended"));
      if (!answer) return;
      this.#take(personId, answer);
    }
  }

  /** @param {string} personId @param {Hours} answer */
  #take(personId, answer) {
    this.hours.set(personId, answer);
    this.home.desk.show();
  }
}

/** Each person once, whatever their roles. @param {Times} times @param {EnrolledMember[]} members */
export const hoursPart = (times, members) => [
  times.error && h("p", { class: "field__error", role: "alert" }, sentence(times.error)),
  h("ul", { class: "members" }, members.filter(({ id }, place) => members.findIndex((one) => one.id === id) === place).map((member) => personCard(times, member))),
]; // prettier-ignore

/** @param {Times} times @param {EnrolledMember} member */
function personCard({ home, hours: all }, member) {
  const hours = all.get(member.id);
  return h(
    "li",
    { class: "card member", "data-key": member.id, "data-hours-of": member.id },
    h(
      "div",
      { class: "member__who" },
      face(home, member, "s"),
      h("div", {}, h("h3", { class: "row__title" }, member.name), h("p", { class: "row__text" }, roleText(member.role))),
      hours?.may_change && button("say-hours", "btn btn--small", "plus", t("desk.hours_say"), { "data-person-id": member.id }),
    ),
    hours ? [saidOf(hours, home.busy.has(`hours:${member.id}`)), fortnight(hours)] : h("p", { class: "muted" }, t("common.loading")),
    refusal(home, `hours:${member.id}`),
  );
} // prettier-ignore

/** What is said of somebody's hours, in words. @param {Hours} hours @param {boolean} isBusy */
function saidOf({ patterns, person_id, may_change }, isBusy) {
  const isStay = (/** @type {Pattern} */ { kind, occupation }) => kind === "weekly" && occupation === "boarding";
  const others = patterns.filter((pattern) => pattern.kind !== "swap" && !isStay(pattern));
  /** @type {[ids: string, title: string, text: string][]} */
  const lines = [
    ...stays(patterns.filter(isStay)).map(({ from, until, ids }) => /** @type {[string, string, string]} */ (
      [ids.join(" "), t("phone.hours.occupation.boarding"), t("phone.hours.stay", { from: moment(from), until: moment(until) })]
    )),
    ...others.map((pattern) => /** @type {[string, string, string]} */ ([pattern.id, ...patternText(pattern)])),
  ];
  if (!lines.length) return h("p", { class: "muted" }, t("desk.hours_none"));
  return h(
    "ul",
    { class: "said" },
    lines.map(([ids, title, text]) =>
      h(
        "li",
        { class: "said__one", "data-key": ids },
        h("p", {}, h("strong", {}, title), " ", h("span", { class: "muted" }, text)),
        may_change && button("end-hours", "btn btn--small btn--quiet", null, t("desk.hours_end"), { "data-pattern-ids": ids, "data-person-id": person_id, "aria-busy": String(isBusy) }),
      ),
    ),
  );
} // prettier-ignore

/** @param {import("../core/shifts.js").WeekMoment} moment */
const moment = ({ weekday, minute }) => `${weekdayName(weekday, document.documentElement.lang, "short")} ${clock(minute)}`;

/** The next two weeks, a mark for each day; its words where one looks. @param {Hours} hours */
const fortnight = (hours) =>
  h(
    "ol",
    { class: "fortnight", "aria-label": t("desk.hours_ahead") },
    hours.days.slice(0, SHOWN_DAYS).map(({ day }, place) => {
      const mark = markOf(hours, place);
      const said = [dayLabel(day), markWord(mark), hoursText(hours, place)].filter(Boolean).join(" · ");
      return h(
        "li",
        { class: "fortnight__day", "data-mark": mark, title: said },
        h("span", { class: "fortnight__date", "aria-hidden": "true" }, dayLabel(day).split(" ")[0]),
        h("span", { class: "fortnight__number", "aria-hidden": "true" }, String(Number(day.slice(8)))),
        icon(MARKS[mark] ?? "clock", "s"),
        h("span", { class: "hidden-text" }, said),
      );
    }),
  ); // prettier-ignore

/** @param {Times} times */
export function seriesPart({ series }) {
  if (!series) return [h("p", { class: "muted" }, t("common.loading"))];
  if (!series.length) return [h("p", { class: "muted" }, t("desk.series_none"))];
  return [h("ul", { class: "list" }, series.map(seriesRow))];
}

/** @param {Series} series */
function seriesRow(series) {
  const { id, child, parent, gaps, ended_at } = series;
  const named = { "data-series-id": id, hidden: Boolean(ended_at) };
  return h(
    "li",
    { class: "row series-row", "data-key": id },
    h("span", { class: "photos" }, photo(child, "s"), photo(parent, "s")),
    h(
      "div",
      { class: "row__main" },
      h("p", { class: "row__title" }, lineOf(series)),
      h("p", { class: "row__text" }, [t("desk.child_and_parent", { child: child.name, parent: parent.name }), nextOf(series)].join(" · ")),
      gaps.length > 0 && !ended_at && h("span", { class: "lamp lamp--wait" }, t("desk.series_has_gaps", { count: gaps.length })),
    ),
    button("show-series", "btn btn--small", "calendar", t("desk.series_show"), named),
    button("shift-series", "btn btn--small", "move", t("desk.series_change"), named),
    button("end-series", "btn btn--small btn--danger", null, t("desk.series_end"), named),
  );
} // prettier-ignore
