/** The village's terminal: which picture stands now, what a touch does, and when the wall comes back by itself. */
import { upcoming } from "./core/rings.js";
import { t } from "./core/texts.js";
import { MINUTE, ms, now, SECOND } from "./core/time.js";
import { ApiError, newKey } from "./net/api.js";
import { Live } from "./net/live.js";
import { Calling } from "./ui/calling.js";
import { callScreen, HangUp, showStreams } from "./ui/callscreen.js";
import { draw, isOutdated, listen, sentence, startPage, toast, withWords } from "./ui/dom.js";
import * as screens from "./terminal/screens.js";

/** @typedef {import("./core/wire.js").Call} Call */
/** @typedef {import("./core/wire.js").Slot} Slot */
/**
 * Where a person has gone by touching; null is the wall.
 * @typedef {{page: "faces" | "family" | "pin" | "ask" | "ask-confirm", familyId: string, childId?: string,
 *   parentId?: string, slots?: Slot[] | null, startsAt?: string}} Place
 */

const LEFT_ALONE_MS = 45 * SECOND;
const GOODBYE_MS = 12 * SECOND;
const RELOAD_AFTER_MS = 300 * SECOND;
const RENEWED_AGAIN_MS = 5 * MINUTE;

const main = startPage();
const live = new Live("terminal");
const hangUp = new HangUp();
/** Fetched when somebody asks. @type {typeof import("./terminal/asking.js") | null} */
let asking = null;
/** Where the village has recorded any. @type {import("./ui/prompt.js").Prompts | null} */
let prompts = null;
/** Where nobody is signed in. @type {import("./terminal/pairing.js").Pairing | null} */
let pairing = null;
/** Before a family's page, or to set what stands before it. @type {import("./terminal/pin.js").PinPad | null} */
let pad = null;
/** After a call: whose turn it is. @type {{parts: typeof import("./terminal/change_over.js"), next: Call} | null} */
let turn = null;
/** @type {Place | null} */
let place = null;
let renewed_at = 0;
let isBusy = false;
let touched_at = 0;
let farewell_at = 0;

const calling = new Calling(live, { redraw: show, standsReady: () => true, rejoinsAlone: true });

