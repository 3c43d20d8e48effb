/** The simulated phones: what they were sent, looked at every two seconds while the page is seen. */

const POLL_MS = 2_000;

/** @typedef {{ id: string, at: string, text: string }} Text */
/** @typedef {{ id: string, number: string, names: string[], language: string, texts: Text[] }} Phone */

const phones = byId("phones");
const trouble = byId("trouble");
/** @type {Map<string, HTMLElement>} */
const cards = new Map();
let isFirstLook = true;

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id @returns {HTMLElement} */
function copyOf(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  return /** @type {HTMLElement} */ (fragment.firstElementChild);
}

/** @param {HTMLElement} element @param {string} selector */
function part(element, selector) {
  return /** @type {HTMLElement} */ (element.querySelector(selector));
}

/** @param {Text} text @param {string} language */
function written(text, language) {
  const item = copyOf("text");
  item.lang = language;
  part(item, ".text__at").textContent = text.at;
  part(item, ".text__words").textContent = text.text;
  return item;
}

/** @param {string} id */
function cardOf(id) {
  const card = cards.get(id) ?? copyOf("phone");
  if (!card.isConnected) phones.append(card);
  cards.set(id, card);
  return card;
}

/** Texts are only ever added, so what stands there stays, and a screen reader hears what is new.
 * @param {HTMLElement} card @param {Phone} phone */
function show(card, phone) {
  const holder = phone.names.join(" · ") || phone.number;
  part(card, ".screen__number").textContent = phone.number;
  part(card, ".phone__holder").textContent = holder;
  const list = part(card, ".screen__texts");
  list.setAttribute("aria-label", holder);
  const fresh = phone.texts.slice(list.children.length);
  if (!fresh.length) return;
  list.append(...fresh.map((text) => written(text, phone.language)));
  list.scrollTop = list.scrollHeight;
  part(card, ".screen__empty").hidden = true;
  if (!isFirstLook) buzz(card);
}

/** @param {HTMLElement} card */
function buzz(card) {
  card.classList.remove("phone--buzzes");
  void card.offsetWidth; // lets the animation start anew
  card.classList.add("phone--buzzes");
}

async function look() {
  try {
    const response = await fetch("/demo/phones/texts");
    if (!response.ok) throw new Error(String(response.status));
    const { phones: all } = /** @type {{ phones: Phone[] }} */ (await response.json());
    for (const phone of all) show(cardOf(phone.id), phone);
    isFirstLook = false;
    trouble.hidden = true;
  } catch {
    trouble.hidden = false;
  }
}

/** One look at a time, none while nobody sees the page. */
async function watch() {
  for (;;) {
    if (document.visibilityState === "visible") await look();
    else await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    await new Promise((later) => setTimeout(later, POLL_MS));
  }
}

void watch();

export {};
