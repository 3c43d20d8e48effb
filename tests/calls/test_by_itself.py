"""A terminal answers by itself where that was allowed, an agreed call, to a parent who waits."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.calls import by_itself, picture, seats
from app.calls.models import Call, CallEvent
from app.calls.seats import Device
from app.families import service as families
from app.families.words import ConsentKind
from app.kernel.errors import Refused
from tests.scene import NOW, Household, Scene, at

STARTS = at(19)


def allow(scene: Scene, whom: Household) -> str:
    with scene.database.begin() as session:
        return families.give_consent(
            session, child_id=whom.child, contact_id=whom.parent, kind=ConsentKind.AUTO_ANSWER, given_by=whom.parent,
            evidence="paper", from_at=NOW - timedelta(days=1), now=NOW,
        ).id  # fmt: skip


def sits(scene: Scene, call_id: str, whom: Household) -> None:
    """The parent is there."""
    with scene.database.begin() as session:
        seats.take(session, call_id, whom.as_parent, Device("sid-p", "page-p", True), STARTS)


def answers(scene: Scene, call_id: str, whom: Household, sid: str = "sid-t") -> None:
    with scene.database.begin() as session:
        seats.take(session, call_id, whom.as_terminal, Device(sid, "page-t", True, None, True), STARTS)


def may(scene: Scene, call_id: str, who: Household, *, minutes: float = 0) -> bool:
    with scene.database.read() as session:
        call = session.get_one(Call, call_id)
        return picture.call_shape(session, call, who.as_terminal, STARTS + timedelta(minutes=minutes)).auto_answer


def test_allowed_agreed_and_waited_for(scene: Scene) -> None:
    alice = scene.alice
    allow(scene, alice)
    call_id = scene.book(alice, STARTS)
    assert may(scene, call_id, alice)
    with pytest.raises(Refused, match="not_by_itself"):
        answers(scene, call_id, alice)  # nobody waits
    sits(scene, call_id, alice)
    answers(scene, call_id, alice)
    with scene.database.read() as session:
        kinds = [event.kind for event in session.scalars(select(CallEvent).where(CallEvent.call_id == call_id))]
    assert kinds.count(by_itself.KIND) == 1
    assert "answered" in kinds
    answers(scene, call_id, alice, "sid-again")  # over another socket: it is there already
    with scene.database.read() as session:
        assert not picture.call_shape(session, session.get_one(Call, call_id), alice.as_parent, STARTS).auto_answer


def test_only_around_its_hour(scene: Scene) -> None:
    allow(scene, scene.alice)
    call_id = scene.book(scene.alice, STARTS)
    times = [-11, -10, 0, 9.9, 10]
    assert [may(scene, call_id, scene.alice, minutes=each) for each in times] == [False, True, True, True, False]


def test_not_without_consent_and_no_longer_when_it_was_withdrawn(scene: Scene) -> None:
    alice = scene.alice
    call_id = scene.book(alice, STARTS)
    assert not may(scene, call_id, alice)
    consent = allow(scene, alice)
    assert may(scene, call_id, alice)
    with scene.database.begin() as session:
        families.revoke_consent(session, consent, NOW)
    assert not may(scene, call_id, alice)
    sits(scene, call_id, alice)
    with pytest.raises(Refused, match="not_by_itself"):
        answers(scene, call_id, alice)


def test_not_what_nobody_knew_of_before(scene: Scene) -> None:
    """Made when it could be joined already, or answered by somebody who was not meant."""
    alice = scene.alice
    allow(scene, alice)
    scene.clock.at = STARTS - timedelta(minutes=5)
    late = scene.book(alice, STARTS, alice.desk_acts)
    assert not may(scene, late, alice)
    with scene.database.begin() as session:
        call = session.get_one(Call, late)
        call.made_at = NOW
    assert may(scene, late, alice)
    with scene.database.begin() as session:
        session.get_one(Call, late).rung_again_at = STARTS
    assert not may(scene, late, alice)
