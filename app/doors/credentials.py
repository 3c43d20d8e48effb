"""The coordinator's door: login, password and second factor; and who is given one, loses it, or looks after all.

Nobody learns here which logins there are: an unknown one costs the same work and gets the same answer. Tries are
counted before they are judged, by login and address, so that the wait grows from a minute to a day.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.desk import service as desk
from app.desk.models import Coordinator
from app.doors import passwords, people, rules
from app.doors.models import Credential
from app.kernel.errors import NotFound, Refused
from app.storage.database import Database
from app.villages import queries as villages
from app.villages.models import Village
from app.web import limits, sessions
from app.web.api import Door
from app.web.hints import hint
from app.web.models import DeviceSession, OneTimeCode, Tally
from app.web.principals import COORDINATOR, Principal
from app.web.sealing import Sealer

SEALED_FOR = "second factor"
NOBODYS_SECRET = "A" * 32
HALF = 32  # of a hash in hex: 128 bits still meet nobody else's


@dataclass(frozen=True)
class Known:
    """A credential as it stood when the password was compared."""

    coordinator_id: str
    password_hash: str
    totp: str


@dataclass(frozen=True)
class Issued:
    """What a coordinator's authenticator is told once, and nobody again."""

    coordinator_id: str
    uri: str


def sign_in(door: Door, login: str, password: str, code: str) -> str:
    """Come in at the desk; the token. Raises Refused("wrong_login") whatever was wrong."""
    plain, folded, sealer = rules.digits(code, rules.CODE_DIGITS), passwords.folded_login(login), door.floor.sealer
    count_try(door.floor.database, sealer, folded, door.address, door.now)
    with door.floor.database.read() as session:
        known = _known(session, folded)
    is_right = passwords.is_right(known.password_hash if known else nobodys_hash(), password)
    secret = sealer.unseal(SEALED_FOR, known.totp) if known else NOBODYS_SECRET
    step = passwords.step_of(secret, plain, door.now)
    if known is None or not is_right or step is None:
        raise Refused("wrong_login")
    kept = passwords.hashed(password) if passwords.is_outdated(known.password_hash) else known.password_hash
    with door.floor.database.begin() as session:
        if not _use_step(session, known, step, kept, door):
            return _repeated(session, known, step, door)
        return _enter(session, known, door)


def count_try(database: Database, sealer: Sealer, login: str, address: str, now: datetime) -> None:
    """Count a try from this address, for this login from this address, and for this login. Raises TooOften.

    What an address is refused does not count for the login: otherwise one address alone could keep its owner out.
    """
    by_address, by_login = sealer.hashed("address", address), sealer.hashed("login", login)
    by_both = f"{by_login[:HALF]}{by_address[:HALF]}"
    here = [(limit, by_both) for limit in rules.PASSWORDS_FOR_A_LOGIN_FROM_AN_ADDRESS]
    limits.count(database, [*here, (rules.PASSWORDS_FROM_AN_ADDRESS, by_address)], now)
    limits.count(database, [(limit, by_login) for limit in rules.PASSWORDS_FOR_A_LOGIN], now)


