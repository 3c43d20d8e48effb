/**
 * When somebody has time: four weeks by day, a shift swapped in two touches, what is said of their hours, and saying
 * more of it; for oneself and for the children one cares for. What is wrong with hours the server says.
 */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { send } from "../net/intents.js";
import { sentence, toast } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { minuteOf } from "./hours_fields.js";
import { AwayForm, StayForm, WeeklyForm } from "./hours_forms.js";
import { hoursScreen } from "./hours_view.js";
import { dayWord } from "./hours_words.js";
import { RotationForm } from "./rotation.js";

/** @typedef {import("./wire.js").Hours} Hours */
/** @typedef {import("./wire.js").Pattern} Pattern */
/** @typedef {[path: string, body: object]} Command */
/**
 * Something to say of somebody's hours, as it is filled in. What has been said and is replaced by it ends.
 * @typedef {object} Form
 * @property {string} title
 * @property {() => import("../ui/dom.js").Child} screen
 * @property {import("../ui/dom.js").Acts} acts
 * @property {(event: Event) => void} typing
 * @property {boolean} isReady
 * @property {() => object[]} patterns as the server takes them
 * @property {(pattern: Pattern) => boolean} replaces
 */

export const ready = Promise.all([sheet("choose.css", import.meta.url), sheet("hours.css", import.meta.url)]);

export class HoursPage {
  name = "hours";
  /** @type {Hours | null} */
  hours = null;
  /** @type {ApiError | null} */
  error = null;
  /** @type {"days" | "kinds"} */
  view = "days";
  /** @type {Form | null} */
  form = null;
  /** The day that is open for a swap. */
  day = "";
  /** Other hours for that day, while they are typed. @type {{from: number, until: number} | null} */
  other = null;
  /** What is under way. */
  busy = "";
  isTryingAgain = false;
  /** The last change, and how it is taken back. @type {{text: string, commands: Command[]} | null} */
  undo = null;
  #phone;
  #leave;

  /** @param {import("../phone.js").Phone} phone @param {string} personId "" is oneself
   * @param {() => void} [leave] where one goes back to */
  constructor(phone, personId, leave = () => phone.open(null)) {
    this.#phone = phone;
    this.#leave = leave;
    this.personId = personId || (phone.live.view.now?.me?.id ?? "");
    this.#read();
  }

  /** @returns {import("../ui/dom.js").Acts} */
  get acts() {
    const ofForm = Object.entries(this.form?.acts ?? {}).map(([act, run]) => [
      act,
      (/** @type {HTMLElement} */ element) => {
        run(element);
        this.#phone.show();
      },
    ]);
    return { ...this.#acts, ...Object.fromEntries(ofForm) };
  }

  /** @type {import("../ui/dom.js").Acts} */
  #acts = {
    "hours-back": () => this.#back(),
    "hours-of": ({ dataset }) => this.#turnTo(dataset.personId ?? ""),
    "hours-again": () => this.#read(),
    "hours-kinds": () => this.#change({ view: "kinds", day: "", undo: null }),
    "hours-day": ({ dataset }) => this.#open(dataset.day ?? ""),
    "hours-other": () => this.#unfold({ other: { from: 480, until: 1020 } }),
    "hours-swap": ({ dataset }) => this.#swap(dataset.shift ?? ""),
    "hours-swap-other": () => this.#swapOther(),
    "hours-away": () => this.#awayAllDay(),
    "hours-form": ({ dataset }) => this.#fill(dataset.kind ?? "", dataset.occupation ?? "shift"),
    "hours-save": () => this.#save(),
    "hours-end": ({ dataset }) => this.#end((dataset.patternIds ?? "").split(" ")),
    "hours-undo": () => this.#takeBack(),
  };

  /** @param {import("../core/wire.js").Now} now */
  screen(now) {
    return hoursScreen(this, now);
  }

  /** @param {Event} event */
  typing(event) {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    if (this.other && value && (name === "other-from" || name === "other-until")) {
      this.other = { ...this.other, [name.slice(6)]: minuteOf(value) };
    }
    this.form?.typing(event);
    if (event.type === "input") this.#phone.show();
  }

