"""A code by text: asked for by number, proved with the challenge of the browser that asked, and a face chosen.

Nobody learns here which numbers are known: an unknown one leaves the same rows and gets the same answers. Tries are
counted before they are judged, in a transaction of their own, so that guesses that race are counted each; a right one
is then taken off its address again, since a whole village may sit behind that. A newer code ends no older one: each is
good with its own challenge alone, and whoever knows a number could otherwise keep its owner out.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.doors import people, regions, rules, texting
from app.doors.models import SignInCode
from app.doors.texting import SEALED_NUMBER
from app.families.models import Person
from app.kernel.errors import NotFound, Refused
from app.kernel.numbers import E164
from app.storage.database import new_id
from app.web import limits, sessions
from app.web.api import Door
from app.web.limits import Limit


@dataclass(frozen=True)
class Asked:
    """What the asking browser is told, whoever has the number."""

    challenge: str
    expires_at: datetime


@dataclass(frozen=True)
class Proved:
    """A token where one person has the number; otherwise the faces to choose from."""

    token: str | None
    faces: Sequence[Person] = ()


def ask(door: Door, number: str, region: str | None) -> Asked:
    """Have a code texted. Repeated with the same key it is the same challenge, and no second text."""
    sealer, database = door.floor.sealer, door.floor.database
    with database.read() as session:
        to = regions.number_of(session, number, region)
    challenge = sealer.hashed("challenge", f"{to}\0{door.key}")[:40]
    with database.read() as session:
        known = session.scalar(_of(challenge))
        if known is not None:
            return Asked(challenge, known.expires_at)
    counted = [(rules.CODES_FROM_AN_ADDRESS, sealer.hashed("address", door.address))]
    counted += [(limit, sealer.hashed("number", to)) for limit in rules.TEXTS_TO_A_NUMBER]
    for one in counted:  # what the first refuses does not count for the day
        limits.count(database, [one], door.now)
    try:
        with database.begin() as session:
            return _issue(session, door, challenge, to)
    except IntegrityError:  # the same key twice at once
        with database.read() as session:
            first = session.scalar(_of(challenge))
        if first is None:
            raise
        return Asked(challenge, first.expires_at)


def _issue(session: Session, door: Door, challenge: str, to: E164) -> Asked:
    sealer, code = door.floor.sealer, f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}}"
    asked = SignInCode(
        id=new_id(session), challenge_hash=sessions.hashed(challenge), number=sealer.seal(SEALED_NUMBER, to),
        code_hash=sealer.hashed(challenge, code), asked_at=door.now, expires_at=door.now + rules.CODE_LIVES, tries=0,
    )  # fmt: skip
    session.add(asked)
    session.flush()
    texting.put(session, sealer, asked, code, door.now)
    return Asked(challenge, asked.expires_at)


def prove(door: Door, challenge: str, code: str) -> Proved:
    """Compare a code. Raises Refused: wrong_code with the tries left, or code_used_or_expired."""
    sealer, database = door.floor.sealer, door.floor.database
    plain = rules.digits(code, rules.CODE_DIGITS)
    limits.count(database, [_try(door)], door.now)
    with database.begin() as session:
        tried = _one_try_more(session, challenge, door.now)
    if tried is None:
        return _again(door, challenge, plain)
    if not hmac.compare_digest(tried.code_hash, sealer.hashed(challenge, plain)):
        raise Refused("wrong_code", tries_left=rules.MOST_TRIES - tried.tries)
    with database.begin() as session:
        return _open(session, _locked(session, challenge), door)


def choose(door: Door, challenge: str, person_id: str) -> str:
    """Come in as one of those who share the number; the token."""
    database = door.floor.database
    limits.count(database, [_try(door)], door.now)
    with database.begin() as session:
        asked = _locked(session, challenge)
        if asked.used_at is not None and (token := _repeated(session, asked, door)):
            return token
        if asked.used_at is not None or asked.proved_at is None or asked.expires_at <= door.now:
            raise Refused("code_used_or_expired")
        person = next((face for face in _faces(session, asked, door) if face.id == person_id), None)
        if person is None:
            raise NotFound
        return _enter(session, asked, person, door)


def _try(door: Door) -> tuple[Limit, str]:
    return rules.TRIES_FROM_AN_ADDRESS, door.floor.sealer.hashed("address", door.address)


def _one_try_more(session: Session, challenge: str, now: datetime) -> SignInCode | None:
    """Count a try, if one is left. The count is kept whatever comes of it."""
    trying = (
        update(SignInCode)
        .where(
            SignInCode.challenge_hash == sessions.hashed(challenge), SignInCode.tries < rules.MOST_TRIES,
            SignInCode.used_at.is_(None), SignInCode.expires_at > now,
        )
        .values(tries=SignInCode.tries + 1)
        .returning(SignInCode)
    )  # fmt: skip
    return session.scalar(trying)


def _again(door: Door, challenge: str, code: str) -> Proved:
    """The very same try once more, since its answer was lost; anything else is refused."""
    with door.floor.database.begin() as session:
        asked = _locked(session, challenge)
        is_right = hmac.compare_digest(asked.code_hash, door.floor.sealer.hashed(challenge, code))
        is_same = is_right and asked.used_key == sessions.hashed(door.key)
        if not is_same or (asked.used_at is None and asked.expires_at <= door.now):
            raise Refused("code_used_or_expired")
        return _open(session, asked, door)


def _open(session: Session, asked: SignInCode, door: Door) -> Proved:
    """What the right code opens: the one person's phone, or the faces of those who share the number."""
    if asked.used_at is not None:
        token = _repeated(session, asked, door)
        if token is None:
            raise Refused("code_used_or_expired")
        return Proved(token)
    faces = _faces(session, asked, door)
    if not faces:  # a code that was never sent, or whoever had the number has not any more
        raise Refused("code_used_or_expired")
    if len(faces) == 1:
        return Proved(_enter(session, asked, faces[0], door))
    limits.take_back(session, [_try(door)], door.now)
    asked.proved_at, asked.used_key = door.now, sessions.hashed(door.key)
    return Proved(None, faces)


def _faces(session: Session, asked: SignInCode, door: Door) -> list[Person]:
    return people.with_number(session, E164(door.floor.sealer.unseal(SEALED_NUMBER, asked.number)))


def _repeated(session: Session, asked: SignInCode, door: Door) -> str | None:
    is_recent = asked.used_at is not None and door.now - asked.used_at < rules.REPEAT_WITHIN
    if not is_recent or asked.device_id is None or asked.used_key != sessions.hashed(door.key):
        return None
    limits.take_back(session, [_try(door)], door.now)
    return people.open_again(session, asked.device_id, door.now)


def _enter(session: Session, asked: SignInCode, person: Person, door: Door) -> str:
    limits.take_back(session, [_try(door)], door.now)
    device, token = people.open_door(session, person, door, "text")
    asked.used_at, asked.used_key, asked.device_id = door.now, sessions.hashed(door.key), device.id
    return token


def _of(challenge: str) -> Select[SignInCode]:
    return select(SignInCode).where(SignInCode.challenge_hash == sessions.hashed(challenge))


def _locked(session: Session, challenge: str) -> SignInCode:
    found = session.scalar(_of(challenge).with_for_update())
    if found is None:
        raise Refused("code_used_or_expired")
    return found
