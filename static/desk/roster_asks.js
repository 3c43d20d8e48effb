/** One more question before a roster changes other people's week. */
import { t, tn } from "../core/texts.js";
import { button, h, openDialog } from "../ui/dom.js";

/** @typedef {import("./wire.js").Roster} Roster */

/** @param {Roster} roster @param {() => void} publish */
export function askToPublish({ assignments }, publish) {
  const fresh = assignments.filter(({ starts_at, call_id }) => starts_at && !call_id);
  const without = assignments.filter(({ starts_at }) => !starts_at);
  const families = new Set(fresh.map(({ family }) => family.id)).size;
  openDialog(
    t("desk.roster.publish_title"),
    [
      h("p", {}, tn("desk.roster.publish_text", fresh.length, { families })),
      without.length > 0 && h("p", { class: "muted" }, tn("desk.roster.publish_without", without.length)),
    ],
    [
      button("close", "btn btn--quiet", null, t("desk.roster.not_now")),
      button("yes", "btn btn--primary", "check", t("desk.roster.publish"), { autofocus: true }),
    ],
    { yes: publish },
  );
}

/** @param {() => void} drop */
export const askToDrop = (drop) =>
  void openDialog(
    t("desk.roster.drop_title"),
    [h("p", {}, t("desk.roster.drop_text"))],
    [button("close", "btn btn--quiet", null, t("desk.keep")), button("yes", "btn btn--danger", "close", t("desk.roster.drop"))],
    { yes: drop },
  ); // prettier-ignore
