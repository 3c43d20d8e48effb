/**
 * What a person sees of the rung that a call stands on: a note when it changes, said once; the last photo with its
 * age; on the phone the meter of bytes with their price, and the place to save data.
 */
import { t } from "../core/texts.js";
import { button, h, icon } from "./dom.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../call/rungs.js").Rungs} Rungs */
/** @typedef {import("../call/seat.js").Seat} Seat */
/** @typedef {import("../call/looks.js").Bytes} Bytes */

const SHOWN_MS = 9_000;
const FRESH_MS = 12_000;
const MEGABYTE = 1_000_000;
/** Nothing above it while a person saves data. */
export const SAVING = "voice";

sheet("rung.css", import.meta.url);

export class RungView {
  #seat;
  #live;

  /** @param {Seat} seat @param {import("../net/live.js").Live} live */
  constructor(seat, live) {
    this.#seat = seat;
    this.#live = live;
  }

  /** While it has just changed; for as long as no voice can be carried. */
  note() {
    const { rungs } = this.#seat.flow;
    const isFresh = rungs && performance.now() - rungs.since_ms < SHOWN_MS;
    if (!rungs?.step || !(isFresh || !rungs.rung.audio)) return null;
    const sentence = sentenceOf(rungs);
    return h(
      "p",
      { class: "call__note call__note--rung", role: "status", "data-rung": rungs.rung.name, "data-step": rungs.step },
      icon(ICONS[sentence]),
      h("span", {}, t(`common.rung.${sentence}`)),
      !rungs.rung.audio && this.#turns(),
    ); // prettier-ignore
  }

  /** Where no voice is carried, each says something in turn: it gets there. */
  #turns() {
    const { child, parent } = this.#seat.call;
    const whom = { "data-child-id": child.id, "data-parent-id": parent.id };
    return button("turns", "btn btn--primary", "microphone", t("common.rung.turns"), whom);
  }

  /** The last photo of the other end, where no picture moves. */
  still() {
    const { still } = this.#seat.flow;
    if (!still || this.#seat.hasPicture) return null;
    const age_ms = performance.now() - still.at_ms;
    const seconds = Math.round(age_ms / 5_000) * 5;
    return h(
      "figure",
      { class: "call__still", "data-key": "still" },
      h("img", { src: still.url, alt: "" }),
      age_ms > FRESH_MS && h("figcaption", {}, icon("clock", "s"), t("common.rung.age", { seconds })),
    );
  }

  /** Who saves data touches it. */
  meter() {
    const { rungs } = this.#seat.flow;
    const { now } = this.#live.view;
    if (!rungs || now?.face !== "phone") return null;
    const said = dataOf(rungs.bytes, now);
    const act = t(rungs.held ? "common.rung.save_off" : "common.rung.save");
    return h(
      "button",
      {
        class: "btn btn--small call__meter", type: "button", "data-act": "save-data",
        "aria-pressed": String(Boolean(rungs.held)),
      },
      icon(rungs.held ? "check" : "camera-off", "s"),
      h("span", {}, act),
      " ",
      h("span", { class: "call__meter-figure" }, said),
    ); // prettier-ignore
  }
}

/** @type {Record<string, string>} */
const ICONS = {
  picture_back: "camera", photos_back: "person", voice_back: "microphone", clips: "message", held: "check",
  other: "link-lost", smaller: "camera", photos: "person", paused: "camera-off", thin: "microphone",
}; // prettier-ignore

/** @param {Rungs} rungs */
function sentenceOf({ rung, step, reason }) {
  if (!rung.audio) return "clips";
  if (step > 0) return rung.video ? "picture_back" : rung.stills ? "photos_back" : "voice_back";
  if (reason === "held") return "held";
  if (rung.video) return "smaller";
  if (rung.stills) return "photos";
  return reason === "other" ? "other" : rung.name === SAVING ? "paused" : "thin";
}

/** What a call carried, and what that cost where the price is known. @param {Bytes} bytes
 * @param {import("../core/wire.js").Now} now */
export const dataOf = (bytes, { language, me }) =>
  [megabytes(bytes, language), cost(bytes, me?.mb_price, language)].filter(Boolean).join(" · ");

/** @param {Bytes} bytes @param {string} language */
const megabytes = ({ sent, received }, language) =>
  `${((sent + received) / MEGABYTE).toLocaleString(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;

/** @param {Bytes} bytes @param {import("../core/wire.js").MbPrice | null | undefined} price @param {string} language */
function cost({ sent, received }, price, language) {
  if (!price?.milli) return "";
  const value = ((sent + received) / MEGABYTE) * (price.milli / 1_000);
  return value.toLocaleString(language, { style: "currency", currency: price.currency });
}