  #back() {
    if (this.form) return this.#change({ form: null, error: null });
    if (this.view === "kinds" && this.hours?.patterns.length) return this.#change({ view: "days" });
    this.#leave();
  }

  /** @param {string} personId */
  #turnTo(personId) {
    this.#change({ personId, hours: null, error: null, view: "days", form: null, day: "", undo: null });
    this.#read();
  }

  async #read() {
    const { personId } = this;
    this.#change({ error: null });
    try {
      const hours = await this.#phone.live.api.get(`/api/persons/${personId}/availability`);
      if (personId === this.personId) this.#take(hours);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (personId === this.personId) this.#change({ error });
    }
  }

  /** @param {Hours} hours */
  #take(hours) {
    const hasNothing = !hours.patterns.length && hours.may_change;
    this.#change({ hours, view: hasNothing ? "kinds" : this.view });
  }

  /** @param {string} day */
  #open(day) {
    this.#unfold({ day: this.day === day ? "" : day, other: null, error: null, undo: null });
  }

  /** What comes below a day must not stay hidden on a low screen. @param {Partial<HoursPage>} changed */
  #unfold(changed) {
    this.#change(changed);
    document.querySelector(".swap")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} shift "" takes the swap back */
  async #swap(shift) {
    await this.#swapTo({ shift: shift || null }, `swap ${shift}`);
  }

  async #swapOther() {
    if (!this.other) return;
    await this.#swapTo({ from_minute: this.other.from, until_minute: this.other.until }, "swap other");
  }

  /** @param {object} wanted @param {string} what */
  async #swapTo(wanted, what) {
    const { day, personId } = this;
    const path = `/api/persons/${personId}/swap`;
    const before = this.hours?.patterns.find(({ kind, detail }) => kind === "swap" && detail.day === day);
    /** @type {Command} */
    const back = [path, { shift: null, ...before?.detail, day }];
    if (!(await this.#run(what, [[path, { day, ...wanted }]]))) return;
    const place = this.hours?.days.findIndex((one) => one.day === day) ?? -1;
    this.#change({ day: "", other: null, undo: { text: dayWord(this.hours, place), commands: [back] } });
  }

  async #awayAllDay() {
    const { day, personId } = this;
    const pattern = { kind: "away", occupation: "other", from_day: day, until_day: day, detail: {} };
    await this.#add([pattern], "away", `/api/persons/${personId}/availability`);
  }

  /** @param {string} kind @param {string} occupation */
  #fill(kind, occupation) {
    const { zone = "UTC", days = [] } = this.hours ?? {};
    const today = days[0]?.day ?? "";
    const isChild = this.isChild;
    /** @type {Record<string, () => Form>} */
    const forms = {
      rotation: () => new RotationForm(today),
      weekly: () => new WeeklyForm(occupation, isChild),
      stay: () => new StayForm(),
      away: () => new AwayForm(today),
    };
    if (zone) this.#change({ form: forms[kind](), error: null, undo: null });
  }

  async #save() {
    const { form, personId } = this;
    if (!form?.isReady) return;
    const replaced = this.hours?.patterns.filter((pattern) => form.replaces(pattern)) ?? [];
    const ends = replaced.map(({ id }) => /** @type {Command} */ ([`/api/availability/${id}/end`, {}]));
    await this.#add(form.patterns(), "save", `/api/persons/${personId}/availability`, ends);
  }

  /** @param {object[]} patterns @param {string} what @param {string} path @param {Command[]} [ends] */
  async #add(patterns, what, path, ends = []) {
    const before = new Map(this.hours?.patterns.map((pattern) => [pattern.id, pattern]));
    const adds = patterns.map((pattern) => /** @type {Command} */ ([path, pattern]));
    if (!(await this.#run(what, [...adds, ...ends]))) return;
    const after = new Set(this.hours?.patterns.map(({ id }) => id));
    const added = [...after].filter((id) => !before.has(id));
    const gone = [...before.values()].filter(({ id, kind }) => !after.has(id) && kind !== "swap");
    const commands = [
      ...gone.map((pattern) => /** @type {Command} */ ([path, asSaid(pattern)])),
      ...added.map((id) => /** @type {Command} */ ([`/api/availability/${id}/end`, {}])),
    ];
    this.#change({ form: null, view: "days", day: "", undo: { text: t("phone.hours.saved"), commands } });
  }

  /** @param {string[]} ids */
  async #end(ids) {
    const ended = this.hours?.patterns.filter(({ id }) => ids.includes(id)) ?? [];
    const path = `/api/persons/${this.personId}/availability`;
    if (!(await this.#run(`end ${ids.join(" ")}`, ids.map((id) => [`/api/availability/${id}/end`, {}])))) return;
    const commands = ended.map((pattern) => /** @type {Command} */ ([path, asSaid(pattern)]));
    this.#change({ view: "kinds", undo: { text: t("phone.hours.ended"), commands } });
  }

  async #takeBack() {
    const { undo } = this;
    if (undo && (await this.#run("undo", undo.commands))) this.#change({ undo: null });
  }

  /** One after the other, each once; the last answer is how it stands. What was refused is shown, and what was typed
   * stays. @param {string} what @param {Command[]} commands */
  async #run(what, commands) {
    if (this.busy) return false;
    this.#change({ busy: what, error: null });
    const { api } = this.#phone.live;
    try {
      for (const [path, body] of commands) {
        this.hours = await send(api, path, body, () => this.#change({ isTryingAgain: true }));
      }
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
      toast("bad", sentence(error));
      return false;
    } finally {
      this.#change({ busy: "", isTryingAgain: false });
    }
  }

  /** Whether it is a child's hours: school and bedtime instead of shifts. */
  get isChild() {
    const { now } = this.#phone.live.view;
    return Boolean(now?.families.some(({ children = [] }) => children.some(({ id }) => id === this.personId)));
  }

  /** @param {Partial<HoursPage>} changed */
  #change(changed) {
    Object.assign(this, changed);
    this.#phone.show();
  }
}

/** @param {Pattern} pattern as it was said, to be said again */
const asSaid = ({ id: _id, ...said }) => said;