def add(
    session: Session, sealer: Sealer, *, login: str, password: str, name: str, village_id: str, language: str,
    is_operator: bool, now: datetime,
) -> Issued:  # fmt: skip
    """Give a new coordinator of a village a login. Raises Refused("login_taken")."""
    folded = passwords.check_login(login)
    passwords.check_password(password, folded)
    secret = passwords.new_secret()
    coordinator = desk.add_coordinator(session, village_id, name, language, now)
    credential = Credential(
        coordinator_id=coordinator.id, login=folded, password_hash=passwords.hashed(password),
        totp=sealer.seal(SEALED_FOR, secret), is_operator=is_operator, changed_at=now,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(credential)
    except IntegrityError as taken:
        raise Refused("login_taken") from taken
    return Issued(coordinator.id, passwords.uri(secret, folded))


def reset(session: Session, sealer: Sealer, login: str, password: str, now: datetime) -> Issued:
    """A new password and a new second factor; whoever was signed in is so no more, and waits are forgotten."""
    credential = _standing(session, login)
    passwords.check_password(password, credential.login)
    secret = passwords.new_secret()
    credential.password_hash, credential.totp = passwords.hashed(password), sealer.seal(SEALED_FOR, secret)
    credential.totp_step, credential.used_key, credential.changed_at = 0, None, now
    _show_out(session, credential.coordinator_id, now)
    _forget_waits(session, sealer.hashed("login", credential.login))
    return Issued(credential.coordinator_id, passwords.uri(secret, credential.login))


def end(session: Session, login: str, now: datetime) -> None:
    """A coordinator gets in nowhere any more; what they did stays written."""
    credential = _standing(session, login)
    credential.ended_at = now
    session.flush()
    _show_out(session, credential.coordinator_id, now)


def everybody(session: Session) -> list[tuple[Coordinator, Village, Credential]]:
    """All who were ever given a login, by village."""
    rows = (
        select(Coordinator, Village, Credential)
        .join(Village, Village.id == Coordinator.village_id)
        .join(Credential, Credential.coordinator_id == Coordinator.id)
        .order_by(Village.name, Village.id, Coordinator.name, Coordinator.id)
    )
    return [(coordinator, village, credential) for coordinator, village, credential in session.execute(rows)]


def in_charge(session: Session, village_id: str) -> str | None:
    """The name of a coordinator of a village whose login was not ended, always the same one of several."""
    standing = (
        select(Coordinator.name)
        .outerjoin(Credential, Credential.coordinator_id == Coordinator.id)
        .where(Coordinator.village_id == village_id, Credential.ended_at.is_(None))
    )
    return session.scalar(standing.order_by(Coordinator.name, Coordinator.id).limit(1))


def is_operator(session: Session, who: Principal) -> bool:
    standing = select(Credential.coordinator_id).where(
        Credential.coordinator_id == who.subject_id, Credential.is_operator.is_(True), Credential.ended_at.is_(None)
    )
    return who.kind is COORDINATOR and session.scalar(standing) is not None


def check_operator(session: Session, who: Principal) -> None:
    """To whom all villages are open; for anybody else there is nothing here."""
    if not is_operator(session, who):
        raise NotFound


def look_at_village(session: Session, who: Principal, village_id: str, now: datetime) -> None:
    """Let an operator's session see another village from now on; its sockets come anew."""
    check_operator(session, who)
    village = villages.village(session, village_id)
    session.get_one(DeviceSession, who.device_id).village_id = village.id
    hint(session, sessions.DEVICE_TOPIC, who.device_id, now)
    desk.record(session, replace(who, village_id=village.id), "look_at_village", f"village:{village.id}", {}, now)


@cache
def nobodys_hash() -> str:
    """What a password is compared with where there is no such login: the same work."""
    return passwords.hashed(passwords.new_secret())


def _known(session: Session, login: str) -> Known | None:
    found = session.scalar(select(Credential).where(Credential.login == login, Credential.ended_at.is_(None)))
    return Known(found.coordinator_id, found.password_hash, found.totp) if found else None


def _use_step(session: Session, known: Known, step: int, password_hash: str, door: Door) -> bool:
    """Use a step of the second factor up, once; not for who was ended or given another password meanwhile."""
    using = (
        update(Credential)
        .where(
            Credential.coordinator_id == known.coordinator_id, Credential.totp_step < step,
            Credential.password_hash == known.password_hash, Credential.ended_at.is_(None),
        )
        .values(totp_step=step, used_key=sessions.hashed(door.key), password_hash=password_hash)
        .returning(Credential.coordinator_id)
    )  # fmt: skip
    return session.scalar(using) is not None


def _enter(session: Session, known: Known, door: Door) -> str:
    coordinator = session.get_one(Coordinator, known.coordinator_id)
    device, token = sessions.open_session(
        session, COORDINATOR, coordinator.id, coordinator.village_id, coordinator.language, door.now,
        opened_by="password", label=door.label,
    )  # fmt: skip
    using = update(Credential).where(Credential.coordinator_id == coordinator.id)
    session.execute(using.values(device_id=device.id))
    desk.record(session, coordinator.id, "sign_in", f"coordinator:{coordinator.id}", {}, door.now)
    return token


def _repeated(session: Session, known: Known, step: int, door: Door) -> str:
    """The very same try once more, since its answer was lost; a step that was used otherwise is refused."""
    found = session.get(Credential, known.coordinator_id, with_for_update=True)
    assert found is not None
    is_same = found.ended_at is None and found.totp_step == step and found.used_key == sessions.hashed(door.key)
    token = people.open_again(session, found.device_id, door.now) if is_same and found.device_id else None
    if token is None:
        raise Refused("wrong_login")
    return token


def _forget_waits(session: Session, by_login: str) -> None:
    """Forget the tries for a login, from wherever they came."""
    waits = [f"{limit.name}:{by_login[:HALF]}%" for limit in rules.PASSWORDS_FOR_A_LOGIN_FROM_AN_ADDRESS]
    waits += [f"{limit.name}:{by_login}" for limit in rules.PASSWORDS_FOR_A_LOGIN]
    session.execute(delete(Tally).where(or_(*(Tally.key.like(wait) for wait in waits))))


def _standing(session: Session, login: str) -> Credential:
    found = session.scalar(
        select(Credential).where(Credential.login == passwords.folded_login(login)).with_for_update()
    )
    if found is None:
        raise Refused("unknown_login")
    if found.ended_at is not None:
        raise Refused("coordinator_ended")
    return found


def _show_out(session: Session, coordinator_id: str, now: datetime) -> None:
    """End every session of a coordinator, and every one-time address that would open one."""
    sessions.end_all(session, COORDINATOR, coordinator_id, now)
    unused = update(OneTimeCode).where(OneTimeCode.kind == COORDINATOR, OneTimeCode.subject_id == coordinator_id)
    session.execute(unused.where(OneTimeCode.used_at.is_(None)).values(used_at=now))
