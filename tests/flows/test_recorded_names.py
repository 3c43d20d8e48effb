"""When a parent's recorded name is gone: with whom they may call, by the flows that follow. Alice has one child."""

import pytest

from app.families import recorded_names, service
from app.families.words import ConsentKind, MemberRole
from tests.families.test_recorded_names import MOTHER, kept
from tests.flows.conftest import Evening


@pytest.fixture(autouse=True)
def names(evening: Evening) -> None:
    scene = evening.scene
    with scene.database.begin() as session:
        for whom in (scene.alice, scene.bob):
            recorded_names.keep(session, whom.parent, MOTHER, scene.clock.now())


def test_it_goes_with_the_last_consent(evening: Evening) -> None:
    scene, now = evening.scene, evening.scene.clock.now()
    with scene.database.begin() as session:
        service.set_no_contact(
            session, child_id=scene.alice.child, contact_id=scene.alice.parent, reason="court", now=now
        )
    evening.settle()
    assert set(kept(scene.database)) == {scene.bob.parent}


def test_it_stays_while_another_child_may_be_called(evening: Evening) -> None:
    scene, now = evening.scene, evening.scene.clock.now()
    alice = scene.alice
    with scene.database.begin() as session:
        sister = service.add_person(session, name="Sister", zone="Asia/Shanghai", language="en").id
        service.add_member(session, family_id=alice.family, person_id=sister, role=MemberRole.CHILD, now=now)
        given = [
            service.give_consent(
                session, child_id=child, contact_id=alice.parent, kind=ConsentKind.CALL,
                given_by=alice.parent, evidence="paper", from_at=now, now=now,
            ).id
            for child in (sister, alice.child)
        ]  # fmt: skip
        service.revoke_consent(session, given[1], now)
        service.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=now)
    evening.settle()
    assert alice.parent in kept(scene.database)
    with scene.database.begin() as session:
        service.revoke_consent(session, given[0], now)
    evening.settle()
    assert alice.parent not in kept(scene.database)


def test_it_goes_with_who_is_nobodys_parent_any_more(evening: Evening) -> None:
    scene = evening.scene
    with scene.database.begin() as session:
        service.end_membership(
            session, family_id=scene.alice.family, person_id=scene.alice.parent, role=MemberRole.PARENT,
            now=scene.clock.now(),
        )  # fmt: skip
    evening.settle()
    assert set(kept(scene.database)) == {scene.bob.parent}
