/**
 * One recording to the server by tus 1.0.0: created with its first piece, then
 * piece by piece, each of a size that this link takes in a few seconds. What the server has acknowledged counts, nothing
 * else; after every break it is asked how far it is. When to try, and what a refusal means, `delivery.js` decides.
 */
import { ApiError } from "../net/api.js";

/** @typedef {import("./wire.js").Item} Item */
/**
 * @typedef {object} Ways
 * @property {typeof fetch} [fetcher]
 * @property {(change: {upload_url?: string, offset?: number}) => unknown} moved told and awaited whenever the server has
 *   acknowledged more, so that a reload goes on from there
 * @property {AbortSignal} [signal] ends it between two bytes
 */

const VERSION = "1.0.0";
const OFFSET_TYPE = "application/offset+octet-stream";
const [LEAST_BYTES, FIRST_BYTES, MOST_BYTES] = [4096, 4096, 65_536];
/** Each piece costs a kilobyte of headers and a round trip; of one that breaks off the server keeps what it got. */
const PIECE_MS = 8_000;
/** Without an answer for so long, a piece is given up; TCP rests up to twice as long as the link was dark. */
const PATIENCE_MS = 75_000;

/** The size that suited the link last. One that stood still for a while says little: it halves at most. */
export class Pace {
  bytes = FIRST_BYTES;

  /** @param {number} bytes that went through @param {number} ms that they took, with their answer */
  went(bytes, ms) {
    if (bytes < this.bytes / 2) return; // the tail of a recording says little
    const fitting = (bytes / Math.max(ms, 1)) * PIECE_MS;
    this.bytes = clamp(Math.round(Math.max(this.bytes / 2, Math.min(fitting, this.bytes * 2))));
  }

  broke() {
    this.bytes = clamp(Math.round(this.bytes / 2));
  }
}

/** @param {number} bytes */
const clamp = (bytes) => Math.max(LEAST_BYTES, Math.min(MOST_BYTES, bytes));

/** What all recordings of this page are paced by. */
const pace = new Pace();

/**
 * Brings it whole to the server, from wherever it stands. Rejects with ApiError, at the first piece that fails.
 * @param {Item} item @param {Ways} ways
 */
export async function upload(item, { fetcher = (...asked) => fetch(...asked), moved, signal }) {
  const asking = new Asking(item, fetcher, signal);
  let { upload_url: address, offset } = item;
  if (address) {
    offset = await asking.offset(address); // reloaded, or broken off: the server knows how far it is
    await moved({ offset });
  }
  if (!address) {
    [address, offset] = await asking.create();
    await moved({ upload_url: address, offset });
  }
  while (offset < item.bytes.byteLength) {
    offset = await asking.add(address, offset);
    await moved({ offset });
  }
}

class Asking {
  #item;
  #fetch;
  #signal;

  /** @param {Item} item @param {typeof fetch} fetcher @param {AbortSignal} [signal] */
  constructor(item, fetcher, signal) {
    this.#item = item;
    this.#fetch = fetcher;
    this.#signal = signal;
  }

  /** Creation with the first piece: one round trip for both. @returns {Promise<[address: string, offset: number]>} */
  async create() {
    const { bytes } = this.#item;
    const headers = { "Upload-Length": String(bytes.byteLength), "Upload-Metadata": metadata(this.#item) };
    const answer = await this.#send("POST", "/uploads", 0, headers);
    const address = new URL(answer.headers.get("Location") ?? "", location.href);
    return [address.pathname, offsetOf(answer)];
  }

  /** @param {string} address */
  offset(address) {
    return this.#ask("HEAD", address, {}, null).then(offsetOf);
  }

  /** @param {string} address @param {number} offset @returns {Promise<number>} where the server is then */
  async add(address, offset) {
    return offsetOf(await this.#send("PATCH", address, offset, { "Upload-Offset": String(offset) }));
  }

  /** A piece of it. @param {string} method @param {string} address @param {number} offset
   * @param {Record<string, string>} headers */
  async #send(method, address, offset, headers) {
    const left = this.#item.bytes.byteLength - offset;
    const size = left < 1.5 * pace.bytes ? left : pace.bytes; // a crumb would cost as much as a piece
    const piece = this.#item.bytes.slice(offset, offset + size);
    const since = performance.now();
    try {
      const answer = await this.#ask(method, address, { ...headers, "Content-Type": OFFSET_TYPE }, piece);
      pace.went(piece.byteLength, performance.now() - since);
      return answer;
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) pace.broke();
      throw error;
    }
  }

  /** @param {string} method @param {string} address @param {Record<string, string>} headers
   * @param {ArrayBuffer | null} body @returns {Promise<Response>} */
  async #ask(method, address, headers, body) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
    const end = () => abort.abort();
    this.#signal?.addEventListener("abort", end);
    const said = { ...headers, "Tus-Resumable": VERSION, "Homethread-Face": this.#item.face, Accept: "application/json" };
    try {
      const answer = await this.#fetch(address, { method, headers: said, body, signal: abort.signal });
      if (!answer.ok) throw await refusalOf(answer);
      return answer;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(abort.signal.aborted ? "timeout" : "offline", 0);
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener("abort", end);
    }
  }
}

/** @param {Response} answer */
function offsetOf(answer) {
  const said = answer.headers.get("Upload-Offset");
  const offset = said === null ? NaN : Number(said);
  // A captive portal answers everything with 200, and knows nothing of tus.
  if (!Number.isSafeInteger(offset) || offset < 0) throw new ApiError("offline", 0);
  return offset;
}

/** @param {Response} answer */
async function refusalOf(answer) {
  const told = await answer.json().catch(() => null); // HEAD has no body, a proxy's page is no JSON
  const wait = Number(answer.headers.get("Retry-After"));
  // An address that was ours and is no more is as good as expired.
  const status = answer.status === 404 && answer.url.includes("/uploads/") ? 410 : answer.status;
  return new ApiError(told?.error ?? "unknown", status, told?.message, told?.detail, wait > 0 ? wait * 1_000 : null);
}

/** @param {Item} item */
function metadata({ sent_as: key, mime, wished, recorded_at, sha256, photo_id: photo = "" }) {
  const { child_id, contact_id, deliver, repeat, answers = "" } = wished;
  const said = {
    key, filetype: mime, child_id, contact_id, recorded_at: new Date(recorded_at).toISOString(), deliver, repeat, answers, photo, sha256,
  }; // prettier-ignore
  return Object.entries(said)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name} ${btoa(value)}`)
    .join(",");
}
