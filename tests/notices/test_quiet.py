"""Quiet hours as a village sets them: over midnight, within a day, none at all; and where the clocks change."""

from datetime import datetime, timedelta

import pytest

from app.kernel.local_time import instant_of
from app.notices.rules import QUIET, Quiet, awake_at, chase_at

ZONE = "Asia/Shanghai"


def wall(day: int, hour: int, minute: int = 0, zone: str = ZONE, month: int = 11) -> datetime:
    return instant_of(datetime(2026, month, day, hour, minute), zone)


SIESTA, ALL_NIGHT, NONE = Quiet(13 * 60, 15 * 60), Quiet(20 * 60, 8 * 60), Quiet(480, 480)


@pytest.mark.parametrize(
    ("quiet", "at", "awake"),
    [
        (QUIET, wall(23, 21, 29), wall(23, 21, 29)),
        (QUIET, wall(23, 21, 30), wall(24, 7)),
        (QUIET, wall(24, 6, 59), wall(24, 7)),
        (SIESTA, wall(23, 12, 59), wall(23, 12, 59)),
        (SIESTA, wall(23, 13), wall(23, 15)),
        (SIESTA, wall(23, 15), wall(23, 15)),
        (SIESTA, wall(23, 3), wall(23, 3)),
        (ALL_NIGHT, wall(23, 20), wall(24, 8)),
        (ALL_NIGHT, wall(23, 0), wall(23, 8)),
        (NONE, wall(23, 8), wall(23, 8)),
        (NONE, wall(23, 3), wall(23, 3)),
        (Quiet(0, 6 * 60), wall(23, 0), wall(23, 6)),
        (Quiet(22 * 60, 0), wall(23, 23), wall(24, 0)),
    ],
)
def test_when_people_are_awake(quiet: Quiet, at: datetime, awake: datetime) -> None:
    assert awake_at(at, ZONE, quiet) == awake


def test_the_hour_that_comes_twice_never_brings_a_moment_back() -> None:
    """In New York on 1 November the hour from one to two comes twice."""
    quiet = Quiet(0, 90)
    first = wall(1, 0, 45, "America/New_York")
    for minutes in range(0, 180, 5):
        at = first + timedelta(minutes=minutes)
        assert awake_at(at, "America/New_York", quiet) >= at


@pytest.mark.parametrize(
    ("quiet", "confirm_by", "chased"),
    [
        (QUIET, wall(25, 14), wall(25, 11)),
        (QUIET, wall(25, 9), wall(24, 21, 29)),
        (ALL_NIGHT, wall(25, 9), wall(24, 19, 59)),
        (ALL_NIGHT, wall(25, 23, 30), wall(25, 19, 59)),
        (SIESTA, wall(25, 17), wall(25, 12, 59)),
        (Quiet(0, 8 * 60), wall(25, 9), wall(24, 23, 59)),
        (NONE, wall(25, 3), wall(25, 0)),
    ],
)
def test_who_is_to_confirm_is_reminded_before_the_quiet_hours(
    quiet: Quiet, confirm_by: datetime, chased: datetime
) -> None:
    assert chase_at(confirm_by, ZONE, wall(23, 12), quiet) == chased
