"""Booking on real databases: what is refused, what is claimed, and races by threads and by processes."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.calls import booking, queries
from app.calls.booking import Actor, Wish
from app.calls.models import Call, Claim
from app.calls.words import CallState, Outcome
from app.families import service as families
from app.kernel.errors import HomethreadError, NotFound, Refused
from app.storage.database import Database
from app.villages import queries as villages
from app.villages import service as village_service
from tests.groups import ROOT
from tests.scene import NOW, Household, Scene, at

RACERS = 8


def refusal(scene: Scene, wish: Wish, by: Actor) -> str:
    with pytest.raises(HomethreadError) as refused, scene.database.begin() as session:
        booking.book(session, wish, by, scene.clock.now())
    return refused.value.code


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        (at(19, day=22), "in_the_past"),
        (at(18) - timedelta(minutes=2), "in_the_past"),
        (at(19, 7), "not_a_slot"),
        (at(19) + timedelta(seconds=30), "not_a_slot"),
        (at(22), "outside_hours"),
        (at(21, 50), "outside_hours"),
        (at(7, 45, day=24), "outside_hours"),
        (NOW + timedelta(days=61), "too_far_ahead"),
    ],
)
def test_times_that_are_refused(scene: Scene, starts_at: datetime, code: str) -> None:
    assert refusal(scene, scene.alice.wish(starts_at), scene.alice.parent_acts) == code


def test_the_desk_may_leave_the_grid_but_not_the_hours(scene: Scene) -> None:
    assert scene.book(scene.alice, at(19, 7), scene.alice.desk_acts)
    assert refusal(scene, scene.bob.wish(at(22)), scene.bob.desk_acts) == "outside_hours"


@pytest.mark.parametrize("minutes", [0, 4, 61, 100_000])
def test_lengths_that_are_refused(scene: Scene, minutes: int) -> None:
    assert refusal(scene, scene.alice.wish(at(19), minutes=minutes), scene.alice.parent_acts) == "bad_length"


def test_a_child_without_consent_and_one_of_another_family(scene: Scene) -> None:
    alice, bob = scene.alice, scene.bob
    stranger = Wish(alice.family, alice.child, bob.parent, at(19))
    assert refusal(scene, stranger, bob.parent_acts) == "not_found"
    with scene.database.begin() as session:
        families.set_no_contact(
            session, child_id=alice.child, contact_id=alice.parent, reason="court", now=scene.clock.now()
        )
    scene.clock.step(seconds=1)
    assert refusal(scene, alice.wish(at(19)), alice.parent_acts) == "no_contact"


def test_claims_cover_every_cell_touched_and_the_buffer_is_the_terminals(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(19, 7), scene.alice.desk_acts)
    with scene.database.read() as session:
        claims = session.scalars(select(Claim).where(Claim.call_id == call_id)).all()
    cells = {
        resource: sorted(c.cell_at for c in claims if c.resource == resource)
        for resource in {c.resource for c in claims}
    }
    assert cells[f"terminal:{scene.alice.terminal}"] == [at(19, m) for m in (5, 10, 15, 20, 25)]
    assert cells[f"person:{scene.alice.parent}"] == [at(19, m) for m in (5, 10, 15, 20)]
    assert cells[f"person:{scene.alice.child}"] == cells[f"person:{scene.alice.parent}"]


def test_a_taken_slot_names_the_nearest_free_ones(scene: Scene) -> None:
    scene.book(scene.alice, at(19))
    with pytest.raises(Refused) as refused, scene.database.begin() as session:
        booking.book(session, scene.bob.wish(at(19)), scene.bob.parent_acts, scene.clock.now())
    assert refused.value.code == "slot_taken"
    assert refused.value.detail["nearest"] == [at(19, 30).isoformat(), at(19, 45).isoformat(), at(20).isoformat()]


def test_a_second_terminal_takes_what_the_first_has_no_room_for(scene: Scene) -> None:
    with scene.database.begin() as session:
        second = village_service.add_terminal(session, scene.alice.village, "School", NOW).id
    scene.book(scene.alice, at(19))
    call_id = scene.book(scene.bob, at(19))
    assert scene.call(call_id).terminal_id in (second, scene.bob.terminal)
    with pytest.raises(Refused, match="slot_taken"):
        scene.book(scene.alice, at(19))


def test_the_terminal_that_was_offered_is_tried_first(scene: Scene) -> None:
    with scene.database.begin() as session:
        second = village_service.add_terminal(session, scene.alice.village, "School", NOW).id
    for offered, booked in ((second, second), (scene.charlie.terminal, scene.alice.terminal)):
        wish = replace(scene.alice.wish(at(19)), rather_on=offered)
        with scene.database.begin() as session:
            call = booking.book(session, wish, scene.alice.parent_acts, NOW)
            assert call.terminal_id == booked
            booking.cancel(session, call.id, scene.alice.parent_acts, "sick", None, NOW)
    scene.book(scene.bob, at(19))
    wish = replace(scene.alice.wish(at(19)), rather_on=scene.alice.terminal)
    with scene.database.begin() as session:
        assert booking.book(session, wish, scene.alice.parent_acts, NOW).terminal_id == second


def test_free_slots_are_those_that_can_be_booked(scene: Scene) -> None:
    scene.book(scene.alice, at(19))
    with scene.database.read() as session:
        village = villages.village(session, scene.bob.village)
        persons = [scene.bob.parent, scene.bob.child]
        slots = queries.free_slots(session, village, persons, 15, at(18), at(22), NOW)
    starts = [slot.starts_at for slot in slots]
    assert at(18, 30) in starts
    assert not {at(18, 45), at(19), at(19, 15)} & set(starts), "the buffer keeps 18:45 and 19:15 apart from 19:00"
    assert scene.book(scene.bob, starts[0])


def test_somebody_elses_call_is_not_found(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(19))
    for who in (scene.bob.as_parent, scene.charlie.as_parent, scene.charlie.as_terminal):
        with pytest.raises(NotFound), scene.database.read() as session:
            queries.seen_by(session, who, call_id)


def test_a_move_may_overlap_itself_and_a_failed_move_changes_nothing(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(19))
    scene.book(scene.bob, at(20))
    with pytest.raises(Refused, match="slot_taken"), scene.database.begin() as session:
        booking.move(session, call_id, at(20), scene.alice.parent_acts, scene.clock.now())
    assert scene.call(call_id).state is CallState.BOOKED
    with scene.database.begin() as session:
        moved = booking.move(session, call_id, at(19, 15), scene.alice.parent_acts, scene.clock.now()).id
    old = scene.call(call_id)
    assert (old.outcome, old.moved_to_id) == (Outcome.MOVED, moved)


@pytest.mark.parametrize("reason", ["", "because", "shift_changed; DROP"])
def test_a_reason_must_be_one_of_the_list(scene: Scene, reason: str) -> None:
    call_id = scene.book(scene.alice, at(19))
    with pytest.raises(Refused, match="unknown_reason"), scene.database.begin() as session:
        booking.cancel(session, call_id, scene.alice.parent_acts, reason, None, scene.clock.now())


def test_a_proposal_is_not_accepted_by_the_side_that_made_it(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(21), scene.alice.terminal_acts, is_proposal=True)
    with pytest.raises(Refused, match="own_proposal"), scene.database.begin() as session:
        booking.confirm(session, call_id, scene.alice.terminal_acts, scene.clock.now())
    assert (
        refusal(scene, scene.bob.wish(at(18, 45), is_proposal=True), scene.bob.terminal_acts) == "too_late_to_propose"
    )


def race(database: Database, wishes: list[tuple[Household, datetime]]) -> list[str | BaseException]:
    """All at once from threads of their own; the call's id or what was raised, each."""
    barrier = threading.Barrier(len(wishes))
    outcomes: list[str | BaseException] = []

    def run(whom: Household, starts_at: datetime) -> None:
        barrier.wait()
        try:
            with database.begin() as session:
                outcomes.append(booking.book(session, whom.wish(starts_at), whom.parent_acts, NOW).id)
        except Refused as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=run, args=wish) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_threads_race_for_one_slot(scene: Scene) -> None:
    outcomes = race(scene.database, [(scene.alice, at(19)), (scene.bob, at(19))] * (RACERS // 2))
    assert len(outcomes) == RACERS
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert {o.code for o in outcomes if isinstance(o, Refused)} == {"slot_taken"}


def test_threads_race_for_slots_that_overlap(scene: Scene) -> None:
    outcomes = race(
        scene.database, [(scene.alice, at(19, m)) for m in (0, 15)] + [(scene.bob, at(19, m)) for m in (0, 15)]
    )
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1


RACE = """
import sys
from datetime import datetime
from functools import partial
from app.calls import booking
from app.calls.booking import Actor, Wish
from app.calls.words import Side
from app.kernel.errors import Refused
from app.storage.database import Database
from tests.racers import race
url, starts_at, now, *families = sys.argv[1:]

def book(family, child, parent):
    database, wish = Database(url), Wish(family, child, parent, datetime.fromisoformat(starts_at))
    try:
        with database.begin() as session:
            print(booking.book(session, wish, Actor(f"person:{parent}", Side.PARENT), datetime.fromisoformat(now)).id)
    except Refused as refused:
        print(refused.code)

race([partial(book, *family.split(",")) for family in families])
"""


def test_processes_race_for_one_slot(scene: Scene, database_url: str) -> None:
    families = [f"{whom.family},{whom.child},{whom.parent}" for whom in (scene.alice, scene.bob)] * 2
    arguments = [database_url, at(19).isoformat(), NOW.isoformat(), *families]
    raced = subprocess.run(
        [sys.executable, "-c", RACE, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    said = raced.stdout.split()
    assert sorted(word == "slot_taken" for word in said) == [False, True, True, True], said
    with scene.database.read() as session:
        assert len(session.scalars(select(Call)).all()) == 1


def test_instants_in_other_offsets_are_the_same_slot(scene: Scene) -> None:
    call_id = scene.book(scene.alice, datetime.fromisoformat("2026-11-23T19:00:00+08:00"))
    assert scene.call(call_id).starts_at == datetime(2026, 11, 23, 11, tzinfo=UTC)
