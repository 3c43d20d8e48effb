/**
 * Our own Socket.IO client (Engine.IO 4, protocol 5; WebSocket only, default namespace, no binary): how a connection is
 * opened, watched, lost and opened again, and what becomes of an `emit`. What the events mean is not decided here.
 */

const [CONNECT_TIMEOUT_MS, ACK_TIMEOUT_MS] = [10_000, 10_000];
const DELAY = { first_ms: 1_000, longest_ms: 15_000 }; // jitter takes up to half of it
const IN_HURRY = { first_ms: 100, longest_ms: 400 };

/**
 * @typedef {{state: "idle" | "connecting" | "connected" | "closed"} | {state: "lost", reason: Reason}
 *   | {state: "refused", error: unknown, final: boolean}} Life a retry follows `lost`, and `refused` that isn't final
 * @typedef {"transport" | "offline" | "connect_timeout" | "heartbeat" | "server_disconnect" | "malformed"} Reason
 * @typedef {{setTimeout(run: () => void, ms: number): unknown, clearTimeout(timer: any): void}} Timers
 * @typedef {{kind: "close" | "ping" | "ignored" | "disconnect" | "connect"} | {kind: "open", heartbeat_ms: number}
 *   | {kind: "event", args: [string, ...any[]]} | {kind: "ack", id: number, answer: any}
 *   | {kind: "connect_error", error: any}} Packet
 */

const isOnline = () => globalThis.navigator?.onLine !== false;

/** Our codes: `offline` (not sent), `lost` and `timeout` (perhaps done, perhaps not); the others are the server's. */
export class SocketError extends Error {
  name = "SocketError";

  /** @param {string} code @param {Record<string, any>} [detail] @param {string} [message] */
  constructor(code, detail = {}, message = code) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

export class Socket {
  /** How often it came to a connection. */
  connections = 0;
  /** Somebody talks: attempts are given up after `patience_ms` and come more often. */
  isInHurry = false;
  patience_ms = 5_000;
  heard_ms = 0; // when anything came last, by performance.now()
  #options;
  /** @type {WebSocket | null} the present one; whatever another one still says comes too late */
  #link = null;
  /** @type {unknown} connect timeout, heartbeat or retry: never two of them at once */
  #timer = null;
  /** Beside the present link, which is in doubt. @type {import("./path.js").Spares | null} */
  #spares = null;
  #heartbeat_ms = 0;
  #failures = 0;
  #last_id = 0;
  /** @type {Map<number, (answer: any) => void>} emits without their ack yet */
  #waiting = new Map();
  /** @type {[string, ...any[]][]} events sent before the server's CONNECT, as it does from its connect handler */
  #early = [];
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  #handlers = new Map();
  /** @type {Set<(life: Life) => void>} */
  #watchers = new Set();
  /** @type {Life} */
  #life = { state: "idle" };

  /**
   * @param {object} options
   * @param {string} options.url the server's origin
   * @param {() => Record<string, unknown>} options.auth asked at each connect
   * @param {new (url: string) => WebSocket} [options.WebSocketClass]
   * @param {number} [options.connect_timeout_ms] from the attempt until the server's CONNECT
   * @param {Timers} [options.timers]
   * @param {() => number} [options.random]
   */
  constructor({
    url,
    auth,
    WebSocketClass = WebSocket,
    connect_timeout_ms = CONNECT_TIMEOUT_MS,
    timers = { setTimeout: (run, ms) => setTimeout(run, ms), clearTimeout: (timer) => clearTimeout(timer) },
    random = Math.random,
  }) {
    const address = new URL("/socket.io/?EIO=4&transport=websocket", url);
    address.protocol = address.protocol.replace("http", "ws");
    this.#options = { address: address.href, auth, WebSocketClass, connect_timeout_ms, timers, random };
  }

  /** @returns {Life} */
  get life() {
    return this.#life;
  }

