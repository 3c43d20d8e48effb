"""Rosters, their assignments, and who waits for a slot."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.roster.words import Progress, RosterState
from app.storage.record import Record
from app.storage.types import ID, word


class Roster(Record):
    """One village's week from Monday `week`. `version` grows with every change; whoever changes names the one they saw.

    `figures` are the solver's: seconds, gap, whether it is the optimum. `history` holds what undo goes back to. A week
    that was published is drafted anew as another roster.
    """

    __tablename__ = "roster"
    __table_args__ = (
        Index("uq_roster_draft", "village_id", "week", unique=True, sqlite_where=text("state = 'draft'"),
              postgresql_where=text("state = 'draft'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"))
    week: Mapped[date]
    state: Mapped[RosterState] = mapped_column(word(RosterState))
    progress: Mapped[Progress] = mapped_column(word(Progress))
    version: Mapped[int] = mapped_column(default=1)
    minutes: Mapped[int]
    figures: Mapped[dict[str, Any]]
    history: Mapped[dict[str, Any]]
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(32))
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class Assignment(Record):
    """A child and a parent in a roster, with their slot or without one; `reasons` say why this one, or why none.

    `is_pinned`: somebody picked it, or took it out, so drafting anew leaves it. `call_id`: the call that it became by
    publishing, or that stood before (`is_fixed`).
    """

    __tablename__ = "assignment"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    roster_id: Mapped[str] = mapped_column(ForeignKey("roster.id"), index=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"))
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    parent_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    place: Mapped[int]
    terminal_id: Mapped[str | None] = mapped_column(ForeignKey("terminal.id"))
    starts_at: Mapped[datetime | None]
    minutes: Mapped[int]
    reasons: Mapped[dict[str, Any]]
    is_pinned: Mapped[bool] = mapped_column(default=False)
    is_fixed: Mapped[bool] = mapped_column(default=False)
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))


class Wait(Record):
    """A child and a parent who want a slot that gets free, also where they have a call ahead."""

    __tablename__ = "wait"
    __table_args__ = (
        Index("uq_wait_open", "child_id", "parent_id", unique=True, sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"))
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    parent_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_by: Mapped[str] = mapped_column(String(32))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
