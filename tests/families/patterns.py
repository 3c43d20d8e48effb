"""Patterns as people say them, for tables; and as strategies, each of which `check` lets in."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from app.families.availability import DAY_MINUTES, PatternFacts
from app.families.words import Occupation, PatternKind

MONDAY = date(2026, 3, 2)
DAY_AND_NIGHT = {"day": [480, 1200], "night": [1200, 480]}
FOUR_ON_TWO_OFF = ["day", "day", "day", "day", "off", "off"]


def minute(wall: str) -> int:
    return int(wall[:2]) * 60 + int(wall[3:])


def weekly(
    weekdays: list[int], begins: str, ends: str, occupation: Occupation = Occupation.SHIFT, *, is_free: bool = False,
    from_day: date | None = None, until_day: date | None = None,
) -> PatternFacts:  # fmt: skip
    detail = {"weekdays": weekdays, "from_minute": minute(begins), "until_minute": minute(ends)}
    return PatternFacts(PatternKind.WEEKLY, occupation, is_free, from_day, until_day, detail)


def rotation(
    cycle: list[str], anchor: date = MONDAY, hours: dict[str, list[int]] | None = None, *,
    from_day: date | None = None, until_day: date | None = None,
) -> PatternFacts:  # fmt: skip
    detail = {"anchor": anchor.isoformat(), "cycle": cycle, "hours": DAY_AND_NIGHT if hours is None else hours}
    return PatternFacts(PatternKind.ROTATION, Occupation.SHIFT, False, from_day, until_day, detail)


def swap(day: date, shift: str | None = None, hours: tuple[str, str] | None = None) -> PatternFacts:
    detail: dict[str, Any] = {"day": day.isoformat()}
    detail |= {"from_minute": minute(hours[0]), "until_minute": minute(hours[1])} if hours else {"shift": shift}
    return PatternFacts(PatternKind.SWAP, Occupation.SHIFT, False, day, day, detail)


def away(from_day: date, until_day: date, occupation: Occupation = Occupation.OTHER) -> PatternFacts:
    return PatternFacts(PatternKind.AWAY, occupation, False, from_day, until_day, {})


_minutes = st.integers(0, 95).map(lambda quarter: quarter * 15) | st.integers(0, DAY_MINUTES - 1)
_occupations = st.sampled_from(Occupation)


@st.composite
def patterns(draw: st.DrawFn, near: date) -> PatternFacts:
    kind = draw(st.sampled_from(PatternKind))
    days = st.integers(-3, 3).map(lambda n: near + timedelta(days=n))
    first, last = sorted([draw(days), draw(days)])
    from_day, until_day = draw(st.none() | st.just(first)), draw(st.none() | st.just(last))
    hours = {"from_minute": draw(_minutes), "until_minute": draw(_minutes)}
    if kind is PatternKind.WEEKLY:
        detail = {"weekdays": draw(st.lists(st.integers(0, 6), min_size=1, unique=True)), **hours}
        return PatternFacts(kind, draw(_occupations), draw(st.booleans()), from_day, until_day, detail)
    if kind is PatternKind.ROTATION:
        cycle = draw(st.lists(st.sampled_from(["day", "night", "off"]), min_size=1, max_size=8).filter(_has_work))
        detail = {"anchor": draw(days).isoformat(), "cycle": cycle, "hours": DAY_AND_NIGHT}
        return PatternFacts(kind, Occupation.SHIFT, False, from_day, until_day, detail)
    if kind is PatternKind.SWAP:
        day = draw(days)
        said = draw(
            st.sampled_from(["day", "night", "early", "off"]).map(lambda word: {"shift": word}) | st.just(hours)
        )
        return PatternFacts(kind, Occupation.SHIFT, False, day, day, {"day": day.isoformat(), **said})
    return PatternFacts(kind, draw(_occupations), False, first, last, {})


def _has_work(cycle: list[str]) -> bool:
    return set(cycle) != {"off"}
