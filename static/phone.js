/** The parent's face: which screen stands now, and what each touch does. */
import { t } from "./core/texts.js";
import { dayAndTime, now } from "./core/time.js";
import { ApiError, newKey } from "./net/api.js";
import { Live } from "./net/live.js";
import { endedScreen, homeScreen, partners } from "./phone/home.js";
import { Calling } from "./ui/calling.js";
import { callScreen, HangUp, ringScreen, showStreams } from "./ui/callscreen.js";
import { draw, listen, round, sentence, startPage, toast, withWords } from "./ui/dom.js";

/** @typedef {import("./core/wire.js").Call} Call */
/** @typedef {import("./phone/home.js").Partner} Partner */

const main = startPage();
const live = new Live("phone", { keep: true });
const hangUp = new HangUp();
/** Calls with a command under way. @type {Set<string>} */
const busy = new Set();
/** Keys of commands that got no answer, so that another touch goes on with the same one. @type {Map<string, string>} */
const unanswered = new Map();
/** @type {import("./phone/booking.js").Booking | null} */
let booking = null;
/** Where nobody is signed in. @type {import("./phone/door.js").Door | null} */
let door = null;
/** A card that was scanned, until it is known whether somebody is signed in here. */
let card = takeScanned();

const calling = new Calling(live, { redraw: show, standsReady: () => !document.hidden && !booking });

function show() {
  const at = now();
  const { seat, farewell, ringing: rung } = calling;
  const { view } = live;
  live.page = main.dataset.screen ?? "start";
  if (seat?.isHere) draw(main, seat.phase, callScreen(seat, at, hangUp, view.now?.zone ?? "UTC"), "call");
  else if (farewell) draw(main, farewell.kind, endedScreen(farewell, view, at, busy));
  else if (rung) draw(main, "ring", ringScreen(rung, ringPlaces(rung)));
  else if (view.error?.status === 401) showDoor();
  else if (booking && view.now) draw(main, "book", booking.screen(view.now, at));
  else draw(main, "home", homeScreen(view, at, busy));
  showStreams(main, seat);
}

/** Nobody is signed in here. */
function showDoor() {
  if (door) return draw(main, ...door.screen());
  draw(main, "home", homeScreen(live.view, now(), busy));
  openDoor().catch(() => {}); // without a network the screen says so, and the next reading tries again
}

async function openDoor() {
  const { Door, ready } = await withWords(import("./phone/door.js"), "phone.door");
  await ready;
  if (door) return;
  door = new Door(live.api, { redraw: show, done: entered });
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
  booking = null;
  await live.enter();
  door = null;
  show();
  await withPart(withWords(import("./phone/welcome.js"), "phone.settings"), (part) => part.welcome(live));
}

const settings = () => withPart(withWords(import("./phone/settings.js"), "phone.settings"), (part) => part.openSettings(live));

/** @param {(dialogs: typeof import("./phone/dialogs.js")) => unknown} use */
const withDialogs = (use) => withPart(import("./phone/dialogs.js"), use);

/** A part that is fetched when it is needed. @template P @param {Promise<P>} part @param {(part: P) => unknown} use */
async function withPart(part, use) {
  const fetched = await part.catch(() => null);
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

/** @param {HTMLElement} element */
function callOf(element) {
  const id = element.dataset.callId;
  return calling.calls.find((call) => call.id === id) ?? calling.farewell?.call ?? null;
}

/**
 * Does something with a call, and says how it went. @param {Call} call @param {string} path @param {object} body
 * @param {string} done
 */
async function command(call, path, body, done) {
  const intent = path + JSON.stringify(body);
  const key = unanswered.get(intent) ?? newKey();
  unanswered.set(intent, key);
  busy.add(call.id);
  show();
  try {
    const changed = await live.api.command(path, body, { key, onwait: stillTrying });
    unanswered.delete(intent);
    toast("good", done);
    live.adopt(changed);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!error.isPassing) unanswered.delete(intent);
    toast("bad", sentence(error));
    await live.refresh();
  } finally {
    busy.delete(call.id);
    show();
  }
}

const stillTrying = () => toast("info", t("common.trying_again"));

/** @param {Call} call */
const join = (call) => calling.join(call).catch(() => toast("bad", t("common.offline")));

/** @param {import("./phone/booking.js").Pair} partner @param {Call | null} moving */
async function book(partner, moving) {
  calling.standDown();
  await withPart(import("./phone/booking.js"), ({ Booking }) => (booking = new Booking(live.api, partner, moving, show)));
  show();
}

