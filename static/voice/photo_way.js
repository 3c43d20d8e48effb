/**
 * The photo of a message goes to the server before its voice, which names it. Where the server won't have it, the voice
 * goes without it, and whoever watches is told.
 */
import { ApiError } from "../net/api.js";
import { turnOf } from "./failures.js";
import { anew, bytesOf } from "./photo.js";
import { upload } from "./upload.js";

/** @typedef {import("./wire.js").Item} Item */
/** @typedef {import("./wire.js").ItemPhoto} ItemPhoto */
/**
 * `keep` writes down how far the photo is, so that a reload goes on from there.
 * @typedef {{signal: AbortSignal, keep: (photo: ItemPhoto) => Promise<unknown>}} Ways
 */

const MOST_RESTARTS = 3;
/** The server never heard of something that is named, or hasn't got all of it. */
const UNKNOWN = [404, 422];
/** @type {Set<(code: string) => void>} */
const watchers = new Set();
/** Perhaps another page sends, or the service worker. */
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("homethread.photo") : null;
if (channel) channel.onmessage = ({ data }) => tellHere(data);

/** @param {(code: string) => void} watcher told why a photo stays behind @returns {() => void} */
export function onrefusal(watcher) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Brings the photo, then has `send` bring the voice; what it names and the server knows no more, a photo or the message
 * that it answers, must not hold it up. Rejects with ApiError. @param {Item} item @param {Ways} ways
 * @param {(item: Item) => Promise<void>} send */
export async function withPhoto(item, ways, send) {
  const photo_id = await bring(item, ways);
  const { answers, ...wished } = item.wished;
  try {
    await send({ ...item, photo_id });
  } catch (error) {
    const isOfThese = (photo_id || answers) && !item.upload_url && error instanceof ApiError && UNKNOWN.includes(error.status);
    if (!isOfThese) throw error;
    await send({ ...item, wished }); // rejects too where they were not at fault
    if (photo_id) tell("behind");
  }
}

/** @param {Item} item @param {Ways} ways @returns {Promise<string>} the id of its upload, or "" */
async function bring(item, { signal, keep }) {
  let { photo } = item;
  if (!photo || photo.refused) return "";
  const bytes = await bytesOf(item.key, photo);
  if (!bytes) return ""; // its key is gone
  try {
    if (!photo.upload_url || photo.offset < bytes.byteLength) {
      const moved = (/** @type {Partial<ItemPhoto>} */ change) => keep((photo = { .../** @type {ItemPhoto} */ (photo), ...change }));
      await upload(asItem(item, photo, bytes), { signal, moved });
    }
    return photo.upload_url.split("/").pop() ?? "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const isAnew = error.status === 410 || error.status === 460;
    if (turnOf(error) === "wait" && !(isAnew && photo.restarts >= MOST_RESTARTS)) {
      if (isAnew) await keep({ ...photo, ...anew(), restarts: photo.restarts + 1 });
      throw error;
    }
    await keep({ ...photo, refused: error.code });
    tell(error.code);
    return "";
  }
}

/** What an upload takes of it: it is heard at no hour and answers nothing. @param {Item} item @param {ItemPhoto} photo
 * @param {ArrayBuffer} bytes @returns {Item} */
function asItem(item, { mime, sha256, sent_as, upload_url, offset }, bytes) {
  const { answers: _answers, ...wished } = item.wished;
  return { ...item, bytes, mime, sha256, sent_as, upload_url, offset, wished: { ...wished, deliver: "now", repeat: "" } };
}

/** @param {string} code */
function tell(code) {
  channel?.postMessage(code);
  tellHere(code);
}

/** @param {string} code */
function tellHere(code) {
  for (const watcher of watchers) watcher(code);
}
