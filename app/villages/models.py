"""Villages, terminals, weekly hours, closures, prompts."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.record import Record
from app.storage.types import ID, word
from app.villages.words import Speech


class Village(Record):
    __tablename__ = "village"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    zone: Mapped[str] = mapped_column(String(48))
    language: Mapped[str] = mapped_column(String(16))
    slot_minutes: Mapped[int] = mapped_column(default=20)
    buffer_minutes: Mapped[int] = mapped_column(default=5)
    promise_days: Mapped[int] = mapped_column(default=7)
    region: Mapped[str] = mapped_column(String(40), default="")


class Terminal(Record):
    """`tested_at`: when it tested itself last; with the parts that failed, and those that nobody tried."""

    __tablename__ = "terminal"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    retired_at: Mapped[datetime | None]
    tested_at: Mapped[datetime | None]
    failed_parts: Mapped[list[str] | None] = mapped_column(JSON)
    untried_parts: Mapped[list[str] | None] = mapped_column(JSON)


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
    """A recorded sentence of the interface, an Ogg file with Opus, in the speech of a village, a region or a language.

    `spoken_in` is the village's id, the region as it is compared, or the language's tag. `village_id` is who gave it;
    null where an operator did.
    """

    __tablename__ = "prompt"
    __table_args__ = (UniqueConstraint("speech", "spoken_in", "key"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    speech: Mapped[Speech] = mapped_column(word(Speech))
    spoken_in: Mapped[str] = mapped_column(String(64))
    village_id: Mapped[str | None] = mapped_column(ForeignKey("village.id"))
    key: Mapped[str] = mapped_column(String(64))
    recording: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    duration_ms: Mapped[int]
    recorded_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
