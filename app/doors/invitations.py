"""An invitation: a card with a QR code, or a text, by which one person gets in once."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.desk import service as desk
from app.doors import keys, people, regions, rules, texting
from app.doors.models import Invitation
from app.families import queries as families
from app.families.models import Person
from app.kernel.errors import NotFound, Refused
from app.kernel.numbers import E164
from app.notices import service as notices
from app.notices.templates import SEALED_FOR
from app.storage.database import new_id
from app.web import limits, sessions
from app.web.api import Ask, Door
from app.web.sealing import Sealer

CARD, TEXT = "card", "text"


@dataclass(frozen=True)
class Invited:
    """A new invitation; its code is known here and now, and never again."""

    invitation: Invitation
    code: str
    person: Person


def invite(ask: Ask, sealer: Sealer, person_id: str, channel: str) -> Invited:
    """Make an invitation for somebody of the desk's own village; earlier ones of theirs are good no more."""
    person = keys.of_own_person(ask, person_id)
    if channel == TEXT:
        if not (person.phone and person.phone_confirmed_at):
            raise Refused("no_number")
        texting.count_text(ask, sealer, E164(person.phone))
    # One after the other, so that of two that are made at once one ends the other.
    ask.session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))
    _revoke_open(ask.session, person.id, ask.now)
    code = _new_code(ask.session)
    invitation = Invitation(
        id=new_id(ask.session), code_hash=sealer.hashed("invitation", code), person_id=person.id,
        village_id=ask.who.village, made_by=ask.who.subject_id, channel=channel, made_at=ask.now,
        expires_at=ask.now + rules.INVITATION_LIVES,
    )  # fmt: skip
    ask.session.add(invitation)
    ask.session.flush()
    if channel == TEXT:
        notices.plan(
            ask.session, person_id=person.id, template="invitation", subject=f"invitation:{invitation.id}",
            params={"code": sealer.seal(SEALED_FOR, grouped(code))}, due_at=ask.now,
            key=f"invitation:{invitation.id}", now=ask.now,
        )  # fmt: skip
    desk.record(ask.session, ask.who, "invite", f"person:{person.id}", {"channel": channel}, ask.now)
    return Invited(invitation, code, person)


def revoke(ask: Ask, invitation_id: str) -> None:
    """Make an invitation of this village worthless."""
    invitation = ask.session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None or invitation.village_id != ask.who.village:
        raise NotFound
    if invitation.used_at is not None or invitation.revoked_at is not None:
        raise Refused("code_used_or_expired")
    invitation.revoked_at = ask.now
    desk.record(ask.session, ask.who, "revoke_invitation", f"person:{invitation.person_id}", {}, ask.now)


def _new_code(session: Session) -> str:
    """Digits that nobody reads as a phone number there: who types them where a number is asked for is led on."""
    while True:
        code = f"{secrets.randbelow(10**rules.INVITATION_DIGITS):0{rules.INVITATION_DIGITS}}"
        if not regions.is_number(session, code):
            return code


def accept(door: Door, code: str) -> str:
    """Come in by an invitation; the token. Raises Refused("code_used_or_expired") for any that is not good."""
    sealer, database = door.floor.sealer, door.floor.database
    plain = rules.digits(code, rules.INVITATION_DIGITS)
    address = sealer.hashed("address", door.address)
    counted = [(rules.INVITATIONS_FROM_AN_ADDRESS, address), (rules.INVITATIONS_TRIED_HERE, "all")]
    for one in counted:  # what an address is refused keeps nobody else waiting
        limits.count(database, [one], door.now)
    with database.begin() as session:
        found = session.scalar(
            select(Invitation).where(Invitation.code_hash == sealer.hashed("invitation", plain)).with_for_update()
        )
        if found is None:
            raise Refused("code_used_or_expired")
        if found.used_at is not None:
            token = _repeated(session, found, door)
            limits.take_back(session, counted, door.now)
            return token
        if found.revoked_at is not None or found.expires_at <= door.now:
            raise Refused("code_used_or_expired")
        person = families.person(session, found.person_id)
        if not families.families_of_person(session, person.id):
            raise Refused("code_used_or_expired")
        device, token = people.open_door(session, person, door, found.channel)
        found.used_at, found.used_key, found.device_id = door.now, sessions.hashed(door.key), device.id
        limits.take_back(session, counted, door.now)  # only wrong ones count: a village may join at one address
        return token


def open_of(session: Session, person_id: str, now: datetime) -> Invitation | None:
    """The invitation of a person that is still good."""
    good = select(Invitation).where(
        Invitation.person_id == person_id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )  # fmt: skip
    return session.scalar(good.order_by(Invitation.made_at.desc()).limit(1))


def latest_of(session: Session, person_id: str) -> Invitation | None:
    """The newest invitation of a person that was not revoked, used or not, too old or not."""
    made = select(Invitation).where(Invitation.person_id == person_id, Invitation.revoked_at.is_(None))
    return session.scalar(made.order_by(Invitation.made_at.desc(), Invitation.id).limit(1))


def grouped(code: str) -> str:
    """Twelve digits as people read them: 4821 0937 5526."""
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))


def _repeated(session: Session, found: Invitation, door: Door) -> str:
    """The very same try once more, since its answer was lost; anything else is refused."""
    is_recent = found.used_at is not None and door.now - found.used_at < rules.REPEAT_WITHIN
    if is_recent and found.device_id and found.used_key == sessions.hashed(door.key):
        token = people.open_again(session, found.device_id, door.now)
        if token is not None:
            return token
    raise Refused("code_used_or_expired")


def _revoke_open(session: Session, person_id: str, now: datetime) -> None:
    session.execute(
        update(Invitation)
        .where(Invitation.person_id == person_id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=now)
    )
