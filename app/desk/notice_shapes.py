"""A village's terms of notices and what its desk was told, on the wire."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from app.web.shapes import InstantOut, Shape

LAST_MINUTE = 24 * 60 - 1
MOST_SEGMENTS = 1_000_000
DEAREST = 1_000_000  # in 1/10,000 of a currency
LONGEST_ESCALATION_MINUTES = 2 * 24 * 60

Minute = Annotated[int, Field(ge=0, le=LAST_MINUTE)]
Budget = Annotated[int, Field(ge=0, le=MOST_SEGMENTS)]
Template = Annotated[str, Field(pattern=r"^[a-z_]{1,48}$")]


class KindShape(Shape):
    """What a village may decide of one kind of notice. `escalate_minutes` is null where nobody else is ever asked."""

    template: str
    is_on: bool
    can_be_off: bool
    escalate_minutes: int | None


class FamilySpending(Shape):
    id: str
    name: str
    emblem: str
    segments: int


class MonthShape(Shape):
    """The segments of this month, with what they cost in 1/10,000 of the currency. `families`: the dearest first."""

    segments: int
    cost: int
    families: list[FamilySpending]


class TermsShape(Shape):
    """Quiet hours are minutes after midnight by the reader's clock; budgets are segments a month, null is none set."""

    quiet_from_minute: int
    quiet_until_minute: int
    family_segments: int | None
    village_segments: int | None
    segment_price: int
    currency: str
    is_push_on: bool
    kinds: list[KindShape]
    month: MonthShape


class KindIn(Shape):
    """`escalate_minutes` null is the usual time again."""

    template: Template
    is_on: bool | None = None
    escalate_minutes: Annotated[int, Field(ge=1, le=LONGEST_ESCALATION_MINUTES)] | None = None


class TermsIn(Shape):
    """Only what is given changes; a budget of null is none."""

    quiet_from_minute: Minute = 0
    quiet_until_minute: Minute = 0
    family_segments: Budget | None = None
    village_segments: Budget | None = None
    segment_price: Annotated[int, Field(ge=0, le=DEAREST)] = 0
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = ""
    is_push_on: bool = False
    kinds: Annotated[Sequence[KindIn], Field(max_length=60)] = ()


class DeskNoticeShape(Shape):
    id: str
    template: str
    at: InstantOut
    call_id: str | None
    text: str


class DeskNoticesShape(Shape):
    notices: list[DeskNoticeShape]
