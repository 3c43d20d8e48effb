/**
 * A family that has touched its picture: which of its pages stands there, where a step back leads, and what its touches
 * ask of the server. A "no" is sent some seconds after it was said, so that it can be taken back.
 */
import { t } from "../core/texts.js";
import { now } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { sentence, toast, withWords } from "../ui/dom.js";
import * as asking from "./asking.js";
import * as cancelling from "./cancelling.js";
import * as family from "./family.js";
import { firstScreen } from "./screens.js";
import { isOpened, Waiting } from "./waiting.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Family} Family */
/** @typedef {import("../core/wire.js").Proposals} Proposals */
/** @typedef {import("../core/wire.js").Slot} Slot */
/** @typedef {import("./family.js").Look} Look */
/**
 * A page, and what has been chosen on the way to it; `answers` is a call that another time is asked for.
 * @typedef {"ask" | "ask-more" | "ask-confirm" | "cancel" | "cancel-confirm" | "undo" | import("./waiting.js").Page} Deep
 * @typedef {{page: "faces" | "family" | "pin" | Deep, childId?: string, parentId?: string, minutes?: number, answers?: string,
 *   found?: Proposals | null, slots?: Slot[] | null, startsAt?: string, terminalId?: string, callId?: string,
 *   reason?: string}} Place
 */

export { styled } from "./family.js";

/** @type {typeof import("./pin.js") | null} */
let pinPages = null;

async function fetchPinPages() {
  const pages = await withWords(import("./pin.js"), "terminal.pin");
  await pages.styled;
  pinPages = pages;
}

