"""What a call looks like on the wire, and what is taken to book one."""

from typing import Annotated, Literal

from pydantic import Field

from app.calls.rules import Action
from app.calls.words import CallState, Origin, Outcome, SeatSide, Side
from app.web.shapes import Id as Id
from app.web.shapes import InstantIn as InstantIn
from app.web.shapes import InstantOut as InstantOut
from app.web.shapes import Nothing as Nothing
from app.web.shapes import Shape as Shape
from app.web.shapes import Text as Text


class PersonShape(Shape):
    id: str
    name: str
    photo: str | None


class CallerShape(PersonShape):
    """`recorded_name`: where a terminal finds their own voice that says who calls; null for others, or without one."""

    recorded_name: str | None


class MemberShape(PersonShape):
    role: str
    has_phone: bool


class FamilyShape(Shape):
    id: str
    emblem: str
    name: str


class TerminalShape(Shape):
    id: str
    name: str


class SlotShape(Shape):
    starts_at: InstantOut
    ends_at: InstantOut
    terminal_id: str


class SideShape(Shape):
    seated: bool
    here: bool
    lost_at: InstantOut | None
    confirmed: bool
    declined: bool


class RingShape(Shape):
    since: InstantOut
    until: InstantOut


class DeskSeatShape(Shape):
    """The coordinator who sits in a call."""

    name: str


class GuestShape(PersonShape):
    """A further parent who may come into a call that is on, or is there."""

    is_here: bool
    is_asked: bool


class CallShape(Shape):
    """`auto_answer`: the terminal that reads it may answer by itself."""

    id: str
    state: CallState
    outcome: Outcome | None
    reason: str | None
    starts_at: InstantOut
    ends_at: InstantOut
    opens_at: InstantOut
    zone: str
    village: str
    family: FamilyShape
    child: PersonShape
    parent: CallerShape
    terminal: TerminalShape
    my_side: Literal[SeatSide.PARENT, SeatSide.VILLAGE, SeatSide.GUEST] | None
    proposed_by: Side | None
    moved_to_id: str | None
    origin: Origin
    series_id: str | None
    expires_at: InstantOut | None
    confirm_by: InstantOut | None
    sides: dict[Side, SideShape]
    desk: DeskSeatShape | None
    guests: list[GuestShape]
    rings: list[RingShape]
    rings_there: list[RingShape]
    live_at: InstantOut | None
    rung_again_at: InstantOut | None
    talked_seconds: int
    talking_since: InstantOut | None
    can: list[Action]
    offers: list[SlotShape]
    auto_answer: bool


class SlotSearch(Shape):
    child_id: Id
    parent_id: Id | None = None
    from_: InstantIn = Field(alias="from")
    until: InstantIn


class SlotsShape(Shape):
    slots: list[SlotShape]
    minutes: int
    zone: str


class When(Shape):
    """An instant, or a wall time with its IANA zone."""

    starts_at: InstantIn | None = None
    wall: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:00)?$")] | None = None
    zone: Annotated[str, Field(max_length=48)] | None = None


class BookingIn(When):
    """`terminal_id`: the one of the slot that was offered; it is tried first."""

    child_id: Id
    parent_id: Id | None = None
    terminal_id: Id | None = None
    minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    is_proposal: bool = False


class NowIn(Shape):
    """Without `minutes` a call is as long as there is room for."""

    child_id: Id
    parent_id: Id | None = None
    minutes: Annotated[int, Field(ge=1, le=1440)] | None = None


class GuestIn(Shape):
    person_id: Id


class CancelIn(Shape):
    reason: Annotated[str, Field(max_length=24)]
    note: Annotated[Text, Field(max_length=200)] | None = None


class DeclineIn(Shape):
    reason: Annotated[str, Field(max_length=24)] | None = None
    note: Annotated[Text, Field(max_length=200)] | None = None
