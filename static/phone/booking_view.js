/** How choosing a time looks: with whom, the best times, all that are free by day, and what was chosen at the bottom. */
import { t, tn } from "../core/texts.js";
import { clockTime, DAY, dayAndTime, dayNumber, timeThere, wall, weekday } from "../core/time.js";
import { banner, button, h, icon, photo, sentence, stateOf } from "../ui/dom.js";
import { bestTimes } from "./best.js";
import { partners } from "./home.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../core/wire.js").Slot} Slot */
/** @typedef {import("./booking.js").Booking} Booking */

export const DAYS_AHEAD = 14;
const EVENING_HOUR = 18;
const NOON = 12;

/** @param {Booking} booking @param {Now} now @param {number} at */
export const bookingScreen = (booking, now, at) =>
  h(
    "section",
    { class: "screen phone-slots" },
    h(
      "header",
      { class: "bar" },
      h(
        "button",
        { class: "btn btn--quiet btn--icon", type: "button", "data-act": "home", "aria-label": t("common.back") },
        icon("arrow-start"),
      ),
      h("h1", { class: "bar__title" }, t(`phone.time.${booking.intent}_title`)),
    ),
    h(
      "div",
      { class: "screen__body" },
      whatIsWrong(booking),
      whom(booking, now),
      bestTimes(booking, now, at),
      allTimes(booking, now, at),
    ),
    h("footer", { class: "actions" }, footer(booking, now, at)),
  );

/** @param {Booking} booking */
function whatIsWrong({ isTryingAgain, error, slots }) {
  if (isTryingAgain) return banner("offline", "link-lost", t("common.trying_again"));
  return error && slots && banner("bad", "warning", sentence(error));
}

/** @param {Booking} booking @param {Now} now */
function whom({ aim, pair }, now) {
  const all = partners(now);
  if (all.length < 2 || aim.isFixed) return null;
  return h(
    "div",
    { class: "children", role: "radiogroup", "aria-label": t("phone.time.which_child") },
    all.map(({ face, name, childId, parentId, place }) =>
      h(
        "button",
        {
          class: "child", type: "button", role: "radio", "data-act": "whom", "data-child-id": childId,
          "data-parent-id": parentId,
          "aria-checked": String(childId === pair.childId && parentId === pair.parentId),
        }, // prettier-ignore
        photo(face, "m"),
        h("span", { class: "child__name" }, name),
        place && h("span", { class: "child__place" }, place),
      ),
    ),
  );
}

/** @param {Booking} booking @param {Now} now @param {number} at */
function allTimes(booking, now, at) {
  const { slots, error, zone } = booking;
  if (!slots) {
    if (!error) return stateOf("loading", t("common.loading"));
    return stateOf("error", sentence(error), "", button("reload-slots", "btn btn--primary", null, t("common.retry")));
  }
  if (!slots.length) return [stateOf("empty", t("phone.time.no_slots"), t("phone.time.no_slots_text")), ways(booking, true)];
  const byDay = group(slots, (slot) => dayNumber(slot.starts_at, now.zone));
  const day = booking.day !== null && byDay.has(booking.day) ? booking.day : [...byDay.keys()][0];
  const shown = byDay.get(day) ?? [];
  const isElsewhere = shown.some((slot) => timeThere(slot.starts_at, now.zone, zone, at));
  return [
    h("h2", { class: "heading", "data-key": "all" }, icon("calendar", "s"), t("phone.time.all_times")),
    days(byDay, day, now, at),
    isElsewhere && h("p", { class: "muted" }, t("phone.time.zones_differ")),
    ...partsOfDay(shown, now.zone).map(([part, some]) => partOfDay(booking, part, some, now, at)),
    ways(booking, false),
  ];
}

/** What else can be done where no time suits. @param {Booking} booking @param {boolean} isMain */
function ways({ aim, ownWait }, isMain) {
  if (aim.intent !== "new") return null;
  const kind = `btn ${isMain ? "btn--primary" : "btn--quiet"}`;
  return h(
    "div",
    { class: "ways", "data-key": "ways" },
    ownWait
      ? [
          h("p", { class: "muted" }, t("phone.time.waits_text")),
          button("stop-waiting", "btn btn--quiet", "close", t("phone.time.stop_waiting"), {
            "data-wait-id": ownWait.wait_id,
          }),
        ]
      : button("wait", kind, "bell", t("phone.time.wait")),
    button("my-hours", "btn btn--quiet", "clock", t("phone.time.my_hours")),
  );
}

