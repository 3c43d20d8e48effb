/** A family's people, piece by piece: photo, number, invitation, what is written of them. Shared by enrolling and later. */
import { t, tn } from "../core/texts.js";
import { dayAndTime, ms, now as serverNow } from "../core/time.js";
import { button, h, icon, openDialog, photo } from "../ui/dom.js";
import { field, form, input, roleText, select, submit } from "./fields.js";
import { languages, zoneChoices } from "./choices.js";

/** @typedef {import("./household.js").Household} Household
 * @typedef {import("./wire.js").EnrolledMember} EnrolledMember */

/** @param {Household} home @param {EnrolledMember} member @param {string} [size] */
export function face(home, member, size = "m") {
  const taken = home.photos.get(member.id);
  return photo(taken ? { ...member, photo: taken } : member, size);
}

/** @param {Household} home @param {EnrolledMember} member */
export function photoPart(home, member) {
  const spot = `photo:${member.id}`;
  const busy = String(home.busy.has(spot));
  const file = h("input", { class: "hidden-text", type: "file", accept: "image/*", "data-photo-of": member.id });
  return [
    h(
      "div",
      { class: "card__actions" },
      h("label", { class: "btn btn--small", "aria-busy": busy }, file, icon("person", "s"), t(member.photo ? "desk.photo_other" : "desk.photo_file")),
      button("camera", "btn btn--small", "camera", t("desk.photo_camera"), { "data-person-id": member.id }),
    ),
    refusal(home, spot),
  ];
} // prettier-ignore

/** @param {Household} home @param {EnrolledMember} member */
export function numberPart(home, member) {
  const draft = home.draftOf(member);
  const [spot, named] = [`number:${member.id}`, { "data-person-id": member.id }];
  const busy = String(home.busy.has(spot));
  const isWaiting = Boolean(draft.sent) && ms(draft.sent) > serverNow();
  const asking = isWaiting
    ? form(
        "confirm-code",
        { ...named, "aria-busy": busy, class: "inline-form", "data-key": "code" },
        field(t("desk.number_code", { number: draft.number }), input(`people.${member.id}.code`, draft.code, { inputmode: "numeric", maxlength: 12, autocomplete: "off" })),
        submit("btn btn--primary", "check", t("desk.number_confirm"), { "aria-busy": busy }),
        button("other-number", "btn btn--quiet", null, t("desk.number_other"), named),
      )
    : form(
        "send-code",
        { ...named, "aria-busy": busy, class: "inline-form", "data-key": "number" },
        field(t("desk.number"), input(`people.${member.id}.number`, draft.number, { type: "tel", inputmode: "tel", maxlength: 40 })),
        submit("btn", "text", t("desk.number_send"), { "aria-busy": busy }),
      );
  const folded = h("details", { class: "fold", "data-key": "change" }, h("summary", {}, t("desk.number_new")), asking);
  return [h("p", {}, numberLamp(member), member.has_stopped_texts && [" ", h("span", { class: "lamp lamp--bad", "data-part": "stopped" }, t("desk.has_stopped_texts"))]), member.has_phone && !isWaiting ? folded : asking, refusal(home, spot)];
} // prettier-ignore

/** @param {EnrolledMember} member */
export function numberLamp({ has_phone, confirmed }) {
  const [lamp, key] = confirmed ? ["on", "desk.number_confirmed"] : has_phone ? ["wait", "desk.number_unconfirmed"] : ["off", "desk.no_number"];
  return h("span", { class: `lamp lamp--${lamp}` }, t(key));
} // prettier-ignore

/** The number itself is shown when somebody wants to dial it; that is written down. @param {Household} home
 * @param {EnrolledMember} member */
export function dialPart(home, member) {
  const number = home.shown.get(member.id);
  const named = { "data-person-id": member.id };
  if (!member.has_phone) return null;
  if (number) return h("a", { class: "btn btn--small btn--go", href: `tel:${number}` }, icon("phone-call", "s"), number);
  return button("show-number", "btn btn--small", "phone-call", t("desk.number_show"), named);
}

/** @param {Household} home @param {EnrolledMember} member */
export function invitePart(home, member) {
  const spot = `invite:${member.id}`;
  const named = { "data-person-id": member.id, "aria-busy": String(home.busy.has(spot)) };
  const { invited } = member;
  const isOpen = invited && !invited.used && ms(invited.expires_at) > serverNow();
  return [
    h("p", {}, invitedLamp(home, member)),
    h(
      "div",
      { class: "card__actions" },
      button("invite-card", "btn btn--small", "print", t(isOpen ? "desk.invite_card_again" : "desk.invite_card"), named),
      button("invite-text", "btn btn--small", "text", t(isOpen ? "desk.invite_text_again" : "desk.invite_text"), { ...named, disabled: !member.confirmed }),
      isOpen && button("revoke-invitation", "btn btn--small btn--danger", "close", t("desk.invite_revoke"), { ...named, "data-invitation-id": invited.id }),
    ),
    isOpen && h("p", { class: "muted" }, t("desk.invite_again_text")),
    refusal(home, spot),
  ];
} // prettier-ignore

