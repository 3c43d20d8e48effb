"""Five-minute cells of UTC as whole numbers, and which of them are held already. What may begin there: `starts.py`."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from app.roster.problem import Problem

CELL = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cell_at(instant: datetime) -> int:
    """The cell that an instant lies in."""
    return (instant - _EPOCH) // CELL


def cell_from(instant: datetime) -> int:
    """The first cell that begins at an instant or later."""
    return -((_EPOCH - instant) // CELL)


def start_of(cell: int) -> datetime:
    return _EPOCH + cell * CELL


def touched(starts_at: datetime, minutes: int) -> range:
    """The cells that a time touches."""
    return range(cell_at(starts_at), cell_from(starts_at + timedelta(minutes=minutes)))


def cells_in(minutes: int) -> int:
    """How many cells a time takes that begins with one."""
    return -(-timedelta(minutes=minutes) // CELL)


def held_cells(problem: Problem) -> Mapping[str, set[int]]:
    """The cells of each resource that claims and fixed calls hold."""
    held: dict[str, set[int]] = defaultdict(set)
    for resource, cell in problem.claims:
        held[resource].add(cell_at(cell))
    for call in problem.fixed:
        held[f"terminal:{call.terminal_id}"].update(touched(call.starts_at, call.minutes + problem.buffer_minutes))
        for person in call.pair:
            held[f"person:{person}"].update(touched(call.starts_at, call.minutes))
    return held
