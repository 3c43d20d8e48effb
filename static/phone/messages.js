/**
 * A family's voice messages: spoken here, sent, heard; those of the other end played, and told that they were. When one
 * shall be heard is chosen here; how it looks is `messages_view.js`.
 */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { button, h, sentence, toast, withWords } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { openSteady } from "../ui/steady.js";
import * as cache from "../voice/cache.js";
import { keepPage } from "../voice/offline.js";
import * as outbox from "../voice/outbox.js";
import { styled, VoiceBox } from "../voice/recorder_ui.js";
import { partners } from "./home.js";
import { Listening } from "./listening.js";
import { isHeard, messagesScreen } from "./messages_view.js";
import { onarrival, senderOf, sending, wasHeard } from "./sending.js";
import { NOW, openWhen } from "./when.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("../voice/wire.js").Addressed} Addressed */
/** @typedef {import("../voice/wire.js").ItemShown} ItemShown */
/** @typedef {import("../voice/wire.js").Message} Message */
/** @typedef {import("../voice/wire.js").ThreadPage} ThreadPage */
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
  /** Newest first; null while they are read. @type {Message[] | null} */
  messages = null;
  /** @type {ApiError | null} */
  error = null;
  /** @type {string | null} */
  next = null;
  /** Who may send each other messages; null where the server didn't say yet. @type {ThreadPage["pairs"] | null} */
  pairs = null;
  /** What waits here. @type {ItemShown[]} */
  items = [];
  /** Heard here, perhaps not known at the server yet. @type {Set<string>} */
  heard = new Set();
  /** @type {When} */
  when = NOW;
  /** So the last one was sent. @type {When} */
  #sentWhen = NOW;
  place = 0;
  box;
  listening;
  #phone;
  #ends;
  #timer;

  /** @param {Phone} phone @param {string} [childId] whose messages, first */
  constructor(phone, childId = "") {
    this.#phone = phone;
    this.place = Math.max(0, this.partners.findIndex((one) => one.childId === childId));
    this.box = new VoiceBox({
      sender: senderOf(phone),
      about: () => this.#addressed(),
      when: () => ({ deliver: this.when.deliver, repeat: this.when.repeat }),
      redraw: () => phone.show(),
      sent: () => this.#sent(),
      takenBack: () => this.#change({ when: this.#sentWhen }),
      nameOf: ({ child_id, contact_id }) =>
        this.partners.find((one) => one.childId === child_id && (!one.parentId || one.parentId === contact_id))?.name ?? "",
    });
    this.listening = new Listening(phone, (message) => this.#ended(message));
    // A call comes first: what was being said is kept and offered again.
    const watch = new MutationObserver(() => this.#isStanding || this.#leave());
    const tick = () => document.hidden || this.read();
    this.#timer = setInterval(tick, READ_AGAIN_MS);
    this.#ends = [
      () => watch.disconnect(),
      () => clearInterval(this.#timer),
      outbox.subscribe(() => this.#look()),
      onarrival(() => this.read()),
    ];
    setTimeout(() => watch.observe(main, { attributeFilter: ["data-screen"] }));
    sending(phone)?.go();
    // It is wanted most where there is no network.
    import("./outbox_page.js").then(() => keepPage(`/${senderOf(phone).face}`), () => {});
    this.read();
    this.#look();
  } // prettier-ignore

  /** @type {import("../ui/dom.js").Acts} */
  #acts = {
    "messages-back": () => this.#phone.open(null),
    "messages-whom": ({ dataset }) => this.#turnTo(Number(dataset.place)),
    "messages-again": () => this.read(),
    "messages-more": () => this.#readMore(),
    "messages-when": () => openWhen(this.when, (when) => this.#change({ when })),
    "messages-outbox": () => this.#openOutbox(),
    "message-play": ({ dataset }) => this.#play(dataset.messageId ?? ""),
    "message-slower": () => this.listening.pace(-1),
    "message-faster": () => this.listening.pace(1),
    "message-withdraw": ({ dataset }) => this.#withdraw(dataset.messageId ?? ""),
  };

  get acts() {
    return { ...this.#acts, ...this.box.acts };
  }

  /** @param {import("../core/wire.js").Now} now @param {number} at */
  screen(now, at) {
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
    if (!this.pairs || !named) return true;
    return this.pairs.some(({ child_id, contact_id }) => child_id === named.child_id && contact_id === named.contact_id);
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

  /** @returns {Addressed | null} */
  #addressed() {
    const { partner, family } = this;
    const me = this.#phone.live.view.now?.me?.id;
    if (!partner || !family || !me) return null;
    return { family_id: family.id, child_id: partner.childId, contact_id: partner.parentId ?? me };
  }

  #leave() {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.listening.silence();
    this.box.leave();
  }

  /** @param {number} place */
  #turnTo(place) {
    const before = this.family?.id;
    this.listening.silence();
    this.#change({ place, when: NOW });
    if (this.family?.id === before) return;
    this.#change({ messages: null, error: null, next: null, pairs: null });
    this.read();
  }

  async read() {
    const { family } = this;
    if (!family) return;
    try {
      const page = /** @type {ThreadPage} */ (await this.#phone.live.api.get(`/api/families/${family.id}/thread`));
      if (family.id !== this.family?.id) return;
      const older = (this.messages ?? []).slice(page.messages.length ? this.#after(page) : 0);
      const { pairs } = page;
      this.#change({ messages: [...page.messages, ...older], error: null, next: older.length ? this.next : page.next, pairs });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if ([401, 404].includes(error.status)) await cache.forgetFamily(family.id); // not ours to hear any more
      this.#change({ error });
    }
  }

  /** Where in what is known the older ones begin. @param {ThreadPage} page */
  #after({ messages }) {
    const last = messages[messages.length - 1].id;
    const at = (this.messages ?? []).findIndex(({ id }) => id === last);
    return at < 0 ? Infinity : at + 1;
  }

  async #readMore() {
    const { family, next } = this;
    if (!family || !next) return;
    try {
      const page = /** @type {ThreadPage} */ (
        await this.#phone.live.api.get(`/api/families/${family.id}/thread`, { before: next })
      );
      if (family.id === this.family?.id) {
        this.#change({ messages: [...(this.messages ?? []), ...page.messages], next: page.next });
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast("bad", sentence(error));
    }
  }

  async #look() {
    const { owner } = senderOf(this.#phone);
    const [items, heard] = await Promise.all([outbox.list(owner), outbox.untold(owner)]);
    this.#change({ items, heard: new Set([...this.heard, ...heard]) });
  }

  #sent() {
    this.#sentWhen = this.when;
    this.#change({ when: NOW });
    sending(this.#phone)?.go();
  }

  /** @param {string} id */
  #play(id) {
    const message = this.messages?.find((one) => one.id === id);
    if (message) this.listening.touch(message, this.family?.id ?? "");
  }

  /** @param {Message} message */
  async #ended(message) {
    const isTheirs = (message.from === "parent") !== this.isParent;
    if (isTheirs && !isHeard(message)) await wasHeard(this.#phone, message.id);
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
      phone.open(new part.OutboxPage(phone, () => phone.open(new MessagesPage(phone, this.partner?.childId)))),
    );
  }

  /** @param {Partial<MessagesPage>} changed */
  #change(changed) {
    Object.assign(this, changed);
    this.#phone.show();
  }
}
