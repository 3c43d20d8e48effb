/** What a touch does with calls: each command once, and how it went is said. Which screen stands is not decided here. */
import { t } from "../core/texts.js";
import { dayAndTime, now } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { send } from "../net/intents.js";
import { sentence, toast, withWords } from "../ui/dom.js";
import * as ask from "./dialogs.js";
import { partners } from "./home.js";
import { waits } from "./known.js";
import * as places from "./settings_places.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("./home.js").Partner} Partner */
/** @typedef {import("./aims.js").Aim} Aim */
/** What the place says that was touched. @typedef {DOMStringMap} Touched */

/** @param {Phone} phone @returns {Record<string, (touched: Touched) => unknown>} */
export const deeds = (phone) => ({
  book: (touched) => book(phone, touched),
  "call-now": () => chooseWhom(phone),
  details: (touched) => withCall(phone, touched, (call) => details(phone, call)),
  confirm: (touched) => withCall(phone, touched, (call) => confirm(phone, call)),
  decline: (touched) => withCall(phone, touched, (call) => decline(phone, call)),
  "decline-offer": (touched) => withCall(phone, touched, (call) => declineOffer(phone, call)),
  counter: (touched) => withCall(phone, touched, (call) => choose(phone, (aims) => aims.countering(call))),
  cancel: (touched) => withCall(phone, touched, (call) => cancel(phone, call)),
  move: (touched) => withCall(phone, touched, (call) => move(phone, call)),
  offer: (touched) => withCall(phone, touched, (call) => takeNewTime(phone, call, touched.startsAt ?? "")),
  series: (touched) => openSeries(phone, touched.seriesId ?? ""),
  "wait-end": (touched) => endWait(phone, touched.waitId ?? ""),
  messages: (touched) => openMessages(phone, touched),
  "try-line": () => tryLine(phone),
  aloud: () => places.turnAloud(phone),
  "wrong-person": (touched) => withCall(phone, touched, (call) => wrongPerson(phone, call)),
});

/** @param {Phone} phone @param {Touched} touched @param {(call: Call) => unknown} run */
function withCall({ calling }, { callId }, run) {
  const call = calling.calls.find(({ id }) => id === callId) ?? calling.farewell?.call;
  if (call) run(call);
  else toast("info", t("phone.agree.has_changed")); // since it was shown
}

const stillTrying = () => toast("info", t("common.trying_again"));

/**
 * One touch, one command; the call stands as busy meanwhile. @param {Phone} phone @param {string} id of the call
 * @param {string} path @param {object} body @param {(answer: any) => string} done what is said then
 */
async function command({ live, busy, show }, id, path, body, done) {
  busy.add(id);
  show();
  try {
    const answer = await send(live.api, path, body, stillTrying);
    toast("good", done(answer));
    if (answer.state) live.adopt(answer);
    else await live.refresh();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
    await live.refresh();
  } finally {
    busy.delete(id);
    show();
  }
}

/** @param {Phone} phone @param {Call} call */
const confirm = (phone, call) =>
  command(phone, call.id, `/api/calls/${call.id}/confirm`, {}, (answer) =>
    t(call.state === "proposed" ? "phone.agree.booked" : "phone.agree.confirmed", { when: whenOf(phone, answer) }),
  );

/** @param {Phone} phone @param {Call} call */
const declineOffer = (phone, call) =>
  command(phone, call.id, `/api/calls/${call.id}/decline`, {}, () => t("phone.agree.offer_declined"));

/** @param {Phone} phone @param {Call} call */
function decline(phone, call) {
  const counter = () => choose(phone, (aims) => aims.countering(call));
  ask.whyNot(call.can.includes("counter") ? counter : null, async (reason, wait) => {
    phone.live.adopt(await send(phone.live.api, `/api/calls/${call.id}/decline`, { reason }, wait));
    toast("good", t("phone.agree.declined"));
  });
}

/** @param {Phone} phone @param {Call} call */
function cancel(phone, call) {
  if (call.series_id) return void withSeries(phone, (part) => part.cancelOf(phone, call));
  ask.reason(t("phone.agree.cancel_title"), null, async (reason, _scope, wait) => {
    phone.live.adopt(await send(phone.live.api, `/api/calls/${call.id}/cancel`, { reason }, wait));
    toast("good", t("phone.agree.cancelled"));
  });
}

/** @param {Phone} phone @param {Call} call */
function move(phone, call) {
  if (call.series_id) return withSeries(phone, (part) => part.moveOf(phone, call, (aim) => choose(phone, () => aim)));
  return choose(phone, (aims) => aims.moving(call));
}

/** @param {Phone} phone @param {string} seriesId */
const openSeries = (phone, seriesId) =>
  withSeries(phone, (part) => part.openSeries(phone, seriesId, (aim) => choose(phone, () => aim)));

