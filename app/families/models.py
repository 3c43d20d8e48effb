"""Persons, photos, recorded names, families, members, consents, signatures, no_contacts, availability."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.families.words import ConsentKind, MemberRole, Occupation, PatternKind
from app.storage.record import Record
from app.storage.types import ID, word


class Person(Record):
    """`mb_price_milli`: what a megabyte costs them, in 1/1,000 of a currency (ISO 4217); nothing where unknown."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(16), index=True)
    phone_confirmed_at: Mapped[datetime | None]
    zone: Mapped[str] = mapped_column(String(48))
    language: Mapped[str] = mapped_column(String(16))
    photo_id: Mapped[str | None] = mapped_column(ID)
    mb_price_milli: Mapped[float | None] = mapped_column(Float)
    mb_currency: Mapped[str | None] = mapped_column(String(3))


class Photo(Record):
    """A person's picture in one re-encoded size; `id` and `edge_px` name it, and a new picture gets a new id."""

    __tablename__ = "photo"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    edge_px: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    webp: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime]


class RecordedName(Record):
    """What a parent calls themselves ("it's mother"), an Ogg file with Opus; a newer one has another id."""

    __tablename__ = "recorded_name"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), unique=True)
    recording: Mapped[bytes] = mapped_column(LargeBinary)
    duration_ms: Mapped[int]
    recorded_at: Mapped[datetime]


class Family(Record):
    __tablename__ = "family"
    __table_args__ = (UniqueConstraint("village_id", "emblem"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    emblem: Mapped[str] = mapped_column(String(24))


class Member(Record):
    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("family_id", "person_id", "role"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[MemberRole] = mapped_column(word(MemberRole))
    joined_at: Mapped[datetime | None]  # nothing where it was not written down yet: from the beginning
    left_at: Mapped[datetime | None]


class Consent(Record):
    """A guardian's yes for one child, one contact and one kind. `evidence` says how it was given (paper, screen)."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "child_id", "contact_id", "kind"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    contact_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[ConsentKind] = mapped_column(word(ConsentKind))
    given_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    evidence: Mapped[str] = mapped_column(String(200))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Signature(Record):
    """What a guardian drew on the desk's screen for a consent: strokes as JSON, sealed."""

    __tablename__ = "signature"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime]


class NoContact(Record):
    """These two persons are kept apart, whatever was consented."""

    __tablename__ = "no_contact"
    __table_args__ = (Index(None, "child_id", "contact_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    contact_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(200))
    from_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class PicturePin(Record):
    """Four of twelve pictures that open a family's page at the terminal; `blocked_at`: only the desk opens it again."""

    __tablename__ = "picture_pin"

    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"), primary_key=True)
    pin_hash: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]


class Visit(Record):
    """A family whose PIN was given at a terminal's device, until it leaves or is forgotten there."""

    __tablename__ = "visit"

    device_id: Mapped[str] = mapped_column(ID, primary_key=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"), primary_key=True)
    until_at: Mapped[datetime]


class Pattern(Record):
    """One thing that is said of a person's hours, in wall time of the person's zone; `availability.py` reads `detail`.

    `is_free` turns a weekly one round: only then there is time. It holds from `from_day` until `until_day`, both
    included where they are given.
    """

    __tablename__ = "availability"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[PatternKind] = mapped_column(word(PatternKind))
    occupation: Mapped[Occupation] = mapped_column(word(Occupation))
    is_free: Mapped[bool] = mapped_column(default=False)
    from_day: Mapped[date | None]
    until_day: Mapped[date | None]
    detail: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(String(80))
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
