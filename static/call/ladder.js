/**
 * The rungs of a call as data, the best first, fetched once for the page's life. Which rung is right is not decided
 * here. The file is read by the server's programs too.
 */

/**
 * `redundancy`: where the link loses much each packet carries the one before it once more (RFC 2198), and this is what
 * the packets are then; null: never. `feedback`: transport-wide feedback and the header extensions, without which the
 * browser has no estimate of the link's rate.
 * @typedef {{packet_ms: number, max_kbps: number}} Redundancy
 * @typedef {{packet_ms: number, max_kbps: number, dtx: boolean, redundancy: Redundancy | null, feedback: boolean}}
 *   AudioRung
 * @typedef {{max_kbps: number, scale_down_by: number, max_fps: number}} VideoRung
 * @typedef {{every_seconds: number, max_bytes: number, max_px: number}} StillsRung `max_px`: the longer side
 * @typedef {{name: string, needs_kbps: number, audio: AudioRung | null, video: VideoRung | null,
 *   stills: StillsRung | null}} Rung
 * @typedef {{rungs: Rung[]}} Ladder
 */

/** @type {Promise<Ladder> | null} */
let reading = null;

/** Rejects without a network; may be called again then. @returns {Promise<Ladder>} */
export function readLadder() {
  reading ??= read();
  reading.catch(() => (reading = null));
  return reading;
}

async function read() {
  const answer = await fetch(new URL("./ladder.json", import.meta.url));
  if (!answer.ok) throw new Error(`the ladder could not be read: ${answer.status}`);
  return answer.json();
}
