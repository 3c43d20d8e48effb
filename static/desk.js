/** The coordinator's face: which view stands now, and what each touch and key does. */
import { t } from "./core/texts.js";
import { now as serverNow } from "./core/time.js";
import { claimDrafts, forgetDrafts } from "./desk/drafts.js";
import { FamilyList } from "./desk/families.js";
import { settle } from "./desk/fields.js";
import { isOutage, Outage } from "./desk/outage.js";
import { callsAtHand, neighbour, scrollToNow, tonight } from "./desk/tonight.js";
import { ApiError, newKey } from "./net/api.js";
import { Live } from "./net/live.js";
import { banner, button, clearToast, draw, h, icon, listen, sentence, startPage, stateOf, toast, withWords } from "./ui/dom.js";

/** @typedef {import("./desk/wire.js").DeskNow} DeskNow
 * @typedef {import("./desk/wire.js").Part} Part
 * @typedef {import("./core/wire.js").Call} Call */

const TABS = { ledger: "book", tonight: "clock", roster: "calendar", troubles: "warning", texts: "text", village: "terminal", audit: "lock" };
/** Views that are loaded when somebody asks for them. @type {Record<string, () => Promise<Part>>} */
const PARTS = {
  ledger: async () => new (await import("./desk/ledger.js")).LedgerView(desk),
  tonight: async () => (await import("./desk/waiting.js")).openWaiting(desk),
  roster: async () => new (await import("./desk/roster.js")).RosterView(desk),
  troubles: async () => new (await import("./desk/troubles.js")).TroublesView(desk),
  texts: async () => (await import("./desk/texts.js")).openTexts(desk),
  village: async () => new (await import("./desk/village.js")).VillageView(desk),
  audit: async () => new (await import("./desk/audit.js")).AuditView(desk),
  prompts: async () => (await import("./desk/prompts.js")).openPrompts(desk),
  family: async () => {
    const family = await withWords(import("./desk/family.js"), "phone.hours", "phone.extra");
    await family.ready;
    return new family.FamilyView(desk);
  },
  enrol: async () => new (await import("./desk/enrol.js")).EnrolView(desk),
};
const REDRAW_MS = 10_000;
const SLOW_MS = 500;
const REREAD_MS = 30_000; // a terminal that falls silent gives no hint

const main = startPage();
const live = new Live("desk");
/** The block that Tab leads to. @type {string | null} */
let focusId = null;
/** Keys of commands that got no answer, so that another touch goes on with the same one. @type {Map<string, string>} */
const unanswered = new Map();
/** @type {WeakSet<Element>} time lines that were scrolled to now once */
const scrolled = new WeakSet();
/** Views that were opened, with all that was typed in them. @type {Map<string, Part>} */
const parts = new Map();
/** Whose work stands in them. */
let owner = "";
/** The view that stands where the address asks for none; chosen when somebody comes, and kept while they are here. */
let first = "ledger";
/** @type {import("./desk/door.js").DeskDoor | null} */
let door = null;

/** @type {import("./desk/wire.js").Desk} */
const desk = {
  live,
  now: () => /** @type {DeskNow | null} */ (live.view.now),
  command,
  show,
  async openCall(id) {
    const details = await asked(() => withWords(import("./desk/details.js"), "phone.extra"));
    if (details) new details.Details(desk, id);
  },
  async book(family, moving, shift = null) {
    const booking = await asked(() => withWords(import("./desk/booking.js"), "phone.extra"));
    if (booking) new booking.Booking(desk, family, moving, shift);
  },
  async callNow(family) {
    const calling = await asked(() => import("./desk/callnow.js"));
    if (calling) new calling.CallNow(desk, family);
  },
  leave() {
    forgetDrafts();
    parts.clear();
    return live.leave();
  },
};

const outage = new Outage(desk);
const families = new FamilyList(show);

