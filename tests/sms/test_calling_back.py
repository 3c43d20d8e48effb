"""Four, or "call me": the other side is told once an hour, and the desk finds them in its line."""

from sqlalchemy import select

from app.notices.models import Notice
from app.roster import waits
from app.sms.words import Outcome
from tests.scene import at
from tests.sms.stage import ALICE, GRANNY, Stage


def told(stage: Stage) -> list[tuple[str | None, str | None, str]]:
    """(person, desk's village, by whom) of all who are asked to call back."""
    with stage.database.read() as session:
        asked = session.scalars(select(Notice).where(Notice.template == "call_back").order_by(Notice.planned_at))
        return [(each.person_id, None if each.person_id else each.village_id, each.params["by"]) for each in asked]


def line(stage: Stage) -> list[tuple[str, str, str]]:
    with stage.database.read() as session:
        waiting = waits.open_of_village(session, stage.alice.village)
        return [(wait.child_id, wait.parent_id, wait.made_by) for wait in waiting]


def test_a_caregiver_asks_the_parent(stage: Stage) -> None:
    answered = stage.write(GRANNY, "4")
    assert (answered.outcome, answered.template) == (Outcome.CALL_BACK, "sms_call_back")
    assert told(stage) == [(stage.alice.parent, None, "Granny of Alice")]
    assert line(stage) == [(stage.alice.child, stage.alice.parent, f"person:{stage.alice.caregiver}")]


def test_a_parent_asks_who_brings_the_child_and_the_desk(stage: Stage) -> None:
    assert stage.write(ALICE, "call me back please").outcome is Outcome.CALL_BACK
    assert set(told(stage)) == {(stage.alice.caregiver, None, "Alice"), (None, stage.alice.village, "Alice")}
    assert line(stage) == [(stage.alice.child, stage.alice.parent, f"person:{stage.alice.parent}")]


def test_who_asks_again_and_again_keeps_one_place_and_rings_once_an_hour(stage: Stage) -> None:
    for _time in range(3):
        assert stage.write(GRANNY, "4").template == "sms_call_back"
    assert (len(told(stage)), len(line(stage))) == (1, 1)
    stage.scene.clock.step(hours=1)
    stage.write(GRANNY, "4")
    assert (len(told(stage)), len(line(stage))) == (2, 1)


def test_it_leaves_a_call_as_it_is(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, at(19, day=24))
    stage.write(GRANNY, "2")
    stage.write(GRANNY, "4")
    call = stage.call(call_id)
    assert (call.starts_at, call.outcome) == (at(19, day=24), None)
