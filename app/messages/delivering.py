"""When a message is to be heard: at once, at bedtime, on a day, at a minute, or again each day or year. Pure.

What a sender says is wall time of the village, since it is meant for the child's evening or birthday there.
"""

import re
from datetime import date, datetime, timedelta

from app.kernel.errors import Invalid, Refused
from app.kernel.local_time import moment_of_day, wall_of
from app.messages.words import Repeat

BEDTIME_MINUTE, MORNING_MINUTE = 20 * 60, 7 * 60
FURTHEST = timedelta(days=400)
SAID = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}):(\d{2}))?")


def checked(said: str, zone: str, now: datetime) -> str:
    """What was said, if it can be meant. Raises Invalid("not_a_time"), Refused("deliver_past", "deliver_too_far")."""
    said = said or "now"
    if said not in ("now", "bedtime"):
        at = _moment(said, zone)
        if at < now - timedelta(days=1):
            raise Refused("deliver_past")
        if at > now + FURTHEST:
            raise Refused("deliver_too_far")
    return said


def deliver_at(said: str, zone: str, now: datetime) -> datetime:
    """The instant that is meant by what was checked; what has passed meanwhile is now."""
    if said == "now":
        return now
    if said == "bedtime":
        today = moment_of_day(wall_of(now, zone).date(), BEDTIME_MINUTE, zone)
        return (
            today if today > now else moment_of_day(wall_of(now, zone).date() + timedelta(days=1), BEDTIME_MINUTE, zone)
        )
    return max(now, _moment(said, zone))


def again_at(delivered_at: datetime, repeat: Repeat, zone: str) -> datetime:
    """The same wall time a day or a year later; for 29 February the 28th."""
    wall = wall_of(delivered_at, zone)
    minute = wall.hour * 60 + wall.minute
    if repeat is Repeat.DAILY:
        return moment_of_day(wall.date() + timedelta(days=1), minute, zone)
    day = wall.date()
    leap = day.month == 2 and day.day == 29
    return moment_of_day(day.replace(year=day.year + 1, day=28 if leap else day.day), minute, zone)


def _moment(said: str, zone: str) -> datetime:
    found = SAID.fullmatch(said)
    if found is None:
        raise Invalid("not_a_time")
    try:
        day = date.fromisoformat(found[1])
        minute = MORNING_MINUTE if found[2] is None else int(found[2]) * 60 + int(found[3])
        if minute >= 24 * 60 or (found[3] and int(found[3]) > 59):
            raise Invalid("not_a_time")
        return moment_of_day(day, minute, zone)
    except (ValueError, OverflowError) as wrong:
        raise Invalid("not_a_time") from wrong
