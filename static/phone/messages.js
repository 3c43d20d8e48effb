/**
 * A family's voice messages: spoken here, sent, heard; those of the other end played, and told that they were. What
 * comes while the page is open plays by itself and is answered by turns. How it looks is `messages_view.js`.
 */
import { t } from "../core/texts.js";
import { button, h, toast, withWords } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { openSteady } from "../ui/steady.js";
import * as cache from "../voice/cache.js";
import { keepPage } from "../voice/offline.js";
import * as outbox from "../voice/outbox.js";
import { styled, VoiceBox } from "../voice/recorder_ui.js";
import { takeTurns } from "../voice/turns.js";
import { partners } from "./home.js";
import { Listening } from "./listening.js";
import { isHeard, messagesScreen } from "./messages_view.js";
import { PhotoPlace } from "./photo_place.js";
import { Reading } from "./reading.js";
import { onarrival, senderOf, sending, wasHeard } from "./sending.js";
import { NOW, openWhen } from "./when.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("../voice/wire.js").Addressed} Addressed */
/** @typedef {import("../voice/wire.js").ItemShown} ItemShown */
/** @typedef {import("../voice/wire.js").Message} Message */
/** @typedef {import("./home.js").Partner} Partner */
/** @typedef {import("./when.js").When} When */

export const ready = Promise.all([
  styled,
  ...["choose.css", "messages.css"].map((name) => sheet(name, import.meta.url)),
]);

const READ_AGAIN_MS = 20_000;
const main = /** @type {HTMLElement} */ (document.getElementById("app"));

export class MessagesPage {
  name = "messages";
  /** What waits here. @type {ItemShown[]} */
  items = [];
  /** Heard here, perhaps not known at the server yet. @type {Set<string>} */
  heard = new Set();
  /** @type {When} */
  when = NOW;
  /** What is spoken now answers it. @type {Message | null} */
  answering = null;
  /** It was just heard to its end. */
  endedId = "";
  place = 0;
  listening;
  photo;
  reading;
  box;
  turns;
  /** So the last one was sent. @type {Pick<MessagesPage, "when" | "answering">} */
  #sentAs = { when: NOW, answering: null };
  #phone;
  /** @type {(() => void)[]} */
  #ends = [];

  /** @param {Phone} phone @param {string} [childId] whose messages, first @param {string} [parentId] */
  constructor(phone, childId = "", parentId = "") {
    this.#phone = phone;
    const named = (/** @type {Partner} */ one) => one.childId === childId && (!parentId || (one.parentId ?? parentId) === parentId);
    this.place = Math.max(0, this.partners.findIndex(named));
    this.listening = new Listening(phone, (message) => this.#ended(message));
    this.photo = new PhotoPlace(() => phone.show());
    this.reading = this.#newReading();
    this.turns = this.#newTurns();
    this.box = this.#enter();
    sending(phone)?.go();
    // It is wanted most where there is no network.
    import("./outbox_page.js").then(() => keepPage(`/${senderOf(phone).face}`), () => {});
  } // prettier-ignore

  /** @type {import("../ui/dom.js").Acts} */
  #acts = {
    "messages-back": () => {
      this.listening.silence();
      this.#phone.open(null);
    },
    "messages-whom": ({ dataset }) => this.#turnTo(Number(dataset.place)),
    "messages-again": () => this.read(),
    "messages-more": () => this.reading.more(),
    "messages-when": () => openWhen(this.when, (when) => this.#change({ when })),
    "messages-outbox": () => this.#openOutbox(),
    "message-play": ({ dataset }) => this.#withMessage(dataset, (one) => this.listening.touch(one, this.family?.id ?? "")),
    "message-photo": ({ dataset }) => this.#withMessage(dataset, (one) => this.listening.look(one, this.family?.id ?? "")),
    "message-answer": ({ dataset }) => this.#withMessage(dataset, (answering) => this.#change({ answering })),
    "message-no-answer": () => this.#change({ answering: null }),
    "message-slower": () => this.listening.pace(-1),
    "message-faster": () => this.listening.pace(1),
    "message-withdraw": ({ dataset }) => this.#withdraw(dataset.messageId ?? ""),
  };

  get acts() {
    return { ...this.#acts, ...this.box.acts, ...this.photo.acts };
  }

  /** @param {import("../core/wire.js").Now} now @param {number} at */
  screen(now, at) {
    if (!this.#ends.length) this.box = this.#enter(); // back from a call
    this.turns?.tend();
    this.photo.meet(this.box.readyKey);
    return messagesScreen(this, now, at);
  }

  /** @type {Partner[]} */
  get partners() {
    const { now } = this.#phone.live.view;
    return now ? partners(now) : [];
  }

  get partner() {
    return this.partners[this.place];
  }

  get family() {
    const { now } = this.#phone.live.view;
    return now?.families.find(({ children = [] }) => children.some(({ id }) => id === this.partner?.childId));
  }

  /** Whether these two may send each other messages, as far as is known here. */
  get isAllowed() {
    const named = this.#addressed();
    const { pairs } = this.reading;
    if (!pairs || !named) return true;
    return pairs.some(({ child_id, contact_id }) => child_id === named.child_id && contact_id === named.contact_id);
  }

  get isOnline() {
    return this.#phone.live.view.reach !== "offline";
  }

  /** Whether this end of the thread is the parent's. */
  get isParent() {
    return this.family?.role === "parent";
  }

  get #isStanding() {
    return main.dataset.screen === this.name;
  }

  /** Heard here or anywhere. @param {Message} message */
  isHeard(message) {
    return isHeard(message) || this.heard.has(message.id);
  }

  /** @returns {Addressed | null} */
  #addressed() {
    const { partner, family, answering } = this;
    const me = this.#phone.live.view.now?.me?.id;
    if (!partner || !family || !me) return null;
    const about = { family_id: family.id, child_id: partner.childId, contact_id: partner.parentId ?? me };
    return answering ? { ...about, answers: answering.id } : about;
  }

  /** It is on the screen, or is again: a call comes first, and what was being said then is kept and offered again. */
  #enter() {
    const phone = this.#phone;
    const watch = new MutationObserver(() => this.#isStanding || this.#leave());
    const timer = setInterval(() => document.hidden || this.read(), READ_AGAIN_MS);
    this.#ends = [
      () => watch.disconnect(),
      () => clearInterval(timer),
      outbox.subscribe(() => this.#look()),
      onarrival(() => this.read()),
    ];
    setTimeout(() => watch.observe(main, { attributeFilter: ["data-screen"] }));
    this.turns ??= this.#newTurns();
    this.read();
    this.#look();
    return new VoiceBox({
      sender: senderOf(phone),
      about: () => this.#addressed(),
      when: () => ({ deliver: this.when.deliver, repeat: this.when.repeat }),
      redraw: () => phone.show(),
      begins: () => this.listening.silence(),
      isTurn: () => this.answering !== null,
      sent: () => this.#sent(),
      takenBack: () => this.#change(this.#sentAs),
      nameOf: ({ child_id, contact_id }) =>
        this.partners.find((one) => one.childId === child_id && (!one.parentId || one.parentId === contact_id))?.name ?? "",
    });
  }

  #leave() {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.box.leave();
    this.listening.halt();
    this.listening.forgetPhotos();
    this.turns?.end();
    this.turns = null;
  }

