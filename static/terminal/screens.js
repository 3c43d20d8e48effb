/**
 * What the village's terminal shows: pictures for those who don't read. The wall gives away a family's emblem and
 * nothing else; names, faces and times come after a touch.
 */
import { isOver } from "../core/rings.js";
import { t } from "../core/texts.js";
import { clockTime } from "../core/time.js";
import { drawing, emblem, emblemName, h, photo, round, stateOf } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../net/live.js").View} View */

/** A control with its own sentence. @param {string} act @param {string} kind @param {string} iconId
 * @param {import("../ui/dom.js").Attributes & {text?: boolean, extra?: string}} [more] */
export const place = (act, kind, iconId, more) => round(act, kind, iconId, t(`terminal.act.${act}`), more);

export const help = () => place("help", "help", "help", { text: false });

/** On which the village stands. */
export const hills = () =>
  drawing("terminal/hills", "hills", { class: "hills", "aria-hidden": "true", preserveAspectRatio: "xMidYMax slice" });

/** @param {View["reach"]} reach */
function lamp(reach) {
  const kind = { online: "on", starting: "wait", offline: "lost" }[reach];
  return h("span", { class: `lamp lamp--${kind}` }, h("span", { class: "hidden-text" }, t(`common.reach.${reach}`)));
}

/** @param {View} view @param {number} at @param {(family: Family, at: number) => boolean} hasWaiting a message
 * @param {((at: number, zone: string) => HTMLElement) | undefined} [clock] */
export function idleScreen({ now, reach }, at, hasWaiting, clock) {
  const { families = [], zone = "UTC" } = now ?? {};
  const tonight = new Set((now?.calls ?? []).filter((call) => !isOver(call)).map((call) => call.family.id));
  return h(
    "section",
    { class: "screen idle" },
    h(
      "header",
      { class: "terminal-bar" },
      lamp(reach),
      clock ? clock(at, zone) : h("time", { class: "terminal-bar__clock" }, clockTime(at, zone)),
      help(),
    ),
    h(
      "div",
      { class: "wall", "data-size": families.length > 18 ? "crowd" : families.length > 12 ? "many" : families.length > 6 ? "some" : "few" },
      families.map((family) =>
        windowOf(family, tonight.has(family.id), Boolean(family.is_awaited || family.texts_waiting) || hasWaiting(family, at)),
      ),
    ),
    hills(),
  );
}

/** @param {Family} family @param {boolean} isTonight @param {boolean} hasNews its lamp burns */
function windowOf({ id, emblem: picture }, isTonight, hasNews) {
  const name = emblemName(picture);
  return h(
    "button",
    {
      class: "window",
      type: "button",
      "data-act": "family",
      "data-family-id": id,
      "data-lit": (isTonight || hasNews) && "true",
      "data-waiting": hasNews && "true",
      "aria-label": name,
    },
    emblem(picture),
  );
}

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

/** @param {View} view */
export function firstScreen({ error, reach }) {
  const retry = place("retry", "plain", "move", { text: false });
  const isBroken = error?.status && error.status !== 401; // of who is signed out the door is being fetched
  const says = isBroken ? "common.our_side" : reach === "offline" && "common.cannot_reach";
  const shown = says ? stateOf(isBroken ? "error" : "offline", t(says), "", retry) : stateOf("loading", t("common.loading"));
  return h("section", { class: "screen terminal-state", "data-says": says }, shown);
}

/** @param {string} message */
export const troubleScreen = (message) =>
  h(
    "section",
    { class: "screen terminal-state", "data-act": "done" },
    stateOf("error", message, "", place("done", "plain", "arrow-start", { text: false })),
  );
