/** What a terminal's test of itself found: in plain words, with what a person can do about it. Pure. */
import { t } from "../core/texts.js";
import { ms } from "../core/time.js";
import { h, icon } from "../ui/dom.js";
import { ago } from "./line.js";
import { listed, word } from "./words.js";

/** @typedef {import("./wire.js").VillageTerminal} VillageTerminal */

/** "camera and microphone" @param {string[]} parts */
export const partsText = (parts) => listed(parts.map((part) => word(`desk.self_test_part.${part}`, part)));

/** @param {VillageTerminal} terminal @param {number} at */
export function selfTestOf({ self_test }, at) {
  if (!self_test) return h("p", { class: "terminal-test muted", "data-key": "self-test", "data-state": "never" }, icon("help", "s"), " ", t("desk.self_test.never"));
  const { failed, untried } = self_test;
  const said = t(failed.length ? "desk.self_test.failed" : "desk.self_test.fine", { ago: ago(at - ms(self_test.at)), parts: partsText(failed) });
  return h(
    "div",
    { class: "terminal-test", "data-key": "self-test", "data-state": failed.length ? "failed" : untried.length ? "untried" : "fine" },
    h("p", {}, h("span", { class: `lamp lamp--${failed.length ? "bad" : untried.length ? "wait" : "on"}` }, said), untried.length > 0 && h("span", { class: "row__text" }, ` · ${t("desk.self_test.untried", { parts: partsText(untried) })}`)),
    failed.length > 0 && h("ul", { class: "row__text" }, failed.map((part) => h("li", {}, word(`desk.self_test_do.${part}`, "")))),
  );
} // prettier-ignore
