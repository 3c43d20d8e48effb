/**
 * A family's own pages: whose call it is, what stands there now and what is said on each side, by pictures. Only a
 * touch of the family's picture opens them.
 */
import { isOpen, upcoming } from "../core/rings.js";
import { t } from "../core/texts.js";
import { ms } from "../core/time.js";
import { drawing, emblem, h, icon, photo, scene } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { help, place } from "./screens.js";
import { styled as dated, when } from "./when.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").Member} Member */
/** @typedef {import("../core/wire.js").Person} Person */
/** @typedef {import("../core/wire.js").Refused} Refused */
/** @typedef {{child: Member | undefined, parent: Member | undefined}} Pair whom a new call would join */
/**
 * What a family sees first when it comes, `page` by its name.
 * @typedef {{page: "here" | "asked" | "offered" | "proposed" | "to-confirm" | "next", call: Call}} OfCall
 * @typedef {{page: "called-off", refused: Refused}} CalledOff
 * @typedef {OfCall | CalledOff | {page: "family" | "wished"}} Standing
 */

export const styled = Promise.all([dated, sheet("family.css", import.meta.url)]);

/** A drawing of these pages. @param {string} id @param {string} [className] */
export const picture = (id, className = "picture") =>
  drawing("terminal/pictures", id, { class: className, "aria-hidden": "true" });

/** @param {Family} family @param {HTMLElement} [beside] one more place to touch */
export const familyBar = (family, beside) =>
  h(
    "header",
    { class: "terminal-bar terminal-bar--three" },
    place("back", "plain", "arrow-start", { text: false }),
    emblem(family.emblem, "l"),
    h("div", { class: "terminal-bar__end" }, beside, help()),
  );

/** @param {Family} family @param {HTMLElement | null} [row] of what waits */
export const facesScreen = (family, row) =>
  h(
    "section",
    { class: "screen faces" },
    familyBar(family),
    row,
    h("div", { class: "faces__grid" }, (family.members ?? []).map(face)),
  );

/** @param {Member} member */
const face = (member) =>
  h(
    "button",
    { class: "face", type: "button", "data-act": "face", "data-person-id": member.id, "aria-label": member.name },
    photo(member, "xl"),
    h("span", { class: "face__name" }, member.name),
  );

/** @param {Member[]} members @param {string} role */
const those = (members, role) => members.filter((member) => member.role === role);

/** Whether it is plain whom a call would join. @param {Member[]} members */
export const isOnePair = (members) => ["child", "parent"].every((role) => those(members, role).length < 2);

/** Those who were chosen, or else the first. @param {Member[]} members @param {string} [childId]
 * @param {string} [parentId] @returns {Pair} */
export function chosenPair(members, childId, parentId) {
  const [children, parents] = ["child", "parent"].map((role) => those(members, role));
  return {
    child: children.find(({ id }) => id === childId) ?? children[0],
    parent: parents.find(({ id }) => id === parentId) ?? parents[0],
  };
}

/** The family's next call; tonight's as it stands now. @param {Family} family @param {Call[]} tonight */
export const nextOf = ({ id, next_call }, tonight) =>
  upcoming(tonight).find((call) => call.family.id === id) ?? next_call ?? null;

/** A call that can be had now comes first, then what has to be answered. @param {Family} family
 * @param {Call | null} next @param {number} at @returns {Standing} */
export function standing({ awaited, refused, wishes }, next, at) {
  if (next && isOpen(next, at)) return { page: "here", call: next };
  if (awaited && isQuestion(awaited, at)) {
    return { page: awaited.origin === "wait" ? "offered" : "asked", call: awaited };
  }
  if (next?.state === "proposed") return { page: "proposed", call: next };
  if (next) return { page: isUnsure(next, at) ? "to-confirm" : "next", call: next };
  if (refused) return { page: "called-off", refused };
  return { page: wishes?.length ? "wished" : "family" };
}

/** @param {Call} call @param {number} at */
const isQuestion = ({ can, expires_at }, at) => can.includes("counter") && (!expires_at || ms(expires_at) > at);

/** It is let go where nobody says that they come. @param {Call} call @param {number} at */
const isUnsure = ({ can, confirm_by, sides }, at) =>
  can.includes("confirm") && Boolean(confirm_by) && ms(confirm_by ?? 0) > at && !sides.parent.confirmed;

/** @typedef {{zone: string, at: number, isBusy: boolean}} Look */

/** @param {Family} family @param {Standing} what @param {Pair} chosen @param {Look} look
 * @param {(HTMLElement | null)[]} [beside] what waits, and where to speak */
export function familyScreen(family, what, chosen, look, beside) {
  const call = "call" in what ? what.call : null;
  return h(
    "section",
    { class: "screen family", "data-call-id": call?.id, "data-page": what.page },
    familyBar(family, place("lock", "plain", family.has_pin ? "lock" : "lock-open", { text: false })),
    beside,
    h(
      "div",
      { class: "family__next" },
      call ? ofCall(family, what.page, call, look.at) : withoutCall(family, what, chosen, look),
    ),
    h("footer", { class: "terminal-actions" }, places(family, what, chosen, look.isBusy)),
  );
}

