/** The village's weeks and its failures, drawn: who was heard, how long was talked, why calls came to nothing. */
import { t, tn } from "../core/texts.js";
import { weekday } from "../core/time.js";
import { h } from "../ui/dom.js";
import { columnsOf, figure, numbersTable, shareOf } from "./plots.js";
import { reasonText } from "./words.js";

/** @typedef {import("./wire.js").Ledger} Ledger
 * @typedef {import("./wire.js").LedgerWeek} LedgerWeek */

/** The day on which a week begins, as a civil date. @param {LedgerWeek} week */
export const nameOf = ({ week }) => weekday(week, "UTC").date;

/** @param {Ledger} ledger */
export function plots({ weeks, failures }) {
  if (!weeks.some(({ calls_held, calls_missed, heard }) => calls_held + calls_missed + heard)) {
    return h("p", { class: "muted", "data-key": "plots" }, t("desk.no_weeks"));
  }
  return h("div", { class: "plots", "data-key": "plots" }, heardPlot(weeks), minutesPlot(weeks), failuresPlot(failures));
}

/** @param {LedgerWeek[]} weeks */
function heardPlot(weeks) {
  const names = weeks.map(nameOf);
  const columns = weeks.map(({ heard, children }, place) => ({
    says: t("desk.plot.heard_in", { week: names[place], heard, children }),
    parts: [heard, children - heard],
  }));
  const title = t("desk.plot.heard");
  const about = thisWeek(weeks);
  const legend = h(
    "p",
    { class: "plot__legend", "aria-hidden": "true" },
    h("span", { class: "plot__key plot__key--0" }, t("desk.plot.is_heard")),
    h("span", { class: "plot__key plot__key--1" }, t("desk.plot.is_unheard")),
  );
  const table = numbersTable(["week", "children", "heard"], weeks.map(({ heard, children }, place) => [names[place], children, heard]));
  return figure("heard", title, about, [columnsOf(`${title}. ${about}`, columns, names), legend], table);
} // prettier-ignore

/** "This week 28 of 41 children were heard". @param {LedgerWeek[]} weeks */
export function thisWeek(weeks) {
  const { heard = 0, children = 0 } = weeks[weeks.length - 1] ?? {};
  return t("desk.heard_this_week", { heard, children });
}

/** @param {LedgerWeek[]} weeks */
function minutesPlot(weeks) {
  const names = weeks.map(nameOf);
  const columns = weeks.map(({ minutes }, place) => ({
    says: t("desk.plot.minutes_in", { week: names[place], minutes: tn("desk.minutes", minutes) }),
    parts: [minutes],
  }));
  const title = t("desk.plot.minutes");
  const about = t("desk.minutes_this_week", { minutes: tn("desk.minutes", weeks[weeks.length - 1]?.minutes ?? 0) });
  const rows = weeks.map(({ calls_held, calls_missed, minutes }, place) => [names[place], calls_held, calls_missed, minutes]);
  const table = numbersTable(["week", "calls_held", "calls_missed", "minutes"], rows);
  return figure("minutes", title, about, columnsOf(`${title}. ${about}`, columns, names), table);
} // prettier-ignore

/** These bars are a table already. @param {Ledger["failures"]} failures */
function failuresPlot(failures) {
  const most = Math.max(1, ...failures.map(({ count }) => count));
  const all = failures.reduce((sum, { count }) => sum + count, 0);
  const rows = failures.map(({ reason, count }) =>
    h(
      "tr",
      { "data-key": reason, "data-reason": reason },
      h("th", { scope: "row" }, reasonText(reason)),
      h("td", { class: "reasons__bar" }, shareOf(count, most)),
      h("td", { class: "table__number" }, count),
    ),
  );
  const head = ["reason", "", "count"].map((column) => h("th", { scope: "col" }, column && t(`desk.column.${column}`)));
  return figure(
    "failures",
    t("desk.plot.failures"),
    all ? tn("desk.failed", all) : t("desk.no_failures"),
    all > 0 && h("table", { class: "reasons" }, h("thead", { class: "hidden-text" }, h("tr", {}, head)), h("tbody", {}, rows)),
  );
} // prettier-ignore
