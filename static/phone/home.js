/**
 * The parent's first screen: the next call, what can be done with it, the calls after it, and how the last ones went.
 */
import { isOpen, otherPerson, past, talkedFor, upcoming } from "../core/rings.js";
import { hasText, t, tn } from "../core/texts.js";
import { dayAndTime, MINUTE, ms, timeThere } from "../core/time.js";
import { countdownOf, ownPerson } from "../ui/callscreen.js";
import { banner, button, h, icon, pair, photo, stateOf, tag } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../net/live.js").View} View */
/**
 * Somebody to speak with; who lives with a child names its parent, a parent is one's own.
 * @typedef {{face: import("../core/wire.js").Person, name: string, childId: string, parentId?: string}} Partner
 */

/** With whom this person speaks: a parent with each child, a child with its parents, a caregiver with those of each
 * child. @param {Now} now @returns {Partner[]} */
export const partners = ({ families, me }) =>
  families.flatMap(({ role, children = [], parents = [] }) => {
    if (role === "parent") return children.map((face) => ({ face, name: face.name, childId: face.id }));
    const speaking = role === "child" ? children.filter(({ id }) => id === me?.id) : children;
    return parents.flatMap((face) =>
      speaking.map(({ id, name }) => ({
        face,
        name: speaking.length > 1 ? `${face.name} · ${name}` : face.name,
        childId: id,
        parentId: face.id,
      })),
    );
  });

/** @param {View} view @param {number} at @param {Set<string>} busy ids of calls with a command under way */
export function homeScreen(view, at, busy) {
  const { now } = view;
  if (!now || view.error?.status === 401) return firstScreen(view);
  const [next, ...later] = upcoming(now.calls);
  const done = past(now.calls);
  return h(
    "section",
    { class: "screen phone-home" },
    bar(view),
    h(
      "div",
      { class: "screen__body" },
      view.reach === "offline" && banner("offline", "link-lost", t("common.offline")),
      next
        ? nextCall(next, now, at, busy.has(next.id))
        : stateOf("empty", t("phone.no_call"), t(now.families.length ? "phone.no_call_text" : "phone.no_family")),
      done.filter((call) => call.offers.length).map((call) => offers(call, now, at, busy.has(call.id))),
      later.length > 0 && h("h2", { class: "heading" }, t("phone.later")),
      later.length > 0 &&
        h(
          "ul",
          { class: "list" },
          later.map((call) => laterCall(call, now, at)),
        ),
      next && isOpen(next, at) && button("book", "btn btn--quiet", "plus", t("phone.book")),
      done.length > 0 && h("h2", { class: "heading" }, t("phone.past")),
      done.length > 0 &&
        h(
          "ul",
          { class: "list" },
          done.map((call) => pastCall(call, now, at)),
        ),
    ),
    partners(now).length > 0 && h("footer", { class: "actions" }, mainAction(next, at, busy)),
  );
}

/** Nothing is known yet. @param {View} view */
function firstScreen({ error, reach }) {
  const retry = button("retry", "btn btn--primary", null, t("common.retry"));
  const isSignedOut = error?.status === 401; // its door is being fetched
  const shown =
    (error && !isSignedOut) || reach === "offline"
      ? stateOf("offline", t("common.cannot_reach"), t("common.cannot_reach_text"), retry)
      : stateOf("loading", t("common.loading"));
  return h("section", { class: "screen phone-state" }, h("div", { class: "screen__body screen__body--middle" }, shown));
}

/** @param {View} view */
function bar({ reach }) {
  const lamp = { online: "on", starting: "wait", offline: "lost" }[reach];
  return h(
    "header",
    { class: "bar" },
    h("h1", { class: "bar__title" }, t("common.homethread")),
    h("span", { class: `lamp lamp--${lamp}` }, h("span", { class: "hidden-text" }, t(`common.reach.${reach}`))),
    h(
      "button",
      { class: "btn btn--icon", type: "button", "data-act": "settings", "aria-label": t("phone.settings") },
      icon("settings"),
    ),
  );
}

