/** What has been said of somebody's hours, each with a way to end it, and what more can be said. */
import { t } from "../core/texts.js";
import { weekdayName } from "../core/every.js";
import { button, h, icon } from "../ui/dom.js";
import { clock, patternText } from "./hours_words.js";
import { stays } from "../core/shifts.js";

/** @typedef {import("./hours.js").HoursPage} HoursPage */
/** @typedef {import("./wire.js").Hours} Hours */
/** @typedef {import("./wire.js").Pattern} Pattern */

/** What a grown-up says, and what is said of a child: form, occupation, drawing. */
const OWN = [
  ["rotation", "shift", "move"], ["weekly", "shift", "clock"], ["weekly", "market", "calendar"],
  ["away", "other", "wave"],
]; // prettier-ignore
const CHILD = [
  ["weekly", "school", "book"], ["weekly", "bedtime", "moon"], ["stay", "boarding", "house"], ["weekly", "other", "clock"],
  ["away", "other", "wave"],
]; // prettier-ignore

/** @param {HoursPage} page @param {Hours} hours */
export const kindsView = (page, hours) => [
  hours.patterns.length
    ? h("ul", { class: "list", "data-key": "said" }, said(page, hours.patterns))
    : h("p", { class: "hours__why", "data-key": "why" }, t(page.isChild ? "phone.hours.why_child" : "phone.hours.why")),
  hours.patterns.length > 0 && h("h2", { class: "heading", "data-key": "more" }, icon("plus", "s"), t("phone.hours.say")),
  h(
    "div",
    { class: "list", "data-key": "kinds" },
    (page.isChild ? CHILD : OWN).map(([kind, occupation, iconId]) =>
      h(
        "button",
        { class: "row", type: "button", "data-act": "hours-form", "data-kind": kind, "data-occupation": occupation },
        icon(iconId),
        h(
          "span",
          { class: "row__main" },
          h("span", { class: "row__title" }, t(`phone.hours.kind.${kind}_${occupation}`)),
          h("span", { class: "row__text" }, t(`phone.hours.kind_text.${kind}_${occupation}`)),
        ),
        icon("arrow-end"),
      ),
    ),
  ),
];

/** @param {HoursPage} page @param {Pattern[]} patterns */
function said(page, patterns) {
  const isStay = (/** @type {Pattern} */ { kind, occupation }) => kind === "weekly" && occupation === "boarding";
  const others = patterns.filter((pattern) => pattern.kind !== "swap" && !isStay(pattern));
  return [
    ...stays(patterns.filter(isStay)).map(({ from, until, ids }) =>
      one(
        page,
        ids,
        t("phone.hours.occupation.boarding"),
        t("phone.hours.stay", { from: moment(from), until: moment(until) }),
      ),
    ),
    ...others.map((pattern) => one(page, [pattern.id], ...patternText(pattern))),
  ];
}

/** @param {import("../core/shifts.js").WeekMoment} moment */
const moment = ({ weekday, minute }) => `${weekdayName(weekday, document.documentElement.lang, "short")} ${clock(minute)}`;

/** @param {HoursPage} page @param {string[]} ids @param {string} title @param {string} text */
const one = ({ busy, hours }, ids, title, text) =>
  h(
    "li",
    { class: "row", "data-key": ids.join(" ") },
    h("div", { class: "row__main" }, h("p", { class: "row__title" }, title), h("p", { class: "row__text" }, text)),
    hours?.may_change &&
      button("hours-end", "btn btn--small btn--danger hours__end", null, t("phone.hours.end"), {
        "data-pattern-ids": ids.join(" "),
        "aria-busy": busy === `end ${ids.join(" ")}`,
      }),
  );
