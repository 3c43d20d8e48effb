"""Coordinators, mending, and the audit: each command of the desk that touches a person leaves one entry."""

from datetime import datetime

import pytest
from sqlalchemy import select

from app.calls import booking
from app.calls.booking import Actor
from app.desk import service
from app.desk.models import AuditEntry
from app.desk.service import CallCommand
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.kernel.errors import Invalid, NotFound
from app.kernel.events import from_payload
from app.web.models import Change
from tests.desk.conftest import Desk
from tests.desk.test_queries import undelivered
from tests.scene import NOW, at


def follow(desk: Desk) -> None:
    """Let the audit see every event that was written, as the worker would."""
    with desk.database.begin() as session:
        rows = session.scalars(select(DueRow).where(DueRow.kind.like("event:Call%")).order_by(DueRow.put_at)).all()
        for row in rows:
            event = from_payload(row.kind.removeprefix("event:"), row.payload)
            if isinstance(event, CallCommand):
                service.record_call_command(session, event, desk.now)


def acts(desk: Desk) -> Actor:
    return Actor(desk.lee.name, None)


def test_a_coordinator_belongs_to_a_village_that_is_there(desk: Desk) -> None:
    with desk.database.begin() as session:
        made = service.add_coordinator(session, desk.lee.village, "  Teacher Li ", "zh-CN", NOW)
        assert (made.village_id, made.name, made.language) == (desk.lee.village, "Teacher Li", "zh-CN")
        with pytest.raises(NotFound):
            service.add_coordinator(session, "nowhere", "Li", "en", NOW)


@pytest.mark.parametrize(("name", "language", "code"), [("", "en", "bad_name"), ("Li", "tlh", "unknown_language")])
def test_a_coordinator_has_a_name_and_a_language(desk: Desk, name: str, language: str, code: str) -> None:
    with desk.database.begin() as session, pytest.raises(Invalid, match=code):
        service.add_coordinator(session, desk.lee.village, name, language, NOW)


def test_what_was_given_up_is_tried_again(desk: Desk) -> None:
    subject = f"call:{desk.scene.book(desk.scene.alice, at(19))}"
    row = desk.dead(subject)
    with desk.database.begin() as session:
        service.revive(session, desk.lee, row, desk.now)
    with desk.database.read() as session:
        revived = session.get_one(DueRow, row)
        assert (revived.state, revived.attempts, revived.due_at) == (DueState.WAITING, 0, desk.now)
    assert desk.audit() == [(desk.lee.subject_id, "revive", subject)]
    with desk.database.begin() as session, pytest.raises(NotFound):
        service.revive(session, desk.lee, row, desk.now)


def test_a_text_is_sent_again(desk: Desk) -> None:
    delivery = undelivered(desk, desk.scene.alice)
    with desk.database.begin() as session:
        service.send_again(session, desk.lee, delivery, desk.now)
    with desk.database.read() as session:
        (row,) = session.scalars(select(DueRow).where(DueRow.kind == "notice.deliver", DueRow.key.like("%:2")))
        (entry,) = session.scalars(select(AuditEntry))
        hints = session.execute(select(Change.topic, Change.subject_id)).all()
    assert row.state is DueState.WAITING
    assert (entry.action, entry.subject) == ("send_again", f"notice:{row.payload['notice']}")
    assert ("village", desk.lee.village) in hints


def test_nothing_of_another_village_is_mended(desk: Desk) -> None:
    row = desk.dead(f"call:{desk.scene.book(desk.scene.alice, at(19))}")
    delivery = undelivered(desk, desk.scene.alice)
    with desk.database.begin() as session:
        with pytest.raises(NotFound):
            service.revive(session, desk.mo, row, desk.now)
        with pytest.raises(NotFound):
            service.send_again(session, desk.mo, delivery, desk.now)
    assert desk.audit() == []


def test_what_the_desk_does_to_calls_is_kept_once_each(desk: Desk) -> None:
    booked = desk.scene.book(desk.scene.alice, at(19, 7), by=acts(desk))
    desk.scene.clock.step(minutes=1)
    with desk.database.begin() as session:
        moved = booking.move(session, booked, at(20), acts(desk), desk.now).id
    desk.scene.clock.step(minutes=1)
    with desk.database.begin() as session:
        booking.cancel(session, moved, acts(desk), "weather", None, desk.now)
    follow(desk)
    lee = desk.lee.subject_id
    assert desk.audit() == [
        (lee, "book", f"call:{booked}"), (lee, "move", f"call:{booked}"), (lee, "cancel", f"call:{moved}")
    ]  # fmt: skip
    assert audited_at(desk, "book") == NOW


def test_what_families_do_is_not_the_desks(desk: Desk) -> None:
    call_id = desk.scene.book(desk.scene.alice, at(19))
    with desk.database.begin() as session:
        booking.cancel(session, call_id, desk.scene.alice.parent_acts, "sick", None, desk.now)
    follow(desk)
    assert desk.audit() == []


def audited_at(desk: Desk, action: str) -> datetime | None:
    with desk.database.read() as session:
        return session.scalar(select(AuditEntry.at).where(AuditEntry.action == action))
