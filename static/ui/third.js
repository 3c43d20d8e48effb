/**
 * A coordinator in the call, at one of its ends: a face with a name in a frame, a tone when it comes and another when
 * it goes. The connection is offered only when the face stands on the screen: nobody is there unseen.
 */
import { Line } from "../call/line.js";
import { t } from "../core/texts.js";
import { play } from "./callscreen.js";
import { h, icon } from "./dom.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").TakenSeat} TakenSeat */
/** @typedef {import("../call/seat.js").Seat} Seat */
/** @typedef {import("../call/sounds.js").Sounds} Sounds */

/** @type {Record<string, [hertz: number, at_s: number, lasts_s: number, loudness: number][]>} */
const TONES = {
  came: [[392, 0, 0.5, 0.4], [523.25, 0.25, 0.5, 0.4], [659.25, 0.5, 0.9, 0.4]],
  went: [[659.25, 0, 0.5, 0.35], [392, 0.3, 1, 0.35]],
}; // prettier-ignore

const styled = sheet("third.css", import.meta.url);

/**
 * Shows and connects the coordinator whom the seat knows of, or lets one go. @param {Seat} seat @param {TakenSeat} mine
 * @param {import("../net/live.js").Live} live @param {Sounds | null} sounds @param {() => void} redraw
 */
export async function meet(seat, mine, live, sounds, redraw) {
  await styled;
  if (seat.isOver) return;
  const third = seat.third instanceof Third ? seat.third : new Third(seat, live, sounds, redraw);
  seat.third = third;
  third.hear(seat.desk, mine);
}

export class Third {
  /** Whoever is there now. @type {OtherSeat | null} */
  #desk = null;
  /** @type {Line | null} */
  #line = null;
  #seat;
  #live;
  #sounds;
  #redraw;
  #mine = "";

  /** @param {Seat} seat @param {import("../net/live.js").Live} live @param {Sounds | null} sounds
   * @param {() => void} redraw */
  constructor(seat, live, sounds, redraw) {
    this.#seat = seat;
    this.#live = live;
    this.#sounds = sounds;
    this.#redraw = redraw;
  }

  /** @param {OtherSeat | null} desk @param {TakenSeat} mine */
  hear(desk, mine) {
    const isSame = desk?.seat === this.#desk?.seat;
    if (isSame && mine.seat === this.#mine) return this.#line?.retry();
    this.#drop();
    this.#desk = desk;
    this.#mine = mine.seat;
    if (!isSame) this.#sound(desk ? "came" : "went");
    this.#redraw();
    if (desk && this.#box) this.#connect(desk, mine);
  }

  /** @param {import("../core/wire.js").Signal} signal */
  take(signal) {
    this.#line?.take(signal);
  }

  share() {
    this.#line?.setRung(this.#seat.flow.rungs?.rung.name);
    this.#line?.share(this.#seat.own.tracks);
  }

  /** The call is over here. */
  close() {
    this.#drop();
    this.#desk = null;
  }

  face() {
    if (!this.#desk) return null;
    const text = t("common.call.desk", { name: this.#desk.name ?? "" });
    const picture = this.#line?.hasPicture ? "video" : "none";
    return h(
      "aside",
      { class: "third", "data-key": "third", "data-picture": picture, role: "status" },
      h("video", { class: "third__video", autoplay: true, playsinline: true }),
      h("div", { class: "third__still" }, icon("person", "xl")),
      h("p", { class: "third__name" }, text),
    );
  }

  /** @returns {HTMLElement | null} */
  get #box() {
    return document.querySelector(".third");
  }

  /** @param {OtherSeat} desk @param {TakenSeat} mine */
  #connect(desk, mine) {
    this.#line = new Line(this.#live, this.#seat.call.id, mine, desk, () => this.#redraw());
    this.share();
    const video = this.#box?.querySelector("video");
    if (!video) return;
    video.srcObject = this.#line.remote;
    play(video);
  }

  #drop() {
    this.#line?.close();
    this.#line = null;
  }

  /** @param {"came" | "went"} name */
  async #sound(name) {
    const detail = { state: `desk_${name}`, call: this.#seat.call.id, at: new Date().toISOString() };
    dispatchEvent(new CustomEvent("homethread:call", { detail }));
    await this.#sounds?.wake(); // a page that captures may sound without a touch
    this.#sounds?.play(TONES[name]);
  }
}
