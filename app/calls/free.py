"""When a terminal or a person has hours, by one question for any resource. What is booked then is not asked here."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.families import availability, schedule
from app.families import queries as families
from app.kernel.errors import NotFound
from app.kernel.intervals import Interval
from app.villages import queries as villages
from app.villages.models import Terminal


def free_intervals(session: Session, resource: str, from_: datetime, until: datetime) -> list[Interval]:
    """The opening hours of `terminal:ID`, until it is retired, or the free time of `person:ID`: sorted and apart.

    Raises NotFound for what is neither.
    """
    kind, _, subject_id = resource.partition(":")
    if kind == "terminal":
        return _open(session, subject_id, from_, until)
    if kind != "person":
        raise NotFound
    person = families.person(session, subject_id)
    patterns = schedule.patterns_of(session, [person.id])[person.id]
    return availability.free(patterns, person.zone, from_, until)


def _open(session: Session, terminal_id: str, from_: datetime, until: datetime) -> list[Interval]:
    terminal = session.get(Terminal, terminal_id)
    if terminal is None:
        raise NotFound
    if terminal.retired_at is not None:
        until = min(until, terminal.retired_at)
    return villages.open_intervals(session, terminal, from_, until)
