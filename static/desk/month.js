/** What this month's texts cost, by family, and how much of the budgets is left. */
import { t, tn } from "../core/texts.js";
import { emblem, h } from "../ui/dom.js";
import { money } from "./money.js";

/** @typedef {import("./wire.js").Terms} Terms */

/** @param {Terms} terms */
export function monthPart({ month, village_segments, family_segments, segment_price, currency }) {
  const { segments, cost, families } = month;
  return [
    h(
      "p",
      { "data-key": "sum" },
      h("strong", {}, tn("desk.month_segments", segments)),
      ` · ${money(cost, currency)} · `,
      village_segments === null ? t("desk.month_no_budget") : t("desk.month_budget", { budget: village_segments, left: Math.max(0, village_segments - segments) }),
    ),
    village_segments !== null && gauge(segments, village_segments, t("desk.month_gauge")),
    families.length > 0 &&
      h(
        "div",
        { class: "table-box", "data-key": "families" },
        h(
          "table",
          { class: "table", "data-table": "month" },
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("desk.month_family")), ...["texts", "cost"].map((name) => h("th", { scope: "col", class: "table__number" }, t(`desk.month_${name}`))), h("th", { scope: "col" }, t("desk.month_left")))),
          h("tbody", {}, families.map((family) => row(family, family_segments, segment_price, currency))),
        ),
      ),
  ];
} // prettier-ignore

/** @param {Terms["month"]["families"][number]} family @param {number | null} budget @param {number} price @param {string} currency */
function row({ id, name, emblem: picture, segments }, budget, price, currency) {
  const left = budget === null ? "–" : tn("desk.month_left_segments", Math.max(0, budget - segments));
  return h(
    "tr",
    { "data-key": id, "data-family-id": id },
    h("th", { scope: "row" }, h("a", { class: "month__family", href: `#family=${id}` }, emblem(picture, "s"), name)),
    h("td", { class: "table__number" }, segments),
    h("td", { class: "table__number" }, money(segments * price, currency)),
    h("td", {}, budget !== null && budget <= segments ? h("span", { class: "lamp lamp--bad" }, t("desk.month_used_up")) : left),
  );
} // prettier-ignore

/** @param {number} used @param {number} budget @param {string} label */
const gauge = (used, budget, label) =>
  h("meter", { class: "month__gauge", "data-key": "gauge", min: 0, max: Math.max(1, budget), high: budget * 0.8, value: Math.min(used, budget), "aria-label": label }); // prettier-ignore
