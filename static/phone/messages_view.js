/** How a family's voice messages look: newest first, below them the place to speak. */
import { hasText, t } from "../core/texts.js";
import { dayAndTime, ms } from "../core/time.js";
import { banner, button, h, icon, photo, sentence, stateOf } from "../ui/dom.js";
import { fewer, length, peaksOf, sign, wave } from "../voice/waveform.js";
import { whenText } from "./when.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("../voice/wire.js").ItemShown} ItemShown */
/** @typedef {import("../voice/wire.js").Message} Message */
/** @typedef {import("./messages.js").MessagesPage} MessagesPage */

const BARS = 40;
const FLAT = Array(BARS).fill(70);

/** @param {MessagesPage} page @param {Now} now @param {number} at */
export function messagesScreen(page, now, at) {
  const { partner, items } = page;
  return h(
    "section",
    { class: "screen messages" },
    h(
      "header",
      { class: "bar" },
      h(
        "button",
        { class: "btn btn--quiet btn--icon", type: "button", "data-act": "messages-back", "aria-label": t("common.back") },
        icon("arrow-start"),
      ),
      h("h1", { class: "bar__title" }, partner?.name ?? t("phone.messages.title")),
      items.length > 0 && outboxPlace(items.length),
    ),
    h(
      "div",
      { class: "screen__body", "data-key": `thread ${page.family?.id}` },
      !page.isOnline && banner("offline", "link-lost", t("phone.messages.offline")),
      faces(page),
      ownItems(page).map((item) => waiting(item, page, now)),
      thread(page, now, at),
    ),
    partner && h("footer", { class: "actions messages__speak" }, page.isAllowed || page.box.isReviewing ? speak(page) : notAllowed()),
  );
}

/** @param {MessagesPage} page */
const speak = (page) => [
  page.answering && answered(page.answering, page),
  page.box.view(page.box.isReviewing && [page.photo.view(), whenPlace(page)]),
];

/** What is spoken now answers this one. @param {Message} message @param {MessagesPage} page */
const answered = (message, { box }) =>
  h(
    "p",
    { class: "said__answers messages__answers", role: "status" },
    sign("undo"),
    h("span", {}, t("phone.messages.answers", { name: message.from_name })),
    box.isIdle &&
      h(
        "button",
        { class: "btn btn--quiet btn--icon", type: "button", "data-act": "message-no-answer", "aria-label": t("phone.messages.no_answer") },
        icon("close", "s"),
      ),
  );

const notAllowed = () => h("p", { class: "actions__text muted" }, t("common.voice.reason.no_consent"));

/** @param {number} count */
const outboxPlace = (count) =>
  h(
    "button",
    { class: "btn btn--quiet", type: "button", "data-act": "messages-outbox", "aria-label": t("phone.messages.outbox_of", { count }) },
    sign("outbox"),
    h("strong", {}, String(count)),
  );

/** @param {MessagesPage} page */
function faces({ partners, place }) {
  if (partners.length < 2) return null;
  return h(
    "div",
    { class: "children", role: "radiogroup", "aria-label": t("phone.messages.whom") },
    partners.map(({ face, name, place: village }, nth) =>
      h(
        "button",
        { class: "child", type: "button", role: "radio", "data-act": "messages-whom", "data-place": nth, "aria-checked": String(nth === place) },
        photo(face, "m"),
        h("span", { class: "child__name" }, name),
        village && h("span", { class: "child__place" }, village),
      ),
    ),
  );
}

/** What waits here for this family, the newest first; what the server knows already is in the thread. @param {MessagesPage} page */
function ownItems({ items, family, reading }) {
  const known = new Set((reading.messages ?? []).map(({ key }) => key));
  return items.filter(({ wished, sent_as }) => wished.family_id === family?.id && !known.has(sent_as)).reverse();
}

/** @param {MessagesPage} page @param {Now} now @param {number} at */
function thread(page, now, at) {
  const { items } = page;
  const { messages, error, next } = page.reading;
  if (!messages && error) {
    const again = button("messages-again", "btn btn--primary", null, t("common.retry"));
    if (error.status === 0) return items.length ? null : stateOf("offline", t("phone.messages.offline_title"), t("phone.messages.offline"), again);
    return stateOf("error", sentence(error), "", again);
  }
  if (!messages) return stateOf("loading", t("common.loading"));
  const shown = messages.filter((message) => isShown(message, page, at));
  if (!shown.length && !items.length) return stateOf("empty", t("phone.messages.none"), page.isAllowed ? t("phone.messages.none_text") : "");
  return [
    shown.map((message) => said(message, page, now, at)),
    next && button("messages-more", "btn btn--quiet", null, t("phone.messages.more")),
  ];
}

