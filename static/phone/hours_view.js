/** How somebody's hours look: four weeks, a row for each day in words and marks, and what has been said of them. */
import { DAY_MINUTES, rotationOn, weekOf } from "../core/shifts.js";
import { t } from "../core/texts.js";
import { weekday } from "../core/time.js";
import { banner, button, h, icon, parts, photo, sentence, stateOf } from "../ui/dom.js";
import { timeField } from "./hours_fields.js";
import { kindsView } from "./hours_kinds.js";
import { dayLabel, hoursText, markOf, markWord } from "./hours_words.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("./hours.js").HoursPage} HoursPage */
/** @typedef {import("./wire.js").Hours} Hours */

/** A mark for each kind of day that is no colour. */
export const MARKS = /** @type {Record<string, string>} */ ({
  day: "sun", early: "sun", late: "lamp", night: "moon", off: "house", free: "house", away: "wave",
  school: "book", boarding: "book", bedtime: "moon", market: "calendar", harvest: "calendar", shift: "clock", other: "clock",
}); // prettier-ignore

/** @param {HoursPage} page @param {Now} now */
export function hoursScreen(page, now) {
  const { form, hours, error } = page;
  const person = people(now).find(({ id }) => id === page.personId);
  const isOwn = page.personId === now.me?.id;
  const title = form?.title ?? (isOwn ? t("phone.hours.title") : t("phone.hours.title_of", { name: person?.name ?? "" }));
  return h(
    "section",
    { class: "screen hours" },
    h(
      "header",
      { class: "bar" },
      h(
        "button",
        { class: "btn btn--quiet btn--icon", type: "button", "data-act": "hours-back", "aria-label": t("common.back") },
        icon("arrow-start"),
      ),
      h("h1", { class: "bar__title" }, title),
    ),
    h(
      "div",
      { class: "screen__body", "data-key": form ? "form" : page.view },
      page.isTryingAgain && banner("offline", "link-lost", t("common.trying_again")),
      error && hours && banner("bad", "warning", sentence(error)),
      !form && faces(page, now),
      body(page),
    ),
    hours && hours.may_change && footer(page),
  );
}

/** Oneself, and the children whose hours one may see. @param {Now} now */
export function people({ me, families }) {
  const children = families.flatMap(({ role, children = [] }) => (role === "child" ? [] : children));
  const all = [...(me ? [me] : []), ...children];
  return all.filter(({ id }, place) => all.findIndex((one) => one.id === id) === place);
}

/** @param {HoursPage} page @param {Now} now */
function faces({ personId }, now) {
  const all = people(now);
  if (all.length < 2) return null;
  return h(
    "div",
    { class: "children", role: "radiogroup", "aria-label": t("phone.hours.whose") },
    all.map((person) =>
      h(
        "button",
        {
          class: "child", type: "button", role: "radio", "data-act": "hours-of", "data-person-id": person.id,
          "aria-checked": String(person.id === personId),
        }, // prettier-ignore
        photo(person, "m"),
        h("span", { class: "child__name" }, person.id === now.me?.id ? t("phone.hours.me") : person.name),
      ),
    ),
  );
}

/** @param {HoursPage} page */
function body(page) {
  const { hours, error, form, view } = page;
  if (!hours) {
    if (!error) return stateOf("loading", t("common.loading"));
    return stateOf("error", sentence(error), "", button("hours-again", "btn btn--primary", null, t("common.retry")));
  }
  if (form) return form.screen();
  if (view === "kinds") return kindsView(page, hours);
  return weeks(page, hours);
}

/** @param {HoursPage} page */
function footer({ form, view, busy, undo, hours }) {
  const back = undo && [
    h("p", { class: "hours__done", role: "status" }, icon("check", "s"), h("span", {}, undo.text)),
    button("hours-undo", "btn hours__undo", null, t("phone.hours.undo"), { "aria-busy": busy === "undo" }),
  ];
  const save = button("hours-save", "btn btn--primary btn--wide", "check", t("phone.hours.save"), {
    disabled: !form?.isReady,
    "aria-busy": busy === "save",
  });
  const more = hours?.patterns.length ? button("hours-kinds", "btn hours__more", "settings", t("phone.hours.kinds")) : null;
  const shown = form ? save : [back, view === "days" && more];
  const isNothing = !form && !back && view !== "days";
  return h("footer", { class: "actions", "data-key": form ? "save" : "more", hidden: isNothing }, shown);
}

