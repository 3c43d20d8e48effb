"""The tables of due rows and of the workers that are alive."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.jobs.words import DueState, Lane
from app.storage.record import Record
from app.storage.types import ID, word


class DueRow(Record):
    """`lease` counts the leases of a row: whoever knows the present number holds it."""

    __tablename__ = "due_row"
    __table_args__ = (Index(None, "state", "lane", "due_at"), Index(None, "subject"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(48))
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    subject: Mapped[str | None] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    lane: Mapped[Lane] = mapped_column(word(Lane))
    due_at: Mapped[datetime]
    state: Mapped[DueState] = mapped_column(word(DueState), default=DueState.WAITING)
    lease: Mapped[int] = mapped_column(default=0)
    leased_by: Mapped[str | None] = mapped_column(String(64))
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(500))
    put_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class WorkerBeat(Record):
    """A worker was seen to come round at this instant."""

    __tablename__ = "worker_beat"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
