"""When the demo's people have time: shifts far away, school, bedtime and market day in the village."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from app.demo.portraits import Kind
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind

SCHOOL_DAYS, EVERY_DAY = range(5), range(7)
FOUR_ON_TWO_OFF = ["day", "day", "day", "day", "off", "off"]


def hours_of(kind: Kind, today: date) -> list[Said]:
    """What is said of somebody's hours; a mother has her first day off today, so that the demo's call suits her."""
    said = {
        "mother": [_rotation(today - timedelta(days=FOUR_ON_TWO_OFF.index("off")))],
        "father": [_weekly(Occupation.SHIFT, range(6), (7, 30), (18, 30))],
        "grandmother": [_weekly(Occupation.MARKET, [5], (6, 0), (11, 0))],
        "boy": _child(),
        "girl": _child(),
    }
    return said.get(kind, [])


def _child() -> list[Said]:
    return [
        _weekly(Occupation.SCHOOL, SCHOOL_DAYS, (8, 0), (16, 40)),
        _weekly(Occupation.BEDTIME, EVERY_DAY, (21, 0), (6, 30)),
    ]


def _rotation(anchor: date) -> Said:
    hours = {"day": [8 * 60, 20 * 60], "night": [20 * 60, 8 * 60]}
    detail: dict[str, Any] = {"anchor": anchor.isoformat(), "cycle": FOUR_ON_TWO_OFF, "hours": hours}
    return Said(PatternKind.ROTATION, Occupation.SHIFT, detail)


def _weekly(occupation: Occupation, weekdays: Sequence[int], begins: tuple[int, int], ends: tuple[int, int]) -> Said:
    minutes = {"from_minute": begins[0] * 60 + begins[1], "until_minute": ends[0] * 60 + ends[1]}
    return Said(PatternKind.WEEKLY, occupation, {"weekdays": list(weekdays), **minutes})
