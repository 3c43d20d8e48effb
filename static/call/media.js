/**
 * What this device gives to a call: its microphone and camera, opened when a person is there and closed at the end,
 * and the wake lock. A camera that is refused or missing never costs the voice.
 */

/** @typedef {"closed" | "on" | "off" | "refused" | "missing"} Access `off`: by the person, for now */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 20, max: 24 }, facingMode: "user" };

export class OwnMedia {
  /** For the small picture of oneself. */
  stream = new MediaStream();
  /** @type {Access} */
  microphone = "closed";
  /** @type {Access} */
  camera = "closed";
  #onchange;
  #silence;
  #isOpened = false;
  /** @type {Promise<void> | null} */
  #ahead = null;
  #isClosed = false;

  /** @param {() => void} onchange @param {() => MediaStreamTrack | null} silence stands in for a microphone: the
   * other end
   * must receive something to know that the line is good */
  constructor(onchange, silence) {
    this.#onchange = onchange;
    this.#silence = silence;
  }

  /** Where both are granted already the voice doesn't wait for the camera; else they are asked for in one question. */
  async open() {
    if (this.#isOpened) return;
    this.#isOpened = true;
    await this.#ahead;
    if (this.microphone === "on") return this.#openCamera();
    if ((await isGranted("microphone")) && (await isGranted("camera"))) {
      await Promise.all([this.#openMicrophone(), this.#openCamera()]);
      return;
    }
    try {
      this.#add(await ask({ audio: AUDIO, video: VIDEO }));
      this.microphone = this.camera = "on";
      this.#onchange();
    } catch {
      await this.#openMicrophone();
      await this.#openCamera();
    }
  }

  /** While it rings: a microphone that may be opened without a question is ready at the touch. Nothing is sent. */
  openAhead() {
    if (this.#isOpened) return;
    this.#ahead ??= isGranted("microphone").then((may) => (may ? this.#openMicrophone() : undefined));
  }

  /** Nobody answered. */
  async closeAhead() {
    const ahead = this.#ahead;
    if (this.#isOpened || !ahead) return;
    this.#ahead = null;
    await ahead;
    if (this.#isOpened || this.#ahead) return;
    this.#remove(this.stream.getTracks());
    this.microphone = "closed";
  }

  /** What to send. @returns {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} */
  get tracks() {
    const [audio = this.microphone === "closed" ? null : this.#silence()] = this.stream.getAudioTracks();
    const [video = null] = this.stream.getVideoTracks();
    return { audio, video };
  }

  /** One that was refused is asked for again: it may have been allowed meanwhile. */
  async toggleMicrophone() {
    const [track] = this.stream.getAudioTracks();
    if (!track) return this.#openMicrophone();
    track.enabled = !track.enabled;
    this.microphone = track.enabled ? "on" : "off";
    this.#onchange();
  }

  /** Switched off, the camera is let go of, so that its light goes out. */
  async toggleCamera() {
    if (this.camera !== "on") return this.#openCamera();
    this.#remove(this.stream.getVideoTracks());
    this.camera = "off";
    this.#onchange();
  }

  close() {
    this.#isClosed = true;
    this.#remove(this.stream.getTracks());
    this.microphone = this.camera = "closed";
  }

  async #openMicrophone() {
    this.microphone = await this.#openOne({ audio: AUDIO });
    this.#onchange();
  }

  async #openCamera() {
    this.camera = await this.#openOne({ video: VIDEO });
    this.#onchange();
  }

  /** @param {MediaStreamConstraints} wish @returns {Promise<Access>} */
  async #openOne(wish) {
    try {
      this.#add(await ask(wish));
      return "on";
    } catch (error) {
      const refused = error instanceof DOMException && ["NotAllowedError", "SecurityError"].includes(error.name);
      return refused ? "refused" : "missing";
    }
  }

  /** @param {MediaStream} given */
  #add(given) {
    for (const track of given.getTracks()) {
      if (this.#isClosed) {
        track.stop(); // the person hung up while the browser was still asking
        continue;
      }
      track.addEventListener("ended", () => this.#taken(track), { once: true });
      this.stream.addTrack(track);
    }
  }

  /** The device was unplugged, or another program took it: asked for once more, and then it is missing.
   * @param {MediaStreamTrack} track */
  async #taken(track) {
    if (!this.stream.getTracks().includes(track)) return;
    this.#remove([track]);
    await (track.kind === "audio" ? this.#openMicrophone() : this.#openCamera());
  }

  /** @param {MediaStreamTrack[]} tracks */
  #remove(tracks) {
    for (const track of tracks) {
      track.stop();
      this.stream.removeTrack(track);
    }
  }
}

/** @param {MediaStreamConstraints} wish */
function ask(wish) {
  if (!navigator.mediaDevices) throw new DOMException("only secure origins may capture", "SecurityError");
  return navigator.mediaDevices.getUserMedia(wish);
}

/** Not every browser knows these names. @param {"microphone" | "camera"} name */
export async function isGranted(name) {
  const status = await navigator.permissions?.query({ name: /** @type {PermissionName} */ (name) }).catch(() => null);
  return Boolean(navigator.mediaDevices) && status?.state === "granted";
}

/** Keeps the screen on while somebody waits or talks. */
export class WakeLock {
  #isWanted = false;
  /** @type {WakeLockSentinel | null} */
  #held = null;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#renew());
  }

  /** @param {boolean} isWanted */
  want(isWanted) {
    if (this.#isWanted === isWanted) return;
    this.#isWanted = isWanted;
    this.#renew();
  }

  async #renew() {
    if (!this.#isWanted) {
      await this.#held?.release();
      this.#held = null;
    } else if (!document.hidden && (!this.#held || this.#held.released)) {
      this.#held = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null; // low battery, old browser
    }
  }
}
