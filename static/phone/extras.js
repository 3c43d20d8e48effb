/**
 * What the first screen says beyond each call: freed times that are offered, calls that must be confirmed, proposals
 * to answer, what belongs to a series, who waits, new times for what came to nothing, what was said and never sent.
 */
import { otherPerson, past, upcoming } from "../core/rings.js";
import { t, tn } from "../core/texts.js";
import { clockTime, dayAndTime, HOUR, MINUTE, minutesAndSeconds, ms, now as serverNow, SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, icon, parts, photo } from "../ui/dom.js";
import { theyTalk } from "./guest.js";
import { isGuests, isOffer, when } from "./home.js";
import { capital, known, readSeries, rhythmOf, waits } from "./known.js";
import { newTimes, ready } from "./new_times.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../phone.js").Phone} Phone */

const AGAIN_MS = 30 * SECOND;
const OFFER_LASTS_MS = 30 * MINUTE;
const CLOSE_MS = 2 * MINUTE;
const LONG_MS = 2 * HOUR;
const UNSENT_AGAIN_MS = 2 * SECOND;

export class Extras {
  #asked = "";
  #again_at = 0;
  #hasUnsent = false;
  #unsent_at = 0;
  #phone;

  /** @param {Phone} phone */
  constructor(phone) {
    this.#phone = phone;
    known.clear(); // somebody else may have been here
    waits.own = [];
    ready.then(() => phone.show());
  }