/** @param {Phone} phone @param {(part: typeof import("./series.js")) => unknown} use */
const withSeries = (phone, use) =>
  phone.withPart(withWords(import("./series.js"), "phone.series", "phone.extra"), use);

/** @param {Phone} phone @param {Touched} touched */
function book(phone, { childId, parentId }) {
  const all = phone.live.view.now ? partners(phone.live.view.now) : [];
  const isNamed = (/** @type {Partner} */ one) =>
    one.childId === childId && (!parentId || !one.parentId || one.parentId === parentId);
  const partner = all.find(isNamed) ?? all[0];
  phone.calling.dismiss();
  if (partner) choose(phone, (aims) => aims.newCall(partner));
}

/** @param {Phone} phone */
const tryLine = (phone) =>
  phone.withPart(withWords(import("./line.js"), "phone.line"), async ({ LinePage, ready }) => {
    await ready;
    const page = new LinePage(phone);
    phone.open(page);
    await page.start();
  });

/** What the page of messages stands on, deep down: by a thin link it takes long to be asked for one after the other. */
const VOICE = [
  "courier", "delivery", "encode", "failures", "level", "ogg", "photo", "photo_way", "pieces", "record", "recorder_view", "seal",
  "store", "takes", "turns", "upload", "waveform",
]; // prettier-ignore

/** @param {Phone} phone @param {Touched} touched */
function openMessages(phone, { childId, parentId }) {
  const below = VOICE.map((name) => import(`../voice/${name}.js`));
  const parts = Promise.all([import("./messages.js"), ...below]);
  return phone.withPart(withWords(parts, "phone.messages", "common.voice"), async ([{ MessagesPage, ready }]) => {
    await ready;
    phone.open(new MessagesPage(phone, childId, parentId));
  });
}

/** Opens the page on which a time is chosen.
 * @param {Phone} phone @param {(aims: typeof import("./aims.js")) => Aim} aimed */
function choose(phone, aimed) {
  const parts = Promise.all([import("./booking.js"), import("./aims.js")]);
  return phone.withPart(withWords(parts, "phone.time", "phone.extra"), async ([{ Booking, ready }, aims]) => {
    await ready;
    phone.open(new Booking(phone, aimed(aims)));
  });
}

/** @param {Phone} phone */
function chooseWhom(phone) {
  const { now: known } = phone.live.view;
  const all = known ? partners(known) : [];
  if (all.length === 1) return void callNow(phone, all[0]);
  ask.whom(all, known?.families ?? [], (partner) => callNow(phone, partner));
}

/** @param {Phone} phone @param {Partner} partner */
async function callNow(phone, { childId, parentId }) {
  const { live, busy, show, calling } = phone;
  busy.add("now");
  show();
  try {
    const pair = { child_id: childId, ...(parentId && { parent_id: parentId }) };
    const call = await live.api.command("/api/calls/now", pair, { onwait: stillTrying });
    live.adopt(call);
    await calling.join(call).catch(() => toast("bad", t("common.offline")));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    ask.tellRefusal(error, () => book(phone, { childId, parentId }));
  } finally {
    busy.delete("now");
    show();
  }
}

/** @param {Phone} phone @param {Call} call @param {string} startsAt */
function takeNewTime(phone, call, startsAt) {
  const pair = { child_id: call.child.id, ...(call.my_side === "village" && { parent_id: call.parent.id }) };
  const key = call.my_side === "village" ? "phone.agree.asked" : "phone.agree.booked";
  return command(phone, call.id, "/api/calls", { ...pair, starts_at: startsAt }, (answer) =>
    t(key, { when: whenOf(phone, answer) }),
  );
}

/** @param {Phone} phone @param {string} waitId */
const endWait = (phone, waitId) =>
  command(phone, waitId, `/api/waits/${waitId}/end`, {}, (answer) => {
    waits.own = answer.waits;
    return t("phone.agree.wait_ended");
  });

/** @param {Phone} phone @param {Call} call */
function details(phone, call) {
  const acts = deeds(phone);
  ask.details(call, whenOf(phone, call), (act, touched) => acts[act](touched));
}

/** Nobody is asked any more once the call is over here, or goes on elsewhere. @param {Phone} phone @param {Call} call */
function wrongPerson(phone, call) {
  const ringAgain = () => command(phone, call.id, `/api/calls/${call.id}/wrong_person`, {}, () => t("common.call.rung_again"));
  const dialog = ask.wrongPerson(ringAgain);
  const look = () => phone.calling.seat?.call.id === call.id || dialog.close();
  addEventListener("homethread:call", look);
  dialog.addEventListener("close", () => removeEventListener("homethread:call", look));
}

/** @param {Phone} phone @param {Call} call */
const whenOf = ({ live }, { starts_at, zone }) => dayAndTime(starts_at, live.view.now?.zone ?? zone, now());