/**
 * What the address asks for: "#family=ID". Where it asks for nothing it is the ledger: who opens the desk at rest, on a
 * Sunday evening say, wants to know who was not heard this week while there is time to call. Who opens it while calls
 * are at hand has a child to fetch and a terminal to look after: tonight. Nothing changes under anybody's hands later;
 * the number on the tab says that calls are at hand.
 */
function place() {
  const [name, id = ""] = location.hash.slice(1).split("=");
  return name in TABS || name in PARTS ? { name, id } : { name: first, id: "" };
}

function show() {
  const now = desk.now();
  const at = serverNow();
  const { name } = place();
  const focused = document.activeElement?.closest(".block");
  live.page = name;
  if (now) draw(main, name, screen(now, at), "desk");
  else if (live.view.error?.status === 401 && door) draw(main, "door", door.view(), "door");
  else draw(main, "start", h("section", { class: "screen" }, start()));
  settle(main);
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
  if (error?.status && error.status !== 401) return stateOf("error", error.status < 500 ? sentence(error) : t("common.our_side"), "", retry);
  if (reach === "offline") return stateOf("offline", t("common.cannot_reach"), t("common.cannot_reach_text"), retry);
  return stateOf("loading", t("common.loading"));
}

/** @param {DeskNow} now @param {number} at */
function screen(now, at) {
  const { name } = place();
  const problem = outOfReach();
  return h(
    "section",
    { class: "screen desk" },
    h(
      "header",
      { class: "desk__head" },
      h("h1", { class: "bar__title" }, now.village.name),
      h("nav", { class: "tabs", "aria-label": t("desk.views") }, Object.entries(TABS).map(([tab, iconId]) => tabLink(tab, iconId, now))),
      (name === "ledger" || name === "tonight") && button("print", "btn btn--small", "print", t("desk.print")),
      accountButton(now),
    ),
    h("div", { class: "desk__main", "data-key": name }, outage.view(now, at), h("div", { hidden: !problem }, problem), ...view(name, now, at)),
    h("aside", { class: "desk__side", "aria-label": t("desk.families") }, families.view(now, at)),
  );
} // prettier-ignore

/** @param {string} name @param {string} iconId @param {DeskNow} now */
function tabLink(name, iconId, now) {
  const counts = /** @type {Record<string, number>} */ ({
    ledger: now.parent_requests,
    tonight: callsAtHand(now, serverNow()).length,
    troubles: now.troubles.length,
    texts: Math.max(now.texts.notices, Number(isOutage(now.texts))),
  });
  const count = counts[name] ?? 0;
  return h(
    "a",
    { class: "tab", href: `#${name}`, "data-tab": name, "aria-current": name === place().name ? "page" : null },
    icon(iconId, "s"),
    t(`desk.tab.${name}`),
    count > 0 && h("span", { class: name === "tonight" ? "badge badge--calm" : "badge" }, count),
  );
}

/** Who sits here, and whether the server is in reach. @param {DeskNow} now */
function accountButton(now) {
  const { reach } = live.view;
  const text = t(`common.reach.${reach}`);
  return h(
    "button",
    { class: "btn btn--small account", type: "button", "data-act": "account", title: text },
    h("span", { class: `lamp lamp--${{ online: "on", starting: "wait", offline: "lost" }[reach]}` }, now.coordinator.name),
    h("span", { class: "hidden-text" }, text),
  );
} // prettier-ignore

function outOfReach() {
  const { error, reach } = live.view;
  if (reach === "offline") return banner("offline", "link-lost", t("common.offline"));
  if (error?.status) return banner("bad", "warning", sentence(error), button("retry", "btn btn--small", null, t("common.retry")));
  return null;
}

/** @param {string} name @param {DeskNow} now @param {number} at */
function view(name, now, at) {
  if (name === "tonight") return [...tonight(now, at, focusId), ...(parts.get(name)?.view(now, at) ?? [])];
  return parts.get(name)?.view(now, at) ?? [stateOf("loading", t("common.loading"))];
}

/** Does something once, and says how it went; the answer, or null.
 * @type {import("./desk/wire.js").Desk["command"]} */