  /** Reads what the calls don't tell themselves, when they have changed. */
  async look() {
    const { now } = this.#phone.live.view;
    if (now) this.#lookForUnsent(now.me?.id ?? "");
    if (!now || serverNow() < this.#again_at) return;
    const ofSeries = now.calls.filter(({ series_id, state }) => series_id && state !== "ended");
    const hasCall = upcoming(now.calls).some((call) => !isOffer(call) && !isGuests(call));
    const asked = JSON.stringify([hasCall, ofSeries.map(({ id, series_id, starts_at }) => [id, series_id, starts_at])]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    try {
      const { api } = this.#phone.live;
      await Promise.all([...new Set(ofSeries.map(({ family }) => family.id))].map((id) => readSeries(api, id)));
      if (!hasCall && now.families.length) waits.own = (await api.get("/api/waits")).waits;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#asked = ""; // asked again in a while
      this.#again_at = serverNow() + AGAIN_MS;
    }
    this.#phone.show();
  }

  /** Also what was interrupted, and lies here until somebody goes on with it. @param {string} owner */
  async #lookForUnsent(owner) {
    if (Date.now() < this.#unsent_at) return;
    this.#unsent_at = Date.now() + UNSENT_AGAIN_MS;
    const outbox = localStorage["homethread.outbox"] ? await import("../voice/outbox.js").catch(() => null) : null;
    const hasUnsent = outbox ? await outbox.hasUnsent(owner) : false;
    if (hasUnsent === this.#hasUnsent) return;
    this.#hasUnsent = hasUnsent;
    this.#phone.show();
  }

  /** What must not be overlooked. @param {Now} now @param {Call | undefined} next @param {number} at */
  first(now, next, at) {
    const ahead = upcoming(now.calls);
    return [
      ahead.filter(isGuests).map((call) => theyTalk(call, now)),
      ahead.filter((call) => isOffer(call) && isStanding(call, at)).map((call) => this.#offer(call, now, at)),
      ahead.filter((call) => call !== next && isDoubtful(call)).map((call) => this.#doubt(call, now, at)),
    ];
  }

  /** Of the next call, in its card. @param {Call} call @param {Now} now @param {number} at */
  about(call, now, at) {
    const rhythm = this.mark(call);
    const old = call.state === "proposed" && insteadOf(call, now);
    return [
      rhythm &&
        button("series", "btn btn--quiet btn--small", "calendar", capital(rhythm), { "data-series-id": call.series_id }),
      old && instead(old, now, at),
      call.state === "proposed" && this.#answerBy(call, now, at),
      isDoubtful(call) && this.#confirmBy(call, now, at),
    ];
  }

  /** What else waits for an answer, and new times. @param {Now} now @param {Call | undefined} next @param {number} at */
  then(now, next, at) {
    const asked = upcoming(now.calls).filter((call) => call !== next && call.can.includes("counter") && !isOffer(call));
    return [
      asked.map((call) => this.#question(call, now, at)),
      !next && waits.own.map((wait) => waiting(wait, this.#phone.busy)),
      onePerPair(past(now.calls).filter(({ offers }) => offers.length)).map((call) =>
        newTimes(call, now, at, this.#phone.busy.has(call.id)),
      ),
      this.#hasUnsent && banner("info", "hourglass", t("phone.extra.unsent")),
    ];
  }

  /** "every Sunday" @param {Call} call */
  mark({ series_id, zone }) {
    const series = series_id && known.get(series_id);
    return series ? rhythmOf(series, this.#phone.live.view.now?.zone ?? zone) : "";
  }

  /** @param {Call} call @param {Now} now @param {number} at */
  #offer(call, now, at) {
    const { expires_at } = call;
    const left = ms(expires_at ?? 0) - at;
    return h(
      "article",
      { class: "card card--lit freed", "data-key": `offer ${call.id}`, "data-call-id": call.id },
      h("h2", { class: "card__title freed__title" }, icon("bell"), t("phone.extra.freed")),
      who(call, now, at, true),
      h(
        "p",
        { class: "card__text freed__left" },
        t("phone.extra.yours_until", { time: clockTime(expires_at ?? 0, now.zone) }),
        h("strong", {}, leftText(left)),
      ),
      parts(h("div", { class: "progress" }, h("span", { class: "progress__bar" })), {
        part: Math.round(Math.min(1, left / OFFER_LASTS_MS) * 100) / 100,
      }),
      this.#places(call, "phone.extra.take", [["decline-offer", "close", "phone.extra.leave"]]),
    );
  }

  /** @param {Call} call @param {Now} now @param {number} at */
  #doubt(call, now, at) {
    return h(
      "article",
      { class: "card asked", "data-key": `doubt ${call.id}`, "data-call-id": call.id },
      h("h2", { class: "card__title" }, t("phone.extra.will_you_come")),
      who(call, now, at, true),
      this.#confirmBy(call, now, at),
      this.#places(call, "phone.confirm", [["cancel", "close", "phone.cancel"]]),
    );
  }

  /** @param {Call} call @param {Now} now @param {number} at */
  #question(call, now, at) {
    const old = insteadOf(call, now);
    return h(
      "article",
      { class: "card asked", "data-key": `asked ${call.id}`, "data-call-id": call.id, "data-state": "proposed" },
      h("h2", { class: "card__title" }, t("phone.asks", { name: otherPerson(call).name })),
      who(call, now, at, false),
      old && instead(old, now, at),
      this.#answerBy(call, now, at),
      this.#places(call, "phone.accept", [["counter", "move", "phone.counter"], ["decline", "close", "phone.decline"]]),
    ); // prettier-ignore
  }

  /** @param {Call} call @param {Now} now @param {number} at */
  #answerBy({ expires_at, can }, now, at) {
    if (!expires_at) return null;
    const key = can.includes("counter") ? "phone.extra.answer_by" : "phone.extra.answered_by";
    return h("p", { class: "card__text" }, t(key, { when: dayAndTime(expires_at, now.zone, at) }));
  }

  /** @param {Call} call @param {Now} now @param {number} at */
  #confirmBy({ confirm_by }, now, at) {
    const text = t("phone.extra.confirm_by", { when: dayAndTime(confirm_by ?? "", now.zone, at) });
    return h("p", { class: "banner asked__by" }, icon("hourglass"), h("span", {}, text));
  }

  /** @param {Call} call @param {string} yes a key @param {[act: string, icon: string, key: string][]} others */
  #places({ id }, yes, others) {
    const shared = { "data-call-id": id, "aria-busy": this.#phone.busy.has(id) };
    return h(
      "div",
      { class: "card__actions" },
      button("confirm", "btn btn--primary", "check", t(yes), shared),
      others.map(([act, iconId, key]) => button(act, "btn btn--quiet", iconId, t(key), shared)),
    );
  }
}

/** @param {Call} call @param {Now} now @param {number} at @param {boolean} isNamed */
const who = (call, now, at, isNamed) =>
  h(
    "div",
    { class: "who" },
    photo(otherPerson(call), "m"),
    h(
      "div",
      { class: "who__main" },
      isNamed && h("p", { class: "row__title" }, otherPerson(call).name),
      when(call, now, at),
    ),
  );

/** @param {Call} old @param {Now} now @param {number} at */
const instead = ({ starts_at }, now, at) =>
  h("p", { class: "card__text" }, t("phone.extra.instead_of", { when: dayAndTime(starts_at, now.zone, at) }));

/** In hours, then in minutes, and at last in seconds. @param {number} left */
function leftText(left) {
  if (left < CLOSE_MS) return minutesAndSeconds(left);
  if (left < LONG_MS) return tn("phone.extra.minutes_left", Math.floor(left / MINUTE));
  return tn("phone.extra.hours_left", Math.floor(left / HOUR));
}

/** @param {import("./wire.js").Wait} wait @param {Set<string>} busy */
const waiting = ({ wait_id, child }, busy) =>
  h(
    "article",
    { class: "card waiting", "data-key": `wait ${wait_id}` },
    h("p", {}, icon("bell", "s"), ` ${t("phone.extra.waits", { name: child.name })}`),
    button("wait-end", "btn btn--quiet", "close", t("phone.extra.stop_waiting"), {
      "data-wait-id": wait_id,
      "aria-busy": busy.has(wait_id ?? ""),
    }),
  );

/** @param {Call} call @param {number} at */
const isStanding = ({ expires_at }, at) => Boolean(expires_at) && ms(expires_at ?? "") > at;

/** Nobody has said yet that they will come, and the time goes to others if nobody does. @param {Call} call */
const isDoubtful = ({ confirm_by, state, sides: { parent, village }, can }) =>
  Boolean(confirm_by) && state === "booked" && can.includes("confirm") && !parent.confirmed && !village.confirmed;

/** What this one was proposed instead of. @param {Call} call @param {Now} now */
const insteadOf = ({ id }, now) => now.calls.find(({ moved_to_id }) => moved_to_id === id);

/** @param {Call[]} calls */
function onePerPair(calls) {
  const seen = new Set();
  return calls.filter(({ child, parent }) => !seen.has(child.id + parent.id) && seen.add(child.id + parent.id));
}
