"""What a request for the other parent looks like on the wire: to who asked, and to the desk."""

from typing import Annotated

from pydantic import Field

from app.calls.shapes import FamilyShape, Id, InstantOut, PersonShape, Shape, Text
from app.doors.parent_request_models import Kinship, RequestState
from app.doors.shapes import InvitationShape, Named, Typed
from app.families.words import MemberRole

Reason = Annotated[Text, Field(min_length=1, max_length=200)]


class ParentWanted(Shape):
    name: Annotated[Text, Field(min_length=1, max_length=80)]
    number: Typed
    kinship: Kinship
    language: Annotated[Text, Field(min_length=1, max_length=16)]
    note: Annotated[Text, Field(max_length=200)] | None = None


class ParentRequestShape(Shape):
    """`reason`: why the coordinator declined."""

    id: str
    family_id: str
    name: str
    number: str
    kinship: Kinship
    state: RequestState
    asked_at: InstantOut
    decided_at: InstantOut | None
    reason: str | None


class ParentRequestsShape(Shape):
    requests: list[ParentRequestShape]


class KnownShape(Named):
    """Somebody of the village who has the number that was asked for; `role` in the family that is asked about."""

    role: MemberRole | None


class DeskParentRequest(ParentRequestShape):
    """`number` is masked. `zone`: where they probably live."""

    family: FamilyShape
    asked_by: PersonShape
    children: list[str]
    language: str
    note: str | None
    zone: str
    known: list[KnownShape]
    person_id: str | None


class DeskParentRequestsShape(Shape):
    """What waits, the oldest first; then what was decided so lately that it can be undone."""

    requests: list[DeskParentRequest]


class AcceptIn(Shape):
    """`known_id`: take in this one, who has the number, and nobody new."""

    zone: Annotated[Text, Field(min_length=1, max_length=48)]
    known_id: Id | None = None


class AcceptedShape(Shape):
    """Without invitation and code they come in by the number that they have already confirmed."""

    person: Named
    family_id: str
    language: str
    invitation: InvitationShape | None
    code_expires_at: InstantOut | None


class DeclineIn(Shape):
    reason: Reason
