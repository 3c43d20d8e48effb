"""When the demo's people have time: shifts far away, school, bedtime and market day in the village."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from app.demo.portraits import Kind
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind

SCHOOL_DAYS, EVERY_DAY = range(5), range(7)
FOUR_ON_TWO_OFF = ["day", "day", "day", "day", "off", "off"]
DAYS_THEN_NIGHTS = [*FOUR_ON_TWO_OFF, "night", "night", "night", "night", "off", "off"]


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


def hours_of_neighbour(kind: Kind, number: int, today: date) -> list[Said]:
    """The same of one of many: by their number they work and rest otherwise than the next."""
    rotations = (FOUR_ON_TWO_OFF, DAYS_THEN_NIGHTS)
    shifts = (
        _rotation(today - timedelta(days=number), rotations[number // 3 % 2]),
        _weekly(Occupation.SHIFT, range(6), (8, 0), (18 + number % 2, 30)),
        _weekly(Occupation.SHIFT, range(5), (7, 0), (17, 0)),
    )
    said = {
        "mother": [shifts[number % 3]],
        "father": [shifts[(number + 1) % 3]],
        "grandmother": [_weekly(Occupation.MARKET, [number % 7], (6, 0), (19, 0))],
        "boy": _child(bedtime=20 + number % 2),
        "girl": _child(bedtime=21 - number % 2),
    }
    return said.get(kind, [])


def _child(bedtime: int = 21) -> list[Said]:
    return [
        _weekly(Occupation.SCHOOL, SCHOOL_DAYS, (8, 0), (16, 40)),
        _weekly(Occupation.BEDTIME, EVERY_DAY, (bedtime, 0), (6, 30)),
    ]


def _rotation(anchor: date, cycle: Sequence[str] = FOUR_ON_TWO_OFF) -> Said:
    hours = {"day": [8 * 60, 20 * 60], "night": [20 * 60, 8 * 60]}
    detail: dict[str, Any] = {"anchor": anchor.isoformat(), "cycle": list(cycle), "hours": hours}
    return Said(PatternKind.ROTATION, Occupation.SHIFT, detail)


def _weekly(occupation: Occupation, weekdays: Sequence[int], begins: tuple[int, int], ends: tuple[int, int]) -> Said:
    minutes = {"from_minute": begins[0] * 60 + begins[1], "until_minute": ends[0] * 60 + ends[1]}
    return Said(PatternKind.WEEKLY, occupation, {"weekdays": list(weekdays), **minutes})
