/**
 * Whether this machine is fit to be a terminal: what its camera sees, its microphone hears and its loudspeaker says,
 * its four corners, its network, its clock, and whether what is kept here stays. A long touch of the upper corner opens
 * it; nothing of a family is shown, and nothing that is seen or heard leaves the machine. The desk is told which parts
 * are not well.
 */
import { t } from "../core/texts.js";
import { now, SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { h, icon, isOutdated, parts } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { place } from "./screens.js";

/** @typedef {"wait" | "good" | "bad" | "asks"} State `asks`: a person has to say
 * @typedef {"camera" | "microphone" | "speaker" | "touch" | "network" | "clock" | "storage" | "version"} Part
 * @typedef {{state: State, text: string}} Finding */

const CORNERS = ["a", "b", "c", "d"];
const TONE_HERTZ = 660;
const TONE_S = 1.2;
const HEARD = 0.02; // of full scale, above what an empty room gives
const SLOW_MS = 3 * SECOND;
const OFF_MS = 30 * SECOND;
const LOOK_MS = 150;
const TELL_MS = 2 * SECOND; // so that several touches in a row are one telling
const MB = 1_000_000;
const MARKS = /** @type {Record<State, string>} */ ({ wait: "hourglass", good: "check", bad: "close", asks: "help" });
const PICTURES = /** @type {Record<Part, string>} */ ({
  camera: "camera", microphone: "microphone", speaker: "speaker", touch: "wave", network: "link-back", clock: "clock",
  storage: "book", version: "terminal",
}); // prettier-ignore

export const styled = sheet("self_test.css", import.meta.url);

export class SelfTest {
  /** @type {Record<Part, Finding>} */
  found = {
    camera: waiting("camera"), microphone: waiting("microphone"), speaker: { state: "asks", text: t("terminal.test.speaker") },
    touch: { state: "asks", text: t("terminal.test.touch") }, network: { state: "wait", text: t("common.loading") },
    clock: { state: "wait", text: t("common.loading") }, storage: { state: "wait", text: t("common.loading") },
    version: { state: "wait", text: t("common.loading") },
  }; // prettier-ignore
  /** @type {Set<string>} */
  #touched = new Set();
  #stream = new MediaStream();
  #context = new AudioContext();
  /** @type {AnalyserNode | null} */
  #ear = null;
  #level = 0;
  #timer = 0;
  #telling = 0;
  /** What the desk knows of it. */
  #told = "";
  #isClosed = false;
  #live;
  #redraw;

  /** @param {import("../net/live.js").Live} live @param {{redraw: () => void, close: () => void}} hooks */
  constructor(live, { redraw, close }) {
    this.#live = live;
    this.#redraw = redraw;
    this.acts = /** @type {import("../ui/dom.js").Acts} */ ({
      "test.close": close,
      "test.tone": () => this.#play(),
      "test.heard": () => this.#find("speaker", "good"),
      "test.corner": ({ dataset }) => this.#touch(dataset.corner ?? ""),
      "test.again": () => this.#look(),
    });
    this.#look();
    this.#timer = window.setInterval(() => this.#listen(), LOOK_MS);
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#telling);
    void this.#tell();
    clearInterval(this.#timer);
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#context.close();
  }

  screen() {
    queueMicrotask(() => this.#showCamera());
    const names = /** @type {Part[]} */ (Object.keys(this.found));
    return h(
      "section",
      { class: "screen self-test", "data-fit": names.every((name) => this.found[name].state === "good") && "true" },
      CORNERS.map((corner) =>
        h("button", { class: `corner corner--${corner}`, type: "button", "data-act": "test.corner", "data-corner": corner, "data-touched": this.#touched.has(corner) && "true", "aria-label": t("terminal.act.test.corner") }),
      ),
      h("h1", { class: "self-test__title" }, icon("terminal"), this.#live.view.now?.terminal?.name ?? t("terminal.test.title")),
      h("div", { class: "self-test__grid" }, names.map((name) => this.#tile(name))),
      h(
        "footer",
        { class: "self-test__places" },
        place("test.tone", "other", "speaker", { text: false }),
        place("test.heard", "answer", "check", { text: false }),
        place("test.again", "plain", "move", { text: false }),
        place("test.close", "plain", "close", { text: false }),
      ),
    );
  }

  /** @param {Part} name */
  #tile(name) {
    const { state, text } = this.found[name];
    return h(
      "div",
      { class: "tile", "data-part": name, "data-state": state },
      name === "camera" ? h("video", { class: "tile__picture", autoplay: true, playsinline: true, "data-key": "self-test" }) : h("span", { class: "tile__picture" }, icon(PICTURES[name])),
      name === "microphone" && parts(h("span", { class: "tile__level" }), { part: this.#level }),
      h("span", { class: "tile__mark" }, icon(MARKS[state])),
      h("p", { class: "tile__text" }, text),
    );
  }

  #showCamera() {
    const video = document.querySelector("video.tile__picture");
    if (!(video instanceof HTMLVideoElement) || video.srcObject === this.#stream || this.#isClosed) return;
    video.muted = true;
    video.srcObject = this.#stream;
    video.play().catch(() => {}); // no camera
  }

  #look() {
    void this.#open("camera", { video: true });
    void this.#open("microphone", { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    void this.#reach();
    void this.#keep();
    const off_ms = now() - Date.now();
    this.#find("clock", Math.abs(off_ms) < OFF_MS ? "good" : "bad", t("terminal.test.clock", { seconds: Math.round(off_ms / SECOND) }));
    const { version = "" } = document.documentElement.dataset;
    const isOld = isOutdated(this.#live.view.now?.version || version);
    this.#find("version", isOld ? "bad" : "good", t(isOld ? "terminal.test.version_old" : "terminal.test.version", { version }));
  }

  /** @param {"camera" | "microphone"} name @param {MediaStreamConstraints} wish */
  async #open(name, wish) {
    try {
      const given = await navigator.mediaDevices.getUserMedia(wish);
      for (const track of given.getTracks()) {
        if (this.#isClosed) track.stop();
        else this.#stream.addTrack(track);
      }
      if (name === "camera") return this.#find(name, "good");
      this.#ear = new AnalyserNode(this.#context, { fftSize: 1024 });
      this.#context.createMediaStreamSource(given).connect(this.#ear);
      await this.#context.resume();
    } catch (error) {
      this.#find(name, "bad", `${t(`terminal.test.${name}`)} (${/** @type {Error} */ (error).name})`);
    }
  }

  /** How loud it is, and whether anything was heard so far. */
  #listen() {
    if (!this.#ear) return;
    const heard = new Float32Array(this.#ear.fftSize);
    this.#ear.getFloatTimeDomainData(heard);
    const peak = Math.max(...heard.map(Math.abs));
    this.#level = Math.round(Math.min(1, Math.sqrt(peak)) * 100) / 100;
    if (peak > HEARD && this.found.microphone.state !== "good") this.#find("microphone", "good");
    else this.#redraw();
  }

  async #play() {
    await this.#context.resume();
    const tone = new OscillatorNode(this.#context, { frequency: TONE_HERTZ });
    const gain = new GainNode(this.#context, { gain: 0.5 });
    tone.connect(gain).connect(this.#context.destination);
    tone.start();
    tone.stop(this.#context.currentTime + TONE_S);
  }

  async #reach() {
    const asked = performance.now();
    try {
      const answer = await fetch("/healthz", { cache: "no-store" });
      const took = Math.round(performance.now() - asked);
      this.#find("network", answer.ok && took < SLOW_MS ? "good" : "bad", t("terminal.test.network", { ms: took }));
    } catch {
      this.#find("network", "bad", t("terminal.test.network_away"));
    }
  }

  /** What lies here must not be thrown away by the browser. */
  async #keep() {
    const { storage } = navigator;
    const isKept = Boolean(await storage?.persist?.());
    const { quota = 0, usage = 0 } = (await storage?.estimate?.()) ?? {};
    const mb = Math.round((quota - usage) / MB);
    this.#find("storage", isKept ? "good" : "bad", t(isKept ? "terminal.test.storage" : "terminal.test.storage_weak", { mb }));
  }

  /** @param {string} corner */
  #touch(corner) {
    this.#touched.add(corner);
    this.#find("touch", this.#touched.size === CORNERS.length ? "good" : "asks");
  }

  /** @param {Part} name @param {State} state @param {string} [text] */
  #find(name, state, text = this.found[name].text) {
    this.found[name] = { state, text };
    if (this.#isClosed) return;
    clearTimeout(this.#telling);
    this.#telling = window.setTimeout(() => this.#tell(), TELL_MS);
    this.#redraw();
  }

  /** Once more where something has changed. A terminal that is not paired yet has nobody to tell. */
  async #tell() {
    const names = /** @type {Part[]} */ (Object.keys(this.found));
    const failed = names.filter((name) => this.found[name].state === "bad");
    const untried = names.filter((name) => ["asks", "wait"].includes(this.found[name].state));
    const isLooking = untried.some((name) => name !== "microphone" && this.found[name].state === "wait");
    const wanted = JSON.stringify({ failed, untried });
    if (isLooking || !this.#live.view.now?.terminal || wanted === this.#told) return;
    const before = this.#told;
    this.#told = wanted;
    try {
      await this.#live.api.command("/api/self_test", { failed, untried });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#told = before; // another finding tells it again
      if (error.status === 0) this.#find("network", "bad", t("terminal.test.network_away"));
    }
  }
}

/** @param {"camera" | "microphone"} name @returns {Finding} */
const waiting = (name) => ({ state: "wait", text: t(`terminal.test.${name}`) });
