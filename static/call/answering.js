/**
 * The connection to an answering machine, at the end that waits alone: it stands before it is needed, carries nothing
 * until a person begins to speak, and outlives the call that was missed. How it looks is not decided here.
 */
import { parsed } from "./bridged.js";
import { Peer } from "./peer.js";

/** @typedef {import("../core/wire.js").Signal} Signal */
/** @typedef {import("../core/wire.js").TakenSeat} TakenSeat */
/**
 * `kept`, `cut`: whole, or what was said until the connection died; `lost`: there was nothing to keep.
 * @typedef {"connecting" | "ready" | "tone" | "recording" | "kept" | "cut" | "lost"} State
 */

/** A message is one from here on. */
const SHORTEST_S = 1;
const SILENT_MS = 5_000; // it counts aloud each second while it listens

export class AnsweringLine {
  /** @type {State} */
  state = "connecting";
  seconds = 0;
  #live;
  #call;
  #own;
  #onchange;
  #seat;
  #peer;
  /** @type {RTCDataChannel} */
  #channel;
  /** Of this message alone: the call's own stops with the call. @type {MediaStreamTrack | null} */
  #voice = null;
  /** What was begun, until the machine is told of it. @type {symbol | null} */
  #beginning = null;
  /** Another path is needed, or this one comes back. */
  #isBroken = false;
  #off;
  #timer = 0;

  /** @param {import("../net/live.js").Live} live @param {string} call @param {TakenSeat} mine @param {string} seat the
   * machine's @param {import("./media.js").OwnMedia} own @param {() => void} onchange */
  constructor(live, call, mine, seat, own, onchange) {
    this.#live = live;
    this.#call = call;
    this.#own = own;
    this.#onchange = onchange;
    this.#seat = seat;
    this.#peer = new Peer({
      iceServers: mine.ice_servers,
      icePolicy: mine.ice_policy,
      isOfferer: true,
      send: (message) => this.#live.signal({ call: this.#call, to: this.#seat, ...message }),
      onstate: (state) => this.#pathTurned(state),
      restart: () => this.#broke(),
    });
    this.#channel = this.#peer.connection.createDataChannel("media");
    this.#channel.onmessage = ({ data }) => this.#hear(parsed(data));
    this.#channel.onclose = () => this.#died();
    this.#off = live.socket.on("signal", (signal) => signal.from === seat && this.#peer.take(signal));
  }

  get seat() {
    return this.#seat;
  }

  /** What it sounds: the tone after which a person speaks. */
  get remote() {
    return this.#peer.remote;
  }

  get isTaking() {
    return this.state === "tone" || this.state === "recording";
  }

  /** Nothing can be said by this connection, or not now. */
  get isDead() {
    return this.state === "cut" || this.#isBroken || this.#channel.readyState === "closed";
  }

  /** A person begins to speak. */
  async begin() {
    if (this.isTaking || this.#channel.readyState !== "open") return;
    const beginning = (this.#beginning = Symbol());
    this.seconds = 0;
    this.#turn("tone");
    const voice = await this.#microphone();
    if (this.#beginning !== beginning) return voice?.stop(); // it was ended while the browser was still asking
    this.#voice = voice;
    if (!voice) return this.#turn("lost");
    await this.#peer.setTracks({ audio: voice, video: null });
    if (this.#beginning !== beginning) return;
    this.#beginning = null;
    this.#say({ record: true });
    this.#expect();
  }

  end() {
    this.#beginning = null;
    this.#say({ record: false });
  }

  discard() {
    const isUntold = this.#beginning !== null; // else the machine says when it is ready again
    this.#say({ discard: true });
    this.#quieten();
    if (isUntold) this.#turn("ready");
  }

  /** Signals may have been lost meanwhile. */
  retry() {
    if (this.state === "connecting") this.#peer.retry();
  }

  close() {
    this.#off();
    clearTimeout(this.#timer);
    this.#quieten();
    this.#channel.onclose = null;
    this.#peer.close();
  }

  /** Who is muted in the call is heard here all the same. */
  async #microphone() {
    const [own] = this.#own.stream.getAudioTracks();
    if (own?.readyState === "live") return Object.assign(own.clone(), { enabled: true });
    const stream = await navigator.mediaDevices?.getUserMedia({ audio: true }).catch(() => null); // refused: it says so
    return stream?.getAudioTracks()[0] ?? null;
  }

  /** @param {{state?: string, seconds?: number} | null} line */
  #hear(line) {
    if (!line?.state || this.state === "cut") return;
    const wasTaking = this.isTaking;
    if (line.state === "recording" && !wasTaking) return; // said while the path was broken
    this.seconds = line.seconds ?? this.seconds;
    if (line.state === "recording") this.#expect();
    if (line.state === "ready" && wasTaking && line.seconds === undefined) return; // said when the channel opened
    if (line.state !== "recording") this.#quieten();
    if (["ready", "recording", "kept", "lost"].includes(line.state)) this.#turn(/** @type {State} */ (line.state));
  }

  /** It will be heard of again. */
  #expect() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#died(), SILENT_MS);
  }

  /** @param {RTCPeerConnectionState} state */
  #pathTurned(state) {
    if (state === "failed") return this.#broke();
    if (state !== "connected" || !this.#isBroken) return;
    this.#isBroken = false;
    // the machine says so only when the channel opens
    const isReady = this.state === "connecting" && this.#channel.readyState === "open";
    this.#turn(isReady ? "ready" : this.state);
  }

  #broke() {
    this.#isBroken = true;
    this.#died();
  }

  /** What the other end has got by now it keeps. */
  #died() {
    if (this.state === "cut") return;
    if (this.isTaking) this.end(); // it hears that if the path comes back
    const state = this.isTaking ? (this.seconds >= SHORTEST_S ? "cut" : "lost") : this.state;
    this.#quieten();
    this.#turn(state === "ready" ? "connecting" : state);
  }

  #quieten() {
    clearTimeout(this.#timer);
    this.#beginning = null;
    this.#voice?.stop();
    this.#voice = null;
    this.#peer.setTracks({ audio: null, video: null }).catch(() => {}); // it may be closed by now
  }

  /** @param {object} line */
  #say(line) {
    if (this.#channel.readyState === "open") this.#channel.send(JSON.stringify(line));
  }

  /** @param {State} state */
  #turn(state) {
    this.state = state;
    this.#onchange();
  }
}
