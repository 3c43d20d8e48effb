"""Use cases of villages: found one, place terminals, set hours, close. Who may is decided above."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.kernel.errors import Invalid, NotFound, Refused
from app.kernel.events import TerminalRetired
from app.kernel.local_time import is_zone
from app.storage.database import new_id
from app.villages import queries, rules
from app.villages.models import Closure, Opening, Terminal, Village
from app.villages.rules import OpeningFacts, checked_text
from app.villages.words import MachinePart
from app.web.hints import hint
from app.web.texts import languages


def create_village(
    session: Session, *, name: str, zone: str, language: str, slot_minutes: int = 20, buffer_minutes: int = 5
) -> Village:
    check_zone(zone)
    check_language(language)
    rules.check_grid(slot_minutes, buffer_minutes)
    village = Village(
        id=new_id(session), name=checked_text(name, 80, "bad_name"), zone=zone, language=language,
        slot_minutes=slot_minutes, buffer_minutes=buffer_minutes,
    )  # fmt: skip
    session.add(village)
    session.flush()
    return village


def add_terminal(session: Session, village_id: str, name: str, now: datetime) -> Terminal:
    queries.village(session, village_id)
    terminal = Terminal(id=new_id(session), village_id=village_id, name=checked_text(name, 40, "bad_name"))
    session.add(terminal)
    session.flush()
    tell_village(session, village_id, now)
    return terminal


def retire_terminal(session: Session, village_id: str, terminal_id: str, now: datetime) -> None:
    """Take a terminal out of use for good. What was booked on it follows from the event."""
    locked(session, village_id)
    terminal = queries.terminal_of(session, village_id, terminal_id)
    if terminal.retired_at is not None:
        raise Refused("terminal_retired")
    terminal.retired_at = now
    jobs.emit(session, TerminalRetired(now, terminal_id), now)
    hint(session, "terminal", terminal_id, now)
    tell_village(session, village_id, now)


def keep_self_test(
    session: Session, village_id: str, terminal_id: str, failed: Iterable[MachinePart], untried: Iterable[MachinePart],
    now: datetime,
) -> None:  # fmt: skip
    """What a terminal found wrong with itself, and what nobody tried; what it found before is overtaken."""
    terminal = queries.terminal_of(session, village_id, terminal_id)
    failing, left = set(failed), set(untried)
    terminal.tested_at = now
    terminal.failed_parts = [part.value for part in MachinePart if part in failing]
    terminal.untried_parts = [part.value for part in MachinePart if part in left - failing]
    hint(session, "village", village_id, now)


def set_openings(session: Session, village_id: str, openings: Sequence[OpeningFacts], now: datetime) -> None:
    """Replace all weekly hours of a village."""
    rules.check_openings(openings)
    locked(session, village_id)
    session.execute(delete(Opening).where(Opening.village_id == village_id))
    for hours in dict.fromkeys(openings):
        session.add(
            Opening(
                id=new_id(session), village_id=village_id, weekday=hours.weekday,
                opens_minute=hours.opens_minute, closes_minute=hours.closes_minute,
            )
        )  # fmt: skip
    session.flush()
    tell_village(session, village_id, now)


def set_promise(session: Session, village_id: str, days: int, now: datetime) -> None:
    """Say within how many days every child is to be heard. Raises Invalid("bad_promise")."""
    rules.check_promise(days)
    locked(session, village_id).promise_days = days
    tell_village(session, village_id, now)


def add_closure(
    session: Session, village_id: str, *, terminal_id: str | None, starts_at: datetime, ends_at: datetime, reason: str,
    now: datetime,
) -> Closure:  # fmt: skip
    """Close a village, or one terminal of it. What was booked for that time is not touched here."""
    queries.village(session, village_id)
    if terminal_id is not None:
        queries.terminal_of(session, village_id, terminal_id)
    if starts_at >= ends_at:
        raise Invalid("ends_before_start")
    closure = Closure(
        id=new_id(session), village_id=village_id, terminal_id=terminal_id, starts_at=starts_at, ends_at=ends_at,
        reason=checked_text(reason, 80, "bad_reason"),
    )  # fmt: skip
    session.add(closure)
    session.flush()
    tell_village(session, village_id, now)
    return closure


def lift_closure(session: Session, village_id: str, closure_id: str, now: datetime) -> None:
    """Open again: one that has begun ends now, one that lies ahead is gone. Raises Refused("closure_over")."""
    locked(session, village_id)
    closure = queries.closure_of(session, village_id, closure_id)
    if closure.ends_at <= now:
        raise Refused("closure_over")
    if closure.starts_at < now:
        closure.ends_at = now
    else:
        session.delete(closure)
    tell_village(session, village_id, now)


def tell_village(session: Session, village_id: str, now: datetime) -> None:
    """Hint at the desk and at every terminal of a village."""
    hint(session, "village", village_id, now)
    for terminal in queries.terminals(session, village_id):
        hint(session, "terminal", terminal.id, now)


def check_zone(zone: str) -> None:
    if not is_zone(zone):
        raise Invalid("unknown_zone", zone=zone[:64])


def check_language(language: str) -> None:
    if language not in languages():
        raise Invalid("unknown_language", language=language[:16])


def locked(session: Session, village_id: str) -> Village:
    """A village, held against whoever else replaces something of it at the same time."""
    found = session.scalar(select(Village).where(Village.id == village_id).with_for_update())
    if found is None:
        raise NotFound
    return found