  /** @param {string} name @param {(...args: any[]) => void} handler @returns {() => void} takes it off again */
  on(name, handler) {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  /** @param {(life: Life) => void} watcher @returns {() => void} takes it off again */
  onstate(watcher) {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Tries now: for the first time, without waiting for the next retry, or again after a final refusal. */
  connect() {
    if (this.#life.state === "closed") throw new Error("a closed socket stays closed");
    if (this.#link) return;
    globalThis.window?.addEventListener("online", this.#online);
    if (this.#timer === null || isOnline()) this.#try();
  }

  /**
   * Never sent again by itself: the caller knows whether a repeat does harm.
   * @param {string} name @param {unknown} payload @param {{timeout_ms?: number}} [options]
   * @returns {Promise<any>} the ack's first argument; rejects with SocketError
   */
  emit(name, payload, { timeout_ms = ACK_TIMEOUT_MS } = {}) {
    const link = this.#link;
    if (!link || this.#life.state !== "connected") return Promise.reject(new SocketError("offline"));
    const [{ timers }, id] = [this.#options, ++this.#last_id];
    return new Promise((resolve, reject) => {
      const timer = timers.setTimeout(() => this.#waiting.get(id)?.({ error: "timeout" }), timeout_ms);
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        timers.clearTimeout(timer);
        if (typeof answer?.error !== "string") resolve(answer);
        else reject(new SocketError(answer.error, answer.detail, answer.message));
      });
      link.send(`42${id}${JSON.stringify([name, payload])}`);
    });
  }

  /** Nothing comes where something should: another is opened beside this one, which stays if it says anything
   * meanwhile, and is given up where no other stands either. @param {typeof import("./path.js").Spares} Spares */
  doubt(Spares) {
    if (this.#life.state !== "connected" || this.#spares) return;
    const change = this.#change.bind(this);
    this.#spares = new Spares(this.#options, this.patience_ms, { change, giveUp: () => this.renew() });
  }

  /** Something was not answered in time: this connection is given up for another one. */
  renew() {
    if (this.#life.state === "connected") this.#lose("heartbeat");
  }

  close() {
    globalThis.window?.removeEventListener("online", this.#online);
    if (this.#life.state === "connected") this.#link?.send("41");
    this.#unlink(1000, "closed");
    if (this.#life.state !== "closed") this.#tell({ state: "closed" });
  }

  #online = () => {
    this.#failures = 0;
    if (!this.#link && this.#timer !== null) this.#attempt();
  };

  #try() {
    if (isOnline()) return this.#attempt();
    this.#wait(DELAY.longest_ms, () => this.#attempt()); // onLine lies at times, only an attempt finds out
    this.#tell({ state: "lost", reason: "offline" });
  }

  #attempt() {
    this.#takeUp(new this.#options.WebSocketClass(this.#options.address));
    this.#heartbeat_ms = 0;
    this.#wait(this.isInHurry ? this.patience_ms : this.#options.connect_timeout_ms, () => this.#lose("connect_timeout"));
    this.#tell({ state: "connecting" });
  }

  /** @param {WebSocket} link @param {number} heartbeat_ms */
  #change(link, heartbeat_ms) {
    this.#unlink(4000, "heartbeat");
    this.#takeUp(link);
    this.#heartbeat_ms = heartbeat_ms;
    this.#connected();
  }

  /** @param {WebSocket} link */
  #takeUp(link) {
    this.#link = link;
    this.#early = [];
    link.onmessage = ({ data }) => this.#read(link, data);
    link.onclose = () => link === this.#link && this.#lose("transport");
  }

  /** @param {Reason} reason */
  #lose(reason) {
    this.#unlink(4000, reason);
    this.#retryLater();
    this.#tell({ state: "lost", reason });
  }

  /** @param {any} error */
  #refuse(error) {
    const final = error?.data?.final === true;
    this.#unlink(1000, "refused");
    if (!final) this.#retryLater();
    this.#tell({ state: "refused", error, final });
  }

  #retryLater() {
    const { first_ms, longest_ms } = this.isInHurry ? IN_HURRY : DELAY;
    const ceiling = Math.min(longest_ms, first_ms * 2 ** this.#failures++);
    this.#wait((ceiling * (1 + this.#options.random())) / 2, () => this.#try());
  }

  /** @param {number} code @param {string} reason */
  #unlink(code, reason) {
    const link = this.#link;
    this.#link = null;
    this.#spares = this.#spares?.close() ?? null;
    this.#options.timers.clearTimeout(this.#timer);
    this.#timer = null;
    link?.close(code, reason);
    for (const settle of this.#waiting.values()) settle({ error: "lost", detail: { reason } });
  }

  /** @param {number} ms @param {() => void} run */
  #wait(ms, run) {
    this.#options.timers.clearTimeout(this.#timer);
    this.#timer = this.#options.timers.setTimeout(() => {
      this.#timer = null;
      run();
    }, ms);
  }

  /** @param {Life} life */
  #tell(life) {
    this.#life = life;
    for (const watcher of this.#watchers) if (this.#life === life) watcher(life); // one of them may have called close()
  }

  /** @param {WebSocket} link @param {unknown} frame */
  #read(link, frame) {
    const texts = typeof frame === "string" ? frame.split("\x1e") : [""]; // binary is as malformed as nothing
    for (const text of texts) {
      if (link !== this.#link) return;
      this.heard_ms = performance.now();
      const packet = decode(text);
      if (!packet || !this.#fits(packet)) return this.#lose("malformed");
      this.#spares = this.#spares?.close() ?? null;
      if (this.#life.state === "connected") this.#wait(this.#heartbeat_ms, () => this.#lose("heartbeat"));
      this.#take(link, packet);
    }
  }

  /** One handshake, then one CONNECT. @param {Packet} packet */
  #fits({ kind }) {
    if (kind === "open") return this.#heartbeat_ms === 0;
    return kind !== "connect" || (this.#heartbeat_ms > 0 && this.#life.state !== "connected");
  }

  /** @param {WebSocket} link @param {Packet} packet */
  #take(link, packet) {
    if (packet.kind === "open") {
      this.#heartbeat_ms = packet.heartbeat_ms;
      link.send(`40${JSON.stringify(this.#options.auth())}`);
    } else if (packet.kind === "ping") {
      link.send("3");
      if (this.#life.state === "connected") this.#failures = 0; // stable: it outlived a ping interval
    } else if (packet.kind === "connect") this.#connected();
    else if (packet.kind === "event") this.#event(packet.args);
    else if (packet.kind === "ack") this.#waiting.get(packet.id)?.(packet.answer);
    else if (packet.kind === "connect_error") this.#refuse(packet.error);
    else if (packet.kind === "disconnect") this.#lose("server_disconnect");
    else if (packet.kind === "close") this.#lose("transport");
  }

  #connected() {
    this.connections += 1;
    this.#wait(this.#heartbeat_ms, () => this.#lose("heartbeat"));
    this.#tell({ state: "connected" });
    for (const args of this.#early.splice(0)) this.#event(args);
  }

  /** @param {[string, ...any[]]} args */
  #event(args) {
    if (this.#life.state !== "connected") return void this.#early.push(args);
    const [name, ...rest] = args;
    for (const handler of this.#handlers.get(name) ?? []) handler(...rest);
  }
}

/** @param {string} text @returns {Packet | null} null for what no server that keeps to the protocol sends */
export function decode(text) {
  if (text === "2") return { kind: "ping" };
  if (text === "1") return { kind: "close" };
  if (text === "6") return { kind: "ignored" };
  if (text.startsWith("0")) return decodeOpen(parse(text.slice(1)));
  const parts = /^4([0-4])(\/[^,]*,?)?(\d*)(.*)$/s.exec(text);
  if (!parts) return null;
  const [, type, namespace, id, json] = parts;
  if (namespace && namespace !== "/,") return { kind: "ignored" };
  return decodeMessage(type, id, parse(json));
}

/** @param {any} open @returns {Packet | null} */
function decodeOpen(open) {
  const heartbeat_ms = open?.pingInterval + open?.pingTimeout;
  return Number.isFinite(heartbeat_ms) && heartbeat_ms > 0 ? { kind: "open", heartbeat_ms } : null;
}

/** @param {string} type @param {string} id @param {any} body @returns {Packet | null} */
function decodeMessage(type, id, body) {
  if (type === "1") return { kind: "disconnect" };
  if (body === undefined) return null;
  if (type === "0") return { kind: "connect" };
  if (type === "4") return { kind: "connect_error", error: body };
  if (!Array.isArray(body)) return null;
  if (type === "3") return id ? { kind: "ack", id: Number(id), answer: body[0] } : null;
  return typeof body[0] === "string" ? { kind: "event", args: /** @type {[string, ...any[]]} */ (body) } : null;
}

/** @param {string} json @returns {any} undefined when it is none */
function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