/** @param {HoursPage} page @param {Hours} hours */
function weeks(page, hours) {
  const starts = [...new Set(hours.days.map(({ day }) => weekOf(day)))];
  return [
    hours.may_change && h("p", { class: "muted" }, t("phone.hours.tap_a_day")),
    starts.map((start, nth) =>
      h(
        "section",
        { class: "week", "data-key": `week ${start}` },
        h("h2", { class: "heading" }, nth < 2 ? t(`phone.hours.week.${nth}`) : t("phone.hours.week.later", { count: nth })),
        h(
          "ul",
          { class: "list" },
          hours.days.map(({ day }, place) => weekOf(day) === start && dayRow(page, hours, place)),
        ),
      ),
    ),
  ];
}

/** @param {HoursPage} page @param {Hours} hours @param {number} place */
function dayRow(page, hours, place) {
  const { day, is_swapped } = hours.days[place];
  const mark = markOf(hours, place);
  const isOpen = page.day === day;
  const { name } = weekday(`${day}T12:00:00Z`, "UTC");
  const label = [
    h(
      "span",
      { class: "hours-day__date" },
      h("span", { class: "hours-day__name" }, place === 0 ? t("common.today") : name),
      h("span", { class: "hours-day__number" }, String(Number(day.slice(8)))),
    ),
    h("span", { class: "hours-day__mark", "data-mark": mark }, icon(MARKS[mark] ?? "clock")),
    h(
      "span",
      { class: "row__main" },
      h(
        "span",
        { class: "row__title" },
        markWord(mark),
        is_swapped && h("span", { class: "hours-day__swapped" }, icon("move", "s"), t("phone.hours.swapped")),
      ),
      h("span", { class: "row__text" }, hoursText(hours, place)),
      bar(hours.days[place].busy),
    ),
  ];
  const attributes = { class: "row hours-day", "data-day": day, "data-mark": mark };
  if (!hours.may_change) return h("li", { "data-key": day }, h("div", attributes, label));
  return h(
    "li",
    { "data-key": day },
    h("button", { ...attributes, type: "button", "data-act": "hours-day", "aria-expanded": String(isOpen) }, label),
    isOpen && swapChoices(page, hours, place),
  );
}

/** The day from midnight to midnight, its busy hours filled. @param {Hours["days"][number]["busy"]} busy */
function bar(busy) {
  let last = 0;
  const spans = busy.flatMap(({ from_minute, until_minute, occupation }) => {
    const before = from_minute - last;
    last = until_minute;
    return [stretch(before, null), stretch(until_minute - from_minute, occupation)];
  });
  return h("span", { class: "hours-bar", "aria-hidden": "true" }, ...spans, stretch(DAY_MINUTES - last, null));
}

/** @param {number} minutes @param {string | null} occupation */
const stretch = (minutes, occupation) =>
  parts(h("span", { class: "hours-bar__part", "data-busy": occupation }), { part: minutes });

/** What the day can be made by one touch. @param {HoursPage} page @param {Hours} hours @param {number} place */
function swapChoices(page, hours, place) {
  const { day, shift, is_swapped, busy } = hours.days[place];
  const words = Object.keys(rotationOn(hours.patterns, day)?.detail.hours ?? {});
  const works = words.length > 0 || busy.some(({ occupation }) => occupation === "shift");
  const isAway = markOf(hours, place) === "away";
  const shifts = [...words, ...(works ? ["off"] : [])].filter((word) => word !== shift);
  return h(
    "div",
    { class: "swap", role: "group", "aria-label": dayLabel(day) },
    !isAway && shifts.map((word) => swapChoice(page, word, MARKS[word], t(`phone.hours.shift.${word}`))),
    is_swapped && swapChoice(page, "", "move", t("phone.hours.as_usual")),
    !isAway && !page.other && [
      button("hours-other", "btn btn--small", "clock", t(works ? "phone.hours.other_hours" : "phone.hours.busy_then")),
      button("hours-away", "btn btn--small", "close", t("phone.hours.away_that_day"), {
        "aria-busy": page.busy === "away",
      }),
    ],
    isAway && h("p", { class: "muted" }, t("phone.hours.away_text")),
    page.other && otherHours(page.other, page.busy),
  );
}

/** @param {HoursPage} page @param {string} word @param {string} iconId @param {string} label */
const swapChoice = ({ busy }, word, iconId, label) =>
  button("hours-swap", "btn btn--small swap__one", iconId, label, {
    "data-shift": word,
    "data-mark": word || null,
    "aria-busy": busy === `swap ${word}`,
  });

/** @param {{from: number, until: number}} other @param {string} busy */
const otherHours = ({ from, until }, busy) =>
  h(
    "div",
    { class: "swap__hours" },
    timeField("other-from", from, t("phone.hours.begins")),
    h("span", {}, "–"),
    timeField("other-until", until, t("phone.hours.ends")),
    button("hours-swap-other", "btn btn--primary", "check", t("phone.hours.set"), { "aria-busy": busy === "swap other" }),
  );
