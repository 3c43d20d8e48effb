"""Villages, terminals, weekly hours, closures, prompts."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.record import Record
from app.storage.types import ID


class Village(Record):
    __tablename__ = "village"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    zone: Mapped[str] = mapped_column(String(48))
    language: Mapped[str] = mapped_column(String(16))
    slot_minutes: Mapped[int] = mapped_column(default=20)
    buffer_minutes: Mapped[int] = mapped_column(default=5)
    promise_days: Mapped[int] = mapped_column(default=7)


class Terminal(Record):
    __tablename__ = "terminal"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    retired_at: Mapped[datetime | None]


class Opening(Record):
    """Every week on `weekday` (0 is Monday), from and to a minute of wall time after midnight."""

    __tablename__ = "opening"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]


class Closure(Record):
    """An interval in which a village, or one terminal of it, is closed."""

    __tablename__ = "closure"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    terminal_id: Mapped[str | None] = mapped_column(ForeignKey("terminal.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(80))


class Prompt(Record):
    """A recorded sentence of the interface, in the village's own speech."""

    __tablename__ = "prompt"
    __table_args__ = (UniqueConstraint("village_id", "key"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"))
    key: Mapped[str] = mapped_column(String(64))
    mime: Mapped[str] = mapped_column(String(32))
    recording: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime]
