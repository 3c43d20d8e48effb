/** How the first minutes look: one question a screen, its answers within a thumb's reach. */
import { upcoming } from "../core/rings.js";
import { t } from "../core/texts.js";
import { banner, button, h, icon, photo, sentence, stateOf } from "../ui/dom.js";
import { partners } from "./home.js";
import { isInstalled } from "./installing.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("./beginning.js").BeginningPage} BeginningPage */

const SHIFTS = /** @type {const} */ ([["day", "sun"], ["night", "moon"]]); // prettier-ignore

/** @param {Now} now */
export const isParent = ({ families }) => families.some(({ role }) => role === "parent");

/** @param {BeginningPage} page @param {Now} now */
export const beginningScreen = (page, now) =>
  h(
    "section",
    { class: "screen begin", "data-step": page.step },
    h("header", { class: "bar" }, h("h1", { class: "bar__title" }, t("common.homethread"))),
    BODIES[page.step](page, now),
  );

/** @type {Record<import("./beginning.js").Step, (page: BeginningPage, now: Now) => import("../ui/dom.js").Child>} */
const BODIES = {
  look: () => middle("look", stateOf("loading", t("common.loading"))),
  photo: (page, now) => [
    middle(
      "photo",
      page.photo.address
        ? h("img", { class: "photo begin__photo", src: page.photo.address, alt: t("phone.begin.photo_chosen") })
        : now.me && photo(now.me, "xl"),
      h("h2", { class: "begin__title" }, t("phone.begin.photo_title")),
      h("p", { class: "muted" }, t("phone.begin.photo_text", { names: names(now) })),
      page.trouble && banner("bad", "warning", t(`phone.begin.photo_${page.trouble}`)),
      said(page),
    ),
    h("footer", { class: "actions begin__answers", "data-key": page.photo.address ? "chosen" : "none" }, photoAnswers(page)),
  ],
  hours: (page) => [
    middle(
      "hours",
      h("h2", { class: "begin__title" }, t("phone.begin.hours_title")),
      h("p", { class: "muted" }, t("phone.begin.hours_text")),
      said(page),
    ),
    h(
      "footer",
      { class: "actions begin__answers", "data-key": "hours" },
      SHIFTS.map(([kind, iconId]) => answer("begin-shift", iconId, `hours_${kind}`, { "data-kind": kind, "aria-busy": page.busy.startsWith(kind) })),
      answer("begin-turns", "move", "hours_turns"),
      button("begin-later", "btn btn--quiet btn--wide", null, t("phone.begin.hours_none")),
    ),
  ],
  ready: (page, now) => [
    h(
      "div",
      { class: "screen__body", "data-key": "ready" },
      h("h2", { class: "begin__title" }, icon("check"), ` ${t("phone.begin.ready_title", { name: now.me?.name ?? "" })}`),
      h("p", { class: "muted" }, t("phone.begin.ready_text")),
      h(
        "div",
        { class: "list" },
        place("begin-pushes", "bell", "pushes"),
        !isInstalled() && place("begin-install", "house", "install"),
        place("begin-aloud", "speaker", "aloud"),
        isParent(now) && place("begin-name", "microphone", "name"),
        isParent(now) && place("begin-parents", "family", "parents"),
      ),
    ),
    h(
      "footer",
      { class: "actions begin__answers", "data-key": "ready" },
      partners(now).length > 0 && !upcoming(now.calls).length && button("begin-book", "btn btn--primary btn--wide", "plus", t("phone.begin.book")),
      button("begin-done", "btn btn--quiet btn--wide", null, t("phone.begin.to_start")),
    ),
  ],
}; // prettier-ignore

/** @param {string} key @param {import("../ui/dom.js").Child[]} children */
const middle = (key, ...children) => h("div", { class: "screen__body screen__body--middle", "data-key": key }, children);

/** @param {BeginningPage} page */
const said = ({ error, busy }) => {
  if (busy.endsWith(" again")) return banner("offline", "link-lost", t("common.trying_again"));
  return error && banner("bad", "warning", `${sentence(error)} ${error.isPassing ? t("phone.begin.kept") : ""}`.trim());
};

/** @param {BeginningPage} page */
function photoAnswers({ photo: { address }, busy }) {
  const making = { "aria-busy": busy === "make" };
  const later = button("begin-later", "btn btn--quiet", null, t("phone.begin.later"));
  if (!address) {
    const take = button("begin-take", "btn btn--primary", "camera", t("phone.begin.photo_take"), making);
    return [take, button("begin-choose", "btn", "plus", t("phone.begin.photo_choose"), making), later];
  }
  const sending = { "aria-busy": busy === "send" };
  const use = button("begin-send", "btn btn--primary btn--wide", "check", t("phone.begin.photo_use"), sending);
  return [use, button("begin-choose", "btn btn--quiet", "move", t("phone.begin.photo_other"), making), later];
}

/** @param {string} act @param {string} iconId @param {string} key @param {import("../ui/dom.js").Attributes} [more] */
const answer = (act, iconId, key, more) =>
  h(
    "button",
    { class: "btn btn--wide begin__answer", type: "button", "data-act": act, ...more },
    icon(iconId),
    h("span", {}, t(`phone.begin.${key}`), " ", h("span", { class: "begin__which" }, t(`phone.begin.${key}_text`))),
  );

/** @param {string} act @param {string} iconId @param {string} key of the settings */
const place = (act, iconId, key) =>
  h(
    "button",
    { class: "row", type: "button", "data-act": act },
    icon(iconId),
    h(
      "span",
      { class: "row__main" },
      h("span", { class: "row__title" }, t(`phone.settings.${key}`)),
      h("span", { class: "row__text" }, t(`phone.settings.${key}_text`)),
    ),
    icon("arrow-end"),
  );

/** @param {Now} now */
const names = (now) => new Intl.ListFormat(document.documentElement.lang).format([...new Set(partners(now).map(({ name }) => name))]);
