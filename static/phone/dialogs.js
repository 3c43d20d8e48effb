/** What is asked before something is done, each in a dialog. What comes of an answer is the caller's. */
import { otherPerson } from "../core/rings.js";
import { t } from "../core/texts.js";
import { dayAndTime, now } from "../core/time.js";
import { button, h, icon, openDialog, photo, sentence } from "../ui/dom.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Now["families"][number]} Family */
/** @typedef {import("./home.js").Partner} Partner */

const REASONS = { shift_changed: "calendar", no_time: "clock", sick: "help", other: "message" };

/** Whom to call. @param {Partner[]} all @param {Family[]} families @param {(partner: Partner) => void} choose */
export function whom(all, families, choose) {
  const faces = all.map((partner, place) =>
    h(
      "button",
      { class: "row", type: "button", "data-act": `whom-${place}` },
      photo(faceOf(partner, all, families), "m"),
      h("span", { class: "row__main row__title" }, partner.name),
    ),
  );
  const acts = Object.fromEntries(all.map((partner, place) => [`whom-${place}`, () => choose(partner)]));
  const close = button("close", "btn btn--quiet", null, t("common.close"));
  openDialog(t("phone.call_whom"), h("div", { class: "list" }, faces), [close], acts);
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
    t("phone.not_now"),
    [h("p", {}, error.code === "slot_taken" ? t("phone.taken_now") : sentence(error))],
    [
      button("close", "btn btn--quiet", null, t("common.close")),
      button("book-instead", "btn btn--primary", "plus", t("phone.book")),
    ],
    { "book-instead": book },
  );
}

/** Why a call is cancelled. @param {(reason: string) => void} cancel */
export function reason(cancel) {
  const choices = Object.entries(REASONS).map(([why, iconId]) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: "reason", value: why, checked: why === "other" }),
      icon(iconId),
      h("span", {}, t(`common.reason.${why}`)),
    ),
  );
  const dialog = openDialog(
    t("phone.cancel_title"),
    [h("fieldset", { class: "choices" }, h("legend", { class: "choices__title" }, t("phone.cancel_why")), choices)],
    [
      button("close", "btn btn--quiet", null, t("phone.keep")),
      button("cancel-confirm", "btn btn--danger", "close", t("phone.cancel_confirm")),
    ],
    {
      "cancel-confirm": () => {
        const chosen = /** @type {HTMLInputElement} */ (dialog.querySelector("input:checked"));
        cancel(chosen.value);
      },
    },
  );
}

/** Whether the terminal is to ring again. @param {() => void} ringAgain */
export function wrongPerson(ringAgain) {
  openDialog(
    t("common.call.wrong_person"),
    [h("p", {}, t("common.call.wrong_person_sure"))],
    [
      button("close", "btn btn--quiet", null, t("common.call.stay")),
      button("ring-again", "btn btn--primary", "bell", t("phone.ring_again")),
    ],
    { "ring-again": ringAgain },
  );
}

/** What can be done with a later call. @param {Call} call @param {string} zone @param {import("../ui/dom.js").Acts} acts */
export function details(call, zone, acts) {
  const named = { "data-call-id": call.id };
  /** @type {Record<string, [string, string, string]>} */
  const kinds = {
    confirm: ["btn btn--primary", "check", call.state === "proposed" ? "phone.accept" : "phone.confirm"],
    decline: ["btn", "close", "phone.decline"],
    move: ["btn", "move", "phone.move"],
    cancel: ["btn btn--danger", "close", "phone.cancel"],
  };
  const places = call.can.flatMap((can) => {
    if (!kinds[can]) return [];
    const [className, iconId, key] = kinds[can];
    return [button(can, className, iconId, t(key), named)];
  });
  const close = button("close", "btn btn--quiet", null, t("common.close"));
  openDialog(otherPerson(call).name, [h("p", {}, dayAndTime(call.starts_at, zone, now()))], [close, ...places], acts);
}
