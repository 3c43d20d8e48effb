"""How often something may be asked for: counted in the database, so that every process counts the same.

A count is kept although what was asked for is refused: it has a transaction of its own, before anything else, or
stands in one that is kept (`Kept`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.kernel.errors import TooOften
from app.storage.database import Database, insert_into
from app.web.models import Tally

KEPT = timedelta(days=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Limit:
    """At most `most` within each window of `seconds`. `name` tells it from other limits of the same key."""

    name: str
    most: int
    seconds: int

    def window(self, now: datetime) -> datetime:
        return now - (now - EPOCH) % timedelta(seconds=self.seconds)


def count(database: Database, counted: Sequence[tuple[Limit, str]], now: datetime) -> None:
    """Count one more of each (limit, hashed key). Raises TooOften when one is past its limit."""
    with database.begin() as session:
        refusal = one_more(session, counted, now)
    if refusal:
        raise refusal


def one_more(session: Session, counted: Sequence[tuple[Limit, str]], now: datetime) -> TooOften | None:
    """Count inside a transaction that the caller keeps; the refusal if there is one."""
    waits = []
    for limit, key in sorted(counted, key=lambda pair: (pair[0].name, pair[1])):  # one order, no deadlock
        window = limit.window(now)
        if _one_more(session, f"{limit.name}:{key}", window) > limit.most:
            waits.append(window + timedelta(seconds=limit.seconds) - now)
    return TooOften(max(1, round(max(waits).total_seconds()))) if waits else None


def take_back(session: Session, counted: Sequence[tuple[Limit, str]], now: datetime) -> None:
    """Take off what was counted at this very instant: it turned out to be nothing that a limit is for."""
    for limit, key in sorted(counted, key=lambda pair: (pair[0].name, pair[1])):
        kept = Tally.key == f"{limit.name}:{key}", Tally.window_at == limit.window(now), Tally.count > 0
        session.execute(update(Tally).where(*kept).values(count=Tally.count - 1))


def place(address: str) -> str:
    """What a caller can't change at will: an address, or of an IPv6 one the /64 that each of them has to itself."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    return str(known.ipv4_mapped or IPv6Network((known, 64), strict=False))


def forget(session: Session, now: datetime) -> None:
    session.execute(delete(Tally).where(Tally.window_at < now - KEPT))


def _one_more(session: Session, key: str, window: datetime) -> int:
    adding = insert_into(session, Tally).values(key=key, window_at=window, count=1)
    adding = adding.on_conflict_do_update(index_elements=["key", "window_at"], set_={"count": Tally.count + 1})
    counted: int = session.scalar(adding.returning(Tally.count))
    return counted
