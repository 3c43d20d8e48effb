/**
 * Picks the rung that this end proposes, from what it sees of the link: pure, one look after the other. The rules and
 * why they are so: `app/media/picker.py` and `memory.py`, which are the same and are held to the same cases.
 */

import { LONG_RTT_MS } from "./looks.js";

/** @typedef {import("./ladder.js").Ladder} Ladder */
/** @typedef {import("./ladder.js").Rung} Rung */
/**
 * What was seen since the last look; null where that can't be told. `loss_out` is null where no new report came.
 * @typedef {{at_ms: number, rtt_ms?: number | null, loss_in?: number | null, loss_out?: number | null,
 *   jitter_ms?: number | null, concealed?: number | null, received_kbps?: number | null, sent_kbps?: number | null,
 *   available_kbps?: number | null, drain_kbps?: number | null, late_ms?: number | null, heard?: boolean | null,
 *   in_effect?: string | null}} Look
 * @typedef {ReturnType<typeof begin>} Memory plain data: may be kept
 * @typedef {{delay: number, loss: number, slow: number, worst: number}} Trouble 0 not, 1 bad, 2 plainly bad
 */

const GOOD_MS = 6_000;
const DOUBTED_MS = 30_000;
const TRIED_MS = 60_000;
const FRESH_MS = 8_000;
const [CLEAN_MS, SLOW_MS] = [15_000, 7_000];
const [FIRST_MS, THIN_KBPS] = [4_000, 100];
const [SILENT_MS, HOPELESS_LOSS] = [3_000, 0.35];
const TROUBLES = new Set(["link", "delay", "loss"]);

/** @param {Ladder} ladder @param {string} start_rung @param {number} at_ms */
export function begin({ rungs }, start_rung, at_ms) {
  const place = rungs.findIndex(({ name }) => name === start_rung);
  return {
    at_ms: number(at_ms, Infinity) ?? 0, rung: place < 0 ? voiceOf(rungs) : place, waits_ms: rungs.map(() => GOOD_MS),
    reason: "start", held: /** @type {string | null} */ (null), now_ms: 0, step_ms: 0, since_ms: 0, settled_ms: 0,
    has_climbed: false, good_ms: 0, bad_ms: 0, silent_ms: 0, unheard_ms: 0, has_heard: false, clean_ms: 0, is_lossy: false,
    before: /** @type {number | null} */ (null), least_rtt_ms: /** @type {number | null} */ (null),
    left_rtt_ms: /** @type {number | null} */ (null), drained_ms: 0,
    in_effect: /** @type {number | null} */ (null), reported_ms: 0, ...FORGOTTEN,
  }; // prettier-ignore
}

/** @type {{loss_in: number | null, loss_out: number | null, drain_kbps: number | null}} */
const FORGOTTEN = { loss_in: null, loss_out: null, drain_kbps: null };

/** Nothing above this rung until it is let go. @param {Memory} memory @param {string | null} rung @returns {Memory} */
export const hold = (memory, rung) => ({ ...memory, held: rung });

/** Over another path from now on. @param {Memory} memory @returns {Memory} */
export const move = (memory) => ({ ...memory, left_rtt_ms: -1 });

/** @param {Ladder} ladder @param {Memory} memory @param {Look} seen */
export function pick({ rungs }, memory, seen) {
  const m = { ...memory };
  const look = trusted(seen);
  const ceiling = placeOf(rungs, m.held);
  see(rungs, m, look);
  const inEffect = placeOf(rungs, look.in_effect);
  if (m.in_effect !== null && inEffect > Math.max(m.in_effect, m.rung)) settle(m, 6_000);
  m.in_effect = inEffect;
  if (m.silent_ms >= silentMs(rungs, m)) wait(rungs, m);
  else if (m.now_ms >= m.settled_ms) judge(rungs, m, look, ceiling);
  if (m.rung < ceiling) go(m, ceiling, "held");
  return { memory: m, rung: /** @type {Rung} */ (rungs[m.rung]).name, reason: m.reason, is_lossy: isLossy(m) };
}

/** @param {unknown} value @param {number} most */
const number = (value, most) =>
  typeof value === "number" && value >= 0 && value <= most && value !== Infinity ? value : null;

