/**
 * One's calls in one's own calendar: a private address that is made, copied or shared, seen to be read, and revoked.
 * The address is shown once; whoever lost it makes another one, which ends the one before.
 */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { send } from "../net/intents.js";
import { button, h, icon, sentence, toast } from "../ui/dom.js";
import { openSteady } from "../ui/steady.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("./wire.js").Feed} Feed */
/** @typedef {import("./wire.js").MadeFeed} MadeFeed */

const COPIED_MS = 2_000;

/** @param {Phone} phone */
export async function openCalendar(phone) {
  const { api } = phone.live;
  const box = h("div", { class: "dialog__body" }, h("p", { class: "muted" }, t("common.loading")));
  const close = button("close", "btn btn--quiet", null, t("common.close"));
  let made = /** @type {MadeFeed | null} */ (null);
  /** @param {Feed} feed */
  const show = (feed) => fill(box, made ? fresh(made) : feed.made_at ? standing(feed, zoneOf(phone)) : none());
  openSteady(t("phone.calendar.title"), box, [close], {
    "make-feed": async (_place, wait) => {
      made = /** @type {MadeFeed} */ (await send(api, "/api/feed", {}, wait));
      show({ made_at: made.made_at, read_at: null });
      return false;
    },
    "revoke-feed": async (_place, wait) => {
      await send(api, "/api/feed/revoke", {}, wait);
      made = null;
      show({ made_at: null, read_at: null });
      toast("good", t("phone.calendar.revoked"));
      return false;
    },
    "copy-feed": async (place) => {
      await copy(box);
      place.lastChild?.replaceWith(t("phone.calendar.copied"));
      setTimeout(() => place.lastChild?.replaceWith(t("phone.calendar.copy")), COPIED_MS);
      return false;
    },
    "share-feed": async () => {
      if (made) await share(made.url);
      return false;
    },
    "read-feed": async () => {
      show(await api.get("/api/feed"));
      return false;
    },
  });
  try {
    show(await api.get("/api/feed"));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const again = button("read-feed", "btn btn--primary", null, t("common.retry"));
    box.replaceChildren(h("p", { class: "field__error" }, sentence(error)), again);
  }
}

/** @param {HTMLElement} box @param {(Node | false)[]} shown */
const fill = (box, shown) => box.replaceChildren(.../** @type {Node[]} */ (shown.filter(Boolean)));

const none = () => [
  h("p", {}, t("phone.calendar.why")),
  button("make-feed", "btn btn--primary btn--wide", "calendar", t("phone.calendar.make")),
];

/** @param {Feed} feed @param {string} zone */
function standing({ made_at, read_at }, zone) {
  const when = (/** @type {string} */ instant) => dayAndTime(instant, zone, serverNow());
  const reading = read_at ? t("phone.calendar.read", { when: when(read_at) }) : t("phone.calendar.unread");
  return [
    h("p", {}, t("phone.calendar.made", { when: when(made_at ?? "") })),
    h("p", {}, h("span", { class: `lamp lamp--${read_at ? "on" : "wait"}` }, reading)),
    h("p", { class: "muted" }, t("phone.calendar.lost")),
    button("make-feed", "btn", "calendar", t("phone.calendar.renew")),
    button("revoke-feed", "btn btn--danger", "close", t("phone.calendar.revoke")),
  ];
}

/** @param {MadeFeed} made */
const fresh = ({ url, webcal_url }) => [
  h("p", {}, t("phone.calendar.once")),
  h("input", { class: "field__input", readonly: true, value: url, "aria-label": t("phone.calendar.address") }),
  h(
    "div",
    { class: "card__actions" },
    button("copy-feed", "btn btn--primary", "check", t("phone.calendar.copy")),
    "share" in navigator && button("share-feed", "btn", "arrow-end", t("phone.calendar.share")),
    h("a", { class: "btn", href: webcal_url }, icon("calendar"), t("phone.calendar.open")),
  ),
  h("p", { class: "muted" }, t("phone.calendar.how_android")),
  h("p", { class: "muted" }, t("phone.calendar.how_iphone")),
  button("revoke-feed", "btn btn--quiet", "close", t("phone.calendar.revoke")),
];

/** Where the page may not write to the clipboard, the address is chosen, to be copied by hand. @param {HTMLElement} box */
async function copy(box) {
  const field = /** @type {HTMLInputElement} */ (box.querySelector("input"));
  field.select();
  await navigator.clipboard?.writeText(field.value).catch(() => document.execCommand("copy"));
  if (!navigator.clipboard) document.execCommand("copy");
}

/** @param {string} url */
async function share(url) {
  try {
    await navigator.share({ title: t("phone.calendar.title"), url });
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") toast("bad", t("phone.calendar.no_share"));
  }
}

/** @param {Phone} phone */
const zoneOf = ({ live }) => live.view.now?.zone ?? "UTC";
