/** The regular calls of a family at the desk: how a series is said, what it looks like, giving it another time, ending it. */
import { isOfOneWeekday, said, withWeekday } from "../core/every.js";
import { t, tn } from "../core/texts.js";
import { clockTime, dayAndTime, dayName, now as serverNow } from "../core/time.js";
import { button, h, icon, openDialog, photo } from "../ui/dom.js";
import { timeOf } from "./wallclock.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../phone/wire.js").Series} Series */
/** @typedef {import("./wire.js").Desk} Desk */
/** @typedef {import("./wire.js").Shift} Shift */

const SHOWN_CALLS = 8;

/** "every Sunday 19:00" @param {Series} series */
export const lineOf = ({ words, starts_minute }) =>
  t("desk.series_line", { every: said(words, document.documentElement.lang), time: timeOf(starts_minute) });

/** Whether only its time can be changed. @param {Series} series */
export const keepsItsDays = (series) => !isOfOneWeekday(series);

/** @param {Shift} shift @param {string} date the first day that is meant @param {number} starts_minute
 * @returns {[path: string, body: object]} */
export function changeOf({ series, from_on }, date, starts_minute) {
  const path = `/api/series/${series.id}/change`;
  if (keepsItsDays(series)) return [path, { ...(from_on && { from_on }), starts_minute }];
  const from = from_on && (date < from_on ? date : from_on);
  return [path, { ...(from && { from_on: from }), starts_minute, ...withWeekday(series, date, from) }];
}

/** @param {Desk} desk @param {Series} series @param {boolean} isNew it was booked or changed just now */
export function showSeries(desk, series, isNew) {
  const canChange = !series.ended_at;
  const dialog = openDialog(
    t(isNew ? "desk.series_booked" : "desk.series_title", { line: lineOf(series) }),
    [people(series), days(series), gaps(series)],
    [
      button("close", isNew ? "btn btn--primary" : "btn btn--quiet", isNew ? "check" : null, t("common.close")),
      !isNew && canChange && button("end-series", "btn btn--danger", "close", t("desk.series_end")),
      !isNew && canChange && button("shift", "btn", "move", t("desk.series_change")),
    ],
    { "end-series": () => askToEnd(desk, series), shift: () => shift(desk, series, null) },
  );
  dialog.dataset.screen = "series";
} // prettier-ignore

/** @param {Desk} desk @param {Series} series @param {string | null} from_on */
export function shift(desk, series, from_on) {
  const family = desk.now()?.families.find(({ id }) => id === series.family.id);
  if (family) desk.book(family, null, { series, from_on });
}

/** The series that a call is of, as it stands now; null where it could not be read, which is said.
 * @param {Desk} desk @param {Pick<Call, "family" | "series_id">} call @returns {Promise<Series | null>} */
export async function seriesOf(desk, { family, series_id }) {
  const { series } = await desk.live.api.get("/api/series", { family_id: family.id });
  return series.find((/** @type {Series} */ { id }) => id === series_id) ?? null;
}

/** Which calls of a series get another time, in plain words. @param {Desk} desk @param {Series} series @param {Call} call
 * @param {() => void} moveOne */
export function askWhich(desk, series, call, moveOne) {
  const occurs_on = series.calls.find(({ call_id }) => call_id === call.id)?.occurs_on ?? null;
  const day = dayName(call.starts_at, call.zone, serverNow());
  const isFirst = series.calls[0]?.call_id === call.id;
  const place = (/** @type {string} */ act, /** @type {string} */ text) => button(act, "btn", null, text);
  const dialog = openDialog(
    t("desk.series_which"),
    [
      h("p", { class: "muted" }, t("desk.series_title", { line: lineOf(series) })),
      h(
        "div",
        { class: "choices" },
        place("move-one", t("desk.series_which.one", { day })),
        !isFirst && occurs_on && place("move-later", t("desk.series_which.later", { day })),
        place("move-all", t("desk.series_which.all")),
      ),
    ],
    [button("close", "btn btn--quiet", null, t("common.close"))],
    { "move-one": moveOne, "move-later": () => shift(desk, series, occurs_on), "move-all": () => shift(desk, series, null) },
  );
  dialog.dataset.screen = "which";
} // prettier-ignore

