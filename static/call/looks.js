/**
 * What a connection's statistics say, from one look at them to the next: the figures that are told to the server, the
 * look that the picker judges by, and every byte on the wire since the connection was made. A browser may leave out any
 * of them, and what it says needn't be true: nothing here is ever less than nothing or no number.
 */

/** @typedef {import("../core/wire.js").Figures} Figures */
/**
 * `loss` and `concealed`: 0 to 1. `available_kbps`: the browser's estimate, null where there is none to trust;
 * `drain_kbps`: see Stills; `late_ms`: see Pulse; `heard`: voice came since the last look. Null is: not known, or
 * nothing to go by.
 * @typedef {{at_ms: number, rtt_ms: number | null, loss_in: number | null, loss_out: number | null, jitter_ms: number |
 *   null, concealed: number | null, received_kbps: number | null, sent_kbps: number | null, available_kbps: number |
 *   null, drain_kbps: number | null, late_ms: number | null, heard: boolean | null}} Look
 * @typedef {{sent: number, received: number}} Bytes on the wire, headers and checks of the path estimated
 * @typedef {{figures: Figures, look: Look, bytes: Bytes}} Looked
 * @typedef {ReturnType<typeof addUp>} Totals
 */

/** A STUN request and its response, IP and UDP included. */
const CHECK_BYTES = { request: 118, response: 88 };
const IP_BYTES = { v4: 20, v6: 40 };
/** By the protocol to the relay, TCP's acknowledgements left out. */
const TRANSPORT_BYTES = /** @type {Record<string, number>} */ ({ udp: 8, tcp: 34, tls: 63 });
const CHANNEL_BYTES = 4;
/** A round trip that was measured longer ago is no longer known. */
const STALE_MS = 8_000;
/** For a browser that doesn't count packets. */
const USUAL_PACKET_BYTES = 100;

export class Looks {
  bytes = { sent: 0, received: 0 };
  /** @type {Map<string, Bytes>} what each pair of candidates had carried */
  #pairs = new Map();
  /** @type {Totals | null} */
  #last = null;
  /** @type {number | null} */
  rtt_ms = null;
  #measured_ms = 0;
  /** What each part of the report had measured. @type {Map<string, {ms: number, times: number}>} */
  #measured = new Map();
  #pulse;

  /** @param {Pulse} [pulse] */
  constructor(pulse) {
    this.#pulse = pulse;
  }

  /**
   * @param {RTCStatsReport} report @param {number} at_ms
   * @param {{hasEstimate: boolean, drain_kbps: number | null}} known
   * @returns {Looked}
   */
  take(report, at_ms, { hasEstimate, drain_kbps }) {
    this.#count(report);
    const now = addUp(report, at_ms, this.bytes);
    const last = this.#last;
    this.#last = now;
    this.#measure(this.#roundTrip(report), at_ms);
    const since = last ? between(last, now) : NOTHING;
    const heard = now.audio_bytes > (last?.audio_bytes ?? 0);
    const available_kbps = hasEstimate ? now.available_kbps : null;
    const { loss_in, sent_kbps, received_kbps, frames_per_second } = since;
    return {
      bytes: { ...this.bytes },
      look: {
        at_ms, heard, available_kbps, drain_kbps, loss_in, sent_kbps, received_kbps,
        rtt_ms: this.rtt_ms, loss_out: now.reported_ms === last?.reported_ms ? null : now.loss_out,
        jitter_ms: now.jitter_ms, concealed: since.concealed, late_ms: this.#pulse?.late_ms ?? null,
      },
      figures: {
        received_audio_bytes: now.audio_bytes, received_video_frames: now.frames, rtt_ms: rounded(this.rtt_ms),
        loss_permille: loss_in === null ? null : Math.round(loss_in * 1_000), received_kbps: rounded(received_kbps),
        sent_kbps: rounded(sent_kbps), frames_per_second: rounded(frames_per_second),
      },
    };
  } // prettier-ignore

