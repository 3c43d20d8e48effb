/**
 * How loud a recording is: what the meter shows, where it begins and ends to be heard, by how much it has to be made
 * louder or quieter, and its picture. Samples are mono, -1 to 1. Pure.
 */

const FRAME_SECONDS = 0.02;
/** Quieter than this nobody speaks, however quiet the room is. */
const LEAST_RMS = 10 ** (-54 / 20);
/** Speech is this much louder than the room. */
const ABOVE_ROOM = 10 ** (9 / 20);
const [LEAD_SECONDS, TAIL_SECONDS] = [0.2, 0.35];
/** Loudness of the frames in which somebody speaks. */
const WANTED_RMS = 10 ** (-20 / 20);
const [LEAST_GAIN, MOST_GAIN] = [0.25, 12];
/** As loud as can be; where so many samples are, something is missing. */
const [FULL, CLIPPED] = [32_000 / 32_768, 0.01];
/** What has to be made so much louder that the room is heard with it. */
const QUIET_RMS = 10 ** (-36 / 20);
/** From here on peaks are bent, so that none is cut off. */
const KNEE = 0.7;
/** What the meter calls nothing. */
const METER_FLOOR_DB = -55;

/** For a meter: 0 is silence, 1 is as loud as can be. @param {number} rms */
export function meter(rms) {
  return rms > 0 ? Math.max(0, Math.min(1, 1 - (20 * Math.log10(rms)) / METER_FLOOR_DB)) : 0;
}

/** @param {Float32Array} samples @param {number} [from] @param {number} [until] */
export function rms(samples, from = 0, until = samples.length) {
  let sum = 0;
  for (let at = from; at < until; at++) sum += samples[at] * samples[at];
  return until > from ? Math.sqrt(sum / (until - from)) : 0;
}

/**
 * Where somebody is heard, with a little air around it.
 * @param {Float32Array} samples @param {number} rate in Hz
 * @returns {{from: number, until: number, speech_rms: number} | null} null where there is nothing but silence
 */
export function spoken(samples, rate) {
  const length = Math.round(rate * FRAME_SECONDS);
  const frames = Float32Array.from({ length: Math.floor(samples.length / length) }, (_, nth) =>
    rms(samples, nth * length, (nth + 1) * length),
  );
  const room = [...frames].sort((one, other) => one - other)[Math.floor(frames.length / 10)] ?? 0;
  const loudest = frames.reduce((most, one) => Math.max(most, one), 0);
  // Where somebody speaks all the time, the quietest tenth is speech too.
  const threshold = Math.max(LEAST_RMS, Math.min(room * ABOVE_ROOM, loudest / ABOVE_ROOM));
  const isHeard = (/** @type {number} */ frame) => frame > threshold;
  const first = frames.findIndex(isHeard);
  if (first < 0) return null;
  const last = frames.length - 1 - [...frames].reverse().findIndex(isHeard);
  return {
    from: Math.max(0, first * length - Math.round(LEAD_SECONDS * rate)),
    until: Math.min(samples.length, (last + 1) * length + Math.round(TAIL_SECONDS * rate)),
    speech_rms: Math.sqrt(mean(frames.filter(isHeard).map((frame) => frame * frame))),
  };
}

/** @param {Float32Array} numbers */
const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** By how much to multiply it so that speech has one loudness, whoever recorded it. @param {number} speechRms */
export const gainFor = (speechRms) => Math.max(LEAST_GAIN, Math.min(MOST_GAIN, WANTED_RMS / speechRms));

/** How a recording came in. @param {Float32Array} samples @param {{from: number, until: number, speech_rms: number} | null} heard
 * @returns {"good" | "quiet" | "clipping" | "silent"} */
export function judged(samples, heard) {
  if (!heard) return "silent";
  let full = 0;
  for (let at = heard.from; at < heard.until; at++) full += Number(Math.abs(samples[at]) >= FULL);
  if (full / (heard.until - heard.from) > CLIPPED) return "clipping";
  return heard.speech_rms < QUIET_RMS ? "quiet" : "good";
}

/** Louder by a gain, with peaks bent softly below 1. @param {Float32Array} samples @param {number} gain */
export function amplified(samples, gain) {
  return samples.map((sample) => {
    const louder = sample * gain;
    const size = Math.abs(louder);
    if (size <= KNEE) return louder;
    return Math.sign(louder) * (KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE)));
  });
}

/** The loudest of each of `count` parts, 0 to 255, the loudest of all being 255. @param {Float32Array} samples
 * @param {number} count @returns {Uint8Array<ArrayBuffer>} */
export function peaks(samples, count) {
  const size = samples.length / count;
  const found = Float32Array.from({ length: count }, (_, nth) => {
    let most = 0;
    for (let at = Math.floor(nth * size); at < Math.floor((nth + 1) * size); at++) most = Math.max(most, Math.abs(samples[at]));
    return most;
  });
  const loudest = found.reduce((most, one) => Math.max(most, one), 0) || 1;
  return Uint8Array.from(found, (one) => Math.round((one / loudest) * 255));
}

/** @param {Int16Array} samples */
export const toFloats = (samples) => Float32Array.from(samples, (sample) => sample / 32_768);
