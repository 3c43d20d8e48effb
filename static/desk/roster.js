/** The fair roster of a week: drafted by the server, put right by picking, published; on paper and as a file as well. */
import { t } from "../core/texts.js";
import { DAY, dayNumber, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, sentence, stateOf } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { download, toCsv } from "./csv.js";
import { askToDrop, askToPublish } from "./roster_asks.js";
import { head, settings } from "./roster_head.js";
import { pickedPanel, unplaced } from "./roster_rows.js";
import { cellsOf, paper } from "./roster_sheet.js";
import { daysOf, freePlaces } from "./roster_places.js";
import { terminalLegend, weekGrid } from "./roster_week.js";

/** @typedef {import("./wire.js").Roster} Roster
 * @typedef {import("./wire.js").Assignment} Assignment
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {{id: string, isMoving: boolean}} Chosen */

const LOOK_AGAIN_MS = 1_000;
const FRIDAY = 4;

sheet("roster.css", import.meta.url);

export class RosterView {
  /** Days since 1970 of the Monday. */
  #monday = NaN;
  /** Undefined until it is known. @type {Roster | null | undefined} */
  #roster;
  #bufferMinutes = 5;
  #minutes = 15;
  /** @type {ApiError | null} */
  #error = null;
  /** What was refused, and how it is insisted on. @type {{text: string, insist: (() => void) | null} | null} */
  #refusal = null;
  /** @type {Chosen | null} */
  #chosen = null;
  #isBusy = false;
  #seen = {};
  #timer = 0;
  #desk;
  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "reload-roster": () => this.load(),
    "roster-week": (element) => this.#goTo(this.#monday + 7 * Number(element.dataset.weeks)),
    draft: () => this.#send("/api/rosters", { week: this.#week, minutes: this.#minutes }, ""),
    redraft: () => this.#change("redraft", {}),
    undo: () => this.#change("undo", {}),
    publish: () => this.#roster && askToPublish(this.#roster, this.#desk.live.api.get(`/api/rosters/${this.#roster.id}/cost`), () => this.#change("publish", {}, t("desk.roster.published"))),
    "drop-roster": () => askToDrop(() => this.#change("drop", {}, t("desk.roster.dropped"))),
    "roster-row": (element) => this.#touch(element.dataset.rowId ?? ""),
    "roster-place": (element) => this.#assign(this.#chosen?.id ?? "", { terminal_id: element.dataset.terminalId, starts_at: element.dataset.startsAt }),
    "move-row": () => this.#choose(this.#chosen && { ...this.#chosen, isMoving: true }),
    "take-out": () => this.#assign(this.#chosen?.id ?? "", { terminal_id: null, starts_at: null }),
    unpin: () => this.#hold(false),
    pin: () => this.#hold(true),
    "close-row": () => this.#choose(null),
    insist: () => this.#refusal?.insist?.(),
    "roster-call": (element) => this.#desk.openCall(element.dataset.callId ?? ""),
    "csv-roster": () => this.#save(),
  }; // prettier-ignore

