"""Wall time and instants. A wall time that comes twice means the first.

What somebody types for one day is refused in a gap of the clocks (`instant_of`); what is said once for many days, hours
and recurrences, is moved on by the gap's length (`moment_of_day`).
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from app.kernel.errors import Invalid, Refused


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise Invalid("unknown_zone", zone=name[:64]) from unknown


def is_zone(name: str) -> bool:
    return name in _zones()


@cache
def _zones() -> set[str]:
    """Read them once: it takes a walk over hundreds of files."""
    return available_timezones()


def instant_of(wall: datetime, zone_name: str) -> datetime:
    """The UTC instant of a naive wall time. Raises Refused("no_such_time") where the clocks skip it, or time ends."""
    if wall.tzinfo is not None:
        raise Invalid("wall_time_with_offset")
    there = wall.replace(tzinfo=zone(zone_name), fold=0)
    try:
        instant = there.astimezone(UTC)
        is_there = instant.astimezone(there.tzinfo).replace(tzinfo=None) == wall
    except OverflowError:
        is_there = False
    if not is_there:
        raise Refused("no_such_time", wall=wall.isoformat(), zone=zone_name)
    return instant


def wall_of(instant: datetime, zone_name: str) -> datetime:
    """The aware wall time of an instant in a zone."""
    return instant.astimezone(zone(zone_name))


def day_of(instant: datetime, zone_name: str) -> date:
    return wall_of(instant, zone_name).date()


def start_of_day(day: date, zone_name: str) -> datetime:
    """The first instant of a day, also where midnight is skipped (Beirut, Santiago)."""
    return datetime.combine(day, time(), tzinfo=zone(zone_name)).astimezone(UTC)


def minute_of_day(day: date, minute: int, zone_name: str) -> datetime | None:
    """The instant at `minute` minutes of wall time after midnight (up to 1440); None in a gap of the clocks."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    try:
        return instant_of(wall, zone_name)
    except Refused:
        return None


def moment_of_day(day: date, minute: int, zone_name: str) -> datetime:
    """The instant at `minute` minutes of wall time after midnight, moved on by a gap of clocks (RFC 5545, 3.3.5)."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone(zone_name), fold=0).astimezone(UTC)


def whole_minute(instant: datetime) -> datetime:
    """The nearest whole minute."""
    return (instant + timedelta(seconds=30)).replace(second=0, microsecond=0)
