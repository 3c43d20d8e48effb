/** Tonight on paper, for the door of the room: who comes when to which terminal, with a face, and a box to tick. */
import { t } from "../core/texts.js";
import { clockTime, weekday } from "../core/time.js";
import { emblem, h, photo } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("./wire.js").DeskNow} DeskNow */

sheet("paper.css", import.meta.url);

/** What nobody agreed to, and what came to nothing, makes room. @param {Call} call */
const isStanding = ({ state, outcome }) => (state === "ended" ? outcome === "held" : state !== "proposed");

/** @param {DeskNow} now @param {number} at */
export function eveningPaper(now, at) {
  const calls = now.calls.filter(isStanding).sort((one, other) => one.starts_at.localeCompare(other.starts_at));
  const { name, date } = weekday(calls[0]?.starts_at ?? at, now.zone);
  const terminals = new Map(calls.map(({ terminal }) => [terminal.id, terminal.name]));
  return h(
    "section",
    { class: "paper paper--evening", "aria-hidden": "true", "data-key": "paper" },
    h("header", { class: "paper__head" }, h("h2", {}, now.village.name), h("p", {}, `${name} ${date}`)),
    h("p", { class: "paper__foot" }, t("desk.roster.paper_foot")),
    !calls.length && h("p", {}, t("desk.no_calls")),
    [...terminals].map(([id, terminal]) =>
      h(
        "section",
        { class: "paper__day", "data-key": id },
        h("h3", {}, terminal),
        h("ul", {}, calls.filter((call) => call.terminal.id === id).map((call) => row(call, now.zone))),
      ),
    ),
  );
} // prettier-ignore

/** @param {Call} call @param {string} zone */
const row = ({ id, starts_at, child, parent, family }, zone) =>
  h(
    "li",
    { class: "paper__row", "data-key": id },
    h("span", { class: "paper__time" }, clockTime(starts_at, zone)),
    photo(child, "m"),
    h("span", { class: "paper__who" }, h("strong", {}, child.name), h("span", {}, parent.name)),
    emblem(family.emblem, "s"),
    h("span", { class: "paper__tick" }),
  );
