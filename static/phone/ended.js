/** How a call ended, gently: what was talked, when the next one is and how many nights until then, or new times. */
import { isOpen, otherPerson, talkedFor, upcoming } from "../core/rings.js";
import { t, tn } from "../core/texts.js";
import { MINUTE, sleeps } from "../core/time.js";
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
  const ahead = now ? upcoming(now.calls).filter((one) => one.id !== call.id && !isOffer(one)) : [];
  const next = ahead.find(({ child, parent }) => child.id === call.child.id && parent.id === call.parent.id) ?? ahead[0];
  const named = { "data-call-id": call.id };
  const again =
    isOpen(call, at) && button("join", "btn btn--go btn--wide", "phone-call", t("phone.ended.join_again"), named);
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
      bytes && now && h("p", { class: "muted" }, t("phone.ended.data", { data: dataOf(bytes, now) })),
      company?.answering?.offer(),
      next && now && nextTime(next, now, at),
      now && call.offers.length > 0 && newTimes(call, now, at, busy.has(call.id)),
    ),
    h(
      "footer",
      { class: "actions" },
      again,
      !next && !again && !isForbidden(call) && button("book", "btn btn--primary btn--wide", "plus", t("phone.book"), whom),
      button("home", "btn btn--quiet btn--wide", null, t("phone.ended.to_start")),
    ),
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

/** @param {Call} call */
const isForbidden = ({ reason }) => reason === "consent_ended";

/** @param {Call} call @param {string} kind */
const isUnheld = ({ outcome }, kind) => kind === "ended" && outcome !== null && outcome !== "held";
