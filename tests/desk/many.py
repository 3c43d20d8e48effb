"""A village with many families, each with a child, a parent and some weeks of calls behind them."""

from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.words import CallState, Outcome, Side
from app.families.models import Family, Member, Person
from app.families.words import MemberRole
from tests.scene import ZONE, Household


def enrol_families(session: Session, beside: Household, families: int, now: datetime, weeks: int = 12) -> None:
    """Enrol so many families in the village of `beside`, with a call each week: three held, then one missed."""
    numbers = range(families)
    session.execute(insert(Family), [
        {"id": f"f{n}", "village_id": beside.village, "name": f"Family {n:04}", "emblem": f"emblem {n}"}
        for n in numbers
    ])  # fmt: skip
    roles = {"c": MemberRole.CHILD, "p": MemberRole.PARENT}
    session.execute(insert(Person), [
        {"id": f"{mark}{n}", "name": f"{role.value} {n}", "zone": ZONE, "language": "en"}
        for n in numbers for mark, role in roles.items()
    ])  # fmt: skip
    session.execute(insert(Member), [
        {"id": f"m{mark}{n}", "family_id": f"f{n}", "person_id": f"{mark}{n}", "role": role}
        for n in numbers for mark, role in roles.items()
    ])  # fmt: skip
    session.execute(insert(Call), [_call(n, week, beside, now) for n in numbers for week in range(weeks)])


def _call(family: int, week: int, beside: Household, now: datetime) -> dict[str, object]:
    is_missed = (family + week) % 4 == 3
    starts_at = now - timedelta(weeks=week, days=1, minutes=5 * (family % 60))
    seconds = 0 if is_missed else 300 + 60 * (family % 10)
    return {
        "id": f"{family}w{week}", "village_id": beside.village, "terminal_id": beside.terminal,
        "family_id": f"f{family}", "parent_id": f"p{family}", "child_id": f"c{family}", "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=15), "state": CallState.ENDED,
        "outcome": Outcome.MISSED if is_missed else Outcome.HELD, "reason": "nobody_came" if is_missed else None,
        "proposed_by": Side.PARENT, "made_at": starts_at - timedelta(days=1), "talked_seconds": seconds,
        "ended_at": starts_at + timedelta(seconds=seconds or 600),
    }  # fmt: skip
