/** A recording as it is shown: a place to play it, its picture, how long it is. */
import { minutesAndSeconds } from "../core/time.js";
import { drawing, h, parts } from "../ui/dom.js";

/** A drawing of this part's own. @param {string} id */
export const sign = (id) => drawing("voice/pictures", id, { class: "icon", "aria-hidden": "true" });

/** @param {string} act @param {string} className @param {string} id of `sign` @param {string} label
 * @param {import("../ui/dom.js").Attributes} [more] */
export const signButton = (act, className, id, label, more = {}) =>
  h("button", { class: className, type: "button", "data-act": act, ...more }, sign(id), label);

/** @param {number[]} peaks 0 to 255 @param {number} played 0 to 1 */
export const wave = (peaks, played) =>
  h(
    "span",
    { class: "wave", "aria-hidden": "true" },
    peaks.map((peak, nth) =>
      parts(h("span", { class: "wave__bar", "data-played": nth < Math.round(played * peaks.length) }), {
        part: Math.round((peak / 255) * 100) / 100,
      }),
    ),
  );

/** @param {string | null} peaks base64 of bytes @returns {number[]} */
export const peaksOf = (peaks) => (peaks ? Array.from(atob(peaks), (letter) => letter.charCodeAt(0)) : []);

/** Of at most so many parts the loudest each. @param {number[]} peaks @param {number} count */
export function fewer(peaks, count) {
  if (peaks.length <= count) return peaks;
  const size = peaks.length / count;
  return Array.from({ length: count }, (_, nth) => Math.max(...peaks.slice(Math.floor(nth * size), Math.ceil((nth + 1) * size))));
}

/** @param {number} duration_ms 0 where it isn't known */
export const length = (duration_ms) =>
  h("span", { class: "wave__length" }, duration_ms ? minutesAndSeconds(duration_ms) : "");
