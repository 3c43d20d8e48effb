/** What a guardian allows for a child, a contact and a kind, with evidence and end; and who must be kept apart. */
import { t } from "../core/texts.js";
import { dayAndTime, now as serverNow } from "../core/time.js";
import { button, h, icon, openDialog } from "../ui/dom.js";
import { check, field, form, input, radio, select, submit } from "./fields.js";
import { refusal } from "./people.js";
import { keepStrokes, signingActs, signingPart, strokesOf } from "./signing.js";
import { dateText, endOfDate } from "./wallclock.js";
import { word } from "./words.js";

/** @typedef {import("./household.js").Household} Household
 * @typedef {import("./wire.js").Consent} Consent
 * @typedef {import("./wire.js").ConsentKind} ConsentKind
 * @typedef {import("./wire.js").EnrolledMember} EnrolledMember */

/** @type {ConsentKind[]} */
const KINDS = ["call", "message", "auto_answer", "photo"];
const ON_SCREEN = "screen";
const EVIDENCE = { paper: "text", screen: "check", spoken: "speaker" };

/** @param {Household} home @param {string} child @param {string} contact @param {string} kind */
export const holding = (home, child, contact, kind) =>
  home.family?.consents.find(
    (one) => one.holds && one.child_id === child && one.contact_id === contact && one.kind === kind,
  );

/** All that holds, then what has ended. @param {Household} home */
export function consentList(home) {
  const { consents = [] } = home.family ?? {};
  const [held, over] = [consents.filter((one) => one.holds), consents.filter((one) => !one.holds)];
  return [
    held.length ? table(home, held) : h("p", { class: "muted", "data-key": "none" }, t("desk.no_consents")),
    h("details", { class: "fold", hidden: !over.length }, h("summary", {}, t("desk.consents_over", { count: over.length })), table(home, over)),
  ];
} // prettier-ignore

/** @param {Household} home @param {Consent[]} consents */
function table(home, consents) {
  const columns = ["kind", "between", "given_by", "evidence", "until"];
  return h(
    "div",
    { class: "table-box", "data-key": "consents" },
    h(
      "table",
      { class: "table", "data-table": "consents" },
      h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, t(`desk.consent.${name}`))), h("th", {}))),
      h("tbody", {}, consents.map((consent) => row(home, consent))),
    ),
  );
} // prettier-ignore

/** @param {Household} home @param {Consent} consent */
function row(home, consent) {
  const named = { "data-consent-id": consent.id };
  const spot = `consent:${consent.id}`;
  return h(
    "tr",
    { "data-key": consent.id, ...named, "data-state": consent.holds ? "holds" : "over" },
    h("td", { class: "no-wrap" }, h("b", {}, t(`desk.kind.${consent.kind}`))),
    h("td", {}, t("desk.child_and_parent", { child: home.member(consent.child_id)?.name ?? "", parent: consent.contact_name })),
    h("td", {}, home.member(consent.given_by)?.name ?? "—"),
    h(
      "td",
      {},
      h("p", {}, evidenceText(consent.evidence), h("br"), h("span", { class: "muted" }, day(home, consent.from_at))),
      consent.is_signed && button("show-signature", "btn btn--small", null, t("desk.signature_show"), named),
    ),
    h("td", { class: "no-wrap" }, endText(home, consent)),
    h(
      "td",
      {},
      consent.holds && button("revoke-consent", "btn btn--small btn--danger", "close", t("desk.consent_revoke"), { ...named, "aria-busy": String(home.busy.has(spot)) }),
      refusal(home, spot),
    ),
  );
} // prettier-ignore

/** @param {Household} home @param {string | number} instant */
const day = (home, instant) => dateText(instant, home.desk.now()?.zone ?? "UTC", document.documentElement.lang);

/** @param {Household} home @param {Consent} consent */
function endText(home, { revoked_at, until_at }) {
  const zone = home.desk.now()?.zone ?? "UTC";
  if (revoked_at) return h("span", { class: "lamp lamp--bad" }, t("desk.consent_revoked", { when: dayAndTime(revoked_at, zone, serverNow()) }));
  if (!until_at) return t("desk.consent_open_end");
  return day(home, Date.parse(until_at) - 1);
} // prettier-ignore

