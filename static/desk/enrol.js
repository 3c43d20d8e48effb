/**
 * Enrolling a family on one page: its name and picture, its people; then, once saved, their photos, numbers, what is
 * allowed, and how they get in. Each step may be left and taken up again, here or on the family's own page.
 */
import { t } from "../core/texts.js";
import { ms, now as serverNow } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { emblem, h, icon, parts, sentence, toast } from "../ui/dom.js";
import { consentActs, consentForm, consentList, holding } from "./consents.js";
import { Beginning } from "./beginning.js";
import { stepOn } from "./fields.js";
import { waiting } from "./family.js";
import { Household } from "./household.js";
import { editPart, face, invitePart, newcomerPart, numberPart, peopleActs, photoChosen, photoPart } from "./people.js";

/** @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").EnrolledMember} EnrolledMember */

const STEPS = ["family", "persons", "photos", "numbers", "consent", "invitations"];
const ROLES = ["child", "parent", "caregiver"];

export class EnrolView {
  #desk;
  #beginning;
  /** The family, once it is saved. @type {Household | null} */
  #home = null;
  /** What was sent and got no answer goes on with its key. */
  #intent = { body: "", key: "" };
  /** @type {import("../ui/dom.js").Acts} */
  acts = {};

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#beginning = new Beginning(desk);
  }

  /** @param {string} id */
  open(id) {
    if (!id) this.#home = null;
    else if (this.#home?.id !== id) this.#home = new Household(this.#desk, id);
    const home = this.#home;
    const own = { step: (/** @type {HTMLElement} */ element) => goTo(element.dataset.step ?? "") };
    this.acts = home
      ? { ...peopleActs(home), ...consentActs(home), "reload-family": () => home.load(), ...own }
      : { ...this.#beginning.acts, "save-family": () => this.#save(), ...own };
  }

  freshen() {
    if (this.#home) this.#home.freshen();
    else this.#beginning.freshen();
  }

  /** @param {Event} event */
  typed(event) {
    if (!this.#home) this.#beginning.typed(event);
    else if (!photoChosen(this.#home, event) && this.#home.typed(event) && event.type === "change") this.#desk.show();
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const within = /** @type {HTMLElement} */ (event.target).closest("[data-part=beginning]");
    if (within instanceof HTMLElement) stepOn(event, within);
  }

  view() {
    const home = this.#home;
    if (home && !home.family) return [waiting(home)];
    const done = home ? doneOf(home) : this.#beginning.done();
    return [
      home?.family ? savedHead(home.family) : h("h2", { class: "page-head__title", "data-key": "title" }, t("desk.enrol")),
      progress(done),
      ...(home ? this.#rest(home, done) : this.#beginning.view()),
      ...(home ? [] : STEPS.slice(2).map((step, place) => later(step, place + 3))),
    ];
  } // prettier-ignore

  /** @param {Household} home @param {Record<string, number>} done */
  #rest(home, done) {
    const people = ROLES.flatMap((role) => home.withRole(role));
    /** @param {EnrolledMember[]} members @param {(member: EnrolledMember) => import("../ui/dom.js").Child} part */
    const rows = (members, part) =>
      h(
        "ul",
        { class: "list" },
        members.map((member) =>
          h(
            "li",
            { class: "row step-row", "data-key": member.id, "data-person-id": member.id },
            face(home, member),
            h("div", { class: "step-row__who" }, h("b", {}, member.name), h("br"), h("span", { class: "muted" }, t(`desk.role.${member.role}`))),
            h("div", { class: "step-row__main" }, part(member)),
          ),
        ),
      );
    const grown = people.filter((member) => member.role !== "child");
    return [
      step("persons", 2, done, [rows(people, (member) => editPart(home, member)), newcomerPart(home)]),
      step("photos", 3, done, [rows(people, (member) => photoPart(home, member))]),
      step("numbers", 4, done, [rows([...grown, ...home.withRole("child")], (member) => numberPart(home, member))]),
      step("consent", 5, done, [...consentList(home), consentForm(home)]),
      step("invitations", 6, done, [rows([...grown, ...home.withRole("child")], (member) => invitePart(home, member))]),
      h("div", { class: "page-head__actions", "data-key": "done" }, h("a", { class: "btn btn--primary", href: `#family=${home.id}` }, icon("check", "s"), t("desk.enrol_done"))),
    ];
  } // prettier-ignore

  async #save() {
    const body = this.#beginning.checked();
    if (!body) return;
    const text = JSON.stringify(body);
    if (this.#intent.body !== text) this.#intent = this.#beginning.intentOf(text) ?? { body: text, key: newKey() };
    this.#beginning.sending(this.#intent);
    try {
      const onwait = () => toast("info", t("common.trying_again"));
      const family = await this.#desk.live.api.command("/api/families", body, { key: this.#intent.key, onwait });
      this.#intent = { body: "", key: "" };
      this.#beginning.clear();
      await this.#desk.live.refresh();
      toast("good", t("desk.enrolled", { family: family.name }));
      location.replace(`#enrol=${family.id}`);
      this.open(family.id);
      await this.#home?.load();
      goTo("photos");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!error.isPassing) this.#intent = { body: "", key: "" };
      this.#beginning.refused(error, sentence(error));
    }
  }
}

/** How far each step is, 0 to 1. @param {Household} home @returns {Record<string, number>} */
function doneOf(home) {
  const { members } = home;
  const [children, parents] = [home.withRole("child"), home.withRole("parent")];
  const grown = members.filter((member) => member.role !== "child");
  const pairs = children.flatMap((child) => parents.map((parent) => [child.id, parent.id]));
  /** @template T @param {T[]} all @param {(one: T) => unknown} isDone */
  const part = (all, isDone) => (all.length ? all.filter(isDone).length / all.length : 1);
  return {
    family: 1,
    persons: 1,
    photos: part(members, (member) => member.photo),
    numbers: part(grown, (member) => member.confirmed),
    consent: part(pairs, ([child, parent]) => holding(home, child, parent, "call")),
    invitations: part(parents, ({ invited, devices }) => devices || (invited && ms(invited.expires_at) > serverNow())),
  };
}

/** @param {import("./wire.js").EnrolledFamily} family */
const savedHead = (family) =>
  h(
    "header",
    { class: "page-head", "data-key": family.id, "data-part": "step-family", tabindex: -1 },
    emblem(family.emblem, "m"),
    h("h2", { class: "page-head__title" }, t("desk.enrol_of", { family: family.name })),
  );

/** @param {Record<string, number>} done */
const progress = (done) =>
  h(
    "ol",
    { class: "steps", "aria-label": t("desk.enrol_steps"), "data-key": "steps" },
    STEPS.map((name, place) =>
      h(
        "li",
        { class: "steps__step", "data-state": done[name] === 1 ? "done" : done[name] > 0 ? "begun" : "open" },
        h(
          "button",
          { class: "steps__link", type: "button", "data-act": "step", "data-step": name },
          h("span", { class: "steps__mark" }, done[name] === 1 ? icon("check", "s") : String(place + 1)),
          t(`desk.step.${name}`),
        ),
        parts(h("span", { class: "progress" }, h("span", { class: "progress__bar" })), { part: done[name] ?? 0 }),
      ),
    ),
  );

/** @param {string} name @param {number} place @param {Record<string, number>} done @param {import("../ui/dom.js").Child[]} body */
const step = (name, place, done, body) =>
  h(
    "section",
    { class: "part", "data-key": name, "data-part": `step-${name}`, tabindex: -1 },
    h("h3", { class: "heading" }, h("span", { class: "steps__mark" }, done[name] === 1 ? icon("check", "s") : String(place)), t(`desk.step.${name}`)),
    h("p", { class: "muted" }, t(`desk.step_text.${name}`)),
    body,
  ); // prettier-ignore

/** A step that waits until the family is saved. @param {string} name @param {number} place */
const later = (name, place) =>
  h(
    "section",
    { class: "part part--later", "data-key": name, "data-part": `step-${name}`, tabindex: -1 },
    h("h3", { class: "heading" }, h("span", { class: "steps__mark" }, String(place)), t(`desk.step.${name}`)),
    h("p", { class: "muted" }, t("desk.step_after_saving")),
  );

/** @param {string} name */
function goTo(name) {
  const part = document.querySelector(`[data-part="step-${name}"]`);
  if (!(part instanceof HTMLElement)) return;
  part.scrollIntoView({ behavior: "smooth", block: "start" });
  part.focus({ preventScroll: true });
}
