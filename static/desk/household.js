/**
 * One family as the desk works on it: what the server knows, what is typed and not sent yet, what is under way where.
 * The parts that draw it (people, consents) ask it; it decides nothing of its own.
 */
import { t } from "../core/texts.js";
import { now as serverNow } from "../core/time.js";
import { ApiError, newKey } from "../net/api.js";
import { sentence, toast } from "../ui/dom.js";
import { draftOf, keepDraft } from "./drafts.js";
import { put } from "./fields.js";
import { dateOf } from "./wallclock.js";

/** @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").EnrolledFamily} EnrolledFamily
 * @typedef {import("./wire.js").EnrolledMember} EnrolledMember
 * @typedef {{name: string, zone: string, language: string, number: string, code: string, sent: string}} PersonDraft */

const CONSENT_LASTS_YEARS = 1;

export class Household {
  /** @type {EnrolledFamily | null} */
  family = null;
  /** @type {ApiError | null} */
  error = null;
  /** Where something is under way: "number:ID". @type {Set<string>} */
  busy = new Set();
  /** What was refused, by the same places. @type {Map<string, string>} */
  refusals = new Map();
  /** Photos that are on their way, as they will look. @type {Map<string, string>} */
  photos = new Map();
  /** Numbers that were looked at, to be dialled. @type {Map<string, string>} */
  shown = new Map();
  /** Who was let go here a moment ago, to be taken back. @type {{id: string, name: string, role: string}[]} */
  left = [];
  /** What else is to be read once its people are known, and again with them. */
  onread = () => {};
  #seen = {};

  /** @param {Desk} desk @param {string} id */
  constructor(desk, id) {
    this.desk = desk;
    this.id = id;
    this.draft = { ...emptyDraft(desk), ...draftOf(`family.${id}`) };
  }

  /** Reads it again if the evening has changed since. */
  freshen() {
    const now = this.desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    this.load();
  }

  async load() {
    try {
      this.family = await this.desk.live.api.get(`/api/families/${this.id}`);
      this.error = null;
      for (const member of this.family?.members ?? []) this.draft.people[member.id] ??= personDraft(member);
      this.onread();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
    }
    this.desk.show();
  }

  get members() {
    return this.family?.members ?? [];
  }

  /** @param {string} role */
  withRole(role) {
    return this.members.filter((member) => member.role === role);
  }

  /** @param {string} id */
  member(id) {
    return this.members.find((member) => member.id === id);
  }

  /** Who gives a consent: the one who was chosen, or the first parent. */
  get giver() {
    const parents = this.withRole("parent");
    return parents.find(({ id }) => id === this.draft.consent.given_by) ?? parents[0];
  }

  /** @param {EnrolledMember} member @returns {PersonDraft} */
  draftOf(member) {
    return (this.draft.people[member.id] ??= personDraft(member));
  }

  /** What was written differently, and no more: the audit names it. @param {string} id @param {PersonDraft} draft */
  changes(id, draft) {
    const member = this.member(id);
    const fields = /** @type {const} */ (["name", "zone", "language"]);
    const changed = fields.filter((field) => draft[field].trim() && draft[field].trim() !== member?.[field]);
    return Object.fromEntries(changed.map((field) => [field, draft[field].trim()]));
  }

  /** What was written of somebody is no draft any more. @param {string} id */
  forgetEdit(id) {
    const member = this.member(id);
    if (member) this.draft.people[id] = { ...this.draft.people[id], name: member.name, zone: member.zone, language: member.language };
  } // prettier-ignore

  /** @param {Event} event @returns {boolean} */
  typed({ target }) {
    const isOurs = put(this.draft, target);
    if (isOurs) this.keep();
    return isOurs;
  }

  keep() {
    keepDraft(`family.${this.id}`, this.draft);
  }

  /** Does something at a place of the page, where a refusal stays until the next try; the answer or null.
   * @param {string} spot @param {string} path @param {object} body @param {string} done @param {string} [method] */
  async do(spot, path, body, done, method) {
    if (this.busy.has(spot)) return null;
    this.busy.add(spot);
    this.refusals.delete(spot);
    this.desk.show();
    const answer = await this.desk.command(path, body, done, {
      method,
      onerror: (error) => this.refusals.set(spot, sentence(error)),
    });
    if (answer) await this.load();
    this.busy.delete(spot);
    this.keep();
    this.desk.show();
    return answer;
  }

  /** Shows a photo at once and sends it. @param {string} personId @param {Blob} picture */
  async setPhoto(personId, picture) {
    const spot = `photo:${personId}`;
    const address = URL.createObjectURL(picture);
    this.photos.set(personId, address);
    this.busy.add(spot);
    this.refusals.delete(spot);
    this.desk.show();
    try {
      const headers = { "Content-Type": picture.type || "application/octet-stream", "Idempotency-Key": newKey() };
      await this.desk.live.api.ask(`/api/families/${this.id}/photos/${personId}`, { method: "POST", headers, body: picture });
      toast("good", t("desk.photo_taken"));
      await this.load();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.refusals.set(spot, sentence(error));
    }
    this.photos.delete(personId);
    URL.revokeObjectURL(address);
    this.busy.delete(spot);
    this.desk.show();
  } // prettier-ignore
}

/** @param {EnrolledMember} member @returns {PersonDraft} */
const personDraft = ({ name, zone, language }) => ({ name, zone, language, number: "", code: "", sent: "" });

/** @param {Desk} desk */
function emptyDraft(desk) {
  const zone = desk.now()?.village.zone ?? "UTC";
  const inTime = new Date(serverNow());
  inTime.setUTCFullYear(inTime.getUTCFullYear() + CONSENT_LASTS_YEARS);
  return {
    /** @type {Record<string, PersonDraft>} */
    people: {},
    newcomer: { role: "caregiver", name: "", zone, language: desk.now()?.language ?? "en" },
    consent: {
      /** Ticked: "child contact kind". @type {Record<string, boolean>} */
      cells: {},
      given_by: "",
      evidence: "paper",
      note: "",
      /** What was drawn, and what for. @type {{terms: string, strokes: number[][]} | null} */
      signature: null,
      until: dateOf(inTime.getTime(), zone),
    },
    ban: { child: "", contact: "", reason: "" },
  };
}
