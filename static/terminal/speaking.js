/**
 * Somebody speaks a message here, to a parent of whom the face was touched: the same recorder as on a phone, and what
 * has not arrived yet stays in sight. It works without a network.
 */
import { t } from "../core/texts.js";
import { now, SECOND } from "../core/time.js";
import { h, icon, parts, photo } from "../ui/dom.js";
import * as outbox from "../voice/outbox.js";
import { VoiceBox } from "../voice/recorder_ui.js";
import { isForPin } from "./carrying.js";
import { familyBar, picture, saying } from "./family.js";
import { message, spot } from "./messages_view.js";
import { place } from "./screens.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").Person} Person */
/** @typedef {import("../voice/wire.js").Addressed} Addressed */
/** @typedef {import("../voice/wire.js").ItemShown} ItemShown */
/** @typedef {import("./carrying.js").Carrying} Carrying */
/** @typedef {import("./waiting.js").Hooks} Hooks */

const SHOWN_MS = 8 * SECOND;
const MOST_ITEMS = 3;
const main = /** @type {HTMLElement} */ (document.getElementById("app"));

export class Speaking {
  #carrying;
  #live;
  #about;
  #hooks;
  #box;
  #since = now();
  #watch;

  /** @param {Carrying} carrying @param {import("../net/live.js").Live} live @param {Addressed} about
   * @param {Hooks} hooks */
  constructor(carrying, live, about, hooks) {
    this.#carrying = carrying;
    this.#live = live;
    this.#about = about;
    this.#hooks = hooks;
    this.#box = new VoiceBox({
      sender: carrying.sender,
      about: () => about,
      when: () => ({ deliver: "now", repeat: "" }),
      redraw: hooks.redraw,
      isTurn: () => hooks.turn() === "yours",
      sent: () => {
        carrying.go();
        hooks.said();
      },
    });
    // A call comes first, and so does whoever leaves: what was said is kept, and offered again.
    this.#watch = new MutationObserver(() => main.dataset.screen === "speak" || this.leave());
    setTimeout(() => this.#watch.observe(main, { attributeFilter: ["data-screen"] }));
  }

  leave() {
    this.#watch.disconnect();
    this.#box.leave();
    this.#hooks.left();
  }

  /** Nothing is recorded, or waits to be sent or put away. */
  get isIdle() {
    return this.#box.isIdle;
  }

  get acts() {
    return this.#box.acts;
  }

  /** @param {string} act @param {DOMStringMap} named */
  touch(act, { key = "" }) {
    if (act === "again") outbox.again(key);
    else outbox.remove(key, this.#live.api);
  }

  /** @param {Family} whose @returns {[name: string, tree: HTMLElement]} */
  screen(whose) {
    if (this.#box.isRecording) this.#hooks.stay();
    const { child_id, contact_id } = this.#box.reviewed ?? this.#about; // one that was cut off comes first
    const [child, parent] = [child_id, contact_id].map((id) => whose.members?.find((member) => member.id === id));
    const items = this.#carrying.itemsOf(whose.id).filter(({ wished }) => wished.contact_id === contact_id);
    const mark = this.#box.isRecording ? "microphone" : this.#hasArrived ? "check" : this.#hooks.turn() === "theirs" ? "hourglass" : undefined;
    const tree = h(
      "section",
      { class: "screen family speak", "data-contact-id": contact_id },
      familyBar(whose),
      h(
        "div",
        { class: "speak__middle" },
        parent && h("figure", { class: "heard__from" }, saying(parent, "xl", mark), h("figcaption", { class: "face__name" }, parent.name)),
        h("div", { class: "speak__box" }, this.#box.view()),
      ),
      h("div", { class: "speak__way" }, child && parent && items.slice(-MOST_ITEMS).map((item) => onItsWay(item, child, parent))),
    );
    return ["speak", tree];
  }

  get #hasArrived() {
    const { arrived_at } = this.#carrying;
    return arrived_at > this.#since && now() < arrived_at + SHOWN_MS;
  }
}

/** Somebody has to help. @param {ItemShown} item */
export const isStuck = (item) => item.state === "dropped" || (item.state === "asks" && !isForPin(item));

/** One that is on its way, small, on the family's page. @param {Family} whose @param {ItemShown} item */
export function going({ members = [] }, item) {
  const { child_id, contact_id } = item.wished;
  const parent = members.find(({ id }) => id === contact_id);
  if (!parent) return null;
  const isTroubled = isStuck(item);
  const named = { "data-child-id": child_id, "data-parent-id": parent.id, "data-stuck": isTroubled, "aria-label": parent.name };
  return h(
    "button",
    { class: "going", type: "button", "data-act": "visit.speak", ...named },
    photo(parent),
    icon(isTroubled ? "warning" : "arrow-end"),
  );
}

/** @param {ItemShown} item @param {Person} child @param {Person} parent */
function onItsWay(item, child, parent) {
  const { key, offset, size, why } = item;
  const isTroubled = isStuck(item);
  const label = t(`terminal.visit.message.${isTroubled ? "stuck" : "way"}`, { name: parent.name });
  return h(
    "div",
    { class: "way", role: "status", "data-key": key, "data-stuck": isTroubled, "data-why": why?.code, "data-says": isTroubled && "terminal.say.stuck", "aria-label": label },
    photo(child, "xl"),
    parts(h("span", { class: "way__line" }, message("bird", "way__bird")), { part: Math.round((offset / Math.max(1, size)) * 100) / 100 }),
    photo(parent, "xl"),
    isTroubled && [
      h("span", { class: "way__ask" }, picture("read-to"), label),
      place("visit.speak.again", "small", "move", { text: false, "data-key": key }),
      spot("visit.speak.remove", "small", message("bin"), { text: false, "data-key": key }),
    ],
  );
}

/** Whose face? @param {Family} whose @param {Person[]} people */
export const whomScreen = (whose, people) =>
  h(
    "section",
    { class: "screen faces" },
    familyBar(whose),
    h(
      "div",
      { class: "faces__grid" },
      people.map((person) =>
        h(
          "button",
          { class: "face", type: "button", "data-act": "visit.speak.whom", "data-person-id": person.id, "aria-label": person.name },
          photo(person, "xl"),
          h("span", { class: "face__name" }, person.name),
        ),
      ),
    ),
  );
