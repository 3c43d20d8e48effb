/** How a family's voice messages look at the terminal: a large face, a wave that fills, and few places to touch. */
import { t } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { drawing, h, parts, photo, round } from "../ui/dom.js";
import { threadOf } from "../voice/threads.js";
import { fewer, peaksOf, sign, wave } from "../voice/waveform.js";
import { familyBar, saying } from "./family.js";
import { place } from "./screens.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../voice/wire.js").Message} Message */
/** @typedef {import("./family.js").Look} Look */
/** @typedef {import("./messages.js").Messages} Messages */

const BARS = 36;
const FLAT = Array(BARS).fill(60);
const MARKS = /** @type {Record<string, string>} */ ({ playing: "speaker", coming: "hourglass", broken: "warning" });

/** A drawing of messages. @param {string} id @param {string} [className] */
export const message = (id, className = "picture") =>
  drawing("terminal/messages", id, { class: className, "aria-hidden": "true" });

/** A place to touch with a drawing of this part's own. @param {string} act @param {string} kind @param {HTMLElement | SVGElement} drawn
 * @param {import("../ui/dom.js").Attributes & {extra?: string}} [more] */
export function spot(act, kind, drawn, more = {}) {
  const element = round(act, kind, "help", t(`terminal.act.${act}`), more);
  element.querySelector(".icon")?.replaceWith(drawn);
  return element;
}

/** One that waits, on the family's page. @param {Family} whose @param {Message | null} said null while it is fetched
 * @param {number} more */
export function waitingMessage(whose, said, more) {
  const label = said ? t("terminal.visit.message.from", { name: said.from_name }) : t("terminal.act.visit.message.open");
  return h(
    "button",
    { class: "letter letter--voice", type: "button", "data-act": "visit.message.open", "data-message-id": said?.id, "aria-label": more > 1 ? `${label} ${more}` : label },
    h("span", { class: "letter__paper" }, message("voice"), said && photo(senderOf(whose, said))),
    more > 1 ? h("span", { class: "letter__count" }, more) : null,
  );
}

/** @param {Messages} state @param {Family} whose @param {Message} said @param {boolean} hasNext @param {Look} look */
export function messageScreen({ phase, part, rate, photo: picture }, whose, said, hasNext, { zone, at }) {
  return h(
    "section",
    { class: "screen family message", "data-message-id": said.id, "data-phase": phase },
    familyBar(whose),
    h(
      "button",
      { class: "heard", type: "button", "data-act": "visit.message.pause" },
      h(
        "span",
        { class: "heard__from" },
        saying(senderOf(whose, said), "xl", MARKS[phase]),
        h("span", { class: "face__name" }, said.from_name),
        h("time", { datetime: said.deliver_at }, dayAndTime(said.deliver_at, zone, at)),
        answered(whose, said),
      ),
      h(
        "span",
        { class: "heard__said" },
        picture && h("img", { class: "heard__photo", src: picture, alt: "" }),
        (!picture || phase !== "over") && shown(phase, part, said),
      ),
      h("span", { class: "hidden-text" }, t("terminal.act.visit.message.pause")),
    ),
    h("footer", { class: "terminal-actions" }, places(phase, rate, hasNext)),
  );
}

/** @param {import("./messages.js").Phase} phase @param {number} part @param {Message} said */
function shown(phase, part, said) {
  if (phase === "over") return h("span", { class: "heard__art" }, message("asleep"));
  const isComing = phase === "coming";
  return [
    isComing && h("span", { class: "heard__art" }, message("bird", "picture picture--flying")),
    isComing
      ? parts(h("span", { class: "heard__coming" }), { part: Math.round(part * 100) / 100 })
      : wave(said.peaks ? fewer(peaksOf(said.peaks), BARS) : FLAT, phase === "starting" ? 0 : part),
    (phase === "paused" || phase === "touch") && h("span", { class: "heard__go" }, sign("play")),
  ];
}

/** The same places whatever plays. @param {import("./messages.js").Phase} phase @param {number} rate
 * @param {boolean} hasNext */
function places(phase, rate, hasNext) {
  const isOver = phase === "over" || phase === "broken";
  const last = hasNext
    ? place("visit.message.next", "small", "arrow-end")
    : place("visit.message.done", "small", "check");
  return [
    spot("visit.message.slower", "small", message("snail"), { "aria-pressed": String(rate < 1) }),
    place("visit.message.again", "other", "move"),
    spot("visit.message.faster", "small", message("hare"), { "aria-pressed": String(rate > 1) }),
    place("visit.message.answer", "answer", "microphone", { extra: isOver ? "round--pulse" : "" }),
    last,
  ];
}

/** What was heard and said, the newest first. @param {Family} whose @param {Message[]} said @param {Look} look */
export const albumScreen = (whose, said, { zone, at }) =>
  h(
    "section",
    { class: "screen faces" },
    familyBar(whose),
    h("div", { class: "faces__grid album" }, said.map((one) => kept(whose, one, dayAndTime(one.deliver_at, zone, at)))),
  );

/** @param {Family} whose @param {Message} said @param {string} when */
function kept(whose, said, when) {
  const isOwn = said.from === "village";
  const sender = senderOf(whose, said);
  return h(
    "button",
    { class: "face kept", type: "button", "data-act": "visit.message.open", "data-message-id": said.id, "aria-label": `${sender.name}, ${when}` },
    saying(sender, "xl", isOwn ? (said.heard_at ? "check" : "hourglass") : undefined),
    wave(said.peaks ? fewer(peaksOf(said.peaks), 16) : FLAT.slice(20), 0),
    h("time", { datetime: said.deliver_at }, when),
    answered(whose, said),
  );
}

/** Whose words it answers. @param {Family} whose @param {Message} said */
function answered(whose, { answers_id }) {
  if (!answers_id) return null;
  const before = (threadOf(whose.id) ?? []).find(({ id }) => id === answers_id);
  return h("span", { class: "answers", "data-answers": answers_id }, sign("undo"), before && photo(senderOf(whose, before), "m"));
}

/** @param {Family} whose @param {Message} said */
function senderOf({ members = [] }, { from, from_name, child_id, contact_id }) {
  const id = from === "parent" ? contact_id : child_id;
  return members.find((member) => member.id === id) ?? { id, name: from_name, photo: null };
}

