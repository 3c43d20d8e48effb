/**
 * Who else is in a call: a face for each, lit while its voice is heard; a touch asks for its picture, and on the phone
 * and at the terminal alike for somebody who may be asked in. A tone says that somebody came or went.
 */
import { Bridged, idOf } from "../call/bridged.js";
import { t } from "../core/texts.js";
import { send } from "../net/intents.js";
import { h, icon, listen, photo, sentence, toast, withWords } from "./dom.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("../core/wire.js").Person} Person */
/** @typedef {import("../call/seat.js").Seat} Seat */
/** @typedef {{live: import("../net/live.js").Live, sounds: import("../call/sounds.js").Sounds | null, redraw: () => void}} Ground */

/** @type {Record<string, [hertz: number, at_s: number, lasts_s: number, loudness: number][]>} */
const TONES = {
  came: [[587.33, 0, 0.4, 0.35], [880, 0.2, 0.8, 0.35]],
  went: [[880, 0, 0.4, 0.3], [587.33, 0.2, 0.8, 0.3]],
}; // prettier-ignore

const LOOKED_AGAIN_MS = 2_000; // news of who has just come is faster than /api/now
/** The server keeps a seat that was lost for two minutes. */
const KEPT_MS = 125_000;

const styled = sheet("company.css", import.meta.url);
/** Of the call that this page is in. @type {Company | null} */
let company = null;

listen(/** @type {HTMLElement} */ (document.getElementById("app")), {
  "look-at": ({ dataset }) => company?.lookAt(dataset.seat ?? ""),
  "ask-guest": ({ dataset }) => void company?.ask(dataset.personId ?? ""),
});

/** Shows who may be asked into this call, and later who is in it. @param {Seat} seat @param {Ground} ground */
export async function show(seat, ground) {
  await styled;
  seat.company ??= new Company(seat, ground);
  company = seat.company;
}

/** A coordinator comes or goes. One whom this page can't show gets nothing. @param {Seat} seat @param {Ground} ground */
async function meetDesk(seat, { live, sounds, redraw }) {
  const part = await import("./third.js").catch((error) => console.warn("nobody can be shown:", error.message));
  if (part && seat.mine) await part.meet(seat, seat.mine, live, sounds, redraw);
}

/** What was told of others in this call, or with none the desk. @param {Seat} seat @param {OtherSeat[]} news @param {Ground} ground */
export async function meet(seat, news, ground) {
  if (!news.length) return meetDesk(seat, ground);
  await show(seat, ground);
  if (seat.isOver) return;
  const machine = news.find(({ serves }) => serves === "answering");
  if (machine && seat.isHere) await seat.company?.answer(machine, seat.mine);
  const others = news.filter((one) => one !== machine);
  if (!others.length || seat.isOver) return;
  seat.bridged ??= new Bridged(seat);
  const before = seat.bridged.ends.size;
  for (const one of others) seat.bridged.hear(one);
  const { size } = seat.bridged.ends;
  if (size !== before) seat.company?.sound(size > before ? "came" : "went");
}

export class Company {
  /** Where a message can be left. @type {import("./answering.js").Answering | null} */
  answering = null;
  #seat;
  #ground;
  /** Who is being asked. @type {Set<string>} */
  #busy = new Set();
  #looked_at = -Infinity;

  /** @param {Seat} seat @param {Ground} ground */
  constructor(seat, ground) {
    this.#seat = seat;
    this.#ground = ground;
  }

