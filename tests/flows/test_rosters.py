"""A week's story: drafted by the worker with its own solver, published, told, confirmed by some, let go by others."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.calls import booking
from app.desk import publishing, rostering
from app.desk import service as desk
from app.desk.roster_picture import roster_shape
from app.desk.roster_shapes import RosterShape
from app.roster.models import Roster
from app.roster.words import Progress
from app.web.principals import COORDINATOR, Principal
from tests.flows.conftest import Evening

MONDAY = date(2026, 11, 30)


@pytest.fixture
def lee(evening: Evening) -> Principal:
    village = evening.scene.alice.village
    with evening.scene.database.begin() as session:
        coordinator = desk.add_coordinator(session, village, "Lee", "en", evening.scene.clock.now())
    return Principal(COORDINATOR, coordinator.id, village, "device", "en")


def shown(evening: Evening, roster_id: str, lee: Principal) -> RosterShape:
    with evening.scene.database.read() as session:
        return roster_shape(session, session.get_one(Roster, roster_id), lee)


def published(evening: Evening, lee: Principal) -> RosterShape:
    """The week after this one."""
    database, clock = evening.scene.database, evening.scene.clock
    with database.begin() as session:
        roster_id = rostering.draft(session, lee, MONDAY, None, clock.now()).id
    evening.settle()
    found = shown(evening, roster_id, lee)
    assert (found.progress, found.figures.is_optimal, found.figures.gap_percent) == (Progress.DONE, True, 0)
    with database.begin() as session:
        publishing.publish(session, lee, roster_id, found.version, clock.now())
    evening.settle()
    return shown(evening, roster_id, lee)


def test_everybody_gets_one_text_for_the_week(evening: Evening, lee: Principal) -> None:
    scene = evening.scene
    week = published(evening, lee)
    assert (week.figures.families, week.figures.served) == (2, 2)
    assert sum(row.call_id is not None for row in week.assignments) == 4
    for whom in (scene.alice, scene.bob):
        for person in (whom.parent, whom.caregiver):
            assert evening.templates(person) == ["rostered"]


def test_what_is_confirmed_takes_place_and_what_is_not_is_let_go(evening: Evening, lee: Principal) -> None:
    scene = evening.scene
    week = published(evening, lee)
    first = {row.child.id: row for row in reversed(week.assignments)}
    alices, bobs = first[scene.alice.child], first[scene.bob.child]
    assert alices.call_id
    assert bobs.call_id
    assert alices.starts_at
    assert bobs.starts_at
    with scene.database.begin() as session:
        booking.confirm(session, alices.call_id, scene.alice.parent_acts, scene.clock.now())
    evening.until(max(bobs.starts_at, alices.starts_at) - timedelta(hours=2))
    assert "chase" in evening.templates(scene.bob.parent)
    assert scene.call(bobs.call_id).reason == "unconfirmed"
    assert scene.call(alices.call_id).reason != "unconfirmed"
    now = shown(evening, week.id, lee)
    rows = {row.call_id: row for row in now.assignments}
    assert rows[alices.call_id].confirmed
    assert (rows[bobs.call_id].confirmed, rows[bobs.call_id].outcome) == (False, "cancelled")


def test_the_next_week_begins_with_who_had_to_go_without(evening: Evening, lee: Principal) -> None:
    """Alice was heard in the first week; Bob never was, and comes first in the second."""
    scene = evening.scene
    week = published(evening, lee)
    call = next(row for row in week.assignments if row.child.id == scene.alice.child)
    assert call.call_id
    assert call.starts_at
    evening.until(call.starts_at - timedelta(hours=7))
    with scene.database.begin() as session:
        booking.confirm(session, call.call_id, scene.alice.parent_acts, scene.clock.now())
    evening.until(call.starts_at)
    for who in (scene.alice.as_parent, scene.alice.as_terminal):
        evening.take(call.call_id, who)
        evening.hear(call.call_id, who)
    evening.settle()
    for who in (scene.alice.as_parent, scene.alice.as_terminal):
        evening.leave(call.call_id, who)
    evening.until(datetime(2026, 12, 6, 12, tzinfo=UTC))
    with scene.database.begin() as session:
        roster_id = rostering.draft(session, lee, MONDAY + timedelta(days=7), None, scene.clock.now()).id
    evening.settle()
    children = [row.child.id for row in shown(evening, roster_id, lee).assignments]
    assert children == [scene.bob.child] * 2 + [scene.alice.child] * 2
