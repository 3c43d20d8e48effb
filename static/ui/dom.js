/**
 * The pieces that every face is made of, and how a screen changes: a face builds the whole tree of what should stand
 * there, `draw` changes only what differs. Data comes in as text and attributes, never as markup.
 */
import { addTexts, setTexts, t } from "../core/texts.js";
import { setLocale } from "../core/time.js";

/** @typedef {Node | string | number | null | undefined | false} Leaf
 * @typedef {Leaf | Child[]} Child */
/**
 * @typedef {Record<string, string | number | boolean | null | undefined>} Attributes false, null and undefined
 * leave it out
 */
/** @typedef {{[act: string]: (element: HTMLElement) => void}} Acts */

/** Sentences of later parts, by part. @type {Map<string, Promise<void>>} */
const asked = new Map();
const SVG = "http://www.w3.org/2000/svg";
const TOAST_MS = 4_000;
const PHOTO_AGAIN_MS = 30_000;
/** Addresses of photos that did not come just now. @type {Set<string | null>} */
const missing = new Set();
/** Where a photo lies, by its address; null: nowhere just now. A face that keeps photos itself says so here.
 * @type {{of: (address: string) => string | null}} */
export const photos = { of: (address) => address };
/** Attributes that the page itself changes, which a tree says nothing about. */
const LEFT_ALONE = new Set(["open"]);

/** Reads what the page brought along: its language and its texts. @returns {HTMLElement} where screens are drawn */
export function startPage() {
  const { lang } = document.documentElement;
  setLocale(lang);
  setTexts(lang, JSON.parse(document.getElementById("texts")?.textContent || "{}"));
  return /** @type {HTMLElement} */ (document.getElementById("app"));
}

/** Resolves when the sentences of a part are there; rejects without a network, and may be asked again.
 * @param {string} part "phone.door" and the like @returns {Promise<void>} */
export function words(part) {
  const known = asked.get(part);
  if (known) return known;
  const { lang, dataset } = document.documentElement;
  const coming = fetch(`${dataset.assets}/texts/${lang}/${part}.json`)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new TypeError(`no words: ${answer.status}`))))
    .then(addTexts);
  asked.set(part, coming);
  coming.catch(() => asked.delete(part));
  return coming;
}

/** A part and its sentences together. @template P @param {Promise<P>} module @param {string[]} parts @returns {Promise<P>} */
export const withWords = async (module, ...parts) => (await Promise.all([module, ...parts.map(words)]))[0];

/** Whether the server has newer files than this page was made of. @param {string | undefined} version */
export const isOutdated = (version) => Boolean(version) && version !== document.documentElement.dataset.version;

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {Attributes} [attributes]
 * @param {Child[]} children @returns {HTMLElementTagNameMap[T]} */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes);
  for (const child of /** @type {any[]} */ (children).flat(Infinity)) {
    if (child || child === 0) element.append(child);
  }
  return element;
}

/** Numbers for the style sheet: `parts(element, {part: 0.4})` sets `--part`.
 * @template {HTMLElement | SVGElement} E @param {E} element @param {Record<string, number>} numbers @returns {E} */
export function parts(element, numbers) {
  for (const [name, number] of Object.entries(numbers)) element.style.setProperty(`--${name}`, String(number));
  return element;
}

/** A drawing of a sprite. @param {string} file @param {string} id @param {Attributes} attributes */
export function drawing(file, id, attributes) {
  const svg = document.createElementNS(SVG, "svg");
  fill(svg, attributes);
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset.assets}/${file}.svg#${id}`);
  svg.append(use);
  return svg;
}

/** @param {string} id @param {string} [size] s, l, xl; an arrow points the other way from right to left */
export const icon = (id, size) =>
  drawing("sprite", id, { class: `icon icon--${size ?? (id.startsWith("arrow") ? "turns" : "m")}`, "aria-hidden": "true" });

/** A family's picture, or two of them where a village has more families than pictures.
 * @param {string} id @param {string} [size] s, m, l, xl; none fills its box */
export function emblem(id, size) {
  const named = { class: size ? `emblem emblem--${size}` : "emblem", role: "img", "aria-label": emblemName(id) };
  const pictures = id.split("-").map((one) => `emblem-${one}`);
  if (pictures.length === 1) return drawing("emblems", pictures[0], named);
  return h("span", { ...named, "data-two": true }, pictures.map((one) => drawing("emblems", one, {})));
}