/** @param {Family} family @param {string} page @param {Call} call @param {number} at */
function ofCall(family, page, call, at) {
  const name = call.parent.name;
  const isCounter = page === "asked" && family.is_counter;
  return [
    faces(call.child, call.parent, page === "here" ? "waiting" : "booked", saidOf(page, call, isCounter)),
    h("p", { class: "family__says" }, t(`terminal.visit.says.${isCounter ? "counter" : page}`, { name })),
    page !== "here" && when(call.starts_at, call.zone, at),
  ];
}

/** What each of them has said so far, as ids of drawings. @param {string} page @param {Call} call
 * @param {boolean} [isCounter] @returns {Said} */
function saidOf(page, { sides }, isCounter) {
  const [child, parent] = [sides.village, sides.parent].map(({ confirmed }) => (confirmed ? "check" : ""));
  if (page === "asked") return { parent: isCounter ? "clock" : "help" };
  if (page === "offered") return { between: "bell" };
  if (page === "proposed") return { child: "check", parent: "hourglass" };
  if (page === "to-confirm") return { child: "help", parent };
  return page === "next" ? { child, parent } : {};
}

/** @param {Family} family @param {Standing} what @param {Pair} chosen @param {Look} look */
function withoutCall(family, what, { child, parent }, look) {
  if ("refused" in what) return calledOff(family, what.refused, look);
  if (!child || !parent) return h("p", { class: "family__says" }, t("terminal.visit.nobody"));
  const said = what.page === "wished" ? { between: "bell" } : {};
  return [
    faces(child, parent, "ended", said, "xl"),
    h("p", { class: "family__says" }, t(`terminal.visit.says.${what.page}`, { name: parent.name })),
  ];
}

const PICTURED = ["sick", "no_time", "weather", "terminal_broken", "other", "shift_changed"];

/** @param {Family} family @param {Refused} refused @param {Look} look */
function calledOff(family, { starts_at, child_id, parent_id, reason, by_parent }, { zone, at }) {
  const [child, parent] = [child_id, parent_id].map((id) => family.members?.find((member) => member.id === id));
  if (!child || !parent) return null;
  const isUnanswered = reason === "proposal_expired" || reason === "unconfirmed";
  const [cross, key] = isUnanswered ? ["hourglass", "unanswered"] : ["close", by_parent ? "parent" : "village"];
  return [
    faces(child, parent, "lost", by_parent ? { parent: cross } : { child: cross }),
    h("p", { class: "family__says" }, t(`terminal.visit.off.${key}`, { name: parent.name })),
    crossedOut(when(starts_at, zone, at), PICTURED.includes(reason) ? reason : null),
  ];
}

/** A time at which nothing is, and why. @param {HTMLElement} time @param {string | null} reason */
export const crossedOut = (time, reason) =>
  h(
    "div",
    { class: "family__off" },
    h("div", { class: "family__crossed" }, time),
    reason ? picture(reason) : null,
  );

/** @typedef {{child?: string, parent?: string, between?: string}} Said */

/** Who - thread - whom, with what each has said. @param {Person} child @param {Person} parent @param {string} state
 * @param {Said} [said] @param {string} [size] */
export const faces = (child, parent, state, said = {}, size = "l") =>
  h(
    "div",
    { class: "pair", "data-state": state },
    saying(child, size, said.child),
    scene("thread", "thread", { preserveAspectRatio: "none" }),
    said.between && mark(said.between),
    saying(parent, size, said.parent),
  );

/** @param {Person} person @param {string} size @param {string} [iconId] */
export const saying = (person, size, iconId) =>
  h("span", { class: "saying" }, photo(person, size), iconId ? mark(iconId) : null);

/** @param {string} iconId */
const mark = (iconId) => h("span", { class: "mark", "data-said": iconId }, icon(iconId));

/** @param {Family} family @param {Standing} what @param {Pair} chosen @param {boolean} isBusy */
function places(family, what, chosen, isBusy) {
  const busy = { "aria-busy": isBusy };
  if (!("call" in what)) {
    return chosen.child && chosen.parent && [ask(busy), family.wishes?.length ? unwish(family, busy) : null];
  }
  const { page, call } = what;
  const named = { "data-call-id": call.id, ...busy };
  if (page === "here") return place("here", "answer", "phone-call", { extra: "round--pulse", ...named });
  const isQuestion = page === "asked" || page === "offered";
  const isPressing = isQuestion || page === "to-confirm";
  return [
    call.can.includes("confirm") &&
      place("confirm", "answer", "check", { extra: isPressing ? "round--pulse" : "", ...named }),
    isQuestion && place("visit.other", "other", "clock", named),
    isQuestion
      ? place("decline", "small", "close", named)
      : call.can.includes("cancel") && place("visit.cancel", "small", "close", named),
  ];
}

/** @param {import("../ui/dom.js").Attributes} more */
const ask = (more) => place("ask", "answer", "calendar", { extra: "round--pulse", ...more });

/** @param {Family} family @param {import("../ui/dom.js").Attributes} more */
const unwish = ({ wishes }, more) =>
  place("visit.unwish", "small", "close", { "data-wish-id": wishes?.[0].id, ...more });
