/** One recording from the server, on from where it broke off. It never lies in the browser's own cache unsealed. */
import { ApiError } from "../net/api.js";
import { playable } from "./play.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {{etag: string, parts: Uint8Array<ArrayBuffer>[], got: number}} Begun */

/** Of these some browsers play one alone. */
const MIMES = ["audio/ogg", "audio/webm", "audio/mp4"];
/** Without a byte for so long it is given up; what came stays. */
const STALLED_MS = 40_000;

/** @type {Map<string, Begun>} */
const begun = new Map();

/**
 * Rejects with ApiError: `rendition_later` where the server has still to make what this browser plays.
 * @param {Message} message @param {{face: string, signal?: AbortSignal, moved?: (part: number) => void}} ways `moved`:
 *   how far it is, 0 to 1 @returns {Promise<Blob>}
 */
export async function fetchRecording({ id, mime, bytes }, { face, signal, moved = () => {} }) {
  const standing = begun.get(id) ?? { etag: "", parts: [], got: 0 };
  begun.set(id, standing);
  const patience = new Patience(signal);
  try {
    const answer = await ask(id, playable([mime, ...MIMES]), face, standing, patience);
    await takeIn(answer, standing, patience, () => moved(Math.min(1, standing.got / Math.max(1, bytes))));
    begun.delete(id);
    return new Blob(standing.parts, { type: answer.headers.get("Content-Type") ?? mime });
  } catch (error) {
    if (!(error instanceof ApiError)) throw new ApiError(patience.isOver ? "timeout" : "offline", 0);
    begun.delete(id); // refused: what came of it is of no use
    throw error;
  } finally {
    patience.end();
  }
}

/** @param {string} id @param {string} mime @param {string} face @param {Begun} standing @param {Patience} patience */
async function ask(id, mime, face, { etag, got }, patience) {
  const on = got && etag ? { Range: `bytes=${got}-`, "If-Range": etag } : null;
  const headers = { "Homethread-Face": face, ...on };
  const query = new URLSearchParams({ mime });
  const asked = { headers, signal: patience.signal, cache: /** @type {const} */ ("no-store") };
  const answer = await fetch(`/api/messages/${id}/recording?${query}`, asked);
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
