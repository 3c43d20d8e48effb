/** One recording from the server, or the picture that goes with it, on from where it broke off. It never lies in the browser's own cache unsealed. */
import { ApiError } from "../net/api.js";
import { playable } from "./play.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {{face: string, signal?: AbortSignal, moved?: (part: number) => void}} Ways `moved`: how far it is, 0 to 1 */
/** @typedef {{etag: string, parts: Uint8Array<ArrayBuffer>[], got: number}} Begun */

/** Of these some browsers play one alone. */
const MIMES = ["audio/ogg", "audio/webm", "audio/mp4"];
/** Without a byte for so long it is given up; what came stays. */
const STALLED_MS = 40_000;

/** @type {Map<string, Begun>} */
const begun = new Map();

/**
 * Rejects with ApiError: `rendition_later` where the server has still to make what this browser plays.
 * @param {Message} message @param {Ways} ways @returns {Promise<Blob>}
 */
export const fetchRecording = ({ id, mime, bytes }, ways) =>
  fetchOne(`${id}/recording?${new URLSearchParams({ mime: playable([mime, ...MIMES]) })}`, bytes, ways);

/** Rejects with ApiError. @param {Message} message @param {Ways} ways @returns {Promise<Blob>} */
export const fetchPhoto = ({ id }, ways) => fetchOne(`${id}/photo`, 0, ways);

/** @param {string} path @param {number} bytes about @param {Ways} ways */
async function fetchOne(path, bytes, { face, signal, moved = () => {} }) {
  const standing = begun.get(path) ?? { etag: "", parts: [], got: 0 };
  begun.set(path, standing);
  const patience = new Patience(signal);
  try {
    const answer = await ask(path, face, standing, patience);
    await takeIn(answer, standing, patience, () => moved(Math.min(1, standing.got / Math.max(1, bytes))));
    begun.delete(path);
    return new Blob(standing.parts, { type: answer.headers.get("Content-Type") ?? "" });
  } catch (error) {
    if (!(error instanceof ApiError)) throw new ApiError(patience.isOver ? "timeout" : "offline", 0);
    begun.delete(path); // refused: what came of it is of no use
    throw error;
  } finally {
    patience.end();
  }
}

/** @param {string} path @param {string} face @param {Begun} standing @param {Patience} patience */
async function ask(path, face, { etag, got }, patience) {
  const on = got && etag ? { Range: `bytes=${got}-`, "If-Range": etag } : null;
  const headers = { "Homethread-Face": face, ...on };
  const asked = { headers, signal: patience.signal, cache: /** @type {const} */ ("no-store") };
  const answer = await fetch(`/api/messages/${path}`, asked);
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null); // a proxy's page is no JSON
  throw new ApiError(told?.error ?? "unknown", answer.status, told?.message, told?.detail);
}

/** @param {Response} answer @param {Begun} standing @param {Patience} patience @param {() => void} moved */
async function takeIn(answer, standing, patience, moved) {
  if (answer.status !== 206) Object.assign(standing, { parts: [], got: 0 });
  standing.etag = answer.headers.get("ETag") ?? "";
  const reader = answer.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return;
    patience.renew();
    standing.parts.push(/** @type {Uint8Array<ArrayBuffer>} */ (value));
    standing.got += value.byteLength;
    moved();
  }
}

/** Ends a request that stands still, or that somebody else ended. */
class Patience {
  isOver = false;
  #abort = new AbortController();
  #timer = 0;
  #outer;
  #end = () => this.#abort.abort();

  /** @param {AbortSignal} [outer] */
  constructor(outer) {
    this.#outer = outer;
    outer?.addEventListener("abort", this.#end);
    if (outer?.aborted) this.#end();
    this.renew();
  }

  get signal() {
    return this.#abort.signal;
  }

  renew() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => ((this.isOver = true), this.#abort.abort()), STALLED_MS);
  }

  end() {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#end);
  }
}
