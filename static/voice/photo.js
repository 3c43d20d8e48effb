/**
 * A photo that goes with a message: made small on the device, so that nothing of the camera's file leaves it but the
 * picture, and kept with its take until it is sent. What a server says to it is `photo_way.js`.
 */
import { newKey } from "../net/api.js";
import { open, seal } from "./seal.js";
import * as store from "./store.js";

/** @typedef {import("./wire.js").KeptPhoto} KeptPhoto */

/** What a phone can't hold opened. */
const LARGEST_FILE_BYTES = 40_000_000;
/** A few tens of kB, as much as half a minute of voice. */
const MOST_BYTES = 50_000;
/** The first that is small enough; the server shows none larger than the first. @type {[edge_px: number, quality: number][]} */
const SIZES = [[960, 0.7], [960, 0.5], [800, 0.5], [640, 0.45], [480, 0.4]]; // prettier-ignore

/** `too_big`: a file that no phone should open; `no_picture`: none that this browser can read. */
export class PhotoError extends Error {
  /** @param {"too_big" | "no_picture"} kind */
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

/** Rejects with PhotoError. @param {Blob} file @returns {Promise<Blob>} */
export async function small(file) {
  if (file.size > LARGEST_FILE_BYTES) throw new PhotoError("too_big");
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => {
    throw new PhotoError("no_picture");
  });
  try {
    for (const [edge, quality] of SIZES) {
      const made = await drawn(picture, edge, quality);
      if (made && (made.size <= MOST_BYTES || edge === SIZES[SIZES.length - 1][0])) return made;
    }
    throw new PhotoError("no_picture");
  } finally {
    picture.close();
  }
}

/** Drawn anew: what the file said of place and camera is in no copy. @param {ImageBitmap} picture @param {number} edge
 * @param {number} quality @returns {Promise<Blob | null>} null where the browser has no room for it */
async function drawn(picture, edge, quality) {
  const { width, height } = picture;
  const share = Math.min(1, edge / Math.max(width, height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height].map((side) => Math.max(1, Math.round(side * share)));
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.fillStyle = "#fff"; // what lets through has to stand on something
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const webp = await written(canvas, "image/webp", quality);
  return webp?.type === "image/webp" ? webp : written(canvas, "image/jpeg", quality); // Safari writes no WebP
}

/** @param {HTMLCanvasElement} canvas @param {string} mime @param {number} quality @returns {Promise<Blob | null>} */
const written = (canvas, mime, quality) => new Promise((done) => canvas.toBlob(done, mime, quality));

/** With a take, sealed like it, so that a reload finds it: a camera often costs a phone the page that opened it. Rejects
 * with StoreError. @param {string} take @param {Blob | null} photo */
export async function keepWith(take, photo) {
  const kept = photo && (await sealed(take, photo));
  await store.within(["takes"], "readwrite", (takes) => {
    const asked = takes.get(take);
    asked.onsuccess = () => asked.result && takes.put({ ...asked.result, photo: kept ?? undefined });
    return asked;
  });
}

/** @param {string} take @returns {Promise<Blob | null>} */
export async function keptWith(take) {
  /** @type {KeptPhoto | undefined} */
  const kept = (await store.get("takes", take))?.photo;
  const bytes = kept && (await bytesOf(take, kept));
  return bytes ? new Blob([bytes], { type: kept.mime }) : null;
}

/** @param {string} take @param {KeptPhoto} kept @returns {Promise<ArrayBuffer | null>} null where its key is gone */
export const bytesOf = (take, kept) => open("spoken", nameOf(take), kept);

/** How one that was kept with a take stands in the outbox. @param {KeptPhoto} photo
 * @returns {import("./wire.js").ItemPhoto} */
export const toSend = (photo) => ({ ...photo, ...anew(), restarts: 0, refused: "" });

/** A name and a place that no server knows yet. */
export const anew = () => ({ sent_as: newKey(), upload_url: "", offset: 0 });

/** @param {string} take @param {Blob} photo @returns {Promise<KeptPhoto>} */
async function sealed(take, photo) {
  const bytes = await photo.arrayBuffer();
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { mime: photo.type, size: photo.size, sha256, ...(await seal("spoken", nameOf(take), bytes)) };
}

/** @param {string} take */
const nameOf = (take) => `photo of ${take}`;
