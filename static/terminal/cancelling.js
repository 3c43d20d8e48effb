/**
 * Calling a call off without reading: why, whether one is sure, and some seconds to take it back. Each step lies at
 * another place of the screen, so that a child that plays gets lost on the way.
 */
import { t } from "../core/texts.js";
import { now, SECOND } from "../core/time.js";
import { h, parts } from "../ui/dom.js";
import { crossedOut, faces, familyBar, picture } from "./family.js";
import { place } from "./screens.js";
import { when } from "./when.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("./family.js").Look} Look */
/** @typedef {{call: Call, what: "decline" | "cancel", reason: string | null}} No */

/** Reasons that the server knows. */
export const REASONS = ["sick", "no_time", "weather", "terminal_broken", "other"];
const UNDO_MS = 8 * SECOND;

/** A "no" that was said and is not sent yet, so that it can be taken back. */
export class Unsent {
  /** @type {No | null} */
  no = null;
  until = 0;
  #timer = 0;
  #send;

  /** @param {(no: No) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Sends it when the seconds are over, wherever the family is then. @param {No} no */
  keep(no) {
    this.no = no;
    this.until = now() + UNDO_MS;
    this.#timer = window.setTimeout(() => this.#over(no), UNDO_MS);
  }

  #over(/** @type {No} */ no) {
    this.no = null;
    this.#send(no);
  }

  undo() {
    clearTimeout(this.#timer);
    this.no = null;
  }
}

/** @param {Family} family */
export const whyScreen = (family) =>
  h(
    "section",
    { class: "screen why" },
    familyBar(family),
    h("div", { class: "why__grid" }, REASONS.map(why)),
  );

/** @param {string} reason */
function why(reason) {
  const act = `visit.because.${reason}`;
  const label = t(`terminal.act.${act}`);
  return h(
    "button",
    { class: "face why__tile", type: "button", "data-act": act, "data-reason": reason, "aria-label": label },
    picture(reason),
    h("span", { class: "face__name" }, label),
  );
}

/** @param {Family} family @param {Call} call @param {string} reason @param {Look} look */
export const sureScreen = (family, call, reason, { zone, at, isBusy }) =>
  h(
    "section",
    { class: "screen family", "data-call-id": call.id },
    familyBar(family),
    h("div", { class: "family__next" }, crossed(call, reason, zone, at)),
    h(
      "footer",
      { class: "terminal-actions terminal-actions--apart" },
      place("visit.keep", "answer", "phone-call", { "data-call-id": call.id }),
      place("visit.sure", "hang-up", "close", { "data-call-id": call.id, "aria-busy": isBusy }),
    ),
  );

/** @param {Family} family @param {No} no @param {number} until @param {Look} look */
export const undoScreen = (family, { call, reason }, until, { zone, at }) =>
  h(
    "section",
    { class: "screen family undo", "data-call-id": call.id },
    familyBar(family),
    h("div", { class: "family__next" }, crossed(call, reason, zone, at)),
    h(
      "footer",
      { class: "terminal-actions" },
      parts(
        h(
          "button",
          { class: "round undo__place", type: "button", "data-act": "visit.undo", "data-call-id": call.id,
            "aria-label": t("terminal.act.visit.undo") }, // prettier-ignore
          h("span", { class: "round__disc" }, picture("undo", "icon"), picture("ring", "undo__ring")),
          h("span", { class: "round__text" }, t("terminal.act.visit.undo")),
        ),
        { part: Math.max(0, Math.min(1, (until - at - SECOND) / UNDO_MS)) },
      ),
    ),
  );

/** @param {Call} call @param {string | null} reason @param {string} zone @param {number} at */
const crossed = ({ child, parent, starts_at }, reason, zone, at) => [
  faces(child, parent, "lost", { child: "close" }),
  crossedOut(when(starts_at, zone, at), reason),
];
