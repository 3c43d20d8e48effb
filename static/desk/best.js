/** The best times of two people with the reason of each; where none suits all, what stands against it and what comes nearest. */
import { t } from "../core/texts.js";
import { clockTime, dayName, now as serverNow } from "../core/time.js";
import { h, icon } from "../ui/dom.js";
import { word } from "./words.js";

/** @typedef {import("../core/wire.js").Proposals & {sentences: Record<string, string>}} Found */

const SHOWN_OBSTACLES = 4;

/** @param {Found | null | undefined} found null while they are looked for, undefined where nobody could say
 * @param {string} zone @param {(startsAt: string) => boolean} isChosen */
export function bestTimes(found, zone, isChosen) {
  if (found === undefined) return null;
  const shown = found ? (found.proposals.length ? proposals(found, zone, isChosen) : noneFits(found, zone, isChosen)) : looking();
  return h(
    "section",
    { class: "field", "data-key": "best", "data-part": "best", "aria-label": t("desk.best") },
    h("h3", { class: "field__label" }, t(found && !found.proposals.length ? "desk.best_none" : "desk.best")),
    shown,
  );
} // prettier-ignore

const looking = () => h("p", { class: "muted", role: "status" }, t("desk.best_looking"));

/** @param {Found} found @param {string} zone @param {(startsAt: string) => boolean} isChosen */
const proposals = ({ proposals: slots, sentences }, zone, isChosen) =>
  h(
    "ul",
    { class: "best" },
    slots.map(({ starts_at, reasons }) => h("li", {}, one(starts_at, zone, isChosen, reasons.map((code) => said(code, sentences)).join(" · ")))),
  ); // prettier-ignore

/** @param {Found} found @param {string} zone @param {(startsAt: string) => boolean} isChosen */
function noneFits({ obstacles, compromise, sentences }, zone, isChosen) {
  return [
    h(
      "ul",
      { class: "against" },
      obstacles.slice(0, SHOWN_OBSTACLES).map(({ code, share }) =>
        h(
          "li",
          { class: "against__one" },
          icon("warning", "s"),
          h("span", { class: "row__main" }, said(code, sentences)),
          h("span", { class: "muted" }, t("desk.best_share", { percent: Math.max(1, Math.round(share * 100)) })),
        ),
      ),
    ),
    compromise && h("p", { class: "field__label" }, t("desk.best_nearest")),
    compromise &&
      one(compromise.starts_at, zone, isChosen, t("desk.best_but", { why: compromise.conflicts.map((code) => said(code, sentences)).join(" · ") })),
  ];
} // prettier-ignore

/** @param {string} startsAt @param {string} zone @param {(startsAt: string) => boolean} isChosen @param {string} why */
const one = (startsAt, zone, isChosen, why) =>
  h(
    "button",
    { class: "best__one", type: "button", "data-act": "slot", "data-starts-at": startsAt, "aria-pressed": String(isChosen(startsAt)) },
    h("time", { class: "best__time", datetime: startsAt }, `${dayName(startsAt, zone, serverNow())} ${clockTime(startsAt, zone)}`),
    h("span", { class: "best__why" }, why),
  ); // prettier-ignore

/** What the server tells a family is said of them here. @param {string} code @param {Record<string, string>} sentences */
const said = (code, sentences) => word(`desk.slot.${code}`, sentences[code] ?? code);
