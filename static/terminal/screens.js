/**
 * What the village's terminal shows: pictures for those who don't read. The wall gives away a family's emblem and
 * nothing else; names, faces and times come after a touch.
 */
import { isOpen, isOver } from "../core/rings.js";
import { t, tn } from "../core/texts.js";
import { clockTime, dayAndTime, HOUR, ms, sleeps, wall } from "../core/time.js";
import { emblem, h, icon, pair, parts, photo, round, scene, stateOf } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").Member} Member */
/** @typedef {import("../core/wire.js").Slot} Slot */
/** @typedef {import("../net/live.js").View} View */

const MOST_MOONS = 14;
export const SUNRISE_HOUR = 6;
export const SUNSET_HOUR = 18;

/** A control with its own sentence. @param {string} act @param {string} kind @param {string} iconId
 * @param {import("../ui/dom.js").Attributes & {text?: boolean, extra?: string}} [more] */
export const place = (act, kind, iconId, more) => round(act, kind, iconId, t(`terminal.act.${act}`), more);

const help = () => place("help", "help", "help", { text: false });

/** @param {View["reach"]} reach */
function lamp(reach) {
  const kind = { online: "on", starting: "wait", offline: "lost" }[reach];
  return h("span", { class: `lamp lamp--${kind}` }, h("span", { class: "hidden-text" }, t(`common.reach.${reach}`)));
}

/** @param {View} view @param {number} at */
export function idleScreen({ now, reach }, at) {
  const families = now?.families ?? [];
  const tonight = new Set((now?.calls ?? []).filter((call) => !isOver(call)).map((call) => call.family.id));
  return h(
    "section",
    { class: "screen idle" },
    h(
      "header",
      { class: "terminal-bar" },
      lamp(reach),
      h("time", { class: "terminal-bar__clock" }, clockTime(at, now?.zone ?? "UTC")),
      help(),
    ),
    h(
      "div",
      { class: "wall", "data-size": families.length > 12 ? "many" : families.length > 6 ? "some" : "few" },
      families.map((family) => windowOf(family, tonight.has(family.id))),
    ),
    scene("scene-hills", "hills", { preserveAspectRatio: "xMidYMax slice" }),
  );
}

/** @param {Family} family @param {boolean} isLit */
function windowOf({ id, emblem: picture }, isLit) {
  const name = t(`common.emblem.${picture}`);
  return h(
    "button",
    {
      class: "window",
      type: "button",
      "data-act": "family",
      "data-family-id": id,
      "data-lit": isLit && "true",
      "aria-label": name,
    },
    emblem(picture, name),
  );
}

/** @param {Family} family @param {HTMLElement} [beside] one more place to touch */
export const familyBar = (family, beside) =>
  h(
    "header",
    { class: "terminal-bar terminal-bar--three" },
    place("back", "plain", "arrow-start", { text: false }),
    emblem(family.emblem, t(`common.emblem.${family.emblem}`), "l"),
    h("div", { class: "terminal-bar__end" }, beside, help()),
  );

/** @param {Family} family */
export const facesScreen = (family) =>
  h(
    "section",
    { class: "screen faces" },
    familyBar(family),
    h(
      "div",
      { class: "faces__grid" },
      (family.members ?? []).map((member) => face(member, "face")),
    ),
  );

/** @param {Member} member @param {string} act */
const face = (member, act) =>
  h(
    "button",
    { class: "face", type: "button", "data-act": act, "data-person-id": member.id, "aria-label": member.name },
    photo(member, "xl"),
    h("span", { class: "face__name" }, member.name),
  );

/** @param {Family} family @param {Call | null} call @param {Pair} chosen @param {number} at @param {boolean} isBusy */
export function familyScreen(family, call, chosen, at, isBusy) {
  return h(
    "section",
    { class: "screen family", "data-call-id": call?.id },
    familyBar(family, place("lock", "plain", family.has_pin ? "lock" : "lock-open", { text: false })),
    call
      ? h(
          "div",
          { class: "family__next" },
          pair(isOpen(call, at) ? "waiting" : "booked", [call.child, call.parent]),
          h("p", { class: "family__name" }, call.parent.name),
          untilCall(call, at),
        )
      : h(
          "div",
          { class: "family__none" },
          chosen.parent && chosen.child
            ? pair("ended", [chosen.child, chosen.parent], "xl")
            : stateOf("empty", t("terminal.no_call")),
        ),
    h("footer", { class: "terminal-actions" }, familyPlaces(call, chosen, at, isBusy)),
  );
}

