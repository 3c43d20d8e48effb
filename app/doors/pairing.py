"""A terminal's way in: it shows a code, a coordinator approves it, and its token is bound to a key that stays in it.

The direction of RFC 8628: nothing secret is typed at the terminal. Who approves what, how often somebody may guess, and
when a token is good for nothing but its own renewal are decided here; how the terminal keeps its key is not.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.desk import service as desk
from app.doors import rules
from app.doors.models import Pairing
from app.kernel.errors import Invalid, Kept, NotSignedIn, Refused
from app.kernel.ids import random_token
from app.storage.database import new_id
from app.villages import queries as villages
from app.villages import service as village_service
from app.villages.models import Terminal
from app.web import limits, sessions
from app.web.api import Ask, Door
from app.web.hints import hint
from app.web.models import DeviceSession, PrincipalKind
from app.web.sealing import Sealer

SIGNED = "homethread-token"
COORDINATE_BYTES = 32

State = Literal["waiting", "paired", "gone"]


@dataclass(frozen=True)
class Shown:
    """What an unpaired terminal is told: its own secret, and the digits for people."""

    device_code: str
    user_code: str
    expires_at: datetime


@dataclass(frozen=True)
class Claimed:
    state: State
    token: str | None = None


@dataclass(frozen=True)
class Renewed:
    token: str
    until: datetime


def begin(door: Door, public_key: str) -> Shown:
    """Give a terminal a code to show. Raises Invalid("bad_key") unless the key is one of P-256."""
    _key_of(public_key)
    sealer, database = door.floor.sealer, door.floor.database
    counted = [(rules.PAIRINGS_FROM_AN_ADDRESS, sealer.hashed("address", door.address))]
    limits.count(database, counted, door.now)
    while True:
        try:
            with database.begin() as session:
                return _shown(session, sealer, public_key, door.now)
        except IntegrityError:  # another terminal shows these digits
            continue


def claim(door: Door, device_code: str) -> Claimed:
    """Ask whether the code was approved; then the terminal is signed in, once.

    Its token follows from the code and the key of this try, so that an answer that was lost can be had again.
    """
    sealer, database, now = door.floor.sealer, door.floor.database, door.now
    with database.read() as session:
        known = session.scalar(_of(device_code))
    counted = [(rules.CLAIMS_FROM_AN_ADDRESS, sealer.hashed("address", door.address))]
    counted += [(rules.CLAIMS_OF_A_PAIRING, sessions.hashed(device_code))] if known else []
    limits.count(database, counted, now)
    if known is None:
        return Claimed("gone")
    if known.terminal_id is None:
        return Claimed("waiting" if known.expires_at > now else "gone")
    token = sealer.hashed("paired token", f"{device_code}\0{door.key}")
    with database.begin() as session:
        terminal = _locked(session, known.terminal_id)
        if _take(session, known.id, now):
            _sign_in(session, terminal, token, known.public_key, door)
            return Claimed("paired", token)
        is_mine = sessions.device_of(session, token, now) is not None
    return Claimed("paired", token) if is_mine else Claimed("gone")


def approve(ask: Ask, sealer: Sealer, user_code: str, terminal_id: str) -> Terminal:
    """Let the terminal that shows this code be one of the coordinator's own; what was signed in as it is ended."""
    session, now = ask.session, ask.now
    terminal = villages.terminal_of(session, ask.who.village, terminal_id)
    plain = rules.digits(user_code, rules.PAIRING_DIGITS)
    counted = [(rules.APPROVALS_BY_A_DESK, sealer.hashed("coordinator", ask.who.subject_id))]
    refusal = limits.one_more(session, counted, now)
    if refusal:
        raise Kept(refusal)
    if _locked(session, terminal.id).retired_at is not None:
        raise Refused("terminal_retired")
    approving = (
        update(Pairing)
        .where(
            Pairing.user_code_hash == sealer.hashed("pairing", plain), Pairing.approved_at.is_(None),
            Pairing.expires_at > now,
        )
        .values(
            terminal_id=terminal.id, approved_by=ask.who.subject_id, approved_at=now,
            expires_at=now + rules.CLAIMED_WITHIN,
        )
        .returning(Pairing.id)
    )  # fmt: skip
    approved = session.scalar(approving)
    if approved is None:
        raise Kept(Refused("pairing_gone"))
    _sign_out(session, terminal.id, now, but=approved)
    desk.record(session, ask.who, "pair", f"terminal:{terminal.id}", {}, now)
    return terminal


def revoke(ask: Ask, terminal_id: str) -> None:
    """End all that is signed in as a terminal; its sockets are closed, and its page shows a code again."""
    terminal = villages.terminal_of(ask.session, ask.who.village, terminal_id)
    _locked(ask.session, terminal.id)
    _sign_out(ask.session, terminal.id, ask.now)
    village_service.tell_village(ask.session, terminal.village_id, ask.now)
    desk.record(ask.session, ask.who, "revoke", f"terminal:{terminal.id}", {}, ask.now)


def retire(ask: Ask, terminal_id: str) -> None:
    """Take a terminal out of use for good, and all that is signed in as it."""
    village_service.retire_terminal(ask.session, ask.who.village, terminal_id, ask.now)
    _locked(ask.session, terminal_id)
    _sign_out(ask.session, terminal_id, ask.now)
    desk.record(ask.session, ask.who, "retire", f"terminal:{terminal_id}", {}, ask.now)