/** The partner whom a place names, or else the first. @param {HTMLElement} [place] @returns {Partner | undefined} */
function partnerOf(place) {
  const { childId, parentId } = place?.dataset ?? {};
  const all = live.view.now ? partners(live.view.now) : [];
  const isNamed = (/** @type {Partner} */ one) =>
    one.childId === childId && (!parentId || !one.parentId || one.parentId === parentId);
  return all.find(isNamed) ?? all[0];
}

/** @param {Partner} partner */
async function callNow({ childId, parentId }) {
  busy.add("now");
  show();
  try {
    const pair = { child_id: childId, ...(parentId && { parent_id: parentId }) };
    const call = await live.api.command("/api/calls/now", pair, { onwait: stillTrying });
    live.adopt(call);
    await join(call);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    await withDialogs((ask) => ask.tellRefusal(error, () => book({ childId, parentId }, null)));
  } finally {
    busy.delete("now");
    show();
  }
}

async function sendBooking() {
  const call = await booking?.send();
  if (!call) return;
  booking = null;
  const key = call.state === "proposed" ? "phone.asked" : "phone.booked";
  toast("good", t(key, { when: dayAndTime(call.starts_at, live.view.now?.zone ?? call.zone, now()) }));
  live.adopt(call);
}

/** @type {import("./ui/dom.js").Acts} */
const acts = {
  retry: () => live.refresh(),
  settings,
  home: () => {
    booking = null;
    calling.dismiss();
  },
  book: (element) => {
    const partner = partnerOf(element);
    calling.dismiss();
    if (partner) book(partner, null);
  },
  "call-now": () => {
    const all = live.view.now ? partners(live.view.now) : [];
    if (all.length === 1) callNow(all[0]);
    else withDialogs((ask) => ask.whom(all, live.view.now?.families ?? [], callNow));
  },
  whom: (element) => booking?.setPair(/** @type {Partner} */ (partnerOf(element))),
  day: (element) => booking?.setDay(Number(element.dataset.day)),
  slot: (element) => booking?.choose(element.dataset.startsAt ?? ""),
  "reload-slots": () => booking?.load(),
  "send-booking": sendBooking,
  details: (element) => withCall(element, (call) => withDialogs((ask) => ask.details(call, live.view.now?.zone ?? call.zone, acts))),
  confirm: (element) =>
    withCall(element, (call) => command(call, `/api/calls/${call.id}/confirm`, {}, t("phone.confirmed"))),
  decline: (element) =>
    withCall(element, (call) => command(call, `/api/calls/${call.id}/decline`, {}, t("phone.declined"))),
  cancel: (element) => withCall(element, (call) =>
      withDialogs((ask) =>
        ask.reason((reason) => command(call, `/api/calls/${call.id}/cancel`, { reason }, t("phone.cancelled"))),
      ),
    ),
  move: (element) => withCall(element, (call) => book({ childId: call.child.id, parentId: call.parent.id }, call)),
  offer: (element) =>
    withCall(element, (call) => {
      const starts_at = element.dataset.startsAt ?? "";
      const when = dayAndTime(starts_at, live.view.now?.zone ?? call.zone, now());
      const pair = { child_id: call.child.id, ...(call.my_side === "village" && { parent_id: call.parent.id }) };
      const done = t(call.my_side === "village" ? "phone.asked" : "phone.booked", { when });
      command(call, "/api/calls", { ...pair, starts_at }, done);
    }),
  join: (element) => withCall(element, join),
  answer: (element) => withCall(element, join),
  later: (element) => withCall(element, (call) => calling.putOff(call)),
  microphone: () => calling.seat?.own.toggleMicrophone(),
  camera: () => calling.seat?.own.toggleCamera(),
  "wrong-person": (element) => withCall(element, (call) =>
      withDialogs((ask) =>
        ask.wrongPerson(() => command(call, `/api/calls/${call.id}/wrong_person`, {}, t("common.call.rung_again"))),
      ),
    ),
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

/** @param {HTMLElement} element @param {(call: Call) => void} run */
function withCall(element, run) {
  const call = callOf(element);
  if (call) run(call);
}

listen(main, acts);
listen(main, new Proxy({}, { get: (_none, act) => door?.acts[String(act)] }));
for (const kind of ["input", "keydown"]) main.addEventListener(kind, (event) => door?.typing(event));
live.subscribe(readCard);
addEventListener("hashchange", () => {
  card = takeScanned() || card;
  readCard();
});
live.start();
show();
/** Later parts come when the first screen stands, a call's before all others. */
const idle = window.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 500));
idle(() =>
  calling
    .prepare()
    .then(() => import("./phone/booking.js"))
    .catch(() => {}),
); // else when they are needed
