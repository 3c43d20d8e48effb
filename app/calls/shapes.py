"""What a call looks like on the wire, and what is taken to book one."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from app.calls.rules import Action
from app.calls.words import CallState, Outcome, Side


def _in_utc(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if instant.microsecond else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _representable(instant: datetime) -> datetime:
    if not 2000 <= instant.year <= 2200:
        raise ValueError("an instant of our times")
    return instant


InstantOut = Annotated[datetime, PlainSerializer(_in_utc, return_type=str)]
InstantIn = Annotated[AwareDatetime, AfterValidator(_representable)]
Id = Annotated[str, Field(pattern=r"^[0-9a-z]{1,16}$")]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # PostgreSQL keeps no NUL


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PersonShape(Shape):
    id: str
    name: str
    photo: str | None


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


class CallShape(Shape):
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
    parent: PersonShape
    terminal: TerminalShape
    my_side: Side | None
    proposed_by: Side | None
    moved_to_id: str | None
    sides: dict[Side, SideShape]
    desk: DeskSeatShape | None
    rings: list[RingShape]
    live_at: InstantOut | None
    rung_again_at: InstantOut | None
    talked_seconds: int
    talking_since: InstantOut | None
    can: list[Action]
    offers: list[SlotShape]


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
    child_id: Id
    parent_id: Id | None = None
    minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    is_proposal: bool = False


class NowIn(Shape):
    """Without `minutes` a call is as long as there is room for."""

    child_id: Id
    parent_id: Id | None = None
    minutes: Annotated[int, Field(ge=1, le=1440)] | None = None


class CancelIn(Shape):
    reason: Annotated[str, Field(max_length=24)]
    note: Annotated[Text, Field(max_length=200)] | None = None


class Nothing(Shape):
    """No parameters."""
