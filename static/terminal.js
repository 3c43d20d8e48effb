/** The village's terminal: which picture stands now, what a touch does, and when the wall comes back by itself. */
import { t } from "./core/texts.js";
import { MINUTE, ms, now, SECOND } from "./core/time.js";
import { Live } from "./net/live.js";
import { Calling } from "./ui/calling.js";
import { answeringOf, callScreen, HangUp, showStreams } from "./ui/callscreen.js";
import { draw, isOutdated, listen, startPage, toast, withWords } from "./ui/dom.js";
import * as screens from "./terminal/screens.js";

/** @typedef {import("./core/wire.js").Call} Call */

const LEFT_ALONE_MS = 45 * SECOND;
const GOODBYE_MS = 12 * SECOND;
const ASKED_AGAIN_MS = 25 * SECOND; // where the goodbye asks for the next call
const SETTLED_MS = 10 * SECOND; // what a ring needs comes before the line is tried
const RELOAD_AFTER_MS = 300 * SECOND;
const RENEWED_AGAIN_MS = 5 * MINUTE;
const IDLE_MS = 20 * SECOND; // after which the later parts come

const main = startPage();
const live = new Live("terminal");
const hangUp = new HangUp();
/** What is said, from the first touch on. @type {import("./ui/prompt.js").Prompts | null} */
let prompts = null;
/** Where nobody is signed in. @type {import("./terminal/pairing.js").Pairing | null} */
let pairing = null;
/** After a call: whose turn it is. @type {{parts: typeof import("./terminal/change_over.js"), next: Call} | null} */
let turn = null;
/** A family that has touched its picture; null is the wall. @type {import("./terminal/visit.js").Visit | null} */
let visit = null;
/** What stands behind a family's picture. @type {typeof import("./terminal/visit.js") | null} */
let pages = null;
let isOpening = false;
/** What no ring waits for. @type {{clock: typeof import("./terminal/clock.js"), goodbye: typeof import("./terminal/goodbye.js")} | null} */
let evening = null;
/** Where a call may be answered so. @type {import("./terminal/by_itself.js").ByItself | null} */
let itself = null;
/** Where the coordinator opens something. @type {import("./terminal/corner.js").Corner | null} */
let corner = null;
/** Messages on their way, with those pages. @type {import("./terminal/carrying.js").Carrying | null} */
let carrying = null;
let renewed_at = 0;
let touched_at = now();
let farewell_at = 0;
let isAskedAgain = false;

const calling = new Calling(live, { redraw: show, standsReady: () => true, rejoinsAlone: true });

function show() {
  const at = now();
  leaveByItself(at);
  tendVisit(at);
  keepToken(at);
  const { seat, farewell, ringing } = calling;
  const answering = answeringOf(calling);
  const { view } = live;
  const opened = corner?.screen(Boolean(ringing || seat?.isHere));
  if (opened) put("self-test", opened);
  else if (view.error?.status === 401) showPairing();
  else if (answering?.isOpen) put("answering", answering.screen());
  else if (seat?.isHere) {
    const name = seat.phase === "waiting" && answering?.offer() ? "answering" : seat.phase;
    const tree = callScreen(seat, at, hangUp, view.now?.zone ?? "UTC");
    const whose = familyOf(seat.call.family.id);
    const next = evening?.goodbye.beforeEnd(seat, hangUp.isArmed, whose, calling.calls, at);
    for (const beside of [next, itself?.alone(at, touched_at)]) if (beside) tree.append(beside);
    put(name, tree, "call");
  } else if (farewell) showFarewell(farewell, at);
  else if (ringing) showRing(ringing, at);
  else if (!view.now || isOpening) put("starting", screens.firstScreen(view));
  else if (visit) showVisit(visit, at);
  else if (!turn?.parts.isStillNext(turn.next, calling.calls, at)) showWall(at);
  else put("change-over", turn.parts.changeOverScreen(turn.next));
  showStreams(main, seat);
  const isAtRest = main.dataset.screen === "idle" && performance.now() > RELOAD_AFTER_MS;
  if (isAtRest && isOutdated(view.now?.version)) location.reload(); // nobody else reloads a page that stands for months
}

/** @param {string} name @param {HTMLElement} tree @param {string} [key] */
function put(name, tree, key) {
  draw(main, name, tree, key);
  live.page = name;
  prompts?.screen(`terminal.screen.${name}`);
}