def renew(door: Door, token: str | None, at: str, signature: str) -> Renewed:
    """Give a terminal that proves its key a new token; the one before is good for two minutes more.

    `at` is signed as it was written. It is newer than at the last renewal, so that nobody can play one again.
    """
    sealer, database, now = door.floor.sealer, door.floor.database, door.now
    counted = [(rules.RENEWALS_FROM_AN_ADDRESS, sealer.hashed("address", door.address))]
    limits.count(database, counted, now)
    signed_at = _instant(at)
    with database.begin() as session:
        device = sessions.bound_device_of(session, token, now) if token else None
        if device is None or token is None or device.public_key is None or device.token_until is None:
            raise NotSignedIn
        if not is_signed(device.public_key, f"{SIGNED}\n{device.id}\n{at}", signature):
            raise NotSignedIn
        fresh = sealer.hashed("renewed token", f"{device.id}\0{at}\0{door.key}")
        last_at = device.token_until - rules.TOKEN_LIVES
        is_repeat = device.token_hash == sessions.hashed(fresh) and now - last_at < rules.REPEAT_WITHIN
        if not is_repeat:
            if not (last_at < signed_at and abs(now - signed_at) <= rules.SIGNED_WITHIN):
                raise Refused("signature_stale", now=now.isoformat())
            _rotate(session, device, token, fresh, signed_at, now)
        return Renewed(fresh, device.token_until)


def is_signed(public_key: str, text: str, signature: str) -> bool:
    """Whether this is the key's ECDSA signature over SHA-256, as browsers write it: r and s, 32 bytes each."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    if len(raw) != 2 * COORDINATE_BYTES:
        return False
    r, s = (int.from_bytes(half) for half in (raw[:COORDINATE_BYTES], raw[COORDINATE_BYTES:]))
    try:
        _key_of(public_key).verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _rotate(session: Session, device: DeviceSession, used: str, fresh: str, signed_at: datetime, now: datetime) -> None:
    """What was still good stays so for a while; what was not is only remembered, in case this answer is lost too."""
    was_good = sessions.device_of(session, used, now) is not None
    device.previous_hash = sessions.hashed(used)
    device.previous_until = now + rules.PREVIOUS_LIVES if was_good else now
    device.token_hash = sessions.hashed(fresh)
    device.token_until = signed_at + rules.TOKEN_LIVES
    device.expires_at = now + sessions.LIFETIMES[PrincipalKind.TERMINAL]
    hint(session, sessions.DEVICE_TOPIC, device.id, now)  # sockets that came with older tokens are closed


def _shown(session: Session, sealer: Sealer, public_key: str, now: datetime) -> Shown:
    device_code = random_token()
    user_code = f"{secrets.randbelow(10**rules.PAIRING_DIGITS):0{rules.PAIRING_DIGITS}}"
    expires_at = now + rules.PAIRING_LIVES
    session.add(
        Pairing(
            id=new_id(session), device_hash=sessions.hashed(device_code),
            user_code_hash=sealer.hashed("pairing", user_code), public_key=public_key, asked_at=now,
            expires_at=expires_at,
        )
    )  # fmt: skip
    session.flush()
    return Shown(device_code, user_code, expires_at)


def _take(session: Session, pairing_id: str, now: datetime) -> bool:
    taking = (
        update(Pairing)
        .where(Pairing.id == pairing_id, Pairing.claimed_at.is_(None), Pairing.expires_at > now)
        .values(claimed_at=now)
        .returning(Pairing.id)
    )
    return session.scalar(taking) is not None


def _sign_in(session: Session, terminal: Terminal, token: str, public_key: str, door: Door) -> None:
    _sign_out(session, terminal.id, door.now)
    village = villages.village(session, terminal.village_id)
    device, _token = sessions.open_session(
        session, PrincipalKind.TERMINAL, terminal.id, village.id, village.language, door.now, opened_by="paired",
        label=door.label, public_key=public_key, token=token,
    )  # fmt: skip
    device.token_until = door.now + rules.TOKEN_LIVES
    village_service.tell_village(session, village.id, door.now)


def _sign_out(session: Session, terminal_id: str, now: datetime, but: str = "") -> None:
    """End the terminal's sessions, and let no other approval that waits open one."""
    sessions.end_all(session, PrincipalKind.TERMINAL, terminal_id, now)
    session.execute(
        update(Pairing)
        .where(Pairing.terminal_id == terminal_id, Pairing.claimed_at.is_(None), Pairing.id != but)
        .values(expires_at=now)
    )


def _locked(session: Session, terminal_id: str) -> Terminal:
    """The terminal, held against whoever pairs or revokes it at the same time."""
    held = select(Terminal).where(Terminal.id == terminal_id).with_for_update()
    return session.scalars(held.execution_options(populate_existing=True)).one()


def _of(device_code: str) -> Select[Pairing]:
    return select(Pairing).where(Pairing.device_hash == sessions.hashed(device_code))


def _key_of(public_key: str) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_der_public_key(base64.b64decode(public_key, validate=True))
    except Exception as broken:  # the parsers raise almost anything for bytes that lie
        raise Invalid("bad_key") from broken
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Invalid("bad_key")
    return key


def _instant(at: str) -> datetime:
    try:
        return datetime.fromisoformat(at)
    except ValueError as impossible:
        raise Invalid("not_a_time") from impossible
