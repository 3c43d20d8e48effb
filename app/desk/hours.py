"""Use cases of a village's hours and of its promise, and the page that shows when it is open or closed for once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import line_checks
from app.calls.link import Passport
from app.calls.models import Call
from app.calls.passport import passports
from app.calls.words import CallState
from app.desk.forms import (
    ClosureShape,
    LineCheckShape,
    LinkHourShape,
    SelfTestShape,
    VillagePage,
    VillageTerminal,
    WeeklyHours,
)
from app.desk.service import record
from app.families import queries as families
from app.families import rules as emblems
from app.kernel.errors import Refused
from app.villages import queries, service
from app.villages.models import Closure, Terminal
from app.villages.rules import OpeningFacts
from app.villages.words import MachinePart
from app.web import sessions
from app.web.principals import TERMINAL, Principal


def set_openings(session: Session, who: Principal, openings: Sequence[OpeningFacts], now: datetime) -> None:
    """Replace the weekly hours. What is booked outside of the new ones stands."""
    service.set_openings(session, who.village, openings, now)
    record(session, who, "set_openings", f"village:{who.village}", {"openings": len(openings)}, now)


def set_promise(session: Session, who: Principal, days: int, now: datetime) -> None:
    """Promise that every child is heard within this many days."""
    service.set_promise(session, who.village, days, now)
    record(session, who, "set_promise", f"village:{who.village}", {"days": days}, now)


def close(
    session: Session, who: Principal, *, terminal_id: str | None, starts_at: datetime, ends_at: datetime, reason: str,
    now: datetime,
) -> tuple[Closure, list[str]]:  # fmt: skip
    """Close the village or a terminal for once; with the calls that are booked in that time."""
    closure = service.add_closure(
        session, who.village, terminal_id=terminal_id, starts_at=starts_at, ends_at=ends_at, reason=reason, now=now
    )
    where = f"terminal:{terminal_id}" if terminal_id else f"village:{who.village}"
    record(session, who, "add_closure", where, {"closure": closure.id}, now)
    return closure, _calls_in(session, closure)


def lift(session: Session, who: Principal, closure_id: str, now: datetime) -> None:
    closed = queries.closure_of(session, who.village, closure_id).terminal_id
    service.lift_closure(session, who.village, closure_id, now)
    where = f"terminal:{closed}" if closed else f"village:{who.village}"
    record(session, who, "lift_closure", where, {"closure": closure_id}, now)


def page(session: Session, who: Principal, now: datetime) -> VillagePage:
    village = queries.village(session, who.village)
    weekly = queries.openings(session, village.id)
    closures = queries.closures_ahead(session, village.id, now)
    links = passports(session, village, now)
    return VillagePage(
        name=village.name, zone=village.zone, slot_minutes=village.slot_minutes, buffer_minutes=village.buffer_minutes,
        openings=[
            WeeklyHours(weekday=o.weekday, opens_minute=o.opens_minute, closes_minute=o.closes_minute) for o in weekly
        ],
        closures=[
            ClosureShape(id=c.id, terminal_id=c.terminal_id, starts_at=c.starts_at, ends_at=c.ends_at, reason=c.reason)
            for c in closures
        ],
        terminals=[
            _terminal(session, terminal, links.get(terminal.id, {}), now)
            for terminal in queries.every_terminal(session, village.id)
        ],
        free_emblems=emblems.free_emblems(families.emblems_taken(session, village.id)),
    )  # fmt: skip


def _terminal(session: Session, terminal: Terminal, passport: Passport, now: datetime) -> VillageTerminal:
    return VillageTerminal(
        id=terminal.id, name=terminal.name, retired=terminal.retired_at is not None,
        present=sessions.is_present(session, TERMINAL, terminal.id, now),
        paired=bool(sessions.devices_of(session, TERMINAL, terminal.id, now)),
        passport=[
            LinkHourShape(
                hour=hour, calls=link.calls, rtt_ms=link.rtt_ms, loss_permille=link.loss_permille, rung=link.rung,
                is_good=link.is_good, is_bad=link.is_bad,
            )
            for hour, link in passport.items()
        ],
        line_check=_last_check(session, terminal.id),
        is_checking=line_checks.is_going_on(session, terminal.id, now), self_test=_last_test(terminal),
    )  # fmt: skip


def _last_check(session: Session, terminal_id: str) -> LineCheckShape | None:
    check = line_checks.last_of(session, terminal_id)
    if check is None or check.ended_at is None or check.rung is None:
        return None
    return LineCheckShape(
        at=check.ended_at, rung=check.rung, rtt_ms=check.rtt_ms, loss_permille=check.loss_permille,
        up_kbps=check.up_kbps, down_kbps=check.down_kbps,
    )  # fmt: skip


def _last_test(terminal: Terminal) -> SelfTestShape | None:
    if terminal.tested_at is None:
        return None
    failed, untried = (
        [MachinePart(part) for part in parts or ()] for parts in (terminal.failed_parts, terminal.untried_parts)
    )
    return SelfTestShape(at=terminal.tested_at, failed=failed, untried=untried)


def check_line(session: Session, who: Principal, terminal_id: str, now: datetime) -> None:
    """Have a terminal of the village try its line, if it is in reach and free."""
    terminal = queries.terminal_of(session, who.village, terminal_id)
    if not sessions.is_present(session, TERMINAL, terminal.id, now):
        raise Refused("terminal_out_of_reach")
    line_checks.ask(session, terminal.id, who.village, now)
    record(session, who, "check_line", f"terminal:{terminal.id}", {}, now)


def _calls_in(session: Session, closure: Closure) -> list[str]:
    """Calls that are not over and touch a closure."""
    touching = select(Call.id).where(
        Call.village_id == closure.village_id, Call.state != CallState.ENDED,
        Call.starts_at < closure.ends_at, Call.ends_at > closure.starts_at,
    )  # fmt: skip
    if closure.terminal_id is not None:
        touching = touching.where(Call.terminal_id == closure.terminal_id)
    return list(session.scalars(touching.order_by(Call.starts_at, Call.id)))
