"""Requests and weeks in few words: always free, unless a test says otherwise."""

from collections.abc import Sequence
from typing import Any

from app.kernel.intervals import Interval
from app.roster.problem import Fixed, Problem, Request, Terminal
from tests.roster.villages import ALWAYS, DAYS, at


def ask(name: str, family: str = "", *, free: Sequence[Interval] = ALWAYS, **changes: Any) -> Request:
    """A request of family `family` (or one of its own): its child c…, its parent p…; `free` is the parent's time."""
    family = family or name
    facts: dict[str, Any] = {
        "child_id": f"c{family}", "parent_id": f"p{family}", "minutes": 15, "waiting_days": 0, "child_free": ALWAYS,
        "caregiver_free": ALWAYS, "consented": ALWAYS,
    }  # fmt: skip
    return Request(name, family, parent_free=tuple(free), **facts | changes)


def fixed(name: str, family: str, day: int, hour: float, terminal: str = "t0", **changes: Any) -> Fixed:
    facts: dict[str, Any] = {"child_id": f"c{family}", "parent_id": f"p{family}", "minutes": 15}
    return Fixed(name, family, terminal_id=terminal, starts_at=at(day, hour, hour)[0], **facts | changes)


def open_on(days: Sequence[int] = range(7), from_: float = 18, until: float = 19, name: str = "t0") -> Terminal:
    return Terminal(name, tuple(at(day, from_, until) for day in days))


def week(requests: Sequence[Request], *terminals: Terminal, **changes: Any) -> Problem:
    return Problem(DAYS, terminals or (open_on(),), tuple(requests), **changes)
