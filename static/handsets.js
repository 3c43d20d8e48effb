/**
 * The played phones: what each was sent, and one of them, large, to type an answer on. Looked at each second while the
 * page is seen, faster when an answer is awaited.
 */
import { t } from "./core/texts.js";
import { ApiError, Api, newKey } from "./net/api.js";
import { draw, listen, sentence, startPage, toast } from "./ui/dom.js";
import { Beeper } from "./handsets/beep.js";
import { Keypad } from "./handsets/keypad.js";
import * as screens from "./handsets/screens.js";

/** @typedef {import("./handsets/screens.js").Phone} Phone */
/** @typedef {import("./handsets/screens.js").Text} Text */

const LOOK_MS = 1_000;
const LOOK_FOR_ANSWER_MS = 250;
const ANSWER_WITHIN_MS = 6_000;
const BUZZ_MS = 1_100;

const main = startPage();
const api = new Api("");
const beeper = new Beeper();
const keypad = new Keypad();
const hasKeyboard = matchMedia("(hover: hover) and (pointer: fine)"); // else a keyboard would cover the phone
const longest = Number(document.documentElement.dataset.longest);

/** @type {Phone[]} */
let phones = [];
/** @type {Text[]} */
let texts = [];
let chosenId = location.hash.slice(1);
let query = "";
let refusal = "";
let isListOpen = false;
let isSending = false;
let isFirstLook = true;
let isLost = false;
let asked_at = -Infinity;
/** Ends the pause before the next look. */
let hurry = () => {};
/** What is being typed, and the key it goes out with, by phone. @type {Map<string, {text: string, key: string}>} */
const drafts = new Map();
/** How many texts were seen, by phone. @type {Map<string, number>} */
const seen = new Map();
/** @type {Set<string>} */
const buzzing = new Set();

const chosen = () => phones.find(({ id }) => id === chosenId) ?? null;
const field = () => /** @type {HTMLTextAreaElement | null} */ (main.querySelector("[data-draft]"));
const log = () => /** @type {HTMLElement | null} */ (main.querySelector(".screen__texts"));
/** @param {Phone} phone */
const unread = ({ id, count }) => count - (seen.get(id) ?? 0);

/** @param {Phone} phone */
const isLookedFor = (phone) =>
  [screens.holderOf(phone), phone.family ?? "", phone.number].some((one) => one.toLocaleLowerCase().includes(query));

function show() {
  const shown = {
    phones: phones.filter(isLookedFor), all: phones.length, chosen: chosen(), texts, buzzing, unread, isListOpen,
    draft: drafts.get(chosenId)?.text ?? "", isLetters: keypad.isLetters, isSending, isOn: beeper.isOn, refusal,
  }; // prettier-ignore
  const before = log();
  const count = before?.childElementCount;
  draw(main, "phones", screens.page(shown));
  const after = log();
  if (after && (after !== before || after.childElementCount !== count)) after.scrollTop = after.scrollHeight;
}

async function look() {
  const of = chosenId;
  try {
    const answer = await api.get("/demo/phones/texts", of ? { of } : undefined);
    if (of !== chosenId) return; // another phone was taken up meanwhile
    take(answer.phones, answer.texts ?? []);
    isLost = false;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) chosenId = ""; // a phone that is gone
    else if (!isLost) toast("bad", t("handset.no_connection"));
    isLost = error.status !== 404;
  }
  show();
}

/** @param {Phone[]} found @param {Text[]} screen */
function take(found, screen) {
  for (const phone of isFirstLook ? found : []) seen.set(phone.id, phone.count);
  const known = new Map(phones.map(({ id, count }) => [id, count]));
  const fresh = found.filter(({ id, count, newest }) => count > (known.get(id) ?? 0) && newest && !newest.is_own);
  phones = found;
  texts = screen;
  if (!chosen()) return void (phones[0] && choose(phones[0].id));
  seen.set(chosenId, chosen()?.count ?? 0);
  if (!isFirstLook && fresh.length) buzz(fresh);
  isFirstLook = false;
}

/** @param {Phone[]} fresh */
function buzz(fresh) {
  beeper.beep();
  for (const { id } of fresh) {
    buzzing.add(id);
    setTimeout(() => (buzzing.delete(id), show()), BUZZ_MS);
  }
}

/** @param {string} id */
function choose(id) {
  chosenId = id;
  history.replaceState(null, "", `#${id}`);
  texts = [];
  refusal = "";
  isListOpen = false;
  keypad.restart();
  void look();
}

/** @param {string} text */
function keepDraft(text) {
  const before = drafts.get(chosenId);
  if (before?.text === text) return;
  drafts.set(chosenId, { text: text.slice(0, longest), key: newKey() });
}

/** @param {string} text */
function write(text) {
  keepDraft(text);
  const draft = field();
  if (draft) draft.value = drafts.get(chosenId)?.text ?? "";
  if (draft) draft.scrollTop = draft.scrollHeight;
}

async function send() {
  const [id, draft] = [chosenId, drafts.get(chosenId)];
  if (!draft?.text.trim() || isSending) return field()?.focus();
  isSending = true;
  refusal = "";
  show();
  try {
    await api.command("/demo/phones/texts", { id, text: draft.text }, { key: draft.key });
    asked_at = performance.now();
    hurry();
    keypad.restart();
    if (drafts.get(id) === draft) drafts.delete(id);
    if (id === chosenId && !drafts.has(id)) write("");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (id === chosenId) refusal = sentence(error);
  } finally {
    isSending = false;
  }
  await look();
}

const typed = () => field()?.value ?? "";
listen(main, {
  list: () => ((isListOpen = !isListOpen), show()),
  choose: ({ dataset }) => {
    choose(dataset.phoneId ?? "");
    show();
    (hasKeyboard.matches ? field() : log())?.focus();
  },
  sound: () => (beeper.toggle(), show()),
  letters: () => ((keypad.isLetters = !keypad.isLetters), show()),
  key: ({ dataset }) => write(keypad.press(typed(), dataset.digit ?? "", performance.now())),
  delete: () => (keypad.rest(), write([...typed()].slice(0, -1).join(""))),
  send: () => void send(),
});

main.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
  if (target === field()) return keepDraft(target.value);
  query = target.value.trim().toLocaleLowerCase();
  show();
});

/** The computer's keyboard types on the phone, wherever the page was touched last. */
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const isDraft = target === field();
  if (event.key === "Escape" && isListOpen) return ((isListOpen = false), show());
  if (event.key === "Enter" && isDraft && !event.shiftKey) {
    event.preventDefault();
    return void send();
  }
  if (isDraft || target.matches("input")) return;
  const isWriting = event.key.length === 1 && event.key !== " ";
  if (isWriting || event.key === "Backspace" || event.key === "Process") field()?.focus();
});

/** One look at a time, none while nobody sees the page. */
async function watch() {
  for (;;) {
    if (document.visibilityState === "visible") await look();
    else await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    const isAwaited = performance.now() - asked_at < ANSWER_WITHIN_MS;
    await pause(isAwaited ? LOOK_FOR_ANSWER_MS : LOOK_MS);
  }
}

/** @param {number} pause_ms @returns {Promise<void>} */
function pause(pause_ms) {
  return new Promise((later) => {
    hurry = later;
    setTimeout(later, pause_ms);
  });
}

show();
void watch();
