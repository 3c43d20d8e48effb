"""Ten thousand racing bookings against PostgreSQL from several processes, and how many of them were claimed twice.

The reference is the same race with the claims taken out: the terminal's row is locked by `SELECT … FOR UPDATE`, the
calls that overlap are looked for, and the call is written if there is none. All else that a booking does is the same.
Who holds what twice is asked of the calls themselves, not of the claims that are to prevent it.
"""

import json
import logging
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import and_, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.calls import booking
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.words import CallState
from app.families.models import Family
from app.kernel.errors import Refused
from app.storage.clashes import is_clash
from app.storage.database import Database, new_id
from app.storage.migrate import upgrade
from app.villages import service as villages
from app.villages.models import Terminal, Village
from app.villages.rules import OpeningFacts
from tests.benchmarks.result import Figure, Result
from tests.groups import ROOT
from tests.scene import Household, set_scene
from tests.services.postgres import PrivatePostgres

BOOKINGS, RACERS_PER_SLOT, PROCESSES, FAMILIES = 10_000, 10, 6, 8
ROUNDS = 5
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SLOT = timedelta(minutes=20)
EMBLEMS = ("boat", "bird", "flower", "tree", "mountain", "star")
BUFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Race:
    """What came of one race."""

    seconds: float
    cpu_seconds: float
    outcomes: Counter[str]
    held_twice: int

    @property
    def tried(self) -> int:
        return self.outcomes["booked"] + self.outcomes["slot_taken"]


