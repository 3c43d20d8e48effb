"""Claims under fire: what a call that runs over may take, and that a new village's grid wastes no cell."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.calls import life, queries, rules, timetable
from app.calls.models import Call, Claim, Seat
from app.calls.words import CallState, Outcome, SeatSide
from app.kernel.errors import Refused
from app.storage.database import new_id
from app.villages import queries as villages
from app.villages import service as village_service
from app.villages.models import Village
from app.web.models import Change
from tests.scene import Household, Scene, at

MINUTE = timedelta(minutes=1)
BUFFER = timedelta(minutes=5)


def talking(scene: Scene, whom: Household, starts_at: datetime, minutes: int = 15) -> str:
    """A call that is live, with both there until somebody says otherwise."""
    call_id = scene.book(whom, starts_at, whom.desk_acts, minutes=minutes)
    with scene.database.begin() as session:
        call = session.get_one(Call, call_id)
        call.state, call.opened_at, call.live_at = CallState.LIVE, starts_at, starts_at
        for side, occupant in ((SeatSide.PARENT, f"person:{whom.parent}"), (SeatSide.VILLAGE, "terminal:x")):
            session.add(
                Seat(
                    id=new_id(session), call_id=call_id, occupant=occupant, side=side, device_id="d", sid=side.value,
                    page="p", epoch=1, taken_at=starts_at, leased_until=starts_at + timedelta(days=1),
                    here_at=starts_at, media_at=starts_at,
                )
            )  # fmt: skip
    return call_id


def run_over(scene: Scene, call_id: str) -> Call:
    """Let time pass until the call ends, or has been extended for an hour."""
    started_at = scene.call(call_id).starts_at
    while (call := scene.call(call_id)).state is CallState.LIVE and call.ends_at < started_at + timedelta(hours=1):
        scene.clock.at = call.ends_at
        with scene.database.begin() as session:
            timetable.tick(session, call_id, scene.clock.now())
    return scene.call(call_id)


@pytest.mark.parametrize("minute", [20, 22, 25, 27, 30, 31, 34, 35, 40])
def test_an_overrun_never_takes_the_change_over_before_the_next_family(scene: Scene, minute: int) -> None:
    """The next call, also one that starts between two cells, finds the terminal free for the whole buffer."""
    call_id = talking(scene, scene.alice, at(19))
    following = at(19, minute)
    next_id = scene.book(scene.bob, following, scene.bob.desk_acts)
    over = run_over(scene, call_id)
    assert (over.outcome, over.reason) == (Outcome.HELD, "time_over")
    assert over.ended_at is not None
    assert following - over.ended_at >= BUFFER
    first_cell = rules.cells(following, following + MINUTE)[0]
    assert over.ended_at + life.EXTEND_BY + BUFFER > first_cell, "one cell more would not have been free"
    with scene.database.read() as session:
        kept = session.scalars(select(Claim).where(Claim.call_id == next_id)).all()
    persons = (scene.bob.parent, scene.bob.child)
    assert {(claim.resource, claim.cell_at) for claim in kept} == set(
        rules.claims_of(scene.bob.terminal, persons, following, following + 15 * MINUTE, 5)
    )


def test_it_does_not_run_into_the_parents_next_call_elsewhere(scene: Scene) -> None:
    alice = scene.alice
    with scene.database.begin() as session:
        village_service.add_terminal(session, alice.village, "School", scene.clock.now())
    other_id = scene.book(scene.charlie, at(19))
    with scene.database.begin() as session:
        session.add(Claim(resource=f"person:{alice.parent}", cell_at=at(19, 25), call_id=other_id))
    assert run_over(scene, talking(scene, alice, at(19))).ended_at == at(19, 25)


def test_it_ends_when_the_village_closes(scene: Scene) -> None:
    over = run_over(scene, talking(scene, scene.alice, at(21, 40)))
    assert (over.ended_at, over.reason) == (at(22), "time_over")


def test_who_looks_on_is_told_of_the_new_end(scene: Scene) -> None:
    alice = scene.alice
    call_id = talking(scene, alice, at(19))
    with scene.database.begin() as session:
        for change in session.scalars(select(Change)):
            session.delete(change)
    scene.clock.at = at(19, 15)
    with scene.database.begin() as session:
        timetable.tick(session, call_id, at(19, 15))
    assert scene.call(call_id).ends_at == at(19, 20)
    with scene.database.read() as session:
        told = {(change.topic, change.subject_id) for change in session.scalars(select(Change))}
    assert told >= {
        ("terminal", alice.terminal), ("village", alice.village), ("person", alice.parent), ("person", alice.caregiver),
    }  # fmt: skip


def test_it_lets_everything_go_when_it_ends(scene: Scene) -> None:
    call_id = talking(scene, scene.alice, at(21, 40))
    run_over(scene, call_id)
    with scene.database.read() as session:
        assert not session.scalars(select(Claim)).all()


def test_each_slot_of_a_new_villages_grid_can_be_booked_beside_the_one_before(scene: Scene) -> None:
    """A quarter of an hour and five minutes to change over, three times an hour."""
    alice, bob = scene.alice, scene.bob
    with scene.database.begin() as session:
        fresh = village_service.create_village(session, name="New", zone="Asia/Shanghai", language="en")
        session.get_one(Village, alice.village).slot_minutes = fresh.slot_minutes
        session.get_one(Village, alice.village).buffer_minutes = fresh.buffer_minutes
    with scene.database.read() as session:
        village = villages.village(session, alice.village)
        slots = queries.free_slots(session, village, [], rules.CALL_MINUTES, at(19), at(20), scene.clock.now())
    assert [slot.starts_at for slot in slots] == [at(19), at(19, 20), at(19, 40)]
    for number, slot in enumerate(slots):
        whom = (alice, bob)[number % 2]
        assert scene.book(whom, slot.starts_at)
    with pytest.raises(Refused, match="not_a_slot"):
        scene.book(bob, at(20, 15))
