"""Line checks: who may try a line when, who hears of it, and what a call begins with after one."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.calls import line_checks, media_leases
from app.calls.line_checks import Moved
from app.calls.media_leases import Health
from app.calls.media_models import LineCheck
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.kernel.errors import NotFound, Refused, TooOften
from app.kernel.levels import VoiceLevel
from app.kernel.rungs import RungName
from app.web.models import PrincipalKind
from app.web.principals import Principal
from tests.calls.checked_lines import begin, check_of, connect, find, hear, hinted, open_leases
from tests.scene import Scene, at


@pytest.fixture
def program(scene: Scene) -> Principal:
    return connect(scene, "one")


def test_a_check_is_given_to_a_program_and_kept_when_it_has_found(scene: Scene, program: Principal) -> None:
    begun = begin(scene, scene.alice.as_parent)
    assert begun.to == "media.one"
    (lease,) = open_leases(scene)
    assert (lease.line_check_id, lease.program_id) == (begun.check.id, "one")
    find(scene, begun.check.id, program)
    check = check_of(scene, begun.check.id)
    assert (check.rung, check.rtt_ms, check.up_kbps, check.level) == (RungName.STILLS, 480, 47, VoiceLevel.GOOD)
    assert check.ended_at == scene.clock.now()
    assert open_leases(scene) == []
    assert ("person", scene.alice.parent) in hinted(scene)


def test_without_a_program_it_is_refused(scene: Scene) -> None:
    with pytest.raises(Refused, match="no_media_program"):
        begin(scene, scene.alice.as_parent)


def test_only_the_program_that_holds_it_says_what_was_found_and_once(scene: Scene, program: Principal) -> None:
    check_id = begin(scene, scene.alice.as_parent).check.id
    with pytest.raises(NotFound):
        find(scene, check_id, connect(scene, "two"))
    find(scene, check_id, program)
    with pytest.raises(NotFound):
        find(scene, check_id, program)


def test_a_device_has_one_check_at_a_time(scene: Scene, program: Principal) -> None:
    first = begin(scene, scene.alice.as_parent).check.id
    second = begin(scene, scene.alice.as_parent).check.id
    assert check_of(scene, first).ended_at is not None
    (lease,) = open_leases(scene)
    assert lease.line_check_id == second


def test_two_at_once_leave_one(scene: Scene, program: Principal) -> None:
    start = threading.Barrier(4)

    def try_it() -> None:
        start.wait()
        begin(scene, scene.alice.as_parent)

    threads = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(open_leases(scene)) == 1
    with scene.database.read() as session:
        assert len(session.scalars(select(LineCheck).where(LineCheck.ended_at.is_(None))).all()) == 1


def test_a_few_in_an_hour(scene: Scene, program: Principal) -> None:
    for _ in range(line_checks.OFTEN.most):
        begin(scene, scene.alice.as_parent)
    with pytest.raises(TooOften):
        begin(scene, scene.alice.as_parent)
    begin(scene, scene.bob.as_parent)
    scene.clock.step(hours=1)
    hear(scene)
    begin(scene, scene.alice.as_parent)


def test_none_while_a_call_is_on_or_about_to_begin(scene: Scene, program: Principal) -> None:
    scene.book(scene.alice, at(19))
    for minutes, is_refused in ((50, False), (58, True), (62, True)):
        scene.clock.at = at(18) + timedelta(minutes=minutes)
        hear(scene)
        for who in (scene.alice.as_terminal, scene.alice.as_parent):
            if is_refused:
                with pytest.raises(Refused, match="line_busy"):
                    begin(scene, who)
            else:
                begin(scene, who)
        begin(scene, scene.bob.as_parent)
        begin(scene, coordinator(scene))


def coordinator(scene: Scene) -> Principal:
    return Principal(PrincipalKind.COORDINATOR, "lee", scene.alice.village, f"desk{scene.clock.now().minute}", "en")


def test_a_device_leaves_its_own_check_and_nobody_elses(scene: Scene, program: Principal) -> None:
    check_id = begin(scene, scene.alice.as_parent).check.id
    other_phone = replace(scene.alice.as_parent, device_id="another")
    for who in (scene.bob.as_parent, scene.alice.as_terminal, other_phone):
        with pytest.raises(NotFound), scene.database.begin() as session:
            line_checks.leave(session, check_id, who, scene.clock.now())
    with scene.database.begin() as session:
        line_checks.leave(session, check_id, scene.alice.as_parent, scene.clock.now())
    assert check_of(scene, check_id).rung is None
    assert open_leases(scene) == []


def test_a_socket_that_is_gone_ends_its_check(scene: Scene, program: Principal) -> None:
    begin(scene, scene.alice.as_parent, "a")
    begin(scene, scene.bob.as_parent, "b")
    with scene.database.begin() as session:
        line_checks.gone(session, "a", scene.clock.now())
    assert [lease.program_id for lease in open_leases(scene)] == ["one"]


def test_a_check_that_nobody_ends_ends_by_itself(scene: Scene, program: Principal) -> None:
    check_id = begin(scene, scene.alice.as_parent).check.id
    with scene.database.read() as session:
        row = session.scalars(select(DueRow).where(DueRow.kind == line_checks.EXPIRE)).one()
        assert (row.due_at, row.payload["check_id"]) == (scene.clock.now() + line_checks.LASTS, check_id)
    with scene.database.begin() as session:
        line_checks.expire(session, check_id, scene.clock.step(minutes=2))
    assert open_leases(scene) == []
    with scene.database.read() as session:
        assert session.get_one(DueRow, row.id).state is DueState.CANCELLED


def test_signals_go_between_the_device_and_its_program_alone(scene: Scene, program: Principal) -> None:
    check = begin(scene, scene.alice.as_parent, "a").check
    two = connect(scene, "two")
    with scene.database.read() as session:
        there = line_checks.route(session, check.id, scene.alice.as_parent, "a", "media.one")
        back = line_checks.route(session, check.id, program, "sid-one", f"check.{check.id}")
        assert (there.sid, there.sender, there.side) == ("sid-one", f"check.{check.id}", "device")
        assert (back.sid, back.sender, back.side) == ("a", "media.one", "media")
        for who, sid, to, error in (
            (scene.bob.as_parent, "b", "media.one", NotFound), (scene.alice.as_parent, "later", "media.one", NotFound),
            (two, "sid-two", f"check.{check.id}", NotFound), (program, "older", f"check.{check.id}", NotFound),
            (scene.alice.as_parent, "a", "media.two", Refused), (program, "sid-one", "check.another", Refused),
        ):  # fmt: skip
            with pytest.raises(error):
                line_checks.route(session, check.id, who, sid, to)


def moved(scene: Scene, sid: str) -> list[Moved]:
    """What devices are told when the program at this socket is gone."""
    with scene.database.begin() as session:
        return line_checks.follow(session, media_leases.gone(session, sid, scene.clock.now()), scene.clock.now())


def test_another_program_takes_it_over_and_its_device_is_told_whom_to_signal(scene: Scene, program: Principal) -> None:
    check = begin(scene, scene.alice.as_parent, "a").check
    two = connect(scene, "two")
    scene.clock.step(seconds=5)
    assert moved(scene, "sid-one") == [Moved("a", check.id, "media.two")]
    with scene.database.read() as session:
        with pytest.raises(Refused, match="stale_seat"):
            line_checks.route(session, check.id, scene.alice.as_parent, "a", "media.one")
        assert line_checks.route(session, check.id, scene.alice.as_parent, "a", "media.two").sid == "sid-two"
        ends = select(DueRow.due_at).where(DueRow.kind == line_checks.EXPIRE)
        assert session.scalars(ends).all() == [scene.clock.now() + line_checks.LASTS], "from now on"
    find(scene, check.id, two)


def test_without_another_program_it_is_over_and_its_device_is_told(scene: Scene, program: Principal) -> None:
    check = begin(scene, scene.alice.as_parent, "a").check
    assert moved(scene, "sid-one") == [Moved("a", check.id, None)]
    assert check_of(scene, check.id).ended_at == scene.clock.now()
    assert open_leases(scene) == []
    with pytest.raises(NotFound):
        find(scene, check.id, program)


def test_one_whose_program_is_silent_goes_to_another_with_its_heartbeat(scene: Scene, program: Principal) -> None:
    check = begin(scene, scene.alice.as_parent, "a").check
    scene.clock.step(seconds=9)
    connect(scene, "two")
    with scene.database.begin() as session:
        health = Health(calls=0, load_permille=0, is_draining=False)
        renewed = media_leases.renew(session, "two", "sid-two", health, scene.clock.now())
        told = line_checks.follow(session, renewed.moved, scene.clock.now())
    assert told == [Moved("a", check.id, "media.two")]
    with scene.database.begin() as session:
        assert media_leases.renew(session, "two", "sid-two", health, scene.clock.now()).moved == []
