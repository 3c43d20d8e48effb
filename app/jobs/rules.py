"""When a row that failed is tried again, and when it is given up."""

from datetime import datetime, timedelta

MAX_ATTEMPTS = 8
LEASE_SECONDS = 30
FIRST_DELAY_SECONDS = 1
LONGEST_DELAY_SECONDS = 300


def retry_at(attempts: int, now: datetime, jitter: float) -> datetime | None:
    """The instant of the next try after `attempts` failures; `jitter` in 0..1. None when it should be dead."""
    if attempts >= MAX_ATTEMPTS:
        return None
    delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 3 ** (attempts - 1))
    return now + timedelta(seconds=delay * (1 + jitter / 2))
