/** Between two families: whose turn it is next, by its picture alone. */
import { upcoming } from "../core/rings.js";
import { t } from "../core/texts.js";
import { MINUTE, ms } from "../core/time.js";
import { emblem, h, icon } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { hills, place } from "./screens.js";

/** @typedef {import("../core/wire.js").Call} Call */

const SOON_MS = 10 * MINUTE;

export const styled = sheet("change_over.css", import.meta.url);

/** The call of another family that begins here within minutes. @param {Call[]} calls @param {Call} ended
 * @param {number} at @returns {Call | null} */
export function nextHere(calls, ended, at) {
  const others = calls.filter(({ id }) => id !== ended.id); // which this device may not know yet to have ended
  const [next] = upcoming(others).filter(({ state }) => state === "booked" || state === "ringing");
  const isSoon = next && ms(next.starts_at) - at <= SOON_MS;
  return isSoon && next.family.id !== ended.family.id ? next : null;
}

/** Until it begins; then it rings, or the wall is back. @param {Call} next @param {Call[]} calls @param {number} at */
export const isStillNext = (next, calls, at) =>
  at < ms(next.starts_at) && calls.some(({ id, state }) => id === next.id && state === "booked");

/** @param {Call} next */
export function changeOverScreen({ family }) {
  return h(
    "section",
    { class: "screen change-over", "data-act": "family", "data-family-id": family.id },
    h("header", { class: "terminal-bar" }, place("wall", "plain", "arrow-start", { text: false })),
    h(
      "div",
      { class: "change-over__next" },
      icon("arrow-end"),
      h("div", { class: "window", "data-lit": "true" }, emblem(family.emblem)),
    ),
    h("p", { class: "change-over__text" }, t("terminal.next_family")),
    hills(),
  );
}
