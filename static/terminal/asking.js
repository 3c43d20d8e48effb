/**
 * Asking for a call, or for another time, without reading: the best times as suns and moons, plain ones behind them,
 * one last look before it is asked for; and a bell where no time fits.
 */
import { t } from "../core/texts.js";
import { clockTime, DAY, dayAndTime, HOUR, sleeps, wall } from "../core/time.js";
import { h, icon, stateOf } from "../ui/dom.js";
import { faces, familyBar, picture } from "./family.js";
import { place } from "./screens.js";
import { moons, sky, SUNRISE_HOUR, when } from "./when.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").Proposals} Proposals */
/** @typedef {import("../core/wire.js").Slot} Slot */
/** @typedef {import("./family.js").Look} Look */
/** @typedef {import("./family.js").Pair} Pair */

const BEDTIME_HOUR = 22;
const SHOWN_DAYS = 5;
const SHOWN_A_DAY = 4;
/** Where times are looked for: the parent needs time to answer, and nobody counts more moons. */
export const FROM_MS = 2 * HOUR;
export const UNTIL_MS = 14 * DAY;
export const PLAIN_UNTIL_MS = 7 * DAY;
/** Refusals after which another time may still be found. */
export const SOUGHT_AGAIN = new Set(["slot_taken", "not_a_slot", "outside_hours", "too_late_to_propose", "in_the_past"]);
/** Reasons that a picture can say, and what it shows. @type {Record<string, string>} */
const REASONS = { usual_time: "heart", good_link: "signal" };
/** Beside whom a picture of what stands against all times is shown: his or her own, or between the two. */
const OBSTACLES = /** @type {Record<string, import("./family.js").Said>} */ ({
  no_consent: { between: "lock" }, no_contact: { between: "lock" }, village_closed: { between: "house" },
  terminals_taken: { between: "terminal" }, child_at_school: { child: "book" }, child_asleep: { child: "moon" },
}); // prettier-ignore

/** The best times as pictures, one beside the other in their order.
 * @param {Family} family @param {Proposals | null} found null while they are fetched @param {Look} look */
export function askScreen(family, found, look) {
  const [best] = found?.proposals ?? [];
  const inOrder = [...(found?.proposals ?? [])].sort((one, other) => (one.starts_at < other.starts_at ? -1 : 1));
  return h(
    "section",
    { class: "screen faces" },
    familyBar(family),
    h(
      "div",
      { class: "faces__grid" },
      found
        ? inOrder.map((slot) => card(slot, slot === best, telling(slot, best, inOrder), look))
        : stateOf("loading", t("common.loading")),
    ),
    found && h("footer", { class: "terminal-actions" }, place("visit.more", "small", "calendar")),
  );
}

/** Why this one, where a picture can say it; what is true of all is said once, of the best.
 * @param {Proposals["proposals"][number]} slot @param {Slot} best @param {Proposals["proposals"]} all */
function telling(slot, best, all) {
  /** @param {string} reason */
  const isTold = (reason) => slot === best || all.some(({ reasons }) => !reasons.includes(reason));
  return slot.reasons.filter((reason) => REASONS[reason] && isTold(reason));
}

/** @param {Slot} slot @param {boolean} isBest @param {string[]} reasons @param {Look} look */
function card(slot, isBest, reasons, look) {
  const nights = sleeps(slot.starts_at, look.zone, look.at);
  return timePlace(slot, look, { "data-best": isBest && "true" }, nights > 0 ? moons(nights) : today(), reasons);
}

/** @param {Slot} slot @param {{zone: string, at: number}} look @param {import("../ui/dom.js").Attributes} more
 * @param {HTMLElement | null} before @param {string[]} reasons */
function timePlace({ starts_at, terminal_id }, { zone, at }, more, before, reasons) {
  const said = [dayAndTime(starts_at, zone, at), ...reasons.map((reason) => t(`terminal.visit.reason.${reason}`))];
  return h(
    "button",
    {
      class: "face time",
      type: "button",
      "data-act": "slot",
      "data-starts-at": starts_at,
      "data-terminal-id": terminal_id,
      "aria-label": said.join(", "),
      ...more,
    },
    before,
    sky(starts_at, zone),
    h(
      "span",
      { class: "face__name" },
      h("time", { datetime: starts_at }, clockTime(starts_at, zone)),
      reasons.map((reason) => picture(REASONS[reason], "time__why")),
    ),
  );
}

