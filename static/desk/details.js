/** One call in a dialog that stays true while it is open: who, where each side is, what happened, what can be done. */
import { t, tn } from "../core/texts.js";
import { clockTime, dayAndTime, dayName, ms, now as serverNow } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { banner, button, draw, h, icon, listen, openDialog, pair, sentence, stateOf, toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { linkFacts } from "./link_facts.js";
import { Phoning } from "./phoning.js";
import { askToEnd, askWhich, lineOf, seriesOf, showSeries } from "./series.js";
import { tagOf } from "./tonight.js";
import { trailList } from "./trail.js";
import { isClose, lookOf, minutesTalked, reasonText, sideOf } from "./words.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("../phone/wire.js").Series} Series */
/** @typedef {import("./wire.js").Desk} Desk */
/** @typedef {import("./wire.js").Trail} Trail */
/** @typedef {import("./wire.js").DeskNow["terminals"] | undefined} Terminals */

const REASONS = { shift_changed: "calendar", sick: "sick", no_time: "clock", terminal_broken: "terminal", weather: "sun", other: "message" };
const REDRAW_MS = 10_000;
const PAIR_STATES = new Set(["booked", "ringing", "live", "lost"]);
export const ready = sheet("scheduling.css", import.meta.url);

/** Looks of calls for which somebody may be wanted on the telephone. */
const PHONED = new Set(["booked", "ringing", "live", "lost", "missed", "cancelled"]);
/** Why a time can't be had again. */
const GONE = new Set(["slot_taken", "slot_given"]);

export class Details {
  /** @type {Call | null} */
  #call = null;
  /** @type {Trail | null} */
  #trail = null;
  /** The one that the call is of, as soon as it was read. @type {Series | null | undefined} */
  #series;
  /** @type {ApiError | null} */
  #error = null;
  #seen = {};
  #box = h("div");
  #desk;
  #id;
  #phoning;
  #dialog;

  /** @param {Desk} desk @param {string} id */
  constructor(desk, id) {
    this.#desk = desk;
    this.#id = id;
    this.#phoning = new Phoning(desk, () => this.#draw());
    this.#dialog = openDialog(t("desk.call"), [this.#box], [], {}, "dialog--wide");
    this.#dialog.dataset.screen = "call";
    listen(this.#dialog, {
      close: () => this.#dialog.close(),
      retry: () => this.#load(),
      cancel: () => this.#leave((call) => askReason(desk, call)),
      move: (place) => void this.#move(place),
      "book-again": () => this.#leave((call) => bookAgain(desk, call)),
      phone: (element) => this.#phone(element.dataset.personId ?? ""),
      family: (element) => this.#leave(() => void (location.hash = `family=${element.dataset.familyId}`)),
      join: () => this.#leave((call) => join(desk, call)),
      series: () => this.#leave(() => this.#series && showSeries(desk, this.#series, false)),
      "end-series": () => this.#leave(() => this.#series && askToEnd(desk, this.#series)),
      "show-call": (element) => this.#leave(() => desk.openCall(element.dataset.callId ?? "")),
    });
    const stop = desk.live.subscribe(() => this.#changed());
    const timer = setInterval(() => this.#draw(), REDRAW_MS);
    this.#dialog.addEventListener("close", () => (stop(), clearInterval(timer)));
    this.#changed();
  }

  /** Reads the trail again with each new picture of the evening. */
  #changed() {
    const now = this.#desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    this.#load();
  }

  async #load() {
    const { api } = this.#desk.live;
    const standing = this.#desk.now()?.calls.find((call) => call.id === this.#id);
    if (standing) this.#call = standing;
    this.#draw();
    try {
      if (!standing) this.#call = await api.get(`/api/calls/${this.#id}`);
      this.#trail = await api.get(`/api/calls/${this.#id}/trail`);
      this.#series = await this.#readSeries();
      this.#error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#draw();
  }

  /** @param {(call: Call) => void} run */
  #leave(run) {
    const call = this.#call;
    this.#dialog.close();
    if (call) run(call);
  }

  /** @param {string} id */
  async #phone(id) {
    await this.#phoning.show(id);
    /** @type {HTMLElement | null} */ (this.#box.querySelector(`[data-person-id="${id}"]`))?.focus();
  }

  #readSeries() {
    return this.#call?.series_id ? seriesOf(this.#desk, this.#call) : null;
  }

  /** Whether one call is meant or later ones too can only be asked once its series was read. @param {HTMLElement} place */
  async #move(place) {
    place.setAttribute("aria-busy", "true");
    try {
      if (this.#series === undefined) this.#series = await this.#readSeries();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return toast("bad", sentence(error));
    } finally {
      place.removeAttribute("aria-busy");
    }
    if (this.#dialog.isConnected) this.#leave((call) => this.#moveOf(call));
  }

  /** @param {Call} call */
  #moveOf(call) {
    const family = this.#desk.now()?.families.find(({ id }) => id === call.family.id);
    if (!family) return;
    const moveOne = () => this.#desk.book(family, call);
    if (this.#series && !this.#series.ended_at) askWhich(this.#desk, this.#series, call, moveOne);
    else moveOne();
  }

  #draw() {
    const at = serverNow();
    const call = this.#call;
    draw(this.#box, "details", h("div", { class: "dialog__body" }, call ? this.#body(call, at) : this.#waiting()));
    const title = call ? t("desk.child_and_parent", { child: call.child.name, parent: call.parent.name }) : t("desk.call");
    const heading = /** @type {HTMLElement} */ (this.#dialog.querySelector(".dialog__title"));
    heading.textContent = title;
    this.#dialog.setAttribute("aria-label", title);
    this.#drawActions([...(call?.can ?? []), ...(call && canBookAgain(call, at) ? ["book-again"] : [])]);
  }

  #waiting() {
    if (!this.#error) return stateOf("loading", t("common.loading"));
    return stateOf("error", sentence(this.#error), "", button("retry", "btn btn--primary", null, t("common.retry")));
  }

  /** Only where they change, so that what has the focus keeps it. @param {string[]} can */
  #drawActions(can) {
    const bar = /** @type {HTMLElement} */ (this.#dialog.querySelector(".dialog__actions"));
    const wanted = `close ${can.join(" ")}`;
    if (bar.dataset.can === wanted) return;
    bar.dataset.can = wanted;
    const close = button("close", "btn btn--quiet", null, t("common.close"));
    const cancel = can.includes("cancel") && button("cancel", "btn btn--danger", "close", t("desk.cancel"));
    const move = can.includes("move") && button("move", "btn", "move", t("desk.move"));
    const enter = can.includes("join") && button("join", "btn btn--primary", "phone-call", t("desk.join"));
    const again = can.includes("book-again") && button("book-again", "btn btn--primary", "calendar", t("desk.book_again"));
    const hasFocus = bar.contains(document.activeElement) || document.activeElement === this.#dialog;
    bar.replaceChildren(...[close, cancel, move, enter, again].filter((place) => place !== false));
    if (hasFocus) close.focus();
  }

  /** @param {Call} call @param {number} at */
  #body(call, at) {
    const look = lookOf(call);
    return [
      this.#error && banner("bad", "warning", sentence(this.#error)),
      pair(PAIR_STATES.has(look) ? look : call.state === "ended" ? "ended" : "waiting", [call.child, call.parent]),
      h("p", {}, tagOf(look)),
      facts(call, this.#trail, this.#series, PHONED.has(look) && this.#phoning.view(call), this.#desk.now()?.terminals, at),
      ...(this.#trail ? trailList(call, this.#trail) : []),
    ];
  }
}

/** @param {Call} call @param {Trail | null} trail @param {Series | null | undefined} series
 * @param {import("../ui/dom.js").Child} phones @param {Terminals} terminals @param {number} at */
function facts(call, trail, series, phones, terminals, at) {
  const { zone } = call;
  const talked = minutesTalked(call, at);
  /** @type {[string, import("../ui/dom.js").Child | import("../ui/dom.js").Child[]][]} */
  const lines = [
    ["when", h("time", {}, `${dayName(call.starts_at, zone, at)} ${clockTime(call.starts_at, zone)}–${clockTime(call.ends_at, zone)}`)],
    ["where", whereOf(call, terminals, at)],
    ["family", h("button", { class: "row__title", type: "button", "data-act": "family", "data-family-id": call.family.id }, call.family.name)],
    ["origin", originOf(call, series)],
    ["confirm", confirmText(call)],
    ...sideLines(call, at),
    ["phone", phones],
    ["desk", call.desk && t("desk.in_call", call.desk)],
    ["talked", (call.live_at || talked > 0) && tn("desk.minutes", talked)],
    ...linkFacts(call, trail?.link ?? null),
    ["reason", reasonText(call.reason)],
    ["note", trail?.note],
    ["moved_to", call.moved_to_id && button("show-call", "btn btn--small", "move", t("desk.show_new"), { "data-call-id": call.moved_to_id })],
  ];
  const told = lines.filter(([, value]) => value);
  return h(
    "dl",
    { class: "facts" },
    told.flatMap(([name, value]) => [h("dt", {}, t(`desk.fact.${name}`)), h("dd", { "data-fact": name }, value)]),
  );
} // prettier-ignore

/** Its terminal, and whether it is there once that matters. @param {Call} call @param {Terminals} terminals @param {number} at */
function whereOf(call, terminals, at) {
  const isAway = isClose(call, at) && terminals?.some(({ id, present }) => id === call.terminal.id && !present);
  return isAway ? h("span", { class: "lamp lamp--bad" }, `${call.terminal.name}: ${t("desk.terminal_off")}`) : call.terminal.name;
}

/** How a call came about that nobody asked for by itself. @param {Call} call @param {Series | null | undefined} series */
function originOf({ origin, series_id }, series) {
  if (!series_id || !series) return origin === "asked" ? null : t(`desk.origin.${origin}`);
  return h(
    "span",
    { class: "fact-with-acts" },
    t("desk.series_title", { line: lineOf(series) }),
    button("series", "btn btn--small", "calendar", t("desk.series_show")),
    !series.ended_at && button("end-series", "btn btn--small btn--danger", null, t("desk.series_end")),
  );
}

/** Who confirmed it; or until when somebody must. @param {Call} call */
function confirmText({ confirm_by, state, sides, child, parent, zone }) {
  const by = [sides.village.confirmed && child.name, sides.parent.confirmed && parent.name].filter((name) => name !== false);
  if (by.length) return t("desk.confirmed_by", { who: by.join(" · ") });
  if (!confirm_by || state !== "booked") return null;
  return h("span", { class: "lamp lamp--wait" }, t("desk.confirm_by", { when: `${dayName(confirm_by, zone, serverNow())} ${clockTime(confirm_by, zone)}` }));
} // prettier-ignore

/** @param {Call} call @param {number} at @returns {[string, HTMLElement][]} */
function sideLines(call, at) {
  if (call.state === "ended") return [];
  const sides = /** @type {const} */ ([["village", call.child], ["parent", call.parent]]); // prettier-ignore
  return sides.map(([side, { name }]) => {
    const { lamp, text } = sideOf(call, side, at);
    const shown = isClose(call, at) || lamp === "bad" || call.sides[side].confirmed ? text : t("desk.side.not_yet");
    return [side, h("span", { class: `lamp lamp--${lamp}`, "data-side": side }, `${name}: ${shown}`)];
  });
}

/** A cancelled call whose time still lies ahead: cancelling it can be undone. @param {Call} call @param {number} at */
const canBookAgain = ({ outcome, starts_at }, at) => outcome === "cancelled" && ms(starts_at) > at;

/** The same time again; where somebody else has been given it since, another one is looked for.
 * @param {Desk} desk @param {Call} call */
function bookAgain(desk, { id, child, family, starts_at, zone }) {
  const when = dayAndTime(starts_at, zone, serverNow());
  const known = desk.now()?.families.find((one) => one.id === family.id);
  const onerror = (/** @type {ApiError} */ error) => {
    toast("bad", sentence(error));
    if (GONE.has(error.code) && known) desk.book(known, null);
  };
  return desk.command(`/api/calls/${id}/restore`, {}, t("desk.booked", { child: child.name, when }), { onerror });
}

/** @param {Desk} desk @param {Call} call */
async function join(desk, call) {
  const part = await import("./joining.js").catch(() => null);
  if (part) part.askToJoin(desk, call);
  else toast("bad", t("common.cannot_reach"));
}

/** @param {Desk} desk @param {Call} call */
function askReason(desk, call) {
  const choices = Object.entries(REASONS).map(([reason, iconId]) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: "reason", value: reason, checked: reason === "other" }),
      icon(iconId),
      h("span", {}, t(`desk.reason.${reason}`)),
    ),
  );
  const note = h("input", { class: "field__input", name: "note", maxlength: 200, autocomplete: "off" });
  const dialog = openDialog(
    t("desk.cancel_title", { child: call.child.name, when: clockTime(call.starts_at, call.zone) }),
    [
      h("fieldset", { class: "choices" }, h("legend", { class: "choices__title" }, t("desk.cancel_why")), choices),
      h("label", { class: "field" }, h("span", { class: "field__label" }, t("desk.fact.note")), note),
    ],
    [
      button("close", "btn btn--quiet", null, t("desk.keep")),
      button("cancel-confirm", "btn btn--danger", "close", t("desk.cancel")),
    ],
    {
      "cancel-confirm": () => {
        const chosen = /** @type {HTMLInputElement} */ (dialog.querySelector("input:checked"));
        const body = { reason: chosen.value, note: note.value.trim() || null };
        desk.command(`/api/calls/${call.id}/cancel`, body, t("desk.cancelled_call"));
      },
    },
  );
  dialog.dataset.screen = "cancel";
}
