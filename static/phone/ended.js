/**
 * How a call ended, gently: what was talked, when the next one is and how many nights until then, or new times; who missed
 * saying something says it now. Who is about to hang up sees the next time first.
 */
import { isOpen, otherPerson, talkedFor, upcoming } from "../core/rings.js";
import { t, tn } from "../core/texts.js";
import { dayAndTime, MINUTE, sleeps } from "../core/time.js";
import { ownPerson } from "../ui/callscreen.js";
import { button, h, icon, pair } from "../ui/dom.js";
import { dataOf } from "../ui/rung.js";
import { howItWent, isOffer, when } from "./home.js";
import { newTimes } from "./new_times.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now} Now */

/** @param {import("../ui/calling.js").Farewell} farewell @param {import("../net/live.js").View} view
 * @param {number} at @param {Set<string>} busy */
export function endedScreen({ call, kind, message, bytes, company }, { now }, at, busy) {
  const next = now ? after(call, now.calls) : undefined;
  const named = { "data-call-id": call.id };
  const again =
    isOpen(call, at) && button("join", "btn btn--go btn--wide", "phone-call", t("phone.ended.join_again"), named);
  const offer = company?.answering?.offer();
  const whom = { "data-child-id": call.child.id, "data-parent-id": call.parent.id };
  return h(
    "section",
    { class: "screen phone-ended", "data-call-id": call.id },
    h(
      "div",
      { class: "screen__body screen__body--middle" },
      pair("ended", [ownPerson(call), otherPerson(call)]),
      h(
        "h1",
        { class: "phone-ended__title" },
        t(`phone.ended.${isUnheld(call, kind) ? "not_held" : kind}`, { name: otherPerson(call).name }),
      ),
      h("p", { class: "muted" }, message || howItEnded(call, kind, at)),
      bytes && now && kind !== "refused" && h("p", { class: "muted" }, t("phone.ended.data", { data: dataOf(bytes, now) })),
      offer,
      next && now && nextTime(next, now, at),
      now && call.offers.length > 0 && newTimes(call, now, at, busy.has(call.id)),
    ),
    h(
      "footer",
      { class: "actions" },
      again,
      !again && !offer && maySay(call, kind) && button("turns", "btn btn--wide", "microphone", t("phone.ended.say"), whom),
      !next && !again && !isForbidden(call) && button("book", "btn btn--primary btn--wide", "plus", t("phone.book"), whom),
      button("home", "btn btn--quiet btn--wide", null, t("phone.ended.to_start")),
    ),
  );
}

/** The next one of the same two, or else of anybody. @param {Call} call @param {Call[]} calls */
function after({ id, child, parent }, calls) {
  const ahead = upcoming(calls).filter((one) => one.id !== id && !isOffer(one));
  return ahead.find((one) => one.child.id === child.id && one.parent.id === parent.id) ?? ahead[0];
}

/** Beside the question before hanging up. @param {Call} call @param {import("../net/live.js").View} view @param {number} at */
export function beforeEnd(call, { now }, at) {
  const next = now && after(call, now.calls);
  if (!next) return null;
  const nights = sleeps(next.starts_at, next.zone, at);
  return h(
    "p",
    { class: "call__note call__note--rung", "data-key": "next-time", "data-call-id": next.id },
    icon("calendar"),
    h("span", {}, `${t("phone.ended.next")}: `, h("time", {}, dayAndTime(next.starts_at, now.zone, at))),
    nights > 0 && h("span", {}, icon("moon", "s"), ` ${tn("phone.ended.nights", nights)}`),
  );
}

/** @param {Call} next @param {Now} now @param {number} at */
function nextTime(next, now, at) {
  const nights = sleeps(next.starts_at, next.zone, at);
  return h(
    "article",
    { class: "card next-call" },
    h("h2", { class: "heading" }, t("phone.ended.next")),
    when(next, now, at),
    nights > 0 && h("p", { class: "card__text" }, icon("moon", "s"), ` ${tn("phone.ended.nights", nights)}`),
  );
}

/** @param {Call} call @param {string} kind @param {number} at */
function howItEnded(call, kind, at) {
  if (kind !== "ended") return "";
  if (isUnheld(call, kind)) return howItWent(call);
  if (isForbidden(call)) return t("common.reason.consent_ended");
  const minutes = Math.max(1, Math.round(talkedFor(call, at) / MINUTE));
  return tn("common.talked", minutes);
}

/** Whoever talked, and whom nobody forbids it. @param {Call} call @param {string} kind */
const maySay = (call, kind) => kind === "ended" && call.outcome !== "moved" && call.my_side !== "guest" && !isForbidden(call);

/** @param {Call} call */
const isForbidden = ({ reason }) => reason === "consent_ended";

/** @param {Call} call @param {string} kind */
const isUnheld = ({ outcome }, kind) => kind === "ended" && outcome !== null && outcome !== "held";