const today = () => h("span", { class: "sleep", role: "img", "aria-label": t("terminal.today") }, icon("sun"));

/** The page of what was found. @param {Proposals | null} found */
export function pageOf(found) {
  if (!found || found.proposals.length) return "ask";
  return found.obstacles[0]?.code.startsWith("no_") ? "ask-forbidden" : "ask-none";
}

/** No time suits everybody: what stands in the way, and the bell. @param {Family} family @param {Pair} chosen
 * @param {Proposals} found @param {Look} look */
export function noneScreen(family, { child, parent }, found, { isBusy }) {
  const code = found.obstacles[0]?.code ?? "terminals_taken";
  const said = OBSTACLES[code] ?? (code.startsWith("parent") ? { parent: "close" } : { child: "close" });
  const mayCall = pageOf(found) === "ask-none";
  return h(
    "section",
    { class: "screen family" },
    familyBar(family),
    h(
      "div",
      { class: "family__next" },
      child && parent && faces(child, parent, "lost", said, "xl"),
      h("p", { class: "family__says" }, t(`terminal.visit.none.${mayCall ? "time" : "permission"}`)),
    ),
    h(
      "footer",
      { class: "terminal-actions" },
      mayCall && place("visit.wish", "answer", "bell", { extra: "round--pulse", "aria-busy": isBusy }),
      mayCall && place("visit.more", "small", "calendar"),
    ),
  );
}

/** Plain free times, a row for each of the next days. @param {Family} family @param {Slot[] | null} slots
 * @param {Look} look */
export function moreScreen(family, slots, look) {
  const days = slots && fewOf(slots, look.zone);
  return h(
    "section",
    { class: "screen faces" },
    familyBar(family),
    days && !days.length
      ? h("div", { class: "family__next" }, stateOf("empty", t("terminal.visit.none.time")))
      : h(
          "div",
          { class: "faces__grid" },
          days ? days.map((day) => dayRow(day, look)) : stateOf("loading", t("common.loading")),
        ),
  );
}

/** @param {Slot[]} slots of one day @param {Look} look */
function dayRow(slots, look) {
  const nights = sleeps(slots[0].starts_at, look.zone, look.at);
  return h(
    "div",
    { class: "day" },
    nights > 0 ? moons(nights) : today(),
    slots.map((slot) => timePlace(slot, look, {}, null, [])),
  );
}

/** The first and the last free time of each of the next days and some between, at hours when children are up.
 * @param {Slot[]} slots @param {string} zone @returns {Slot[][]} */
function fewOf(slots, zone) {
  /** @type {Map<number, Slot[]>} */
  const days = new Map();
  for (const slot of slots) {
    const { day, hour } = wall(slot.starts_at, zone);
    if (hour >= SUNRISE_HOUR && hour < BEDTIME_HOUR) days.set(day, [...(days.get(day) ?? []), slot]);
  }
  return [...days.values()].slice(0, SHOWN_DAYS).map((some) => {
    const step = (some.length - 1) / (SHOWN_A_DAY - 1);
    return [...new Set(Array.from({ length: SHOWN_A_DAY }, (_, turn) => some[Math.round(turn * step)]))];
  });
}

/** One last look before it is asked for. @param {Family} family @param {Pair} chosen @param {string} startsAt
 * @param {Look} look */
export const askConfirmScreen = (family, { child, parent }, startsAt, { zone, at, isBusy }) =>
  h(
    "section",
    { class: "screen family" },
    familyBar(family),
    h(
      "div",
      { class: "family__next" },
      child && parent && faces(child, parent, "booked"),
      h("p", { class: "family__says" }, t("terminal.visit.says.ask", { name: parent?.name ?? "" })),
      when(startsAt, zone, at),
    ),
    h(
      "footer",
      { class: "terminal-actions" },
      place("send-ask", "answer", "check", { extra: "round--pulse", "aria-busy": isBusy }),
    ),
  );