/** What comes later is no news yet for whoever it is for; what was withdrawn never was. @param {Message} message
 * @param {MessagesPage} page @param {number} at */
function isShown(message, page, at) {
  if (isOwn(message, page)) return true;
  return message.state === "due" || (message.state === "sealed" && ms(message.deliver_at) <= at);
}

/** @param {Message} message @param {MessagesPage} page */
const isOwn = ({ from }, { isParent }) => (from === "parent") === isParent;

/** @param {Message} message @param {MessagesPage} page @param {Now} now @param {number} at */
function said(message, page, now, at) {
  const { id, from_name, from_photo_id, state, can, duration_ms } = message;
  const on = page.listening.on?.id === id ? page.listening.on : null;
  const person = { name: from_name, photo: from_photo_id && `/api/photos/${from_photo_id}/96.webp` };
  const isGone = state === "withdrawn" || state === "refused";
  return h(
    "article",
    {
      class: "said", "data-key": `message ${id}`, "data-message-id": id, "data-state": stateOfMessage(message, page),
      "data-own": isOwn(message, page),
    },
    photo(person, "s"),
    h(
      "div",
      { class: "said__main" },
      h("p", { class: "said__who" }, from_name, " · ", h("time", { datetime: message.sent_at }, dayAndTime(message.sent_at, now.zone, at))),
      message.answers_id && toWhich(message.answers_id, page, now, at),
      !isGone &&
        h(
          "div",
          { class: "said__sound" },
          playPlace(id, on),
          wave(fewer(peaksOf(message.peaks), BARS).length ? fewer(peaksOf(message.peaks), BARS) : FLAT, on?.part ?? 0),
          length(duration_ms ?? 0),
        ),
      on && !on.isLoading && !on.wantsTouch && paces(page.listening.rate),
      page.listening.failed.has(id) && notMade(message),
      message.photo && !isGone && picture(message, page),
      h("p", { class: "said__state" }, stateText(message, page, now, at)),
      page.endedId === id && page.isAllowed && page.answering?.id !== id &&
        button("message-answer", "btn btn--small said__answer", "microphone", t("phone.messages.answer"), { "data-message-id": id }),
      can.includes("withdraw") &&
        button("message-withdraw", "btn btn--small btn--quiet said__withdraw", "close", t("phone.messages.withdraw"), { "data-message-id": id }),
    ),
  );
} // prettier-ignore

/** Which one it answers. @param {string} id @param {MessagesPage} page @param {Now} now @param {number} at */
function toWhich(id, { reading }, now, at) {
  const answered = reading.find(id);
  const text = answered
    ? t("phone.messages.answers_of", { name: answered.from_name, when: dayAndTime(answered.sent_at, now.zone, at) })
    : t("phone.messages.answers_earlier");
  return h("p", { class: "said__answers" }, sign("undo"), h("span", {}, text));
}

/** The photo that goes with it, once somebody wants it: it weighs as much as the voice. @param {Message} message
 * @param {MessagesPage} page */
function picture({ id, from_name }, { listening }) {
  const src = listening.photos.get(id);
  return src
    ? h("img", { class: "said__photo", src, alt: t("phone.messages.photo_of", { name: from_name }) })
    : button("message-photo", "btn btn--small", "camera", t("phone.messages.photo_see"), { "data-message-id": id });
}

/** The server can't make what this phone plays. @param {Message} message */
const notMade = ({ id, from_name }) => [
  h("p", { class: "said__failed", role: "alert" }, icon("warning", "s"), h("span", {}, t("phone.messages.not_made", { name: from_name }))),
  button("message-play", "btn btn--small", "move", t("phone.messages.not_made_again"), { "data-message-id": id }),
];

