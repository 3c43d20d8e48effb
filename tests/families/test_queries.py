"""Who is kin to whom, and who may see whom, on both databases."""

from datetime import datetime

import pytest

from app.families import queries, service
from app.families.words import ConsentKind
from app.kernel.errors import NotFound
from app.storage.database import Database
from tests.families.conftest import CAREGIVER, CHILD, PARENT, Kin


def test_families_of_a_person_and_a_village(database: Database, kin: Kin) -> None:
    with database.read() as session:
        assert {f.id for f in queries.families_of_person(session, kin.mother)} == {kin.wang, kin.wang_elsewhere}
        assert queries.families_of_person(session, kin.mother, CHILD, CAREGIVER) == []
        assert [f.id for f in queries.families_of_person(session, kin.ming, CHILD)] == [kin.wang]
        assert {f.id for f in queries.families_of_village(session, kin.village)} == {kin.wang, kin.li}
        assert queries.family_of_village(session, kin.village, kin.wang).name == "王"
        assert queries.village_of(session, kin.wang) == kin.village
        with pytest.raises(NotFound):
            queries.family_of_village(session, kin.elsewhere, kin.wang)
        with pytest.raises(NotFound):
            queries.village_of(session, "aaaaaaaaaaaaaaaa")


def test_members(database: Database, kin: Kin) -> None:
    with database.read() as session:
        roles = {(person.id, role) for person, role in queries.members(session, kin.wang)}
        assert roles == {
            (kin.mother, PARENT), (kin.father, PARENT), (kin.grandmother, CAREGIVER), (kin.ming, CHILD),
        }  # fmt: skip
        assert {p.id for p in queries.parents(session, kin.wang)} == {kin.mother, kin.father}
        assert [p.id for p in queries.caregivers(session, kin.wang)] == [kin.grandmother]
        assert [p.id for p in queries.children(session, kin.wang)] == [kin.ming]
        assert queries.is_member(session, kin.wang, kin.ming)
        assert not queries.is_member(session, kin.wang, kin.ming, PARENT, CAREGIVER)
        assert not queries.is_member(session, kin.li, kin.ming)


def test_a_family_by_its_child_and_parent(database: Database, kin: Kin, now: datetime) -> None:
    with database.read() as session:
        children = [(family.id, child.id) for family, child in queries.children_of_parent(session, kin.mother)]
        assert sorted(children) == sorted([(kin.wang, kin.ming), (kin.wang_elsewhere, kin.juan)])
        assert queries.children_of_parent(session, kin.grandmother) == []
        assert {p.id for p in queries.parents_of_child(session, kin.ming)} == {kin.mother, kin.father}
        assert [p.id for p in queries.parents_of_child(session, kin.juan)] == [kin.mother]
        assert [p.id for p in queries.caregivers_of_child(session, kin.ming)] == [kin.grandmother]
        assert queries.is_pair(session, kin.wang, kin.ming, kin.father)
        assert not queries.is_pair(session, kin.wang, kin.father, kin.ming)
        assert not queries.is_pair(session, kin.wang, kin.ming, kin.grandmother)
        assert not queries.is_pair(session, kin.wang, kin.juan, kin.mother)  # hers, but of another family
        assert queries.family_of_pair(session, kin.ming, kin.mother) == kin.wang
        assert queries.family_of_pair(session, kin.juan, kin.mother, kin.elsewhere) == kin.wang_elsewhere
        for child, parent, village in (
            (kin.ming, kin.li_mother, None), (kin.juan, kin.father, None), (kin.juan, kin.mother, kin.village),
            (kin.mother, kin.ming, None),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                queries.family_of_pair(session, child, parent, village)


def test_the_first_parent_is_one_to_whom_the_child_may_speak(database: Database, kin: Kin, now: datetime) -> None:
    def first() -> str:
        with database.read() as session:
            return queries.first_parent(session, kin.village, kin.ming, now)

    assert first() == kin.father  # by name, as nobody is allowed yet
    with database.begin() as session:
        given = {"child_id": kin.ming, "given_by": kin.mother, "evidence": "paper", "from_at": now, "now": now}
        service.give_consent(session, contact_id=kin.mother, kind=ConsentKind.CALL, **given)  # type: ignore[arg-type]
    assert first() == kin.mother
    with database.begin() as session:
        service.set_no_contact(session, child_id=kin.ming, contact_id=kin.mother, reason="court", now=now)
    assert first() == kin.father
    with database.read() as session:
        for village, child in ((kin.elsewhere, kin.ming), (kin.village, kin.juan), (kin.village, kin.mother)):
            with pytest.raises(NotFound):
                queries.first_parent(session, village, child, now)


class TestWhoSeesWhom:
    def test_families_see_each_other_and_nobody_else(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.read() as session:

            def seen_by(viewer: str) -> set[str]:
                everybody = (kin.mother, kin.father, kin.grandmother, kin.ming, kin.juan, kin.li_mother, kin.hua)
                return {seen for seen in everybody if queries.person_seen_by(session, viewer, seen, now)}

            assert seen_by(kin.father) == {kin.mother, kin.father, kin.grandmother, kin.ming}
            assert seen_by(kin.mother) == {kin.mother, kin.father, kin.grandmother, kin.ming, kin.juan}
            assert seen_by(kin.li_mother) == {kin.li_mother, kin.hua}

    def test_who_left_sees_and_is_seen_no_more(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            service.end_membership(session, family_id=kin.wang, person_id=kin.father, role=PARENT, now=now)
        with database.read() as session:
            assert not queries.person_seen_by(session, kin.father, kin.ming, now)
            assert not queries.person_seen_by(session, kin.ming, kin.father, now)
            assert queries.person_seen_by(session, kin.father, kin.father, now)
            assert not queries.person_seen_in_village(session, kin.village, kin.father)
            assert queries.children_of_parent(session, kin.father) == []
            assert {p.id for p in queries.parents_of_child(session, kin.ming)} == {kin.mother}

    def test_who_is_kept_apart_sees_nothing_either(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            ban = service.set_no_contact(session, child_id=kin.ming, contact_id=kin.father, reason="court", now=now)
        with database.read() as session:
            assert not queries.person_seen_by(session, kin.father, kin.ming, now)
            assert not queries.person_seen_by(session, kin.ming, kin.father, now)
            assert queries.person_seen_by(session, kin.mother, kin.ming, now)
        with database.begin() as session:
            service.lift_no_contact(session, ban.id, now)
        with database.read() as session:
            assert queries.person_seen_by(session, kin.father, kin.ming, now)

    def test_a_village_sees_its_own(self, database: Database, kin: Kin) -> None:
        with database.read() as session:
            assert queries.person_of_village(session, kin.village, kin.ming).name == "ming"
            assert queries.person_of_village(session, kin.elsewhere, kin.mother).name == "mother"
            with pytest.raises(NotFound):
                queries.person_of_village(session, kin.elsewhere, kin.ming)
            with pytest.raises(NotFound):
                queries.person_of_village(session, kin.village, "aaaaaaaaaaaaaaaa")
