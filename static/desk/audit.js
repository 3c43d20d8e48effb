/** What this desk did, in sentences, the latest first; older ones on request. */
import { hasText, t } from "../core/texts.js";
import { clockTime, dayName, dayNumber } from "../core/time.js";
import { ApiError } from "../net/api.js";
import { banner, button, h, icon, sentence, stateOf } from "../ui/dom.js";
import { roleText } from "./fields.js";
import { word } from "./words.js";

/** @typedef {import("./wire.js").AuditLine} AuditLine
 * @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskNow} DeskNow */

export class AuditView {
  /** @type {AuditLine[]} */
  #lines = [];
  /** Where the older ones begin. @type {string | null} */
  #next = null;
  #isRead = false;
  #isReading = false;
  /** @type {ApiError | null} */
  #error = null;
  #seen = {};
  #desk;
  /** @type {import("../ui/dom.js").Acts} */
  acts = { "more-audit": () => this.#read(this.#next), "reload-audit": () => this.#read(null) };

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  freshen() {
    const now = this.#desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    this.#read(null);
  }

  /** The latest, or those before one; what is known already stays below. @param {string | null} before */
  async #read(before) {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#desk.show();
    try {
      const page = await this.#desk.live.api.get("/api/audit", before ? { before } : undefined);
      this.#take(page, before);
      this.#error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#isReading = false;
    this.#desk.show();
  }

  /** @param {{entries: AuditLine[], next: string | null}} page @param {string | null} before */
  #take({ entries, next }, before) {
    const known = new Set(this.#lines.map(({ id }) => id));
    const meets = entries.some(({ id }) => known.has(id));
    if (before) this.#lines.push(...entries);
    if (!before && meets) this.#lines.unshift(...entries.filter(({ id }) => !known.has(id)));
    else {
      if (!before) this.#lines = entries;
      this.#next = next;
    }
    this.#isRead = true;
  }

  /** @param {DeskNow} now @param {number} at */
  view(now, at) {
    const retry = button("reload-audit", "btn btn--primary", null, t("common.retry"));
    if (!this.#isRead && this.#error) return [stateOf("error", sentence(this.#error), "", retry)];
    if (!this.#isRead && !this.#lines.length) return [stateOf("loading", t("common.loading"))];
    if (!this.#lines.length) return [stateOf("empty", t("desk.no_audit"))];
    /** @type {Map<number, AuditLine[]>} */
    const days = new Map();
    for (const line of this.#lines) {
      const day = dayNumber(line.at, now.zone);
      days.set(day, [...(days.get(day) ?? []), line]);
    }
    return [
      h("div", { hidden: !this.#error }, this.#error && banner("bad", "warning", sentence(this.#error), retry)),
      ...[...days].map(([day, lines]) =>
        h(
          "section",
          { class: "part", "data-key": String(day) },
          h("h2", { class: "heading" }, icon("calendar", "s"), dayName(lines[0].at, now.zone, at)),
          h("ol", { class: "trail audit" }, lines.map((line) => row(line, now))),
        ),
      ),
      h("div", { "data-key": "more", hidden: !this.#next }, button("more-audit", "btn", null, t("desk.audit_more"), { "aria-busy": String(this.#isReading) })),
    ];
  } // prettier-ignore
}

/** @param {AuditLine} line @param {DeskNow} now */
const row = (line, now) =>
  h(
    "li",
    { class: "trail__item", "data-key": line.id, "data-action": line.action },
    h("time", {}, clockTime(line.at, now.zone)),
    h("span", {}, sentenceOf(line), more(line) && h("span", { class: "muted" }, ` · ${more(line)}`)),
  );

/** "Teacher Li enrolled Yang family"; an action without a sentence is said as itself. @param {AuditLine} line */
function sentenceOf({ who, action, about }) {
  const key = `desk.audit.${action}`;
  return hasText(key) ? t(key, { who, about: about ?? t("desk.audit_somebody") }) : `${who}: ${action} ${about ?? ""}`;
}

/** What else is known, where it says something. @param {AuditLine} line */
function more({ detail: { kind, role, channel, changed } }) {
  const fields = Array.isArray(changed) ? changed.map((name) => word(`desk.person_${name}`, name)).join(", ") : "";
  const said = [
    kind && word(`desk.kind.${kind}`, word(`desk.what.${kind}`, kind)),
    role && roleText(role),
    channel && word(`desk.channel.${channel}`, channel),
    fields,
  ];
  return said.filter(Boolean).join(" · ");
}
