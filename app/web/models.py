"""Devices that are signed in, media programs, one-time codes, answers kept for repetition, changes to hint at."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.record import Record
from app.storage.types import ID, word


class PrincipalKind(StrEnum):
    PERSON = "person"
    TERMINAL = "terminal"
    COORDINATOR = "coordinator"
    MEDIA = "media"


class DeviceSession(Record):
    """One device that is signed in as somebody. `subject_id` is a person, a terminal or a coordinator by `kind`.

    `opened_by` says which door it came through (`link`, `text`, `card`, `paired`, `password`). A device with a
    `public_key` renews its token by a signature; `previous_hash` is the token before, good until `previous_until`.
    """

    __tablename__ = "device_session"
    __table_args__ = (Index(None, "kind", "subject_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[PrincipalKind] = mapped_column(word(PrincipalKind))
    subject_id: Mapped[str] = mapped_column(ID)
    village_id: Mapped[str | None] = mapped_column(ID)
    language: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    page: Mapped[str | None] = mapped_column(String(24))
    is_visible: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str | None] = mapped_column(String(40))
    opened_by: Mapped[str | None] = mapped_column(String(16))
    public_key: Mapped[str | None] = mapped_column(String(200))
    token_until: Mapped[datetime | None]
    previous_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    previous_until: Mapped[datetime | None]


class MediaProgram(Record):
    """A media program, from its first connection on; `sid` is the socket it has now, null when it is gone.

    `name` is made anew at each start of the program. `calls` and `load_permille` are what it said of itself last;
    one that is draining takes on nothing new.
    """

    __tablename__ = "media_program"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    sid: Mapped[str | None] = mapped_column(String(64))
    seen_at: Mapped[datetime]
    started_at: Mapped[datetime]
    calls: Mapped[int] = mapped_column(default=0)
    load_permille: Mapped[int] = mapped_column(default=0)
    is_draining: Mapped[bool] = mapped_column(default=False)


class OneTimeCode(Record):
    """A secret that signs one device in once."""

    __tablename__ = "one_time_code"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[PrincipalKind] = mapped_column(word(PrincipalKind))
    subject_id: Mapped[str] = mapped_column(ID)
    village_id: Mapped[str | None] = mapped_column(ID)
    language: Mapped[str] = mapped_column(String(16))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Idempotency(Record):
    """The first answer to a command, sealed, for whoever repeats it with the same key."""

    __tablename__ = "idempotency"

    principal: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(index=True)


class Tally(Record):
    """How often something was asked for within one window of time. `key` holds hashes, no number and no address."""

    __tablename__ = "tally"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    window_at: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class Change(Record):
    """That something may have changed for `topic:subject_id`; the web processes look here when the doorbell failed."""

    __tablename__ = "change"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    topic: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[str] = mapped_column(ID)
    at: Mapped[datetime] = mapped_column(index=True)
