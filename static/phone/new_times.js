/** New times beside a call that came to nothing: on the first screen, and where such a call ends. */
import { otherPerson } from "../core/rings.js";
import { t } from "../core/texts.js";
import { dayAndTime, timeThere } from "../core/time.js";
import { h } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { howItWent } from "./home.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now} Now */

export const ready = sheet("times.css", import.meta.url);

/** @param {Call} call @param {Now} now @param {number} at @param {boolean} isBusy */
export const newTimes = (call, now, at, isBusy) =>
  h(
    "article",
    { class: "card offer-card", "data-key": `times ${call.id}`, "data-state": call.outcome, "data-call-id": call.id },
    h("p", { class: "card__title" }, howItWent(call)),
    h("p", { class: "card__text" }, t("phone.extra.new_times", { name: otherPerson(call).name })),
    h(
      "div",
      { class: "slots" },
      call.offers.map((slot) => newTime(slot, call, now, at, isBusy)),
    ),
  );

/**
 * @param {import("../core/wire.js").Slot} slot @param {Call} call @param {Now} now @param {number} at
 * @param {boolean} isBusy
 */
function newTime(slot, call, now, at, isBusy) {
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