  #newReading() {
    return new Reading(this.#phone.live.api, this.family?.id ?? "", () => {
      this.#tendTurns();
      this.#phone.show();
    });
  }

  /** What can't be read yet isn't an empty thread: all that waits there would count as just arrived. */
  #tendTurns() {
    if (this.reading.messages) this.turns?.look(this.reading.messages);
  }

  #newTurns() {
    const named = this.#addressed();
    if (!named) return null;
    const end = this.isParent ? /** @type {const} */ ("parent") : /** @type {const} */ ("village");
    return takeTurns({ child_id: named.child_id, contact_id: named.contact_id, end }, {
      live: this.#phone.live,
      read: () => this.read(),
      isFree: () =>
        this.#isStanding && this.box.isIdle && !this.listening.on && !document.querySelector("dialog[open]"),
      isHeard: (message) => this.isHeard(message),
      play: (message) => this.#playTurn(message),
      redraw: () => this.#phone.show(),
    });
  } // prettier-ignore

  /** @param {Message} message */
  async #playTurn(message) {
    document.querySelector(".messages .screen__body")?.scrollTo({ top: 0 }); // the newest stands there
    const wasHeard = await this.listening.play(message, this.family?.id ?? "");
    if (wasHeard) this.#change({ answering: message });
    return wasHeard;
  }

  /** @param {number} place */
  #turnTo(place) {
    const before = this.family?.id;
    this.listening.silence();
    this.turns?.end();
    this.#change({ place, when: NOW, answering: null, endedId: "" });
    if (this.family?.id !== before) {
      this.reading.end();
      this.reading = this.#newReading();
    }
    this.turns = this.#newTurns();
    this.#tendTurns();
    this.read();
  }

  read() {
    return this.family ? this.reading.read() : undefined;
  }

  async #look() {
    const { owner } = senderOf(this.#phone);
    const [items, heard] = await Promise.all([outbox.list(owner), outbox.untold(owner)]);
    this.#change({ items, heard: new Set([...this.heard, ...heard]) });
  }

  #sent() {
    const { when, answering } = this;
    this.#sentAs = { when, answering };
    this.turns?.said();
    this.#change({ when: NOW, answering: null, endedId: "" });
    sending(this.#phone)?.go();
  }

  /** @param {DOMStringMap} named @param {(message: Message) => unknown} run */
  #withMessage({ messageId = "" }, run) {
    const message = this.reading.find(messageId);
    if (message) run(message);
  }

  /** @param {Message} message */
  async #ended(message) {
    const isTheirs = (message.from === "parent") !== this.isParent;
    if (!isTheirs) return;
    this.#change({ endedId: message.id });
    if (!isHeard(message)) await wasHeard(this.#phone, message.id);
  }

  /** @param {string} id */
  #withdraw(id) {
    openSteady(
      t("phone.messages.withdraw_title"),
      [h("p", {}, t("phone.messages.withdraw_text"))],
      [
        button("close", "btn btn--quiet", null, t("phone.messages.keep")),
        button("withdraw", "btn btn--danger", "close", t("phone.messages.withdraw")),
      ],
      {
        withdraw: async (_place, wait) => {
          await this.#phone.live.api.command(`/api/messages/${id}/withdraw`, {}, { onwait: wait });
          await cache.forget(id);
          toast("good", t("phone.messages.withdrawn_now"));
          this.read();
        },
      },
    );
  }

  #openOutbox() {
    const phone = this.#phone;
    phone.withPart(withWords(import("./outbox_page.js"), "phone.messages", "common.voice"), (part) =>
      phone.open(new part.OutboxPage(phone, () => phone.open(new MessagesPage(phone, this.partner?.childId, this.partner?.parentId)))),
    );
  }

  /** @param {Partial<MessagesPage>} changed */
  #change(changed) {
    Object.assign(this, changed);
    this.#phone.show();
  }
}
