"""What media programs did long ago is forgotten, and they with it; what is open, recent or still named stays."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.calls import housekeeping, left_messages
from app.calls.media_models import LineCheck, MediaLease
from app.calls.words import CallState, WorkKind
from app.jobs.models import DueRow
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.web.models import MediaProgram
from tests.calls.media_stage import allow_messages, ringing
from tests.scene import NOW, Scene

MOMENT = timedelta(seconds=1)


def swept(scene: Scene, at: datetime = NOW) -> datetime:
    """Let the sweep fall due at an instant; when it comes again."""
    scene.clock.at = at
    with scene.database.begin() as session:
        housekeeping.start(session, at)
    handlers = Handlers(steps={housekeeping.KIND: housekeeping.sweep}, errands={})
    Worker(scene.database, scene.clock, handlers).run_due(Lane.STEP)
    with scene.database.read() as session:
        return session.scalars(select(DueRow.due_at).where(DueRow.key == housekeeping.KIND)).one()


def program(scene: Scene, name: str, seen_at: datetime, sid: str | None = None) -> None:
    with scene.database.begin() as session:
        session.add(MediaProgram(id=name, name=name, sid=sid, seen_at=seen_at, started_at=seen_at))


def check(scene: Scene, name: str, at: datetime, *, is_over: bool = True) -> None:
    with scene.database.begin() as session:
        session.add(
            LineCheck(
                id=name, occupant="person:1", device_id=name, sid=name, page="page", made_at=at,
                ended_at=at if is_over else None,
            )
        )  # fmt: skip


def lease(scene: Scene, name: str, ended_at: datetime | None, of_check: str, by: str | None = None) -> None:
    with scene.database.begin() as session:
        session.add(
            MediaLease(
                id=name, kind=WorkKind.LINE_CHECK, line_check_id=of_check, program_id=by, made_at=NOW, leased_until=NOW,
                ended_at=ended_at,
            )
        )  # fmt: skip


def left(scene: Scene) -> set[str]:
    with scene.database.read() as session:
        return {each for kind in (MediaProgram, LineCheck, MediaLease) for each in session.scalars(select(kind.id))}


def test_programs_that_are_gone_for_long_are_forgotten_unless_something_names_them(scene: Scene) -> None:
    gone, lately = NOW - housekeeping.GONE_FOR - MOMENT, NOW - housekeeping.GONE_FOR
    program(scene, "gone", gone)
    program(scene, "its web died", gone, sid="sid")
    program(scene, "lately", lately)
    program(scene, "named", gone)
    check(scene, "check", NOW, is_over=False)
    lease(scene, "lease", None, "check", by="named")
    assert swept(scene) == NOW + housekeeping.EVERY
    assert left(scene) == {"lately", "named", "check", "lease"}


def test_a_lease_is_kept_while_a_message_may_come_and_a_check_while_a_passport_looks_at_it(scene: Scene) -> None:
    program(scene, "program", NOW - timedelta(days=60))
    old = NOW - housekeeping.CHECKS_KEPT - MOMENT
    for name, at in (("old", old), ("still leased", old), ("recent", NOW - housekeeping.CHECKS_KEPT)):
        check(scene, name, at)
    check(scene, "never ended", old, is_over=False)
    lease(scene, "ended", NOW - left_messages.MAY_WAIT - MOMENT, "old", by="program")
    lease(scene, "open", None, "still leased")
    lease(scene, "ended lately", NOW - left_messages.MAY_WAIT, "recent", by="program")
    swept(scene)
    assert left(scene) == {"still leased", "recent", "never ended", "open", "ended lately", "program"}
    swept(scene, NOW + housekeeping.EVERY)
    assert left(scene) == {"still leased", "never ended", "open"}, "an hour later the others are too old as well"


def test_an_answering_machine_that_no_program_ever_came_for_is_ended(scene: Scene) -> None:
    """Else nothing would end it: programs that beat do so."""
    allow_messages(scene, scene.alice)
    call_id = ringing(scene, scene.alice)
    with scene.database.begin() as session:
        session.add(
            MediaLease(
                id="waits", kind=WorkKind.ANSWERING, call_id=call_id, made_at=NOW, leased_until=NOW,
            )
        )  # fmt: skip
    swept(scene, scene.clock.at)
    assert _ended_at(scene) is None
    with scene.database.begin() as session:
        call = session.merge(scene.call(call_id))
        call.state, call.ended_at = CallState.ENDED, scene.clock.at
    at = scene.clock.at + timedelta(hours=1)
    swept(scene, at)
    assert _ended_at(scene) == at


def _ended_at(scene: Scene) -> datetime | None:
    with scene.database.read() as session:
        return session.get_one(MediaLease, "waits").ended_at


def test_a_great_many_are_forgotten_bit_by_bit(scene: Scene) -> None:
    gone = NOW - housekeeping.GONE_FOR - MOMENT
    with scene.database.begin() as session:
        for number in range(housekeeping.AT_ONCE + 1):
            session.add(MediaProgram(id=f"{number}", name=f"{number}", seen_at=gone, started_at=gone))
    assert swept(scene) == NOW + housekeeping.SOON
    assert len(left(scene)) == 1
