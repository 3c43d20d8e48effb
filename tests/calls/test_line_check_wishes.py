"""Line checks that are asked for, by the timetable or the desk, and what a call begins with after one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.calls import life, line_checks, link, passport, timetable
from app.calls.media_models import LineCheck
from app.calls.models import Call
from app.jobs.models import DueRow
from app.kernel.rungs import RungName
from app.web.principals import Principal
from tests.calls.checked_lines import FOUND, begin, connect, find, hear, hinted, wanted
from tests.scene import Scene, at


@pytest.fixture
def program(scene: Scene) -> Principal:
    return connect(scene, "one")


def test_a_terminal_tries_its_line_an_hour_before_a_call_and_once(scene: Scene, program: Principal) -> None:
    call_id = scene.book(scene.alice, at(20))
    assert not wanted(scene)
    with scene.database.read() as session:
        row = session.scalars(select(DueRow).where(DueRow.key == f"{timetable.TICK}:{call_id}")).one()
    assert row.due_at == at(20) - life.LINE_TRIED_BEFORE
    scene.clock.at = at(19)
    hear(scene)
    with scene.database.begin() as session:
        timetable.wake(session, call_id, row.due_at, scene.clock.now())
    assert ("terminal", scene.alice.terminal) in hinted(scene)
    assert wanted(scene)
    check_id = begin(scene, scene.alice.as_terminal).check.id
    assert not wanted(scene)
    find(scene, check_id, program)
    assert not wanted(scene)


def test_it_tries_twice_and_no_more(scene: Scene, program: Principal) -> None:
    scene.book(scene.alice, at(20))
    for minutes in (1, 10):
        scene.clock.at = at(19) + timedelta(minutes=minutes)
        hear(scene)
        assert wanted(scene)
        check_id = begin(scene, scene.alice.as_terminal).check.id
        with scene.database.begin() as session:
            line_checks.leave(session, check_id, scene.alice.as_terminal, scene.clock.now())
    assert not wanted(scene)


def test_a_terminal_in_a_call_is_left_alone(scene: Scene, program: Principal) -> None:
    scene.book(scene.alice, at(19, 30))
    scene.book(scene.bob, at(20))
    scene.clock.at = at(19, 31)
    assert not wanted(scene)


def test_the_desk_asks_a_free_terminal(scene: Scene, program: Principal) -> None:
    alice = scene.alice
    with scene.database.begin() as session:
        line_checks.ask(session, alice.terminal, alice.village, scene.clock.now())
        line_checks.ask(session, alice.terminal, alice.village, scene.clock.now())
        assert len(session.scalars(select(LineCheck)).all()) == 1
    assert ("terminal", alice.terminal) in hinted(scene)
    assert wanted(scene)
    with scene.database.read() as session:
        assert line_checks.is_going_on(session, alice.terminal, scene.clock.now())
    find(scene, begin(scene, alice.as_terminal).check.id, program)
    assert not wanted(scene)
    with scene.database.read() as session:
        assert not line_checks.is_going_on(session, alice.terminal, scene.clock.now())
        last = line_checks.last_of(session, alice.terminal)
        assert last is not None
        assert last.rung is RungName.STILLS


def test_a_wish_that_no_terminal_hears_is_over_after_two_minutes(scene: Scene) -> None:
    with scene.database.begin() as session:
        line_checks.ask(session, scene.alice.terminal, scene.alice.village, scene.clock.now())
    scene.clock.step(minutes=2, seconds=1)
    assert not wanted(scene)


RUNG = RungName


@pytest.mark.parametrize(
    ("start", "terminal", "phone", "begins"),
    [
        (RUNG.MICRO_VIDEO, None, None, RUNG.MICRO_VIDEO),
        (RUNG.MICRO_VIDEO, RUNG.VIDEO, None, RUNG.VIDEO),
        (RUNG.VOICE, RUNG.VIDEO, None, RUNG.MICRO_VIDEO),
        (RUNG.VIDEO, RUNG.STILLS, None, RUNG.STILLS),
        (RUNG.VIDEO, RUNG.STILLS, RUNG.THIN_VOICE, RUNG.THIN_VOICE),
        (RUNG.MICRO_VIDEO, None, RUNG.VIDEO, RUNG.MICRO_VIDEO),
        (RUNG.MICRO_VIDEO, None, RUNG.CLIPS, RUNG.THIN_VOICE),
        (RUNG.MICRO_VIDEO, RUNG.CLIPS, None, RUNG.THIN_VOICE),
    ],
)
def test_what_a_call_begins_with_after_a_check(
    start: RungName, terminal: RungName | None, phone: RungName | None, begins: RungName
) -> None:
    assert link.start_after_checks(start, terminal, phone) is begins


def test_the_newest_check_of_two_hours_counts(scene: Scene, program: Principal) -> None:
    call_id = scene.book(scene.alice, at(20))
    assert begins_with(scene, call_id) is link.UNKNOWN_STARTS
    find(scene, begin(scene, scene.alice.as_terminal).check.id, program, replace(FOUND, rung=RungName.VOICE))
    scene.clock.step(minutes=5)
    hear(scene)
    find(scene, begin(scene, scene.alice.as_terminal).check.id, program, replace(FOUND, rung=RungName.STILLS))
    assert begins_with(scene, call_id) is RungName.STILLS
    find(scene, begin(scene, scene.bob.as_parent).check.id, program, replace(FOUND, rung=RungName.CLIPS))
    assert begins_with(scene, call_id) is RungName.STILLS
    find(scene, begin(scene, scene.alice.as_parent).check.id, program, replace(FOUND, rung=RungName.THIN_VOICE))
    assert begins_with(scene, call_id) is RungName.THIN_VOICE
    scene.clock.step(hours=2, minutes=1)
    assert begins_with(scene, call_id) is link.UNKNOWN_STARTS


def begins_with(scene: Scene, call_id: str) -> RungName:
    with scene.database.read() as session:
        return passport.first_rung(session, session.get_one(Call, call_id), scene.clock.now())
