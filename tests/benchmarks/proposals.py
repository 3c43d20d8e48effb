"""How long finding a time takes over eight weeks, in a village of 200 families with six terminals and a full calendar.

The whole use case: every query and the ranking, for a family that has its hours, and for one that no slot fits, on one
core together with the database. Beside it the plain search for free slots of the same weeks, which knows no hours.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy.orm import Session

from app.calls import queries, rules
from app.calls.find_time import LONGEST_SEARCH, Search, find_time
from app.storage.database import Database
from app.storage.migrate import upgrade
from tests.benchmarks.result import Figure, Result
from tests.benchmarks.village_of_200 import NOW, Household, Place, settle
from tests.services import PrivatePostgres

RUNS, WARM = 40, 3


def run() -> Result:
    figures: dict[str, Figure] = {}
    reference: dict[str, Figure] = {}
    with _one_core():
        for name, database in _databases():
            place = settle(database)
            asking = islice(place.households, RUNS + WARM)
            figures[f"{name}_ms"] = _measure(database, [_find(place, each, True) for each in asking])
            never = [_find(place, place.never_free, False)] * (RUNS + WARM)
            figures[f"{name}_none_fits_ms"] = _measure(database, never)
            plain = [_free_slots(place, each) for each in islice(place.households, RUNS + WARM)]
            reference[f"{name}_ms"] = _measure(database, plain)
    return Result("proposals", figures, reference, "the plain search for free slots of the same weeks, by fortnights")


def _find(place: Place, whose: Household, fits: bool) -> Callable[[Session], None]:
    search = Search(whose.family, whose.child, whose.parent, rules.CALL_MINUTES, NOW)

    def find(session: Session) -> None:
        answer = find_time(session, place.village, search, NOW)
        assert bool(answer.proposals) is fits

    return find


def _free_slots(place: Place, whose: Household) -> Callable[[Session], None]:
    fortnights = [NOW + n * rules.LONGEST_SEARCH for n in range(LONGEST_SEARCH // rules.LONGEST_SEARCH)]

    def search(session: Session) -> None:
        for from_ in fortnights:
            persons = [whose.child, whose.parent]
            until = from_ + rules.LONGEST_SEARCH
            assert queries.free_slots(session, place.village, persons, rules.CALL_MINUTES, from_, until, NOW)

    return search


def _measure(database: Database, cases: list[Callable[[Session], None]]) -> Figure:
    """Milliseconds of each case in a transaction of its own, after a few that only warm up."""
    took: list[float] = []
    for case in cases:
        began = perf_counter()
        with database.read() as session:
            case(session)
        took.append((perf_counter() - began) * 1000)
    return Figure.of(took[WARM:])


def _databases() -> Iterator[tuple[str, Database]]:
    with TemporaryDirectory() as folder:
        yield from _opened("sqlite", f"sqlite:///{Path(folder) / 'village.db'}")
    server = PrivatePostgres()
    try:
        yield from _opened("postgresql", server.url(server.create_database()))
    finally:
        server.stop()


def _opened(name: str, url: str) -> Iterator[tuple[str, Database]]:
    database = Database(url)
    upgrade(database)
    yield name, database
    database.close()


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process, and what it starts, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