/** @param {Household} home @param {EnrolledMember} member */
function invitedLamp(home, { invited, devices }) {
  if (devices) return h("span", { class: "lamp lamp--on" }, tn("desk.devices", devices));
  const isOver = invited && (invited.used || ms(invited.expires_at) <= serverNow());
  if (!invited || isOver) return h("span", { class: "lamp lamp--off" }, t(invited?.used ? "desk.invited_used" : isOver ? "desk.invited_over" : "desk.not_invited"));
  const zone = home.desk.now()?.zone ?? "UTC";
  return h("span", { class: "lamp lamp--wait" }, t("desk.invited_until", { when: dayAndTime(invited.expires_at, zone, serverNow()) }));
} // prettier-ignore

/** What is written of somebody, to be corrected. @param {Household} home @param {EnrolledMember} member */
export function editPart(home, member) {
  const draft = home.draftOf(member);
  const spot = `person:${member.id}`;
  const path = `people.${member.id}`;
  const busy = String(home.busy.has(spot));
  return h(
    "details",
    { class: "fold" },
    h("summary", {}, t("desk.person_edit")),
    form(
      "save-person",
      { class: "dialog__body", "data-person-id": member.id, "aria-busy": busy },
      field(t("desk.person_name"), input(`${path}.name`, draft.name, { maxlength: 80 })),
      field(t("desk.person_zone"), select(`${path}.zone`, draft.zone, zoneChoices(home.desk, draft.zone))),
      field(t("desk.person_language"), select(`${path}.language`, draft.language, languages())),
      refusal(home, spot),
      h(
        "div",
        { class: "card__actions" },
        submit("btn btn--small btn--primary", "check", t("desk.save"), { "aria-busy": busy }),
        button("end-member", "btn btn--small btn--danger", null, t("desk.member_end"), { "data-person-id": member.id, "data-role": member.role }),
      ),
    ),
  );
} // prettier-ignore

/** @param {Household} home @param {EnrolledMember} member */
export const memberCard = (home, member) =>
  h(
    "li",
    { class: "card member", "data-key": `${member.id} ${member.role}`, "data-person-id": member.id },
    h(
      "div",
      { class: "member__who" },
      face(home, member),
      h("div", {}, h("h3", { class: "card__title" }, member.name), h("p", { class: "card__text" }, roleText(member.role))),
      dialPart(home, member),
    ),
    photoPart(home, member),
    numberPart(home, member),
    invitePart(home, member),
    editPart(home, member),
  );

/** @param {Household} home */
export function newcomerPart(home) {
  const draft = home.draft.newcomer;
  const roles = /** @type {[string, string][]} */ (["child", "parent", "caregiver"].map((role) => [role, roleText(role)]));
  const busy = String(home.busy.has("newcomer"));
  const newcomer = h(
    "details",
    { class: "fold card" },
    h("summary", {}, t("desk.member_add")),
    form(
      "add-member",
      { class: "inline-form", "aria-busy": busy },
      field(t("desk.person_role"), select("newcomer.role", draft.role, roles)),
      field(t("desk.person_name"), input("newcomer.name", draft.name, { maxlength: 80 })),
      field(t("desk.person_zone"), select("newcomer.zone", draft.zone, zoneChoices(home.desk, draft.zone))),
      field(t("desk.person_language"), select("newcomer.language", draft.language, languages())),
      submit("btn", "plus", t("desk.member_add"), { "aria-busy": busy }),
    ),
    refusal(home, "newcomer"),
  );
  return [leftPart(home), newcomer];
} // prettier-ignore

/** @param {Household} home */
const leftPart = ({ left, busy }) =>
  h(
    "ul",
    { class: "list", hidden: !left.length, "data-key": "left" },
    left.map(({ id, name, role }) =>
      h(
        "li",
        { class: "row", "data-key": `${id} ${role}` },
        h("p", { class: "row__main" }, t("desk.member_has_left", { name })),
        button("take-back", "btn btn--small", "move", t("desk.member_take_back"), { "data-person-id": id, "data-role": role, "aria-busy": String(busy.has("newcomer")) }),
      ),
    ),
  ); // prettier-ignore

/** @param {Household} home @param {string} spot */
export const refusal = (home, spot) =>
  h("p", { class: "field__error", role: "alert", hidden: !home.refusals.has(spot) }, home.refusals.get(spot));

