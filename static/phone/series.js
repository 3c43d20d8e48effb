/**
 * A series: its days, what is missing, its end; and for one call of it whether only this one is meant, this and all
 * later ones, or all. Whatever is chosen is asked of the server in its own words.
 */
import { otherPerson } from "../core/rings.js";
import { isOfOneWeekday } from "../core/every.js";
import { t, tn } from "../core/texts.js";
import { dayAndTime, dayName, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { send } from "../net/intents.js";
import { button, clearToast, h, icon, openDialog, photo, sentence, toast } from "../ui/dom.js";
import { moving, shifting } from "./aims.js";
import { reason } from "./dialogs.js";
import { capital, known, readSeries, rhythmOf, timeOfSeries } from "./known.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("./wire.js").Series} Series */
/** @typedef {(aim: import("./aims.js").Aim) => unknown} Choose opens the page on which a time is chosen */

const SHOWN_CALLS = 6;
const SLOW_MS = 700;

/** Asks which calls and why, and cancels. @param {Phone} phone @param {Call} call */
export async function cancelOf(phone, call) {
  const series = await standing(phone, call);
  if (!series) return;
  const occursOn = dayOf(series, call);
  reason(t("phone.series.cancel_title"), scopes(phone, series, call), async (why, scope, wait) => {
    const { live } = phone;
    const from_on = scope === "later" ? { from_on: occursOn } : {};
    if (scope === "one") live.adopt(await send(live.api, `/api/calls/${call.id}/cancel`, { reason: why }, wait));
    else await send(live.api, `/api/series/${series.id}/end`, { ...from_on, reason: why }, wait);
    await live.refresh();
    toast("good", t(`phone.series.cancelled.${scope}`));
  });
}

/** Asks which calls get another time. @param {Phone} phone @param {Call} call @param {Choose} choose */
export async function moveOf(phone, call, choose) {
  const series = await standing(phone, call);
  if (!series) return;
  const one = () => choose(moving(call));
  if (!isOfOneWeekday(series)) return void one();
  const places = scopes(phone, series, call).map(([scope, label]) => button(`move-${scope}`, "btn choice", null, label));
  openDialog(
    t("phone.series.move_title"),
    h("div", { class: "choices" }, places),
    [button("close", "btn btn--quiet", null, t("common.close"))],
    {
      "move-one": one,
      "move-later": () => choose(shifting(series, dayOf(series, call))),
      "move-all": () => choose(shifting(series, null)),
    },
  );
}

/** @param {Phone} phone @param {string} seriesId @param {Choose} choose */
export async function openSeries(phone, seriesId, choose) {
  const call = phone.calling.calls.find(({ series_id }) => series_id === seriesId);
  const series = await found(phone, seriesId, call);
  if (series) showSeries(phone, series, "", choose);
}

/** @param {Phone} phone @param {Series} series @param {"booked" | "changed" | ""} fresh what was done just now
 * @param {Choose} [choose] */
export function showSeries(phone, series, fresh, choose) {
  known.set(series.id, series);
  const zone = phone.live.view.now?.zone ?? series.zone;
  const line = t("phone.series.line", { every: rhythmOf(series, zone), time: timeOfSeries(series, zone) });
  const canShift = choose && !series.ended_at && isOfOneWeekday(series);
  const dialog = openDialog(
    fresh ? t(`phone.series.${fresh}`, { line }) : capital(line),
    [people(phone, series), days(series, zone), gaps(series, zone)],
    [
      button("close", fresh ? "btn btn--primary" : "btn btn--quiet", fresh ? "check" : null, t("common.close")),
      canShift && button("shift", "btn", "move", t("phone.series.move_all")),
      !fresh && !series.ended_at && button("end-series", "btn btn--danger", "close", t("phone.series.end")),
    ],
    { shift: () => choose?.(shifting(series, null)), "end-series": () => askToEnd(phone, series) },
  );
  dialog.scrollTop = 0; // on a low screen the place that has the focus stands below
}

/** @param {Phone} phone @param {Series} series */
function askToEnd(phone, series) {
  const zone = phone.live.view.now?.zone ?? series.zone;
  const [next, second] = series.calls;
  /** @type {[string, string][]} */
  const choices = [["all", tn("phone.series.end_now", series.calls.length)]];
  if (second) choices.push(["later", t("phone.series.end_after", { day: dayName(next.starts_at, zone, serverNow()) })]);
  reason(t("phone.series.end_title"), choices, async (why, scope, wait) => {
    const from_on = scope === "later" ? { from_on: second.occurs_on } : {};
    await send(phone.live.api, `/api/series/${series.id}/end`, { ...from_on, reason: why }, wait);
    await phone.live.refresh();
    toast("good", t(`phone.series.cancelled.${scope}`));
  }, t("phone.series.end"));
} // prettier-ignore

/** @param {Phone} phone @param {Series} series */
function people(phone, { child, parent, minutes, words: { until, count } }) {
  const other = phone.live.view.now?.me?.id === parent.id ? child : parent;
  const end = until ? t("phone.series.until", { day: until }) : count && tn("phone.series.count", count);
  return h(
    "div",
    { class: "row series__who" },
    photo(other, "s"),
    h(
      "p",
      { class: "row__main" },
      [t("phone.series.with", { name: other.name, minutes }), end].filter(Boolean).join(" · "),
    ),
  );
}

/** @param {Series} series @param {string} zone */
function days({ calls }, zone) {
  const more = calls.length - SHOWN_CALLS;
  return h(
    "ul",
    { class: "series__days" },
    calls.slice(0, SHOWN_CALLS).map(({ starts_at }) =>
      h("li", { class: "series__day" }, icon("check", "s"), h("time", {}, dayAndTime(starts_at, zone, serverNow()))),
    ),
    more > 0 && h("li", { class: "series__day muted" }, tn("phone.series.more", more)),
  );
}

/** @param {Series} series @param {string} zone */
function gaps(series, zone) {
  if (!series.gaps.length) return null;
  return [
    h("h3", { class: "heading" }, icon("warning", "s"), t("phone.series.gaps")),
    h(
      "ul",
      { class: "series__days" },
      series.gaps.map(({ occurs_on, reason: why }) =>
        h("li", {}, dayName(`${occurs_on}T12:00:00Z`, "UTC", serverNow()), ": ", t(`phone.extra.gap.${why}`)),
      ),
    ),
    h("p", { class: "muted" }, t("phone.series.gaps_text")),
  ];
}

/** What may be meant by one call of a series, in plain words. @param {Phone} phone @param {Series} series
 * @param {Call} call @returns {[scope: string, label: string][]} */
function scopes(phone, series, call) {
  const day = dayName(call.starts_at, phone.live.view.now?.zone ?? call.zone, serverNow());
  const isFirst = series.calls[0]?.call_id === call.id;
  const name = otherPerson(call).name;
  return [
    ["one", t("phone.series.scope.one", { day })],
    .../** @type {[string, string][]} */ (isFirst ? [] : [["later", t("phone.series.scope.later", { day })]]),
    ["all", t("phone.series.scope.all", { name })],
  ];
}

/** @param {Series} series @param {Call} call */
const dayOf = ({ calls }, { id }) => calls.find(({ call_id }) => call_id === id)?.occurs_on ?? null;

/** The series of a call, if it still is one of its calls: the first screen may show what was changed a moment ago.
 * @param {Phone} phone @param {Call} call */
async function standing(phone, call) {
  const series = await found(phone, call.series_id ?? "", call);
  if (!series || series.calls.some(({ call_id }) => call_id === call.id)) return series;
  await phone.live.refresh();
  toast("info", t("phone.agree.has_changed"));
  return null;
}

/** The series as it stands now; what hinders is said, and that it takes long.
 * @param {Phone} phone @param {string} id @param {Call | undefined} call one of it */
async function found({ live, busy, show }, id, call) {
  let isTold = false;
  const slow = setTimeout(() => ((isTold = true), toast("info", t("common.loading"))), SLOW_MS);
  busy.add(call?.id ?? id);
  show();
  try {
    await readSeries(live.api, call?.family.id ?? "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
    return null;
  } finally {
    clearTimeout(slow);
    if (isTold) clearToast();
    busy.delete(call?.id ?? id);
    show();
  }
  const series = known.get(id);
  if (!series) toast("bad", t("phone.series.gone"));
  return series ?? null;
}
