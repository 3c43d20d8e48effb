"""What media programs hold, and the checks of a line that they make."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.calls.words import WorkKind
from app.kernel.levels import VoiceLevel
from app.kernel.rungs import RungName
from app.storage.record import Record
from app.storage.types import ID, word


class LineCheck(Record):
    """A device tries its microphone and its line with a media program; what was found stands here from its end on.

    `terminal_id` and `village_id` say whose line it was, where it was a terminal's or a desk's.
    """

    __tablename__ = "line_check"
    __table_args__ = (Index(None, "occupant", "made_at"), Index(None, "terminal_id", "made_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    occupant: Mapped[str] = mapped_column(String(32))
    device_id: Mapped[str] = mapped_column(ID)
    sid: Mapped[str] = mapped_column(String(64), index=True)
    page: Mapped[str] = mapped_column(String(36))
    terminal_id: Mapped[str | None] = mapped_column(ForeignKey("terminal.id"))
    village_id: Mapped[str | None] = mapped_column(ForeignKey("village.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    rung: Mapped[RungName | None] = mapped_column(word(RungName))
    rtt_ms: Mapped[int | None]
    loss_permille: Mapped[int | None]
    up_kbps: Mapped[int | None]
    down_kbps: Mapped[int | None]
    level: Mapped[VoiceLevel | None] = mapped_column(word(VoiceLevel))


class MediaLease(Record):
    """A media program's hold on one piece of work, of a call or of a line check, until `leased_until`.

    It is renewed by the program's heartbeat. Without a program it waits for the next one.
    """

    __tablename__ = "media_lease"
    __table_args__ = (
        Index(
            "uq_media_lease_open_of_call", "call_id", "kind", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_media_lease_open_of_line_check", "line_check_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[WorkKind] = mapped_column(word(WorkKind))
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))
    line_check_id: Mapped[str | None] = mapped_column(ForeignKey("line_check.id"))
    program_id: Mapped[str | None] = mapped_column(ForeignKey("media_program.id"), index=True)
    made_at: Mapped[datetime]
    leased_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
