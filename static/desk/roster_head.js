/** Above a roster: which week, how it stands, and what can be done with all of it; and how a week is begun. */
import { t, tn } from "../core/texts.js";
import { clockTime, DAY, dayAndTime, now as serverNow } from "../core/time.js";
import { button, h, icon, scene } from "../ui/dom.js";
import { noonOf } from "./roster_places.js";

/** @typedef {import("./wire.js").Roster} Roster */

const LENGTHS = [5, 10, 15, 20, 30];
const WEEKS_AHEAD = 7;

/** @param {{monday: number, today: number, roster: Roster | null, isBusy: boolean}} top */
export function head({ monday, today, roster, isBusy }) {
  const away = Math.round((monday - (today - ((today + 3) % 7))) / 7);
  return h(
    "header",
    { class: "page-head" },
    h(
      "div",
      { class: "roster__which" },
      turn(-1, "arrow-start", "desk.roster.week_before", away <= 0),
      h("div", {}, h("h2", { class: "page-head__title" }, spanText(monday)), h("p", { class: "muted" }, standing(away, roster))),
      turn(1, "arrow-end", "desk.roster.week_after", away >= WEEKS_AHEAD),
    ),
    roster && roster.progress === "done" && h("div", { class: "page-head__actions" }, actions(roster, isBusy)),
  );
} // prettier-ignore

/** @param {number} weeks @param {string} iconId @param {string} label @param {boolean} disabled */
const turn = (weeks, iconId, label, disabled) =>
  h("button", { class: "btn btn--icon", type: "button", "data-act": "roster-week", "data-weeks": weeks, "aria-label": t(label), disabled }, icon(iconId, "turns"));

/** "30 Nov – 6 Dec" as the reader's language writes it. @param {number} monday */
export function spanText(monday) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "UTC", month: "short", day: "numeric" });
  return format.formatRange(noonOf(monday), noonOf(monday) + 6 * DAY);
}

/** @param {number} away @param {Roster | null} roster */
function standing(away, roster) {
  const which = away === 0 ? t("desk.roster.this_week") : away === 1 ? t("desk.roster.next_week") : "";
  const { served = 0, families = 0 } = roster?.figures ?? {};
  const state = roster && t(`desk.roster.state_${roster.state}`, { who: roster.changed_by });
  const at = serverNow();
  const published = roster?.published_at && (at - Date.parse(roster.published_at) < DAY ? clockTime(roster.published_at, roster.zone) : dayAndTime(roster.published_at, roster.zone, at));
  const reached = roster && roster.progress === "done" && t("desk.roster.served", { served, families });
  return [which, published ? `${state} ${published}` : state, reached].filter(Boolean).join(" · ");
} // prettier-ignore

/** @param {Roster} roster @param {boolean} isBusy */
function actions(roster, isBusy) {
  const busy = { "aria-busy": String(isBusy) };
  const isDraft = roster.state === "draft";
  const isEmpty = !roster.assignments.some(({ starts_at, call_id }) => starts_at && !call_id);
  return [
    isDraft && button("publish", "btn btn--primary", "check", t("desk.roster.publish"), { ...busy, disabled: isEmpty }),
    isDraft && button("undo", "btn", "arrow-start", t("desk.roster.undo"), { ...busy, disabled: !roster.can_undo }),
    button("redraft", "btn", "hourglass", t("desk.roster.redraft"), busy),
    button("print", "btn btn--quiet", "print", t("desk.print")),
    button("csv-roster", "btn btn--quiet", null, t("desk.csv")),
    isDraft && button("drop-roster", "btn btn--quiet", "close", t("desk.roster.drop"), busy),
  ];
}

/** @param {number} minutes @param {boolean} isBusy @param {boolean} isOver */
export const settings = (minutes, isBusy, isOver) =>
  h(
    "div",
    { class: "state roster__begin", "data-state": "empty" },
    scene("scene-homes", "state__art"),
    h("p", { class: "state__title" }, t(isOver ? "desk.roster.over" : "desk.roster.none")),
    !isOver && h("p", { class: "state__text" }, t("desk.roster.none_text")),
    !isOver && h(
      "div",
      { class: "inline-form" },
      h("label", { class: "field" }, h("span", { class: "field__label" }, t("desk.length")), h("select", { class: "field__input", name: "roster-minutes" }, LENGTHS.map((each) => h("option", { value: each, selected: each === minutes }, tn("desk.minutes", each))))),
      button("draft", "btn btn--primary", "calendar", t("desk.roster.draft"), { "aria-busy": String(isBusy) }),
    ),
  ); // prettier-ignore