def run(bookings: int = BOOKINGS, rounds: int = ROUNDS) -> Result:
    """The two take turns, so that a machine that is busy with something else is so for both."""
    server = PrivatePostgres(durable=True)
    races: dict[str, list[Race]] = {"claims": [], "lock": []}
    try:
        template = server.create_database()
        _migrate(server.url(template))
        for _ in range(rounds):
            for how, done in races.items():
                done.append(_race(server, template, how, bookings // rounds))
    finally:
        server.stop()
    reference_is = "the same race on SELECT … FOR UPDATE of the terminal's row"
    return Result("race", _figures(races["claims"]), _figures(races["lock"]), reference_is)


def _figures(races: list[Race]) -> dict[str, Figure]:
    counts = {
        "bookings_tried": [race.tried for race in races],
        "booked": [race.outcomes["booked"] for race in races],
        "clashes_begun_anew": [race.outcomes["clash"] for race in races],
        "held_twice": [race.held_twice for race in races],
    }
    return {
        "bookings_per_second": Figure.of([race.tried / race.seconds for race in races]),
        "processor_ms_per_booking": Figure.of([1000 * race.cpu_seconds / race.tried for race in races]),
        **{f"{name}_in_all": Figure.of([float(sum(found))]) for name, found in counts.items()},
    }


def _race(server: PrivatePostgres, template: str, how: str, bookings: int) -> Race:
    name = server.create_database(template)
    database = Database(server.url(name))
    households = json.dumps([asdict(one) for one in _settle(database)])
    command = [sys.executable, "-m", "tests.benchmarks.race", server.url(name), how]
    racers = [
        subprocess.Popen(
            [*command, str(number), str(bookings)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(PROCESSES)
    ]
    for racer in racers:
        _write(racer, households)
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    began = time.monotonic()
    for racer in racers:
        _write(racer, "go")
    said = [json.loads(racer.communicate()[0]) for racer in racers]
    seconds = time.monotonic() - began
    assert [racer.returncode for racer in racers] == [0] * PROCESSES
    with database.read() as session:
        twice = held_twice(session)
    database.close()
    server.drop_database(name)
    outcomes = sum((Counter(one["outcomes"]) for one in said), Counter[str]())
    return Race(seconds, sum(one["cpu_seconds"] for one in said), outcomes, twice)


def _write(racer: subprocess.Popen[str], line: str) -> None:
    assert racer.stdin
    racer.stdin.write(f"{line}\n")
    racer.stdin.flush()


def _settle(database: Database) -> list[Household]:
    """One village that is open day and night, with two terminals and a grid of calls with their change-over."""
    scene = set_scene(database)
    alice = scene.alice
    more = [scene.move_in(f"Family {emblem}", emblem, number) for number, emblem in enumerate(EMBLEMS, start=41)]
    with database.begin() as session:
        villages.add_terminal(session, alice.village, "School", NOW)
        villages.set_openings(session, alice.village, [OpeningFacts(day, 0, 1440) for day in range(7)], NOW)
        session.get_one(Village, alice.village).slot_minutes = int(SLOT / timedelta(minutes=1))
    with database.begin() as session:
        session.execute(text("ANALYZE"))
    return [alice, scene.bob, *more]


def held_twice(session: Session) -> int:
    """Neighbours in the way of each other: on a terminal without the change-over, or with one person in both."""
    held: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for call in session.scalars(select(Call).where(Call.state != CallState.ENDED)):
        held[f"terminal {call.terminal_id}"].append((call.starts_at, call.ends_at + BUFFER))
        for person_id in (call.parent_id, call.child_id):
            held[f"person {person_id}"].append((call.starts_at, call.ends_at))
    in_order = [sorted(intervals) for intervals in held.values()]
    return sum(after[0] < before[1] for intervals in in_order for before, after in pairwise(intervals))


def _migrate(url: str) -> None:
    made = Database(url)
    upgrade(made)
    made.close()


def racer(url: str, how: str, number: int, bookings: int) -> None:
    """One process: its part of the bookings, in the order in which everybody else has theirs."""
    households = [Household(**one) for one in json.loads(sys.stdin.readline())]
    database = Database(url)
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it tells of every claim that was taken
    if how == "lock":
        booking._claimed = _under_a_lock
    print("ready", flush=True)
    sys.stdin.readline()
    outcomes, used = Counter[str](), time.process_time()
    for place in range(number, bookings, PROCESSES):
        whom = households[(place // RACERS_PER_SLOT + place) % FAMILIES]
        starts_at = NOW + (place // RACERS_PER_SLOT + 1) * SLOT
        _book(database, whom.wish(starts_at), whom.parent_acts, outcomes)
    database.close()
    print(json.dumps({"outcomes": outcomes, "cpu_seconds": time.process_time() - used}))


def _book(database: Database, wish: Wish, by: Actor, outcomes: Counter[str]) -> None:
    while True:
        try:
            with database.begin() as session:
                booking.book(session, wish, by, NOW)
            outcomes["booked"] += 1
        except Refused as refused:
            outcomes[refused.code] += 1
        except DBAPIError as error:
            if not is_clash(error):
                raise
            outcomes["clash"] += 1
            continue
        return


def _under_a_lock(
    session: Session, village: Village, family: Family, wish: Wish, terminal_id: str, expires: datetime | None,
    by: Actor, now: datetime,
) -> Call | None:  # fmt: skip
    """What a booking writes when the terminal's row is what everybody waits for."""
    session.execute(select(Terminal.id).where(Terminal.id == terminal_id).with_for_update())
    ends_at, buffer = wish.starts_at + timedelta(minutes=wish.minutes), timedelta(minutes=village.buffer_minutes)
    in_the_way = or_(
        and_(
            Call.terminal_id == terminal_id, Call.starts_at < ends_at + buffer,
            Call.ends_at > wish.starts_at - buffer,
        ),
        and_(
            or_(Call.parent_id == wish.parent_id, Call.child_id == wish.child_id), Call.starts_at < ends_at,
            Call.ends_at > wish.starts_at,
        ),
    )  # fmt: skip
    standing = select(Call.id).where(Call.village_id == village.id, Call.state != CallState.ENDED, in_the_way)
    if session.scalar(standing.limit(1)) is not None:
        return None
    call = Call(
        id=new_id(session), village_id=village.id, terminal_id=terminal_id, family_id=family.id,
        parent_id=wish.parent_id, child_id=wish.child_id, starts_at=wish.starts_at, ends_at=ends_at,
        state=CallState.BOOKED, made_at=now, proposed_by=by.side, talked_seconds=0, origin=wish.origin,
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call


if __name__ == "__main__":
    racer(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
