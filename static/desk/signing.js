/**
 * A guardian's signature on the screen, by finger, pen or mouse, and how it is shown again. It is good for what was
 * ticked when it was drawn: as soon as something else is ticked, the box is empty, and whoever wants it signs anew.
 */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { button, h, openDialog, sentence, toast } from "../ui/dom.js";

/** @typedef {import("./household.js").Household} Household
 * @typedef {number[][]} Strokes x, y, x, y, … in a box of WIDTH by HEIGHT */

const [WIDTH, HEIGHT] = [1000, 400];
const [MOST_STROKES, MOST_PLACES] = [100, 1_500];
const LEAST_STEP = 4;
const LINE_WIDTH = 7;
const SVG = "http://www.w3.org/2000/svg";

/** What is signed for, as one word. @param {Household} home */
function terms(home) {
  const { cells, until } = home.draft.consent;
  const ticked = Object.keys(cells).filter((cell) => cells[cell]);
  return JSON.stringify([ticked.sort(), home.giver?.id, until]);
}

/** What was drawn for what is ticked now. @param {Household} home @returns {Strokes} */
export function strokesOf(home) {
  const { signature } = home.draft.consent;
  return signature?.terms === terms(home) ? signature.strokes : [];
}

/** @param {Household} home @param {Strokes} strokes */
export function keepStrokes(home, strokes) {
  home.draft.consent.signature = { terms: terms(home), strokes };
  home.keep();
}

/** @param {Household} home @param {string} name who signs */
export function signingPart(home, name) {
  const strokes = strokesOf(home);
  const label = t("desk.signature_of", { name });
  const pad = h("canvas", { class: "signature-pad", width: WIDTH, height: HEIGHT, role: "img", "aria-label": label, "data-key": terms(home) });
  if (strokes.length) paint(pad, strokes);
  follow(pad, home);
  return h(
    "div",
    { class: "signing", "data-key": "signing", "data-part": "signing" },
    h("p", { class: "field__label" }, t("desk.signature_for", { name })),
    pad,
    h(
      "div",
      { class: "page-head__actions" },
      button("signature-back", "btn btn--small", "move", t("desk.signature_back"), { disabled: !strokes.length }),
      button("signature-clear", "btn btn--small btn--quiet", "close", t("desk.signature_clear"), { disabled: !strokes.length }),
    ),
    h("p", { class: "muted" }, t("desk.signature_paper")),
  );
} // prettier-ignore

/** @param {Household} home @returns {import("../ui/dom.js").Acts} */
export const signingActs = (home) => ({
  "signature-back": () => redo(home, strokesOf(home).slice(0, -1)),
  "signature-clear": () => redo(home, []),
  "show-signature": (element) => show(home, element.dataset.consentId ?? ""),
});

/** @param {Household} home @param {Strokes} strokes */
function redo(home, strokes) {
  keepStrokes(home, strokes);
  const pad = document.querySelector(".signature-pad");
  if (pad instanceof HTMLCanvasElement) paint(pad, strokes);
  home.desk.show();
}

/** One finger at a time: a hand that rests on the glass draws nothing. @param {HTMLCanvasElement} pad
 * @param {Household} home */
function follow(pad, home) {
  /** @type {{id: number, strokes: Strokes, stroke: number[]} | null} */
  let going = null;
  pad.addEventListener("pointerdown", (event) => {
    const strokes = strokesOf(home);
    if (going || event.button || strokes.length >= MOST_STROKES) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    going = { id: event.pointerId, strokes, stroke: placeOf(pad, event) };
    paint(pad, [...strokes, going.stroke]);
  });
  pad.addEventListener("pointermove", (event) => {
    if (going?.id !== event.pointerId) return;
    const { strokes, stroke } = going;
    const places = event.getCoalescedEvents?.() ?? [];
    for (const each of places.length ? places : [event]) {
      const [x, y] = placeOf(pad, each);
      if (Math.hypot(x - stroke[stroke.length - 2], y - stroke[stroke.length - 1]) >= LEAST_STEP) stroke.push(x, y);
    }
    paint(pad, [...strokes, stroke]);
  });
  const lift = (/** @type {PointerEvent} */ { pointerId }) => {
    if (going?.id !== pointerId) return;
    keepStrokes(home, thinned([...going.strokes, going.stroke]));
    going = null;
    home.desk.show();
  };
  pad.addEventListener("pointerup", lift);
  pad.addEventListener("pointercancel", lift);
}

/** @param {HTMLCanvasElement} pad @param {PointerEvent} event */
function placeOf(pad, { clientX, clientY }) {
  const { left, top, width, height } = pad.getBoundingClientRect();
  const within = (/** @type {number} */ part, /** @type {number} */ most) => Math.round(Math.min(1, Math.max(0, part)) * most);
  return [within((clientX - left) / width, WIDTH), within((clientY - top) / height, HEIGHT)];
} // prettier-ignore

/** No more places than are taken: every other one goes, but never an end. @param {Strokes} strokes @returns {Strokes} */
function thinned(strokes) {
  if (strokes.reduce((sum, stroke) => sum + stroke.length, 0) <= 2 * MOST_PLACES) return strokes;
  return thinned(strokes.map((stroke) => stroke.filter((_, at) => at % 4 < 2 || at >= stroke.length - 2)));
}

/** @param {HTMLCanvasElement} pad @param {Strokes} strokes */
function paint(pad, strokes) {
  const ink = pad.getContext("2d");
  if (!ink) return;
  ink.clearRect(0, 0, WIDTH, HEIGHT);
  Object.assign(ink, { lineWidth: LINE_WIDTH, lineCap: "round", lineJoin: "round" });
  ink.stroke(new Path2D(pathOf(strokes)));
}

/** Of a dot it makes a line that goes nowhere, which round ends show. @param {Strokes} strokes */
const pathOf = (strokes) =>
  strokes.map(([x, y, ...rest]) => `M${x} ${y}L${rest.length ? rest.join(" ") : `${x} ${y}`}`).join("");

/** @param {Household} home @param {string} id a consent's */
async function show(home, id) {
  const consent = home.family?.consents.find((one) => one.id === id);
  if (!consent) return;
  try {
    const { strokes, signed_at } = await home.desk.live.api.get(`/api/consents/${id}/signature`);
    const name = home.member(consent.given_by)?.name ?? "";
    const when = dayAndTime(signed_at, home.desk.now()?.zone ?? "UTC", serverNow());
    const dialog = openDialog(
      t("desk.signature_of", { name }),
      [picture(strokes, t("desk.signature_of", { name })), h("p", { class: "muted" }, `${t(`desk.kind.${consent.kind}`)} · ${when}`)],
      [button("close", "btn btn--primary", null, t("common.close"))],
      {},
    );
    dialog.dataset.screen = "signature";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
  }
} // prettier-ignore

/** @param {Strokes} strokes @param {string} label */
function picture(strokes, label) {
  const svg = document.createElementNS(SVG, "svg");
  const shape = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "signature", role: "img", "aria-label": label };
  for (const [name, value] of Object.entries(shape)) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", pathOf(strokes));
  svg.append(path);
  return svg;
}
