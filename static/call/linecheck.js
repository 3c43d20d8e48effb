/**
 * Tries this device's line and microphone with a media program, over a connection of its own. The program says what
 * comes next and judges; this end echoes, sends what it is asked for and tells what came. Nothing is shown from here.
 * When the program dies another one makes the check, from its beginning: once, and then no more.
 */
import { newKey } from "../net/api.js";
import { Looks } from "./looks.js";
import { slim, tuned } from "./sdp.js";

/**
 * `refused`: see `error`; `broken`: the connection was lost, or never made, or the program was (`isForsaken`).
 * @typedef {"starting" | "connecting" | "round_trip" | "down" | "up" | "voice" | "judged" | "over" | "refused" |
 *   "broken"} Stage
 * @typedef {{rung: string, rtt_ms: number | null, loss_permille: number | null, up_kbps: number | null,
 *   down_kbps: number | null, level: "good" | "quiet" | "clipping" | "silent" | "unknown"}} Verdict
 * @typedef {{line_check: string, to: string, ice_servers: RTCIceServer[], ice_policy: RTCIceTransportPolicy}} Begun
 */

const [PING, PONG, TRAIN] = [0, 1, 2];
/** Small packets are no matter for a voice that comes back two seconds later; their headers would be. */
const VOICE = { packet_ms: 120, max_kbps: 12, dtx: true, redundancy: null, feedback: false };
const MOST_PACKETS = 16;
const MOST_PACKET_BYTES = 1_160;
const CONNECTS_WITHIN_MS = 30_000;
const SAYS_WITHIN_MS = 20_000;
const OFFERED_AGAIN_MS = 4_000;
const MOVES_WITHIN_MS = 3_000; // from a connection that was ended to another program's
const HEARD_BACK_MS = 2_600; // after the last word
const PAGE = newKey();

export class LineCheck {
  /** @type {Stage} */
  stage = "starting";
  /** @type {Verdict | null} */
  verdict = null;
  /** @type {{code: string, message: string} | null} */
  error = null;
  /** So long somebody is to speak, from `speaks_at` of performance.now() on. */
  speaks_ms = 0;
  speaks_at = 0;
  /** On the wire, both ways together. */
  bytes = 0;
  /** No program is there any more that could go on. */
  isForsaken = false;
  /** What comes back of one's own voice. */
  heard = new MediaStream();
  #live;
  #microphone;
  #onchange;
  /** @type {Begun | null} */
  #begun = null;
  /** @type {RTCPeerConnection | null} */
  #pc = null;
  /** @type {RTCRtpSender | null} */
  #sender = null;
  /** @type {RTCDataChannel | null} */
  #words = null;
  /** @type {RTCDataChannel | null} */
  #probe = null;
  /** Trains that came: place and time of each packet. @type {Map<number, [number, number][]>} */
  #came = new Map();
  /** @type {RTCIceCandidate[]} that came before the answer */
  #early = [];
  /** @type {import("../core/wire.js").Signal[]} */
  #unread = [];
  #queue = Promise.resolve();
  #looks = new Looks();
  #timer = 0;
  #offer_timer = 0;
  #isAnew = false;
  /** @type {(() => void)[]} */
  #offs;

