/** How gateways for texts are said at the desk: their names, how they stand, and what a person can do about it. Pure. */
import { t } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { h, icon } from "../ui/dom.js";
import { word } from "./words.js";

/** @typedef {import("./wire.js").Gateway} Gateway */

/** @param {string} name */
export const gatewayName = (name) => word(`desk.gateway.${name}`, name);

/** @param {Gateway} gateway @returns {{lamp: string, state: "silent" | "resting" | "failing" | "well"}} */
export function standing({ silent_since, is_open, failing_since }) {
  if (silent_since) return { lamp: "bad", state: "silent" };
  if (is_open) return { lamp: "lost", state: "resting" };
  return failing_since ? { lamp: "wait", state: "failing" } : { lamp: "on", state: "well" };
}

/** @param {Gateway[]} gateways @param {string} zone @param {number} at */
export const gatewayList = (gateways, zone, at) =>
  gateways.length
    ? h("ul", { class: "list" }, gateways.map((gateway) => row(gateway, zone, at)))
    : h("p", { class: "muted" }, t("desk.gateways_unknown"));

/** @param {Gateway} gateway @param {string} zone @param {number} at */
function row(gateway, zone, at) {
  const { name, silent_since, failing_since, last_taken_at, error } = gateway;
  const { lamp, state } = standing(gateway);
  const since = silent_since ?? failing_since;
  const said = since && state !== "well" ? t(`desk.gateway_state.${state}_since`, { when: dayAndTime(since, zone, at) }) : t(`desk.gateway_state.${state}`);
  const last = last_taken_at ? t("desk.gateway_last", { when: dayAndTime(last_taken_at, zone, at) }) : t("desk.gateway_never");
  return h(
    "li",
    { class: "row gateway", "data-key": name, "data-gateway": name, "data-state": state },
    icon(state === "well" ? "text" : "warning"),
    h(
      "div",
      { class: "row__main" },
      h("p", { class: "row__title" }, gatewayName(name)),
      h("p", {}, h("span", { class: `lamp lamp--${lamp}` }, said), h("span", { class: "row__text" }, ` · ${last}`)),
      error && state !== "well" && h("p", { class: "row__text" }, t("desk.gateway_said", { error })),
      state !== "well" && h("p", {}, word(`desk.gateway_do.${state === "silent" ? name : state}`, t("desk.gateway_do.silent"))),
    ),
  );
} // prettier-ignore
