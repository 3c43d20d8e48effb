/**
 * A still as pieces for a data channel and back: cut into what delays no voice, gathered in whatever order it comes.
 * What came is the other end's word: nothing of it is taken before its bounds and its kind have been looked at.
 *
 * A piece: 1, number of the still (2 bytes), place, count, bytes. A receipt: 2, number of the still, kbps (2 bytes).
 */

/** 690 bytes on the wire: a tenth of a second at 56 kbit/s. */
const PIECE_BYTES = 600;
/** IPv4, UDP, DTLS and SCTP around a piece. */
export const AROUND_BYTES = 90;
const [PIECE, RECEIPT] = [1, 2];
const HEAD_BYTES = 5;
const MOST_PIECES = 20;
const MOST_AT_ONCE = 3;
const MOST_PX = 640;
const FASTEST_KBPS = 2_000;

/** @typedef {{number: number, kbps: number}} Receipt how fast the pieces of a still came in */
/** @typedef {{number: number, bytes: Uint8Array, kbps: number}} Gathered */
/** @typedef {{place: number, at_ms: number}} Arrival */
/** @typedef {{count: number, parts: Map<number, Uint8Array>, arrivals: Arrival[]}} Growing */

/** @param {number} number @param {Uint8Array} bytes @returns {Uint8Array[]} */
export function cut(number, bytes) {
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, place) => {
    const part = bytes.subarray(place * PIECE_BYTES, (place + 1) * PIECE_BYTES);
    const piece = new Uint8Array(HEAD_BYTES + part.length);
    piece.set([PIECE, number >> 8, number & 255, place, count]);
    piece.set(part, HEAD_BYTES);
    return piece;
  });
}

/** @param {Receipt} receipt */
export function writeReceipt({ number, kbps }) {
  return new Uint8Array([RECEIPT, number >> 8, number & 255, kbps >> 8, kbps & 255]);
}

/** @param {Uint8Array} bytes @returns {Receipt | null} */
export function readReceipt(bytes) {
  if (bytes.length !== HEAD_BYTES || bytes[0] !== RECEIPT) return null;
  return { number: bytes[1] * 256 + bytes[2], kbps: bytes[3] * 256 + bytes[4] };
}

export class Gathering {
  /** @type {Map<number, Growing>} the oldest first */
  #stills = new Map();
  /** @type {number | null} */
  #newest = null;

  /** The still that this piece makes whole; not one that is older than what was shown. @param {Uint8Array} piece
   * @param {number} at_ms @returns {Gathered | null} */
  take(piece, at_ms) {
    const [kind, high, low, place, count] = piece;
    const number = high * 256 + low;
    const part = piece.subarray(HEAD_BYTES);
    const isPart = part.length > 0 && part.length <= PIECE_BYTES;
    if (kind !== PIECE || !isPart || count > MOST_PIECES || place >= count || !this.#isNew(number)) return null;
    /** @type {Growing} */
    const still = this.#stills.get(number) ?? { count, parts: new Map(), arrivals: [] };
    if (still.count !== count || still.parts.has(place)) return null;
    this.#stills.set(number, still);
    still.parts.set(place, part);
    still.arrivals.push({ place, at_ms });
    if (this.#stills.size > MOST_AT_ONCE) this.#stills.delete([...this.#stills.keys()][0]);
    return still.parts.size === count ? this.#whole(number, still) : null;
  }

  /** @param {number} number they start anew after 65,535 */
  #isNew(number) {
    const ahead = (number - (this.#newest ?? number - 1) + 65_536) % 65_536;
    return ahead > 0 && ahead < 32_768;
  }

  /** @param {number} number @param {Growing} still */
  #whole(number, { count, parts, arrivals }) {
    const bytes = new Uint8Array([...parts.values()].reduce((sum, { length }) => sum + length, 0));
    for (let place = 0, at = 0; place < count; at += parts.get(place)?.length ?? 0, place++) {
      bytes.set(/** @type {Uint8Array} */ (parts.get(place)), at);
    }
    this.#stills.delete(number);
    return { number, bytes, kbps: pace(arrivals) };
  }

  /** It was a picture: older ones are of no use any more. @param {number} number */
  shown(number) {
    this.#newest = number;
    for (const other of [...this.#stills.keys()]) if (!this.#isNew(other)) this.#stills.delete(other);
  }
}

/**
 * How fast pieces came, one after the other: the middle of the paces between two neighbours, so that one which was
 * lost and came again says nothing. 0: there were too few to tell.
 * @param {Arrival[]} arrivals
 */
function pace(arrivals) {
  const kbps = [];
  let last = arrivals[0];
  for (const next of arrivals.slice(1)) {
    if (next.place < last.place) continue;
    const bits = (next.place - last.place) * (PIECE_BYTES + AROUND_BYTES) * 8;
    kbps.push(Math.min(FASTEST_KBPS, Math.round(bits / Math.max(1, next.at_ms - last.at_ms))));
    last = next;
  }
  return kbps.sort((one, other) => one - other)[Math.floor(kbps.length / 2)] ?? 0;
}

/** The kind of a picture by its own bytes, null unless it is one of ours of a modest size. @param {Uint8Array} bytes */
export function kindOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = sizeOfWebp(view) ?? sizeOfJpeg(view);
  if (!size || Math.min(...size.px) < 1 || Math.max(...size.px) > MOST_PX) return null;
  return size.kind;
}

/** @typedef {{kind: "image/webp" | "image/jpeg", px: [number, number]}} Size */

/** RFC 9649; only the plain lossy kind, which is what a canvas gives. @param {DataView} view @returns {Size | null} */
function sizeOfWebp(view) {
  if (view.byteLength < 30 || text(view, 0) !== "RIFF" || text(view, 8) !== "WEBP") return null;
  if (text(view, 12) === "VP8 ") {
    return { kind: "image/webp", px: [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff] };
  }
  const isWide = text(view, 12) === "VP8X" && !(view.getUint8(20) & 2); // 2: an animation
  const side = (/** @type {number} */ at) => (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)) + 1;
  return isWide ? { kind: "image/webp", px: [side(24), side(27)] } : null;
}

/** ITU-T T.81: from marker to marker until the one that has the size. @param {DataView} view @returns {Size | null} */
function sizeOfJpeg(view) {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 <= view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker === 0xffc0 || marker === 0xffc2) {
      return { kind: "image/jpeg", px: [view.getUint16(at + 7), view.getUint16(at + 5)] };
    }
    if (marker < 0xff01 || marker === 0xffda) return null;
  }
  return null;
}

/** @param {DataView} view @param {number} at four letters */
const text = (view, at) => String.fromCharCode(...[0, 1, 2, 3].map((letter) => view.getUint8(at + letter)));
