/** One more question before a roster changes other people's week. */
import { t, tn } from "../core/texts.js";
import { button, h, openDialog } from "../ui/dom.js";
import { reached, someOf } from "./broadcast.js";
import { money } from "./money.js";

/** @typedef {import("./wire.js").Roster} Roster */

/** @typedef {import("./wire.js").TextCost} TextCost */

/** @param {Roster} roster @param {Promise<TextCost>} cost @param {() => void} publish */
export function askToPublish({ assignments }, cost, publish) {
  const fresh = assignments.filter(({ starts_at, call_id }) => starts_at && !call_id);
  const without = assignments.filter(({ starts_at }) => !starts_at);
  const families = new Set(fresh.map(({ family }) => family.id)).size;
  const costs = h("p", { "data-part": "cost", "aria-live": "polite" }, t("desk.broadcast_counting"));
  cost.then(
    (known) => (costs.textContent = costText(known)),
    () => (costs.textContent = t("desk.broadcast_uncounted")),
  );
  openDialog(
    t("desk.roster.publish_title"),
    [
      h("p", {}, tn("desk.roster.publish_text", fresh.length, { families })),
      without.length > 0 && h("p", { class: "muted" }, tn("desk.roster.publish_without", without.length)),
      costs,
    ],
    [
      button("close", "btn btn--quiet", null, t("desk.roster.not_now")),
      button("yes", "btn btn--primary", "check", t("desk.roster.publish"), { autofocus: true }),
    ],
    { yes: publish },
  );
}

/** @param {TextCost} cost */
function costText(cost) {
  const { segments, currency, unreachable, left_this_month } = cost;
  const said = [t("desk.roster.cost", { people: reached(cost), segments, cost: money(cost.cost, currency) })];
  if (left_this_month !== null) said.push(t("desk.roster.cost_left", { left: left_this_month }));
  if (unreachable.length) said.push(t("desk.roster.cost_unreachable", { names: someOf(unreachable) }));
  return said.join(" ");
}

/** @param {() => void} drop */
export const askToDrop = (drop) =>
  void openDialog(
    t("desk.roster.drop_title"),
    [h("p", {}, t("desk.roster.drop_text"))],
    [button("close", "btn btn--quiet", null, t("desk.keep")), button("yes", "btn btn--danger", "close", t("desk.roster.drop"))],
    { yes: drop },
  ); // prettier-ignore
