/**
 * What this device gives to a call: its microphone and camera, opened when a person is there and closed at the end,
 * and the wake lock. A camera that is refused or missing never costs the voice.
 */

/** @typedef {"closed" | "on" | "off" | "refused" | "missing"} Access `off`: by the person, for now */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 20, max: 24 }, facingMode: "user" };
const OFF_KEPT = "homethread.off";

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
  #off;

  /** @param {() => void} onchange @param {() => MediaStreamTrack | null} silence stands in for a microphone: the other
   * end must receive something to know that the line is good @param {string} [call] in which what the person switches
   * off stays so, also over a reload */
  constructor(onchange, silence, call) {
    this.#onchange = onchange;
    this.#silence = silence;
    this.#off = recallOff(call);
  }

  /** Where both are granted already the voice doesn't wait for the camera; else they are asked for in one question. */
  async open() {
    if (this.#isOpened) return;
    this.#isOpened = true;
    await this.#ahead;
    if (this.stream.getAudioTracks().length) return this.#openCamera();
    if (this.#off.video || ((await isGranted("microphone")) && (await isGranted("camera")))) {
      await Promise.all([this.#openMicrophone(), this.#openCamera()]);
      return;
    }
    try {
      this.#add(await ask({ audio: AUDIO, video: VIDEO }));
      [this.microphone, this.camera] = [this.#off.audio ? "off" : "on", "on"];
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
    this.#switchOff("audio", Boolean(track?.enabled));
    if (!track) return this.#openMicrophone();
    track.enabled = !track.enabled;
    this.microphone = track.enabled ? "on" : "off";
    this.#onchange();
  }

  /** Switched off, the camera is let go of, so that its light goes out. */
  async toggleCamera() {
    this.#switchOff("video", this.camera === "on");
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
    if (this.microphone === "on" && this.#off.audio) this.microphone = "off";
    this.#onchange();
  }

  async #openCamera() {
    this.camera = this.#off.video ? "off" : await this.#openOne({ video: VIDEO });
    this.#onchange();
  }

  /** @param {"audio" | "video"} kind @param {boolean} isOff */
  #switchOff(kind, isOff) {
    this.#off[kind] = isOff;
    try {
      sessionStorage.setItem(OFF_KEPT, JSON.stringify(this.#off));
    } catch {
      // forbidden
    }
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
      if (track.kind === "audio") track.enabled = !this.#off.audio;
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

/** @param {string} [call] @returns {{call?: string, audio: boolean, video: boolean}} */
function recallOff(call) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(OFF_KEPT) ?? "{}");
    if (call && kept.call === call) return kept;
  } catch {
    // forbidden, or no words of ours
  }
  return { call, audio: false, video: false };
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
