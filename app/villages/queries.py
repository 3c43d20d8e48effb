"""Reads of villages, terminals and hours. What belongs to another village is not found."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.intervals import Interval
from app.villages import rules
from app.villages.models import Closure, Opening, Terminal, Village
from app.villages.rules import ClosureFacts, OpeningFacts


def village(session: Session, village_id: str) -> Village:
    found = session.get(Village, village_id)
    if found is None:
        raise NotFound
    return found


def villages(session: Session) -> Sequence[Village]:
    return session.scalars(select(Village).order_by(Village.name, Village.id)).all()


def terminals(session: Session, village_id: str) -> Sequence[Terminal]:
    """Those that are not retired."""
    standing = select(Terminal).where(Terminal.village_id == village_id, Terminal.retired_at.is_(None))
    return session.scalars(standing.order_by(Terminal.name, Terminal.id)).all()


def terminal_of(session: Session, village_id: str, terminal_id: str) -> Terminal:
    """A terminal of this village, retired or not."""
    found = session.get(Terminal, terminal_id)
    if found is None or found.village_id != village_id:
        raise NotFound
    return found


def every_terminal(session: Session, village_id: str) -> Sequence[Terminal]:
    """Those that are retired too, at the end."""
    ever = select(Terminal).where(Terminal.village_id == village_id)
    return session.scalars(ever.order_by(Terminal.retired_at.is_not(None), Terminal.name, Terminal.id)).all()


def openings(session: Session, village_id: str) -> list[OpeningFacts]:
    weekly = select(Opening).where(Opening.village_id == village_id).order_by(Opening.weekday, Opening.opens_minute)
    return [OpeningFacts(o.weekday, o.opens_minute, o.closes_minute) for o in session.scalars(weekly)]


def closures_of(session: Session, village_id: str, from_: datetime, until: datetime) -> Sequence[Closure]:
    """Closures of the village and of single terminals that touch the interval."""
    touching = select(Closure).where(
        Closure.village_id == village_id, Closure.starts_at < until, Closure.ends_at > from_
    )
    return session.scalars(touching.order_by(Closure.starts_at, Closure.id)).all()


def closures_ahead(session: Session, village_id: str, now: datetime) -> Sequence[Closure]:
    """Closures that are not over."""
    ahead = select(Closure).where(Closure.village_id == village_id, Closure.ends_at > now)
    return session.scalars(ahead.order_by(Closure.starts_at, Closure.id)).all()


def closure_of(session: Session, village_id: str, closure_id: str) -> Closure:
    found = session.get(Closure, closure_id)
    if found is None or found.village_id != village_id:
        raise NotFound
    return found


def closures(
    session: Session, village_id: str, terminal_id: str | None, from_: datetime, until: datetime
) -> list[ClosureFacts]:
    """What closes this terminal in the interval: closures of the whole village and its own."""
    concerned = or_(Closure.terminal_id.is_(None), Closure.terminal_id == terminal_id)
    touching = select(Closure).where(
        Closure.village_id == village_id, concerned, Closure.starts_at < until, Closure.ends_at > from_
    )
    return [ClosureFacts(c.starts_at, c.ends_at) for c in session.scalars(touching.order_by(Closure.starts_at))]


def open_intervals(session: Session, terminal: Terminal, from_: datetime, until: datetime) -> list[Interval]:
    """When a terminal is open between two instants; whether it is retired is not asked."""
    where = village(session, terminal.village_id)
    closed = closures(session, where.id, terminal.id, from_, until)
    return rules.open_intervals(openings(session, where.id), closed, where.zone, from_, until)
