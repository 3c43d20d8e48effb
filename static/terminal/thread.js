/**
 * A family's thread at the terminal: what its people wrote by text, as letters with the writer's face. One touch shows a
 * letter large and reads it aloud; where no voice can, somebody has to be asked to. Heard is what was read to its end,
 * or was shown to its end and put away.
 */
import { t } from "../core/texts.js";
import { dayAndTime, now, SECOND } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { h, photo, toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { Aloud, sentencesOf } from "./aloud.js";
import { familyBar, picture, saying } from "./family.js";
import { place } from "./screens.js";

/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").FamilyText} FamilyText */
/** @typedef {import("./family.js").Look} Look */
/** @typedef {import("./waiting.js").Hooks} Hooks */
/** @typedef {import("./waiting.js").Thing} Thing */

export const styled = sheet("thread.css", import.meta.url);

const AGAIN_MS = 5 * SECOND; // after an answer that did not come
const [SHORT, LONG] = [24, 90];
const SCROLLED_BY = 0.8;

/** What was read already stays readable without a network. @type {Map<string, FamilyText[]>} */
const known = new Map();
/** Heard, and not told to the server yet. @type {Map<string, Set<string>>} */
const untold = new Map();
/** The one whose letters may be open. @type {Thread | null} */
let current = null;

const main = /** @type {HTMLElement} */ (document.getElementById("app"));
/** Whatever else comes, a ring above all, ends the reading. */
new MutationObserver(() => main.dataset.screen?.startsWith("text") || current?.hush()).observe(main, {
  attributeFilter: ["data-screen"],
});

export class Thread {
  #live;
  #familyId;
  #hooks;
  #aloud;
  /** How many waited when it was read last. */
  #waited = -1;
  #isAsking = false;
  #asked_at = -Infinity;
  #textId = "";

  /** @param {import("../net/live.js").Live} live @param {string} familyId @param {Hooks} hooks */
  constructor(live, familyId, hooks) {
    this.#live = live;
    this.#familyId = familyId;
    this.#hooks = hooks;
    this.#aloud = new Aloud(() => this.#reached());
    current = this;
  }

  hush() {
    this.#aloud.stop();
  }

  /** Asks for what is new, and tells what was heard, as often as the page is drawn. @param {Family} whose */
  tend({ texts_waiting = 0 }) {
    if (this.#isAsking || now() < this.#asked_at + AGAIN_MS) return;
    if (texts_waiting !== this.#waited) this.#fetch(texts_waiting);
    else if (untold.get(this.#familyId)?.size) this.#tell();
  }

  get #unheard() {
    const heard = untold.get(this.#familyId);
    return (known.get(this.#familyId) ?? []).filter(({ id, heard_at }) => !heard_at && !heard?.has(id));
  }

  get #text() {
    return known.get(this.#familyId)?.find(({ id }) => id === this.#textId) ?? null;
  }

  /** The letters that wait, for the family's page: each with its writer's face. @param {Family} whose
   * @returns {Thing[]} */
  things(whose) {
    /** @param {FamilyText | null} text @param {number} count @returns {Thing} */
    const thing = (text, count) => ({
      id: text?.id ?? "",
      at: text?.at ?? "",
      count,
      show: (more) => letter(whose, text, more),
      open: () => this.#open(text?.id),
    });
    if (known.has(this.#familyId)) return this.#unheard.map((text) => thing(text, 1));
    return whose.texts_waiting ? [thing(null, whose.texts_waiting)] : [];
  }

  /** @param {string} act @param {DOMStringMap} named */
  touch(act, { textId }) {
    if (act === "open") return this.#open(textId);
    if (act === "again") return this.#read();
    if (act === "on") return this.#scrollOn();
    if (this.#aloud.phase === "silent") this.#hear();
    if (act === "next") this.#hooks.next(this.#textId);
    else this.#hooks.back();
  }

  /** The letter that was touched; null where it is gone. @param {Family} whose @param {Look} look
   * @returns {[name: string, tree: HTMLElement] | null} */
  screen(whose, look) {
    const text = this.#text;
    if (!text) return null;
    const { phase } = this.#aloud;
    if (phase === "starting" || phase === "reading") this.#hooks.stay();
    const isSilent = phase === "silent";
    return [isSilent ? "text-shown" : "text", this.#page(whose, text, isSilent, look)];
  }

  /** @param {Family} whose @param {FamilyText} text @param {boolean} isSilent @param {Look} look */
  #page(whose, text, isSilent, { zone, at }) {
    const isReading = this.#aloud.phase === "reading";
    return h(
      "section",
      { class: "screen family", "data-text-id": text.id, "data-phase": this.#aloud.phase },
      familyBar(whose),
      h(
        "div",
        { class: "opened" },
        h(
          "figure",
          { class: "opened__from" },
          saying(writerOf(whose, text), "xl", isReading ? "speaker" : undefined),
          h("figcaption", { class: "face__name" }, text.name),
          h("time", { class: "opened__at", datetime: text.at }, dayAndTime(text.at, zone, at)),
        ),
        this.#sheet(text),
        isSilent && h("p", { class: "opened__ask", role: "status" }, picture("read-to"), t("terminal.visit.text.ask")),
      ),
      h("footer", { class: "terminal-actions" }, this.#places(isSilent)),
    );
  }

  /** @param {FamilyText} text */
  #sheet({ text, language }) {
    const size = text.length <= SHORT ? "short" : text.length <= LONG ? "some" : "long";
    return h(
      "div",
      { class: "opened__sheet", "data-size": size, lang: language, dir: "auto", tabindex: 0 },
      sentencesOf(text, language).map((sentence, turn) =>
        h("span", { "data-now": turn === this.#aloud.place && "true" }, sentence),
      ),
    );
  }

  /** @param {boolean} isSilent */
  #places(isSilent) {
    if (isSilent && !isShownWhole()) return place("visit.text.on", "answer", "arrow-end", { extra: "round--down round--pulse" });
    const isOver = isSilent || this.#aloud.phase === "read";
    return [
      !isSilent && place("visit.text.again", "other", "speaker"),
      this.#hooks.hasNext(this.#textId) && place("visit.text.next", "small", "arrow-end"),
      place("visit.text.done", "answer", "check", { extra: isOver ? "round--pulse" : "" }),
    ];
  }

  /** @param {string | undefined} textId */
  async #open(textId) {
    if (!textId) await this.#fetch(this.#waited);
    const id = textId ?? this.#unheard[0]?.id;
    if (!id) return toast("bad", t("common.offline"));
    this.#textId = id;
    this.#hooks.show("text");
    this.#read();
  }

  #read() {
    const { text, language } = this.#text ?? {};
    if (text && language) void this.#aloud.read(sentencesOf(text, language), language);
  }

  #reached() {
    if (this.#aloud.phase === "read") this.#hear();
    this.#hooks.redraw();
    if (this.#aloud.phase === "silent") requestAnimationFrame(this.#hooks.redraw); // when it can be measured
    document.querySelector(".opened__sheet [data-now]")?.scrollIntoView({ block: "nearest" });
  }

  #scrollOn() {
    const sheet = document.querySelector(".opened__sheet");
    sheet?.scrollBy({ top: sheet.clientHeight * SCROLLED_BY });
    this.#hooks.redraw();
  }

  #hear() {
    const ids = untold.get(this.#familyId) ?? new Set();
    untold.set(this.#familyId, ids.add(this.#textId));
    this.#hooks.stay();
    void this.#tell();
  }

  /** Tells what was heard; without a network later. */
  async #tell() {
    const ids = [...(untold.get(this.#familyId) ?? [])];
    if (this.#isAsking) return; // when the page is drawn next
    await this.#ask(async () => {
      const { texts } = await this.#live.api.command(`/api/families/${this.#familyId}/texts/heard`, { ids });
      known.set(this.#familyId, texts);
      for (const id of ids) untold.get(this.#familyId)?.delete(id);
      await this.#live.refresh();
    });
  }

  /** @param {number} waiting */
  async #fetch(waiting) {
    await this.#ask(async () => {
      known.set(this.#familyId, (await this.#live.api.get(`/api/families/${this.#familyId}/texts`)).texts);
      this.#waited = waiting;
    });
  }

  /** @param {() => Promise<void>} run */
  async #ask(run) {
    this.#isAsking = true;
    try {
      await run();
      this.#asked_at = -Infinity;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#asked_at = now();
      if (error.status) known.delete(this.#familyId); // behind its four pictures again, or no family of here
      if (error.status) untold.delete(this.#familyId);
    } finally {
      this.#isAsking = false;
      this.#hooks.redraw();
    }
  }
}

/** @param {Family} whose @param {FamilyText | null} text null while it is fetched @param {number} more */
function letter(whose, text, more) {
  const label = text ? t("terminal.visit.text.from", { name: text.name }) : t("terminal.act.visit.text.open");
  return h(
    "button",
    { class: "letter", type: "button", "data-act": "visit.text.open", "data-text-id": text?.id, "aria-label": more > 1 ? `${label} ${more}` : label },
    h("span", { class: "letter__paper" }, picture("letter"), text && photo(writerOf(whose, text))),
    more > 1 ? h("span", { class: "letter__count" }, more) : null,
  );
}

/** @param {Family} whose @param {FamilyText} text */
const writerOf = ({ members }, { from_person, name }) =>
  members?.find(({ id }) => id === from_person) ?? { id: from_person, name, photo: null };

function isShownWhole() {
  const sheet = document.querySelector(".opened__sheet");
  return Boolean(sheet && sheet.scrollTop + sheet.clientHeight >= sheet.scrollHeight - 8);
}
