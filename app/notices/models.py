"""Notices, their deliveries and attempts; gateways as the workers found them; what a village decides about notices."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.notices.words import AttemptState, DeliveryState, NoticeState
from app.storage.record import Record
from app.storage.types import ID, word


class Notice(Record):
    """What somebody is to be told: a person, a bare number in a language, or the desk of a village (neither).

    `number` is where to, when that is not the person's own confirmed number. `village_id` is whose terms hold, nobody's
    for codes; `family_id` is whose budget it is on. `closed_at`: it was read, answered or called off, so that nothing
    more is done about it. `held_until`: it waits for others, to be told together; `told_in_id` is the notice in whose
    text it was told then.
    """

    __tablename__ = "notice"
    __table_args__ = (Index(None, "subject"), Index(None, "village_id", "planned_at"), Index(None, "state", "due_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    village_id: Mapped[str | None] = mapped_column(ForeignKey("village.id"))
    family_id: Mapped[str | None] = mapped_column(ForeignKey("family.id"))
    template: Mapped[str] = mapped_column(String(48))
    params: Mapped[dict[str, Any]]
    language: Mapped[str | None] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64))
    number: Mapped[str | None] = mapped_column(String(16))
    due_at: Mapped[datetime]
    state: Mapped[NoticeState] = mapped_column(word(NoticeState))
    planned_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    told_in_id: Mapped[str | None] = mapped_column(ID)


class Delivery(Record):
    """A notice on one channel. `number` counts a notice's deliveries, `doubts` sends of which nobody knew the fate.

    `error` is a word that the desk can translate; what a vendor said stands at the attempt.
    """

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("notice_id", "number"), Index(None, "state", "settled_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notice.id"))
    number: Mapped[int] = mapped_column(default=1)
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[DeliveryState] = mapped_column(word(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))


class Attempt(Record):
    """One call of one vendor for a delivery, written down before it is made. `key` is what the vendor knows it by."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("delivery_id", "number"), Index(None, "gateway", "ref"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"))
    number: Mapped[int]
    gateway: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(120), index=True)
    ref: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[AttemptState] = mapped_column(word(AttemptState))
    segments: Mapped[int] = mapped_column(default=0)
    began_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))

    # So that a batch of both is written in two statements, deliveries first.
    _delivery: Mapped[Delivery] = relationship(lazy="raise")


class GatewayState(Record):
    """A gateway as the workers found it last. `opened_until`: nothing is sent by it before. `silent_since` was told.

    `trial_at`: when the one text began that is tried after that. `failing_since`: no text was taken, no probe answered.
    """

    __tablename__ = "gateway_state"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    opened_until: Mapped[datetime | None]
    trial_at: Mapped[datetime | None]
    last_taken_at: Mapped[datetime | None]
    last_error_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))
    probed_at: Mapped[datetime | None]
    probe_error: Mapped[str | None] = mapped_column(String(200))
    silent_since: Mapped[datetime | None]


class PushSubscription(Record):
    """A browser that wants pushes. `principal` is `person:ID` or `coordinator:ID`; it ends with its device session."""

    __tablename__ = "push_subscription"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    principal: Mapped[str] = mapped_column(String(40), index=True)
    device_id: Mapped[str] = mapped_column(ID, index=True)
    endpoint: Mapped[str] = mapped_column(Text)
    endpoint_hash: Mapped[str] = mapped_column(String(64), unique=True)
    p256dh: Mapped[str] = mapped_column(String(120))
    auth: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(24))


class NoticeTerms(Record):
    """What a village decides about its notices. Budgets are segments a month; `segment_price` is in 1/10,000."""

    __tablename__ = "notice_terms"

    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), primary_key=True)
    quiet_from_minute: Mapped[int]
    quiet_until_minute: Mapped[int]
    family_segments: Mapped[int | None]
    village_segments: Mapped[int | None]
    segment_price: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    is_push_on: Mapped[bool]


class NoticeChoice(Record):
    """What a village decides about one kind of notice: whether it is sent, and when others are asked instead."""

    __tablename__ = "notice_choice"

    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), primary_key=True)
    template: Mapped[str] = mapped_column(String(48), primary_key=True)
    is_on: Mapped[bool]
    escalate_minutes: Mapped[int | None]


class Spending(Record):
    """Segments of one month (`2026-11`, the village's wall clock); `owner` is `family:ID` or `village:ID`."""

    __tablename__ = "spending"

    owner: Mapped[str] = mapped_column(String(32), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    segments: Mapped[int]


class StoppedNumber(Record):
    """Whoever holds this number asked for no more texts. Codes that they ask for at a door still come."""

    __tablename__ = "stopped_number"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    stopped_at: Mapped[datetime]
