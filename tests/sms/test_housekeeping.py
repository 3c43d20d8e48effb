"""People's words are forgotten when nobody is shown them any more, and later that they wrote at all."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.sms import housekeeping, thread
from app.sms.models import Conversation, TextIn
from tests.sms.stage import GRANNY, Stage


def sweep(stage: Stage, at: datetime) -> None:
    stage.scene.clock.at = at
    with stage.database.begin() as session:
        housekeeping.start(session, at)
    steps = {housekeeping.KIND: housekeeping.sweep}
    Worker(stage.database, stage.scene.clock, Handlers(steps=steps, errands={})).run_due(Lane.STEP)


def kept(stage: Stage) -> tuple[list[str], list[str]]:
    with stage.database.read() as session:
        return list(session.scalars(select(TextIn.text))), list(session.scalars(select(Conversation.number)))


def test_words_go_first_and_then_all_of_a_text(stage: Stage) -> None:
    stage.write(GRANNY, "家里都好")
    wrote_at, day = stage.now, timedelta(days=1)
    sweep(stage, wrote_at + thread.SHOWN_FOR)
    assert kept(stage) == (["家里都好"], [GRANNY])
    sweep(stage, wrote_at + housekeeping.WORDS_KEPT)
    assert kept(stage)[0] == ["家里都好"]
    sweep(stage, wrote_at + housekeeping.WORDS_KEPT + day)
    assert kept(stage) == ([""], [])
    sweep(stage, wrote_at + housekeeping.KEPT + day)
    assert kept(stage) == ([], [])
    stage.write(GRANNY, "1")
    assert kept(stage) == (["1"], [GRANNY])


def test_no_words_go_that_are_still_shown() -> None:
    assert housekeeping.WORDS_KEPT > thread.SHOWN_FOR