  faces() {
    const { bridged, call } = this.#seat;
    const ends = [...(bridged?.ends.values() ?? [])];
    const other = call.my_side === "guest" ? null : this.#other();
    const asked = call.my_side === "guest" ? [] : (call.guests ?? []).filter(({ is_here }) => !is_here);
    if (!ends.length && !asked.length) return null;
    const shown = ends.map((end) => this.#face(this.#personOf(end), end.seat, end.lost_ms < Infinity));
    return h(
      "aside",
      { class: "company", "data-key": "company" },
      other && ends.length > 0 && this.#face(other.person, other.seat, false),
      shown,
      this.#seat.isHere && asked.map((person) => this.#asked(person)),
    );
  }

  /** An answering machine is there, for the one who waits. @param {OtherSeat} machine
   * @param {import("../core/wire.js").TakenSeat | null} mine */
  async answer(machine, mine) {
    const part = await withWords(import("./answering.js"), "common.answering");
    await part.styled;
    if (this.#seat.isOver) return;
    this.answering ??= new part.Answering(this.#seat, this.#ground);
    this.answering.hear(machine, mine);
  }

  /** Whose stay as a guest was ended is told to no page, but /api/now names them no more: taking the seat again says how
   * it is. */
  look() {
    const { bridged, call } = this.#seat;
    const at = performance.now();
    const here = new Set(call.guests?.filter(({ is_here }) => is_here).map(({ id }) => id));
    const isGone = (/** @type {import("../call/bridged.js").End} */ { side, person, lost_ms }) =>
      side === "guest" && !here.has(person ?? "") && (lost_ms === Infinity || at - lost_ms > KEPT_MS);
    if (![...(bridged?.ends.values() ?? [])].some(isGone) || at - this.#looked_at < LOOKED_AGAIN_MS) return;
    this.#looked_at = at;
    this.#seat.open();
  }

  /** Nobody looks at it any more. */
  close() {
    this.answering?.close();
    this.answering = null;
  }

  /** @param {string} seat */
  lookAt(seat) {
    this.#seat.bridged?.lookAt(seat);
  }

  /** Asks one more of the family in. @param {string} personId */
  async ask(personId) {
    const { live, redraw } = this.#ground;
    this.#busy.add(personId);
    redraw();
    try {
      await send(live.api, `/api/calls/${this.#seat.call.id}/guests`, { person_id: personId }, () => {});
      await live.refresh();
    } catch (error) {
      toast("bad", sentence(/** @type {import("../net/api.js").ApiError} */ (error)));
    } finally {
      this.#busy.delete(personId);
      redraw();
    }
  }

  /** @param {"came" | "went"} name */
  async sound(name) {
    const detail = { state: `guest_${name}`, call: this.#seat.call.id, at: new Date().toISOString() };
    dispatchEvent(new CustomEvent("homethread:call", { detail }));
    await this.#ground.sounds?.wake(); // a page that captures may sound without a touch
    this.#ground.sounds?.play(TONES[name]);
  }

  /** The other of the two for whom the call is. */
  #other() {
    const { call, bridged } = this.#seat;
    const seat = bridged?.otherSeat;
    return seat ? { seat, person: call.my_side === "parent" ? call.child : call.parent } : null;
  }

  /** @param {import("../call/bridged.js").End} end @returns {Person} */
  #personOf({ side, person, name }) {
    const { call } = this.#seat;
    if (side === "parent") return call.parent;
    if (side === "village") return call.child;
    return call.guests?.find(({ id }) => id === person) ?? { id: person ?? "", name: name ?? "", photo: null };
  }

  /** @param {Person} person @param {string} seat @param {boolean} isLost */
  #face(person, seat, isLost) {
    const { speaks = null, looksAt = null } = this.#seat.bridged ?? {};
    const isLooked = looksAt !== null && idOf(looksAt) === idOf(seat);
    return h(
      "button",
      {
        class: "company__face", type: "button", "data-act": "look-at", "data-seat": seat,
        "data-speaks": speaks !== null && idOf(speaks) === idOf(seat) && "true", "data-lost": isLost && "true",
        "aria-pressed": String(isLooked), "aria-label": t("common.company.look", { name: person.name }),
      },
      photo(person),
      isLooked && icon("camera", "s"),
      h("span", { class: "company__name" }, person.name),
    );
  } // prettier-ignore

  /** @param {import("../core/wire.js").Guest} person */
  #asked(person) {
    const key = person.is_asked ? "common.company.asked" : "common.company.ask";
    return h(
      "button",
      {
        class: "company__face company__face--away", type: "button", "data-act": "ask-guest", "data-person-id": person.id,
        "data-asked": person.is_asked && "true", "aria-busy": String(this.#busy.has(person.id)),
        "aria-label": t(key, { name: person.name }),
      },
      photo(person),
      icon(person.is_asked ? "hourglass" : "plus", "s"),
      h("span", { class: "company__name" }, person.name),
    );
  } // prettier-ignore
}
