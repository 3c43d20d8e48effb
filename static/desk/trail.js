/** What happened to a call and who was told, in one row of instants. Pure. */
import { t } from "../core/texts.js";
import { clockTime, dayName, now as serverNow } from "../core/time.js";
import { h, icon } from "../ui/dom.js";
import { reasonText, word } from "./words.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("./wire.js").Trail} Trail */

const ANSWERED = new Set(["answered", "live", "back", "extended"]);

/** @param {Call} call @param {Trail} trail */
export function trailList(call, trail) {
  const items = [
    ...trail.events.map((event) => ({ at: event.at, iconId: ANSWERED.has(event.kind) ? "phone-call" : "clock", text: eventText(event) })),
    ...trail.told.map((told) => ({ at: told.at, iconId: "text", text: toldText(told) })),
  ].sort((one, other) => one.at.localeCompare(other.at));
  if (!items.length) return [];
  return [
    h("h3", { class: "heading" }, t("desk.trail")),
    h(
      "ol",
      { class: "trail" },
      items.map(({ at, iconId, text }) =>
        h("li", { class: "trail__item" }, icon(iconId, "s"), h("time", {}, whenText(at, call)), h("span", {}, text)),
      ),
    ),
  ];
} // prettier-ignore

/** The clock alone on the day of the call, else the day as well. @param {string} at @param {Call} call */
function whenText(at, { zone, starts_at }) {
  const [day, own] = [dayName(at, zone, serverNow()), dayName(starts_at, zone, serverNow())];
  return day === own ? clockTime(at, zone) : `${day} ${clockTime(at, zone)}`;
}

/** @param {Trail["events"][number]} event */
function eventText({ kind, by, detail }) {
  const said = word(`desk.event.${kind}`, kind);
  const reason = reasonText(detail.reason ?? null);
  return [by ? t("desk.by", { what: said, who: by }) : said, reason].filter(Boolean).join(" · ");
}

/** @param {Trail["told"][number]} told */
const toldText = ({ template, who, state }) =>
  t("desk.told", { what: word(`desk.what.${template}`, template), who, state: word(`desk.delivery.${state}`, state) });
