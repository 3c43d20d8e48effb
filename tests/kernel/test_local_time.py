"""Wall time and instants, in zones with odd rules."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import local_time
from app.kernel.errors import Invalid, Refused

ZONES = [
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
]
WALLS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda wall: wall.replace(second=0, microsecond=0))


@given(WALLS, st.sampled_from(ZONES))
def test_a_wall_time_is_found_again_or_refused(wall: datetime, zone: str) -> None:
    there = ZoneInfo(zone)
    around = [wall.replace(tzinfo=UTC) + timedelta(minutes=15 * quarter) for quarter in range(-64, 65)]
    instants = [instant for instant in around if instant.astimezone(there).replace(tzinfo=None) == wall]
    if instants:
        assert local_time.instant_of(wall, zone) == instants[0]
    else:
        with pytest.raises(Refused, match="no_such_time"):
            local_time.instant_of(wall, zone)


@pytest.mark.parametrize(
    ("wall", "zone"),
    [
        (datetime(2026, 3, 29, 2, 30), "Europe/Berlin"),
        (datetime(2026, 10, 4, 2, 15), "Australia/Lord_Howe"),
        (datetime(2026, 9, 6, 0, 30), "America/Santiago"),
    ],
)
def test_a_gap_is_refused(wall: datetime, zone: str) -> None:
    with pytest.raises(Refused, match="no_such_time"):
        local_time.instant_of(wall, zone)
    assert local_time.minute_of_day(wall.date(), wall.hour * 60 + wall.minute, zone) is None


def test_what_comes_twice_means_the_first() -> None:
    twice = local_time.instant_of(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "x" * 300, "Asia/Shanghai\0"])
def test_unknown_zones(name: str) -> None:
    with pytest.raises(Invalid, match="unknown_zone"):
        local_time.zone(name)
    assert not local_time.is_zone(name)


def test_a_wall_time_carries_no_offset() -> None:
    with pytest.raises(Invalid, match="wall_time_with_offset"):
        local_time.instant_of(datetime(2026, 1, 1, tzinfo=UTC), "Asia/Shanghai")


@pytest.mark.parametrize(
    ("wall", "zone"),
    [(datetime(9999, 12, 31, 23, 59), "America/Los_Angeles"), (datetime(1, 1, 1), "Asia/Shanghai")],
)
def test_time_ends_where_python_does(wall: datetime, zone: str) -> None:
    with pytest.raises(Refused, match="no_such_time"):
        local_time.instant_of(wall, zone)


@given(st.dates(date(2010, 1, 1), date(2037, 1, 1)), st.sampled_from(sorted(available_timezones())))
def test_a_day_starts_with_its_first_instant(day: date, zone: str) -> None:
    start = local_time.start_of_day(day, zone)
    assert local_time.day_of(start, zone) >= day  # Samoa had no 30 December 2011
    assert local_time.day_of(start - timedelta(microseconds=1), zone) < day


@given(st.datetimes(datetime(2010, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_an_instant_is_found_again_unless_its_wall_time_was_there_before(instant: datetime, zone: str) -> None:
    wall = local_time.wall_of(instant, zone)
    found = local_time.instant_of(wall.replace(tzinfo=None), zone)
    assert found == instant if wall.fold == 0 else found < instant


def test_a_day_starts_where_midnight_is_skipped() -> None:
    day = datetime(2026, 9, 6).date()
    start = local_time.start_of_day(day, "America/Santiago")
    assert local_time.wall_of(start, "America/Santiago").date() == day
    assert local_time.wall_of(start - timedelta(seconds=1), "America/Santiago").date() < day


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_the_nearest_whole_minute(instant: datetime) -> None:
    whole = local_time.whole_minute(instant)
    assert (whole.second, whole.microsecond) == (0, 0)
    assert abs(whole - instant) <= timedelta(seconds=30)
