"""Device sessions: opened by a one-time code, found by the hash of a token, ended. Who gets one is decided above."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.errors import Refused
from app.kernel.ids import random_token
from app.storage.database import new_id
from app.web.hints import hint
from app.web.models import DeviceSession, OneTimeCode, PrincipalKind

LIFETIMES = {
    PrincipalKind.PERSON: timedelta(days=180),
    PrincipalKind.TERMINAL: timedelta(days=180),
    PrincipalKind.COORDINATOR: timedelta(hours=14),  # a desk is shared: each working day begins with a sign-in
}
DEVICE_TOPIC = "device"
CODE_MINUTES = 60
PRESENT_SECONDS = 50  # two and a half heartbeats of a page that is not in a call


def hashed(secret: str) -> str:
    """SHA-256: right for random secrets of 160 bits, and only for those."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def issue_code(
    session: Session, kind: PrincipalKind, subject_id: str, village_id: str | None, language: str, now: datetime
) -> str:
    """Issue a secret that signs one device in, once, within the hour."""
    secret = random_token()
    session.add(
        OneTimeCode(
            id=new_id(session), code_hash=hashed(secret), kind=kind, subject_id=subject_id, village_id=village_id,
            language=language, expires_at=now + timedelta(minutes=CODE_MINUTES),
        )
    )  # fmt: skip
    return secret


def enter(session: Session, secret: str, now: datetime) -> tuple[DeviceSession, str]:
    """Use a one-time code up; the new device session and its token. Raises Refused("code_used_or_expired")."""
    used = session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.code_hash == hashed(secret), OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now)
        .values(used_at=now)
        .returning(OneTimeCode.id)
    ).scalar()
    if used is None:
        raise Refused("code_used_or_expired")
    code = session.get_one(OneTimeCode, used)
    return open_session(session, code.kind, code.subject_id, code.village_id, code.language, now, opened_by="link")


def open_session(
    session: Session, kind: PrincipalKind, subject_id: str, village_id: str | None, language: str, now: datetime, *,
    opened_by: str, label: str | None = None, public_key: str | None = None, token: str | None = None,
) -> tuple[DeviceSession, str]:  # fmt: skip
    """Sign a device in, with a token that nobody had before; whatever it sent along opens nothing."""
    token = token or random_token()
    device = DeviceSession(
        id=new_id(session), token_hash=hashed(token), kind=kind, subject_id=subject_id, village_id=village_id,
        language=language, opened_at=now, expires_at=now + LIFETIMES[kind], opened_by=opened_by,
        label=label and label[:40], public_key=public_key,
    )  # fmt: skip
    session.add(device)
    return device, token


def renew_token(device: DeviceSession) -> str:
    """A new token instead of the one before, which opens nothing from now on."""
    token = random_token()
    device.token_hash = hashed(token)
    return token


def end(session: Session, device: DeviceSession, now: datetime) -> None:
    """End a session; the hint lets every web process close its sockets."""
    if device.ended_at is None:
        device.ended_at = now
        hint(session, DEVICE_TOPIC, device.id, now)


def end_all(session: Session, kind: PrincipalKind, subject_id: str, now: datetime) -> int:
    """End every session of a subject; how many there were."""
    ended = devices_of(session, kind, subject_id, now)
    for device in ended:
        end(session, device, now)
    return len(ended)


def devices_of(session: Session, kind: PrincipalKind, subject_id: str, now: datetime) -> Sequence[DeviceSession]:
    """The open sessions of a subject, the newest first."""
    theirs = select(DeviceSession).where(
        DeviceSession.kind == kind, DeviceSession.subject_id == subject_id,
        DeviceSession.ended_at.is_(None), DeviceSession.expires_at > now,
    )  # fmt: skip
    return session.scalars(theirs.order_by(DeviceSession.opened_at.desc(), DeviceSession.id)).all()


def device_of(session: Session, token: str, now: datetime) -> DeviceSession | None:
    """The open session of a token, also of the one before it while that is still good."""
    known = hashed(token)
    before = and_(DeviceSession.previous_hash == known, DeviceSession.previous_until > now)
    device = session.scalar(select(DeviceSession).where(or_(DeviceSession.token_hash == known, before)))
    return device if device and is_open(device, now) else None


def bound_device_of(session: Session, token: str, now: datetime) -> DeviceSession | None:
    """The session with a key that once had this token, locked; its token may be past its time, so ask for the key."""
    known = hashed(token)
    bound = select(DeviceSession).where(
        or_(DeviceSession.token_hash == known, DeviceSession.previous_hash == known),
        DeviceSession.public_key.is_not(None), DeviceSession.ended_at.is_(None), DeviceSession.expires_at > now,
    )  # fmt: skip
    return session.scalar(bound.with_for_update())


def may_stay(device: DeviceSession, token_hash: str) -> bool:
    """Whether a socket that came with this token may stay: bound to a key, it is asked again after two renewals."""
    return device.public_key is None or token_hash in (device.token_hash, device.previous_hash)


def is_open(device: DeviceSession, now: datetime) -> bool:
    is_current = device.token_until is None or device.token_until > now
    return is_current and device.ended_at is None and device.expires_at > now


def beat(session: Session, device_id: str, page: str, is_visible: bool, now: datetime) -> None:
    """A device is heard of. Of a terminal that wasn't for a while its village is told."""
    device = session.get_one(DeviceSession, device_id)
    was_there = device.beat_at is not None and device.beat_at > now - timedelta(seconds=PRESENT_SECONDS)
    if device.kind is PrincipalKind.TERMINAL and device.village_id and not was_there:
        hint(session, "village", device.village_id, now)
    device.beat_at, device.page, device.is_visible = now, page, is_visible


def is_present(session: Session, kind: PrincipalKind, subject_id: str, now: datetime) -> bool:
    """Whether any device of this subject has been heard of lately."""
    heard = select(DeviceSession.id).where(
        DeviceSession.kind == kind,
        DeviceSession.subject_id == subject_id,
        DeviceSession.ended_at.is_(None),
        DeviceSession.beat_at > now - timedelta(seconds=PRESENT_SECONDS),
    )
    return session.scalar(heard.limit(1)) is not None
