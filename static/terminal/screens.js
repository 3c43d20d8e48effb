/**
 * What the village's terminal shows: pictures for those who don't read. The wall gives away a family's emblem and
 * nothing else; names, faces and times come after a touch.
 */
import { isOver } from "../core/rings.js";
import { t, tn } from "../core/texts.js";
import { clockTime, dayAndTime, HOUR, ms, sleeps, wall } from "../core/time.js";
import { emblem, emblemName, h, icon, pair, parts, photo, round, scene, stateOf } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../net/live.js").View} View */

const MOST_MOONS = 14;
const MOST_LARGE = 4;
export const SUNRISE_HOUR = 6;
export const SUNSET_HOUR = 18;

/** A control with its own sentence. @param {string} act @param {string} kind @param {string} iconId
 * @param {import("../ui/dom.js").Attributes & {text?: boolean, extra?: string}} [more] */
export const place = (act, kind, iconId, more) => round(act, kind, iconId, t(`terminal.act.${act}`), more);

export const help = () => place("help", "help", "help", { text: false });

/** @param {View["reach"]} reach */
function lamp(reach) {
  const kind = { online: "on", starting: "wait", offline: "lost" }[reach];
  return h("span", { class: `lamp lamp--${kind}` }, h("span", { class: "hidden-text" }, t(`common.reach.${reach}`)));
}

/** @param {View} view @param {number} at @param {(family: Family, at: number) => boolean} hasWaiting a message */
export function idleScreen({ now, reach }, at, hasWaiting) {
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
      families.map((family) =>
        windowOf(family, Boolean(family.is_awaited || family.texts_waiting) || hasWaiting(family, at) || tonight.has(family.id)),
      ),
    ),
    scene("scene-hills", "hills", { preserveAspectRatio: "xMidYMax slice" }),
  );
}

/** @param {Family} family @param {boolean} isLit */
function windowOf({ id, emblem: picture }, isLit) {
  const name = emblemName(picture);
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
    emblem(picture),
  );
}

/** When a call is, without reading: the nights before it and the hour; in words beside for helpers.
 * @param {string} instant @param {string} zone @param {number} at @param {boolean} [isAsked] nobody has said yes */
export const when = (instant, zone, at, isAsked) =>
  h(
    "div",
    { class: "when" },
    night(instant, zone, at),
    sky(instant, zone),
    h(
      "span",
      { class: "when__text" },
      isAsked && icon("help"),
      h("time", { datetime: instant }, dayAndTime(instant, zone, at)),
    ),
  );

/** The hills at an hour: the sun on its way over them, or the moon. @param {string} instant @param {string} zone */
export function sky(instant, zone) {
  const { hour, minute } = wall(instant, zone);
  const since = ((hour + 18) % 12) + minute / 60;
  const isDay = hour >= SUNRISE_HOUR && hour < SUNSET_HOUR;
  const place = { x: since / 12, y: Math.sin((since / 12) * Math.PI) };
  return parts(h("span", { class: "sky", "data-hour": isDay ? "day" : "night" }, !isDay && icon("moon")), place);
}

/** Nights as moons, today as a sun that goes down until then. @param {string} instant @param {string} zone
 * @param {number} at */
function night(instant, zone, at) {
  const nights = sleeps(instant, zone, at);
  if (nights > 0) return moons(nights);
  const part = (ms(instant) - at) / (ms(instant) - morning(instant, zone));
  return sunset(Math.max(0.35, Math.min(1, part)), t("terminal.today"));
}

/** @param {number} nights */
export const moons = (nights) =>
  h(
    "ol",
    { class: "sleeps", "data-many": nights > MOST_LARGE && "true", "aria-label": tn("terminal.sleeps", nights) },
    Array.from({ length: Math.min(nights, MOST_MOONS) }, () => h("li", { class: "sleep" }, icon("moon"))),
  );

/** @param {string} instant @param {string} zone */
const morning = (instant, zone) => ms(instant) - Math.max(1, wall(instant, zone).hour - SUNRISE_HOUR) * HOUR;

/** @param {number} part 1 in the morning, 0 now @param {string} label */
const sunset = (part, label) =>
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

/** The next call, or where to ask for one. @param {Call} call the one that ended @param {Call | null} next
 * @param {number} at @param {import("../ui/dom.js").Child} [offer] of a place to leave a message, which comes first */
export function goodbyeScreen(call, next, at, offer) {
  const isForbidden = call.reason === "consent_ended";
  const { child, parent } = next ?? call;
  return h(
    "section",
    { class: "screen goodbye", "data-act": "done", "data-call-id": call.id },
    h("div", { class: "goodbye__faces" }, pair("ended", [child, parent], "xl"), icon("wave", "wave goodbye__wave")),
    h("p", { class: "goodbye__text" }, parent.name),
    isForbidden && h("p", {}, t("common.reason.consent_ended")),
    next && when(next.starts_at, next.zone, at, next.state === "proposed"),
    offer,
    !next && !isForbidden && !offer && place("ask-next", "answer", "calendar", { extra: "round--pulse" }),
    scene("scene-hills", "hills", { preserveAspectRatio: "xMidYMax slice" }),
  );
}

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