  /** The mean of those measured since the last look, null if there were none. Each part is compared with itself: a path
   * that stands again after a check was lost would tell what it has measured in all. @param {RTCStatsReport} report */
  #roundTrip(report) {
    let [ms, times] = [0, 0];
    report.forEach((part) => {
      const measured = part.type === "candidate-pair" ? part.responsesReceived : part.roundTripTimeMeasurements;
      if (part.type !== "candidate-pair" && part.type !== "remote-inbound-rtp") return;
      const now = { ms: count(part.totalRoundTripTime) * 1_000, times: count(measured) };
      const before = this.#measured.get(part.id) ?? { ms: 0, times: 0 };
      this.#measured.set(part.id, now);
      const isPath = part.type !== "candidate-pair" || (part.nominated && part.state === "succeeded");
      if (isPath && now.times > before.times) [ms, times] = [ms + now.ms - before.ms, times + now.times - before.times];
    });
    return times ? Math.max(0, ms / times) : null;
  }

  /** @param {number | null} rtt_ms @param {number} at_ms */
  #measure(rtt_ms, at_ms) {
    if (rtt_ms !== null) [this.rtt_ms, this.#measured_ms] = [rtt_ms, at_ms];
    else if (at_ms - this.#measured_ms > STALE_MS) this.rtt_ms = null;
  }

  /** Pairs come and go with the path; what each has carried stays counted. @param {RTCStatsReport} report */
  #count(report) {
    report.forEach((pair) => {
      if (pair.type !== "candidate-pair") return;
      const around = aroundPacket(report, pair);
      const carried = { sent: onWire(pair, "Sent", around), received: onWire(pair, "Received", around) };
      const before = this.#pairs.get(pair.id) ?? { sent: 0, received: 0 };
      this.bytes.sent += Math.max(0, carried.sent - before.sent);
      this.bytes.received += Math.max(0, carried.received - before.received);
      this.#pairs.set(pair.id, carried);
    });
  }
}

const PULSE_MS = 100;
/**
 * Nothing comes: long before the browser takes notice the server is asked, and another path. At least so long, and so
 * much longer than silences that lately ended by themselves: of those a lossy link has many (a pause in speech is two
 * packets in a second), and what is asked for costs it kilobytes.
 */
const SILENT_MS = { doubted: 900, seeks: 1_800, ends_by_itself: 2_500 };
/** Where little is lost two packets in a row hardly are, once what a call begins with has drained. */
const CALM_MS = { doubted: 700, begins: 8_000 };
const LONGER_MS = { doubted: 300, seeks: 900 };
/** On a long link what stands in a queue is silent for longer, and what is asked for stands there too. */
const ROUND_TRIPS = { doubted: 2.5, seeks: 4 };
const FORGETS = 0.999; // in each pulse: half of it in a minute
/** The other end has to be told first that a voice is carried again. */
const DUE_MS = 1_000;
/** What a voice was late for longer than some seconds may be its own clock; what leaps is another voice. */
const LATE_MS = { forgotten: 5_000, leaps: 1_000 };
const [VOICE_KHZ, CLOCK] = [48, 2 ** 32];

/** Silence is told of every 400 ms, a voice far more often. On a link so long what else comes stands in its way. */
const SPEAKS_MS = 350;
export const LONG_RTT_MS = 400;

/** `seek`: another path; `hear`, `onvoice`: what comes, on a long link.
 * @typedef {{pc: RTCPeerConnection, ondoubt?: () => void, onvoice?: () => void, hear?: (heard: "voice" | "silence") => void,
 *   seek: () => void}} Ways */

/** Whether anything comes at all: asked far more often than statistics, which cost more. */
export class Pulse {
  /** By how much later a voice is heard than a few seconds before: a queue has grown, long before a round trip through it
   * is measured. */
  late_ms = 0;
  /** @type {RTCRtpSynchronizationSource | null} */
  #voice = null;
  /** From one arrival to the next. */
  #gap_ms = Infinity;
  /** How the present silence was met. @type {"" | "doubted" | "answered"} */
  #met = "";
  #timer = 0;
  #newest = 0;
  #felt_ms = 0;
  #began_ms = 0;
  /** How long silences may be that end by themselves. */
  #usual_ms = 0;
  /** From when on a voice is awaited. */
  #due_ms = 0;
  #link;

