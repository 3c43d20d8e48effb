"""The heartbeat of the gateways: silence is told once, and so is the return; and what is known of late texts."""

from datetime import datetime, timedelta

import pytest

from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.notices import beat
from app.notices.health import figures, gateways, waiting_since
from app.notices.ports import GatewayError, NoAnswer
from app.notices.service import cancel_for
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import NOW, RecordingGateway, StepClock, due_rows, once, plan_one, work_off, worker

SILENT, BACK = "event:GatewaySilent", "event:GatewayBack"


def down() -> None:
    raise GatewayError("nobody answers at 8613800000011", permanent=False)


def well() -> None:
    return None


def live(database: Database, clock: StepClock, *gateways: RecordingGateway, minutes: int) -> None:
    """Let the heart beat for so many minutes."""
    handlers = Handlers(steps={}, errands={beat.KIND: beat.beater(database, clock, gateways)})
    with database.begin() as session:
        beat.start(session, clock.now())
    until = clock.now() + timedelta(minutes=minutes)
    while clock.now() < until:
        while Worker(database, clock, handlers).run_due(Lane.ERRAND):
            pass
        clock.step(20)


def told(database: Database, kind: str) -> list[str]:
    return [row.payload["gateway"] for row in due_rows(database, kind)]


def test_a_gateway_that_answers_is_well(database: Database, clock: StepClock) -> None:
    live(database, clock, RecordingGateway(), minutes=5)
    with database.read() as session:
        (facts,) = gateways(session)
    assert facts.is_well
    assert facts.probed_at is not None
    assert facts.probed_at >= NOW + timedelta(minutes=4)
    assert told(database, SILENT) == []


def test_one_that_does_not_answer_for_two_minutes_is_told_once_and_so_is_its_return(
    database: Database, clock: StepClock
) -> None:
    gateway, other = RecordingGateway(before=down), RecordingGateway(name="other")
    live(database, clock, gateway, other, minutes=1)
    assert told(database, SILENT) == []
    live(database, clock, gateway, other, minutes=10)
    assert told(database, SILENT) == ["recording"]
    with database.read() as session:
        well_one, silent = gateways(session)
    assert (well_one.name, well_one.is_well, silent.is_well) == ("other", True, False)
    assert (silent.silent_since, silent.probe_error) == (NOW, "nobody answers at …")
    gateway.before = well
    live(database, clock, gateway, other, minutes=3)
    assert told(database, BACK) == ["recording"]
    (row,) = due_rows(database, BACK)
    assert datetime.fromisoformat(row.payload["since"]) == NOW
    gateway.before = down
    live(database, clock, gateway, other, minutes=5)
    assert told(database, SILENT) == ["recording", "recording"]


def test_one_that_answers_its_probe_and_takes_no_text_is_silent_too(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway()
    gateway.probe = well  # type: ignore[method-assign]
    gateway.before = down
    for number in range(5):
        plan_one(database, people.parent, f"{number}", "reminder_hour")
    for _ in range(10):
        worker(database, clock, gateway).run_due(Lane.SEND)
        live(database, clock, gateway, minutes=1)
    assert told(database, SILENT) == ["recording"]
    gateway.before = well
    work_off(database, clock, gateway)
    live(database, clock, gateway, minutes=2)
    assert told(database, BACK) == ["recording"]


def test_one_that_is_configured_no_more_is_forgotten(database: Database, clock: StepClock) -> None:
    live(database, clock, RecordingGateway(), RecordingGateway(name="old"), minutes=1)
    live(database, clock, RecordingGateway(), minutes=2)
    with database.read() as session:
        assert [each.name for each in gateways(session)] == ["recording"]


def test_texts_that_have_not_left_are_counted_from_when_they_were_due(
    database: Database, people: People, clock: StepClock
) -> None:
    assert waiting(database, clock) == (None, 0)
    plan_one(database, people.parent, "a", "reminder_hour")
    plan_one(database, people.caregiver, "b", "reminder_hour", NOW + timedelta(minutes=1), now=NOW)
    plan_one(database, people.caregiver, "later", "reminder_hour", NOW + timedelta(hours=1), now=NOW)
    clock.step(120)
    assert waiting(database, clock) == (NOW, 2)
    worker(database, clock, RecordingGateway(before=down)).run_due(Lane.SEND)
    assert waiting(database, clock) == (NOW, 2)
    with database.read() as session:
        assert "homethread_texts_waiting_seconds 120" in figures(session, clock.now())
    work_off(database, clock, RecordingGateway(), until=NOW + timedelta(minutes=50))
    assert waiting(database, clock) == (None, 0)


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_what_is_in_doubt_has_not_left_for_certain_and_what_is_called_off_waits_no_more(
    database: Database, people: People, clock: StepClock, is_cancelled: bool
) -> None:
    plan_one(database, people.parent)
    worker(database, clock, RecordingGateway(can_query=False, after=once(NoAnswer()))).run_due(Lane.SEND)
    if is_cancelled:
        with database.begin() as session:
            cancel_for(session, "call:1", clock.now())
    assert waiting(database, clock)[1] == (0 if is_cancelled else 1)


def waiting(database: Database, clock: StepClock) -> tuple[datetime | None, int]:
    with database.read() as session:
        return waiting_since(session, clock.now())