/** @param {string} id */
export const emblemName = (id) => id.split("-").map((one) => t(`common.emblem.${one}`)).join(" + "); // prettier-ignore

/** A wide picture of the sprite. @param {string} id @param {string} className @param {Attributes} [attributes] */
export const scene = (id, className, attributes = {}) =>
  drawing("sprite", id, { class: className, "aria-hidden": "true", ...attributes });

/** @param {{name: string, photo: string | null}} person @param {string} [size] s, m, l, xl; none fills its box */
export function photo({ name, photo: address }, size) {
  const className = size ? `photo photo--${size}` : "photo";
  const isLarge = !size || size === "xl";
  if (address) {
    const src = photos.of(isLarge ? address.replace("/96.webp", "/320.webp") : address);
    if (src && !missing.has(src)) return h("img", { class: className, src, alt: name, loading: size === "m" && "lazy" });
  }
  return noPhoto(className, name);
}

/** @param {string} className @param {string} name */
const noPhoto = (className, name) =>
  h("span", { class: `${className} photo--none`, role: "img", "aria-label": name }, icon("person"));

/** Without a network a photo may not come; it is looked for again after a while. */
addEventListener("error", ({ target }) => {
  if (!(target instanceof HTMLImageElement && target.classList.contains("photo"))) return;
  const src = target.getAttribute("src");
  missing.add(src);
  setTimeout(() => missing.delete(src), PHOTO_AGAIN_MS);
  target.replaceWith(noPhoto(target.className, target.alt));
}, true); // prettier-ignore

/**
 * Who - thread - whom. @param {string} state @param {{name: string, photo: string | null}[]} persons
 * @param {string} [size]
 */
export const pair = (state, [one, other], size = "l") =>
  h(
    "div",
    { class: "pair", "data-state": state },
    photo(one, size),
    scene("thread", "thread", { preserveAspectRatio: "none" }),
    photo(other, size),
  );

/**
 * @param {string} act @param {string} className @param {string | null} iconId @param {string} label
 * @param {Attributes} [more]
 */
export const button = (act, className, iconId, label, more = {}) =>
  h("button", { class: className, type: "button", "data-act": act, ...more }, iconId && icon(iconId), label);

/** A large round place to touch. @param {string} act @param {string} kind answer, hang-up, plain, help
 * @param {string} iconId @param {string} label @param {Attributes & {text?: boolean, extra?: string}} [more] */
export function round(act, kind, iconId, label, { text = true, extra = "", ...more } = {}) {
  return h(
    "button",
    { class: `round round--${kind} ${extra}`.trim(), type: "button", "data-act": act, "aria-label": label, ...more },
    h("span", { class: "round__disc" }, icon(iconId)),
    text && h("span", { class: "round__text" }, label),
  );
}

const TAG_ICONS = /** @type {Record<string, string>} */ ({
  proposed: "help", booked: "calendar", ringing: "bell", live: "phone-call", held: "check",
  message: "message", missed: "link-lost", cancelled: "close", moved: "move",
}); // prettier-ignore

/** @param {string} state a call's state or outcome @param {string} label */
export const tag = (state, label) =>
  h("span", { class: "tag", "data-state": state }, icon(TAG_ICONS[state] ?? "help", "s"), label);

/**
 * @param {"offline" | "info" | "bad" | "good"} state @param {string} iconId @param {string} text
 * @param {Child} [action]
 */
export const banner = (state, iconId, text, action) =>
  h("p", { class: "banner", "data-state": state, role: "status" }, icon(iconId), h("span", {}, text), action);

/**
 * @param {"empty" | "loading" | "error" | "offline"} state @param {string} title @param {string} [text]
 * @param {Child} [action]
 */
export const stateOf = (state, title, text, action) =>
  h(
    "div",
    { class: "state", "data-state": state },
    scene("scene-homes", "state__art"),
    h("p", { class: "state__title" }, title),
    text && h("p", { class: "state__text" }, text),
    action,
  );

/** What to tell a person: the server's sentence, or ours where it could not be reached.
 * @param {{code: string, message: string, status: number}} error */
export const sentence = ({ code, message, status }) => (status ? message : t(`common.${code}`));

