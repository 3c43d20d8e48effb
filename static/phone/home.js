/**
 * The parent's first screen: the next call, what can be done with it, the calls after it, and how the last ones went.
 */
import { isOpen, otherPerson, otherSide, past, talkedFor, upcoming } from "../core/rings.js";
import { hasText, t, tn } from "../core/texts.js";
import { dayAndTime, MINUTE, ms, timeThere } from "../core/time.js";
import { countdownOf, ownPerson } from "../ui/callscreen.js";
import { banner, button, h, icon, pair, photo, stateOf, tag } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../net/live.js").View} View */
/**
 * Somebody to speak with; who lives with a child names its parent, a parent is one's own. `place`: the village, where
 * there are several.
 * @typedef {{face: import("../core/wire.js").Person, name: string, childId: string, parentId?: string,
 *   place: string | false | undefined}} Partner
 */

/** @param {Now} now */
const isSpread = ({ families }) => new Set(families.map(({ village }) => village)).size > 1;

/** With whom this person speaks: a parent with each child, a child with its parents, a caregiver with those of each
 * child. @param {Now} now @returns {Partner[]} */
export const partners = (now) =>
  now.families.flatMap(({ role, village, children = [], parents = [] }) => {
    const { me } = now;
    const place = isSpread(now) && village;
    if (role === "parent") return children.map((face) => ({ face, name: face.name, childId: face.id, place }));
    const speaking = role === "child" ? children.filter(({ id }) => id === me?.id) : children;
    return parents.flatMap((face) =>
      speaking.map(({ id, name }) => ({
        face,
        name: speaking.length > 1 ? `${face.name} · ${name}` : face.name,
        childId: id,
        parentId: face.id,
        place,
      })),
    );
  });

/** A freed slot that is theirs for a word: no call that lies ahead yet. @param {Call} call */
export const isOffer = ({ origin, state }) => origin === "wait" && state === "proposed";

/** Whether there is more to say than the calls' plain cards do. @param {Call[]} calls */
export const wantsMore = (calls) =>
  !upcoming(calls).length || calls.some((call) => isGuests(call) || call.series_id || call.confirm_by || call.offers.length || call.state === "proposed"); // prettier-ignore

/** Of two others of the family. @param {Call} call */
export const isGuests = ({ my_side }) => my_side === "guest";

/** An offer that was left is no news. @param {Call} call */
const isNews = ({ reason, origin }) => origin !== "wait" || (reason !== "declined" && reason !== "proposal_expired");

/** Of each series the next one. @param {Call[]} calls */
function withoutRepeats(calls) {
  const seen = new Set();
  return calls.filter(({ series_id }) => !series_id || (!seen.has(series_id) && seen.add(series_id)));
}

/** @param {View} view @param {number} at @param {Set<string>} busy ids of calls with a command under way
 * @param {import("./extras.js").Extras | null} extras */
