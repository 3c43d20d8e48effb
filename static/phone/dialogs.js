/** What is asked before something is done, each in a dialog. What comes of an answer is the caller's. */
import { otherPerson } from "../core/rings.js";
import { t } from "../core/texts.js";
import { button, h, icon, openDialog, photo, sentence } from "../ui/dom.js";
import { openSteady } from "../ui/steady.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now["families"][number]} Family */
/** @typedef {import("./home.js").Partner} Partner */

const REASONS = { shift_changed: "calendar", no_time: "clock", sick: "sick", other: "message" };

const close = () => button("close", "btn btn--quiet", null, t("common.close"));

/** Whom to call. @param {Partner[]} all @param {Family[]} families @param {(partner: Partner) => void} choose */
export function whom(all, families, choose) {
  const faces = all.map((partner, place) =>
    h(
      "button",
      { class: "row", type: "button", "data-act": `whom-${place}` },
      photo(faceOf(partner, all, families), "m"),
      h(
        "span",
        { class: "row__main" },
        h("span", { class: "row__title" }, partner.name),
        partner.place && h("span", { class: "row__text" }, partner.place),
      ),
    ),
  );
  const acts = Object.fromEntries(all.map((partner, place) => [`whom-${place}`, () => choose(partner)]));
  openDialog(t("phone.agree.call_whom"), h("div", { class: "list" }, faces), [close()], acts);
}

/** Whoever has the same face as others here is known by the child. @param {Partner} partner @param {Partner[]} all
 * @param {Family[]} families */
function faceOf({ face, childId }, all, families) {
  if (all.filter((one) => one.face.id === face.id).length < 2) return face;
  return families.flatMap(({ children = [] }) => children).find(({ id }) => id === childId) ?? face;
}

/** A call at this minute can't be. @param {import("../net/api.js").ApiError} error @param {() => void} book */
export function tellRefusal(error, book) {
  openDialog(
    t("phone.agree.not_now"),
    [h("p", {}, error.code === "slot_taken" ? t("phone.agree.taken_now") : sentence(error))],
    [close(), button("book-instead", "btn btn--primary", "plus", t("phone.book"))],
    { "book-instead": book },
  );
}

/** @param {string} name @param {string} value @param {boolean} isFirst @param {import("../ui/dom.js").Child[]} label */
const choice = (name, value, isFirst, ...label) =>
  h("label", { class: "choice" }, h("input", { type: "radio", name, value, checked: isFirst }), ...label);

/**
 * Why something is cancelled, and how much of a series where there are scopes to choose from.
 * @param {string} title @param {[scope: string, label: string][] | null} scopes
 * @param {(reason: string, scope: string, wait: () => void) => unknown} cancel @param {string} [yes]
 */
export function reason(title, scopes, cancel, yes = t("phone.agree.cancel_confirm")) {
  const chosen = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement | null} */ (dialog.querySelector(`input[name=${name}]:checked`))?.value ?? "";
  const reasons = Object.entries(REASONS).map(([why, iconId]) =>
    choice("reason", why, why === "other", icon(iconId), h("span", {}, t(`common.reason.${why}`))),
  );
  const which = (scopes ?? []).map(([scope, label], place) => choice("scope", scope, place === 0, h("span", {}, label)));
  const dialog = openSteady(
    title,
    [
      scopes && h("fieldset", { class: "choices" }, h("legend", { class: "choices__title" }, t("phone.agree.which")), which),
      h("fieldset", { class: "choices" }, h("legend", { class: "choices__title" }, t("phone.agree.cancel_why")), reasons),
    ],
    [
      button("close", "btn btn--quiet", null, t("phone.agree.keep")),
      button("cancel-confirm", "btn btn--danger", "close", yes),
    ],
    { "cancel-confirm": (_place, wait) => cancel(chosen("reason"), chosen("scope"), wait) },
  );
}

/** Why a time is no good: each reason says no at once; or another time, where one can be proposed.
 * @param {(() => void) | null} counter @param {(reason: string, wait: () => void) => unknown} decline */
export function whyNot(counter, decline) {
  const reasons = Object.entries(REASONS).map(([why, iconId]) =>
    button("why-not", "btn choice", iconId, t(`common.reason.${why}`), { "data-reason": why }),
  );
  openSteady(
    t("phone.agree.decline_title"),
    [h("p", { class: "muted" }, t("phone.agree.decline_text")), h("div", { class: "choices" }, reasons)],
    [close(), counter && button("counter", "btn btn--primary", "move", t("phone.agree.counter_instead"))],
    {
      "why-not": ({ dataset }, wait) => decline(dataset.reason ?? "other", wait),
      counter: () => counter?.(),
    },
  );
}

/** Whether the terminal is to ring again. @param {() => void} ringAgain */
export function wrongPerson(ringAgain) {
  return openDialog(
    t("common.call.wrong_person"),
    [h("p", {}, t("common.call.wrong_person_sure"))],
    [
      button("close", "btn btn--quiet", null, t("common.call.stay")),
      button("ring-again", "btn btn--primary", "bell", t("phone.agree.ring_again")),
    ],
    { "ring-again": ringAgain },
  );
}

/** What can be done with a later call. @param {Call} call @param {string} when
 * @param {(act: string, touched: DOMStringMap) => void} run */
export function details(call, when, run) {
  const named = { "data-call-id": call.id, "data-series-id": call.series_id };
  /** @type {Record<string, [string, string, string]>} */
  const kinds = {
    confirm: ["btn btn--primary", "check", call.state === "proposed" ? "phone.accept" : "phone.confirm"],
    counter: ["btn", "move", "phone.counter"],
    decline: ["btn", "close", "phone.decline"],
    move: ["btn", "move", "phone.move"],
    cancel: ["btn btn--danger", "close", "phone.cancel"],
  };
  const places = call.can.flatMap((can) => {
    if (!kinds[can]) return [];
    const [className, iconId, key] = kinds[can];
    return [button(can, className, iconId, t(key), named)];
  });
  const acts = Object.fromEntries(
    [...call.can, "series"].map((act) => [act, (/** @type {HTMLElement} */ { dataset }) => run(act, dataset)]),
  );
  openDialog(
    otherPerson(call).name,
    [
      h("p", {}, when),
      call.series_id && button("series", "btn btn--quiet", "calendar", t("phone.agree.of_series"), named),
    ],
    [close(), ...places],
    acts,
  );
}
