/**
 * What waits for a family at the terminal, letters and voice messages in one row, the oldest first; and where it speaks
 * itself. While somebody speaks or listens, what comes from the same parent plays by itself, and they answer in turn. What
 * stands behind a touch is fetched when it is needed first.
 */
import { h, withWords } from "../ui/dom.js";
import * as threads from "../voice/threads.js";
import { place } from "./screens.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("./family.js").Look} Look */
/** @typedef {"text" | "message" | "messages" | "speak" | "whom"} Page */
/**
 * One thing in the row, or so many of which nothing is known yet; `show` draws it, with a number where more wait.
 * @typedef {{id: string, at: string, count: number, show: (more: number) => HTMLElement, open: () => unknown}} Thing
 */
/**
 * @typedef {object} Hooks
 * @property {() => void} redraw
 * @property {() => void} stay somebody is still there
 * @property {(page: Page) => void} show
 * @property {() => void} back
 * @property {() => void} home
 * @property {(id: string) => boolean} hasNext whether something else waits
 * @property {(id: string) => void} next opens it
 * @property {(childId: string, parentId: string, answers: string) => void} speak
 * @property {() => void} left nobody speaks any more
 * @property {() => import("../voice/turns.js").Turn} turn whose it is
 * @property {() => void} said something was spoken here
 */

const MOST_SHOWN = 3;
const PAGES = new Set(["text", "message", "messages", "speak", "whom"]);
const SPRITES = ["terminal/messages", "terminal/pictures", "voice/pictures"];
/** @type {typeof import("./thread.js") | null} */
let texts = null;
/** @type {{messages: typeof import("./messages.js"), speaking: typeof import("./speaking.js"), carrying: import("./carrying.js").Carrying, takeTurns: typeof import("../voice/turns.js").takeTurns} | null} */
let voices = null;
/** Of the family that is there. @type {import("../voice/turns.js").Turns | null} */
let turns = null;
/** @type {Waiting | null} */
let turnsOf = null;
const main = /** @type {HTMLElement} */ (document.getElementById("app"));

/** Rejects without a network, and may be asked again. */
async function fetchTexts() {
  const parts = await import("./thread.js");
  await parts.styled;
  texts = parts;
}

/** @param {import("../net/live.js").Live} live @param {() => void} redraw */
export async function fetchVoices(live, redraw) {
  if (voices) return;
  const [messages, speaking, { carry }, { takeTurns }] = await withWords(
    Promise.all([import("./messages.js"), import("./speaking.js"), import("./carrying.js"), import("../voice/turns.js")]),
    "common.voice",
  );
  await Promise.all([messages.styled, ...SPRITES.map((name) => sprite(name))]);
  voices = { messages, speaking, carrying: carry(live, redraw), takeTurns };
}

/** Pages of one thing each: the next one takes the place of the last. @param {string} page */
export const isOpened = (page) => page === "text" || page === "message";

/** What is drawn of it is here before it is shown, for then the network may be away. @param {string} name */
const sprite = (name) => fetch(`${document.documentElement.dataset.assets}/${name}.svg`);

export class Waiting {
  /** @type {import("./thread.js").Thread | null} */
  #texts = null;
  /** @type {import("./messages.js").Messages | null} */
  #messages = null;
  /** @type {import("./speaking.js").Speaking | null} */
  #speaking = null;
  /** To whom somebody is about to speak. @type {{childId?: string, parentId?: string}} */
  #whom = {};
  /** To whom somebody speaks. @type {import("../voice/wire.js").Addressed | null} */
  #about = null;
  #isFetching = false;
  /** Speaking is wanted, as soon as what it needs is here. */
  #isWanted = false;
  #live;
  #familyId;
  /** @type {Hooks} */
  #hooks;

  /** @param {import("../net/live.js").Live} live @param {string} familyId
   * @param {Pick<Hooks, "redraw" | "stay" | "show" | "back" | "home">} hooks */
  constructor(live, familyId, hooks) {
    this.#live = live;
    this.#familyId = familyId;
    this.#hooks = {
      ...hooks,
      hasNext: (id) => this.#others(id).length > 0,
      next: (id) => {
        const [next] = this.#others(id);
        if (next) next.open();
        else hooks.home();
      },
      speak: (childId, parentId, answers) => this.#speak(childId, parentId, answers),
      left: () => (this.#speaking = null),
      turn: () => (turns?.isAwaiting ? turns.turn : "rest"),
      said: () => turns?.said(),
    };
  }

