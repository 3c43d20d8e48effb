/**
 * The other parent of a child: who is written down comes in by the own number, and here is what one tells them; for who
 * isn't, one asks the coordinator, since nobody else decides who may speak with a child.
 */
import { t } from "../core/texts.js";
import { button, h, icon, photo, toast } from "../ui/dom.js";
import { openSteady } from "../ui/steady.js";
import { AskedParents } from "./asked_parents.js";

/** @typedef {import("../core/wire.js").Family} Family */

/** @param {import("../phone.js").Phone} phone */
export function openParents(phone) {
  const { now } = phone.live.view;
  if (!now?.me) return;
  const { id } = now.me;
  const families = now.families.filter(({ role }) => role === "parent");
  const letters = families.flatMap((family) => lettersOf(family, id));
  const asked = new AskedParents(phone, families);
  /** @param {(text: string) => Promise<void>} tell @returns {import("../ui/steady.js").Step} */
  const telling = (tell) => async ({ dataset }) => {
    await tell(letters[Number(dataset.place)].text);
    return false;
  }; // prettier-ignore
  const dialog = openSteady(
    t("phone.parents.title"),
    h("div", { class: "dialog__body" }, letters.map((letter, place) => shown(letter, place)), asked.view()),
    [button("close", "btn btn--quiet", null, t("common.close"))],
    { "share-letter": telling(share), "copy-letter": telling(copy), ...asked.steps },
  );
  asked.watch(dialog);
}

/** One to each other parent; where there is none yet, one that says how to become one.
 * @typedef {{who: import("../core/wire.js").Person | null, children: string, text: string}} Letter
 * @param {Family} family @param {string} ownId @returns {Letter[]} */
function lettersOf({ children = [], parents = [], village = "" }, ownId) {
  const names = new Intl.ListFormat(document.documentElement.lang).format(children.map(({ name }) => name));
  const link = `${location.origin}/phone`;
  const others = parents.filter(({ id }) => id !== ownId);
  const said = { children: names, link, village };
  if (!others.length) return [{ who: null, children: names, text: t("phone.parents.letter_new", said) }];
  return others.map((who) => ({ who, children: names, text: t("phone.parents.letter", { name: who.name, ...said }) }));
}

/** @param {Letter} letter @param {number} place */
const shown = ({ who, children, text }, place) =>
  h(
    "section",
    { class: "parents__one" },
    h("h3", { class: "heading" }, who ? [photo(who, "s"), ` ${who.name} · `, children] : [icon("family", "s"), " ", children]),
    h("p", {}, t(who ? "phone.parents.known" : "phone.parents.unknown")),
    h("p", { class: "card card__text", "data-letter": place }, text),
    h(
      "div",
      { class: "dialog__actions" },
      "share" in navigator && button("share-letter", "btn btn--primary", "message", t("phone.parents.share"), { "data-place": place }),
      h("a", { class: "btn", href: `sms:?body=${encodeURIComponent(text)}` }, icon("text"), t("phone.parents.text")),
      button("copy-letter", "btn", "book", t("phone.parents.copy"), { "data-place": place }),
    ),
  ); // prettier-ignore

/** @param {string} text */
async function share(text) {
  try {
    await navigator.share({ text });
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") await copy(text);
  }
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("good", t("phone.parents.copied"));
  } catch {
    toast("bad", t("phone.parents.not_copied")); // over plain http no page may; the text stands there to be marked
  }
}