/** @param {import("./ui/calling.js").Farewell} farewell @param {number} at */
function showFarewell(farewell, at) {
  const { call, kind, message } = farewell;
  if (kind === "moved") return done();
  if (kind === "refused") return put("refused", screens.troubleScreen(message));
  if (!evening) return put("starting", screens.firstScreen(live.view)), void fetchEvening().then(show, done);
  const [tree, asks] = evening.goodbye.ofFarewell(farewell, familyOf(call.family.id), calling.calls, Boolean(carrying?.maySay(call)), at);
  isAskedAgain = asks;
  put("goodbye", tree);
}

/** @param {Call} call @param {number} at */
function showRing(call, at) {
  if (call.auto_answer && !itself) fetchByItself().catch(() => {}); // it rings as ever
  const counted = itself?.screen(call, at);
  if (calling.seat?.isHere) return show();
  if (counted) put("auto-answer", counted);
  else put("ring", screens.ringScreen(call));
}

/** @param {number} at */
function showWall(at) {
  put("idle", screens.idleScreen(live.view, at, hasWaiting, evening?.clock.clock));
  evening?.clock.darken(main, at, live.view.now?.zone ?? "UTC", touched_at);
}

/** Nobody is signed in here. */
function showPairing() {
  if (pairing) return put("pairing", pairing.screen());
  put("starting", screens.firstScreen(live.view));
  openPairing().catch(() => {}); // without a network the next reading tries again
}

async function openPairing() {
  const { Pairing } = await import("./terminal/pairing.js");
  if (pairing) return;
  visit = null;
  calling.seat?.close(); // paired no more: nobody is heard or seen here
  if (calling.farewell) calling.dismiss();
  pairing = new Pairing(live.api, { redraw: show, done: () => location.reload() });
  pairing.start();
  show();
  fetchCorner().catch(() => {}); // else when it is paired
}

/** @param {import("./terminal/visit.js").Visit} here @param {number} at */
function showVisit(here, at) {
  const page = here.screen(at);
  if (page) return put(...page);
  visit = null;
  showWall(at);
}

/** @param {import("./core/wire.js").Family} family @param {number} at */
function hasWaiting(family, at) {
  return carrying ? carrying.hasWaiting(family, at) : Boolean(family.messages_waiting);
}

/** @param {number} at */
function leaveByItself(at) {
  if (visit && at - touched_at > LEFT_ALONE_MS) visit = null;
  if (!calling.farewell || answeringOf(calling)?.isOpen) farewell_at = 0;
  else if (!farewell_at) farewell_at = at, carrying || fetchPages().then(show, () => {}); // whether more may be said
  else if (at - farewell_at > (isAskedAgain ? ASKED_AGAIN_MS : GOODBYE_MS)) done();
}

function done() {
  const { farewell } = calling;
  visit = null;
  farewell_at = 0;
  calling.dismiss();
  if (farewell?.kind === "ended") changeOver(farewell.call);
}

/** @param {Call} ended */
async function changeOver(ended) {
  const parts = await import("./terminal/change_over.js").catch(() => null);
  await parts?.styled;
  const next = parts?.nextHere(calling.calls, ended, now());
  turn = parts && next ? { parts, next } : null;
  show();
}

/** A family that gave its pictures is in while somebody is there, and out as soon as nobody is. @param {number} at */
function tendVisit(at) {
  if (!live.view.now?.families.some((family) => family.has_pin && !family.locked)) return;
  const isThere = Boolean(visit || calling.seat?.isHere || calling.farewell);
  import("./terminal/pin.js").then(({ tellVisit }) => tellVisit(live, isThere, touched_at, at)).catch(() => {});
}

/** @param {number} at */
function keepToken(at) {
  const renew_at = live.view.now?.terminal?.renew_at;
  if (!renew_at || calling.seat || at < Math.max(ms(renew_at), renewed_at + RENEWED_AGAIN_MS)) return;
  renewed_at = at;
  const renewed = import("./net/device_key.js").then(({ renewToken }) => renewToken(live.api));
  renewed.catch(() => {}).then(() => live.refresh()); // tried again; the token is good for days
}

/** @param {string} id */
const familyOf = (id) => live.view.now?.families.find((family) => family.id === id);

/** The child's clock, the goodbye, the coordinator's corner. Rejects without a network; may be called again then. */
async function fetchEvening() {
  const parts = Promise.all([import("./terminal/clock.js"), import("./terminal/goodbye.js"), import("./terminal/photos.js"), fetchCorner()]);
  const [clock, goodbye, { keepPhotos }] = await withWords(parts, "terminal.act.after");
  keepPhotos(live, show);
  await Promise.all([clock.styled, goodbye.styled]);
  evening = { clock, goodbye };
}

async function fetchCorner() {
  const { Corner } = await import("./terminal/corner.js");
  corner ??= new Corner(live, main, acts, show);
}

