/** The parent's face: which screen stands now, and where each touch goes. */
import { t } from "./core/texts.js";
import { now } from "./core/time.js";
import { Live } from "./net/live.js";
import { homeScreen, wantsMore } from "./phone/home.js";
import { Calling } from "./ui/calling.js";
import { answeringOf, callScreen, HangUp, ringScreen, showStreams } from "./ui/callscreen.js";
import { clearToast, draw, listen, round, startPage, toast, withWords } from "./ui/dom.js";

/** @typedef {import("./core/wire.js").Call} Call */
/** @typedef {import("./core/wire.js").Now} Now */
/**
 * What stands instead of the first screen until one goes back.
 * @typedef {{name: string, screen: (now: Now, at: number) => HTMLElement, acts: import("./ui/dom.js").Acts,
 *   typing?: (event: Event) => void}} Page
 * What later parts may do here.
 * @typedef {{live: Live, calling: Calling, busy: Set<string>, show: () => void, open: (page: Page | null) => void,
 *   withPart: typeof withPart}} Phone
 */

const SLOW_MS = 700;
const STAYS_AFTER_MS = 6_000;
const TOLD_AGAIN_MS = 4_000;

const main = startPage();
const live = new Live("phone", { keep: true });
const hangUp = new HangUp();
/** @type {Page | null} */
let page = null;
/** Where nobody is signed in. @type {import("./phone/door.js").Door | null} */
let door = null;
/** A card that was scanned, until it is known whether somebody is signed in here. */
let card = takeScanned();
/** What the first screen says beyond each call. @type {import("./phone/extras.js").Extras | null} */
let extras = null;
/** How a call ended. @type {typeof import("./phone/ended.js") | null} */
let ended = null;
/** What was known here before, where nobody answers. @type {typeof import("./phone/kept.js") | null} */
let kept = null;
/** Parts on their way. @type {Set<string>} */
const coming = new Set();

const calling = new Calling(live, { redraw: show, standsReady: () => !document.hidden && !page });
/** @type {Phone} */
const phone = { live, calling, busy: new Set(), show, open, withPart };

function show() {
  const at = now();
  const { seat, farewell, ringing: rung } = calling;
  const { view } = live;
  live.page = main.dataset.screen ?? "start";
  if ((seat?.isHere || farewell) && !ended) fetchLate("ended", endedPart, (part) => (ended = part));
  const answering = answeringOf(calling);
  if (answering?.isOpen) draw(main, "answering", answering.screen());
  else if (seat?.isHere) {
    const tree = callScreen(seat, at, hangUp, view.now?.zone ?? "UTC");
    const next = hangUp.isArmed && ended?.beforeEnd(seat.call, view, at);
    if (next) tree.append(next);
    draw(main, seat.phase, tree, "call");
  }
  else if (farewell && ended) draw(main, farewell.kind, ended.endedScreen(farewell, view, at, phone.busy));
  else if (rung) draw(main, "ring", ringScreen(rung, ringPlaces(rung)));
  else if (view.error?.status === 401) showDoor();
  else if (page && view.now) draw(main, page.name, page.screen(view.now, at));
  else showHome(at);
  showStreams(main, seat);
}

/** @param {number} at */
function showHome(at) {
  const { view } = live;
  if (!extras && view.now && (localStorage["homethread.outbox"] || wantsMore(view.now.calls))) {
    fetchLate("extras", extrasPart, (part) => (extras = new part.Extras(phone)));
  }
  if (!kept && !view.now && view.reach === "offline") {
    fetchLate("kept", () => import("./phone/kept.js"), (part) => (kept = part).recall(live)); // prettier-ignore
  }
  extras?.look();
  draw(main, "home", homeScreen(view, at, phone.busy, extras));
}

/** @param {Page | null} next */
function open(next) {
  calling.standDown();
  page = next;
  show();
}

