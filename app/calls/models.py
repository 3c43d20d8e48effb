"""Series, calls, who is invited, claims, seats, the log of each call, figures of the link, calendar feeds."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.calls.words import CallState, Origin, Outcome, SeatSide, Side, WorkKind
from app.kernel.rungs import RungName
from app.storage.record import Record
from app.storage.types import ID, word


class Series(Record):
    """A recurrence that makes calls, as wall time in a zone: `rule` is an RFC 5545 RRULE of whole days.

    `exceptions` are days whose call was cancelled or moved by itself, as ISO dates with what happened; `gaps` are days
    for which no call could be made, with the reason. Calls are made until `made_until`; `reason` says why it was ended.
    """

    __tablename__ = "series"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"), index=True)
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    parent_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    starts_on: Mapped[date]
    starts_minute: Mapped[int]
    zone: Mapped[str] = mapped_column(String(48))
    minutes: Mapped[int]
    rule: Mapped[str] = mapped_column(String(200))
    exceptions: Mapped[dict[str, Any]]
    gaps: Mapped[dict[str, Any]]
    made_until: Mapped[date | None]
    follows_id: Mapped[str | None] = mapped_column(ForeignKey("series.id"))
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(40))


class Call(Record):
    """`root_id` is the first of the calls that became this one by moving, `moves` how many moves that took.

    A call that nobody has confirmed at `confirm_by` is let go. The link's figures are the village side's: means, and
    the median of what went each way; `link_rung` is what it carried. `rung_seconds` and `rung_reasons` are of both
    sides, by rung and by why it went down; the bytes of a side are those it sent and received.
    """

    __tablename__ = "call"
    __table_args__ = (
        Index(
            "uq_call_series_id_occurs_on",
            "series_id",
            "occurs_on",
            unique=True,
            sqlite_where=text("outcome IS NULL OR outcome NOT IN ('cancelled', 'moved')"),
            postgresql_where=text("outcome IS NULL OR outcome NOT IN ('cancelled', 'moved')"),
        ),
        Index(
            "uq_call_open_offer",
            "family_id",
            unique=True,
            sqlite_where=text("origin = 'wait' AND state = 'proposed'"),
            postgresql_where=text("origin = 'wait' AND state = 'proposed'"),
        ),
        Index(None, "village_id", "starts_at"),
        Index(None, "village_id", "outcome", "child_id", "ended_at"),  # who was heard last, however long ago
        Index(None, "family_id", "starts_at"),
        Index(None, "terminal_id", "starts_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"))
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminal.id"))
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"))
    parent_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[CallState] = mapped_column(word(CallState))
    outcome: Mapped[Outcome | None] = mapped_column(word(Outcome))
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(200))
    proposed_by: Mapped[Side | None] = mapped_column(word(Side))
    moved_to_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    live_at: Mapped[datetime | None]
    talking_since: Mapped[datetime | None]
    talked_seconds: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    rung_again_at: Mapped[datetime | None]
    origin: Mapped[Origin] = mapped_column(word(Origin), default=Origin.ASKED)
    series_id: Mapped[str | None] = mapped_column(ForeignKey("series.id"))
    occurs_on: Mapped[date | None]
    confirm_by: Mapped[datetime | None]
    root_id: Mapped[str | None] = mapped_column(ID)
    moves: Mapped[int] = mapped_column(default=0)
    link_rtt_ms: Mapped[int | None]
    link_loss_permille: Mapped[int | None]
    link_kbps: Mapped[int | None]
    link_rung: Mapped[RungName | None] = mapped_column(word(RungName))
    rung_seconds: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    rung_reasons: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    parent_bytes: Mapped[int | None] = mapped_column(BigInteger)
    village_bytes: Mapped[int | None] = mapped_column(BigInteger)


class Invitee(Record):
    """A person who belongs to a call: the parent, the child, and the caregivers who bring it."""

    __tablename__ = "invitee"

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    side: Mapped[Side] = mapped_column(word(Side))
    confirmed_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]


class Claim(Record):
    """The unique index of this table is what keeps a terminal or a person from being booked twice."""

    __tablename__ = "claim"

    resource: Mapped[str] = mapped_column(String(32), primary_key=True)
    cell_at: Mapped[datetime] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), index=True)


class Seat(Record):
    """One side's place in a call, held by one device. `epoch` grows each time it is taken: older signals are stale.

    `occupant` is `person:ID` or `terminal:ID`; `page` is the loaded page that holds it: over a new socket it goes on
    under the same epoch, since its connection to the other end stands. `name` is what the ends are told of a guest or
    a coordinator who sits here. `guest_id` is the person in a guest's seat, and empty elsewhere; `serves` is what a
    media program sits here for. `rung` is what this page proposed last; so many changes of it stand in the call's log.
    The bytes are those of the call so far, the last ones what the page counted when it was heard last.
    """

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("call_id", "side", "guest_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    occupant: Mapped[str] = mapped_column(String(32))
    name: Mapped[str | None] = mapped_column(String(80))
    side: Mapped[SeatSide] = mapped_column(word(SeatSide))
    guest_id: Mapped[str] = mapped_column(ID, default="")
    serves: Mapped[WorkKind | None] = mapped_column(word(WorkKind))
    device_id: Mapped[str] = mapped_column(ID)
    sid: Mapped[str] = mapped_column(String(64), index=True)
    page: Mapped[str] = mapped_column(String(36))
    epoch: Mapped[int] = mapped_column(default=1)
    taken_at: Mapped[datetime]
    leased_until: Mapped[datetime]
    here_at: Mapped[datetime | None]
    media_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    rung: Mapped[RungName | None] = mapped_column(word(RungName))
    is_rung_held: Mapped[bool] = mapped_column(default=False)
    rung_changes: Mapped[int] = mapped_column(default=0)
    sent_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    last_sent_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    last_received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)


class CallEvent(Record):
    """What happened to a call, kept for the ledger."""

    __tablename__ = "call_event"
    __table_args__ = (Index(None, "call_id", "at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    by: Mapped[str | None] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]]


class LinkSample(Record):
    """A few figures of one side's link in a call, as its device reported them."""

    __tablename__ = "link_sample"
    __table_args__ = (Index(None, "call_id", "at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    side: Mapped[Side] = mapped_column(word(Side))
    at: Mapped[datetime]
    rtt_ms: Mapped[int | None]
    loss_permille: Mapped[int | None]
    received_kbps: Mapped[int | None]
    sent_kbps: Mapped[int | None]
    frames_per_second: Mapped[int | None]
    rung: Mapped[RungName | None] = mapped_column(word(RungName))
    jitter_ms: Mapped[int | None]
    concealed_permille: Mapped[int | None]


class CalendarFeed(Record):
    """A person's private address of their calls as iCalendar; only the hash of its secret is kept."""

    __tablename__ = "calendar_feed"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
