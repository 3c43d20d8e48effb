"""What the desk is told of texts that do not leave, and of the gateways, on the wire."""

from app.desk.notice_shapes import DeskNoticeShape
from app.notices.words import DeliveryState
from app.web.shapes import InstantOut, Shape


class SilentShape(Shape):
    name: str
    since: InstantOut


class ToCallShape(Shape):
    """Somebody whom only a text would reach, and whose call is near. `is_confirmed`: they know of it and said yes."""

    call_id: str
    starts_at: InstantOut
    person_id: str
    name: str
    is_confirmed: bool


class TextsNow(Shape):
    """What every page of the desk shows of texts.

    `waiting_since` is null while texts leave in time. `can_leave` is false when every gateway is silent. `to_call` is
    empty while texts leave. `notices`: so many were told to the desk and wait to be seen to.
    """

    waiting_since: InstantOut | None
    waiting: int
    silent: list[SilentShape]
    can_leave: bool
    notices: int
    to_call: list[ToCallShape]


class GatewayShape(Shape):
    """`is_open`: it failed again and again, and nothing is sent by it for a while. `error`: what it said, in short."""

    name: str
    is_open: bool
    failing_since: InstantOut | None
    last_taken_at: InstantOut | None
    error: str | None
    silent_since: InstantOut | None


class SentAgainShape(Shape):
    """A text that this desk sent again, and what became of it."""

    id: str
    what: str
    who: str
    at: InstantOut
    state: DeliveryState
    error: str | None


class DeskTextsShape(Shape):
    """`waiting_since`: when the oldest text was due that has not left, be it a moment ago."""

    waiting_since: InstantOut | None
    waiting: int
    gateways: list[GatewayShape]
    notices: list[DeskNoticeShape]
    sent_again: list[SentAgainShape]
