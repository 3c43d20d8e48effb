/**
 * Session descriptions (RFC 8866) read and written line by line. Two things are done to one: `tuned` makes the other
 * end's description ask for the voice that this end is to send, `slim` leaves out of this end's own what nobody uses.
 * Every other line stays as it came; whether a browser takes it is for the browser to say.
 */

/** `redundancy`: what packets are that carry the one before them, where the other end takes such; null: none do.
 * `start_kbps`: what the browser takes the link for where a picture begins.
 * @typedef {import("./ladder.js").AudioRung & {start_kbps?: number}} Voice */
/** @typedef {{session: string[], media: string[][]}} Description each section begins with its m= line */

const MOST_CHARACTERS = 15_000;
/** Names of header extensions end so; with transport-wide feedback they are what costs. */
const FEEDBACK = /transport-wide-cc-extensions-\d+$|transport-wide-cc-\d+$|abs-send-time$|ssrc-audio-level$/;
const KEPT_EXTENSION = /sdes:mid$|video-orientation$/;
const NEEDLESS =
  /^a=(?:candidate:.* tcptype active\b|end-of-candidates$|msid-semantic:|extmap-allow-mixed$|rtcp:|rtcp-xr:|ssrc:\d+ (?:msid|mslabel|label):)|^a=rtcp-fb:\S+ ccm tmmbr/;
const OF_THE_TRANSPORT = /^a=(?:ice-ufrag|ice-pwd|ice-options|fingerprint|setup):/;

/** What is no description, or none of a call. */
export class SdpError extends Error {}

/** @param {string} sdp @param {Voice} wanted @returns {string} */
export function tuned(sdp, wanted) {
  const description = parse(sdp);
  if (!wanted.feedback) description.media = description.media.map(withoutFeedback);
  const media = description.media.map((section) => {
    if (kindOf(section) === "audio") return voice(section, wanted);
    return kindOf(section) === "video" && wanted.start_kbps ? face(section, wanted.start_kbps) : section;
  });
  return write({ ...description, media });
}

/** @param {string} sdp @returns {string} */
export function slim(sdp) {
  const description = parse(sdp);
  const session = description.session.filter((line) => !NEEDLESS.test(line));
  const media = description.media.map((section) => lean(section).filter((line) => !NEEDLESS.test(line)));
  return write(hoist({ session, media }));
}

/** @param {string} sdp @returns {Description} */
function parse(sdp) {
  if (typeof sdp !== "string" || sdp.length > MOST_CHARACTERS) throw new SdpError("too long for a description");
  const lines = sdp.split(/\r\n|\n/);
  if (lines[lines.length - 1] === "") lines.pop();
  if (lines[0] !== "v=0" || !lines.every((line) => /^[a-z]=./.test(line))) throw new SdpError("not a description");
  const starts = lines.flatMap((line, place) => (line.startsWith("m=") ? [place] : []));
  const media = starts.map((start, at) => lines.slice(start, starts[at + 1]));
  if (!media.some((section) => kindOf(section) === "audio")) throw new SdpError("a description without a voice");
  return { session: lines.slice(0, starts[0]), media };
}

/** @param {Description} description */
function write({ session, media }) {
  return [...session, ...media.flat(), ""].join("\r\n");
}

/** @param {string[]} section */
const kindOf = ([m]) => m.slice(2).split(" ")[0];

/** The formats of an m= line, after kind, port and protocol. @param {string[]} section */
const formatsOf = ([m]) => m.split(" ").slice(3);

/** @param {string[]} section @param {string[]} formats @returns {string[]} */
function withFormats([m, ...rest], formats) {
  return [[...m.split(" ").slice(0, 3), ...formats].join(" "), ...rest];
}

/** The payload types of a codec, "opus/48000" or "vp8/90000", in the order of the m= line.
 * @param {string[]} section @param {string} codec */
function payloadsOf(section, codec) {
  const named = section.flatMap((line) => {
    const [, payload, name] = /^a=rtpmap:(\d+) ([^/]+\/\d+)/.exec(line) ?? [];
    return name?.toLowerCase() === codec ? [payload] : [];
  });
  return formatsOf(section).filter((payload) => named.includes(payload));
}

/** @param {string[]} section @param {string} payload the parameters of a format, as written */
function parametersOf(section, payload) {
  return section.find((line) => line.startsWith(`a=fmtp:${payload} `))?.slice(`a=fmtp:${payload} `.length) ?? "";
}

/** @param {string[]} section */
function withoutFeedback(section) {
  return section.filter((line) => !/^a=rtcp-fb:\S+ transport-cc$/.test(line) && !FEEDBACK.test(extensionOf(line)));
}

/** @param {string} line the name of the header extension that it maps */
const extensionOf = (line) => /^a=extmap:\S+ (\S+)/.exec(line)?.[1] ?? "";

/** Up to so many kbit/s a voice of 8 kHz sounds better than a wider one, which takes a fifth more of them. */
const WIDE_BAND_KBPS = 16;