export function homeScreen(view, at, busy, extras) {
  const { now } = view;
  if (!now || view.error?.status === 401) return firstScreen(view);
  const [next, ...rest] = upcoming(now.calls).filter((call) => !isOffer(call) && !isGuests(call));
  const later = withoutRepeats(rest);
  const done = past(now.calls).filter(isNews);
  return h(
    "section",
    { class: "screen phone-home" },
    bar(view),
    h(
      "div",
      { class: "screen__body" },
      view.reach === "offline" && banner("offline", "link-lost", offlineText(now, at)),
      extras?.first(now, next, at),
      next
        ? nextCall(next, now, at, busy.has(next.id), extras)
        : stateOf("empty", t("phone.no_call"), t(now.families.length ? "phone.no_call_text" : "phone.no_family")),
      extras?.then(now, next, at),
      partners(now).length > 0 && messages(now),
      later.length > 0 && h("h2", { class: "heading" }, t("phone.later")),
      later.length > 0 &&
        h(
          "ul",
          { class: "list" },
          later.map((call) => laterCall(call, now, at, extras)),
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

/** What stands here may be old. @param {Now} now @param {number} at */
const offlineText = ({ known_at, zone }, at) =>
  known_at ? t("phone.known_at", { when: dayAndTime(known_at, zone, at) }) : t("common.offline");

/** The way to what is spoken and heard. @param {Now} now */
function messages({ families }) {
  const waiting = families.reduce((sum, { messages_waiting = 0 }) => sum + messages_waiting, 0);
  return button("messages", `btn ${waiting ? "card--lit" : ""}`.trim(), "message", t("phone.messages") + (waiting ? ` · ${waiting}` : ""));
}

/** Nothing is known yet; who is signed out has a door that is being fetched. @param {View} view */
function firstScreen({ error, reach }) {
  const retry = button("retry", "btn btn--primary", null, t("common.retry"));
  const shown =
    error?.status && error.status !== 401
      ? stateOf("error", t("common.our_side"), "", retry)
      : reach === "offline"
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

/** @param {Call} call @param {Now} now @param {number} at @param {boolean} isBusy
 * @param {import("./extras.js").Extras | null} extras */
function nextCall(call, now, at, isBusy, extras) {
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
      ? h(
          "p",
          { class: "card__text" },
          isAwaited(call) ? t("phone.awaits", { name: otherPerson(call).name }) : t("phone.begun"),
        )
      : countdownOf(call.starts_at, at),
    h("p", {}, tag(call.state, stateText(call))),
    extras?.about(call, now, at),
    cardActions(call, isBusy),
  );
}

/** Whether the other side is there already. @param {Call} call */
const isAwaited = ({ my_side, sides }) => (my_side === "village" ? sides.parent : sides.village).here;

/** @param {Call} call @param {Now} now @param {number} at */
export function when(call, now, at) {
  const where = whereOf(call, now, at);
  return [
    h(
      "p",
      { class: "next-call__when" },
      h("time", { datetime: call.starts_at }, dayAndTime(call.starts_at, now.zone, at)),
    ),
    where && h("p", { class: "next-call__zone" }, where),
  ];
}

/** The village's clock where it is another, or which village. @param {Call} call @param {Now} now @param {number} at */
function whereOf({ starts_at, zone, village }, now, at) {
  const time = timeThere(starts_at, now.zone, zone, at);
  return time ? t("phone.time_there", { village, time }) : isSpread(now) && village;
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
function cardActions({ can, id, state }, isBusy) {
  const shared = { "data-call-id": id, "aria-busy": isBusy };
  return h(
    "div",
    { class: "card__actions" },
    can.includes("counter") && button("counter", "btn btn--quiet", "move", t("phone.counter"), shared),
    can.includes("decline") && button("decline", "btn btn--quiet", "close", t("phone.decline"), shared),
    can.includes("move") && button("move", "btn btn--quiet", "move", t("phone.move"), shared),
    can.includes("cancel") &&
      !can.includes("decline") &&
      button("cancel", "btn btn--quiet", "close", t("phone.cancel"), shared),
    state === "booked" && button("try-line", "btn btn--quiet", "microphone", t("phone.try_line")),
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

/** @param {Call} call @param {Now} now @param {number} at @param {import("./extras.js").Extras | null} extras */
function laterCall(call, now, at, extras) {
  return h(
    "li",
    {},
    h(
      "button",
      { class: "row", type: "button", "data-act": "details", "data-call-id": call.id },
      photo(otherPerson(call), "m"),
      rowMain(
        h("time", { datetime: call.starts_at }, dayAndTime(call.starts_at, now.zone, at)),
        [otherPerson(call).name, whereOf(call, now, at), extras?.mark(call)].filter(Boolean).join(" · "),
        call.state !== "booked" && tag(call.state, t(`common.state.${call.state}`)),
      ),
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

/** @param {HTMLElement} title @param {string} text @param {HTMLElement | false} [below] */
const rowMain = (title, text, below) =>
  h("div", { class: "row__main" }, h("p", { class: "row__title" }, title), h("p", { class: "row__text" }, text), below);

/** Minutes for a call that was held, the reason for one that wasn't and whose it was. @param {Call} call */
export function howItWent(call) {
  const minutes = Math.max(1, Math.round(talkedFor(call, 0) / MINUTE));
  if (call.outcome === "held") return tn("common.talked", minutes);
  const key = `common.reason.${call.reason}`;
  const reason = hasText(key) ? t(key) : otherPerson(call).name;
  const isTheirs = call.sides[otherSide(call)].declined && call.reason !== "declined";
  return isTheirs ? t("phone.they_cant", { reason }) : reason;
}