const endedPart = () => withWords(import("./phone/ended.js"), "phone.ended", "phone.extra");
const extrasPart = () => withWords(import("./phone/extras.js"), "phone.extra");
/** Who never allowed notifications here, and was not sent by one, needs no part for them. */
const pushesPart = async () =>
  (/^#(call|messages)=/.test(location.hash) || window.Notification?.permission === "granted") &&
  (await import("./phone/pushes.js")).start(phone);
/** What an earlier visit left to be sent goes on its way. */
const sendingPart = async () => localStorage["homethread.outbox"] && (await import("./phone/sending.js")).sending(phone);
const beginningPart = async () =>
  (await withWords(import("./phone/beginning.js"), "phone.begin", "phone.settings")).begin(phone);
/** What was not gone through, or is wished for on this phone. */
const wishedPart = () => localStorage["homethread.begin"] && main.dataset.screen === "home" && beginningPart();
const aloudPart = async () =>
  localStorage["homethread.aloud"] && (await withWords(import("./phone/aloud.js"), "phone.aloud")).start(phone);
const stayingPart = async () => (await import("./phone/staying.js")).stay(phone);
const deedsPart = () => withWords(import("./phone/deeds.js"), "phone.agree");

/** A part that a screen wants; without a network the next drawing asks again. @template P @param {string} name
 * @param {() => Promise<P>} fetched @param {(part: P) => unknown} use */
function fetchLate(name, fetched, use) {
  if (coming.has(name)) return;
  coming.add(name);
  const done = () => coming.delete(name);
  fetched().then((part) => (use(part), done(), show()), done);
}

/** Nobody is signed in here. */
function showDoor() {
  if (door) return draw(main, ...door.screen());
  draw(main, "home", homeScreen(live.view, now(), phone.busy, null));
  openDoor().catch(() => {}); // without a network the screen says so, and the next reading tries again
}

async function openDoor() {
  const { Door, ready } = await withWords(import("./phone/door.js"), "phone.door");
  await ready;
  if (door) return;
  door = new Door(live.api, { redraw: show, done: entered });
  if (localStorage["homethread.cache"]) void import("./voice/cache.js").then(({ wipe }) => wipe()); // signed out from afar
  readCard();
  show();
}

/** The digits behind the # of a card's address, once: they leave the address bar. */
function takeScanned() {
  const digits = /^#join=(\d{12})$/.exec(location.hash)?.[1] ?? "";
  if (digits) history.replaceState(null, "", location.pathname);
  return digits;
}

/** Nobody is signed in: come in by the card. Somebody is: ask whether it is to be somebody else. */
function readCard() {
  const { now: known, reach, error } = live.view;
  if (!card || (!door && !(known && reach === "online" && !error))) return;
  const digits = card;
  card = "";
  if (door) door.scanned(digits);
  else withPart(withWords(import("./phone/welcome.js"), "phone.change"), (part) => part.askToChange(live, digits, entered));
}

/** Somebody has just come in on this page. */
async function entered() {
  calling.standDown();
  page = extras = null;
  await live.enter();
  door = null;
  show();
  await withPart(withWords(import("./phone/welcome.js"), "phone.settings"), (part) => part.welcome(live, beginningPart));
}

/** A part that is fetched when it is needed; where that takes long, it is said.
 * @template P @param {Promise<P>} part @param {(part: P) => unknown} use */
async function withPart(part, use) {
  let isTold = false;
  const tell = () => ((isTold = true), toast("info", t("common.loading")));
  const timers = [setTimeout(tell, SLOW_MS), setInterval(tell, TOLD_AGAIN_MS)];
  const fetched = await part.catch(() => null);
  for (const timer of timers) clearTimeout(timer);
  if (isTold) clearToast();
  if (fetched) await use(fetched);
  else toast("bad", t("common.offline"));
}

/** @param {Call} call */
const ringPlaces = (call) => [
  round("later", "plain", "clock", t("phone.later_ring"), { "data-call-id": call.id }),
  round("answer", "answer", "phone-call", t("phone.answer"), {
    "data-call-id": call.id,
    extra: "round--pulse",
    "data-focus": true,
  }),
];

/** @param {HTMLElement} element @param {(call: Call) => void} run */
function withCall({ dataset }, run) {
  const call = calling.calls.find(({ id }) => id === dataset.callId) ?? calling.farewell?.call;
  if (call) run(call);
}

/** @param {HTMLElement} element */
const join = (element) =>
  withCall(element, (call) => withPart(calling.join(call).then(() => true), Boolean));

/** @type {import("./ui/dom.js").Acts} */
const acts = {
  retry: () => live.refresh(),
  settings: () =>
    withPart(withWords(import("./phone/settings.js"), "phone.settings"), (part) => part.openSettings(phone)),
  home: () => {
    page = null;
    calling.dismiss();
  },
  join,
  answer: join,
  later: (element) => withCall(element, (call) => calling.putOff(call)),
  microphone: () => calling.seat?.own.toggleMicrophone(),
  camera: () => calling.seat?.own.toggleCamera(),
  "save-data": () => calling.saveData(),
  turns: (element) => {
    deed("messages")(element); // opens when it has been fetched
    calling.hangUp();
    calling.dismiss();
  },
  "hang-up": () => {
    hangUp.arm();
    show();
  },
  stay: () => {
    hangUp.disarm();
    show();
  },
  "hang-up-confirm": () => calling.hangUp(),
};

/** Whatever else can be touched is the page's or the door's, or a deed that is fetched when somebody wants it. */
const others = new Proxy(/** @type {import("./ui/dom.js").Acts} */ ({}), {
  get: (_none, name) => {
    const act = String(name);
    return acts[act] ? null : (page?.acts[act] ?? door?.acts[act] ?? deed(act));
  },
});

/** @param {string} act */
const deed = (act) => (/** @type {HTMLElement} */ element) => {
  const { dataset } = /** @type {HTMLElement} */ (element.cloneNode()); // as it was touched: the screen may change
  withPart(deedsPart(), ({ deeds }) => deeds(phone)[act]?.(dataset));
};

listen(main, acts);
listen(main, others);
for (const kind of ["input", "keydown"]) main.addEventListener(kind, (event) => (door ?? page)?.typing?.(event));
live.subscribe(readCard);
addEventListener("hashchange", () => {
  card = takeScanned() || card;
  readCard();
});
live.start();
show();
/** Later parts come when the first screen stands, a call's before all others. */
const idle = window.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 500));
/** The server has been heard, or can't be. */
const heard = new Promise((done) => live.subscribe(({ reach }) => reach !== "starting" && done(null)));
idle(() => void aloudPart().catch(() => {}));
idle(() =>
  Promise.all([calling.prepare(), heard])
    .then(pushesPart)
    .then(() => void sendingPart().catch(() => {}))
    .then(deedsPart)
    .then(wishedPart)
    .then(() => withWords(import("./phone/booking.js"), "phone.time", "phone.extra"))
    .then(() => setTimeout(() => void stayingPart().catch(() => {}), STAYS_AFTER_MS))
    .catch(() => {}),
); // else when they are needed
