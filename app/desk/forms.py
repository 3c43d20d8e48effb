"""What the desk's pages send and are shown when a family is enrolled, hours are set and the audit is read."""

from typing import Annotated, Any

from pydantic import Field

from app.calls.shapes import FamilyShape, Id, InstantIn, InstantOut, MemberShape, Shape, Text
from app.families.words import ConsentKind, MemberRole
from app.kernel.rungs import RungName
from app.villages.rules import LONGEST_PROMISE_DAYS
from app.villages.words import MachinePart

Name = Annotated[Text, Field(min_length=1, max_length=80)]
Zone = Annotated[Text, Field(min_length=1, max_length=48)]
Language = Annotated[Text, Field(min_length=1, max_length=16)]
Reason = Annotated[Text, Field(min_length=1, max_length=200)]
MOST_MEMBERS = 20
MOST_OPENINGS = 70


class PersonIn(Shape):
    """A human being as the desk writes one down; a number comes later, when it was confirmed by a code."""

    name: Name
    role: MemberRole
    zone: Zone
    language: Language


class EnrolIn(Shape):
    name: Name
    emblem: Annotated[Text, Field(max_length=24)]
    persons: Annotated[list[PersonIn], Field(min_length=1, max_length=MOST_MEMBERS)]


class PersonChanges(Shape):
    """What is absent or null stays as it is."""

    name: Name | None = None
    zone: Zone | None = None
    language: Language | None = None


class MemberIn(Shape):
    """Somebody new (name, zone, language), or somebody whom this village knows already (person_id)."""

    role: MemberRole
    person_id: Id | None = None
    name: Name | None = None
    zone: Zone | None = None
    language: Language | None = None


class MemberEndIn(Shape):
    role: MemberRole


class ConsentIn(Shape):
    """`signature`: strokes (x, y, x, y, …) in a box of 1000 by 400, where the evidence is "screen"."""

    child_id: Id
    contact_id: Id
    kind: ConsentKind
    given_by: Id
    evidence: Reason
    until_at: InstantIn | None = None
    signature: list[list[int]] | None = None


class NoContactIn(Shape):
    child_id: Id
    contact_id: Id
    reason: Reason


class WeeklyHours(Shape):
    """Weekday 0 is Monday; minutes count from midnight, by the village's wall clock."""

    weekday: Annotated[int, Field(ge=0, le=6)]
    opens_minute: Annotated[int, Field(ge=0, le=1440)]
    closes_minute: Annotated[int, Field(ge=0, le=1440)]


class OpeningsIn(Shape):
    openings: Annotated[list[WeeklyHours], Field(max_length=MOST_OPENINGS)]


class ClosureIn(Shape):
    """Without a terminal the whole village is closed."""

    terminal_id: Id | None = None
    starts_at: InstantIn
    ends_at: InstantIn
    reason: Annotated[Text, Field(min_length=1, max_length=80)]


class AuditSearch(Shape):
    """`before` is the `next` of the page before."""

    before: Id | None = None


class MadeShape(Shape):
    id: str


class InvitedShape(Shape):
    id: str
    expires_at: InstantOut
    used: bool


class EnrolledMember(MemberShape):
    """`invited` is the newest invitation that was not revoked; `devices` how many are signed in.

    `has_stopped_texts`: whoever holds the number asked for no more texts.
    """

    confirmed: bool
    has_stopped_texts: bool
    zone: str
    language: str
    invited: InvitedShape | None
    devices: int


class ConsentShape(Shape):
    """`holds` says whether this consent opens the door now; a ban on contact beats it all the same.

    `is_signed`: there is a signature to be shown.
    """

    id: str
    child_id: str
    contact_id: str
    contact_name: str
    kind: ConsentKind
    given_by: str
    evidence: str
    from_at: InstantOut
    until_at: InstantOut | None
    revoked_at: InstantOut | None
    holds: bool
    is_signed: bool


class SignatureShape(Shape):
    strokes: list[list[int]]
    signed_at: InstantOut


class NoContactShape(Shape):
    id: str
    child_id: str
    contact_id: str
    contact_name: str
    reason: str
    from_at: InstantOut
    lifted_at: InstantOut | None


class PinShape(Shape):
    set: bool
    blocked: bool


class EnrolledFamily(FamilyShape):
    members: list[EnrolledMember]
    consents: list[ConsentShape]
    no_contacts: list[NoContactShape]
    pin: PinShape


class PromiseIn(Shape):
    days: Annotated[int, Field(ge=1, le=LONGEST_PROMISE_DAYS)]


class ClosureShape(Shape):
    id: str
    terminal_id: str | None
    starts_at: InstantOut
    ends_at: InstantOut
    reason: str


class ClosedShape(Shape):
    """A new closure, and the calls that are booked in it: they stand until somebody moves or cancels them."""

    id: str
    calls: list[str]


class LinkHourShape(Shape):
    """What a terminal's link was like in one hour of the village's day: means of so many calls, and the usual rung."""

    hour: int
    calls: int
    rtt_ms: int | None
    loss_permille: int | None
    rung: RungName | None
    is_good: bool
    is_bad: bool


class LineCheckShape(Shape):
    """What a line carried when it was tried; null where it could not be measured."""

    at: InstantOut
    rung: RungName
    rtt_ms: int | None
    loss_permille: int | None
    up_kbps: int | None
    down_kbps: int | None


class SelfTestShape(Shape):
    """What a terminal found of itself when somebody had it test itself last; `untried` is what nobody judged."""

    at: InstantOut
    failed: list[MachinePart]
    untried: list[MachinePart]


class VillageTerminal(Shape):
    """`passport`: by the hour, of the last four weeks; hours without a measured call are left out.

    `is_checking`: its line is being tried, or it was asked to a moment ago.
    """

    id: str
    name: str
    present: bool
    paired: bool
    retired: bool
    passport: list[LinkHourShape]
    line_check: LineCheckShape | None
    is_checking: bool
    self_test: SelfTestShape | None


class VillagePage(Shape):
    name: str
    zone: str
    slot_minutes: int
    buffer_minutes: int
    openings: list[WeeklyHours]
    closures: list[ClosureShape]
    terminals: list[VillageTerminal]
    free_emblems: list[str]


class AuditLine(Shape):
    """`about` is the readable name of the subject, where it is of this village and still there."""

    id: str
    at: InstantOut
    who: str
    action: str
    subject: str
    about: str | None
    detail: dict[str, Any]


class AuditPage(Shape):
    entries: list[AuditLine]
    next: str | None
