/** A photo by this machine's camera, and any picture made small enough to send over a thin link. */
import { t } from "../core/texts.js";
import { banner, button, h, openDialog } from "../ui/dom.js";

const LONGEST_EDGE_PX = 1280;
const QUALITY = 0.85;

/** @param {(picture: Blob) => void} use */
export async function openCamera(use) {
  const video = h("video", { class: "camera", autoplay: true, muted: true, playsinline: true });
  const shutter = button("take", "btn btn--primary", "camera", t("desk.photo_take"), { disabled: true });
  const dialog = openDialog(
    t("desk.photo_camera"),
    [video],
    [button("close", "btn btn--quiet", null, t("common.close")), shutter],
    {},
  );
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 960 }, audio: false });
    const stop = () => stream.getTracks().forEach((track) => track.stop());
    if (!dialog.isConnected) return stop();
    dialog.addEventListener("close", stop);
    video.srcObject = stream;
    shutter.disabled = false;
    shutter.focus();
    shutter.addEventListener("click", async () => {
      const picture = await drawn(video, video.videoWidth, video.videoHeight);
      dialog.close();
      if (picture) use(picture);
    });
  } catch {
    video.replaceWith(banner("bad", "camera-off", t("desk.photo_no_camera")));
  }
}

/** What can't be read here goes as it is: the server judges it. @param {File} file @returns {Promise<Blob>} */
export async function smaller(file) {
  try {
    const picture = await createImageBitmap(file);
    return (await drawn(picture, picture.width, picture.height)) ?? file;
  } catch {
    return file;
  }
}

/** @param {CanvasImageSource} source @param {number} width @param {number} height @returns {Promise<Blob | null>} */
function drawn(source, width, height) {
  const scale = Math.min(1, LONGEST_EDGE_PX / Math.max(width, height));
  const canvas = h("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext("2d")?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