/** @param {Look} look */
function trusted(look) {
  const known = (/** @type {keyof Look} */ name, /** @type {number} */ most) => number(look[name], most);
  const comes = look.heard !== false;
  const [loss_in, concealed] = [known("loss_in", 1), comes ? known("concealed", 1) : null];
  return {
    at_ms: known("at_ms", Infinity) ?? 0, rtt: known("rtt_ms", 60_000), jitter: (comes ? known("jitter_ms", 60_000) : null) ?? 0,
    loss_in: loss_in === null ? concealed : Math.max(loss_in, concealed ?? 0), loss_out: known("loss_out", 1),
    received: known("received_kbps", 1e6), sent: known("sent_kbps", 1e6), available: known("available_kbps", 1e6),
    drain: known("drain_kbps", 1e6), late: (comes ? known("late_ms", 60_000) : null) ?? 0, heard: look.heard, in_effect: look.in_effect,
  }; // prettier-ignore
}
/** @typedef {ReturnType<typeof trusted>} Trusted */

/** @param {Rung[]} rungs @param {Memory} m @param {Trusted} look */
function see(rungs, m, look) {
  const step = (m.step_ms = Math.min(Math.max(look.at_ms - m.at_ms, 0), 2_000));
  m.at_ms = look.at_ms;
  m.now_ms += step;
  m.unheard_ms = look.heard === false ? m.unheard_ms + step : 0;
  if (look.heard === false && !look.received) return void (m.silent_ms += step);
  if (m.silent_ms >= silentMs(rungs, m)) {
    settle(m, 3_000);
    m.left_rtt_ms = look.rtt ?? -1;
  }
  m.silent_ms = 0;
  if (look.heard === true) m.has_heard = true;
  if (m.now_ms < m.settled_ms) return;
  const { rtt } = look;
  const least = m.least_rtt_ms;
  const isElsewhere = rtt !== null && m.left_rtt_ms !== null && rtt !== m.left_rtt_ms;
  if (isElsewhere) [m.least_rtt_ms, m.left_rtt_ms] = [rtt, null];
  else if (rtt !== null) m.least_rtt_ms = least === null ? rtt : Math.min(rtt, least + ((rtt - least) * step) / 120_000);
  const isMute = look.heard === false && !rungs[m.rung]?.audio;
  m.loss_in = isMute ? null : smooth(m.loss_in, look.loss_in, look.received, step);
  const reported = Math.min(m.now_ms - m.reported_ms, 5_000);
  m.loss_out = isMute ? null : smooth(m.loss_out, look.loss_out, look.sent, reported);
  if (look.loss_out !== null) m.reported_ms = m.now_ms;
  if (look.drain !== null) [m.drain_kbps, m.drained_ms] = [look.drain, m.now_ms];
  else if (m.now_ms - m.drained_ms >= 30_000) m.drain_kbps = null;
  const loss = m.loss_out ?? m.loss_in ?? 0;
  m.clean_ms = loss < 0.01 ? m.clean_ms + step : 0;
  m.is_lossy = loss >= 0.025 || (m.is_lossy && m.clean_ms < CLEAN_MS);
}

/** @param {Memory} m */
const isLossy = ({ is_lossy, least_rtt_ms, now_ms, clean_ms }) =>
  (least_rtt_ms ?? 0) > LONG_RTT_MS ? now_ms >= FIRST_MS && clean_ms < CLEAN_MS : is_lossy;

/** @param {number | null} before @param {number | null} value @param {number | null} kbps @param {number} ms */
function smooth(before, value, kbps, ms) {
  const step = ms * (kbps === null ? 1 : Math.min(1, kbps / 10));
  return value === null ? before : (before ?? 0) + ((value - (before ?? 0)) * step) / (step + 4_000);
}

/** @param {Rung[]} rungs @param {Memory} m */
function wait(rungs, m) {
  m.good_ms = m.bad_ms = 0;
  const { before, rung } = m;
  const [voice, last] = [voiceOf(rungs), rungs.length - 1];
  if (m.silent_ms >= 40_000 && rung < last) {
    go(m, last, "nothing");
    m.before = before;
  } else if (rung < voice) {
    go(m, voice, "nothing");
    m.before = rung;
  }
}

