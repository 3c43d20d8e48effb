/** The coordinator's face: which view stands now, and what each touch and key does. */
import { t } from "./core/texts.js";
import { now as serverNow } from "./core/time.js";
import { familyList, openFamily } from "./desk/families.js";
import { neighbour, scrollToNow, tonight } from "./desk/tonight.js";
import { ApiError, newKey } from "./net/api.js";
import { Live } from "./net/live.js";
import { banner, button, draw, h, icon, listen, sentence, startPage, stateOf, toast } from "./ui/dom.js";

/** @typedef {import("./desk/wire.js").DeskNow} DeskNow */
/** @typedef {import("./core/wire.js").Call} Call */

const TABS = { tonight: "calendar", ledger: "book", troubles: "warning" };
const REDRAW_MS = 10_000;
const REREAD_MS = 30_000; // a terminal that falls silent gives no hint

const main = startPage();
const live = new Live("desk");
/** The block that Tab leads to. @type {string | null} */
let focusId = null;
/** Troubles whose second try is under way. @type {Set<string>} */
const busy = new Set();
/** Keys of commands that got no answer, so that another touch goes on with the same one. @type {Map<string, string>} */
const unanswered = new Map();
/** @type {WeakSet<Element>} time lines that were scrolled to now once */
const scrolled = new WeakSet();
/** Parts that come later. @type {{ledger?: import("./desk/ledger.js").LedgerView, troubles?: typeof import("./desk/troubles.js")}} */
const parts = {};

/** @type {import("./desk/wire.js").Desk} */
const desk = {
  live,
  now: () => /** @type {DeskNow | null} */ (live.view.now),
  command,
  async openCall(id) {
    const details = await later(() => import("./desk/details.js"));
    if (details) new details.Details(desk, id);
  },
  async book(family, moving) {
    const booking = await later(() => import("./desk/booking.js"));
    if (booking) new booking.Booking(desk, family, moving);
  },
};

/** @returns {keyof typeof TABS} */
const tab = () => /** @type {keyof typeof TABS} */ (Object.keys(TABS).find((name) => `#${name}` === location.hash) ?? "tonight");

function show() {
  const now = desk.now();
  const at = serverNow();
  const focused = document.activeElement?.closest(".block");
  live.page = tab();
  if (!now) draw(main, "start", h("section", { class: "screen" }, start()));
  else draw(main, tab(), screen(now, at), "desk");
  if (focused && !focused.isConnected) blockOf(focusId)?.focus();
  const line = main.querySelector(".timeline");
  if (line instanceof HTMLElement && !scrolled.has(line)) scrollToNow(line), scrolled.add(line);
}

/** @param {string | null} id @returns {HTMLElement | null} */
const blockOf = (id) => main.querySelector(`.block[data-call-id="${id}"]`);

/** What stands before anything is known. */
function start() {
  const { error, reach } = live.view;
  const retry = button("retry", "btn btn--primary", null, t("common.retry"));
  if (error?.status === 401) return stateOf("error", t("common.signed_out"));
  if (error?.status) return stateOf("error", sentence(error), "", retry);
  if (reach === "offline") return stateOf("offline", t("common.cannot_reach"), t("common.cannot_reach_text"), retry);
  return stateOf("loading", t("common.loading"));
}

/** @param {DeskNow} now @param {number} at */
function screen(now, at) {
  const problem = outOfReach();
  return h(
    "section",
    { class: "screen desk" },
    h(
      "header",
      { class: "desk__head" },
      h("h1", { class: "bar__title" }, now.village.name),
      h("nav", { class: "tabs", "aria-label": t("desk.views") }, Object.entries(TABS).map(([name, iconId]) => tabLink(name, iconId, now))),
      tab() === "ledger" && button("print", "btn btn--small", "print", t("desk.print")),
      reachLamp(now),
    ),
    h("div", { class: "desk__main", "data-key": tab() }, h("div", { hidden: !problem }, problem), ...view(now, at)),
    h("aside", { class: "desk__side", "aria-label": t("desk.families") }, familyList(now, at)),
  );
} // prettier-ignore

/** @param {string} name @param {string} iconId @param {DeskNow} now */
function tabLink(name, iconId, now) {
  const count = name === "troubles" ? now.troubles.length : 0;
  return h(
    "a",
    { class: "tab", href: `#${name}`, "data-tab": name, "aria-current": name === tab() ? "page" : null },
    icon(iconId, "s"),
    t(`desk.tab.${name}`),
    count > 0 && h("span", { class: "badge" }, count),
  );
}

