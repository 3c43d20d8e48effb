/** The parent's face: which screen stands now, and what each touch does. */
import { otherPerson, upcoming } from "./core/rings.js";
import { t } from "./core/texts.js";
import { dayAndTime, now } from "./core/time.js";
import { ApiError, newKey } from "./net/api.js";
import { Live } from "./net/live.js";
import { endedScreen, homeScreen } from "./phone/home.js";
import { Calling } from "./ui/calling.js";
import { callScreen, HangUp, ringScreen, showStreams } from "./ui/callscreen.js";
import { button, draw, h, icon, listen, openDialog, photo, round, sentence, startPage, toast } from "./ui/dom.js";

/** @typedef {import("./core/wire.js").Call} Call */
/** @typedef {import("./phone/booking.js").Pair & {face: import("./core/wire.js").Person}} Partner */

const REASONS = { shift_changed: "calendar", no_time: "clock", sick: "help", other: "message" };

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
  const { Door } = await import("./phone/door.js");
  if (door) return;
  door = new Door(live.api, { redraw: show, done: () => live.enter().then(welcome) });
  const scanned = takeScanned();
  if (scanned) await door.scanned(scanned);
  show();
}

/** The digits behind the # of a card's address, once: they leave the address bar. */
function takeScanned() {
  const digits = /^#join=(\d{12})$/.exec(location.hash)?.[1];
  if (digits) history.replaceState(null, "", location.pathname);
  return digits;
}

function welcome() {
  door = null;
  const { me } = live.view.now ?? {};
  if (me) toast("good", t("phone.welcome", { name: me.name }));
  show();
}

async function settings() {
  const parts = await import("./phone/settings.js").catch(() => null);
  if (!parts) return toast("bad", t("common.offline"));
  await parts.openSettings(live, () => live.leave());
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
    const changed = await live.api.command(path, body, { key, onwait: () => toast("info", t("common.trying_again")) });
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

/** @param {Call} call */
const join = (call) => calling.join(call).catch(() => toast("bad", t("common.offline")));

/** @param {import("./phone/booking.js").Pair} partner @param {Call | null} moving */
async function book(partner, moving) {
  calling.standDown();
  const parts = await import("./phone/booking.js").catch(() => null);
  if (!parts) return toast("bad", t("common.offline"));
  const { Booking } = parts;
  booking = new Booking(live.api, partner, moving, show);
  show();
}

/** With whom this person speaks: a parent with each child, who lives with the children with each parent. */
function partners() {
  /** @param {import("./core/wire.js").Family} family @returns {Partner[]} */
  const inFamily = ({ role, children = [], parents = [] }) =>
    role === "parent"
      ? children.map((face) => ({ face, childId: face.id }))
      : parents.flatMap((face) => children.slice(0, 1).map((child) => ({ face, childId: child.id, parentId: face.id })));
  return (live.view.now?.families ?? []).flatMap(inFamily);
}

/** @param {Partner} partner */
async function callNow({ childId, parentId }) {
  try {
    const call = await live.api.command("/api/calls/now", { child_id: childId, ...(parentId && { parent_id: parentId }) });
    live.adopt(call);
    await join(call);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
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

/** @param {Call} call */
function askReason(call) {
  const choices = Object.entries(REASONS).map(([reason, iconId]) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: "reason", value: reason, checked: reason === "other" }),
      icon(iconId),
      h("span", {}, t(`common.reason.${reason}`)),
    ),
  );
  const dialog = openDialog(
    t("phone.cancel_title"),
    [h("fieldset", { class: "choices" }, h("legend", { class: "choices__title" }, t("phone.cancel_why")), choices)],
    [
      button("close", "btn btn--quiet", null, t("phone.keep")),
      button("cancel-confirm", "btn btn--danger", "close", t("phone.cancel_confirm")),
    ],
    {
      "cancel-confirm": () => {
        const chosen = /** @type {HTMLInputElement} */ (dialog.querySelector("input:checked"));
        command(call, `/api/calls/${call.id}/cancel`, { reason: chosen.value }, t("phone.cancelled"));
      },
    },
  );
}