/** "paper: folder 3", as the desk wrote it. @param {string} evidence */
function evidenceText(evidence) {
  const [how, ...note] = evidence.split(": ");
  return [word(`desk.evidence.${how}`, how), note.join(": ")].filter(Boolean).join(" · ");
}

/** A table of ticks: every child with every grown-up, kind by kind. @param {Household} home */
export function consentForm(home) {
  const draft = home.draft.consent;
  const children = home.withRole("child");
  const [parents, others] = [home.withRole("parent"), home.withRole("caregiver")];
  const busy = String(home.busy.has("consent"));
  const givers = /** @type {[string, string][]} */ (parents.map(({ id, name }) => [id, name]));
  const rows = (/** @type {EnrolledMember[]} */ contacts) =>
    children.flatMap((child) => contacts.filter(({ id }) => id !== child.id).map((contact) => ticks(home, child, contact)));
  return form(
    "give-consent",
    { class: "card consent-form", "aria-busy": busy, "data-part": "consent-form" },
    h(
      "div",
      { class: "table-box table-box--plain" },
      h(
        "table",
        { class: "table ticks" },
        h("thead", {}, h("tr", {}, h("th", {}, t("desk.consent.between")), KINDS.map((kind) => h("th", { scope: "col", title: t(`desk.kind_text.${kind}`) }, t(`desk.kind.${kind}`))))),
        h("tbody", {}, rows(parents)),
        h("tbody", { hidden: !others.length }, h("tr", {}, h("th", { colspan: KINDS.length + 1 }, t("desk.consent_others"))), rows(others)),
      ),
    ),
    h(
      "fieldset",
      { class: "choices choices--row" },
      h("legend", { class: "choices__title" }, t("desk.consent.evidence")),
      Object.entries(EVIDENCE).map(([how, iconId]) => radio("consent.evidence", draft.evidence, how, [icon(iconId), h("span", {}, t(`desk.evidence.${how}`))])),
    ),
    h(
      "div",
      { class: "inline-form" },
      field(t("desk.consent.given_by"), select("consent.given_by", home.giver?.id ?? "", givers)),
      field(t("desk.consent_note"), input("consent.note", draft.note, { maxlength: 180 })),
      field(t("desk.consent_until"), input("consent.until", draft.until, { type: "date" })),
    ),
    h("div", { "data-key": "signing-place", hidden: draft.evidence !== ON_SCREEN }, draft.evidence === ON_SCREEN && signingPart(home, home.giver?.name ?? "")),
    refusal(home, "consent"),
    h("div", { class: "page-head__actions" }, submit("btn btn--primary", "check", t("desk.consent_give"), { "aria-busy": busy })),
  );
} // prettier-ignore

/** @param {Household} home @param {EnrolledMember} child @param {EnrolledMember} contact */
function ticks(home, child, contact) {
  return h(
    "tr",
    { "data-key": `${child.id} ${contact.id}` },
    h("th", { scope: "row" }, t("desk.child_and_parent", { child: child.name, parent: contact.name })),
    KINDS.map((kind) => {
      const cell = `${child.id} ${contact.id} ${kind}`;
      const label = h("span", { class: "hidden-text" }, `${child.name}, ${contact.name}: ${t(`desk.kind.${kind}`)}`);
      if (holding(home, child.id, contact.id, kind)) return h("td", { title: t("desk.consent_holds") }, icon("check", "s"), label);
      return h("td", {}, check(`consent.cells.${cell}`, Boolean(home.draft.consent.cells[cell]), label));
    }),
  );
} // prettier-ignore