function show() {
  const at = now();
  leaveByItself(at);
  tendVisit(at);
  keepToken(at);
  const { seat, farewell, ringing } = calling;
  const { view } = live;
  if (view.error?.status === 401) showPairing();
  else if (seat?.isHere) put(seat.phase, callScreen(seat, at, hangUp, view.now?.zone ?? "UTC"), "call");
  else if (farewell) showFarewell(farewell, at);
  else if (ringing) put("ring", screens.ringScreen(ringing));
  else if (!view.now) put("starting", screens.firstScreen(view));
  else if (place) showPlace(place, at);
  else if (turn?.parts.isStillNext(turn.next, calling.calls, at)) {
    put("change-over", turn.parts.changeOverScreen(turn.next));
  }
  else put("idle", screens.idleScreen(view, at));
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
function showFarewell({ call, kind, message }, at) {
  if (kind === "moved") return done();
  if (kind === "refused") return put("refused", screens.troubleScreen(message));
  const family = familyOf(call.family.id);
  const next = family?.next_call ?? upcoming(calling.calls).find((one) => one.family.id === call.family.id) ?? null;
  put("goodbye", screens.goodbyeScreen(call, next?.id === call.id ? null : next, at));
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
  place = null;
  calling.seat?.close(); // paired no more: nobody is heard or seen here
  if (calling.farewell) calling.dismiss();
  pairing = new Pairing(live.api, { redraw: show, done: () => location.reload() });
  pairing.start();
  show();
}

/** @param {Place} here @param {number} at */
function showPlace(here, at) {
  const family = familyOf(here.familyId);
  if (!family || (family.locked && here.page !== "pin")) {
    place = null;
    return put("idle", screens.idleScreen(live.view, at));
  }
  const chosen = chosenPair(here);
  const zone = live.view.now?.zone ?? "UTC";
  if (here.page === "pin" && pad) put("pin", pad.screen(family, at));
  else if (here.page === "faces") put("faces", screens.facesScreen(family));
  else if (here.page === "family") put("family", screens.familyScreen(family, nextOf(here), chosen, at, isBusy));
  else if (!asking) put("starting", screens.firstScreen(live.view));
  else if (here.page === "ask") put("ask", asking.askScreen(family, here.slots ?? null, zone, at));
  else put("ask-confirm", asking.askConfirmScreen(family, chosen, here.startsAt ?? "", zone, at, isBusy));
}

/** @param {number} at */
function leaveByItself(at) {
  if (place && at - touched_at > LEFT_ALONE_MS) place = null;
  if (!calling.farewell) farewell_at = 0;
  else if (!farewell_at) farewell_at = at;
  else if (at - farewell_at > GOODBYE_MS) done();
}

function done() {
  const { farewell } = calling;
  place = null;
  farewell_at = 0;
  calling.dismiss();
  if (farewell?.kind === "ended") changeOver(farewell.call);
}

/** @param {Call} ended */
async function changeOver(ended) {
  const parts = await import("./terminal/change_over.js").catch(() => null);
  const next = parts?.nextHere(calling.calls, ended, now());
  turn = parts && next ? { parts, next } : null;
  show();
}

/** A family that gave its pictures is in while somebody is there, and out as soon as nobody is. @param {number} at */
function tendVisit(at) {
  if (!live.view.now?.families.some((family) => family.has_pin && !family.locked)) return;
  const isThere = Boolean(place || calling.seat?.isHere || calling.farewell);
  import("./terminal/pin.js").then(({ tellVisit }) => tellVisit(live, isThere, touched_at, at)).catch(() => {});
}

/** @param {number} at */
function keepToken(at) {
  const renew_at = live.view.now?.terminal?.renew_at;
  if (!renew_at || calling.seat || at < Math.max(ms(renew_at), renewed_at + RENEWED_AGAIN_MS)) return;
  renewed_at = at;
  import("./net/device_key.js")
    .then(({ renewToken }) => renewToken(live.api))
    .catch(() => {}) // tried again; the token is good for days
    .then(() => live.refresh());
}

/** @param {string} id */
const familyOf = (id) => live.view.now?.families.find((family) => family.id === id);

/** The family's next call; tonight's as it stands now. @param {Place} here */
function nextOf({ familyId }) {
  const tonight = upcoming(calling.calls).find((call) => call.family.id === familyId);
  return tonight ?? familyOf(familyId)?.next_call ?? null;
}

/** @param {Place} here @returns {import("./terminal/screens.js").Pair} */
function chosenPair({ familyId, childId, parentId }) {
  const members = familyOf(familyId)?.members ?? [];
  const children = members.filter((member) => member.role === "child");
  const parents = members.filter((member) => member.role === "parent");
  return {
    child: children.find(({ id }) => id === childId) ?? children[0],
    parent: parents.find(({ id }) => id === parentId) ?? parents[0],
  };
}

/** @param {string} familyId */
function openFamily(familyId) {
  if (familyOf(familyId)?.locked) return void openPad(familyId, "open");
  const members = familyOf(familyId)?.members ?? [];
  const count = (/** @type {string} */ role) => members.filter((member) => member.role === role).length;
  const isOnePair = count("child") < 2 && count("parent") < 2;
  go({ page: isOnePair ? "family" : "faces", familyId });
}

/** @param {string} familyId @param {"open" | "set"} what */
async function openPad(familyId, what) {
  const parts = await withWords(import("./terminal/pin.js"), "terminal.pin").catch(() => toast("bad", t("common.offline")));
  const family = familyOf(familyId);
  if (!parts || !family) return;
  pad = new parts.PinPad(live, family, what, { redraw: show, done: () => openFamily(familyId) });
  go({ page: "pin", familyId });
}

/** One step back: to the family's page if it is open, else to the wall. */
function back() {
  const isDeep = place && place.page !== "family" && place.page !== "faces" && !familyOf(place.familyId)?.locked;
  go(place && isDeep ? { ...place, page: "family" } : null);
}

/** @param {Place | null} next */
function go(next) {
  place = next;
  show();
}

/** @param {HTMLElement} element */
function chooseFace(element) {
  if (!place) return;
  const member = familyOf(place.familyId)?.members?.find(({ id }) => id === element.dataset.personId);
  const chosen =
    member?.role === "child" ? { childId: member.id } : member?.role === "parent" ? { parentId: member.id } : {};
  go({ ...place, page: "family", ...chosen });
}

async function ask() {
  if (!place) return;
  const { child, parent } = chosenPair(place);
  if (!child || !parent) return;
  const asked = /** @type {Place} */ ({ ...place, page: "ask", childId: child.id, parentId: parent.id, slots: null });
  await attempt(async () => {
    const pictures = (asking ??= await import("./terminal/asking.js").catch(() => null));
    if (!pictures) throw new ApiError("offline", 0);
    go(asked);
    const [from, until] = [pictures.FROM_MS, pictures.UNTIL_MS].map((ahead) => new Date(now() + ahead).toISOString());
    const found = await live.api.get("/api/slots", { child_id: child.id, parent_id: parent.id, from, until });
    if (place === asked) go({ ...asked, slots: found.slots });
  });
}

async function sendAsk() {
  if (!place?.startsAt) return;
  const { familyId, childId, parentId, startsAt } = place;
  await attempt(async () => {
    const body = { child_id: childId, parent_id: parentId, starts_at: startsAt, is_proposal: true };
    const onwait = () => toast("info", t("common.trying_again"));
    await live.api.command("/api/calls", body, { key: newKey(), onwait });
    await live.refresh();
    go({ page: "family", familyId, childId, parentId });
  });
}

/** @param {HTMLElement} element @param {"confirm" | "decline"} what */
const settle = (element, what) =>
  attempt(async () => {
    await live.api.command(`/api/calls/${element.dataset.callId}/${what}`);
    await live.refresh();
  });

/** @param {() => Promise<void>} run */
async function attempt(run) {
  isBusy = true;
  show();
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
    if (place?.page.startsWith("ask")) place = { ...place, page: "family" };
  } finally {
    isBusy = false;
    show();
  }
}