/** @param {Call} call */
function askWrongPerson(call) {
  openDialog(
    t("common.call.wrong_person"),
    [h("p", {}, t("common.call.wrong_person_sure"))],
    [
      button("close", "btn btn--quiet", null, t("common.call.stay")),
      button("ring-again", "btn btn--primary", "bell", t("common.call.wrong_person")),
    ],
    { "ring-again": () => command(call, `/api/calls/${call.id}/wrong_person`, {}, t("common.call.rung_again")) },
  );
}

/** What can be done with a later call. @param {Call} call */
function openDetails(call) {
  const named = { "data-call-id": call.id };
  /** @type {Record<string, [string, string, string]>} */
  const kinds = {
    confirm: ["btn btn--primary", "check", call.state === "proposed" ? "phone.accept" : "phone.confirm"],
    decline: ["btn", "close", "phone.decline"],
    move: ["btn", "move", "phone.move"],
    cancel: ["btn btn--danger", "close", "phone.cancel"],
  };
  const places = call.can.flatMap((can) => {
    if (!kinds[can]) return [];
    const [className, iconId, key] = kinds[can];
    return [button(can, className, iconId, t(key), named)];
  });
  const when = dayAndTime(call.starts_at, live.view.now?.zone ?? call.zone, now());
  const close = button("close", "btn btn--quiet", null, t("common.close"));
  openDialog(otherPerson(call).name, [h("p", {}, when)], [close, ...places], acts);
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
    const childId = element.dataset.childId ?? upcoming(calling.calls)[0]?.child.id;
    const all = partners();
    const partner = all.find((one) => one.childId === childId) ?? all[0];
    calling.dismiss();
    if (partner) book(partner, null);
  },
  "call-now": () => {
    const all = partners();
    if (all.length < 2) return all.forEach(callNow);
    const faces = all.map((one, place) =>
      h("button", { class: "row", type: "button", "data-act": `now-${place}` }, photo(one.face, "m"), one.face.name),
    );
    const close = button("close", "btn btn--quiet", null, t("common.close"));
    openDialog(t("phone.call_now"), faces, [close], Object.fromEntries(all.map((one, place) => [`now-${place}`, () => callNow(one)])));
  },
  child: (element) => booking?.setChild(element.dataset.childId ?? ""),
  day: (element) => booking?.setDay(Number(element.dataset.day)),
  slot: (element) => booking?.choose(element.dataset.startsAt ?? ""),
  "reload-slots": () => booking?.load(),
  "send-booking": sendBooking,
  details: (element) => withCall(element, openDetails),
  confirm: (element) =>
    withCall(element, (call) => command(call, `/api/calls/${call.id}/confirm`, {}, t("phone.confirmed"))),
  decline: (element) =>
    withCall(element, (call) => command(call, `/api/calls/${call.id}/decline`, {}, t("phone.declined"))),
  cancel: (element) => withCall(element, askReason),
  move: (element) => withCall(element, (call) => book({ childId: call.child.id, parentId: call.parent.id }, call)),
  offer: (element) =>
    withCall(element, (call) => {
      const starts_at = element.dataset.startsAt ?? "";
      const when = dayAndTime(starts_at, live.view.now?.zone ?? call.zone, now());
      const pair = { child_id: call.child.id, ...(call.my_side === "village" && { parent_id: call.parent.id }) };
      command(call, "/api/calls", { ...pair, starts_at }, t(call.my_side === "village" ? "phone.asked" : "phone.booked", { when }));
    }),
  join: (element) => withCall(element, join),
  answer: (element) => withCall(element, join),
  later: (element) => withCall(element, (call) => calling.putOff(call)),
  microphone: () => calling.seat?.own.toggleMicrophone(),
  camera: () => calling.seat?.own.toggleCamera(),
  "wrong-person": (element) => withCall(element, askWrongPerson),
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
