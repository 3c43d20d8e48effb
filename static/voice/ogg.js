/**
 * Opus packets into an Ogg file as RFC 7845 says it: the two headers, pages with their checksums (RFC 3533), granule
 * positions that count samples at 48 kHz, the encoder's lead-in to be skipped, the last samples cut off. Pure.
 */

/** @typedef {{data: Uint8Array, samples: number}} Packet `samples`: how many at 48 kHz it decodes to */
/**
 * @typedef {object} Stream
 * @property {number} preSkip samples at 48 kHz that come before what was recorded
 * @property {number} samples how many at 48 kHz were recorded
 * @property {number} rate of the recording, in Hz; players don't need it
 * @property {number} serial any 32 bits
 */

const RATE = 48_000;
/** A page is heard of only as a whole, and costs 27 bytes. */
const PAGE_SAMPLES = 5 * RATE;
const MOST_SEGMENTS = 255;
const VENDOR = "homethread";
const [FIRST, LAST] = [2, 4];
const text = new TextEncoder();

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  return sum >>> 0;
});

/** @param {Packet[]} packets @param {Stream} stream @returns {Uint8Array<ArrayBuffer>} the whole file */
export function oggOpus(packets, { preSkip, samples, rate, serial }) {
  const pages = [
    page([head(preSkip, rate)], { flags: FIRST, granule: 0, serial, sequence: 0 }),
    page([tags()], { flags: 0, granule: 0, serial, sequence: 1 }),
  ];
  const end = preSkip + samples;
  let granule = 0;
  const groups = grouped(upTo(packets, end));
  for (const [place, group] of groups.entries()) {
    granule += group.reduce((sum, one) => sum + one.samples, 0);
    const isLast = place === groups.length - 1;
    const about = { flags: isLast ? LAST : 0, granule: isLast ? Math.min(granule, end) : granule, serial };
    pages.push(page(group.map(({ data }) => data), { ...about, sequence: pages.length }));
  } // prettier-ignore
  return joined(pages);
}

/** Without those that lie wholly behind the end. @param {Packet[]} packets @param {number} end */
function upTo(packets, end) {
  let before = 0;
  return packets.filter(({ samples }) => (before += samples) - samples < end);
}

/** What goes on one page each. @param {Packet[]} packets @returns {Packet[][]} */
function grouped(packets) {
  /** @type {Packet[][]} */
  const groups = [];
  let [segments, samples] = [0, 0];
  for (const packet of packets) {
    const needs = segmentsOf(packet.data);
    if (!groups.length || segments + needs > MOST_SEGMENTS || samples >= PAGE_SAMPLES) {
      groups.push([]);
      [segments, samples] = [0, 0];
    }
    groups[groups.length - 1].push(packet);
    segments += needs;
    samples += packet.samples;
  }
  return groups;
}

/** @param {Uint8Array} data */
const segmentsOf = ({ length }) => Math.floor(length / 255) + 1;

/** RFC 7845, 5.1: one channel, no gain, mapping family 0. @param {number} preSkip @param {number} rate */
function head(preSkip, rate) {
  const packet = new Uint8Array(19);
  const view = new DataView(packet.buffer);
  packet.set(text.encode("OpusHead"));
  packet.set([1, 1], 8);
  view.setUint16(10, preSkip, true);
  view.setUint32(12, rate, true);
  return packet;
}

/** RFC 7845, 5.2: who made it, and no comments. */
function tags() {
  const vendor = text.encode(VENDOR);
  const packet = new Uint8Array(16 + vendor.length);
  packet.set(text.encode("OpusTags"));
  new DataView(packet.buffer).setUint32(8, vendor.length, true);
  packet.set(vendor, 12);
  return packet;
}

/** RFC 3533, 6. @param {Uint8Array[]} packets
 * @param {{flags: number, granule: number, serial: number, sequence: number}} about */
function page(packets, { flags, granule, serial, sequence }) {
  const lacing = packets.flatMap((data) => [...Array(segmentsOf(data) - 1).fill(255), data.length % 255]);
  const header = new Uint8Array(27 + lacing.length);
  const view = new DataView(header.buffer);
  header.set(text.encode("OggS"));
  header[5] = flags;
  view.setBigInt64(6, BigInt(granule), true);
  view.setUint32(14, serial, true);
  view.setUint32(18, sequence, true);
  header[26] = lacing.length;
  header.set(lacing, 27);
  const whole = joined([header, ...packets]);
  new DataView(whole.buffer).setUint32(22, checksum(whole), true);
  return whole;
}

/** The polynomial of RFC 3533, nothing reflected, nothing inverted. @param {Uint8Array} bytes */
function checksum(bytes) {
  let sum = 0;
  for (const byte of bytes) sum = ((sum << 8) ^ CRC[(sum >>> 24) ^ byte]) >>> 0;
  return sum;
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
