"""Codes by text, invitations, numbers to be confirmed, terminals to be paired, and coordinators' credentials."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.record import Record
from app.storage.types import ID


class SignInCode(Record):
    """A code that was asked for by number. `challenge` is the asking browser's own secret; both are needed.

    A number that nobody has gets a row like any other, with a code that was never sent. `number` is sealed.
    """

    __tablename__ = "sign_in_code"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    challenge_hash: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[str] = mapped_column(String(200))
    code_hash: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    proved_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_key: Mapped[str | None] = mapped_column(String(64))
    device_id: Mapped[str | None] = mapped_column(ID)


class Invitation(Record):
    """A card or a text by which one person gets in once."""

    __tablename__ = "invitation"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"))
    made_by: Mapped[str] = mapped_column(ForeignKey("coordinator.id"))
    channel: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_key: Mapped[str | None] = mapped_column(String(64))
    device_id: Mapped[str | None] = mapped_column(ID)
    revoked_at: Mapped[datetime | None]


class NumberProof(Record):
    """A number that a desk entered for a person, until the code that was sent there is read back."""

    __tablename__ = "number_proof"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(16))
    code_hash: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)


class Pairing(Record):
    """A terminal that shows a code and waits for a coordinator to approve it (the direction of RFC 8628)."""

    __tablename__ = "pairing"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    device_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    public_key: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    terminal_id: Mapped[str | None] = mapped_column(ForeignKey("terminal.id"))
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("coordinator.id"))
    approved_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]


class Credential(Record):
    """How a coordinator signs in. `totp` is sealed; `totp_step` is the last step that was used, and never again.

    `used_key` is the key of the try that used it, `device_id` what it opened.
    """

    __tablename__ = "credential"

    coordinator_id: Mapped[str] = mapped_column(ForeignKey("coordinator.id"), primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    totp: Mapped[str] = mapped_column(String(200))
    totp_step: Mapped[int] = mapped_column(default=0)
    used_key: Mapped[str | None] = mapped_column(String(64))
    device_id: Mapped[str | None] = mapped_column(ID)
    is_operator: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
