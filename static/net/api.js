/**
 * Questions and commands to the server: headers, keys, time-outs, and which failures are tried again. A command that
 * got no answer is repeated with its own key, so that it is done once; what it means is not decided here.
 */

const TIMEOUT_MS = 30_000; // a 2G link needs its time
const PAUSES_MS = [1_000, 3_000, 8_000];
const LONGEST_PAUSE_MS = 20_000;

/** @typedef {{status: number, headers: Headers, body: any}} Answer */

/** Codes of our own: `offline` and `timeout`; all others are the server's, with its sentence as the message. */
export class ApiError extends Error {
  name = "ApiError";

  /**
   * @param {string} code @param {number} status 0 when there was no answer
   * @param {string} [message] @param {Record<string, any>} [detail] @param {number | null} [retry_ms]
   */
  constructor(code, status, message = "", detail = {}, retry_ms = null) {
    super(message || code);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.retry_ms = retry_ms;
    this.hasSentence = Boolean(message);
  }

  /** Nobody knows yet whether it was done, or the server asks for patience: the same again may succeed. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

/** A random key for one intent. `crypto.randomUUID` exists on secure origins only. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Api {
  #face;
  #fetch;

  /** @param {string} face @param {typeof fetch} [fetcher] */
  constructor(face, fetcher = (...request) => fetch(...request)) {
    this.#face = face;
    this.#fetch = fetcher;
  }

  /** @param {string} path @param {Record<string, string>} [query] @returns {Promise<any>} */
  async get(path, query) {
    const search = query ? `?${new URLSearchParams(query)}` : "";
    return (await this.ask(path + search)).body;
  }

  /**
   * Does something once, however often it must be sent. Give the `key` of an earlier try to go on with that intent.
   * @param {string} path @param {object} [body]
   * @param {{method?: string, key?: string, onwait?: (error: ApiError) => void}} [options] `onwait`: it goes on trying
   * @returns {Promise<any>}
   */
  async command(path, body = {}, { method = "POST", key = newKey(), onwait } = {}) {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    for (let tries = 0; ; tries++) {
      try {
        return (await this.ask(path, { method, headers, body: JSON.stringify(body) })).body;
      } catch (error) {
        if (!(error instanceof ApiError) || !error.isPassing || tries >= PAUSES_MS.length) throw error;
        onwait?.(error);
        await pause(Math.min(error.retry_ms ?? PAUSES_MS[tries], LONGEST_PAUSE_MS));
      }
    }
  }

  /**
   * One request. @param {string} path @param {RequestInit} [init]
   * @returns {Promise<Answer>} 2xx or 304; else ApiError
   */
  async ask(path, init = {}) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    const headers = { Accept: "application/json", ...init.headers, "Homethread-Face": this.#face };
    try {
      const response = await this.#fetch(path, { ...init, headers, signal: abort.signal });
      const text = await response.text();
      if (!response.ok && response.status !== 304) throw errorOf(response, text);
      return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} };
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(abort.signal.aborted ? "timeout" : "offline", 0);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param {Response} response @param {string} text */
function errorOf(response, text) {
  const wait = Number(response.headers.get("Retry-After"));
  const told = parse(text);
  return new ApiError(
    told?.error ?? "unknown",
    response.status,
    told?.message,
    told?.detail,
    wait > 0 ? wait * 1_000 : null,
  );
}

/** @param {string} text @returns {any} null for a proxy's error page, which is no JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Until the time is up, or the browser says that the network is back. @param {number} pause_ms
 * @returns {Promise<void>}
 */
function pause(pause_ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, pause_ms);
    globalThis.addEventListener?.("online", done);
  });
}
