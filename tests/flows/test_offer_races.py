"""Freed slots under fire: workers, families and the clock at once, by threads and by processes, on both databases."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.calls import booking, rules, timetable
from app.calls.booking import Actor, Wish
from app.calls.models import Call, Claim
from app.calls.words import CallState, Origin, Outcome
from app.desk import waiting
from app.jobs import service as jobs
from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.kernel.errors import HomethreadError
from app.kernel.events import SlotFreed
from app.storage.database import Database
from tests.flows.racing_worker import worker_on
from tests.groups import ROOT
from tests.scene import NOW, Household, Scene, at, set_scene

TOMORROW = at(19, day=24)
ROUNDS = 3


@pytest.fixture
def scene(database: Database) -> Scene:
    return set_scene(database)


Runs = Callable[[], object]


@pytest.fixture(params=["threads", "processes"])
def workers(request: pytest.FixtureRequest, scene: Scene, database_url: str, tmp_path: Path) -> Runs:
    """Three workers that begin at once and work until nothing is due."""
    if request.param == "threads":
        return lambda: by_threads([lambda: work(scene, tmp_path)] * 3)
    return lambda: by_processes(database_url, tmp_path, scene.clock.now())


def work(scene: Scene, folder: Path) -> None:
    worker = worker_on(scene.database, folder, scene.clock.now())
    while worker.run_due(Lane.STEP):
        pass


def by_threads(acts: Sequence[Callable[[], object]]) -> list[object]:
    """All at once; what each gave, or the code that it was refused with."""
    barrier, outcomes = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcomes.append(act())
        except HomethreadError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(acts), "one of them broke"
    return outcomes


WORKERS = """
import sys
from datetime import datetime
from functools import partial
from tests.flows.racing_worker import work
from tests.racers import race
url, folder, now = sys.argv[1:]
at = datetime.fromisoformat(now)
race([partial(work, url, folder, at, at)] * 3)
"""


def by_processes(url: str, folder: Path, now: datetime) -> None:
    command = [sys.executable, "-c", WORKERS, url, str(folder), now.isoformat()]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)


def acting(scene: Scene, act: Callable[[Session], object]) -> Callable[[], object]:
    """One transaction, by whoever comes to it."""

    def run() -> object:
        with scene.database.begin() as session:
            return act(session)

    return run


def booked(scene: Scene, wish: Wish) -> str:
    with scene.database.begin() as session:
        return booking.book(session, wish, waiting.NOBODY, scene.clock.now()).id


def confirms(scene: Scene, call_id: str, by: Actor, now: datetime) -> Callable[[], object]:
    return acting(scene, lambda session: booking.confirm(session, call_id, by, now).id)


def ticks(scene: Scene, call_id: str, now: datetime) -> Callable[[], object]:
    return acting(scene, lambda session: timetable.tick(session, call_id, now))


def cancels(scene: Scene, call_id: str, by: Actor) -> Callable[[], object]:
    return acting(scene, lambda session: booking.cancel(session, call_id, by, "sick", None, NOW))


def let_go(scene: Scene, whom: Household, *starts: datetime) -> None:
    """Book and cancel; nobody has looked at what got free yet."""
    for starts_at in starts:
        call_id = scene.book(whom, starts_at)
        cancels(scene, call_id, whom.parent_acts)()


def offers(scene: Scene) -> Sequence[Call]:
    with scene.database.read() as session:
        return session.scalars(select(Call).where(Call.origin == Origin.WAIT).order_by(Call.made_at, Call.id)).all()


def check_whole(scene: Scene) -> None:
    """Exactly the cells of calls that have not ended are claimed, and no work was given up."""
    with scene.database.read() as session:
        held = {(claim.resource, claim.cell_at): claim.call_id for claim in session.scalars(select(Claim))}
        wanted = {
            claim: call.id
            for call in session.scalars(select(Call).where(Call.state != CallState.ENDED))
            for claim in rules.claims_of(
                call.terminal_id, (call.parent_id, call.child_id), call.starts_at, call.ends_at, 5
            )
        }
        assert held == wanted
        open_rows = select(DueRow.kind, DueRow.state).where(DueRow.state.in_((DueState.DEAD, DueState.LEASED)))
        assert not session.execute(open_rows).all()


def test_two_freed_slots_make_one_offer_to_one_family(scene: Scene, workers: Runs) -> None:
    let_go(scene, scene.alice, TOMORROW, TOMORROW + timedelta(hours=1), TOMORROW - timedelta(hours=1))
    workers()
    (offer,) = offers(scene)
    assert (offer.family_id, offer.state) == (scene.bob.family, CallState.PROPOSED)
    check_whole(scene)


def test_a_slot_that_is_freed_several_times_makes_one_offer(scene: Scene, workers: Runs) -> None:
    scene.move_in("Carol", "drum", 4)
    let_go(scene, scene.alice, TOMORROW)
    freed = SlotFreed(NOW, scene.alice.village, scene.alice.terminal, TOMORROW, TOMORROW + timedelta(minutes=15))

    def again(session: Session) -> None:
        for _ in range(4):
            jobs.emit(session, freed, NOW)

    acting(scene, again)()
    workers()
    assert len(offers(scene)) == 1
    check_whole(scene)


def test_an_offer_that_is_taken_while_it_expires_is_either(scene: Scene) -> None:
    """Booked with all its claims, or over and said so: never half of each."""
    bob = scene.bob
    for number in range(ROUNDS):
        starts_at = TOMORROW + timedelta(hours=number)
        expires_at = scene.clock.now() + timedelta(minutes=30)
        wish = Wish(
            bob.family, bob.child, bob.parent, starts_at, is_proposal=True, origin=Origin.WAIT, expires_at=expires_at
        )  # fmt: skip
        call_id = booked(scene, wish)
        said = by_threads([confirms(scene, call_id, bob.parent_acts, expires_at), ticks(scene, call_id, expires_at)])
        call = scene.call(call_id)
        if "too_late" in said:
            assert (call.outcome, call.reason) == (Outcome.CANCELLED, "proposal_expired")
        else:
            assert (call.state, call.expires_at) == (CallState.BOOKED, None)
        assert count_of(scene, "event:CallBooked", call_id) == (call.state is CallState.BOOKED)
        check_claims(scene)


def test_a_call_that_is_confirmed_while_it_is_let_go_is_either(scene: Scene) -> None:
    alice = scene.alice
    for number in range(ROUNDS):
        starts_at = TOMORROW + timedelta(hours=number)
        confirm_by = starts_at - timedelta(hours=6)
        wish = Wish(
            alice.family, alice.child, alice.parent, starts_at, origin=Origin.ROSTER, confirm_by=confirm_by
        )  # fmt: skip
        call_id = booked(scene, wish)
        said = by_threads([confirms(scene, call_id, alice.parent_acts, confirm_by), ticks(scene, call_id, confirm_by)])
        call = scene.call(call_id)
        assert (call.reason == "unconfirmed") is ("too_late" in said)
        assert count_of(scene, "event:CallReleased", call_id) == (call.reason == "unconfirmed")
        check_claims(scene)


def test_an_offer_that_both_sides_take_at_once_is_booked_once(scene: Scene) -> None:
    bob = scene.bob
    wish = Wish(
        bob.family, bob.child, bob.parent, TOMORROW, is_proposal=True, origin=Origin.WAIT,
        expires_at=NOW + timedelta(minutes=30),
    )  # fmt: skip
    call_id = booked(scene, wish)
    takers = (bob.parent_acts, bob.terminal_acts) * 2
    by_threads([confirms(scene, call_id, by, NOW) for by in takers])
    assert count_of(scene, "event:CallBooked", call_id) == 1
    check_claims(scene)


def test_a_family_books_what_is_just_being_offered(scene: Scene, tmp_path: Path) -> None:
    """Whoever is first has it; the other is told what is free, or is offered nothing."""
    carol = scene.move_in("Carol", "drum", 4)
    let_go(scene, scene.alice, TOMORROW)
    books = acting(scene, lambda s: booking.book(s, carol.wish(TOMORROW), carol.parent_acts, NOW).id)
    by_threads([books, lambda: work(scene, tmp_path), lambda: work(scene, tmp_path)])
    with scene.database.read() as session:
        standing = session.scalars(select(Call).where(Call.state != CallState.ENDED)).all()
    assert len(standing) == 1
    check_whole(scene)


def count_of(scene: Scene, kind: str, call_id: str) -> int:
    with scene.database.read() as session:
        rows = session.scalars(select(DueRow).where(DueRow.kind == kind)).all()
    return sum(row.payload["call_id"] == call_id for row in rows)


def check_claims(scene: Scene) -> None:
    with scene.database.read() as session:
        ended = select(Call.id).where(Call.state == CallState.ENDED)
        assert session.scalar(select(func.count()).select_from(Claim).where(Claim.call_id.in_(ended))) == 0
