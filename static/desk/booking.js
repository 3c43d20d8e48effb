/**
 * Booking for a family once or again and again, moving a call, giving a series another time: one of the best times or a
 * free slot by one touch, or any minute of any day. A refusal offers what is near.
 */
import { dayText } from "../core/every.js";
import { t } from "../core/texts.js";
import { clockTime, DAY, dayAndTime, dayNumber, HOUR, MINUTE, ms, now as serverNow, wall } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { banner, button, draw, h, icon, listen, openDialog, sentence, toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { bestTimes } from "./best.js";
import { field, lengths, people, showChosen } from "./booking_fields.js";
import { childrenOf, parentsOf } from "./families.js";
import { Rhythm } from "./rhythm.js";
import { changeOf, keepsItsDays, lineOf, showSeries } from "./series.js";
import { minuteOf, two } from "./wallclock.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("./wire.js").Shift} Shift */
/** @typedef {import("./wire.js").Desk} Desk */
/** @typedef {import("./wire.js").DeskFamily} DeskFamily */

export const ready = sheet("scheduling.css", import.meta.url);

const BOOK_AHEAD_DAYS = 60;
const USUAL_MINUTES = 15;
/** No zone is further from UTC: a day there lies within this of the same day in UTC. */
const WIDEST_OFFSET = 14 * HOUR;
const FORM = "booking";

export class Booking {
  #desk;
  #family;
  #moving;
  #shift;
  #zone;
  #dialog;
  #send;
  #box = h("div");
  #childId;
  #parentId;
  #day;
  #time = "";
  #minutes;
  #rhythm = new Rhythm();
  /** Null while they are looked for. @type {import("./best.js").Found | null | undefined} */
  #best = null;
  /** Starts of that day's free slots; null while they are being looked for. @type {string[] | null} */
  #slots = null;
  /** @type {string[]} */ #nearest = [];
  /** @type {ApiError | null} */
  #error = null;
  #isSending = false;
  #key = newKey();

  /** @param {Desk} desk @param {DeskFamily} family @param {Call | null} moving @param {Shift | null} shift a series that
   * gets another time instead */
  constructor(desk, family, moving, shift) {
    const known = shift?.series ?? moving;
    this.#desk = desk;
    this.#family = family;
    this.#moving = moving;
    this.#shift = shift;
    this.#zone = desk.now()?.zone ?? "UTC";
    this.#childId = known?.child.id ?? childrenOf(family)[0].id;
    this.#parentId = known?.parent.id ?? parentsOf(family)[0].id;
    this.#minutes = moving ? Math.round((ms(moving.ends_at) - ms(moving.starts_at)) / MINUTE) : (shift?.series.minutes ?? USUAL_MINUTES);
    this.#day = dayNumber(moving?.starts_at ?? shift?.series.calls[0]?.starts_at ?? serverNow(), this.#zone);
    const send = button("send", "btn btn--primary", known ? "move" : "check", "", { type: "submit", form: FORM });
    this.#dialog = openDialog(this.#title(), [this.#box], [button("close", "btn btn--quiet", null, t("common.close")), send], {}, "dialog--wide");
    this.#dialog.dataset.screen = known ? "move" : "book";
    this.#send = send;
    this.#listen();
    this.#load();
    this.#find();
    this.#box.querySelector("input")?.focus();
  } // prettier-ignore

  #title() {
    const [moving, shift] = [this.#moving, this.#shift];
    if (shift) return t("desk.series_move_title", { child: shift.series.child.name, line: lineOf(shift.series) });
    if (!moving) return t("desk.book_title", { family: this.#family.name });
    return t("desk.move_title", { child: moving.child.name, when: dayAndTime(moving.starts_at, this.#zone, serverNow()) });
  }

  #listen() {
    listen(this.#box, {
      slot: (element) => this.#pick(element.dataset.startsAt ?? ""),
      weekday: (element) => (this.#rhythm.toggle(Number(element.dataset.weekday)), this.#changed()),
    });
    this.#box.addEventListener("change", (event) => {
      const { name, value } = /** @type {HTMLInputElement} */ (event.target);
      if (name === "child") this.#childId = value;
      else if (name === "parent") this.#parentId = value;
      else if (name === "day") this.#day = Date.parse(value) / DAY;
      else if (name === "time") this.#time = value;
      else if (name === "minutes") this.#minutes = Number(value);
      else this.#rhythm.typed(name, value);
      this.#changed();
      if (name === "child" || name === "parent" || name === "day") this.#load();
      if (name === "child" || name === "parent" || name === "minutes") this.#find();
    });
    this.#box.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#book();
    });
  }

  /** A slot fills in the fields that it stands for. @param {string} startsAt */
  #pick(startsAt) {
    const { hour, minute } = wall(startsAt, this.#zone);
    const before = this.#day;
    this.#day = dayNumber(startsAt, this.#zone);
    this.#time = `${two(hour)}:${two(minute)}`;
    this.#changed();
    if (this.#day !== before) this.#load();
  }

  #changed() {
    this.#error = null;
    this.#nearest = [];
    this.#key = newKey();
    this.#draw();
  }

  /** The best times of these two, as long as the call is to be. */
  async #find() {
    if (this.#isFixedDay) return;
    const query = { child_id: this.#childId, parent_id: this.#parentId, minutes: String(this.#minutes) };
    this.#best = null;
    this.#draw();
    let found;
    try {
      found = await this.#desk.live.api.get("/api/proposals", query);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the free slots below say what hinders
    }
    if (query.child_id !== this.#childId || query.parent_id !== this.#parentId || query.minutes !== String(this.#minutes)) return;
    this.#best = found;
    this.#draw();
  }

  /** Series of several weekdays keep them. */
  get #isFixedDay() {
    return Boolean(this.#shift && keepsItsDays(this.#shift.series));
  }

  async #load() {
    const day = this.#day;
    this.#slots = null;
    this.#draw();
    if (!Number.isFinite(day) || this.#isFixedDay) return this.#found([]);
    const from = new Date(day * DAY - WIDEST_OFFSET).toISOString();
    const until = new Date((day + 1) * DAY + WIDEST_OFFSET).toISOString();
    try {
      const query = { child_id: this.#childId, parent_id: this.#parentId, from, until };
      const found = await this.#desk.live.api.get("/api/slots", query);
      if (day !== this.#day) return;
      const starts = found.slots.map((/** @type {{starts_at: string}} */ slot) => slot.starts_at);
      this.#found(starts.filter((/** @type {string} */ start) => dayNumber(start, this.#zone) === day));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
      this.#found([]);
    }
  }

  /** @param {string[]} slots */
  #found(slots) {
    this.#slots = slots;
    this.#draw();
    showChosen(this.#box);
  }

  get #isReady() {
    return Boolean(this.#time) && Number.isFinite(this.#day) && this.#rhythm.isReady;
  }

  async #book() {
    if (this.#isSending || !this.#isReady) return;
    this.#isSending = true;
    this.#draw();
    const [path, body] = this.#command();
    try {
      const onwait = () => toast("info", t("common.trying_again"));
      const made = await this.#desk.live.api.command(path, body, { key: this.#key, onwait });
      this.#dialog.close();
      if (made.rule) showSeries(this.#desk, made, true);
      else toast("good", t("desk.booked", { child: made.child.name, when: dayAndTime(made.starts_at, this.#zone, serverNow()) }));
      await this.#desk.live.refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#refused(error);
    }
  } // prettier-ignore

  /** @returns {[path: string, body: object]} */
  #command() {
    const date = dayText(this.#day);
    const starts_minute = minuteOf(this.#time, false);
    if (this.#shift) return changeOf(this.#shift, date, starts_minute);
    const when = { wall: `${date}T${this.#time}`, zone: this.#zone };
    if (this.#moving) return [`/api/calls/${this.#moving.id}/move`, when];
    const wish = { child_id: this.#childId, parent_id: this.#parentId, minutes: this.#minutes };
    if (!this.#rhythm.isSeries) return ["/api/calls", { ...wish, ...when }];
    return ["/api/series", { ...wish, starts_on: date, starts_minute, rule: this.#rhythm.rule(date) }];
  }

  /** @param {ApiError} error */
  #refused(error) {
    this.#isSending = false;
    this.#error = error;
    this.#nearest = error.detail.nearest ?? [];
    if (!error.isPassing) this.#key = newKey();
    this.#draw();
    this.#send.scrollIntoView({ block: "nearest" });
  }

  #draw() {
    draw(this.#box, "booking", h("form", { class: "dialog__body", id: FORM, novalidate: true }, this.#body()));
    this.#send.setAttribute("aria-busy", String(this.#isSending));
    this.#send.disabled = !this.#isReady;
    this.#send.replaceChildren(icon(this.#isNew ? "check" : "move"), this.#sendText());
    this.#fill("day", Number.isFinite(this.#day) ? dayText(this.#day) : "");
    this.#fill("time", this.#time);
    this.#fill("minutes", String(this.#minutes));
    for (const [name, value] of Object.entries(this.#rhythm.fields)) this.#fill(name, value);
  }

  get #isNew() {
    return !this.#moving && !this.#shift;
  }

  #sendText() {
    if (!this.#isNew) return t("desk.move");
    return t(this.#rhythm.isSeries ? "desk.book_series" : "desk.book");
  }

  /** What a person typed is a property, which drawing leaves alone. @param {string} name @param {string} value */
  #fill(name, value) {
    const field = /** @type {HTMLInputElement | null} */ (this.#box.querySelector(`[name="${name}"]`));
    if (field && field.value !== value && document.activeElement !== field) field.value = value;
  }

  #body() {
    const today = dayNumber(serverNow(), this.#zone);
    const range = { min: dayText(today), max: dayText(today + BOOK_AHEAD_DAYS) };
    const isFree = !this.#isFixedDay;
    const isChosen = (/** @type {string} */ start) => this.#isChosen(start);
    return [
      this.#isNew && people("child", t("desk.which_child"), childrenOf(this.#family), this.#childId),
      this.#isNew && people("parent", t("desk.which_parent"), parentsOf(this.#family), this.#parentId),
      isFree && bestTimes(this.#best, this.#zone, isChosen),
      h(
        "div",
        { class: "booking__when", "data-key": "when" },
        isFree && field(t("desk.day"), h("input", { class: "field__input", type: "date", name: "day", required: true, ...range })),
        field(t(isFree ? "desk.any_minute" : "desk.fact.when"), h("input", { class: "field__input", type: "time", name: "time", required: true })),
        this.#isNew && field(t("desk.length"), h("select", { class: "field__input", name: "minutes" }, lengths(USUAL_MINUTES))),
      ),
      isFree && this.#picks(t("desk.free_slots"), this.#slots),
      this.#isNew && this.#rhythm.view(Number.isFinite(this.#day) ? dayText(this.#day) : ""),
      h(
        "div",
        { class: "dialog__body", "data-part": "refused", hidden: !this.#error },
        this.#error && banner("bad", "warning", sentence(this.#error)),
        this.#nearest.length > 0 && this.#picks(t("desk.nearest"), this.#nearest),
      ),
    ];
  } // prettier-ignore

  /** @param {string} start */
  #isChosen(start) {
    return clockTime(start, this.#zone) === this.#time && dayNumber(start, this.#zone) === this.#day;
  }

  /** @param {string} label @param {string[] | null} starts */
  #picks(label, starts) {
    const slots = starts?.map((start) => this.#slot(start));
    return h(
      "div",
      { class: "field", role: "group", "aria-label": label },
      h("span", { class: "field__label" }, label),
      slots?.length
        ? h("div", { class: "card__actions booking__slots" }, slots)
        : h("p", { class: "muted", role: "status" }, t(slots ? "desk.no_slots" : "common.loading")),
    );
  }

  /** @param {string} start */
  #slot(start) {
    const clock = clockTime(start, this.#zone);
    const isChosen = this.#isChosen(start);
    const isOtherDay = dayNumber(start, this.#zone) !== this.#day;
    const said = isOtherDay ? dayAndTime(start, this.#zone, serverNow()) : clock;
    const className = `btn btn--small${isChosen ? " btn--primary" : ""}`;
    return button("slot", className, null, said, { "data-starts-at": start, "aria-pressed": String(isChosen) });
  }
}
