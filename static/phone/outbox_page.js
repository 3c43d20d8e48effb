/** What waits on this phone to be sent: how far each is, why one doesn't leave, and what can be done about it. */
import { t } from "../core/texts.js";
import { dayAndTime } from "../core/time.js";
import { banner, button, h, icon, parts, stateOf } from "../ui/dom.js";
import { openSteady } from "../ui/steady.js";
import * as outbox from "../voice/outbox.js";
import { hush, play } from "../voice/play.js";
import { persist, room } from "../voice/store.js";
import { length, sign, signButton, wave } from "../voice/waveform.js";
import { partners } from "./home.js";
import { itemText } from "./messages_view.js";
import { senderOf, sending } from "./sending.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("../voice/wire.js").ItemShown} ItemShown */

const KB = 1_000;
const LITTLE_ROOM = 20_000_000;
const main = /** @type {HTMLElement} */ (document.getElementById("app"));

export class OutboxPage {
  name = "outbox";
  /** Null while they are looked for. @type {ItemShown[] | null} */
  #items = null;
  /** @type {"kept" | "may_go" | "unknown"} */
  #persists = "unknown";
  /** @type {number | null} */
  #room = null;
  #playing = "";
  #phone;
  #leave;
  #ends;

  /** @param {Phone} phone @param {() => void} leave where one goes back to */
  constructor(phone, leave) {
    this.#phone = phone;
    this.#leave = leave;
    const watch = new MutationObserver(() => main.dataset.screen === this.name || this.#end());
    this.#ends = [() => watch.disconnect(), outbox.subscribe(() => this.#look()), hush];
    setTimeout(() => watch.observe(main, { attributeFilter: ["data-screen"] }));
    sending(phone)?.go();
    this.#look();
    this.#ask();
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "outbox-back": () => this.#leave(),
    "outbox-play": ({ dataset }) => this.#play(dataset.key ?? ""),
    "outbox-now": () => sending(this.#phone)?.go(true),
    "outbox-again": ({ dataset }) => this.#again(dataset.key ?? "", {}),
    "outbox-at-once": ({ dataset }) => this.#again(dataset.key ?? "", { deliver: "now", repeat: "" }),
    "outbox-keep": ({ dataset }) => this.#keep(dataset.key ?? ""),
    "outbox-remove": ({ dataset }) => this.#remove(dataset.key ?? ""),
  };

  /** @param {Now} now @param {number} at */
  screen(now, at) {
    return h(
      "section",
      { class: "screen outbox" },
      h(
        "header",
        { class: "bar" },
        h(
          "button",
          { class: "btn btn--quiet btn--icon", type: "button", "data-act": "outbox-back", "aria-label": t("common.back") },
          icon("arrow-start", "turns"),
        ),
        h("h1", { class: "bar__title" }, t("phone.messages.outbox")),
      ),
      h("div", { class: "screen__body" }, this.#body(now, at)),
    );
  }

  /** @param {Now} now @param {number} at */
  #body(now, at) {
    if (!this.#items) return stateOf("loading", t("common.loading"));
    if (!this.#items.length) return stateOf("empty", t("phone.messages.outbox_empty"), t("phone.messages.outbox_empty_text"));
    const isOnline = this.#phone.live.view.reach !== "offline";
    const isTight = this.#room !== null && this.#room < LITTLE_ROOM;
    return [
      !isOnline && banner("offline", "link-lost", t("phone.messages.outbox_offline")),
      isTight && banner("bad", "warning", t("phone.messages.little_room")),
      this.#persists === "may_go" && h("p", { class: "muted" }, t("phone.messages.may_go")),
      this.#items.map((item) => this.#item(item, now, at, isOnline)),
      isOnline && this.#items.some(({ state, tries }) => state === "waits" && tries) && button("outbox-now", "btn", "move", t("phone.messages.try_now")),
    ]; // prettier-ignore
  }

  /** @param {ItemShown} item @param {Now} now @param {number} at @param {boolean} isOnline */
  #item(item, now, at, isOnline) {
    const { key, state, why, size, offset, wished } = item;
    const whom = partners(now).find((one) => one.childId === wished.child_id && (!one.parentId || one.parentId === wished.contact_id));
    const named = { "data-key": key };
    return h(
      "article",
      { class: "card outbox__item", ...named, "data-state": state },
      h("p", { class: "row__title" }, whom?.name ?? "", " · ", h("time", {}, dayAndTime(item.recorded_at, now.zone, at))),
      h(
        "div",
        { class: "said__sound" },
        h(
          "button",
          { class: "play", type: "button", "data-act": "outbox-play", ...named, "aria-label": t("common.voice.play") },
          sign(this.#playing === key ? "stop" : "play"),
        ),
        wave(item.peaks, 0),
        length(item.duration_ms),
      ),
      parts(
        h("div", { class: "progress", role: "progressbar", "aria-label": sizes(offset, size), "aria-valuenow": Math.floor((offset / size) * 100), "aria-valuemin": 0, "aria-valuemax": 100 },
          h("span", { class: "progress__bar" })),
        { part: offset / size },
      ),
      h("p", { class: "said__state" }, itemText(item, isOnline), h("span", { class: "outbox__size" }, sizes(offset, size))),
      why?.message && h("p", { class: "card__text" }, why.message),
      h("div", { class: "card__actions" }, this.#deeds(item)),
    );
  } // prettier-ignore

  /** @param {ItemShown} item */
  #deeds({ key, state, why }) {
    const named = { "data-key": key };
    return [
      state === "asks" && why?.code.startsWith("deliver_") && button("outbox-at-once", "btn btn--primary", "bell", t("phone.messages.at_once"), named),
      state === "asks" && button("outbox-again", "btn", "move", t("common.retry"), named),
      state === "dropped" && button("outbox-keep", "btn", "book", t("phone.messages.keep_file"), named),
      signButton("outbox-remove", "btn btn--quiet", "bin", t("common.voice.discard"), named),
    ]; // prettier-ignore
  }

  async #look() {
    this.#items = await outbox.list(senderOf(this.#phone).owner);
    this.#phone.show();
  }

  async #ask() {
    [this.#persists, this.#room] = await Promise.all([persist(), room()]);
    this.#phone.show();
  }

  #end() {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  /** @param {string} key */
  async #play(key) {
    hush();
    const wasOn = this.#playing === key;
    this.#playing = "";
    const blob = wasOn ? null : await outbox.recording(key);
    if (blob) {
      this.#playing = key;
      const over = () => {
        this.#playing = "";
        this.#phone.show();
      };
      play(blob, { onEnd: over, onFail: over });
    }
    this.#phone.show();
  }

  /** @param {string} key @param {Partial<import("../voice/wire.js").Wished>} wished */
  async #again(key, wished) {
    await outbox.again(key, wished);
    sending(this.#phone)?.go();
  }

  /** As a file of the phone's own: what can't be sent here may be sent by another way. @param {string} key */
  async #keep(key) {
    const blob = await outbox.recording(key);
    if (!blob) return;
    const href = URL.createObjectURL(blob);
    const name = `${new Date().toISOString().slice(0, 10)}.${blob.type.split("/")[1].split(";")[0]}`;
    h("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  }

  /** @param {string} key */
  #remove(key) {
    openSteady(
      t("phone.messages.remove_title"),
      [h("p", {}, t("phone.messages.remove_text"))],
      [
        button("close", "btn btn--quiet", null, t("phone.messages.keep")),
        button("remove", "btn btn--danger", "close", t("phone.messages.remove")),
      ],
      { remove: () => outbox.remove(key, this.#phone.live.api) },
    );
  }
}

/** "12 of 60 kB" @param {number} offset @param {number} size */
const sizes = (offset, size) =>
  t("phone.messages.size", { sent: Math.floor(offset / KB), whole: Math.max(1, Math.ceil(size / KB)) });
