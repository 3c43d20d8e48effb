"""Who waits for a slot, and offering one that got free: nothing stays empty.

Each freed slot has one due row. Its step makes an offer to the first in line who can have it: a proposal of nobody's
side, which claims its cells and expires like any other. Declined or expired it frees the slot again, and the next is
asked. Offers of one village are made one after another; that a family has one at a time, the database holds too.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import booking
from app.calls import queries as calls
from app.calls import rules as bookable
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.words import Origin
from app.desk import candidates, hearings
from app.desk.candidates import FreedSlot
from app.families import pairs
from app.families.words import ConsentKind
from app.jobs import service as jobs
from app.jobs.service import Leased
from app.kernel.errors import HomethreadError
from app.kernel.events import CallBooked, SlotFreed
from app.roster import rules, waits
from app.roster.rules import Waiting
from app.villages import queries as villages
from app.villages.models import Village

KIND = "wait.offer"
NOBODY = Actor("", None)


def line(session: Session, village_id: str, now: datetime) -> list[Waiting]:
    """Everybody of a village who waits, in order: who asked, and whom the village has promised more."""
    promise_days = villages.village(session, village_id).promise_days
    heard, ahead = hearings.last_heard(session, village_id), calls.next_starts(session, village_id, now)
    asked = {(wait.child_id, wait.parent_id): wait for wait in waits.open_of_village(session, village_id)}
    found = []
    for pair, until in pairs.allowed_until(session, village_id, ConsentKind.CALL, now).items():
        wait = asked.get((pair.child_id, pair.parent_id))
        one = Waiting(*pair, heard.get(pair.child_id), ahead.get(pair.child_id), allowed_until=until)
        found.append(replace(one, wait_id=wait.id, since=wait.since) if wait else one)
    return rules.in_order((one for one in found if rules.waits(one, promise_days, now)), now)


def take_up(session: Session, event: SlotFreed, now: datetime) -> None:
    """Have what got free offered at once, each slot that it makes by itself."""
    buffer_minutes = villages.village(session, event.village_id).buffer_minutes
    for starts_at, ends_at in rules.pieces(event.starts_at, event.ends_at, bookable.CALL_MINUTES, buffer_minutes):
        if not rules.is_too_close(starts_at, now):
            _put(session, FreedSlot(event.village_id, event.terminal_id, starts_at, ends_at), now, now)


def fulfil(session: Session, event: CallBooked, now: datetime) -> None:
    """End the wish of who took an offer."""
    call = session.get_one(Call, event.call_id)
    if call.origin is Origin.WAIT:
        waits.end_of_pair(session, call.child_id, call.parent_id, now)


def offer(session: Session, row: Leased, now: datetime) -> None:
    """Offer the slot of a due row to the first in line who can have it; for who sleeps it waits until the morning."""
    slot = FreedSlot.from_payload(row.payload)
    village = held(session, slot.village_id)
    if rules.is_too_close(slot.starts_at, now) or not candidates.is_there(session, slot, village.buffer_minutes):
        return
    for one, morning in candidates.of(session, slot, village, line(session, village.id, now), now):
        if morning is not None:
            _put(session, slot, morning, now)
            return
        if _offered(session, slot, one, now) or not candidates.is_there(session, slot, village.buffer_minutes):
            return


def _put(session: Session, slot: FreedSlot, due_at: datetime, now: datetime) -> None:
    """Have a slot looked at: once, however often it got free."""
    jobs.put_again(
        session, KIND, f"{KIND}:{slot.terminal_id}:{slot.starts_at:%Y%m%dT%H%M}", due_at, now,
        subject=f"village:{slot.village_id}", payload=slot.payload,
    )  # fmt: skip


def held(session: Session, village_id: str) -> Village:
    """The village, locked against other offers of it; calls that are booked meanwhile only refer to it."""
    return session.scalars(select(Village).where(Village.id == village_id).with_for_update(key_share=True)).one()


def _offered(session: Session, slot: FreedSlot, one: Waiting, now: datetime) -> bool:
    """Whether the offer stands; it does not where a booking was faster, or a consent has just ended."""
    wish = Wish(
        one.family_id, one.child_id, one.parent_id, slot.starts_at, slot.minutes, is_proposal=True, origin=Origin.WAIT,
        terminal_id=slot.terminal_id, expires_at=rules.offer_expires(slot.starts_at, now),
    )  # fmt: skip
    try:
        with session.begin_nested():
            return booking.placed(session, wish, NOBODY, now) is not None
    except HomethreadError:
        return False
