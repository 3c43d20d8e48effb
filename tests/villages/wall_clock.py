"""A slow second opinion on wall time: it reads the clock on the wall minute by minute and believes nothing else."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
ODD_ZONES = (
    "Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago",
    "Europe/Berlin", "America/Havana", "America/St_Johns", "Pacific/Apia",
)  # fmt: skip
YEARS = (1986, 1991, 2011, 2024, 2025, 2026)


@cache
def days_of_change(zone: str) -> list[date]:
    """Days of these years on which the clocks of a zone were or will be changed."""
    return [
        day for year in YEARS for day in _days(year) if _offset(day, zone) != _offset(day + timedelta(days=1), zone)
    ]


class WallClock:
    """The wall time of each minute between two instants."""

    def __init__(self, zone: str, from_: datetime, until: datetime) -> None:
        self.zone = ZoneInfo(zone)
        self.minutes = [from_ + MINUTE * n for n in range(int((until - from_) / MINUTE))]
        self.walls = [minute.astimezone(self.zone).replace(tzinfo=None) for minute in self.minutes]
        self.first: dict[datetime, datetime] = {}
        latest = self.walls[0]
        for minute, wall in zip(self.minutes, self.walls, strict=True):
            while latest <= wall:  # each wall time up to this one is reached now, also those that were skipped
                self.first.setdefault(latest, minute)
                latest += MINUTE

    def reached(self, wall: datetime) -> datetime:
        """When the clock first shows this wall time or a later one."""
        return self.first[wall]


@cache
def wall_clock(zone: str, near: date) -> WallClock:
    """What the clocks show from four days before to four days after a day."""
    noon = datetime.combine(near, time(12), UTC)
    return WallClock(zone, noon - timedelta(days=4), noon + timedelta(days=4))


def _days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range(365)]


def _offset(day: date, zone: str) -> timedelta | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
