/**
 * Plays one recording at a time: slower or faster without another voice, from any place. Whoever plays another one
 * stops the first. What was heard is not noted here.
 */

/**
 * @typedef {object} Playing
 * @property {() => void} stop says nothing to `onEnd`
 * @property {() => void} pause
 * @property {() => Promise<void>} goOn rejects where the browser wants a touch first
 * @property {(rate: number) => void} setRate
 * @property {(part: number) => void} seek 0 to 1
 * @property {() => number} part how far it is, 0 to 1
 * @property {() => boolean} isPaused
 * @property {Promise<void>} started rejects with a DOMException: `NotAllowedError` wants a touch first,
 *   `NotSupportedError` can't be played here
 */
/**
 * `onEnd`: it was played to its end; `onTick`: several times a second, how far it is; `onFail`: it broke off.
 * @typedef {{rate?: number, onEnd?: () => void, onTick?: (part: number) => void, onFail?: () => void}} How
 */

export const RATES = [0.75, 1, 1.25, 1.5];

/** @type {Playing | null} */
let current = null;

/** @param {Blob} blob @param {How} [how] @returns {Playing} */
export function play(blob, { rate = 1, onEnd, onTick, onFail } = {}) {
  current?.stop();
  const address = URL.createObjectURL(blob);
  const audio = new Audio(address);
  audio.preservesPitch = true;
  audio.defaultPlaybackRate = audio.playbackRate = rate;
  const part = () => {
    const whole = audio.duration;
    return whole > 0 && Number.isFinite(whole) ? Math.min(1, audio.currentTime / whole) : 0;
  };
  let isOver = false;
  const end = () => {
    if (isOver) return false;
    isOver = true;
    audio.pause();
    audio.removeAttribute("src");
    audio.load(); // lets go of the device's decoder
    URL.revokeObjectURL(address);
    if (current === playing) current = null;
    return true;
  };
  /** @type {Playing} */
  const playing = {
    stop: () => void end(),
    pause: () => audio.pause(),
    goOn: () => audio.play(),
    setRate: (next) => void (audio.playbackRate = next),
    seek: (to) => void (Number.isFinite(audio.duration) && (audio.currentTime = to * audio.duration)),
    part,
    isPaused: () => audio.paused,
    started: Promise.resolve(),
  };
  current = playing;
  audio.addEventListener("timeupdate", () => isOver || onTick?.(part()));
  audio.addEventListener("ended", () => end() && onEnd?.());
  audio.addEventListener("error", () => end() && onFail?.());
  playing.started = audio.play();
  playing.started.catch(() => {}); // whoever cares asks `started`
  return playing;
}

/** Silence, whatever played. */
export const hush = () => current?.stop();

/** Of these the first that this browser plays, or "". @param {string[]} mimes */
export function playable(mimes) {
  const audio = new Audio();
  const named = (/** @type {string} */ mime) => (mime === "audio/mp4" ? "audio/mp4; codecs=mp4a.40.2" : `${mime}; codecs=opus`);
  return mimes.find((mime) => audio.canPlayType(named(mime))) ?? "";
}
