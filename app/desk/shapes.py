"""What the desk shows, on the wire."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from app.calls.shapes import CallShape, FamilyShape, InstantOut, MemberShape, PersonShape, Shape, TerminalShape
from app.calls.words import CallState, Outcome
from app.desk.outage_shapes import TextsNow
from app.kernel.rungs import RungName


class NamedShape(Shape):
    id: str
    name: str


class DeskTerminal(Shape):
    """`failed_parts`: what its last test of itself found wrong."""

    id: str
    name: str
    present: bool
    failed_parts: list[str]


class DeskMember(MemberShape):
    """`last_heard_at` is a child's; it stays null for the grown-ups."""

    last_heard_at: InstantOut | None


class DeskFamily(FamilyShape):
    members: list[DeskMember]
    next_call_at: InstantOut | None


class OpeningShape(Shape):
    starts_at: InstantOut
    ends_at: InstantOut


class TroubleShape(Shape):
    """`what` is a template for a delivery, and the kind of work for a dead row.

    `gateway` is what a delivery was tried by last, and `detail` what that said, in its own words.
    """

    kind: Literal["dead_row", "delivery"]
    id: str
    what: str
    who: str | None
    call_id: str | None
    at: InstantOut
    error: str
    gateway: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class DeskNow:
    """The desk's part of `GET /api/now`."""

    calls: list[CallShape]
    coordinator: NamedShape
    terminals: list[DeskTerminal]
    families: list[DeskFamily]
    openings: list[OpeningShape]
    promise_days: int
    troubles: list[TroubleShape]
    texts: TextsNow


class LedgerChild(Shape):
    """`weeks` are the minutes of each week; `reasons` say why calls of thirty days failed, the last first."""

    child: PersonShape
    family: FamilyShape
    last_heard_at: InstantOut | None
    next_call_at: InstantOut | None
    minutes_week: int
    minutes_month: int
    weeks: list[int]
    held: int
    missed: int
    reasons: list[str]
    overdue: bool


class LedgerCall(Shape):
    """The part of a call that is still of interest when it is over."""

    id: str
    state: CallState
    outcome: Outcome | None
    reason: str | None
    starts_at: InstantOut
    ends_at: InstantOut
    live_at: InstantOut | None
    talked_seconds: int
    family: FamilyShape
    child: PersonShape
    parent: PersonShape
    terminal: TerminalShape


class WeekShape(Shape):
    """A week of the village, by its Monday. `children` are all who could have been heard in it."""

    week: date
    children: int
    heard: int
    calls_held: int
    calls_missed: int
    minutes: int


class FailureShape(Shape):
    reason: str
    count: int


class LedgerShape(Shape):
    """Every child is to be heard within `promise_days`; the weeks are twelve, this one the last."""

    promise_days: int
    children: list[LedgerChild]
    weeks: list[WeekShape]
    failures: list[FailureShape]
    calls: list[LedgerCall]


class TrailEvent(Shape):
    at: InstantOut
    kind: str
    by: str | None
    detail: dict[str, Any]


class ToldShape(Shape):
    """A notice of a call: whom, what, when, and what became of it."""

    at: InstantOut
    template: str
    who: str
    state: str


class CallLinkShape(Shape):
    """What a call's link was like, known at its end: as the village measured it, and what both sides went by.

    `seconds` by rung, `reasons` for going down with how often, the bytes of each side sent and received.
    """

    rtt_ms: int | None
    loss_permille: int | None
    kbps: int | None
    rung: RungName | None
    seconds: dict[RungName, int]
    reasons: dict[str, int]
    parent_bytes: int | None
    village_bytes: int | None


class TrailShape(Shape):
    """`link` is null until the call has ended, and where nothing was measured."""

    note: str | None
    link: CallLinkShape | None
    events: list[TrailEvent]
    told: list[ToldShape]