/** @param {HTMLElement} element */
function join(element) {
  const id = element.dataset.callId;
  const call =
    calling.calls.find((one) => one.id === id) ??
    live.view.now?.families.find((one) => one.next_call?.id === id)?.next_call;
  if (call) calling.join(call).catch(() => toast("bad", t("common.offline")));
}

listen(main, {
  family: (element) => openFamily(element.dataset.familyId ?? ""),
  face: chooseFace,
  back,
  wall: () => go((turn = null)),
  lock: () => place && openPad(place.familyId, "set"),
  pin: (element) => pad?.choose(element.dataset.picture ?? ""),
  "pin-undo": () => pad?.undo(),
  ask,
  slot: (element) => place && go({ ...place, page: "ask-confirm", startsAt: element.dataset.startsAt }),
  "send-ask": sendAsk,
  confirm: (element) => settle(element, "confirm"),
  decline: (element) => settle(element, "decline"),
  here: join,
  answer: join,
  done,
  retry: () => live.refresh(),
  help: () => import("./ui/prompt.js").then((part) => part.help(prompts, main)).catch(() => {}),
  microphone: () => calling.seat?.own.toggleMicrophone(),
  camera: () => calling.seat?.own.toggleCamera(),
  "hang-up": () => {
    hangUp.arm();
    show();
  },
  stay: () => {
    hangUp.disarm();
    show();
  },
  "hang-up-confirm": () => calling.hangUp(),
});
live.subscribe(async ({ now: known }) => {
  if (prompts || !known?.prompts.length) return;
  const { Prompts } = await import("./ui/prompt.js");
  prompts ??= new Prompts(() => live.view.now?.prompts ?? [], main);
});
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => (touched_at = now()), true);

live.start();
show();
calling.prepare().catch(() => {}); // else when it is needed