  /** @param {import("./wire.js").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  get #week() {
    return new Date(this.#monday * DAY).toISOString().slice(0, 10);
  }

  freshen() {
    const now = this.#desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    if (Number.isNaN(this.#monday)) this.#monday = mondayToPlan(dayNumber(serverNow(), now.zone));
    this.load();
  }

  /** @param {number} monday */
  #goTo(monday) {
    this.#monday = monday;
    this.#roster = undefined;
    this.#chosen = this.#refusal = null;
    this.#desk.show();
    this.load();
  }

  async load() {
    const monday = this.#monday;
    const { api } = this.#desk.live;
    try {
      const [{ roster }, village] = await Promise.all([api.get("/api/rosters", { week: this.#week }), api.get("/api/village")]);
      if (monday !== this.#monday) return;
      this.#bufferMinutes = village.buffer_minutes;
      this.#error = null;
      this.#take(roster);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
      this.#desk.show();
    }
  } // prettier-ignore

  /** @param {Roster | null} roster */
  #take(roster) {
    this.#roster = roster?.state === "dropped" ? null : roster;
    if (!this.#row) this.#chosen = null;
    clearTimeout(this.#timer);
    if (roster && isDrafting(roster)) this.#timer = window.setTimeout(() => this.load(), LOOK_AGAIN_MS);
    this.#desk.show();
  }

  /** @returns {Assignment | undefined} */
  get #row() {
    return this.#roster?.assignments.find(({ id }) => id === this.#chosen?.id);
  }

  /** What had the focus may be gone by it: then the row has it. @param {Chosen | null} chosen */
  #choose(chosen) {
    const id = chosen?.id ?? this.#chosen?.id;
    this.#chosen = chosen;
    this.#refusal = null;
    this.#desk.show();
    if (document.activeElement !== document.body) return;
    /** @type {HTMLElement | null} */ (document.querySelector(`.roster__row[data-row-id="${id}"]`))?.focus();
  }

  /** Looks at a row; while one is being moved, the two change places. @param {string} id */
  #touch(id) {
    const other = this.#roster?.assignments.find((row) => row.id === id);
    const isTarget = this.#chosen?.isMoving && id !== this.#chosen.id && other?.starts_at && !other.is_fixed;
    if (isTarget) this.#assign(this.#chosen?.id ?? "", { terminal_id: other.terminal_id, starts_at: other.starts_at });
    else this.#choose(this.#chosen?.id === id ? null : { id, isMoving: false });
  }

  /** @param {boolean} pinned */
  #hold(pinned) {
    const row = this.#row;
    if (row) this.#assign(row.id, { terminal_id: row.terminal_id, starts_at: row.starts_at, pinned });
  }

  /** @param {string} id @param {object} slot @param {boolean} [force] */
  async #assign(id, slot, force = false) {
    const body = { assignment_id: id, ...slot, force };
    const insist = () => this.#assign(id, slot, true);
    if (await this.#change("assign", body, "", insist)) this.#choose({ id, isMoving: false });
  }

  /** @param {string} what @param {object} body @param {string} [done] @param {() => void} [insist] */
  #change(what, body, done = "", insist) {
    const { id, version } = /** @type {Roster} */ (this.#roster);
    return this.#send(`/api/rosters/${id}/${what}`, { version, ...body }, done, insist);
  }

  /** @param {string} path @param {object} body @param {string} done @param {() => void} [insist] */
  async #send(path, body, done, insist) {
    if (this.#isBusy) return null;
    this.#isBusy = true;
    this.#refusal = null;
    this.#desk.show();
    const onerror = (/** @type {ApiError} */ error) => {
      this.#refusal = { text: sentence(error), insist: (error.detail.can_force && insist) || null };
      if (error.code === "stale_roster") this.load();
    };
    const roster = await this.#desk.command(path, body, done, { onerror });
    this.#isBusy = false;
    if (roster) this.#take(roster);
    else this.#desk.show();
    return roster;
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const today = dayNumber(at, now.zone);
    const top = { monday: this.#monday, today, roster: this.#roster ?? null, isBusy: this.#isBusy };
    return [h("div", { class: "roster" }, head(top), this.#troubles(), this.#body(now, at)), this.#roster && paper(this.#roster, now, this.#monday)];
  } // prettier-ignore

  #troubles() {
    const { text, insist } = this.#refusal ?? {};
    const again = insist && button("insist", "btn btn--small", null, t("desk.roster.insist"));
    return h("div", { hidden: !text }, text && banner("bad", "warning", text, again));
  }

  /** @param {DeskNow} now @param {number} at */
  #body(now, at) {
    const roster = this.#roster;
    const retry = button("reload-roster", "btn btn--primary", null, t("common.retry"));
    if (this.#error && !roster) return stateOf("error", sentence(this.#error), "", retry);
    if (roster === undefined) return stateOf("loading", t("common.loading"));
    if (!roster) return settings(this.#minutes, this.#isBusy, this.#monday + 6 < dayNumber(at, now.zone));
    if (isDrafting(roster)) return stateOf("loading", t(`desk.roster.${roster.progress}`), t("desk.roster.drafting_text"), progress());
    if (roster.progress === "failed") return stateOf("error", t("desk.roster.failed"), "", button("redraft", "btn btn--primary", null, t("common.retry")));
    if (!roster.assignments.length) return stateOf("empty", t("desk.roster.nobody"), t("desk.roster.nobody_text"));
    const days = daysOf(roster, this.#monday);
    const places = this.#chosen?.isMoving ? freePlaces(roster, this.#bufferMinutes, this.#row?.minutes ?? roster.minutes, at) : [];
    return [
      unplaced(roster, this.#chosen),
      terminalLegend(roster),
      h("div", { class: "roster__work", "data-picked": String(Boolean(this.#row)) }, weekGrid(roster, days, places, this.#chosen, at), this.#row && pickedPanel(this.#row, roster, now, at, Boolean(this.#chosen?.isMoving), this.#isBusy)),
    ];
  } // prettier-ignore

  /** @param {Event} event */
  typed({ target }) {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    if (name === "roster-minutes") this.#minutes = Number(value);
  }

  /** @param {KeyboardEvent} event */
  pressed({ key }) {
    if (key === "Escape" && this.#chosen) this.#choose(null);
  }

  #save() {
    const now = this.#desk.now();
    if (this.#roster && now) download(`${now.village.name}-${this.#week}.csv`, toCsv(cellsOf(this.#roster)));
  }
}

/** @param {Roster} roster */
const isDrafting = ({ state, progress }) => state === "draft" && (progress === "queued" || progress === "solving");

const progress = () => h("div", { class: "progress roster__progress", "data-state": "busy", role: "progressbar" }, h("span", { class: "progress__bar" }));

/** The Monday of the week that somebody plans now: from Friday on it is the next one. @param {number} today */
export function mondayToPlan(today) {
  const weekday = (today + 3) % 7; // day 0 was a Thursday
  return today - weekday + (weekday >= FRIDAY ? 7 : 0);
}