/** @param {Call} call @param {Now} now @param {number} at @param {boolean} isBusy */
function nextCall(call, now, at, isBusy) {
  const open = isOpen(call, at);
  const begun = at >= ms(call.starts_at);
  return h(
    "article",
    {
      class: `card next-call ${open ? "card--lit" : ""}`.trim(),
      "data-state": open && !begun ? "soon" : call.state,
      "data-call-id": call.id,
    },
    pair(call.state === "live" ? "live" : open ? "waiting" : "booked", [ownPerson(call), otherPerson(call)]),
    h("h2", { class: "next-call__name" }, otherPerson(call).name),
    when(call, now, at),
    begun
      ? h("p", { class: "card__text" }, isAwaited(call) ? t("phone.awaits", { name: otherPerson(call).name }) : t("phone.begun"))
      : countdownOf(call.starts_at, at),
    h("p", {}, tag(call.state, stateText(call))),
    cardActions(call, isBusy),
  );
}

/** Whether the other side is there already. @param {Call} call */
const isAwaited = ({ my_side, sides }) => (my_side === "village" ? sides.parent : sides.village).here;

/** @param {Call} call @param {Now} now @param {number} at */
function when(call, now, at) {
  const there = timeThere(call.starts_at, now.zone, call.zone, at);
  return [
    h(
      "p",
      { class: "next-call__when" },
      h("time", { datetime: call.starts_at }, dayAndTime(call.starts_at, now.zone, at)),
    ),
    there && h("p", { class: "next-call__zone" }, t("phone.time_there", { village: call.village, time: there })),
  ];
}

/** @param {Call} call */
function stateText(call) {
  if (call.state === "proposed")
    return call.proposed_by === call.my_side
      ? t("phone.waits_for_answer")
      : t("phone.asks", { name: otherPerson(call).name });
  if (call.state === "booked" && call.sides.parent.confirmed && call.sides.village.confirmed)
    return t("phone.both_confirmed");
  return t(`common.state.${call.state}`);
}

/** What can be done beside the main action. @param {Call} call @param {boolean} isBusy */
function cardActions({ can, id }, isBusy) {
  const shared = { "data-call-id": id, "aria-busy": isBusy };
  return h(
    "div",
    { class: "card__actions" },
    can.includes("decline") && button("decline", "btn btn--quiet", "close", t("phone.decline"), shared),
    can.includes("move") && button("move", "btn btn--quiet", "move", t("phone.move"), shared),
    can.includes("cancel") &&
      !can.includes("decline") &&
      button("cancel", "btn btn--quiet", "close", t("phone.cancel"), shared),
  );
}

/** @param {Call | undefined} next @param {number} at @param {Set<string>} busy */
function mainAction(next, at, busy) {
  const book = (/** @type {string} */ kind) => button("book", `btn ${kind}`, "plus", t("phone.book"));
  const isCalling = { "aria-busy": busy.has("now") };
  const callNow = button("call-now", "btn btn--quiet", "phone-call", t("phone.call_now"), isCalling);
  if (!next) return [book("btn--primary"), callNow];
  const shared = { "data-call-id": next.id, "aria-busy": busy.has(next.id) };
  if (isOpen(next, at)) return button("join", "btn btn--go btn--wide", "phone-call", t("phone.join"), shared);
  if (!next.can.includes("confirm")) return [book("btn--primary"), callNow];
  const key = next.state === "proposed" ? "phone.accept" : "phone.confirm";
  return [button("confirm", "btn btn--primary btn--wide", "check", t(key), shared), book("btn--quiet"), callNow];
}