/** @param {string} id @param {MessagesPage["listening"]["on"]} on */
function playPlace(id, on) {
  const isOn = Boolean(on) && !on?.isPaused;
  const isWanted = on?.wantsTouch ?? false; // the browser lets it sound after a touch alone
  const label = t(isOn ? "common.voice.pause" : "common.voice.play");
  const more = { "data-act": "message-play", "data-message-id": id, "aria-label": label, "aria-busy": String(on?.isLoading ?? false), "data-wanted": isWanted };
  return h("button", { class: "play", type: "button", ...more }, sign(isOn ? "pause" : "play"));
}

/** @param {number} rate */
const paces = (rate) =>
  h(
    "div",
    { class: "said__paces" },
    button("message-slower", "btn btn--small", null, t("phone.messages.slower")),
    h("span", { class: "said__rate" }, `${rate}×`),
    button("message-faster", "btn btn--small", null, t("phone.messages.faster")),
  );

/** What comes each night or year is new again then. @param {Message} message */
export const isHeard = ({ heard_at, deliver_at }) => heard_at !== null && ms(heard_at) >= ms(deliver_at);

/** A word for what became of it. @param {Message} message @param {MessagesPage} page */
function stateOfMessage(message, page) {
  const { state } = message;
  if (state === "withdrawn" || state === "refused") return state;
  if (page.isHeard(message)) return "heard";
  return state === "sealed" ? "sealed" : "sent";
}

/** @param {Message} message @param {MessagesPage} page @param {Now} now @param {number} at */
function stateText(message, page, now, at) {
  const own = isOwn(message, page);
  const word = stateOfMessage(message, page);
  if (word === "refused") return [icon("warning", "s"), whyRefused(message)];
  if (word === "withdrawn") return [icon("close", "s"), t("phone.messages.state.withdrawn")];
  if (word === "heard") {
    if (!own || !message.heard_at) return [icon("check", "s"), t("phone.messages.state.heard_here")];
    return [icon("check", "s"), t("phone.messages.state.heard", { when: dayAndTime(message.heard_at, now.zone, at) })];
  }
  if (!own) return [icon("bell", "s"), t("phone.messages.state.new")];
  if (word === "sealed") {
    const when = dayAndTime(message.deliver_at, now.zone, at);
    return [icon("hourglass", "s"), t(message.repeat ? `phone.messages.state.sealed_${message.repeat}` : "phone.messages.state.sealed", { when })];
  }
  return [icon("check", "s"), t("phone.messages.state.sent")];
}

/** @param {Message} message */
function whyRefused({ reason }) {
  const key = `common.voice.reason.${reason}`;
  return t(hasText(key) ? key : "phone.messages.state.refused");
}

/** @param {ItemShown} item @param {MessagesPage} page @param {Now} now */
function waiting(item, page, now) {
  const me = now.me ?? { name: "", photo: null };
  return h(
    "article",
    { class: "said said--waiting", "data-key": `item ${item.key}`, "data-state": item.state, "data-own": true },
    photo(me, "s"),
    h(
      "div",
      { class: "said__main" },
      h("div", { class: "said__sound" }, wave(item.peaks, 0), length(item.duration_ms)),
      item.wished.answers && toWhich(item.wished.answers, page, now, item.recorded_at),
      h("p", { class: "said__state" }, item.photo && !item.photo.refused && icon("camera", "s"), itemText(item, page.isOnline)),
      (item.state === "asks" || item.state === "dropped") && button("messages-outbox", "btn btn--small", "help", t("phone.messages.look")),
    ),
  );
}

/** @param {ItemShown} item @param {boolean} isOnline @returns {import("../ui/dom.js").Child} */
export function itemText({ state, offset, size, why, tries }, isOnline) {
  if (state === "dropped") return [icon("warning", "s"), t("phone.messages.item.dropped")];
  if (state === "asks") return [icon("help", "s"), t("phone.messages.item.asks")];
  const percent = Math.floor((offset / size) * 100);
  if (!isOnline || (state === "waits" && why && !why.message)) {
    return [icon("link-lost", "s"), offset ? t("phone.messages.item.paused", { percent }) : t("phone.messages.item.waits")];
  }
  if (state === "sending") return [icon("hourglass", "s"), t("phone.messages.item.sending", { percent })];
  return [icon("hourglass", "s"), tries ? t("phone.messages.item.again") : t("phone.messages.item.soon")];
}

/** When it shall be heard. @param {MessagesPage} page */
const whenPlace = ({ when }) =>
  button("messages-when", "btn btn--quiet messages__when", "clock", t("phone.messages.heard_when", { when: whenText(when) }));
