/** Booking for a family, or moving a call: a free slot by one touch, or any minute of any day. A refusal offers what is near. */
import { t, tn } from "../core/texts.js";
import { clockTime, DAY, dayAndTime, dayNumber, HOUR, now as serverNow, wall } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { banner, button, draw, h, listen, openDialog, photo, sentence, toast } from "../ui/dom.js";
import { childrenOf, parentsOf } from "./families.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../core/wire.js").Person} Person */
/** @typedef {import("./wire.js").Desk} Desk */
/** @typedef {import("./wire.js").DeskFamily} DeskFamily */

const BOOK_AHEAD_DAYS = 60;
const LENGTHS = [5, 10, 15, 20, 30, 45, 60];
/** No zone is further from UTC: a day there lies within this of the same day in UTC. */
const WIDEST_OFFSET = 14 * HOUR;
const FORM = "booking";

export class Booking {
  #desk;
  #family;
  #moving;
  #zone;
  #dialog;
  #send;
  #box = h("div");
  #childId;
  #parentId;
  #day;
  #time = "";
  #minutes = 15;
  /** Starts of that day's free slots; null while they are being looked for. @type {string[] | null} */
  #slots = null;
  /** @type {string[]} */
  #nearest = [];
  /** @type {ApiError | null} */
  #error = null;
  #isSending = false;
  #key = newKey();