  /** @param {() => {isLossy: boolean, rtt_ms: number | null, isMute?: boolean}} link as far as is known; `isMute`: no
   * voice is carried */
  constructor(link) {
    this.#link = link;
  }

  /** From now on, or no more. @param {Ways | null} ways */
  feel(ways) {
    clearInterval(this.#timer);
    if (ways) this.#timer = window.setInterval(() => this.#feel(ways), PULSE_MS);
  }

  /** @param {Ways} ways */
  #feel({ pc, ondoubt, onvoice, hear, seek }) {
    const at_ms = performance.now();
    const silent_ms = this.silence_ms(pc.getReceivers(), at_ms);
    if ((this.#link().rtt_ms ?? 0) > LONG_RTT_MS) {
      const speaks = Math.max(silent_ms, this.#gap_ms) < SPEAKS_MS;
      hear?.(speaks ? "voice" : "silence");
      if (speaks) onvoice?.();
    }
    this.#usual_ms *= FORGETS;
    const isCalm = !this.#link().isLossy && this.#felt_ms - this.#began_ms >= CALM_MS.begins;
    if (this.#link().isMute) this.#due_ms = at_ms + DUE_MS;
    const missed_ms = Math.min(silent_ms, at_ms - this.#due_ms);
    if (missed_ms < this.#least_ms("doubted", isCalm ? CALM_MS.doubted : SILENT_MS.doubted)) return void (this.#met = "");
    if (!this.#met) {
      this.#met = "doubted";
      ondoubt?.();
    }
    if (pc.connectionState === "connected" && missed_ms >= this.#least_ms("seeks")) seek();
  }

  /** @param {"doubted" | "seeks"} what @param {number} least_ms */
  #least_ms(what, least_ms = SILENT_MS[what]) {
    return Math.max(least_ms, this.#usual_ms + LONGER_MS[what], (this.#link().rtt_ms ?? 0) * ROUND_TRIPS[what]);
  }

  /** Whether it is time for another path: once in a silence. */
  answer() {
    if (this.#met !== "doubted") return false;
    this.#met = "answered";
    return true;
  }

  /** For how long nothing has come; 0 before the first. Silence is packets too, at least two in a second.
   * @param {RTCRtpReceiver[]} receivers @param {number} at_ms */
  silence_ms(receivers, at_ms) {
    const sources = receivers.flatMap((receiver) => {
      const found = receiver.getSynchronizationSources();
      if (receiver.track.kind === "audio" && found[0]) this.#compare(found[0]);
      return found;
    });
    const newest = Math.max(0, ...sources.map(({ timestamp }) => timestamp));
    if (newest === this.#newest) return newest ? at_ms - this.#felt_ms : 0;
    const silent_ms = this.#newest ? at_ms - this.#felt_ms : 0;
    this.#began_ms ||= at_ms;
    const hasEndedByItself = silent_ms < SILENT_MS.ends_by_itself && this.#met !== "answered";
    if (hasEndedByItself) this.#usual_ms = Math.max(this.#usual_ms, silent_ms);
    [this.#newest, this.#felt_ms, this.#gap_ms] = [newest, at_ms, silent_ms];
    return 0;
  }

  /** @param {RTCRtpSynchronizationSource} voice */
  #compare(voice) {
    const before = this.#voice ?? voice;
    this.#voice = voice;
    const passed_ms = voice.timestamp - before.timestamp;
    const said = (voice.rtpTimestamp - before.rtpTimestamp + 1.5 * CLOCK) % CLOCK; // no number where a browser doesn't say
    const later_ms = passed_ms - (said - CLOCK / 2) / VOICE_KHZ;
    const kept = Math.max(0, 1 - passed_ms / LATE_MS.forgotten);
    if (Math.abs(later_ms) <= LATE_MS.leaps) this.late_ms = Math.max(0, this.late_ms * kept + later_ms);
  }
}

const NOTHING = { loss_in: null, concealed: null, sent_kbps: null, received_kbps: null, frames_per_second: null };

/** @param {RTCStatsReport} report @param {any} pair */
function aroundPacket(report, pair) {
  const [near, far] = [report.get(pair.localCandidateId), report.get(pair.remoteCandidateId)];
  const isV6 = [near, far].some((one) => String(one?.address ?? "").includes(":"));
  const protocol = near?.relayProtocol ?? near?.protocol ?? "udp";
  const relay = near?.candidateType === "relay" ? CHANNEL_BYTES : 0;
  return (isV6 ? IP_BYTES.v6 : IP_BYTES.v4) + (TRANSPORT_BYTES[protocol] ?? TRANSPORT_BYTES.udp) + relay;
}

/** @param {any} pair @param {"Sent" | "Received"} way @param {number} around bytes around each packet */
function onWire(pair, way, around) {
  const bytes = count(pair[`bytes${way}`]);
  const packets = count(pair[`packets${way}`]) || Math.ceil(bytes / USUAL_PACKET_BYTES);
  const requests = Math.max(count(pair[`requests${way}`]), count(pair[`consentRequests${way}`])); // these among those
  const checks = requests * CHECK_BYTES.request + count(pair[`responses${way}`]) * CHECK_BYTES.response;
  return bytes + packets * around + checks;
}

/** @param {RTCStatsReport} report @param {number} at_ms @param {Bytes} bytes */
function addUp(report, at_ms, bytes) {
  const totals = {
    at_ms, sent: bytes.sent, received: bytes.received, audio_bytes: 0, frames: 0, packets: 0, lost: 0, samples: 0,
    concealed: 0, reported_ms: 0,
    jitter_ms: /** @type {number | null} */ (null), loss_out: /** @type {number | null} */ (null),
    available_kbps: /** @type {number | null} */ (null),
  }; // prettier-ignore
  report.forEach((part) => {
    if (part.type === "inbound-rtp") addReceived(totals, part);
    else if (part.type === "remote-inbound-rtp") addReported(totals, part);
    else if (part.type === "candidate-pair" && part.nominated && part.state === "succeeded") addPath(totals, part);
  });
  return totals;
}

/** @param {Totals} totals @param {any} part inbound-rtp */
function addReceived(totals, part) {
  totals.frames += count(part.framesDecoded);
  totals.packets += count(part.packetsReceived);
  totals.lost += count(part.packetsLost);
  if (part.kind !== "audio") return;
  totals.audio_bytes += count(part.bytesReceived);
  totals.samples += count(part.totalSamplesReceived);
  totals.concealed += count(count(part.concealedSamples) - count(part.silentConcealedSamples));
  if (part.jitter !== undefined) totals.jitter_ms = count(part.jitter) * 1_000;
}

/** @param {Totals} totals @param {any} part remote-inbound-rtp: what the other end says of what it gets */
function addReported(totals, part) {
  if (part.kind !== "audio") return;
  totals.reported_ms = count(part.timestamp);
  totals.loss_out = Math.min(1, count(part.fractionLost));
}

/** @param {Totals} totals @param {any} part candidate-pair */
function addPath(totals, part) {
  if (part.availableOutgoingBitrate !== undefined) totals.available_kbps = count(part.availableOutgoingBitrate) / 1_000;
}

/** @param {Totals} last @param {Totals} now */
function between(last, now) {
  const of = (/** @type {"sent" | "received" | "frames" | "packets" | "lost" | "samples" | "concealed"} */ name) =>
    Math.max(0, now[name] - last[name]);
  const seconds = (now.at_ms - last.at_ms) / 1_000;
  const perSecond = (/** @type {number} */ amount) => (seconds > 0 ? amount / seconds : null);
  const packets = of("lost") + of("packets");
  return {
    loss_in: packets ? of("lost") / packets : null,
    concealed: of("samples") ? Math.min(1, of("concealed") / of("samples")) : null,
    sent_kbps: perSecond((of("sent") * 8) / 1_000),
    received_kbps: perSecond((of("received") * 8) / 1_000),
    frames_per_second: perSecond(of("frames")),
  };
}

/** A count as a browser gives it: what isn't one is 0. @param {unknown} value */
const count = (value) => (typeof value === "number" && value > 0 && value < Infinity ? value : 0);

/** @param {number | null} value */
const rounded = (value) => (value === null ? null : Math.round(value));