/** @param {Map<number, Slot[]>} byDay @param {number} chosen @param {Now} now @param {number} at */
function days(byDay, chosen, now, at) {
  const today = dayNumber(at, now.zone);
  return h(
    "div",
    { class: "days", role: "radiogroup", "aria-label": t("phone.time.which_day") },
    Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => {
      const number = today + ahead;
      const name = weekday(number * DAY + DAY / 2, "UTC");
      const count = byDay.get(number)?.length ?? 0;
      return h(
        "button",
        {
          class: "day", type: "button", role: "radio", "data-act": "day", "data-day": number,
          "aria-checked": String(number === chosen), disabled: !count,
        }, // prettier-ignore
        h("span", { class: "day__name" }, ahead === 0 ? t("common.today") : name.name),
        h("span", { class: "day__number" }, String(new Date(number * DAY).getUTCDate())),
        h("span", { class: "day__count", "aria-label": tn("phone.time.free", count) }, count || ""),
      );
    }),
  );
}

/** @param {Booking} booking @param {Part} part @param {Slot[]} slots @param {Now} now @param {number} at */
const partOfDay = (booking, part, slots, now, at) =>
  h(
    "section",
    { class: "part-of-day", "data-key": part },
    h("h2", { class: "heading" }, icon(part === "evening" ? "moon" : "sun", "s"), ` ${t(`phone.time.part.${part}`)}`),
    h(
      "div",
      { class: "slots" },
      slots.map((slot) => oneSlot(booking, slot, now, at)),
    ),
  );

/** @param {Booking} booking @param {Slot} slot @param {Now} now @param {number} at */
function oneSlot({ chosen, zone }, slot, now, at) {
  const there = timeThere(slot.starts_at, now.zone, zone, at);
  return h(
    "button",
    {
      class: "slot", type: "button", "data-act": "slot", "data-starts-at": slot.starts_at,
      "aria-pressed": String(slot.starts_at === chosen?.startsAt),
    }, // prettier-ignore
    h("span", { class: "slot__time" }, clockTime(slot.starts_at, now.zone)),
    there && h("span", { class: "slot__zone" }, there),
  );
}

/** @param {Booking} booking @param {Now} now @param {number} at */
function footer(booking, now, at) {
  const { choice, intent, again, isSending } = booking;
  const there = choice && timeThere(choice.startsAt, now.zone, choice.zone, at);
  const asked = intent === "ask" && partners(now).find(({ parentId }) => parentId === booking.pair.parentId)?.face;
  const isOnce = booking.aim.intent !== "new" || again.rhythm === "once";
  return [
    choice &&
      h(
        "p",
        { class: "actions__text" },
        t("phone.time.chosen", { when: dayAndTime(choice.startsAt, now.zone, at), minutes: choice.minutes }),
        there && h("span", { class: "muted" }, ` · ${t("phone.time.there", { time: there })}`),
      ),
    choice && booking.aim.intent === "new" && again.part(now.zone),
    asked && isOnce && h("p", { class: "actions__text muted" }, t("phone.time.will_be_asked", { name: asked.name })),
    button("send-booking", "btn btn--primary btn--wide", null, t(`phone.time.${isOnce ? intent : "series"}_this`), {
      disabled: !choice,
      "aria-busy": isSending,
    }),
  ];
}

/** @template T @param {T[]} items @param {(item: T) => number} keyOf @returns {Map<number, T[]>} */
function group(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** @typedef {"morning" | "afternoon" | "evening"} Part */
/** @param {Slot[]} slots @param {string} zone @returns {[Part, Slot[]][]} by the reader's clock */
function partsOfDay(slots, zone) {
  const hourOf = (/** @type {Slot} */ slot) => wall(slot.starts_at, zone).hour;
  /** @type {[Part, Slot[]][]} */
  const parts = [
    ["morning", slots.filter((slot) => hourOf(slot) < NOON)],
    ["afternoon", slots.filter((slot) => hourOf(slot) >= NOON && hourOf(slot) < EVENING_HOUR)],
    ["evening", slots.filter((slot) => hourOf(slot) >= EVENING_HOUR)],
  ];
  return parts.filter(([, some]) => some.length);
}