async function command(path, body, done, { method, onerror } = {}) {
  const intent = `${method} ${path} ${JSON.stringify(body)}`;
  const key = unanswered.get(intent) ?? newKey();
  unanswered.set(intent, key);
  let answer = null;
  try {
    answer = await live.api.command(path, body, { method, key, onwait: () => toast("info", t("common.trying_again")) });
    unanswered.delete(intent);
    if (done) toast("good", done);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!error.isPassing) unanswered.delete(intent);
    if (onerror) onerror(error);
    else toast("bad", sentence(error));
  }
  await live.refresh();
  return answer;
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

/** What a touch asks for, with its style; where that takes long, it is said. @template {object} T @param {() => Promise<T>} load */
async function asked(load) {
  const slow = setTimeout(() => toast("info", t("common.loading")), SLOW_MS);
  const part = await later(load);
  if (part && "ready" in part) await part.ready;
  clearTimeout(slow);
  clearToast();
  return part;
}

/** @param {string} name */
async function loadPart(name) {
  const whose = owner;
  const part = await later(PARTS[name]);
  if (!part || parts.has(name) || whose !== owner) return;
  parts.set(name, part);
  if (name === place().name) turn();
}

/** Nothing that one coordinator saw or typed is there for another, or in another village. */
function checkOwner() {
  const now = desk.now();
  if (!now) return;
  const whose = `${now.coordinator.id} ${now.village.id}`;
  if (owner && owner !== whose) parts.clear();
  if (owner !== whose) {
    claimDrafts(whose);
    families.forget();
    first = callsAtHand(now, serverNow()).length ? "tonight" : "ledger";
  }
  owner = whose;
  door = null;
  outage.freshen(now);
}

/** The session is over: what hides nothing of the screen goes, what was typed waits. */
async function askIn() {
  if (door) return;
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  const module = await later(() => import("./desk/door.js"));
  if (!module || door) return;
  door = new module.DeskDoor(live, show);
  show();
  main.querySelector("input")?.focus();
}

function turn() {
  checkOwner();
  if (live.view.error?.status === 401 && !desk.now()) askIn();
  const { name, id } = place();
  if (desk.now() && name in PARTS) {
    const part = parts.get(name);
    if (!part) loadPart(name);
    part?.open?.(id);
    part?.freshen?.();
  }
  show();
}

/** The view that stands there. */
const standing = () => (desk.now() ? parts.get(place().name) : undefined);

/** @type {import("./ui/dom.js").Acts} */
const ACTS = {
  ...outage.acts,
  retry: () => live.refresh(),
  call: (element) => desk.openCall(element.dataset.callId ?? ""),
  family: (element) => void (location.hash = `family=${element.dataset.familyId}`),
  print: () => print(),
  account: async () => (await asked(() => import("./desk/account.js")))?.openAccount(desk),
};
/** What a touch means where it is made: the view's own meaning comes first. */
const acts = new Proxy(ACTS, { get: (own, act) => (desk.now() ? standing() : door)?.acts?.[String(act)] ?? own[String(act)] });
listen(main, acts);
main.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.getAttribute("aria-busy") !== "true") acts[form.dataset.submit ?? ""]?.(form);
});
for (const typing of ["input", "change"]) main.addEventListener(typing, (event) => families.typed(event) || standing()?.typed?.(event));
main.addEventListener("keydown", (event) => {
  families.pressed(event);
  standing()?.pressed?.(event);
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
addEventListener("hashchange", () => (turn(), scrollTo(0, 0)));
live.subscribe(turn);
live.start();
show();
setInterval(show, REDRAW_MS);
setInterval(() => live.refresh(), REREAD_MS);
if (window.Notification?.permission === "granted") import("./desk/pushes.js").then((part) => part.start(desk), () => {}); // else at the next visit
const idle = window.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 500));
idle(() => desk.now() && ["ledger", "troubles"].forEach((name) => parts.has(name) || loadPart(name)));
