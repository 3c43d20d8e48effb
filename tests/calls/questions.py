"""Questions for a time: Redstone's village with one terminal, and people of whose hours nothing is known."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from app.calls.ground import History, PersonFacts, Question, TerminalFacts
from app.calls.link import LinkHour, Passport
from app.families.availability import PatternFacts
from app.families.words import Occupation, PatternKind
from app.villages.rules import OpeningFacts
from tests.scene import NOW, ZONE, at

EVERY_DAY, WORKDAYS = tuple(range(7)), tuple(range(5))
GOOD, FAIR, BAD = LinkHour(5, 200, 5), LinkHour(5, 500, 40), LinkHour(5, 900, 120)


def weekly(
    occupation: Occupation, from_hour: float, until_hour: float, *days: int, is_free: bool = False
) -> PatternFacts:
    minutes = {"from_minute": int(from_hour * 60), "until_minute": int(until_hour * 60)}
    detail: dict[str, Any] = {"weekdays": list(days or EVERY_DAY), **minutes}
    return PatternFacts(PatternKind.WEEKLY, occupation, is_free, None, None, detail)


def away(from_day: date, until_day: date) -> PatternFacts:
    return PatternFacts(PatternKind.AWAY, Occupation.OTHER, False, from_day, until_day, {})


def person(*patterns: PatternFacts, zone: str = ZONE, taken: Sequence[tuple[datetime, datetime]] = ()) -> PersonFacts:
    return PersonFacts(zone, patterns, taken)


def opening(from_hour: float, until_hour: float, *days: int) -> list[OpeningFacts]:
    return [OpeningFacts(day, int(from_hour * 60), int(until_hour * 60)) for day in days or EVERY_DAY]


def link(hours: dict[int, LinkHour]) -> Passport:
    return hours


def question(**known: Any) -> Question:
    """A fortnight from Monday at 18:00 on, open each day from 8 to 22; they were last heard yesterday."""
    plain = Question(
        minutes=15, from_=NOW, until=NOW + timedelta(days=14), now=NOW, zone=ZONE, slot_minutes=15, buffer_minutes=5,
        openings=opening(8, 22), terminals=[TerminalFacts("office")], parent=person(), child=person(),
        history=History(heard_at=at(20, day=22)),
    )  # fmt: skip
    return replace(plain, **known)
