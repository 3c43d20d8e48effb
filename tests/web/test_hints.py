"""Hints: written with the change, rung after the commit, found again by whoever did not hear; and the hourly sweep."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.jobs import service as jobs
from app.jobs.models import DueRow
from app.jobs.words import Lane
from app.storage.database import Database
from app.web import hints, housekeeping, sessions
from app.web.models import Change, DeviceSession, Idempotency, OneTimeCode
from app.web.principals import PERSON
from tests.scene import NOW, StepClock


class Bell:
    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    def hint(self, topic: str, subject_id: str, _change_id: str) -> None:
        self.rung.append((topic, subject_id))


@pytest.fixture
def bell(database: Database) -> Bell:
    bell = Bell()
    hints.ring_after_commit(database, bell)
    return bell


def changes(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Change)) or 0


def test_it_is_rung_once_and_only_after_the_commit(database: Database, bell: Bell) -> None:
    with database.begin() as session:
        for subject in ("alice", "alice", "bob"):
            hints.hint(session, "person", subject, NOW)
        session.flush()
        assert bell.rung == []
    assert bell.rung == [("person", "alice"), ("person", "bob")]
    assert changes(database) == 2


def test_what_is_rolled_back_is_neither_written_nor_rung(database: Database, bell: Bell) -> None:
    def fail() -> None:
        with database.begin() as session:
            hints.hint(session, "person", "alice", NOW)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (bell.rung, changes(database)) == ([], 0)


def test_a_bell_that_is_broken_breaks_no_commit(database: Database, bell: Bell) -> None:
    class Broken:
        def hint(self, topic: str, subject_id: str, _change_id: str) -> None:
            raise ConnectionError(topic, subject_id)

    database.after_commit.clear()
    hints.ring_after_commit(database, Broken())
    hints.ring_after_commit(database, bell)
    with database.begin() as session:
        hints.hint(session, "person", "alice", NOW)
    assert (bell.rung, changes(database)) == ([("person", "alice")], 1)


def test_who_did_not_hear_finds_it_once(database: Database) -> None:
    bell, clock = Bell(), StepClock()
    with database.begin() as session:
        hints.hint(session, "person", "alice", NOW)
        hints.hint(session, "village", "redstone", NOW)
    seen = hints.look(database, clock, bell.hint, set())
    assert sorted(bell.rung) == [("person", "alice"), ("village", "redstone")]
    clock.step(seconds=4)
    with database.begin() as session:
        hints.hint(session, "person", "alice", clock.now())
    seen = hints.look(database, clock, bell.hint, seen)
    seen = hints.look(database, clock, bell.hint, seen)
    assert bell.rung[2:] == [("person", "alice")]


def test_what_was_heard_of_is_forgotten_when_there_is_much_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "MOST_HEARD", 2)
    heard = hints.Heard()
    assert [heard.is_news(change) for change in ("a", "b", "a", "c", "a")] == [True, True, False, True, True]


def test_what_could_not_be_passed_on_is_news_again() -> None:
    heard = hints.Heard()
    for _ in range(2):
        assert heard.is_news("a")
        heard.forget("a")


def test_of_changes_long_ago_nobody_is_told(database: Database) -> None:
    bell, clock = Bell(), StepClock()
    with database.begin() as session:
        hints.hint(session, "person", "alice", NOW)
    clock.step(seconds=31)
    assert hints.look(database, clock, bell.hint, set()) == set()
    assert bell.rung == []


def test_the_sweep_keeps_what_is_young_and_comes_again(database: Database) -> None:
    old = NOW - housekeeping.ANSWERS_KEPT - timedelta(seconds=1)
    with database.begin() as session:
        for at in (old, NOW - hints.KEEP - timedelta(seconds=1), NOW - hints.KEEP, NOW):
            hints.hint(session, "person", f"alice{at.timestamp():.0f}"[-16:], at)
        for at in (old, NOW - housekeeping.ANSWERS_KEPT, NOW):
            kept = Idempotency(principal="a", key=at.isoformat(), request_hash="", status=200, answer="", at=at)
            session.add(kept)
            sessions.issue_code(session, PERSON, "alice", None, "en", at - timedelta(minutes=sessions.CODE_MINUTES))
        housekeeping.start(session, NOW)
        housekeeping.start(session, NOW)
    with database.begin() as session:
        (row,) = jobs.lease(session, "me", Lane.STEP, NOW, 10)
    with database.begin() as session:
        housekeeping.sweep(session, row, NOW)
        jobs.done(session, row, NOW)
    with database.read() as session:
        for kind in (Change, Idempotency, OneTimeCode):
            assert session.scalar(select(func.count()).select_from(kind)) == 2
        assert session.scalars(select(DueRow.due_at)).all() == [NOW + housekeeping.EVERY]


def test_sessions_that_ran_out_long_ago_are_swept(database: Database) -> None:
    with database.begin() as session:
        for opened_at in (NOW, NOW + timedelta(days=30)):
            sessions.open_session(session, PERSON, "alice", None, "en", opened_at, opened_by="link")
        housekeeping.start(session, NOW)
    swept_at = NOW + sessions.LIFETIMES[PERSON] + housekeeping.SESSIONS_KEPT + timedelta(days=1)
    with database.begin() as session:
        (row,) = jobs.lease(session, "tests", Lane.STEP, swept_at, 1)
        housekeeping.sweep(session, row, swept_at)
    with database.read() as session:
        assert session.scalars(select(DeviceSession.opened_at)).all() == [NOW + timedelta(days=30)]