/** @param {Household} home */
export function apartPart(home) {
  const draft = home.draft.ban;
  const bans = home.family?.no_contacts.filter((ban) => !ban.lifted_at) ?? [];
  const people = (/** @type {EnrolledMember[]} */ members) =>
    /** @type {[string, string][]} */ ([["", "—"], ...members.map(({ id, name }) => [id, name])]);
  const contacts = home.members.filter((member) => member.role !== "child");
  const busy = String(home.busy.has("ban"));
  return [
    h(
      "ul",
      { class: "list", hidden: !bans.length },
      bans.map((ban) =>
        h(
          "li",
          { class: "row", "data-key": ban.id },
          icon("link-lost"),
          h(
            "div",
            { class: "row__main" },
            h("p", { class: "row__title" }, t("desk.child_and_parent", { child: home.member(ban.child_id)?.name ?? "", parent: ban.contact_name })),
            h("p", { class: "row__text" }, `${ban.reason} · ${day(home, ban.from_at)}`),
          ),
          button("lift-ban", "btn btn--small", null, t("desk.ban_lift"), { "data-ban-id": ban.id }),
        ),
      ),
    ),
    h(
      "details",
      { class: "fold card", "data-key": "new" },
      h("summary", {}, t("desk.ban_set")),
      h("p", { class: "muted" }, t("desk.ban_text")),
      form(
        "set-ban",
        { class: "inline-form", "aria-busy": busy },
        field(t("desk.column.child"), select("ban.child", draft.child, people(home.withRole("child")))),
        field(t("desk.ban_contact"), select("ban.contact", draft.contact, people(contacts))),
        field(t("desk.ban_reason"), input("ban.reason", draft.reason, { maxlength: 200 })),
        submit("btn btn--danger", "link-lost", t("desk.ban_set"), { "aria-busy": busy }),
      ),
      refusal(home, "ban"),
    ),
  ];
} // prettier-ignore

/** @param {Household} home @returns {import("../ui/dom.js").Acts} */
export function consentActs(home) {
  return {
    ...signingActs(home),
    "give-consent": () => give(home),
    "revoke-consent": (element) => askToRevoke(home, element.dataset.consentId ?? ""),
    "set-ban": async () => {
      const { child, contact, reason } = home.draft.ban;
      if (!child || !contact || !reason.trim()) return home.refusals.set("ban", t("desk.ban_missing")), home.desk.show();
      const body = { child_id: child, contact_id: contact, reason: reason.trim() };
      if (await home.do("ban", "/api/no_contacts", body, t("desk.ban_is_set"))) home.draft.ban = { child: "", contact: "", reason: "" };
      home.desk.show();
    },
    "lift-ban": (element) => home.do("ban", `/api/no_contacts/${element.dataset.banId}/lift`, {}, t("desk.ban_lifted")),
  };
} // prettier-ignore

/** One consent for each tick; those that were refused stay ticked. @param {Household} home */
async function give(home) {
  const { cells, evidence, note, until } = home.draft.consent;
  const ticked = Object.keys(cells).filter((cell) => cells[cell]);
  if (!ticked.length) return home.refusals.set("consent", t("desk.consent_none_ticked")), home.desk.show();
  const strokes = evidence === ON_SCREEN ? strokesOf(home) : null;
  if (strokes?.length === 0) return home.refusals.set("consent", t("desk.signature_missing")), home.desk.show();
  const zone = home.desk.now()?.village.zone ?? "UTC";
  const said = {
    given_by: home.giver?.id ?? "",
    evidence: note.trim() ? `${evidence}: ${note.trim()}` : evidence,
    until_at: until ? new Date(endOfDate(until, zone)).toISOString() : null,
    signature: strokes,
  };
  for (const cell of ticked) {
    const [child_id, contact_id, kind] = cell.split(" ");
    if (!(await home.do("consent", "/api/consents", { child_id, contact_id, kind, ...said }, ""))) break;
    delete cells[cell];
    keepStrokes(home, Object.values(cells).some(Boolean) ? (strokes ?? []) : []);
  }
  home.desk.show();
} // prettier-ignore

/** Asks once, and says what follows. @param {Household} home @param {string} id */
function askToRevoke(home, id) {
  const consent = home.family?.consents.find((one) => one.id === id);
  if (!consent) return;
  const dialog = openDialog(
    t("desk.consent_revoke_title", { kind: t(`desk.kind.${consent.kind}`) }),
    [
      h("p", {}, t("desk.child_and_parent", { child: home.member(consent.child_id)?.name ?? "", parent: consent.contact_name })),
      h("p", {}, t(`desk.consent_revoke_text.${consent.kind}`)),
    ],
    [button("close", "btn btn--quiet", null, t("desk.keep")), button("revoke", "btn btn--danger", "close", t("desk.consent_revoke"))],
    { revoke: () => home.do(`consent:${id}`, `/api/consents/${id}/revoke`, {}, t("desk.consent_is_revoked")) },
  );
  dialog.dataset.screen = "revoke-consent";
} // prettier-ignore
