/**
 * The device's picture of its world: the last answer of /api/now and whether the server is in reach. Read again on
 * connecting, on a hint, when the page comes to the front, at the instants that change a call, and slowly without a
 * socket.
 */
import { checkServerTime, setServerTime } from "../core/time.js";
import { Api, ApiError } from "./api.js";
import { Socket } from "./socket.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {"starting" | "online" | "offline"} Reach */
/** @typedef {{now: Now | null, reach: Reach, error: ApiError | null}} View */

const SLOW_POLL_MS = 60_000;
const BEAT_MS = 20_000;
const BEAT_IN_CALL_MS = 5_000;
/** Several hints in a row are read once. */
const CALM_MS = 150;
/** While a call is being connected the link is wanted for that. */
const PRESSED_MS = { connecting: 3_000, most: 60_000 };
/** After an answer that was none; nothing tells when there is one. */
const AGAIN_MS = 10_000;
const KEPT = "homethread.now";
/** The socket is gone: another one comes. */
export const AWAY = new Set(["offline", "lost"]);
/** No answer of the server's, or none that decides anything. */
export const UNANSWERED = new Set([...AWAY, "timeout", "unavailable"]);
/** The server may not have it, or not know of this seat yet. */
const UNTOLD = new Set(["unavailable", "timeout", "not_found"]);

export class Live {
  /** @type {View} */
  view = { now: null, reach: "starting", error: null };
  /** Told with each beat: the screen, and in a call the figures of the link. */
  page = "start";
  /** @type {{rtt_ms: number | null, loss: number | null, up_kbps: number | null, down_kbps: number | null} | null} */
  link = null;
  /** When something of a call came last, by performance.now(). */
  came_ms = -Infinity;
  #face;
  #keep;
  /** @type {Set<(view: View) => void>} */
  #watchers = new Set();
  /** @type {Set<() => void>} */
  #onconnect = new Set();
  #etag = "";
  /** @type {Promise<void> | null} */
  #reading = null;
  #stale = false;
  #beat_timer = 0;
  #inCall = false;
  #pressed_until = -Infinity;
  /** @type {typeof import("./path.js") | null} */
  #path = null;

  /** @param {string} face @param {{keep?: boolean}} [options] `keep` the last picture for this tab's reloads */
  constructor(face, { keep = false } = {}) {
    this.#face = face;
    this.#keep = keep;
    this.api = new Api(face);
    this.socket = new Socket({ url: location.origin, auth: () => ({ face }) });
  }

