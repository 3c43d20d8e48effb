"""What was told long ago is forgotten, with all about it; what is ahead, or recent, stays."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.jobs.models import DueRow
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.notices import housekeeping
from app.notices.models import Attempt, Delivery, Notice
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import NOW, RecordingGateway, StepClock, plan_one, work_off

OLD = NOW - housekeeping.KEPT - timedelta(days=1)


def swept(database: Database, clock: StepClock, at: datetime) -> datetime:
    """Let the sweep fall due at an instant; when it comes again."""
    clock.at = at
    with database.begin() as session:
        housekeeping.start(session, at)
    Worker(database, clock, Handlers(steps={housekeeping.KIND: housekeeping.sweep}, errands={})).run_due(Lane.STEP)
    with database.read() as session:
        return session.scalars(select(DueRow.due_at).where(DueRow.key == housekeeping.KIND)).one()


def counts(database: Database) -> list[int | None]:
    with database.read() as session:
        return [session.scalar(select(func.count()).select_from(kind)) for kind in (Notice, Delivery, Attempt)]


def test_what_was_told_long_ago_is_forgotten_with_all_about_it(
    database: Database, people: People, clock: StepClock
) -> None:
    clock.at = OLD
    plan_one(database, people.parent, "old", due_at=OLD)
    work_off(database, clock, RecordingGateway())
    clock.at = NOW
    recent = plan_one(database, people.parent, "recent", due_at=NOW)
    work_off(database, clock, RecordingGateway())
    planned = plan_one(database, people.parent, "ahead", due_at=NOW + timedelta(days=1), now=NOW)
    assert counts(database) == [3, 2, 2]
    assert swept(database, clock, NOW) == NOW + housekeeping.EVERY
    assert counts(database) == [2, 1, 1]
    with database.read() as session:
        assert set(session.scalars(select(Notice.id))) == {recent, planned}


def test_a_great_many_are_forgotten_bit_by_bit(database: Database, people: People, clock: StepClock) -> None:
    for number in range(housekeeping.AT_ONCE // 200 + 1):
        with database.begin() as session:
            session.add_all(
                Notice(
                    id=f"{number}-{place}", key=f"{number}-{place}", person_id=people.parent, template="booked",
                    params={}, subject="call:1", due_at=OLD, planned_at=OLD, state="cancelled",
                )
                for place in range(200)
            )  # fmt: skip
    assert swept(database, clock, NOW) == NOW + housekeeping.SOON
    assert counts(database) == [200, 0, 0]