/** @param {Rung[]} rungs @param {Memory} m @param {Trusted} look @param {number} ceiling */
function judge(rungs, m, look, ceiling) {
  const inEffect = placeOf(rungs, look.in_effect);
  const at = Math.max(m.rung, inEffect);
  const rung = /** @type {Rung} */ (rungs[at]);
  if (m.reason === "start" && m.now_ms < FIRST_MS && isTooMuch(rung, look)) {
    go(m, rungs.findIndex(({ video }) => !video), "link");
    return void (m.settled_ms = m.now_ms);
  }
  if (m.has_climbed && m.now_ms - m.since_ms >= TRIED_MS) {
    m.has_climbed = false;
    setWait(m, GOOD_MS);
  }
  const isLastVoice = at === rungs.length - 2;
  const trouble = troubleOf(rung, m, look, isLastVoice);
  if (trouble.worst > Number(isLastVoice)) {
    m.bad_ms += m.step_ms;
    m.good_ms = 0;
    const isSlow = rung.stills && trouble.slow && !trouble.delay && !trouble.loss;
    const lasts = isLastVoice ? 10_000 : isSlow ? SLOW_MS : trouble.worst > 1 || isTried(rung, m) ? 1_500 : 2_500;
    if (m.bad_ms < lasts) return;
    if (rung.video && reasonOf(trouble) !== "loss") m.is_lossy = false;
    go(m, below(rungs, at, trouble, look), reasonOf(trouble));
    return;
  }
  m.bad_ms = Math.max(0, m.bad_ms - m.step_ms);
  if (trouble.worst || inEffect > m.rung || !isGood(rung, m, look)) m.good_ms = Math.max(0, m.good_ms - m.step_ms);
  else climb(rungs, rung, m, look, ceiling);
}

/** A larger picture has just been climbed to. @param {{needs_kbps: number}} rung @param {Memory} m */
const isTried = ({ needs_kbps }, { has_climbed, now_ms, since_ms }) =>
  has_climbed && needs_kbps >= THIN_KBPS && now_ms - since_ms < FRESH_MS;

/** @param {Rung} rung @param {Trusted} look */
const isTooMuch = ({ video, needs_kbps }, { rtt }) => video && needs_kbps < THIN_KBPS && (rtt ?? 0) > LONG_RTT_MS;

/** @param {Rung[]} rungs @param {Rung} rung @param {Memory} m @param {Trusted} look @param {number} ceiling */
function climb(rungs, rung, m, { available, rtt }, ceiling) {
  m.good_ms += m.step_ms;
  const back = rung.audio ? m.before : null;
  const to = Math.max(back ?? m.rung - 1, ceiling);
  const needs_kbps = rungs[to]?.needs_kbps ?? 0;
  const isDoubted = rung.audio?.feedback && needs_kbps <= THIN_KBPS && available !== null && available < 0.8 * needs_kbps;
  const isHeavy = isLossy(m) && rungs[to]?.stills;
  const isUntried = rung.stills && m.drain_kbps === null;
  const isLong = (rtt ?? 0) > LONG_RTT_MS;
  const isToWait = (isLong && (isDoubted || isHeavy)) || (isUntried && (isLong || TROUBLES.has(m.reason)));
  const wait_ms = Math.max(m.waits_ms[to] ?? GOOD_MS, isToWait ? DOUBTED_MS : 0);
  if (to >= m.rung || m.good_ms < (back !== null && wait_ms <= GOOD_MS ? 1_000 : wait_ms)) return;
  const before = rung.audio ? null : m.before;
  go(m, to, "better");
  m.before = before;
}

/** @param {Rung} rung @param {Memory} m @param {Trusted} look @param {boolean} isLastVoice @returns {Trouble} */
function troubleOf({ audio, video, stills, needs_kbps }, m, { rtt, jitter, available, late }, isLastVoice) {
  if (!audio) return { delay: 0, loss: 0, slow: 0, worst: 0 };
  const isFresh = m.now_ms - m.since_ms < FRESH_MS;
  const grown = level(growth(m, rtt), isTried({ needs_kbps }, m) ? 200 : 400, isLastVoice ? Infinity : 1_000);
  const later = video ? level(late, 400, 1_000) : 0;
  const delay = Math.max(grown, later, level(rtt ?? 0, 1_500, 3_000), level(jitter, 300, Infinity));
  const bearable = video ? 0.12 : 0.25;
  const plain = isLastVoice ? HOPELESS_LOSS : bearable * (video && delay ? 1 : 2.5);
  const isGivenUp = isLastVoice && m.has_heard && m.unheard_ms >= SILENT_MS;
  const loss = isGivenUp ? 2 : level(lossOf(m), bearable, plain);
  const sends_kbps = audio.max_kbps + (video?.max_kbps ?? 0);
  const starves =
    audio.feedback && available !== null && !isFresh && available < Math.min(0.6 * needs_kbps, 0.9 * sends_kbps);
  const least_kbps = stills ? still_kbps(stills) * (isLossy(m) ? 6.5 : 1) : 0;
  const slow = Number(starves || (m.drain_kbps !== null && m.drain_kbps < least_kbps));
  return { delay, loss, slow, worst: Math.max(delay, loss, slow) };
}

