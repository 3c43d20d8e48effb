"""What the line of those who wait for a slot looks like on the wire."""

from app.calls.shapes import FamilyShape, PersonShape
from app.web.shapes import Id, InstantOut, Shape


class WaitIn(Shape):
    child_id: Id
    parent_id: Id | None = None


class OfferShape(Shape):
    """A freed slot that is theirs for a word until `expires_at`: a call to be confirmed."""

    call_id: str
    starts_at: InstantOut
    expires_at: InstantOut


class WaitShape(Shape):
    """`is_asked`: somebody asked for a slot, `since` when; or else the child was not heard for as long as promised."""

    family: FamilyShape
    child: PersonShape
    parent: PersonShape
    last_heard_at: InstantOut | None
    has_call_at: InstantOut | None
    is_asked: bool
    wait_id: str | None
    since: InstantOut | None
    offer: OfferShape | None


class WaitsShape(Shape):
    """In the order in which slots are offered; `promise_days` is the desk's."""

    waits: list[WaitShape]
    promise_days: int | None