/** Makes `main` show this tree; screens of one `key` share what stands there, videos above all.
 * @param {HTMLElement} main @param {string} name @param {HTMLElement} tree @param {string} [key] */
export function draw(main, name, tree, key = name) {
  main.dataset.screen = name;
  tree.dataset.key = key;
  const standing = main.firstElementChild;
  if (standing && isSame(standing, tree)) return morph(standing, tree);
  if (standing) standing.replaceWith(tree);
  else main.append(tree);
  /** @type {HTMLElement | null} */ (tree.querySelector("[data-focus]"))?.focus({ preventScroll: true });
}

/** One listener for all that can be touched: `data-act` says what. @param {HTMLElement} root @param {Acts} acts */
export function listen(root, acts) {
  root.addEventListener("click", (event) => {
    const element = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
    if (!(element instanceof HTMLElement) || element.getAttribute("aria-busy") === "true") return;
    acts[element.dataset.act ?? ""]?.(element);
  });
}

/** A short sentence at the edge. @param {"good" | "bad" | "info"} state @param {string} text */
export function toast(state, text) {
  const box = document.querySelector(".toasts") ?? h("div", { class: "toasts", "aria-live": "polite" });
  if (!box.isConnected) document.body.append(box);
  const iconId = { good: "check", bad: "warning", info: "bell" }[state];
  const told = h("p", { class: "toast", "data-state": state }, icon(iconId), h("span", {}, text));
  box.replaceChildren(told); // what was said before has been overtaken
  setTimeout(() => (told.dataset.leaving = "true"), TOAST_MS);
  setTimeout(() => told.remove(), TOAST_MS + 500);
}

/** What took long is here. */
export const clearToast = () => document.querySelector(".toast[data-state=info]")?.remove();

/** Opens a modal dialog; closing it removes it. @param {string} title @param {Child} body @param {Child} actions
 * @param {Acts} acts each closes the dialog first; `close` just closes @param {string} [extra] */
export function openDialog(title, body, actions, acts, extra = "") {
  const dialog = h(
    "dialog",
    { class: `dialog ${extra}`.trim(), "aria-label": title },
    h("h2", { class: "dialog__title" }, title),
    h("div", { class: "dialog__body" }, body),
    h("div", { class: "dialog__actions" }, actions),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  /** @type {Acts} */
  const closing = { close: () => dialog.close() };
  for (const [act, run] of Object.entries(acts)) closing[act] = (element) => (dialog.close(), run(element));
  listen(dialog, closing);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @param {Element} element @param {Attributes} attributes */
function fill(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true && !name.startsWith("aria") ? "" : String(value));
  }
}

/** @param {Node} standing @param {Node} wanted */
function isSame(standing, wanted) {
  if (standing.nodeName !== wanted.nodeName) return false;
  return (
    !(standing instanceof HTMLElement && wanted instanceof HTMLElement) || standing.dataset.key === wanted.dataset.key
  );
}

/** @param {Node} standing @param {Node} wanted */
function morph(standing, wanted) {
  if (standing.nodeType === Node.TEXT_NODE) {
    if (standing.nodeValue !== wanted.nodeValue) standing.nodeValue = wanted.nodeValue;
    return;
  }
  morphAttributes(/** @type {Element} */ (standing), /** @type {Element} */ (wanted));
  const children = [...wanted.childNodes];
  children.forEach((child, place) => {
    const old = standing.childNodes[place];
    if (!old) standing.appendChild(child);
    else if (isSame(old, child)) morph(old, child);
    else standing.replaceChild(child, old);
  });
  while (standing.childNodes.length > children.length) standing.lastChild?.remove();
}

/** @param {Element} standing @param {Element} wanted */
function morphAttributes(standing, wanted) {
  for (const name of standing.getAttributeNames()) {
    if (!wanted.hasAttribute(name) && !LEFT_ALONE.has(name)) standing.removeAttribute(name);
  }
  for (const name of wanted.getAttributeNames()) {
    const value = wanted.getAttribute(name) ?? "";
    if (standing.getAttribute(name) === value) continue;
    if (name === "style") morphStyle(standing, wanted);
    else standing.setAttribute(name, value);
  }
}

/** By its properties: a style attribute that is set as one is refused by the page's policy.
 * @param {any} standing @param {any} wanted */
function morphStyle(standing, wanted) {
  standing.style.cssText = wanted.style.cssText;
}
