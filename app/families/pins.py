"""A family's picture PIN: set by the family, tried at a terminal, and the visit that it opens at one device.

A try is counted before it is judged, by one conditional UPDATE that also holds the row until the transaction ends: of
tries that race each is counted, and none passes while others must wait. Who may ask is decided above.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.families import pin_rules as rules
from app.families.models import Family, Member, PicturePin, Visit
from app.families.pin_rules import Picture
from app.kernel.errors import Kept, Refused
from app.storage.database import insert_into
from app.villages.service import tell_village
from app.web.sealing import Sealer

# What is hashed went through the server's key first: without it 20736 PINs would be tried in minutes.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True)
class Lock:
    """What stands before a family's page at one device."""

    has_pin: bool = False
    is_locked: bool = False
    is_blocked: bool = False


def locks(session: Session, village_id: str, device_id: str, now: datetime) -> dict[str, Lock]:
    """The families of a village that set a PIN, as they stand at this device."""
    pins = session.scalars(
        select(PicturePin).join(Family, Family.id == PicturePin.family_id).where(Family.village_id == village_id)
    )
    visited = set(session.scalars(select(Visit.family_id).where(Visit.device_id == device_id, Visit.until_at > now)))
    return {pin.family_id: Lock(True, pin.family_id not in visited, pin.blocked_at is not None) for pin in pins}


def must_ask(session: Session, device_id: str, family_id: str, now: datetime) -> bool:
    """Whether the PIN has to be given at this device before anything of the family is shown or done."""
    if session.get(PicturePin, family_id) is None:
        return False
    visit = session.get(Visit, (device_id, family_id))
    return visit is None or visit.until_at <= now


def hides(session: Session, village_id: str, device_id: str, person_id: str, now: datetime) -> bool:
    """Whether each family of this village that the person is in keeps them behind a PIN at this device."""
    theirs = (
        select(Member.family_id)
        .join(Family, Family.id == Member.family_id)
        .where(Member.person_id == person_id, Member.left_at.is_(None), Family.village_id == village_id)
    )
    return all(must_ask(session, device_id, family_id, now) for family_id in session.scalars(theirs.distinct()).all())


def set_pin(
    session: Session, sealer: Sealer, family: Family, device_id: str, pictures: Sequence[Picture],
    current: Sequence[Picture] | None, now: datetime,
) -> datetime:  # fmt: skip
    """Set a family's PIN, with the current one if there is one; who set it is visiting: until when."""
    pin_hash = _hasher.hash(_plain(sealer, family.id, pictures))
    if current is not None and session.get(PicturePin, family.id) is not None:
        _try(session, sealer, family, current, now)
        changing = update(PicturePin).where(PicturePin.family_id == family.id)
        session.execute(changing.values(pin_hash=pin_hash, set_at=now))
    else:
        adding = insert_into(session, PicturePin).values(family_id=family.id, pin_hash=pin_hash, set_at=now, tries=0)
        added = session.scalar(adding.on_conflict_do_nothing().returning(PicturePin.family_id))
        if added is None:
            raise Refused("pin_needed")
    tell_village(session, family.village_id, now)
    return _visit(session, device_id, family.id, now)


def open_visit(
    session: Session, sealer: Sealer, family: Family, device_id: str, pictures: Sequence[Picture], now: datetime
) -> datetime:
    """Open a family's page at a device by its PIN; until when. Raises what `_try` raises."""
    _try(session, sealer, family, pictures, now)
    return _visit(session, device_id, family.id, now)


def stay(session: Session, device_id: str, now: datetime) -> datetime:
    """Somebody is still there: the visit lasts longer. Raises Refused("pin_needed") when it is over."""
    until = now + rules.VISIT_LASTS
    staying = update(Visit).where(Visit.device_id == device_id, Visit.until_at > now).values(until_at=until)
    if session.scalar(staying.returning(Visit.family_id)) is None:
        raise Refused("pin_needed")
    return until


def end_visit(session: Session, device_id: str) -> None:
    session.execute(delete(Visit).where(Visit.device_id == device_id))


def clear(session: Session, family: Family, now: datetime) -> None:
    """Take a PIN away that a family forgot. Raises Refused("no_pin")."""
    gone = delete(PicturePin).where(PicturePin.family_id == family.id).returning(PicturePin.family_id)
    if session.scalar(gone) is None:
        raise Refused("no_pin")
    session.execute(delete(Visit).where(Visit.family_id == family.id))
    tell_village(session, family.village_id, now)


def unblock(session: Session, family: Family, now: datetime) -> None:
    """Let a PIN be tried again, from the first try on. Raises Refused("no_pin")."""
    if not _reset(session, family.id):
        raise Refused("no_pin")
    tell_village(session, family.village_id, now)


def _try(session: Session, sealer: Sealer, family: Family, pictures: Sequence[Picture], now: datetime) -> None:
    """Raise Kept(wrong_pictures) with what is left and how long to wait; pin_wait and pin_blocked count nothing."""
    may_try = (
        PicturePin.family_id == family.id,
        PicturePin.blocked_at.is_(None),
        or_(PicturePin.locked_until.is_(None), PicturePin.locked_until <= now),
    )
    trying = update(PicturePin).where(*may_try).values(tries=PicturePin.tries + 1)
    tried = session.execute(trying.returning(PicturePin.tries, PicturePin.pin_hash)).one_or_none()
    if tried is None:
        raise _refusal(session, family.id, now)
    if _is_right(tried.pin_hash, _plain(sealer, family.id, pictures)):
        _reset(session, family.id)
        return
    wait, is_blocked = rules.wait_after(tried.tries), rules.is_blocked_after(tried.tries)
    slowing = update(PicturePin).where(PicturePin.family_id == family.id)
    session.execute(slowing.values(locked_until=now + wait, blocked_at=now if is_blocked else None))
    if is_blocked:
        tell_village(session, family.village_id, now)
        raise Kept(Refused("pin_blocked"))
    left = rules.MOST_TRIES - tried.tries
    raise Kept(Refused("wrong_pictures", tries_left=left, wait_seconds=int(wait.total_seconds())))


def _refusal(session: Session, family_id: str, now: datetime) -> Refused:
    pin = session.get(PicturePin, family_id, populate_existing=True)
    if pin is None:
        return Refused("no_pin")
    if pin.blocked_at is not None or pin.locked_until is None:
        return Refused("pin_blocked")
    return Refused("pin_wait", wait_seconds=max(1, math.ceil((pin.locked_until - now).total_seconds())))


def _reset(session: Session, family_id: str) -> bool:
    fresh = update(PicturePin).where(PicturePin.family_id == family_id)
    fresh = fresh.values(tries=0, locked_until=None, blocked_at=None)
    return session.scalar(fresh.returning(PicturePin.family_id)) is not None


def _visit(session: Session, device_id: str, family_id: str, now: datetime) -> datetime:
    """One family at a time at a device."""
    end_visit(session, device_id)
    until = now + rules.VISIT_LASTS
    opening = insert_into(session, Visit).values(device_id=device_id, family_id=family_id, until_at=until)
    session.execute(opening.on_conflict_do_update(index_elements=["device_id", "family_id"], set_={"until_at": until}))
    return until


def _plain(sealer: Sealer, family_id: str, pictures: Sequence[Picture]) -> str:
    return sealer.hashed(f"pin {family_id}", " ".join(pictures))


def _is_right(pin_hash: str, plain: str) -> bool:
    try:
        return _hasher.verify(pin_hash, plain)
    except VerifyMismatchError:
        return False
