"""A person's number at the desk: entered, proved by reading back a code that was sent there, shown to be dialled."""

import hmac
import secrets
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.desk import service as desk
from app.doors import keys, rules, texting
from app.doors.models import NumberProof
from app.families import queries as families
from app.families.numbers import parse_number, region_of
from app.kernel.errors import Kept, Refused
from app.kernel.numbers import E164
from app.notices import service as notices
from app.notices.templates import SEALED_FOR
from app.storage.database import insert_into, new_id
from app.villages import queries as villages
from app.villages.service import tell_village
from app.web.api import Ask
from app.web.sealing import Sealer


def send_code(ask: Ask, sealer: Sealer, person_id: str, number: str) -> datetime:
    """Text a code to a number that is to be somebody's; until when it is good. Nobody is texted without end."""
    person = keys.of_own_person(ask, person_id)
    to = _read(ask, number)
    texting.count_text(ask, sealer, to)
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}}"
    expires_at = ask.now + rules.CODE_LIVES
    proof = {
        "number": to, "code_hash": sealer.hashed(f"number {person.id}", code), "asked_at": ask.now,
        "expires_at": expires_at, "tries": 0,
    }  # fmt: skip
    putting = insert_into(ask.session, NumberProof).values(person_id=person.id, **proof)
    ask.session.execute(putting.on_conflict_do_update(index_elements=["person_id"], set_=proof))
    notices.plan(
        ask.session, person_id=person.id, template="number_code", subject=f"person:{person.id}",
        params={"code": sealer.seal(SEALED_FOR, code)}, due_at=ask.now, key=f"number_code:{new_id(ask.session)}",
        now=ask.now, number=to,
    )  # fmt: skip
    desk.record(ask.session, ask.who, "send_number_code", f"person:{person.id}", {}, ask.now)
    return expires_at


def confirm(ask: Ask, sealer: Sealer, person_id: str, code: str) -> E164:
    """Take the number as the person's own, from now on. Each try is counted."""
    person = keys.of_own_person(ask, person_id)
    plain = rules.digits(code, rules.CODE_DIGITS)
    proof = _one_try_more(ask.session, person.id, ask.now)
    if not hmac.compare_digest(proof.code_hash, sealer.hashed(f"number {person.id}", plain)):
        raise Kept(Refused("wrong_code", tries_left=rules.MOST_TRIES - proof.tries))
    person.phone, person.phone_confirmed_at = proof.number, ask.now
    ask.session.delete(proof)
    desk.record(ask.session, ask.who, "confirm_number", f"person:{person.id}", {}, ask.now)
    tell_village(ask.session, ask.who.village, ask.now)
    return E164(proof.number)


def show(ask: Ask, person_id: str) -> E164:
    """The number, for the desk to dial it; that it was looked at is kept."""
    person = families.person_of_village(ask.session, ask.who.village, person_id)
    if person.phone is None:
        raise Refused("no_number")
    desk.record(ask.session, ask.who, "show_number", f"person:{person.id}", {}, ask.now)
    return E164(person.phone)


def _read(ask: Ask, text: str) -> E164:
    """A number as the desk types it; without a country code it is one of the village's country."""
    village = villages.village(ask.session, ask.who.village)
    return parse_number(text, region_of(village.zone, village.language))


def _one_try_more(session: Session, person_id: str, now: datetime) -> NumberProof:
    trying = (
        update(NumberProof)
        .where(NumberProof.person_id == person_id, NumberProof.tries < rules.MOST_TRIES, NumberProof.expires_at > now)
        .values(tries=NumberProof.tries + 1)
        .returning(NumberProof)
    )
    proof = session.scalar(trying)
    if proof is None:
        raise Refused("code_used_or_expired")
    return proof
