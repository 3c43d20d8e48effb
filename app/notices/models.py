"""Notices and their deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.notices.words import DeliveryState, NoticeState
from app.storage.record import Record
from app.storage.types import ID, word


class Notice(Record):
    """What a person is to be told. `number` is where to, when that is not the person's own confirmed number."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "subject"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    template: Mapped[str] = mapped_column(String(48))
    params: Mapped[dict[str, Any]]
    subject: Mapped[str] = mapped_column(String(64))
    number: Mapped[str | None] = mapped_column(String(16))
    due_at: Mapped[datetime]
    state: Mapped[NoticeState] = mapped_column(word(NoticeState))
    planned_at: Mapped[datetime]


class Delivery(Record):
    """A notice on one channel. `number` counts a notice's deliveries, `doubts` sends of which nobody knew the fate."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("notice_id", "number"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notice.id"))
    number: Mapped[int] = mapped_column(default=1)
    channel: Mapped[str] = mapped_column(String(16))
    gateway: Mapped[str | None] = mapped_column(String(32))
    ref: Mapped[str | None] = mapped_column(String(120), index=True)
    state: Mapped[DeliveryState] = mapped_column(word(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))