  /** What touches of these pages do. @type {import("../ui/dom.js").Acts} */
  acts = {
    ...acts("visit.text", ["open", "again", "on", "next", "done"], (act, named) => this.#texts?.touch(act, named)),
    ...acts(
      "visit.message",
      ["open", "album", "again", "pause", "slower", "faster", "next", "answer", "done"],
      (act, named) => this.#messages?.touch(act, named),
    ),
    ...acts("visit.speak", ["again", "remove"], (act, named) => this.#speaking?.touch(act, named)),
    "visit.speak": ({ dataset }) => this.#choose(dataset),
    "visit.speak.whom": ({ dataset }) => this.#chosen(dataset.personId ?? ""),
    ...Object.fromEntries(
      ["record", "play", "send", "discard", "undo", "again"].map((act) => [
        `voice-${act}`,
        (/** @type {HTMLElement} */ element) => this.#speaking?.acts[`voice-${act}`]?.(element),
      ]),
    ),
  };

  /** The row, for the family's page. @param {Family} whose */
  row(whose) {
    this.#tend(whose);
    const things = this.#things(whose);
    const shown = things.slice(0, MOST_SHOWN);
    const more = things.reduce((sum, { count }) => sum + count, 0) - shown.length + 1;
    if (!shown.length) return null;
    const isLast = (/** @type {number} */ turn) => turn === shown.length - 1;
    return h("div", { class: "letters" }, shown.map(({ show }, turn) => show(isLast(turn) ? more : 0)));
  }

  /** Where to speak, what is on its way, and what can be heard again. @param {Family} whose
   * @param {{childId?: string, parentId?: string}} chosen what was, on the way here */
  side(whose, { childId, parentId }) {
    if (!voices) return null;
    const mayMessage = threads.pairsOf(this.#familyId).length > 0;
    const { carrying, speaking } = voices;
    const going = carrying.itemsOf(this.#familyId);
    return h(
      "div",
      { class: "says" },
      mayMessage && place("visit.speak", "other", "microphone", { text: false, "data-child-id": childId, "data-parent-id": parentId }),
      this.#messages?.heardOrSaid.length ? place("visit.message.album", "plain", "message", { text: false }) : null,
      going.slice(-MOST_SHOWN).map((item) => speaking.going(whose, item)),
    );
  }

  /** A page of these; null where it is gone. @param {string} page @param {Family} whose @param {Look} look
   * @returns {[name: string, tree: HTMLElement] | null} */
  opened(page, whose, look) {
    if (!PAGES.has(page)) return null;
    this.#tendTurns(page, whose);
    if (page === "text") return this.#texts?.screen(whose, look) ?? null;
    if (page === "message" || page === "messages") return this.#messages?.screen(page, whose, look) ?? null;
    if (page === "whom" && voices) return ["whom", voices.speaking.whomScreen(whose, this.#open(whose))];
    this.#speaking ??= this.#newSpeaking(); // after a call what was being said is offered here
    return this.#speaking?.screen(whose) ?? null;
  }

  /** While somebody speaks to a parent or hears one, turns are taken with that one. @param {string} page
   * @param {Family} whose */
  #tendTurns(page, whose) {
    const between = page === "speak" ? this.#about : page === "message" ? this.#messages?.message : null;
    if (!between || !voices || !this.#messages) return;
    const { child_id, contact_id } = between;
    if (turns?.between.child_id !== child_id || turns.between.contact_id !== contact_id || turnsOf !== this) {
      turns?.end();
      turns = voices.takeTurns({ child_id, contact_id, end: "village" }, this.#ways(this.#messages));
      turnsOf = this;
    }
    this.#messages.tend(whose);
    const thread = threads.threadOf(this.#familyId);
    if (thread) turns.look(thread);
    if (turns.isAwaiting) this.#hooks.stay();
  }

  /** @param {import("./messages.js").Messages} messages @returns {import("../voice/turns.js").Ways} */
  #ways(messages) {
    return {
      live: this.#live,
      read: this.#hooks.redraw, // which asks for what is new
      isFree: () => this.#isFree,
      isHeard: (message) => !threads.isUnheard(message),
      play: async (message) => {
        const wasSpeaking = main.dataset.screen === "speak";
        const wasHeard = await messages.playTurn(message.id);
        if (wasHeard) this.#answer(message, wasSpeaking);
        return wasHeard;
      },
      redraw: this.#hooks.redraw,
    };
  }

  /** Somebody of the family is there, and nothing is spoken or heard. */
  get #isFree() {
    const { screen } = main.dataset;
    return screen === "speak" ? Boolean(this.#speaking?.isIdle) : screen === "message-over" || screen === "messages";
  }

  /** It is their turn: where they speak, on the page before or a new one. @param {import("../voice/wire.js").Message} message
   * @param {boolean} wasSpeaking */
  #answer({ id, child_id, contact_id }, wasSpeaking) {
    if (!wasSpeaking) return this.#speak(child_id, contact_id, id);
    this.#about = this.#aboutOf(child_id, contact_id, id);
    this.#hooks.back();
  }

  /** Fetches what is needed, and asks for what is new, as often as it is drawn. @param {Family} whose */
  #tend(whose) {
    const { redraw } = this.#hooks;
    if (!texts && whose.texts_waiting) fetchTexts().then(redraw, () => {}); // else at the next drawing
    if (texts) {
      this.#texts ??= new texts.Thread(this.#live, this.#familyId, this.#hooks);
      this.#texts.tend(whose);
    }
    if (!voices && !this.#isFetching) {
      this.#isFetching = true;
      fetchVoices(this.#live, redraw).then(redraw, () => {}).finally(() => (this.#isFetching = false));
    }
    if (voices) {
      this.#messages ??= new voices.messages.Messages(voices.carrying, this.#familyId, this.#hooks);
      this.#messages.tend(whose);
    }
    queueMicrotask(() => this.#goOn());
  }

  /** @param {Family} whose @returns {Thing[]} */
  #things(whose) {
    const all = [...(this.#texts?.things(whose) ?? []), ...(this.#messages?.things(whose) ?? [])];
    return all.sort((one, other) => (one.at < other.at ? -1 : 1));
  }

  /** @param {string} id */
  #others(id) {
    const whose = this.#live.view.now?.families.find((family) => family.id === this.#familyId);
    return whose ? this.#things(whose).filter((thing) => thing.id !== id) : [];
  }

  /** @param {DOMStringMap} named what is plain already */
  #choose({ childId, parentId }) {
    this.#whom = { childId, parentId };
    this.#isWanted = true;
    this.#goOn();
  }

  /** One more face was touched. @param {string} personId */
  #chosen(personId) {
    const isParent = threads.pairsOf(this.#familyId).some(({ contact_id }) => contact_id === personId);
    this.#whom = { ...this.#whom, [isParent ? "parentId" : "childId"]: personId };
    this.#isWanted = true;
    this.#goOn();
  }

  /** Speaks, as soon as it is plain to whom. */
  #goOn() {
    if (!this.#isWanted || !voices || !threads.threadOf(this.#familyId)) return;
    this.#isWanted = false;
    const pairs = this.#pairs;
    const [{ child_id, contact_id } = { child_id: "", contact_id: "" }] = pairs;
    if (pairs.length === 1) this.#speak(child_id, contact_id);
    else if (pairs.length) this.#hooks.show("whom");
  }

  /** Those whom the faces that were touched leave. */
  get #pairs() {
    const { childId, parentId } = this.#whom;
    return threads
      .pairsOf(this.#familyId)
      .filter((pair) => (!childId || pair.child_id === childId) && (!parentId || pair.contact_id === parentId));
  }

  /** Those of whom one has still to be chosen: parents first. @param {Family} whose */
  #open({ members = [] }) {
    const parents = new Set(this.#pairs.map(({ contact_id }) => contact_id));
    const open = parents.size > 1 ? parents : new Set(this.#pairs.map(({ child_id }) => child_id));
    return members.filter(({ id }) => open.has(id));
  }

  /** @param {string} childId @param {string} parentId @param {string} [answers] */
  #speak(childId, parentId, answers) {
    if (!voices) return;
    this.#speaking?.leave();
    this.#about = this.#aboutOf(childId, parentId, answers);
    this.#speaking = this.#newSpeaking();
    this.#hooks.show("speak");
  }

  #newSpeaking() {
    return voices && this.#about && new voices.speaking.Speaking(voices.carrying, this.#live, this.#about, this.#hooks);
  }

  /** @param {string} childId @param {string} parentId @param {string} [answers] */
  #aboutOf(childId, parentId, answers) {
    return { family_id: this.#familyId, child_id: childId, contact_id: parentId, ...(answers && { answers }) };
  }
}

/** @param {string} name @param {string[]} of @param {(act: string, named: DOMStringMap) => unknown} run
 * @returns {import("../ui/dom.js").Acts} */
const acts = (name, of, run) =>
  Object.fromEntries(of.map((act) => [`${name}.${act}`, ({ dataset }) => void run(act, dataset)]));