  /**
   * @param {import("../net/live.js").Live} live @param {MediaStreamTrack | null} microphone null: the line alone
   * @param {() => void} onchange
   */
  constructor(live, microphone, onchange) {
    this.#live = live;
    this.#microphone = microphone;
    this.#onchange = onchange;
    this.#offs = [
      live.socket.on("signal", (signal) => this.#hear(signal)),
      live.socket.on("line_check", (news) => this.#moved(news)),
    ];
  }

  get isOver() {
    return ["over", "refused", "broken"].includes(this.stage);
  }

  /** Resolves when it is over, however it went. */
  async run() {
    try {
      this.#begun = await this.#live.emit("check_line", { page: PAGE });
    } catch (failure) {
      const { code, message } = /** @type {import("../net/socket.js").SocketError} */ (failure);
      this.error = { code, message };
      return this.#end("refused");
    }
    if (this.isOver) return this.#leave();
    const ended = new Promise((resolve) => (this.#ended = resolve));
    this.#begin();
    await ended;
  }

  #begin() {
    this.#turn("connecting", CONNECTS_WITHIN_MS);
    this.#connect().catch((error) => (console.warn("no line check:", error), this.#end("broken")));
  }

  /** The program is gone: its check begins anew with another one, where there is one.
   * @param {{line_check: string, to: string | null}} news */
  #moved({ line_check, to }) {
    if (this.isOver || this.verdict || line_check !== this.#begun?.line_check) return;
    this.isForsaken = !to || this.#isAnew;
    if (!to || this.#isAnew) return this.#end("broken");
    this.#isAnew = true;
    this.#begun = { ...this.#begun, to };
    this.#disconnect();
    for (const track of this.heard.getTracks()) this.heard.removeTrack(track);
    this.#came.clear();
    this.#early = [];
    this.speaks_ms = 0;
    this.#begin();
  }

  /** @type {(done: unknown) => void} */
  #ended = () => {};

  /** Given up by somebody. */
  cancel() {
    if (!this.isOver) this.#end("over");
  }

  async #connect() {
    const { ice_servers, ice_policy } = /** @type {Begun} */ (this.#begun);
    const pc = new RTCPeerConnection({ iceServers: ice_servers, iceTransportPolicy: ice_policy, bundlePolicy: "max-bundle" });
    this.#pc = pc;
    const isUsed = () => pc === this.#pc;
    pc.onicecandidate = ({ candidate }) => isUsed() && candidate?.candidate && this.#signal({ candidate: candidate.toJSON() });
    pc.ontrack = ({ track }) => this.heard.addTrack(track);
    pc.onconnectionstatechange = () => isUsed() && pc.connectionState === "failed" && this.#end("broken");
    this.#sender = pc.addTransceiver("audio").sender;
    this.#words = pc.createDataChannel("line");
    this.#probe = pc.createDataChannel("line.probe", { ordered: false, maxRetransmits: 0 });
    this.#probe.binaryType = "arraybuffer";
    this.#words.onmessage = ({ data }) => this.#read(data);
    this.#probe.onmessage = ({ data }) => this.#take(new Uint8Array(data));
    this.#words.onopen = this.#probe.onopen = () => this.#greet();
    this.#words.onclose = () => (this.verdict ? this.#end("over") : this.#breakIn(MOVES_WITHIN_MS));
    await pc.setLocalDescription();
    if (!isUsed()) return;
    this.#describe();
    for (const signal of this.#unread.splice(0)) this.#hear(signal);
  } // prettier-ignore

  /** Again and again until it is answered: the program may not have been told yet that this check is its own. */
  #describe() {
    if (this.isOver || this.#pc?.signalingState !== "have-local-offer") return;
    const { type, sdp } = /** @type {RTCSessionDescription} */ (this.#pc.localDescription);
    this.#signal({ description: { type, sdp: slim(sdp) } });
    this.#offer_timer = window.setTimeout(() => this.#describe(), OFFERED_AGAIN_MS);
  }

  /** @param {import("./peer.js").Message} message */
  #signal(message) {
    const { line_check: call, to } = /** @type {Begun} */ (this.#begun);
    this.#live.signal({ call, to, ...message });
  }

  /** @param {import("../core/wire.js").Signal} signal */
  #hear(signal) {
    if (!this.#pc) return void this.#unread.push(signal);
    if (signal.call !== this.#begun?.line_check || signal.from !== this.#begun.to || this.isOver) return;
    const pc = this.#pc;
    const step = () => this.#obey(pc, signal).catch((error) => console.warn("left out in the line check:", error.message));
    this.#queue = this.#queue.then(step);
  }

  /** @param {RTCPeerConnection} pc @param {import("../core/wire.js").Signal} signal */
  async #obey(pc, { description, candidate }) {
    if (pc !== this.#pc) return;
    if (description?.type === "answer" && pc.signalingState === "have-local-offer") {
      clearTimeout(this.#offer_timer);
      await pc.setRemoteDescription({ type: "answer", sdp: tuned(description.sdp ?? "", VOICE) });
      for (const early of this.#early.splice(0)) await pc.addIceCandidate(early);
    } else if (candidate && pc.remoteDescription) await pc.addIceCandidate(candidate);
    else if (candidate) this.#early.push(new RTCIceCandidate(candidate));
  }

  #greet() {
    if (this.#words?.readyState !== "open" || this.#probe?.readyState !== "open") return;
    this.#say({ microphone: Boolean(this.#microphone) });
  }

  /** @param {object} word */
  #say(word) {
    if (this.#words?.readyState === "open") this.#words.send(JSON.stringify(word));
  }

  /** @param {string} text */
  #read(text) {
    const word = JSON.parse(text);
    if (word.verdict) this.#judged(word.verdict);
    else if (word.stage === "voice") this.#speak(word.seconds * 1_000);
    else if (word.stage) this.#turn(word.stage, SAYS_WITHIN_MS);
    else if (word.send !== undefined) this.#sendTrain(word);
    else if (word.came !== undefined) this.#say({ came: word.came, at: this.#came.get(word.came) ?? [] });
  }

  /** @param {Uint8Array<ArrayBuffer>} packet */
  #take(packet) {
    const at_ms = performance.now();
    const [kind, number, place] = packet;
    if (kind === PING) {
      packet[0] = PONG;
      this.#put(packet);
    } else if (kind === TRAIN) {
      const came = this.#came.get(number) ?? [];
      if (came.length < MOST_PACKETS) came.push([place, Math.round(at_ms * 10) / 10]);
      this.#came.set(number, came);
    }
  }

  /** @param {{send: number, packets: number, bytes: number}} asked */
  #sendTrain({ send, packets, bytes }) {
    const length = Math.min(Math.max(bytes, 3), MOST_PACKET_BYTES);
    for (let place = 0; place < Math.min(packets, MOST_PACKETS); place++) {
      const packet = new Uint8Array(length);
      packet.set([TRAIN, send, place]);
      this.#put(packet);
    }
    this.#say({ sent: send });
  }

  /** @param {Uint8Array<ArrayBuffer>} packet */
  #put(packet) {
    if (this.#probe?.readyState === "open") this.#probe.send(packet);
  }

  /** @param {number} ms */
  async #speak(ms) {
    this.speaks_ms = ms;
    this.speaks_at = performance.now();
    this.#turn("voice", SAYS_WITHIN_MS);
    const sender = this.#sender;
    await sender?.replaceTrack(this.#microphone);
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (!this.isOver && sender === this.#sender) await sender?.replaceTrack(null);
  }

  /** One has yet to hear what was said last. @param {Verdict} verdict */
  async #judged(verdict) {
    this.verdict = verdict;
    this.#turn("judged", SAYS_WITHIN_MS);
    if (this.speaks_ms) await new Promise((resolve) => setTimeout(resolve, HEARD_BACK_MS));
    if (!this.isOver) await this.#count();
    this.#end("over");
  }

  async #count() {
    const report = await this.#pc?.getStats();
    if (!report) return;
    const { bytes } = this.#looks.take(report, performance.now(), { hasEstimate: false, drain_kbps: null });
    this.bytes = bytes.sent + bytes.received;
  }

  /** @param {Stage} stage @param {number} within_ms something else is said, or it is broken */
  #turn(stage, within_ms) {
    if (this.isOver) return;
    this.#breakIn(within_ms);
    this.stage = stage;
    this.#onchange();
  }

  /** Unless something else is said until then. @param {number} ms */
  #breakIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#end("broken"), ms);
  }

  /** @param {"over" | "refused" | "broken"} stage */
  #end(stage) {
    if (this.isOver) return;
    this.stage = stage;
    for (const off of this.#offs) off();
    if (this.#begun && !this.verdict) this.#leave();
    this.#disconnect();
    this.#microphone?.stop();
    this.#ended(null);
    this.#onchange();
  }

  #disconnect() {
    clearTimeout(this.#timer);
    clearTimeout(this.#offer_timer);
    if (this.#words) this.#words.onclose = null;
    this.#pc?.close();
  }

  #leave() {
    const { line_check } = /** @type {Begun} */ (this.#begun);
    this.#live.insist("leave_line_check", { line_check });
  }
}