/** What touches mean at these pieces. @param {Household} home @returns {import("../ui/dom.js").Acts} */
export function peopleActs(home) {
  /** @param {(id: string, draft: import("./household.js").PersonDraft, element: HTMLElement) => void} run */
  const of = (run) => (/** @type {HTMLElement} */ element) => {
    const member = home.member(element.dataset.personId ?? "");
    if (member) run(member.id, home.draftOf(member), element);
  };
  return {
    camera: of(async (id) => (await import("./camera.js")).openCamera((picture) => home.setPhoto(id, picture))),
    "send-code": of(async (id, draft) => {
      if (!draft.number.trim()) return;
      const sent = await home.do(`number:${id}`, `/api/persons/${id}/number`, { number: draft.number.trim() }, t("desk.number_sent"));
      if (sent) (draft.sent = sent.expires_at), (draft.code = ""), home.keep();
      home.desk.show();
      /** @type {HTMLElement | null} */ (document.querySelector(`[name="people.${id}.code"]`))?.focus();
    }),
    "confirm-code": of(async (id, draft) => {
      if (!draft.code.trim()) return;
      if (await home.do(`number:${id}`, `/api/persons/${id}/number/confirm`, { code: draft.code.trim() }, t("desk.number_is_confirmed"))) {
        Object.assign(draft, { number: "", code: "", sent: "" });
        home.shown.delete(id);
        home.keep();
      }
      home.desk.show();
    }),
    "other-number": of((_id, draft) => ((draft.sent = ""), home.desk.show())),
    "show-number": of(async (id) => {
      const answer = await home.do(`number:${id}`, `/api/persons/${id}/number/show`, {}, "");
      if (answer) home.shown.set(id, answer.number);
      home.desk.show();
    }),
    "invite-card": of(async (id) => {
      const invitation = await home.do(`invite:${id}`, "/api/invitations", { person_id: id, channel: "card" }, "");
      const member = home.member(id);
      if (invitation && member) (await import("./card.js")).openCard(home, member, invitation);
    }),
    "invite-text": of((id) => home.do(`invite:${id}`, "/api/invitations", { person_id: id, channel: "text" }, t("desk.invite_sent"))),
    "revoke-invitation": of((id, _draft, element) =>
      home.do(`invite:${id}`, `/api/invitations/${element.dataset.invitationId}/revoke`, {}, t("desk.invite_revoked")),
    ),
    "save-person": of(async (id, draft) => {
      const changes = home.changes(id, draft);
      if (!Object.keys(changes).length) return;
      if (await home.do(`person:${id}`, `/api/persons/${id}`, changes, t("desk.saved"), "PATCH")) home.forgetEdit(id);
    }),
    "end-member": of((id, _draft, element) => askToEnd(home, id, element.dataset.role ?? "")),
    "take-back": async ({ dataset: { personId = "", role = "" } }) => {
      if (!(await home.do("newcomer", `/api/families/${home.id}/members`, { person_id: personId, role }, t("desk.member_added")))) return;
      home.left = home.left.filter(({ id, role: its }) => id !== personId || its !== role);
      home.desk.show();
    },
    "add-member": async () => {
      const { newcomer } = home.draft;
      if (!newcomer.name.trim()) return;
      if (await home.do("newcomer", `/api/families/${home.id}/members`, { ...newcomer }, t("desk.member_added"))) newcomer.name = "";
      home.desk.show();
    },
  };
} // prettier-ignore

/** @param {Household} home @param {string} id @param {string} role */
function askToEnd(home, id, role) {
  const name = home.member(id)?.name ?? "";
  openDialog(
    t("desk.member_end_title", { name, family: home.family?.name ?? "" }),
    [h("p", {}, t("desk.member_end_text"))],
    [button("close", "btn btn--quiet", null, t("common.close")), button("end", "btn btn--danger", null, t("desk.member_end"))],
    {
      end: async () => {
        if (!(await home.do(`person:${id}`, `/api/families/${home.id}/members/${id}/end`, { role }, t("desk.member_ended")))) return;
        home.left.push({ id, name, role });
        home.desk.show();
      },
    },
  );
} // prettier-ignore

/** A file was chosen. @param {Household} home @param {Event} event @returns {boolean} */
export function photoChosen(home, { target, type }) {
  const { photoOf } = /** @type {HTMLElement} */ (target).dataset;
  if (!photoOf) return false;
  const [file] = /** @type {HTMLInputElement} */ (target).files ?? [];
  if (type === "change" && file) import("./camera.js").then(async ({ smaller }) => home.setPhoto(photoOf, await smaller(file)));
  return true;
} // prettier-ignore