/** @param {number} value @param {number} bad @param {number} plain */
const level = (value, bad, plain) => (value > plain ? 2 : value > bad ? 1 : 0);

/** @param {Trouble} trouble */
const reasonOf = ({ delay, loss, slow }) => (slow || (delay && loss) ? "link" : delay ? "delay" : "loss");

/** @param {Rung} rung @param {Memory} m @param {Trusted} look */
function isGood({ audio, stills }, m, { rtt, jitter, heard }) {
  const isDrained = !stills || m.drain_kbps === null || m.drain_kbps >= 9 * still_kbps(stills);
  const isQuick = rtt !== null && rtt <= 1_200 && growth(m, rtt) <= 120 && jitter <= 150;
  return isQuick && isDrained && lossOf(m) <= 0.08 && !(audio && heard === false);
}

/** @param {Rung[]} rungs @param {number} at @param {Trouble} trouble @param {Trusted} look */
function below(rungs, at, { worst }, { received, sent, loss_out, available }) {
  const lastVoice = rungs.length - 2;
  const { audio, video } = /** @type {Rung} */ (rungs[at]);
  if (!video || worst === 1) return at + 1;
  const arrives = sent === null ? null : sent * (1 - (loss_out ?? 0));
  const known = [received, arrives, audio?.feedback ? available : null].filter((kbps) => kbps !== null);
  if (!known.length) return Math.min(lastVoice, at + 2);
  const carried = rungs.findIndex(
    ({ needs_kbps }, place) => place > at && place < lastVoice && 0.8 * needs_kbps <= Math.min(...known),
  );
  return carried < 0 ? lastVoice : carried;
}

/** @param {Memory} m @param {number} to @param {string} reason */
function go(m, to, reason) {
  const isTakenBack = m.has_climbed && reason !== "held" && to > m.rung && m.now_ms - m.since_ms < TRIED_MS;
  if (isTakenBack) setWait(m, Math.min(300_000, 2 * (m.waits_ms[m.rung] ?? GOOD_MS)));
  settle(m, to > m.rung ? 6_000 : 0);
  Object.assign(m, { has_climbed: to < m.rung, rung: to, reason, since_ms: m.now_ms, before: reason === "held" ? m.rung : null });
}

/** @param {Memory} m @param {number} for_ms */
function settle(m, for_ms) {
  Object.assign(m, FORGOTTEN, { settled_ms: m.now_ms + for_ms, good_ms: 0, bad_ms: 0 });
}

/** For the rung that holds now. @param {Memory} m @param {number} wait_ms */
const setWait = (m, wait_ms) => void (m.waits_ms = m.waits_ms.map((each, place) => (place === m.rung ? wait_ms : each)));

/** @param {Memory} m @param {number | null} rtt */
const growth = (m, rtt) => (rtt === null || m.least_rtt_ms === null ? 0 : rtt - m.least_rtt_ms);

/** @param {Memory} m */
const lossOf = (m) => Math.max(m.loss_in ?? 0, m.loss_out ?? 0);

/** @param {{max_bytes: number, every_seconds: number}} stills */
const still_kbps = ({ max_bytes, every_seconds }) => (max_bytes * 8) / every_seconds / 1_000;

/** Of what isn't known: the top. @param {Rung[]} rungs @param {string | null} [name] */
const placeOf = (rungs, name) => Math.max(0, rungs.findIndex((rung) => rung.name === name));

/** The best rung that sends voice alone. @param {Rung[]} rungs */
const voiceOf = (rungs) => rungs.findIndex(({ video, stills }) => !video && !stills);

/** For how long nothing may come. @param {Rung[]} rungs @param {Memory} m */
const silentMs = (rungs, { rung, has_heard }) => (!rungs[rung]?.audio ? 5_000 : has_heard ? SILENT_MS : 10_000);
