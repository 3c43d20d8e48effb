"""The desk's routes about families: enrol, correct, take in and let go, consent, no contact. For its own village."""

from app.calls.shapes import Nothing
from app.desk import enrol, household
from app.desk.enrol import Newcomer, Yes
from app.desk.forms import (
    ConsentIn,
    EnrolIn,
    EnrolledFamily,
    MadeShape,
    MemberEndIn,
    MemberIn,
    NoContactIn,
    PersonChanges,
    SignatureShape,
)
from app.families import queries
from app.kernel.errors import Invalid
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import COORDINATOR

api = Api("enrolment")


@api.command("POST", "/families", COORDINATOR, gives=EnrolledFamily, takes=EnrolIn, status=201)
def enrol_family(ask: Ask, body: EnrolIn) -> EnrolledFamily:
    """Enrol a family with all its people in one go."""
    persons = [Newcomer(each.name, each.role, each.zone, each.language) for each in body.persons]
    family = enrol.enrol(ask.session, ask.who, name=body.name, emblem=body.emblem, persons=persons, now=ask.now)
    return household.family_page(ask.session, ask.who, family.id, {}, ask.now)


@api.command("PATCH", "/persons/<person_id>", COORDINATOR, gives=Nothing, takes=PersonChanges)
def change_person(ask: Ask, body: PersonChanges, person_id: str) -> Nothing:
    """Correct a person's name, zone or language."""
    enrol.change_person(
        ask.session, ask.who, person_id, name=body.name, zone=body.zone, language=body.language, now=ask.now
    )
    return Nothing()


@api.command("POST", "/families/<family_id>/members", COORDINATOR, gives=MadeShape, takes=MemberIn, status=201)
def add_member(ask: Ask, body: MemberIn, family_id: str) -> MadeShape:
    """Take somebody into a family, new or known."""
    queries.family_of_village(ask.session, ask.who.village, family_id)
    if body.person_id is not None:
        if body.name or body.zone or body.language:
            raise Invalid("not_understood", fields={"person_id": "or name, zone and language"})
        person_id = enrol.add_known(ask.session, ask.who, family_id, body.person_id, body.role, ask.now)
    else:
        newcomer = enrol.newcomer_of(body.name, body.role, body.zone, body.language)
        person_id = enrol.add_newcomer(ask.session, ask.who, family_id, newcomer, ask.now)
    return MadeShape(id=person_id)


@api.command(
    "POST", "/families/<family_id>/members/<person_id>/end", COORDINATOR, gives=Nothing, takes=MemberEndIn
)  # fmt: skip
def end_member(ask: Ask, body: MemberEndIn, family_id: str, person_id: str) -> Nothing:
    """Let a member leave a family."""
    enrol.end_member(ask.session, ask.who, family_id, person_id, body.role, ask.now)
    return Nothing()


@api.command("POST", "/consents", COORDINATOR, gives=MadeShape, takes=ConsentIn, status=201)
def give_consent(ask: Ask, body: ConsentIn) -> MadeShape:
    """Keep a guardian's yes for a child, a contact and a kind."""
    yes = Yes(body.child_id, body.contact_id, body.kind, body.given_by, body.evidence, body.until_at, body.signature)
    return MadeShape(id=enrol.give_consent(ask.session, ask.who, floor().sealer, yes, ask.now).id)


@api.query("/consents/<consent_id>/signature", COORDINATOR, gives=SignatureShape)
def signature(ask: Ask, consent_id: str) -> SignatureShape:
    """Show what a guardian signed on the screen for a consent."""
    strokes, signed_at = enrol.signature(ask.session, ask.who, floor().sealer, consent_id)
    return SignatureShape(strokes=strokes, signed_at=signed_at)


@api.command("POST", "/consents/<consent_id>/revoke", COORDINATOR, gives=Nothing)
def revoke_consent(ask: Ask, consent_id: str) -> Nothing:
    """Withdraw a consent from this instant on."""
    enrol.revoke_consent(ask.session, ask.who, consent_id, ask.now)
    return Nothing()


@api.command("POST", "/no_contacts", COORDINATOR, gives=MadeShape, takes=NoContactIn, status=201)
def set_no_contact(ask: Ask, body: NoContactIn) -> MadeShape:
    """Keep a child and somebody apart, whatever was consented."""
    ban = enrol.set_no_contact(
        ask.session, ask.who, child_id=body.child_id, contact_id=body.contact_id, reason=body.reason, now=ask.now
    )
    return MadeShape(id=ban.id)


@api.command("POST", "/no_contacts/<no_contact_id>/lift", COORDINATOR, gives=Nothing)
def lift_no_contact(ask: Ask, no_contact_id: str) -> Nothing:
    """Lift a ban on contact; consents count again."""
    enrol.lift_no_contact(ask.session, ask.who, no_contact_id, ask.now)
    return Nothing()