export class Visit {
  /** From the first page to the one that stands; a step back takes the last one off. @type {Place[]} */
  #path = [];
  /** @type {import("./pin.js").PinPad | null} */
  #pad = null;
  #waiting;
  #unsent = new cancelling.Unsent(({ call, what, reason }) => {
    this.#does(`/api/calls/${call.id}/${what}`, reason ? { reason } : {});
  });
  #isBusy = false;
  #live;
  #hooks;

  /** @param {import("../net/live.js").Live} live @param {string} familyId
   * @param {{redraw: () => void, leave: () => void, stay: () => void, calls: () => Call[]}} hooks `stay`: somebody is still
   * there, though nothing is touched; `calls`: tonight's, as they are now */
  constructor(live, familyId, hooks) {
    this.#live = live;
    this.familyId = familyId;
    this.#hooks = hooks;
    const ways = { show: (/** @type {Deep} */ page) => this.#show(page), back: () => this.#back(), home: () => this.#home() };
    this.#waiting = new Waiting(live, familyId, { ...hooks, ...ways });
    Object.assign(this.acts, this.#waiting.acts);
  }

  /** What its touches do. @type {import("../ui/dom.js").Acts} */
  acts = {
    back: () => this.#back(),
    face: ({ dataset }) => this.#chooseFace(dataset.personId),
    lock: () => this.#openPad("set"),
    pin: ({ dataset }) => this.#pad?.choose(dataset.picture ?? ""),
    "pin-undo": () => this.#pad?.undo(),
    ask: () => this.ask(),
    slot: ({ dataset }) => this.#chooseSlot(dataset),
    "send-ask": () => this.#sendAsk(),
    confirm: ({ dataset }) => this.#does(`/api/calls/${dataset.callId}/confirm`),
    decline: ({ dataset }) => this.#say("decline", dataset.callId),
    "visit.other": ({ dataset }) => this.#askOther(dataset.callId),
    "visit.more": () => this.#more(),
    "visit.wish": () => this.#wish(),
    "visit.unwish": ({ dataset }) => this.#does(`/api/waits/${dataset.wishId}/end`),
    "visit.cancel": ({ dataset }) => this.#go({ page: "cancel", callId: dataset.callId }),
    "visit.sure": ({ dataset }) => this.#say("cancel", dataset.callId),
    "visit.keep": () => this.#home(),
    "visit.undo": () => this.#undo(),
    ...Object.fromEntries(cancelling.REASONS.map((reason) => [`visit.because.${reason}`, () => this.#because(reason)])),
  };

  get #place() {
    return this.#path[this.#path.length - 1];
  }

  get #family() {
    return this.#live.view.now?.families.find(({ id }) => id === this.familyId);
  }

  /** @param {string} [childId] @param {string} [parentId] where they are known */
  open(childId, parentId) {
    const { members = [], locked } = this.#family ?? {};
    if (locked) return void this.#openPad("open");
    this.#path = [{ page: family.isOnePair(members) || childId ? "family" : "faces", childId, parentId }];
    this.#hooks.redraw();
  }

  /** Its name and its tree; null where the family is not to be seen. @param {number} at
   * @returns {[name: string, tree: HTMLElement] | null} */
  screen(at) {
    const whose = this.#family;
    if (!whose) return null;
    if (!this.#place) return ["starting", firstScreen(this.#live.view)]; // its pictures are being fetched
    if (whose.locked && this.#place.page !== "pin") return null;
    const look = { zone: this.#live.view.now?.zone ?? "UTC", at, isBusy: this.#isBusy };
    return this.#inTime(whose, look) ?? this.#asked(whose, look) ?? this.#familys(whose, look);
  }

  /** Pages of which each needs something that may be gone. @param {Family} whose @param {Look} look
   * @returns {[string, HTMLElement] | null} */
  #inTime(whose, look) {
    const { page, callId, reason = "other" } = this.#place;
    const call = this.#callOf(callId);
    const opened = this.#waiting.opened(page, whose, look);
    if (opened) return opened;
    if (page === "pin" && this.#pad) return ["pin", this.#pad.screen(whose, look.at)];
    const { no, until } = this.#unsent;
    if (page === "undo" && no) return ["undo", cancelling.undoScreen(whose, no, until, look)];
    if (page === "cancel" && call) return ["cancel", cancelling.whyScreen(whose)];
    if (page === "cancel-confirm" && call) {
      return ["cancel-confirm", cancelling.sureScreen(whose, call, reason, look)];
    }
    return null;
  }

  /** @param {Family} whose @param {Look} look @returns {[string, HTMLElement] | null} */
  #asked(whose, look) {
    const { page, found = null, slots = null, startsAt = "" } = this.#place;
    const chosen = this.#chosen();
    if (page === "ask-confirm") return ["ask-confirm", asking.askConfirmScreen(whose, chosen, startsAt, look)];
    if (page === "ask-more") return ["ask-more", asking.moreScreen(whose, slots, look)];
    if (page !== "ask") return null;
    const name = asking.pageOf(found);
    if (found && name !== "ask") return [name, asking.noneScreen(whose, chosen, found, look)];
    return [name, asking.askScreen(whose, found, look)];
  }

  /** @param {Family} whose @param {Look} look @returns {[string, HTMLElement]} */
  #familys(whose, look) {
    const row = this.#waiting.row(whose);
    if (this.#place.page === "faces") return ["faces", family.facesScreen(whose, row)];
    const what = family.standing(whose, this.#next(), look.at);
    return [what.page, family.familyScreen(whose, what, this.#chosen(), look, [row, this.#waiting.side(whose, this.#place)])];
  }

  #next() {
    return this.#family ? family.nextOf(this.#family, this.#hooks.calls()) : null;
  }

  /** @param {string | undefined} id @returns {Call | undefined} */
  #callOf(id) {
    return [this.#family?.awaited, this.#next()].find((call) => call?.id === id) ?? undefined;
  }

  #chosen() {
    return family.chosenPair(this.#family?.members ?? [], this.#place.childId, this.#place.parentId);
  }

  /** @param {Place} place */
  #go(place) {
    const { childId, parentId } = this.#path[0] ?? {};
    this.#path = [...this.#path, { childId, parentId, ...place }];
    this.#hooks.redraw();
  }

  /** @param {Deep} page */
  #show(page) {
    if (isOpened(page) && isOpened(this.#place.page)) this.#path = this.#path.slice(0, -1);
    if (this.#place.page !== page) this.#go({ page });
  }

  #back() {
    if (this.#place.page === "undo") return this.#undo();
    this.#path = this.#path.slice(0, -1);
    if (!this.#path.length || this.#family?.locked) this.#hooks.leave();
    else this.#hooks.redraw();
  }

  /** To the family's page. */
  #home() {
    this.#path = this.#path.slice(0, this.#path[0]?.page === "faces" ? 2 : 1);
    this.#hooks.redraw();
  }

  /** @param {string | undefined} personId */
  #chooseFace(personId) {
    const member = this.#family?.members?.find(({ id }) => id === personId);
    const chosen = { child: { childId: personId }, parent: { parentId: personId } };
    this.#go({ page: "family", ...chosen[/** @type {"child" | "parent"} */ (member?.role)] });
  }

  /** @param {"open" | "set"} what */
  async #openPad(what) {
    if (!pinPages) await fetchPinPages().catch(() => toast("bad", t("common.offline")));
    const whose = this.#family;
    if (!pinPages || !whose) return this.#hooks.leave();
    const hooks = { redraw: this.#hooks.redraw, done: () => this.open() };
    this.#pad = new pinPages.PinPad(this.#live, whose, what, hooks);
    this.#go({ page: "pin" });
  }

  ask() {
    const { child, parent } = this.#chosen();
    if (child && parent) this.#seek({ page: "ask", childId: child.id, parentId: parent.id });
  }

  /** @param {string | undefined} callId */
  #askOther(callId) {
    const call = this.#callOf(callId);
    if (!call) return;
    const minutes = (Date.parse(call.ends_at) - Date.parse(call.starts_at)) / 60_000;
    this.#seek({ page: "ask", childId: call.child.id, parentId: call.parent.id, minutes, answers: call.id });
  }

  /** @param {Place} place */
  async #seek(place) {
    this.#go({ ...place, found: null });
    const query = { ...this.#within(asking.UNTIL_MS), ...(place.minutes && { minutes: String(place.minutes) }) };
    await this.#read("/api/proposals", query, (answer) => {
      const isShorter = place.minutes && answer.minutes < place.minutes; // another time keeps the length
      return { found: isShorter ? { ...answer, proposals: [] } : answer, minutes: answer.minutes };
    });
  }

  async #more() {
    const { found: _found, ...place } = this.#place;
    this.#go({ ...place, page: "ask-more", slots: null });
    await this.#read("/api/slots", this.#within(asking.PLAIN_UNTIL_MS), ({ slots, minutes }) => ({ slots, minutes }));
  }

  /** @param {number} until_ms */
  #within(until_ms) {
    const { childId = "", parentId = "" } = this.#place;
    const [from, until] = [asking.FROM_MS, until_ms].map((ahead) => new Date(now() + ahead).toISOString());
    return { child_id: childId, parent_id: parentId, from, until };
  }

  /** Fills the page that stands, if it still stands then. @param {string} path @param {Record<string, string>} query
   * @param {(answer: any) => Partial<Place>} take */
  #read(path, query, take) {
    const place = this.#place;
    return this.#attempt(async () => void Object.assign(place, take(await this.#live.api.get(path, query))));
  }

  /** @param {DOMStringMap} slot */
  #chooseSlot({ startsAt, terminalId }) {
    const { found: _found, slots: _slots, ...place } = this.#place;
    this.#go({ ...place, page: "ask-confirm", startsAt, terminalId });
  }

  async #sendAsk() {
    const { childId, parentId, minutes, answers, startsAt: starts_at, terminalId: terminal_id } = this.#place;
    const refusal = answers
      ? await this.#does(`/api/calls/${answers}/counter`, { starts_at })
      : await this.#does("/api/calls", {
          child_id: childId, parent_id: parentId, starts_at, terminal_id, minutes, is_proposal: true,
        }); // prettier-ignore
    if (asking.SOUGHT_AGAIN.has(refusal)) await this.#seek({ page: "ask", childId, parentId, minutes, answers });
  }

  #wish() {
    const { childId, parentId } = this.#place;
    return this.#does("/api/waits", { child_id: childId, parent_id: parentId });
  }

  /** @param {string} reason */
  #because(reason) {
    this.#go({ ...this.#place, page: "cancel-confirm", reason });
  }

  /** @param {"decline" | "cancel"} what @param {string | undefined} callId */
  #say(what, callId) {
    const call = this.#callOf(callId);
    if (!call) return;
    this.#unsent.keep({ call, what, reason: this.#place.reason ?? null });
    this.#go({ page: "undo" });
  }

  #undo() {
    this.#unsent.undo();
    this.#home();
  }

  /** Tells the server and goes back to the family's page. @param {string} path @param {object} [body]
   * @returns {Promise<string>} the code of a refusal, or "" */
  #does(path, body = {}) {
    const onwait = () => toast("info", t("common.trying_again"));
    return this.#attempt(async () => {
      await this.#live.api.command(path, body, { onwait });
      await this.#live.refresh();
      this.#home();
    });
  }

  /** @param {() => Promise<void>} run @returns {Promise<string>} the code of a refusal, or "" */
  async #attempt(run) {
    this.#isBusy = true;
    this.#hooks.redraw();
    try {
      await run();
      return "";
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#home();
      if (error.code === "pin_needed") this.#openPad("open");
      else toast("bad", sentence(error));
      return error.code;
    } finally {
      this.#isBusy = false;
      this.#hooks.redraw();
    }
  }
}
