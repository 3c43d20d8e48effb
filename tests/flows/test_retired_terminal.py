"""A terminal is taken out of use: what stood on it finds another one, or ends with a reason that is told."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.calls import series
from app.calls.models import Call, Claim
from app.calls.series import SeriesWish
from app.calls.words import CallState, Outcome
from app.villages import service as villages
from tests.flows.conftest import Evening
from tests.scene import at


@pytest.fixture
def second(evening: Evening) -> str:
    """Another terminal of the village."""
    alice, now = evening.scene.alice, evening.scene.clock.now()
    with evening.scene.database.begin() as session:
        return villages.add_terminal(session, alice.village, "School", now).id


def retire(evening: Evening) -> None:
    alice = evening.scene.alice
    with evening.scene.database.begin() as session:
        villages.retire_terminal(session, alice.village, alice.terminal, evening.scene.clock.now())
    evening.settle()


def held_by(evening: Evening, call_id: str) -> set[str]:
    with evening.scene.database.read() as session:
        return set(session.scalars(select(Claim.resource).where(Claim.call_id == call_id)))


def test_a_call_goes_on_at_another_terminal_and_nobody_has_to_know(evening: Evening, second: str) -> None:
    alice = evening.scene.alice
    call_id = evening.scene.book(alice, at(19, day=26))
    evening.settle()
    before = evening.templates(alice.caregiver)
    assert evening.scene.call(call_id).terminal_id == alice.terminal
    retire(evening)
    assert (evening.scene.call(call_id).terminal_id, evening.scene.call(call_id).state) == (second, CallState.BOOKED)
    assert held_by(evening, call_id) == {f"terminal:{second}", f"person:{alice.parent}", f"person:{alice.child}"}
    assert evening.templates(alice.caregiver) == before


def test_where_there_is_no_room_it_ends_with_a_reason_and_is_told(evening: Evening, second: str) -> None:
    alice, bob = evening.scene.alice, evening.scene.bob
    mine, theirs = (evening.scene.book(whom, at(19, day=26)) for whom in (alice, bob))
    evening.settle()
    retire(evening)
    ended = [evening.scene.call(each) for each in (mine, theirs) if evening.scene.call(each).state is CallState.ENDED]
    assert [(call.id, call.outcome, call.reason) for call in ended] == [(mine, Outcome.CANCELLED, "terminal_broken")]
    assert evening.scene.call(theirs).terminal_id == second
    assert held_by(evening, mine) == set()
    assert evening.templates(alice.parent)[-1] == evening.templates(alice.caregiver)[-1] == "cancelled"


def test_a_series_moves_at_once(evening: Evening, second: str) -> None:
    alice, now = evening.scene.alice, evening.scene.clock.now()
    wish = SeriesWish(alice.family, alice.child, alice.parent, date(2026, 11, 29), 20 * 60, "FREQ=WEEKLY")
    with evening.scene.database.begin() as session:
        series_id = series.book_series(session, wish, alice.parent_acts, now).id
    evening.settle()
    retire(evening)
    with evening.scene.database.read() as session:
        ahead = select(Call).where(Call.series_id == series_id, Call.state == CallState.BOOKED)
        calls = list(session.scalars(ahead))
    assert len(calls) == 8
    assert {call.terminal_id for call in calls} == {second}


def test_without_any_other_terminal_all_of_it_ends(evening: Evening) -> None:
    call_id = evening.scene.book(evening.scene.alice, at(19, day=26))
    evening.settle()
    retire(evening)
    assert evening.scene.call(call_id).reason == "terminal_broken"
    evening.until(at(19, day=26) + timedelta(minutes=1))
    assert evening.scene.call(call_id).outcome is Outcome.CANCELLED
