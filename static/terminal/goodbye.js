/**
 * Before a call is left and after it: when the next one is, where to ask for one, and where to say what was forgotten.
 */
import { upcoming } from "../core/rings.js";
import { t } from "../core/texts.js";
import { h, icon, pair, photo } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { hills, place } from "./screens.js";
import { styled as dated, when } from "./when.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../ui/dom.js").Child} Child */

const FORBIDDEN = "common.reason.consent_ended";

export const styled = Promise.all([dated, sheet("goodbye.css", import.meta.url)]);

/** The call of the same family after this one. @param {Call} call @param {Family | undefined} whose @param {Call[]} tonight */
function after({ id, family }, whose, tonight) {
  const known = [whose?.next_call, whose?.following, ...upcoming(tonight)];
  return known.find((one) => one && one.family.id === family.id && one.id !== id) ?? null;
}

/** Who leaves sees first that there is another time, and so does who talks in the last minute.
 * @param {import("../call/seat.js").Seat} seat @param {boolean} isLeaving @param {Family | undefined} whose
 * @param {Call[]} tonight @param {number} at */
export function beforeEnd({ call, ending }, isLeaving, whose, tonight, at) {
  const next = isLeaving || ending?.isLast ? after(call, whose, tonight) : null;
  return next && nextTime(next, at);
}

/** The goodbye, and whether it asks for something. @param {import("../ui/calling.js").Farewell} farewell
 * @param {Family | undefined} whose @param {Call[]} tonight @param {boolean} maySay @param {number} at
 * @returns {[tree: HTMLElement, asks: boolean]} */
export function ofFarewell({ call, company }, whose, tonight, maySay, at) {
  const next = after(call, whose, tonight);
  const offer = company?.answering?.offer();
  return [goodbyeScreen(call, offer ? null : next, at, { offer, maySay }), !next || Boolean(offer) || maySay];
}

/** @param {Call} next @param {number} at */
const nextTime = (next, at) =>
  h(
    "aside",
    { class: "next-time", "data-key": "next-time", "data-call-id": next.id },
    photo(next.parent),
    when(next.starts_at, next.zone, at, next.state === "proposed"),
  );

/** @param {Call} call the one that ended @param {Call | null} next @param {number} at
 * @param {{offer?: Child, maySay: boolean}} more `offer`: of a place to leave a message, which comes first; `maySay`: a
 * message may be left for the parent */
function goodbyeScreen(call, next, at, { offer, maySay }) {
  const isForbidden = call.reason === "consent_ended";
  const { child, parent } = next ?? call;
  return h(
    "section",
    { class: "screen goodbye", "data-act": "done", "data-call-id": call.id, "data-next": next?.id },
    h("div", { class: "goodbye__faces" }, pair("ended", [child, parent], "xl"), icon("wave", "wave goodbye__wave")),
    h("p", { class: "goodbye__text" }, parent.name),
    isForbidden && h("p", { "data-says": FORBIDDEN }, t(FORBIDDEN)),
    next && when(next.starts_at, next.zone, at, next.state === "proposed"),
    offer,
    !isForbidden && !offer && h("div", { class: "goodbye__places" }, places(call, !next, maySay)),
    hills(),
  );
}

/** @param {Call} call @param {boolean} mayAsk @param {boolean} maySay */
const places = (call, mayAsk, maySay) => [
  mayAsk && place("ask-next", "answer", "calendar", { extra: "round--pulse" }),
  maySay && place("after.speak", "other", "microphone", { "data-child-id": call.child.id, "data-parent-id": call.parent.id }),
];
