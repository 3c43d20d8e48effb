"""Texts that came in, and the conversation with each number."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.sms.words import Outcome
from app.storage.record import Record
from app.storage.types import ID, word


class TextIn(Record):
    """A text that came in, kept once by the vendor's `ref`. `number` is its sender if that is a phone number.

    `outcome` says what it was taken for, None while it waits. One that is a message belongs to `family_id`, and was
    heard at its terminal at `heard_at`.
    """

    __tablename__ = "text_in"
    __table_args__ = (
        UniqueConstraint("gateway", "ref"), Index(None, "number", "at"), Index(None, "family_id", "at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    gateway: Mapped[str] = mapped_column(String(32))
    ref: Mapped[str] = mapped_column(String(120))
    sender: Mapped[str] = mapped_column(String(40))
    number: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]
    at: Mapped[datetime]
    outcome: Mapped[Outcome | None] = mapped_column(word(Outcome))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    family_id: Mapped[str | None] = mapped_column(ForeignKey("family.id"))
    call_id: Mapped[str | None] = mapped_column(ID)
    heard_at: Mapped[datetime | None]


class Conversation(Record):
    """What is going on with a number: what was offered to it last, as whom, until when; how often a stranger wrote.

    One row a number, locked by whoever answers it, so that two texts of one number are answered one after the other.
    What was told before `heard_at` has been answered. `person_id` is who said that they are writing.
    """

    __tablename__ = "conversation"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    offered: Mapped[dict[str, Any]]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    offered_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    heard_at: Mapped[datetime]
    told_stranger_at: Mapped[datetime | None]