  start() {
    if (this.#keep) this.#recall();
    this.socket.on("hint", () => this.refresh(CALM_MS));
    this.socket.onstate((life) => this.#socketTurned(life.state));
    this.socket.connect();
    this.refresh();
    document.addEventListener("visibilitychange", () => document.hidden || this.#cameBack());
    addEventListener("offline", () => this.#tell({ reach: "offline" }));
    addEventListener("online", () => this.refresh());
    setInterval(() => this.socket.life.state === "connected" || this.refresh(), SLOW_POLL_MS);
  }

  /** Somebody has signed in on this page: read anew, over a socket of their own. */
  async enter() {
    this.#forget();
    await this.#reading; // it may still speak of whoever was here before
    this.socket.connect();
    await this.refresh();
  }

  /** This device was signed out: nothing of whoever it was stays. */
  leave() {
    this.#forget();
    return this.refresh();
  }

  #forget() {
    this.#etag = "";
    keep(null);
    if (this.view.now) this.#tell({ now: null });
  }

  /** What was known here before, as long as the server has said nothing. @param {Now} now */
  remember(now) {
    if (!this.view.now && this.view.error?.status !== 401) this.#tell({ now });
  }

  /** @param {(view: View) => void} watcher @returns {() => void} takes it off again */
  subscribe(watcher) {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /**
   * @param {() => void} run each time that the socket has (again) been connected
   * @returns {() => void} takes it off again
   */
  onconnect(run) {
    this.#onconnect.add(run);
    return () => void this.#onconnect.delete(run);
  }

  /** @param {string} name @param {object} payload @returns {Promise<any>} */
  emit(name, payload) {
    return this.socket.emit(name, payload);
  }

  /**
   * Shows a call as a command's answer tells it, before the next reading.
   * @param {import("../core/wire.js").Call} call
   */
  adopt(call) {
    const { now } = this.view;
    if (now) this.#tell({ now: { ...now, calls: [...now.calls.filter(({ id }) => id !== call.id), call] } });
    this.refresh();
  }

  /**
   * Says it again over each next socket, and after a while over this one, until the server has answered.
   * @param {string} name @param {object} payload @returns {() => void} takes it back
   */
  insist(name, payload) {
    let [timer, isOver] = [0, false];
    const say = () => {
      clearTimeout(timer);
      this.emit(name, payload).then(stop, ({ code }) => {
        if (!UNANSWERED.has(code)) stop();
        else if (!AWAY.has(code) && !isOver) timer = window.setTimeout(say, AGAIN_MS);
      });
    };
    const off = this.onconnect(say);
    const stop = () => {
      isOver = true;
      clearTimeout(timer);
      off();
    };
    say();
    return stop;
  }

  /** One that is lost with its socket, or stale, is made good by the next connection.
   * @param {object} signal @returns {Promise<boolean>} whether it may be said again before that */
  signal(signal) {
    return this.emit("signal", signal).then(() => true, ({ code }) => refused("a signal", code) === "unavailable");
  }

  /**
   * What the link of a call did, which the beats tell too.
   * @param {string} call @param {import("../core/wire.js").Figures} figures
   */
  report(call, figures) {
    const { rtt_ms, loss_permille, sent_kbps, received_kbps } = figures;
    const loss = loss_permille === null ? null : loss_permille / 10;
    this.link = { rtt_ms, loss, up_kbps: sent_kbps, down_kbps: received_kbps };
    return this.emit("figures", { call, ...figures });
  }

  /** Nothing of a call comes any more. */
  doubt() {
    this.#path?.doubt(this);
  }

  get beatOfNow() {
    return { link: this.link, page: this.page, visible: !document.hidden };
  }

  /** Which rung this end proposes. @param {object} rung
   * @returns {Promise<boolean>} false: to be told again over this socket; over the next one it is with the seat */
  tellRung(rung) {
    return this.emit("rung", rung).then(() => true, ({ code }) => !UNTOLD.has(refused("a rung", code)));
  }

  /** The link is wanted for a call: what only hints ask for is read a little later. */
  press(for_ms = PRESSED_MS.connecting) {
    this.#pressed_until = Math.max(this.#pressed_until, performance.now() + for_ms);
  }

  /** Beats come faster in a call. @param {boolean} inCall */
  setInCall(inCall) {
    if (this.#inCall === inCall) return;
    this.#inCall = this.socket.isInHurry = inCall;
    if (inCall) this.#takePath();
    this.#beat();
  }

  async #takePath() {
    if (this.#path) return;
    this.#path = await import("./path.js").catch(() => null); // the next call tries again
    this.#path?.watchNetwork(this);
  }

  /** Reads /api/now; asked again while it is being read, it is read once more. @param {number} [calm_ms] */
  refresh(calm_ms = 0) {
    if (this.#reading) {
      this.#stale = true;
      if (!calm_ms) this.#pressed_until = -Infinity;
      return this.#reading;
    }
    this.#reading = this.#read(calm_ms).finally(() => {
      this.#reading = null;
      if (this.#stale) this.refresh(CALM_MS);
    });
    return this.#reading;
  }

  /** @param {number} calm_ms */
  async #read(calm_ms) {
    // what was read last may have begun a call a moment ago
    const latest_ms = performance.now() + PRESSED_MS.most;
    for (let wait_ms = calm_ms; wait_ms > 0; ) {
      await new Promise((done) => setTimeout(done, wait_ms));
      wait_ms = Math.min(this.#pressed_until, latest_ms) - performance.now();
    }
    this.#stale = false;
    const asked_ms = Date.now();
    try {
      const answer = await this.api.ask("/api/now", { headers: this.#etag ? { "If-None-Match": this.#etag } : {} });
      this.#take(answer, asked_ms);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.#forget();
      this.#tell({ error, reach: error.status ? this.view.reach : "offline" });
      if (error.status >= 429) setTimeout(() => this.view.error === error && this.refresh(), error.retry_ms ?? AGAIN_MS);
    }
  }

  /** @param {import("./api.js").Answer} answer @param {number} asked_ms */
  #take({ status, headers, body }, asked_ms) {
    if (status === 304) {
      checkServerTime(headers.get("Homethread-Now"));
      return this.#tell({ error: null, reach: "online" });
    }
    // The body may come out of the browser's cache, where the server said only that nothing is new: the header is of now.
    setServerTime(Date.parse(headers.get("Homethread-Now") ?? body.server_time), asked_ms, Date.now());
    this.#etag = headers.get("ETag") ?? "";
    if (this.#keep) keep({ etag: this.#etag, now: body });
    this.#tell({ now: body, error: null, reach: "online" });
  }

  /** What this tab knew before its reload, until the server has been heard. */
  #recall() {
    const kept = recall();
    if (kept?.now?.face !== this.#face) return;
    this.#etag = kept.etag;
    this.#tell({ now: kept.now });
  }

  /** @param {string} state */
  #socketTurned(state) {
    if (state === "connected") {
      for (const run of this.#onconnect) run();
      this.refresh(this.#inCall ? CALM_MS : 0); // its seat's answer says how a call stands
      this.#beat();
    } else if (state === "lost") {
      this.#path?.lost(this);
      this.#tell({ reach: "offline" });
    }
    else if (state === "refused") this.refresh(); // it says why
  }

  #cameBack() {
    if (this.socket.life.state !== "connected" && this.socket.life.state !== "closed") this.socket.connect();
    this.refresh();
    this.#beat();
  }

  async #beat() {
    clearTimeout(this.#beat_timer);
    this.#beat_timer = window.setTimeout(() => this.#beat(), this.#inCall ? BEAT_IN_CALL_MS : BEAT_MS);
    if (this.socket.life.state === "lost") this.socket.connect(); // its own retries are patient
    if (this.socket.life.state !== "connected") return;
    if (this.#inCall && this.#path) await this.#path.beat(this);
    else await this.emit("beat", this.beatOfNow).catch(() => {}); // the socket itself tells when it is lost
  }

  /** @param {Partial<View>} change */
  #tell(change) {
    this.view = { ...this.view, ...change };
    for (const watcher of this.#watchers) watcher(this.view);
  }
}

/** @param {string} what @param {string} code */
function refused(what, code) {
  if (!UNANSWERED.has(code) && code !== "stale_seat") console.warn(`${what} was refused:`, code);
  return code;
}

/** @param {{etag: string, now: Now} | null} known */
function keep(known) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(known));
  } catch {
    // storage is full or forbidden: a reload then starts empty
  }
}

/** @returns {{etag: string, now: Now} | null} */
function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}