/** @param {Desk} desk @param {Series} series */
export function askToEnd(desk, series) {
  const [next, second] = series.calls;
  const choices = [choice("all", tn("desk.series_end_now", series.calls.length))];
  if (second) choices.push(choice("later", t("desk.series_end_after", { day: dayName(next.starts_at, series.zone, serverNow()) })));
  const dialog = openDialog(
    t("desk.series_end_title", { child: series.child.name, line: lineOf(series) }),
    [h("div", { class: "choices" }, choices), h("label", { class: "field" }, h("span", { class: "field__label" }, t("desk.cancel_why")), reasons())],
    [button("close", "btn btn--quiet", null, t("desk.series_keep")), button("confirm-end", "btn btn--danger", "close", t("desk.series_end"))],
    {
      "confirm-end": () => {
        const scope = /** @type {HTMLInputElement} */ (dialog.querySelector("input:checked")).value;
        const reason = /** @type {HTMLSelectElement} */ (dialog.querySelector("select")).value;
        const from_on = scope === "later" ? { from_on: second.occurs_on } : {};
        desk.command(`/api/series/${series.id}/end`, { ...from_on, reason }, t("desk.series_ended"));
      },
    },
  );
  dialog.dataset.screen = "end-series";
} // prettier-ignore

/** @param {string} value @param {string} text */
const choice = (value, text) =>
  h("label", { class: "choice" }, h("input", { type: "radio", name: "scope", value, checked: value === "all" }), h("span", {}, text));

const reasons = () =>
  h(
    "select",
    { class: "field__input", name: "reason" },
    ["other", "shift_changed", "no_time", "sick"].map((reason) => h("option", { value: reason }, t(`desk.reason.${reason}`))),
  );

/** @param {Series} series */
function people({ child, parent, minutes, words }) {
  const end = words.until ? t("desk.series_until", { day: dayName(`${words.until}T12:00:00Z`, "UTC", serverNow()) }) : words.count && tn("desk.series_count", words.count);
  const names = t("desk.child_and_parent", { child: child.name, parent: parent.name });
  return h(
    "div",
    { class: "series__who" },
    photo(child, "s"),
    photo(parent, "s"),
    h("p", {}, [names, tn("desk.minutes", minutes), end].filter(Boolean).join(" · ")),
  );
} // prettier-ignore

/** @param {Series} series */
function days({ calls, zone }) {
  const more = calls.length - SHOWN_CALLS;
  if (!calls.length) return h("p", { class: "muted" }, t("desk.series_no_calls"));
  return h(
    "ul",
    { class: "series__days" },
    calls.slice(0, SHOWN_CALLS).map(({ starts_at }) => h("li", { class: "series__day" }, icon("check", "s"), h("time", {}, dayAndTime(starts_at, zone, serverNow())))),
    more > 0 && h("li", { class: "series__day muted" }, tn("desk.series_more", more)),
  );
} // prettier-ignore

/** Days without a call, by what hinders. @param {Series} series */
function gaps({ gaps: days }) {
  const why = [...new Set(days.map(({ reason }) => reason))];
  const of = (/** @type {string} */ reason) => days.filter((day) => day.reason === reason).map(({ occurs_on }) => dayName(`${occurs_on}T12:00:00Z`, "UTC", serverNow()));
  if (!why.length) return null;
  return h(
    "div",
    { class: "against" },
    why.map((reason) => h("p", { class: "against__one" }, icon("warning", "s"), h("span", {}, `${t(`desk.gap.${reason}`)}: ${of(reason).join(" · ")}`))),
    h("p", { class: "muted" }, t("desk.series_gaps")),
  );
} // prettier-ignore

/** The next call of a series, or that it has ended. @param {Series} series */
export function nextOf({ calls, ended_at, zone }) {
  if (ended_at) return t("desk.series_has_ended");
  if (!calls.length) return t("desk.series_no_calls");
  return t("desk.next_call", { when: `${dayName(calls[0].starts_at, zone, serverNow())} ${clockTime(calls[0].starts_at, zone)}` });
}
