/** What a line that was tried is good for, in the four words that people are told. Pure. */

/** The best first. @typedef {"picture" | "photos" | "voice" | "messages"} Told */
export const TOLD = /** @type {const} */ (["picture", "photos", "voice", "messages"]);

const OF_RUNG = /** @type {Record<string, Told>} */ ({
  video: "picture", thin_video: "picture", micro_video: "picture", stills: "photos", voice: "voice",
  thin_voice: "voice",
}); // prettier-ignore

/** Beyond it a train of packets is too short to tell. */
const MOST_KBPS = 5_000;

/** @param {number} kbps */
export const rateText = (kbps) => (kbps < MOST_KBPS ? String(kbps) : `≥ ${MOST_KBPS}`);

/** @param {string} rung @returns {Told} */
export const toldOf = (rung) => OF_RUNG[rung] ?? "messages";
