"""Two texts of one number at once, and the same event twice: each is answered once, in the order in which they came."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app import flows
from app.calls.words import CallState
from app.jobs.models import DueRow
from app.kernel.events import TextReceived
from app.notices.models import Notice
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.storage.clashes import is_clash
from tests.scene import at
from tests.sms.stage import ALICE, GRANNY, Stage


def follow_all_at_once(stage: Stage, times: int = 1) -> None:
    """Every text that waits, on a thread of its own; as a worker does, again where another was in the way."""
    with stage.database.read() as session:
        ids = list(session.scalars(select(TextIn.id).where(TextIn.outcome.is_(None)))) * times
    barrier = Barrier(len(ids))

    def follow(text_id: str) -> None:
        barrier.wait()
        while True:
            try:
                with stage.database.begin() as session:
                    flows.answer_text(session, TextReceived(stage.now, text_id), stage.now)
                return
            except DBAPIError as error:
                if not is_clash(error):
                    raise

    with ThreadPoolExecutor(len(ids)) as threads:
        list(threads.map(follow, ids))
    with stage.database.begin() as session:
        for row in session.scalars(select(DueRow).where(DueRow.kind == "event:TextReceived")):
            session.delete(row)


def replies(stage: Stage) -> list[str]:
    with stage.database.read() as session:
        answers = session.scalars(select(Notice).where(Notice.key.like("reply:%")))
        return sorted(notice.template for notice in answers)


@pytest.mark.parametrize("_round", range(3))
def test_a_choice_that_comes_with_the_question_is_not_taken_for_it(stage: Stage, _round: int) -> None:
    """ "2" and "3" in one breath: the times were not on the phone yet when the "3" was sent."""
    call_id = stage.scene.book(stage.alice, at(19, day=24))
    first, second = stage.receive_together((ALICE, "2"), (ALICE, "3"))
    stage.scene.clock.step(seconds=2)
    follow_all_at_once(stage)
    assert (stage.answered(first).outcome, stage.answered(second).outcome) == (Outcome.OFFERED, Outcome.OFFERED)
    assert replies(stage) == ["sms_offers", "sms_offers"]
    assert stage.call(call_id).state is CallState.BOOKED


@pytest.mark.parametrize("_round", range(3))
def test_a_no_and_a_yes_in_one_breath_end_with_what_was_said_last(stage: Stage, _round: int) -> None:
    old = stage.scene.book(stage.alice, at(19, day=24))
    first = stage.receive(ALICE, "3")
    stage.scene.clock.step(seconds=1)
    second = stage.receive(ALICE, "1")
    stage.scene.clock.step(seconds=2)
    follow_all_at_once(stage)
    assert (stage.answered(first).outcome, stage.answered(second).outcome) == (Outcome.CANCELLED, Outcome.CHOSEN)
    assert [call.state for call in stage.calls(stage.alice) if call.id != old] == [CallState.BOOKED]


def test_one_text_on_eight_workers_is_answered_once(stage: Stage) -> None:
    stage.scene.book(stage.alice, at(19, day=24))
    ref = stage.receive(GRANNY, "3")
    follow_all_at_once(stage, times=8)
    assert stage.answered(ref).outcome is Outcome.CANCELLED
    assert replies(stage) == ["sms_cancelled"]
    assert len(stage.calls(stage.alice)) == 1


def test_both_sides_answer_a_proposal_at_once(stage: Stage) -> None:
    """The parent calls it off while granny accepts: whichever comes first, both are told how it stands."""
    call_id = stage.scene.book(stage.alice, at(19, day=24), is_proposal=True)
    hers, grannys = stage.receive(ALICE, "3"), stage.receive(GRANNY, "1")
    follow_all_at_once(stage)
    assert stage.answered(hers).outcome is Outcome.CANCELLED
    assert stage.answered(grannys).template in {"sms_booked", "sms_offers", "sms_refused", "sms_no_call"}
    assert stage.call(call_id).state is CallState.ENDED