async function fetchByItself() {
  const parts = await withWords(import("./terminal/by_itself.js"), "terminal.act.itself", "terminal.itself");
  await parts.styled;
  itself ??= new parts.ByItself(calling);
}

/** Rejects without a network; may be called again then. */
async function fetchPages() {
  const fetched = Promise.all([import("./terminal/visit.js"), import("./terminal/carrying.js")]);
  const [parts, { carry }] = await withWords(fetched, "terminal.visit", "terminal.act.visit");
  await parts.styled;
  carrying = carry(live, show);
  pages = parts;
}

/** Started without a network: what was known here before. */
const recall = () => fetchPages().then(() => carrying?.recall(), () => {}); // where no page is kept, it waits

/** A ring could be answered now. */
function fetchNext() {
  if (!live.view.now) setTimeout(fetchNext, SECOND);
  else setTimeout(() => fetchEvening().then(show, () => {}), SECOND); // else at the goodbye
}

/** Rejects without a network; may be called again then. */
async function fetchPrompts() {
  const part = await import("./terminal/prompting.js");
  prompts = await part.startPrompts(live, calling, main);
  return part;
}

/** Never while somebody talks or is about to: the link is theirs. */
function fetchWhenIdle() {
  if (calling.seat || calling.ringing) setTimeout(fetchWhenIdle, IDLE_MS);
  else fetchPages().then(fetchPrompts).catch(() => {});
}

/** @param {string} familyId @param {string} [childId] @param {string} [parentId] */
async function openFamily(familyId, childId, parentId) {
  if (!pages) {
    isOpening = true;
    show();
    await fetchPages().catch(() => toast("bad", t("common.offline")));
    isOpening = false;
  }
  if (pages) {
    const stay = () => (touched_at = now());
    visit = new pages.Visit(live, familyId, { redraw: show, leave: toWall, stay, calls: () => calling.calls });
    Object.assign(acts, visit.acts);
    visit.open(childId, parentId);
  }
  show();
}

/** To its family's pages, from the goodbye, or where the link carries no call.
 * @param {(visit: import("./terminal/visit.js").Visit) => void} goOn */
async function afterCall(goOn) {
  const call = (calling.farewell ?? calling.seat)?.call;
  if (calling.seat) calling.hangUp(), calling.dismiss();
  if (!call) return;
  done();
  await openFamily(call.family.id, call.child.id, call.parent.id);
  if (visit) goOn(visit);
}

function toWall() {
  visit = turn = null;
  show();
}

/** @param {HTMLElement} element */
function join(element) {
  const id = element.dataset.callId;
  const call =
    calling.calls.find((one) => one.id === id) ??
    live.view.now?.families.find((one) => one.next_call?.id === id)?.next_call;
  if (call) calling.join(call).catch(() => toast("bad", t("common.offline")));
}

/** @type {import("./ui/dom.js").Acts} */
const acts = {
  family: (element) => void openFamily(element.dataset.familyId ?? ""),
  wall: toWall,
  "ask-next": () => void afterCall((here) => here.ask()),
  "after.speak": (element) => void afterCall((here) => here.acts["visit.speak"]?.(element)),
  "itself.stop": ({ dataset }) => (itself?.stop(dataset.callId ?? ""), show()),
  "itself.answer": join,
  "itself.here": show,
  here: join,
  answer: join,
  done,
  retry: () => void live.refresh(),
  help: () => void fetchPrompts().then((part) => part.help(prompts, main), () => {}),
  microphone: () => calling.seat?.own.toggleMicrophone(),
  camera: () => calling.seat?.own.toggleCamera(),
  turns: (element) => void afterCall((here) => here.acts["visit.speak"]?.(element)),
  "hang-up": () => (hangUp.arm(), show()),
  stay: () => (hangUp.disarm(), show()),
  "hang-up-confirm": () => calling.hangUp(),
};
listen(main, acts);
live.subscribe(async ({ now: known }) => {
  if (!known?.terminal?.check_line) return;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, SETTLED_MS - performance.now())));
  if (!live.view.now?.terminal?.check_line || calling.seat) return;
  const part = await withWords(import("./terminal/line.js"), "terminal.line").catch(() => null); // else at the next reading
  part?.tryLine(live, calling);
});
live.subscribe(({ now: known, reach }) => known || reach !== "offline" || recall());
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => (touched_at = now()), true);
addEventListener("pointerdown", () => void fetchPrompts().catch(() => {}), { once: true });

live.start();
show();
calling.prepare().then(fetchNext, () => {}); // else when it is needed
setTimeout(fetchWhenIdle, IDLE_MS); // else at the first touch