/** @param {DeskNow} now */
function reachLamp(now) {
  const { reach } = live.view;
  const text = t(`common.reach.${reach}`);
  return h("span", { class: `lamp lamp--${{ online: "on", starting: "wait", offline: "lost" }[reach]}`, title: text }, now.coordinator.name, h("span", { class: "hidden-text" }, text));
} // prettier-ignore

function outOfReach() {
  const { error, reach } = live.view;
  if (reach === "offline") return banner("offline", "link-lost", t("common.offline"));
  if (error?.status) return banner("bad", "warning", sentence(error), button("retry", "btn btn--small", null, t("common.retry")));
  return null;
}

/** @param {DeskNow} now @param {number} at */
function view(now, at) {
  if (tab() === "ledger") return parts.ledger?.view(now, at) ?? [stateOf("loading", t("common.loading"))];
  if (tab() === "troubles") return parts.troubles?.troubleList(now, at, busy) ?? [stateOf("loading", t("common.loading"))];
  return tonight(now, at, focusId);
}

/** Does something once, and says how it went. @param {string} path @param {object} body @param {string} done */
async function command(path, body, done) {
  const intent = path + JSON.stringify(body);
  const key = unanswered.get(intent) ?? newKey();
  unanswered.set(intent, key);
  try {
    await live.api.command(path, body, { key, onwait: () => toast("info", t("common.trying_again")) });
    unanswered.delete(intent);
    toast("good", done);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!error.isPassing) unanswered.delete(intent);
    toast("bad", sentence(error));
  }
  await live.refresh();
}

/** @param {string} id */
async function tryAgain(id) {
  const trouble = desk.now()?.troubles.find((one) => one.id === id);
  if (!trouble || !parts.troubles) return;
  const { path, done } = parts.troubles.again(trouble);
  busy.add(id);
  show();
  await command(path, {}, done);
  busy.delete(id);
  show();
}

/** @param {string} id */
function showFamily(id) {
  const now = desk.now();
  const family = now?.families.find((one) => one.id === id);
  if (now && family) openFamily(family, now, serverNow(), { book: () => desk.book(family, null) });
}

/** A part that comes later, unless the network is gone by then. @template T @param {() => Promise<T>} load @returns {Promise<T | null>} */
async function later(load) {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    toast("bad", t("common.cannot_reach"));
    return null;
  }
}

async function loadParts() {
  const loaded = await later(() => Promise.all([import("./desk/ledger.js"), import("./desk/troubles.js")]));
  if (!loaded || parts.ledger) return;
  const [{ LedgerView }, troubles] = loaded;
  parts.ledger = new LedgerView(desk, show);
  parts.troubles = troubles;
  turn();
}

function turn() {
  if (tab() !== "tonight" && !parts.ledger) loadParts();
  if (tab() === "ledger") parts.ledger?.freshen();
  show();
}

listen(main, {
  retry: () => live.refresh(),
  call: (element) => desk.openCall(element.dataset.callId ?? ""),
  family: (element) => showFamily(element.dataset.familyId ?? ""),
  again: (element) => tryAgain(element.dataset.troubleId ?? ""),
  print: () => print(),
  "reload-ledger": () => parts.ledger?.load(),
  "csv-children": () => parts.ledger?.save("children"),
  "csv-calls": () => parts.ledger?.save("calls"),
});
main.addEventListener("keydown", (event) => {
  const block = /** @type {HTMLElement} */ (event.target).closest(".block");
  const next = block instanceof HTMLElement && neighbour(block, event.key);
  if (!next) return;
  event.preventDefault();
  next.focus();
});
main.addEventListener("focusin", (event) => {
  const block = /** @type {HTMLElement} */ (event.target).closest(".block");
  if (!(block instanceof HTMLElement) || block.dataset.callId === focusId) return;
  focusId = block.dataset.callId ?? null;
  show();
});
addEventListener("hashchange", turn);
live.subscribe(turn);
live.start();
show();
setInterval(show, REDRAW_MS);
setInterval(() => live.refresh(), REREAD_MS);
const idle = window.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 500));
idle(loadParts);
