"""The routes of requests for the other parent: asked on a phone, decided at the desk of the family's village."""

from typing import Any

from app.calls import picture
from app.calls.shapes import Nothing
from app.doors import parent_request_queries as asked
from app.doors import parent_requests
from app.doors.parent_request_models import ParentRequest
from app.doors.parent_request_shapes import (
    AcceptedShape,
    AcceptIn,
    DeclineIn,
    DeskParentRequest,
    DeskParentRequestsShape,
    KnownShape,
    ParentRequestShape,
    ParentRequestsShape,
    ParentWanted,
)
from app.doors.parent_requests import Wanted
from app.doors.shapes import Named, NumberShape
from app.doors.views import invitation_shape
from app.families import queries as families
from app.families.models import Family, Person
from app.families.words import MemberRole
from app.kernel.numbers import E164, masked
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import COORDINATOR, PERSON

api = Api("parent_requests")


@api.query("/parent_requests", PERSON, gives=ParentRequestsShape)
def list_own(ask: Ask) -> ParentRequestsShape:
    """List what one has asked for, and what became of it."""
    return _own(ask)


@api.command(
    "POST", "/families/<family_id>/parent_requests", PERSON, gives=ParentRequestsShape, takes=ParentWanted, status=201
)  # fmt: skip
def ask_for_parent(ask: Ask, body: ParentWanted, family_id: str) -> ParentRequestsShape:
    """Ask the coordinator to let the other parent of one's child in."""
    wanted = Wanted(body.name, body.number, body.kinship, body.language, body.note)
    parent_requests.ask_for(ask, family_id, wanted)
    return _own(ask)


@api.command("POST", "/parent_requests/<parent_request_id>/withdraw", PERSON, gives=ParentRequestsShape)
def withdraw(ask: Ask, parent_request_id: str) -> ParentRequestsShape:
    """Take one's own request back."""
    parent_requests.withdraw(ask, parent_request_id)
    return _own(ask)


@api.query("/desk/parent_requests", COORDINATOR, gives=DeskParentRequestsShape)
def list_of_village(ask: Ask) -> DeskParentRequestsShape:
    """List the requests that wait for the desk, and those that it has just decided."""
    found = asked.of_village(ask.session, ask.who.village, ask.now)
    return DeskParentRequestsShape(requests=[_at_desk(ask, request) for request in found])


@api.command(
    "POST", "/parent_requests/<parent_request_id>/accept", COORDINATOR, gives=AcceptedShape, takes=AcceptIn, status=201
)  # fmt: skip
def accept(ask: Ask, body: AcceptIn, parent_request_id: str) -> AcceptedShape:
    """Take the other parent into the family; a code goes to the number, and a card is made."""
    done = parent_requests.accept(ask, floor().sealer, parent_request_id, body.zone, body.known_id)
    person = families.person(ask.session, done.person_id)
    return AcceptedShape(
        person=Named(id=person.id, name=person.name), family_id=done.family_id, language=person.language,
        invitation=invitation_shape(done.invited) if done.invited else None, code_expires_at=done.code_until,
    )  # fmt: skip


@api.command("POST", "/parent_requests/<parent_request_id>/decline", COORDINATOR, gives=Nothing, takes=DeclineIn)
def decline(ask: Ask, body: DeclineIn, parent_request_id: str) -> Nothing:
    """Decline, with a reason for the parent who asked."""
    parent_requests.decline(ask, parent_request_id, body.reason)
    return Nothing()


@api.command("POST", "/parent_requests/<parent_request_id>/reopen", COORDINATOR, gives=Nothing)
def reopen(ask: Ask, parent_request_id: str) -> Nothing:
    """Undo what was decided: the request waits again."""
    parent_requests.reopen(ask, parent_request_id)
    return Nothing()


@api.command("POST", "/parent_requests/<parent_request_id>/number/show", COORDINATOR, gives=NumberShape)
def show_asked_number(ask: Ask, parent_request_id: str) -> NumberShape:
    """Show the number that was asked for to whoever wants to dial it; that is kept."""
    return NumberShape(number=parent_requests.show_number(ask, parent_request_id))


def _own(ask: Ask) -> ParentRequestsShape:
    ask.session.flush()
    found = asked.of_parent(ask.session, ask.who.subject_id, ask.now)
    return ParentRequestsShape(requests=[ParentRequestShape(**_fields(request)) for request in found])


def _at_desk(ask: Ask, request: ParentRequest) -> DeskParentRequest:
    session, family = ask.session, ask.session.get_one(Family, request.family_id)
    return DeskParentRequest(
        **_fields(request) | {"number": masked(E164(request.number))}, family=picture.family_shape(family),
        asked_by=picture.person_shape(session.get_one(Person, request.asked_by), ask.who),
        children=[child.name for child in families.children(session, family.id)], language=request.language,
        note=request.note, zone=asked.zone_of(session, family, request), person_id=request.person_id,
        known=[
            KnownShape(id=known.id, name=known.name, role=_role(ask, family, known))
            for known in asked.known_by_number(session, family, request)
        ],
    )  # fmt: skip


def _role(ask: Ask, family: Family, person: Person) -> MemberRole | None:
    """A parent before anything else: that is what is asked for."""
    roles = [role for role in MemberRole if families.is_member(ask.session, family.id, person.id, role)]
    return roles[0] if roles else None


def _fields(request: ParentRequest) -> dict[str, Any]:
    named = ("id", "family_id", "name", "number", "kinship", "state", "asked_at", "decided_at", "reason")
    return {name: getattr(request, name) for name in named}