/** @param {string[]} section @param {Voice} voice */
function voice(section, { dtx, redundancy, ...plain }) {
  const [opus] = payloadsOf(section, "opus/48000");
  if (!opus) return section;
  const red = redOf(section, opus);
  const { packet_ms: ptime, max_kbps } = (red && redundancy) || plain;
  const wanted = {
    usedtx: dtx ? "1" : "0",
    maxaveragebitrate: String(Math.round(max_kbps * 1_000)),
    maxplaybackrate: max_kbps <= WIDE_BAND_KBPS ? "16000" : "48000", // RFC 7587
  };
  const lines = withParameters(section, opus, wanted)
    .filter((line) => !line.startsWith("a=ptime:"))
    .map((line) => (isShorter(line, ptime) ? `a=maxptime:${ptime}` : line));
  const first = red ? (redundancy ? [red, opus] : [opus, red]) : [opus];
  return preferring([...lines, `a=ptime:${ptime}`], first);
}

/** Else the browser takes any link for 300 kbit/s, and tries it with several times that. @param {string[]} section
 * @param {number} start_kbps */
function face(section, start_kbps) {
  const wanted = { "x-google-start-bitrate": String(start_kbps) };
  const sent = ["vp8/90000", "h264/90000"].flatMap((codec) => payloadsOf(section, codec));
  return sent.reduce((lines, payload) => withParameters(lines, payload, wanted), section);
}

/** @param {string} line @param {number} packet_ms */
const isShorter = (line, packet_ms) => Number(/^a=maxptime:(\d+)$/.exec(line)?.[1] ?? Infinity) < packet_ms;

/** @param {string[]} section @param {string} payload @param {Record<string, string>} wanted */
function withParameters(section, payload, wanted) {
  const isKept = (/** @type {string} */ part) => part.trim() && !Object.keys(wanted).includes(nameOf(part));
  const parts = parametersOf(section, payload).split(";").filter(isKept);
  const line = `a=fmtp:${payload} ${[...parts, ...Object.entries(wanted).map((pair) => pair.join("="))].join(";")}`;
  const others = section.filter((other) => !other.startsWith(`a=fmtp:${payload} `));
  const after = others.findIndex((other) => other.startsWith(`a=rtpmap:${payload} `)) + 1;
  return [...others.slice(0, after), line, ...others.slice(after)];
} // prettier-ignore

/** @param {string} part of a list of parameters, "name=value" */
const nameOf = (part) => part.split("=")[0].trim().toLowerCase();

/** The payload type of redundancy (RFC 2198). What the other end doesn't know (Safari, older Android) can't be asked
 * for. @param {string[]} section @param {string} opus */
const redOf = (section, opus) =>
  payloadsOf(section, "red/48000").find((one) => parametersOf(section, one).split("/").includes(opus));

/** A browser sends the first format that it can. @param {string[]} section @param {string[]} first */
const preferring = (section, first) =>
  withFormats(section, [...first, ...formatsOf(section).filter((format) => !first.includes(format))]);

/** Only the codecs of a call; a section that has none of them keeps all. @param {string[]} section */
function lean(section) {
  const codecs = new Map([["audio", voices], ["video", faces]]).get(kindOf(section)); // prettier-ignore
  const kept = new Set(codecs?.(section));
  if (!kept.size) return section;
  const [m, ...rest] = section;
  const lines = rest.filter((line) => {
    const payload = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1];
    const name = extensionOf(line);
    return (!payload || kept.has(payload)) && (!name || FEEDBACK.test(name) || KEPT_EXTENSION.test(name));
  });
  return withFormats([m, ...lines], formatsOf(section).filter((format) => kept.has(format)));
}

/** @param {string[]} section */
function voices(section) {
  const opus = payloadsOf(section, "opus/48000");
  const red = payloadsOf(section, "red/48000").filter((one) => opus.includes(parametersOf(section, one).split("/")[0]));
  return opus.length ? [...opus, ...red] : [];
}

/** One form of each codec is enough, with what repairs it. @param {string[]} section */
function faces(section) {
  const h264 = payloadsOf(section, "h264/90000").map((payload) => ({ payload, has: parametersOf(section, payload) }));
  const usual = h264.find(({ has }) => /packetization-mode=1/.test(has) && /profile-level-id=42e0/i.test(has));
  const codecs = [payloadsOf(section, "vp8/90000")[0], (usual ?? h264[0])?.payload].filter(Boolean);
  const repairs = payloadsOf(section, "rtx/90000").filter((one) =>
    codecs.includes(/(?:^|;)\s*apt=(\d+)/.exec(parametersOf(section, one))?.[1] ?? ""),
  );
  return codecs.length ? [...codecs, ...repairs] : [];
}

/** What every section says of the one transport is said once, for the session (RFC 8839, 8842).
 * @param {Description} description @returns {Description} */
function hoist({ session, media }) {
  const [first] = media;
  const isOneTransport = media.length > 0 && session.some((line) => /^a=group:BUNDLE /.test(line));
  const said = isOneTransport ? first.filter((line) => OF_THE_TRANSPORT.test(line)) : [];
  const shared = said.filter(
    (line) => !session.includes(line) && media.every((section) => section.includes(line) && isAlone(section, line)),
  );
  const rest = media.map((section) => section.filter((line) => !shared.includes(line)));
  return { session: [...session, ...shared], media: rest };
}

/** @param {string[]} section @param {string} line nothing else in the section has its name */
const isAlone = (section, line) =>
  section.filter((other) => other.startsWith(line.slice(0, line.indexOf(":") + 1))).length === 1;
