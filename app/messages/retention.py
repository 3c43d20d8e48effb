"""How long messages are kept: swept each day, and where a consent has ended, gone by the promised day.

An unfinished upload goes when it expires, what was refused or withdrawn at once, a message a year after it was last to
be heard. Where two may not send each other messages any more, nothing of theirs is heard from then on (`thread.py`
sees to that), and after thirty days it is gone, unless it was allowed anew. With the last child or parent of a family
its key goes too: then nothing that it sealed can be read, wherever a copy of it may lie.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.orm import Session

from app.families import queries as families
from app.families import rules as permission
from app.families.models import Family, Member
from app.families.rules import FORGOTTEN_AFTER
from app.families.words import ConsentKind, MemberRole
from app.jobs import service as jobs
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.jobs.worker import Errand
from app.kernel.clock import Clock
from app.kernel.events import ConsentEnded
from app.messages import dropping, life, uploads
from app.messages.models import Blob, FamilyKey, Message, Rendition, Upload
from app.messages.rules import KEPT_FOR
from app.messages.vault import Vault
from app.messages.words import FORGET, STRAYS, SWEEP, MessageState, UploadState
from app.storage.clashes import in_one
from app.storage.database import Database

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
MOST_AT_ONCE = 500
STRAY_AFTER = timedelta(days=1)
LIVING = (MessageState.LOOKED_AT, MessageState.SEALED, MessageState.DUE, MessageState.REFUSED, MessageState.WITHDRAWN)


def start(session: Session, now: datetime) -> None:
    jobs.put(session, SWEEP, now, now, key=SWEEP)
    jobs.put(session, STRAYS, now, now, key=STRAYS, lane=Lane.ERRAND)


def of_ending(session: Session, event: ConsentEnded, now: datetime) -> None:
    """See to it that all between these two is gone by the promised day; who looks meanwhile finds nothing."""
    at = event.at + FORGOTTEN_AFTER
    payload = {"child": event.child_id, "contact": event.contact_id}
    jobs.put_again(session, FORGET, f"forget:{event.child_id}:{event.contact_id}", at, now, payload=payload)


def forget(session: Session, row: Leased, now: datetime) -> None:
    """The step for rows of kind FORGET."""
    _forget_pair(session, row.payload["child"], row.payload["contact"], now)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    """The step for rows of kind SWEEP."""
    _drop_expired(session, now)
    life.delete(session, session.scalars(_old(now)).all(), now)
    for child_id, contact_id in session.execute(_pairs()):
        _forget_pair(session, child_id, contact_id, now)
    for family_id in session.scalars(select(FamilyKey.family_id)).all():
        _erase_if_left(session, family_id, now)
    dropping.drop_blobs(session, session.scalars(_unused(now)).all(), now)
    jobs.put_again(session, SWEEP, SWEEP, now + EVERY, now)


def strays(database: Database, clock: Clock, vault: Vault) -> Errand:
    """The errand for rows of kind STRAYS: delete pieces that no row names, when they did not a day before either."""

    def look(row: Leased) -> None:
        there = list(vault.blobs.blob_ids())
        with database.read() as session:
            unnamed = [blob_id for blob_id in there if session.get(Blob, blob_id) is None]
        for blob_id in set(unnamed) & set(row.payload.get("unnamed", ())):
            log.warning("pieces of %s, which no table names, are deleted", blob_id)
            vault.blobs.delete(blob_id)
        in_one(database, lambda session: _look_again(session, unnamed[:MOST_AT_ONCE], clock.now()))

    return look


def _look_again(session: Session, unnamed: list[str], now: datetime) -> None:
    payload = {"unnamed": unnamed}
    jobs.put_again(session, STRAYS, STRAYS, now + STRAY_AFTER, now, lane=Lane.ERRAND, payload=payload)


def _drop_expired(session: Session, now: datetime) -> None:
    over = select(Upload).where(Upload.state == UploadState.OPEN, Upload.expires_at <= now).limit(MOST_AT_ONCE)
    # A picture that no recording took, long after anybody may have forgotten it.
    is_taken = exists().where(or_(Message.upload_id == Upload.id, Message.photo_blob_id == Upload.blob_id))
    left = select(Upload).where(
        Upload.state == UploadState.COMPLETE, Upload.expires_at <= now, Upload.blob_id.is_not(None), ~is_taken
    )
    for upload in [*session.scalars(over), *session.scalars(left.limit(MOST_AT_ONCE))]:
        dropping.drop_blobs(session, [uploads.end(session, upload)], now)


def _old(now: datetime) -> Select[str]:
    ended = (MessageState.REFUSED, MessageState.WITHDRAWN)
    is_old = or_(
        Message.state.in_(life.OPEN) & Message.repeat.is_(None) & (Message.deliver_at < now - KEPT_FOR),
        Message.state.in_(ended) & (Message.ended_at < now - FORGOTTEN_AFTER),
    )
    return select(Message.id).where(is_old).limit(MOST_AT_ONCE)


def _pairs() -> Select[str, str]:
    return select(Message.child_id, Message.contact_id).where(Message.state.in_(LIVING)).distinct()


def _forget_pair(session: Session, child_id: str, contact_id: str, now: datetime) -> None:
    since = _forbidden_since(session, child_id, contact_id, now)
    if since is None or since > now - FORGOTTEN_AFTER:
        return
    between = (Message.child_id == child_id, Message.contact_id == contact_id)
    life.delete(session, session.scalars(select(Message.id).where(*between, Message.state.in_(LIVING))).all(), now)


def _forbidden_since(session: Session, child_id: str, contact_id: str, now: datetime) -> datetime | None:
    """Since when these two may not hear each other; None where they may."""
    given, bans = families.consents(session, child_id, contact_id), families.no_contacts(session, child_id, contact_id)
    since = permission.forbidden_since(ConsentKind.MESSAGE, child_id, contact_id, given, bans, now)
    left = [at for at in (_left_at(session, child_id, contact_id),) if at is not None]
    return min([*left, *([since] if since else [])], default=None)


def _left_at(session: Session, child_id: str, contact_id: str) -> datetime | None:
    """When the one or the other left their last family together; None where both are still in one."""
    theirs = select(Member.family_id, Member.person_id, Member.left_at).where(
        or_(
            (Member.person_id == child_id) & (Member.role == MemberRole.CHILD),
            (Member.person_id == contact_id) & (Member.role == MemberRole.PARENT),
        )
    )
    by_family: dict[str, dict[str, datetime | None]] = {}
    for family_id, person_id, left_at in session.execute(theirs):
        by_family.setdefault(family_id, {})[person_id] = left_at
    ends = [[at for at in people.values() if at] for people in by_family.values() if len(people) > 1]
    return None if not ends or not all(ends) else max(min(each) for each in ends)


def _erase_if_left(session: Session, family_id: str, now: datetime) -> None:
    """Drop the key of a family whose children, or whose parents, all left long ago, with all that it sealed."""
    for role in (MemberRole.CHILD, MemberRole.PARENT):
        left = session.scalars(
            select(Member.left_at).where(Member.family_id == family_id, Member.role == role)
        ).all()  # fmt: skip
        if left and all(at is not None and at <= now - FORGOTTEN_AFTER for at in left):
            erase(session, family_id, now)
            return


def erase(session: Session, family_id: str, now: datetime) -> None:
    """Have nothing of a family's messages left, and nobody able to read a copy of them."""
    session.scalar(select(Family.id).where(Family.id == family_id).with_for_update())
    theirs = select(Message.id).where(Message.family_id == family_id, Message.state.in_(LIVING))
    life.delete(session, session.scalars(theirs).all(), now)
    dropping.drop_blobs(session, session.scalars(select(Blob.id).where(Blob.family_id == family_id)).all(), now)
    session.execute(delete(FamilyKey).where(FamilyKey.family_id == family_id))


def _unused(now: datetime) -> Select[str]:
    """What was made here and never said to be whole, since its maker died."""
    named = [Upload.blob_id, Message.blob_id, Message.photo_blob_id, Rendition.blob_id]
    is_named = or_(*(exists().where(column == Blob.id) for column in named))
    return select(Blob.id).where(~Blob.is_complete, Blob.made_at < now - STRAY_AFTER, ~is_named).limit(MOST_AT_ONCE)
