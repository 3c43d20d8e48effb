"""What of a contact goes, and when: by withdrawal, ban, date or leaving, all by one rule. On both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.families import endings, queries, recorded_names, service
from app.families.models import Consent, Person, Photo
from app.families.rules import FORGOTTEN_AFTER
from app.families.words import ConsentKind, MemberRole
from app.jobs.models import DueRow
from app.storage.database import Database
from tests.families.pictures import halves, packed
from tests.families.test_recorded_names import MOTHER, kept
from tests.flows.conftest import Evening
from tests.scene import Household

OVER = timedelta(hours=5)
TICK = timedelta(seconds=1)
End = Callable[[Evening, datetime], None]
CALL, MESSAGE = ConsentKind.CALL, ConsentKind.MESSAGE


@pytest.fixture(autouse=True)
def voices_and_faces(evening: Evening) -> None:
    scene = evening.scene
    with scene.database.begin() as session:
        for whom in (scene.alice, scene.bob):
            recorded_names.keep(session, whom.parent, MOTHER, scene.clock.now())
            for person_id in (whom.parent, whom.caregiver):
                service.set_photo(session, person_id, packed(halves(), "PNG"), scene.clock.now())


def given(session: Session, whom: Household) -> Consent:
    return session.get_one(Consent, queries.consents_of_child(session, whom.child)[0].id)


def withdraw(evening: Evening, at: datetime) -> None:
    evening.until(at)
    with evening.scene.database.begin() as session:
        service.revoke_consent(session, given(session, evening.scene.alice).id, at)


def forbid(evening: Evening, at: datetime) -> None:
    evening.until(at)
    alice = evening.scene.alice
    with evening.scene.database.begin() as session:
        service.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=at)


def limit(evening: Evening, at: datetime) -> None:
    """Said when it is given: nobody does anything at that instant."""
    with evening.scene.database.begin() as session:
        old = given(session, evening.scene.alice)
        give(session, evening, CALL, until_at=at)
        service.revoke_consent(session, old.id, evening.scene.clock.now())


def limit_before_ends_were_foreseen(evening: Evening, at: datetime) -> None:
    with evening.scene.database.begin() as session:
        given(session, evening.scene.alice).until_at = at
        session.flush()
        for _restart in range(2):
            endings.start(session, evening.scene.clock.now())


def give(session: Session, evening: Evening, kind: ConsentKind, until_at: datetime | None = None) -> None:
    alice, now = evening.scene.alice, evening.scene.clock.now()
    service.give_consent(
        session, child_id=alice.child, contact_id=alice.parent, kind=kind, given_by=alice.parent, evidence="paper",
        from_at=now, until_at=until_at, now=now,
    )  # fmt: skip


def faces(database: Database) -> set[str]:
    with database.read() as session:
        stored = set(session.scalars(select(Photo.person_id)))
        assert stored == set(session.scalars(select(Person.id).where(Person.photo_id.is_not(None))))
        return stored


@pytest.mark.parametrize("end", [withdraw, forbid, limit, limit_before_ends_were_foreseen])
class TestEnding:
    def test_the_voice_goes_at_once_and_the_face_by_the_promised_day(self, evening: Evening, end: End) -> None:
        scene = evening.scene
        over = scene.clock.now() + OVER
        everybody = faces(scene.database)
        end(evening, over)
        if evening.scene.clock.now() < over:
            evening.until(over - TICK)
            assert scene.alice.parent in kept(scene.database), "it holds until its last instant"
        evening.until(over)
        assert set(kept(scene.database)) == {scene.bob.parent}
        evening.until(over + FORGOTTEN_AFTER - TICK)
        assert faces(scene.database) == everybody
        evening.until(over + FORGOTTEN_AFTER)
        assert faces(scene.database) == everybody - {scene.alice.parent}

    def test_what_is_given_anew_in_time_keeps_the_face(self, evening: Evening, end: End) -> None:
        scene = evening.scene
        over = scene.clock.now() + OVER
        end(evening, over)
        evening.until(over + timedelta(days=2))
        with scene.database.begin() as session:
            for ban in queries.no_contacts_of_child(session, scene.alice.child):
                service.revoke_consent(session, given(session, scene.alice).id, scene.clock.now())
                service.lift_no_contact(session, ban.id, scene.clock.now())
            give(session, evening, MESSAGE, until_at=over + timedelta(days=9))
        evening.until(over + FORGOTTEN_AFTER + TICK)
        assert scene.alice.parent in faces(scene.database), "a message was heard until lately, beside its sender's face"
        evening.until(over + timedelta(days=9) + FORGOTTEN_AFTER)
        assert scene.alice.parent not in faces(scene.database)

    def test_another_that_still_holds_keeps_both(self, evening: Evening, end: End) -> None:
        scene, alice = evening.scene, evening.scene.alice
        over, now = scene.clock.now() + OVER, scene.clock.now()
        with scene.database.begin() as session:
            sister = service.add_person(session, name="Sister", zone="Asia/Shanghai", language="en").id
            service.add_member(session, family_id=alice.family, person_id=sister, role=MemberRole.CHILD, now=now)
            service.give_consent(
                session, child_id=sister, contact_id=alice.parent, kind=CALL, given_by=alice.parent, evidence="paper",
                from_at=now, now=now,
            )  # fmt: skip
        end(evening, over)
        evening.until(over + FORGOTTEN_AFTER + TICK)
        assert alice.parent in kept(scene.database)
        assert alice.parent in faces(scene.database)


def test_withdrawn_before_its_date_it_ends_once(evening: Evening) -> None:
    scene = evening.scene
    limit(evening, scene.clock.now() + OVER)
    with scene.database.begin() as session:
        service.revoke_consent(session, given(session, scene.alice).id, scene.clock.now())
    evening.settle()
    with scene.database.read() as session:
        waiting = session.scalars(select(DueRow.state).where(DueRow.kind == endings.KIND)).all()
    assert waiting == ["cancelled"]


def test_who_is_at_home_in_a_family_keeps_a_face_there(evening: Evening) -> None:
    scene = evening.scene
    with scene.database.begin() as session:
        service.add_member(
            session, family_id=scene.alice.family, person_id=scene.alice.parent, role=MemberRole.CAREGIVER,
            now=scene.clock.now(),
        )  # fmt: skip
    withdraw(evening, scene.clock.now() + OVER)
    evening.until(scene.clock.now() + FORGOTTEN_AFTER)
    assert scene.alice.parent in faces(scene.database)


def test_who_left_leaves_neither(evening: Evening) -> None:
    scene, left_at = evening.scene, evening.scene.clock.now()
    with scene.database.begin() as session:
        for person_id, role in (
            (scene.alice.parent, MemberRole.PARENT), (scene.alice.caregiver, MemberRole.CAREGIVER),
        ):  # fmt: skip
            service.end_membership(session, family_id=scene.alice.family, person_id=person_id, role=role, now=left_at)
    evening.settle()
    assert set(kept(scene.database)) == {scene.bob.parent}
    evening.until(left_at + FORGOTTEN_AFTER)
    assert faces(scene.database) == {scene.bob.parent, scene.bob.caregiver}
