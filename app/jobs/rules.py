"""When a row that failed is tried again and when it is given up; how long a lease holds; what an error may say."""

import re
import traceback
from datetime import datetime, timedelta

MAX_ATTEMPTS = 8
LEASE_SECONDS = 30
FIRST_DELAY_SECONDS = 1
LONGEST_DELAY_SECONDS = 300
LONGEST_ERROR = 500
# A clock that differs by less is an honest one.
SKEW_SECONDS = 60
KEPT_DAYS = 30

LONG_NUMBER = re.compile(r"\d{7,}")


def retry_at(attempts: int, now: datetime, jitter: float) -> datetime | None:
    """The instant of the next try after `attempts` failures; `jitter` in 0..1. None when it should be dead."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return now + timedelta(seconds=_delay_seconds(attempts) * (1 + jitter / 2))


def latest_retry(now: datetime) -> datetime:
    """No row that failed by now is tried later than this, if the clock was right."""
    return now + timedelta(seconds=_delay_seconds(MAX_ATTEMPTS) * 1.5 + SKEW_SECONDS)


def leased_until(now: datetime) -> datetime:
    return now + timedelta(seconds=LEASE_SECONDS)


def told(error: BaseException) -> str:
    """What a log and the desk may show of an error: one line, without anything that may be a phone number."""
    printable = "".join(letter if letter.isprintable() else " " for letter in str(error))
    return f"{type(error).__name__}: {LONG_NUMBER.sub('…', printable)}"[:LONGEST_ERROR]


def with_place(error: BaseException) -> str:
    """What happened and where, without the values that a traceback's own text would show."""
    return "\n".join([told(error), *(line.rstrip() for line in traceback.format_tb(error.__traceback__))])


def _delay_seconds(attempts: int) -> float:
    return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 3.0 ** (attempts - 1))