/** @typedef {{child: Member | undefined, parent: Member | undefined}} Pair whom a new call would join */

/** @param {Call | null} call @param {Pair} chosen @param {number} at @param {boolean} isBusy */
function familyPlaces(call, chosen, at, isBusy) {
  const busy = { "aria-busy": isBusy };
  if (!call)
    return chosen.child && chosen.parent && place("ask", "answer", "calendar", { extra: "round--pulse", ...busy });
  const named = { "data-call-id": call.id, ...busy };
  if (isOpen(call, at)) return place("here", "answer", "phone-call", { extra: "round--pulse", ...named });
  return [
    call.can.includes("confirm") && place("confirm", "answer", "check", named),
    call.can.includes("decline") && place("decline", "plain", "close", named),
  ];
}

/**
 * Nights as moons, today as a sun that goes down, and the time beside for helpers. @param {Call} call
 * @param {number} at
 */
function untilCall(call, at) {
  return [
    !isOpen(call, at) && night(call.starts_at, call.zone, at),
    h(
      "p",
      { class: "family__when" },
      icon(call.state === "proposed" ? "help" : "clock"),
      h("time", { datetime: call.starts_at }, dayAndTime(call.starts_at, call.zone, at)),
    ),
  ];
}

/** @param {string} instant @param {string} zone @param {number} at */
export function night(instant, zone, at) {
  const nights = sleeps(instant, zone, at);
  if (nights > 0) return moons(nights);
  const part = (ms(instant) - at) / (ms(instant) - morning(instant, zone));
  return sunset(Math.max(0.35, Math.min(1, part)), t("terminal.today"));
}

/** @param {number} nights */
export const moons = (nights) =>
  h(
    "ol",
    { class: "sleeps", "aria-label": tn("terminal.sleeps", nights) },
    Array.from({ length: Math.min(nights, MOST_MOONS) }, () => h("li", { class: "sleep" }, icon("moon"))),
  );

/** @param {string} instant @param {string} zone */
const morning = (instant, zone) => ms(instant) - Math.max(1, wall(instant, zone).hour - SUNRISE_HOUR) * HOUR;

/** @param {number} part 1 in the morning, 0 now @param {string} label */
export const sunset = (part, label) =>
  parts(h("div", { class: "sunset", role: "img", "aria-label": label }, h("span", { class: "sunset__sun" })), {
    part: Math.round(part * 100) / 100,
  });

/** @param {Call} call */
export const ringScreen = (call) =>
  h(
    "section",
    { class: "screen ring", "data-act": "answer", "data-call-id": call.id },
    h("div", { class: "ring__face" }, photo(call.parent)),
    h("p", { class: "ring__name" }, call.parent.name),
    place("answer", "answer", "phone-call", {
      text: false,
      extra: "round--pulse ring__touch",
      "data-focus": true,
      "data-call-id": call.id,
    }),
  );

/** @param {Call} call the one that ended @param {Call | null} next @param {number} at */
export const goodbyeScreen = (call, next, at) =>
  h(
    "section",
    { class: "screen goodbye", "data-act": "done", "data-call-id": call.id },
    h("div", { class: "goodbye__face" }, photo(call.parent, "xl"), icon("wave", "wave goodbye__wave")),
    h("p", { class: "goodbye__text" }, call.parent.name),
    call.reason === "consent_ended" && h("p", {}, t("common.reason.consent_ended")),
    next && untilCall(next, at),
    scene("scene-hills", "hills", { preserveAspectRatio: "xMidYMax slice" }),
  );

/** @param {View} view */
export function firstScreen({ error, reach }) {
  const retry = place("retry", "plain", "move", { text: false });
  const isSignedOut = error?.status === 401; // its door is being fetched
  const shown =
    (error && !isSignedOut) || reach === "offline"
      ? stateOf("offline", t("common.cannot_reach"), "", retry)
      : stateOf("loading", t("common.loading"));
  return h("section", { class: "screen terminal-state" }, shown);
}

/** @param {string} message */
export const troubleScreen = (message) =>
  h(
    "section",
    { class: "screen terminal-state", "data-act": "done" },
    stateOf("error", message, "", place("done", "plain", "arrow-start", { text: false })),
  );