  /** @param {Desk} desk @param {DeskFamily} family @param {Call | null} moving */
  constructor(desk, family, moving) {
    this.#desk = desk;
    this.#family = family;
    this.#moving = moving;
    this.#zone = desk.now()?.zone ?? "UTC";
    this.#childId = moving?.child.id ?? childrenOf(family)[0].id;
    this.#parentId = moving?.parent.id ?? parentsOf(family)[0].id;
    this.#day = dayNumber(moving?.starts_at ?? serverNow(), this.#zone);
    const title = moving
      ? t("desk.move_title", { child: moving.child.name, when: dayAndTime(moving.starts_at, this.#zone, serverNow()) })
      : t("desk.book_title", { family: family.name });
    const send = button("send", "btn btn--primary", moving ? "move" : "check", t(moving ? "desk.move" : "desk.book"), { type: "submit", form: FORM });
    this.#dialog = openDialog(title, [this.#box], [button("close", "btn btn--quiet", null, t("common.close")), send], {}, "dialog--wide");
    this.#dialog.dataset.screen = moving ? "move" : "book";
    this.#send = send;
    this.#listen();
    this.#load();
    this.#box.querySelector("input")?.focus();
  } // prettier-ignore

  #listen() {
    listen(this.#box, { slot: (element) => this.#pick(element.dataset.startsAt ?? "") });
    this.#box.addEventListener("change", (event) => {
      const { name, value } = /** @type {HTMLInputElement} */ (event.target);
      if (name === "child") this.#childId = value;
      else if (name === "parent") this.#parentId = value;
      else if (name === "day") this.#day = Date.parse(value) / DAY;
      else if (name === "time") this.#time = value;
      else if (name === "minutes") this.#minutes = Number(value);
      this.#changed();
      if (name !== "time" && name !== "minutes") this.#load();
    });
    this.#box.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#book();
    });
  }

  /** A slot fills in the fields that it stands for. @param {string} startsAt */
  #pick(startsAt) {
    const { hour, minute } = wall(startsAt, this.#zone);
    this.#day = dayNumber(startsAt, this.#zone);
    this.#time = `${two(hour)}:${two(minute)}`;
    this.#changed();
  }

  #changed() {
    this.#error = null;
    this.#nearest = [];
    this.#key = newKey();
    this.#draw();
  }

  async #load() {
    const day = this.#day;
    this.#slots = null;
    this.#draw();
    if (!Number.isFinite(day)) return this.#found([]);
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
  }

  async #book() {
    if (this.#isSending || !this.#time || !Number.isFinite(this.#day)) return;
    this.#isSending = true;
    this.#draw();
    const when = { wall: `${dateOf(this.#day)}T${this.#time}`, zone: this.#zone };
    const [path, body] = this.#moving
      ? [`/api/calls/${this.#moving.id}/move`, when]
      : ["/api/calls", { child_id: this.#childId, parent_id: this.#parentId, minutes: this.#minutes, ...when }];
    try {
      const onwait = () => toast("info", t("common.trying_again"));
      const call = await this.#desk.live.api.command(path, body, { key: this.#key, onwait });
      this.#dialog.close();
      toast("good", t("desk.booked", { child: call.child.name, when: dayAndTime(call.starts_at, this.#zone, serverNow()) }));
      await this.#desk.live.refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#refused(error);
    }
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
    this.#send.disabled = !this.#time || !Number.isFinite(this.#day);
    this.#fill("day", Number.isFinite(this.#day) ? dateOf(this.#day) : "");
    this.#fill("time", this.#time);
    this.#fill("minutes", String(this.#minutes));
  }

  /** What a person typed is a property, which drawing leaves alone. @param {string} name @param {string} value */
  #fill(name, value) {
    const field = /** @type {HTMLInputElement | null} */ (this.#box.querySelector(`[name="${name}"]`));
    if (field && field.value !== value && document.activeElement !== field) field.value = value;
  }

  #body() {
    const today = dayNumber(serverNow(), this.#zone);
    const range = { min: dateOf(today), max: dateOf(today + BOOK_AHEAD_DAYS) };
    return [
      !this.#moving && people("child", t("desk.which_child"), childrenOf(this.#family), this.#childId),
      !this.#moving && people("parent", t("desk.which_parent"), parentsOf(this.#family), this.#parentId),
      field(t("desk.day"), h("input", { class: "field__input", type: "date", name: "day", required: true, ...range })),
      this.#picks(t("desk.free_slots"), this.#slots),
      field(t("desk.any_minute"), h("input", { class: "field__input", type: "time", name: "time", required: true })),
      !this.#moving && field(t("desk.length"), h("select", { class: "field__input", name: "minutes" }, LENGTHS.map(option))),
      h(
        "div",
        { class: "dialog__body", "data-part": "refused", hidden: !this.#error },
        this.#error && banner("bad", "warning", sentence(this.#error)),
        this.#nearest.length > 0 && this.#picks(t("desk.nearest"), this.#nearest),
      ),
    ];
  }

  /** @param {string} label @param {string[] | null} starts */
  #picks(label, starts) {
    const slots = starts?.map((start) => this.#slot(start));
    return h(
      "div",
      { class: "field", role: "group", "aria-label": label },
      h("span", { class: "field__label" }, label),
      slots?.length
        ? h("div", { class: "card__actions" }, slots)
        : h("p", { class: "muted", role: "status" }, t(slots ? "desk.no_slots" : "common.loading")),
    );
  }

  /** @param {string} start */
  #slot(start) {
    const clock = clockTime(start, this.#zone);
    const isChosen = clock === this.#time && dayNumber(start, this.#zone) === this.#day;
    const isOtherDay = dayNumber(start, this.#zone) !== this.#day;
    const said = isOtherDay ? dayAndTime(start, this.#zone, serverNow()) : clock;
    const className = `btn btn--small${isChosen ? " btn--primary" : ""}`;
    return button("slot", className, null, said, { "data-starts-at": start, "aria-pressed": String(isChosen) });
  }
}

/** @param {string} name @param {string} label @param {Person[]} persons @param {string} chosen */
function people(name, label, persons, chosen) {
  if (persons.length < 2) return null;
  const choices = persons.map((person) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name, value: person.id, checked: person.id === chosen }),
      photo(person, "s"),
      h("span", {}, person.name),
    ),
  );
  return h("fieldset", { class: "choices" }, h("legend", { class: "choices__title" }, label), choices);
}

/** @param {string} label @param {HTMLElement} input */
const field = (label, input) => h("label", { class: "field" }, h("span", { class: "field__label" }, label), input);

/** @param {number} minutes */
const option = (minutes) => h("option", { value: minutes, selected: minutes === 15 }, tn("desk.minutes", minutes));

/** @param {number} day since 1970 */
const dateOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");
