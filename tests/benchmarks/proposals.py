"""How long finding a time takes over eight weeks, in a village of 200 families with six terminals and a full calendar.

The whole use case: every query and the ranking, for families with their hours, and for one that no slot fits, on one
core together with the database. Beside it the plain search for free slots of the same weeks, which knows no hours.
`cpu` is what this process worked, whatever else ran on the core; a server's work is not in it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

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
            asking = place.households[: RUNS + WARM]
            never = [place.never_free] * (RUNS + WARM)
            figures |= _measure(name, database, [_find(place, each, True) for each in asking])
            figures |= _measure(f"{name}_none_fits", database, [_find(place, each, False) for each in never])
            reference |= _measure(name, database, [_free_slots(place, each) for each in asking])
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


def _measure(name: str, database: Database, cases: list[Callable[[Session], None]]) -> dict[str, Figure]:
    """Milliseconds of each case in a transaction of its own, after a few that only warm up."""
    wall: list[float] = []
    cpu: list[float] = []
    for case in cases:
        began, worked = perf_counter(), process_time()
        with database.read() as session:
            case(session)
        wall.append((perf_counter() - began) * 1000)
        cpu.append((process_time() - worked) * 1000)
    return {f"{name}_ms": Figure.of(wall[WARM:]), f"{name}_cpu_ms": Figure.of(cpu[WARM:])}


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
