"""A parent's wish that the child's other parent gets in too, and what the desk made of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.record import Record
from app.storage.types import ID, word


class Kinship(StrEnum):
    """What the other parent is to the child; all of them get the seat of a parent."""

    MOTHER = "mother"
    FATHER = "father"
    STEP_PARENT = "step_parent"
    GUARDIAN = "guardian"


class RequestState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ParentRequest(Record):
    """`person_id`: whom it became when it was accepted, and whom it becomes again where that was undone."""

    __tablename__ = "parent_request"
    __table_args__ = (
        Index("uq_parent_request_open", "family_id", "number", unique=True, sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"))
    asked_by: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    number: Mapped[str] = mapped_column(String(16))
    kinship: Mapped[Kinship] = mapped_column(word(Kinship))
    language: Mapped[str] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[RequestState] = mapped_column(word(RequestState))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
