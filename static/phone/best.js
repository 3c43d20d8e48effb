/** The best times with the reason of each; where none suits everybody, why, and the nearest one with what it asks. */
import { hasText, t } from "../core/texts.js";
import { dayAndTime, timeThere } from "../core/time.js";
import { button, h, icon } from "../ui/dom.js";
import { capital } from "./known.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("./booking.js").Booking} Booking */
/** @typedef {import("./wire.js").Proposals} Proposals */

const SHOWN_OBSTACLES = 3;
const MOST_REASONS = 2;
/** How much of the time something stands in the way, in words. */
const SHARES = /** @type {const} */ ([[0.9, "always"], [0.5, "mostly"], [0, "sometimes"]]); // prettier-ignore

/** @param {Booking} booking @param {Now} now @param {number} at */
export function bestTimes(booking, now, at) {
  const { best } = booking;
  if (best === undefined) return null;
  if (!best) return heading(h("div", { class: "best best--coming", role: "status" }, t("phone.time.looking")));
  if (!best.proposals.length) return noneSuits(booking, best, now, at);
  const told = new Set();
  return heading(
    h(
      "div",
      { class: "best" },
      best.proposals.map(({ starts_at, reasons }) =>
        h(
          "button",
          {
            class: "best__one", type: "button", "data-act": "propose", "data-starts-at": starts_at,
            "aria-pressed": String(starts_at === booking.chosen?.startsAt),
          }, // prettier-ignore
          timeOf(starts_at, best.zone, now, at),
          h("span", { class: "best__why" }, joined(sayOnce(reasons, told).map((code) => best.sentences[code]))),
        ),
      ),
    ),
  );
}

/** Of several reasons those that have not been told above. @param {string[]} reasons @param {Set<string>} told */
function sayOnce(reasons, told) {
  const fresh = reasons.filter((code) => !told.has(code));
  const said = (fresh.length ? fresh : reasons.slice(-1)).slice(0, MOST_REASONS);
  for (const code of said) told.add(code);
  return said;
}

/** @param {HTMLElement} shown */
const heading = (shown) =>
  h(
    "section",
    { class: "part-of-day", "data-key": "best" },
    h("h2", { class: "heading" }, icon("lamp", "s"), t("phone.time.best")),
    shown,
  );

/** @param {string} startsAt @param {string} zone the village's @param {Now} now @param {number} at */
function timeOf(startsAt, zone, now, at) {
  const there = timeThere(startsAt, now.zone, zone, at);
  return h(
    "span",
    { class: "best__time" },
    h("time", { datetime: startsAt }, capital(dayAndTime(startsAt, now.zone, at))),
    there && h("span", { class: "best__there" }, t("phone.time.there", { time: there })),
  );
}

/** @param {Booking} booking @param {Proposals} best @param {Now} now @param {number} at */
function noneSuits({ chosen, isSending, pair }, { obstacles, compromise, sentences, zone }, now, at) {
  const { childId, parentId = now.me?.id } = pair;
  const mine = now.me?.id === childId ? "child_" : now.me?.id === parentId ? "parent_" : "me_";
  /** @param {string} code */
  const say = (code) => {
    const own = `phone.time.own.${code}`;
    return code.startsWith(mine) && hasText(own) ? t(own) : sentences[code];
  };
  return h(
    "section",
    { class: "card none-suits", "data-key": "best" },
    h("h2", { class: "card__title" }, t("phone.time.none_suits")),
    h(
      "ul",
      { class: "obstacles" },
      obstacles.slice(0, SHOWN_OBSTACLES).map(({ code, share }) =>
        h(
          "li",
          { class: "obstacle" },
          icon("warning", "s"),
          h("span", {}, say(code), h("span", { class: "muted" }, ` · ${t(`phone.time.share.${shareOf(share)}`)}`)),
        ),
      ),
    ),
    compromise && [
      h("p", { class: "card__text" }, t("phone.time.nearest")),
      h(
        "div",
        { class: "compromise" },
        timeOf(compromise.starts_at, zone, now, at),
        h(
          "span",
          { class: "best__why" },
          t("phone.time.but", { why: joined(compromise.conflicts.map(say)) }),
        ),
      ),
      button("compromise", "btn", "check", t("phone.time.take_anyway"), {
        "data-starts-at": compromise.starts_at,
        "aria-busy": isSending && chosen?.startsAt === compromise.starts_at,
      }),
    ],
  );
}

/** @param {string[]} sentences */
const joined = (sentences) => sentences.join(t("phone.time.and"));

/** @param {number} share */
const shareOf = (share) => SHARES.find(([from]) => share >= from)?.[1] ?? "sometimes";