/** @param {Call} call @param {Now} now @param {number} at */
function laterCall(call, now, at) {
  const there = timeThere(call.starts_at, now.zone, call.zone, at);
  const text = there ? t("phone.time_there", { village: call.village, time: there }) : otherPerson(call).name;
  return h(
    "li",
    {},
    h(
      "button",
      { class: "row", type: "button", "data-act": "details", "data-call-id": call.id },
      photo(otherPerson(call), "m"),
      rowMain(h("time", { datetime: call.starts_at }, dayAndTime(call.starts_at, now.zone, at)), text),
      tag(call.state, t(`common.state.${call.state}`)),
    ),
  );
}

/** @param {Call} call @param {Now} now @param {number} at */
function pastCall(call, now, at) {
  const outcome = call.outcome ?? "held";
  return h(
    "li",
    { class: "row", "data-call-id": call.id, "data-outcome": outcome },
    photo(otherPerson(call), "m"),
    rowMain(h("time", { datetime: call.starts_at }, dayAndTime(call.starts_at, now.zone, at)), howItWent(call)),
    tag(outcome, t(`common.outcome.${outcome}`)),
  );
}

/** @param {HTMLElement} title @param {string} text */
const rowMain = (title, text) =>
  h("div", { class: "row__main" }, h("p", { class: "row__title" }, title), h("p", { class: "row__text" }, text));

/** Minutes for a call that was held, the reason for one that wasn't. @param {Call} call */
export function howItWent(call) {
  const minutes = Math.max(1, Math.round(talkedFor(call, 0) / MINUTE));
  if (call.outcome === "held") return tn("common.talked", minutes);
  const reason = `common.reason.${call.reason}`;
  return hasText(reason) ? t(reason) : otherPerson(call).name;
}

/**
 * New times for a call that came to nothing. @param {Call} call @param {Now} now @param {number} at
 * @param {boolean} isBusy
 */
export const offers = (call, now, at, isBusy) =>
  h(
    "article",
    { class: "card offer-card", "data-state": call.outcome, "data-call-id": call.id },
    h("p", { class: "card__title" }, howItWent(call)),
    h("p", { class: "card__text" }, t("phone.offers", { name: otherPerson(call).name })),
    h(
      "div",
      { class: "slots" },
      call.offers.map((slot) => offer(slot, call, now, at, isBusy)),
    ),
  );

/**
 * @param {import("../core/wire.js").Slot} slot @param {Call} call @param {Now} now @param {number} at
 * @param {boolean} isBusy
 */
function offer(slot, call, now, at, isBusy) {
  const there = timeThere(slot.starts_at, now.zone, call.zone, at);
  return h(
    "button",
    {
      class: "slot", type: "button", "data-act": "offer", "data-call-id": call.id, "data-starts-at": slot.starts_at,
      "aria-busy": isBusy,
    }, // prettier-ignore
    h("span", { class: "slot__time" }, dayAndTime(slot.starts_at, now.zone, at)),
    there && h("span", { class: "slot__zone" }, there),
  );
}

/** How a call ended, and what comes next. @param {import("../ui/calling.js").Farewell} farewell @param {View} view
 * @param {number} at @param {Set<string>} busy */
export function endedScreen({ call, kind, message }, { now }, at, busy) {
  const [next] = now ? upcoming(now.calls).filter((one) => one.id !== call.id) : [];
  const named = { "data-call-id": call.id };
  const again = isOpen(call, at) && button("join", "btn btn--go btn--wide", "phone-call", t("phone.join_again"), named);
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
        t(isUnheld(call, kind) ? "phone.not_held" : `phone.${kind}`, { name: otherPerson(call).name }),
      ),
      h("p", { class: "muted" }, message || howItEnded(call, kind, at)),
      next &&
        now &&
        h("article", { class: "card next-call" }, h("h2", { class: "heading" }, t("phone.next")), when(next, now, at)),
      now && call.offers.length > 0 && offers(call, now, at, busy.has(call.id)),
    ),
    h(
      "footer",
      { class: "actions" },
      again,
      !next && !again && !isForbidden(call) && button("book", "btn btn--primary btn--wide", "plus", t("phone.book"), whom),
      button("home", "btn btn--quiet btn--wide", null, t("phone.to_start")),
    ),
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
