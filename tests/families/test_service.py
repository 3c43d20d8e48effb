"""Use cases of families, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.families import queries, service
from app.families.models import Family, Member, Person, Photo
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import Invalid, NotFound, Refused
from app.kernel.numbers import E164
from app.storage.database import Database
from app.web.models import Change
from tests.families.conftest import CAREGIVER, Kin
from tests.families.pictures import bands, packed

CALL, PHOTO = ConsentKind.CALL, ConsentKind.PHOTO
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
NOBODY = "aaaaaaaaaaaaaaaa"


def told(database: Database) -> set[tuple[str, str]]:
    with database.read() as session:
        return {(change.topic, change.subject_id) for change in session.scalars(select(Change))}


class TestPersons:
    def test_a_phone_is_kept_as_it_is_dialled_from_anywhere(self, database: Database) -> None:
        given: dict[str, Any] = {"zone": "Asia/Shanghai", "language": "zh-CN"}
        with database.begin() as session:
            mother = service.add_person(session, name=" 王芳 ", phone="138 1234 5678", region="CN", **given)
            aunt = service.add_person(session, name="王丽", phone="+86 13812345678", **given)
            child = service.add_person(session, name="小明", phone=" ", **given)
        assert (mother.name, mother.phone, child.phone) == ("王芳", "+8613812345678", None)
        with database.read() as session:
            sharing = queries.persons_with_phone(session, E164("+8613812345678"))
            assert {person.id for person in sharing} == {mother.id, aunt.id}

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"name": ""}, "bad_name"),
            ({"name": "小\x00明"}, "bad_name"),
            ({"zone": "Mars/Olympus"}, "unknown_zone"),
            ({"language": "tlh"}, "unknown_language"),
            ({"phone": "138 1234 5678"}, "bad_number"),  # of no country
            ({"phone": "12", "region": "CN"}, "bad_number"),
        ],
    )
    def test_what_is_wrong_is_refused(self, database: Database, wrong: dict[str, str], code: str) -> None:
        given: dict[str, Any] = {"name": "小明", "zone": "Asia/Shanghai", "language": "zh-CN"} | wrong
        with database.begin() as session, pytest.raises(Invalid, match=code):
            service.add_person(session, **given)
        with database.read() as session:
            assert session.scalars(select(Person)).all() == []


class TestEmblems:
    def test_an_emblem_stands_for_one_family_of_a_village(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            with pytest.raises(Refused, match="emblem_taken"):
                service.add_family(session, village_id=kin.village, name="赵", emblem="fox", now=now)
            with pytest.raises(Invalid, match="unknown_emblem"):
                service.add_family(session, village_id=kin.village, name="赵", emblem="unicorn", now=now)
            with pytest.raises(NotFound):
                service.add_family(session, village_id=NOBODY, name="赵", emblem="ox", now=now)
            service.add_family(session, village_id=kin.elsewhere, name="赵", emblem="kite", now=now)
        with database.read() as session:
            assert queries.emblems_taken(session, kin.village) == {"fox", "kite"}

    def test_the_index_holds_where_the_look_was_too_early(
        self, database: Database, kin: Kin, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queries, "emblems_taken", lambda *_: set())
        with database.begin() as session:
            with pytest.raises(Refused, match="emblem_taken"):
                service.add_family(session, village_id=kin.village, name="赵", emblem="fox", now=now)
            kept = service.add_family(session, village_id=kin.village, name="赵", emblem="ox", now=now)
        with database.read() as session:
            assert queries.family_of_village(session, kin.village, kept.id).emblem == "ox"

    def test_of_many_at_once_one_gets_it(self, database: Database, kin: Kin, now: datetime) -> None:
        together = Barrier(8)

        def choose(n: int) -> str:
            together.wait()
            try:
                with database.begin() as session:
                    return service.add_family(session, village_id=kin.village, name=f"{n}", emblem="ox", now=now).id
            except Refused as refused:
                return refused.code

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(choose, range(8)))
        assert answers.count("emblem_taken") == 7
        with database.read() as session:
            with_ox = session.scalars(select(Family.id).where(Family.emblem == "ox")).all()
            assert set(with_ox) == set(answers) - {"emblem_taken"}


class TestMembers:
    def test_a_member_leaves_and_comes_back(self, database: Database, kin: Kin, now: datetime) -> None:
        known: dict[str, Any] = {"family_id": kin.wang, "person_id": kin.grandmother, "role": CAREGIVER}
        with database.begin() as session, pytest.raises(Refused, match="already_member"):
            service.add_member(session, **known, now=now)
        with database.begin() as session:
            service.end_membership(session, **known, now=now)
        with database.begin() as session, pytest.raises(Refused, match="already_left"):
            service.end_membership(session, **known, now=now)
        with database.read() as session:
            assert not queries.is_member(session, kin.wang, kin.grandmother)
        with database.begin() as session:
            service.add_member(session, **known, now=now)
        with database.read() as session:
            assert queries.is_member(session, kin.wang, kin.grandmother)
            rows = select(Member).where(Member.person_id == kin.grandmother)
            assert len(session.scalars(rows).all()) == 1

    def test_the_index_holds_where_the_look_was_too_early(self, database: Database, kin: Kin, now: datetime) -> None:
        together = Barrier(4)

        def join(_n: int) -> str:
            together.wait()
            try:
                with database.begin() as session:
                    service.add_member(session, family_id=kin.li, person_id=kin.mother, role=CAREGIVER, now=now)
                    return "joined"
            except Refused as refused:
                return refused.code

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(join, range(4))) == ["already_member"] * 3 + ["joined"]

    @pytest.mark.parametrize("wrong", [{"family_id": NOBODY}, {"person_id": NOBODY}])
    def test_who_is_not_there(self, database: Database, kin: Kin, now: datetime, wrong: dict[str, str]) -> None:
        given: dict[str, Any] = {"family_id": kin.li, "person_id": kin.mother, "role": CAREGIVER, "now": now} | wrong
        with database.begin() as session, pytest.raises(NotFound):
            service.add_member(session, **given)
        with database.begin() as session, pytest.raises(NotFound):
            service.end_membership(session, **given)


class TestPhotos:
    def test_a_new_photo_takes_the_place_of_the_old_one(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            first = service.set_photo(session, kin.ming, packed(bands(), "JPEG"), now)
            other = service.set_photo(session, kin.hua, packed(bands(), "PNG"), now)
        with database.begin() as session:
            second = service.set_photo(session, kin.ming, packed(bands(300, 300), "PNG"), now)
        assert len({first, second, other}) == 3
        with database.read() as session:
            assert queries.person(session, kin.ming).photo_id == second
            kept = session.execute(select(Photo.id, Photo.edge_px, Photo.person_id)).all()
            assert {tuple(row) for row in kept} == {
                (second, 96, kin.ming), (second, 320, kin.ming), (other, 96, kin.hua), (other, 320, kin.hua),
            }  # fmt: skip
            assert queries.photo(session, second, 96).webp[8:12] == b"WEBP"
            with pytest.raises(NotFound):
                queries.photo(session, first, 96)

    def test_what_is_no_photo_leaves_the_old_one(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            kept = service.set_photo(session, kin.ming, packed(bands(), "JPEG"), now)
        with pytest.raises(Invalid, match="not_a_photo"), database.begin() as session:
            service.set_photo(session, kin.ming, b"dear diary", now)
        with pytest.raises(NotFound), database.begin() as session:
            service.set_photo(session, NOBODY, packed(bands(), "JPEG"), now)
        with database.read() as session:
            assert queries.person(session, kin.ming).photo_id == kept
            assert queries.photo(session, kept, 320).person_id == kin.ming


class TestHints:
    @pytest.fixture
    def wangs(self, database: Database, kin: Kin) -> set[tuple[str, str]]:
        with database.begin() as session:
            session.execute(delete(Change))
        family = {("person", person) for person in (kin.mother, kin.father, kin.grandmother, kin.ming)}
        return {("village", kin.village), *family}

    def test_a_photo_is_told_to_the_family_and_the_village(
        self, database: Database, kin: Kin, now: datetime, wangs: set[tuple[str, str]]
    ) -> None:
        with database.begin() as session:
            service.set_photo(session, kin.ming, packed(bands(), "JPEG"), now)
        assert told(database) == wangs

    def test_who_leaves_is_told_too(
        self, database: Database, kin: Kin, now: datetime, wangs: set[tuple[str, str]]
    ) -> None:
        with database.begin() as session:
            service.end_membership(session, family_id=kin.wang, person_id=kin.father, role=MemberRole.PARENT, now=now)
        assert told(database) == wangs
