"""Requests for the other parent that race: asked twice, accepted twice, taken back or forbidden meanwhile."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.doors.models import Invitation
from app.doors.parent_requests import MOST_OPEN
from app.families import service as families
from app.families.words import ConsentKind
from app.web.principals import PERSON
from tests.doors.asking import NUMBER, accepts, asked, at_desk, does, error, other_parent, parents, wants
from tests.doors.conftest import Doors
from tests.web.open_house import Guest


def race(*runs: Callable[[], TestResponse]) -> Counter[tuple[int, str | None]]:
    start = Barrier(len(runs))

    def one(run: Callable[[], TestResponse]) -> tuple[int, str | None]:
        start.wait()
        answer = run()
        return answer.status_code, error(answer)

    with ThreadPoolExecutor(len(runs)) as threads:
        return Counter(threads.map(one, runs))


def test_accepted_by_several_at_once_it_is_done_once(doors: Doors) -> None:
    alice = doors.house.scene.alice
    request_id = asked(doors, alice)
    desks = [doors.house.desk(alice) for _ in range(4)]
    found = race(*[lambda desk=desk: accepts(desk, request_id) for desk in desks])
    assert found == {(201, None): 1, (409, "request_decided"): 3}
    assert parents(doors, alice) == ["Alice", "Wei"]
    with doors.house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Invitation)) == 1
    assert len(doors.texts(NUMBER)) == 1


def test_one_number_asked_for_by_both_parents_at_once_stands_once(doors: Doors) -> None:
    alice, now = doors.house.scene.alice, doors.house.clock.now()
    ming = other_parent(doors, alice)
    with doors.house.database.begin() as session:
        families.give_consent(
            session, child_id=alice.child, contact_id=ming, kind=ConsentKind.MESSAGE, given_by=alice.parent,
            evidence="paper", from_at=now, now=now,
        )  # fmt: skip
    phones = [doors.house.parent(alice), Guest(doors.house, doors.house.badge(PERSON, ming, None))] * 2
    found = race(*[lambda phone=phone: wants(doors, alice, by=phone) for phone in phones])
    assert found == {(201, None): 1, (409, "already_asked"): 3}
    assert len(at_desk(doors, alice)) == 1


def test_many_asked_for_at_once_never_stand_above_the_limit(doors: Doors) -> None:
    alice = doors.house.scene.alice
    numbers = [f"+861390000006{number}" for number in range(6)]
    phones = [doors.house.parent(alice) for _ in numbers]
    found = race(
        *[lambda phone=p, number=n: wants(doors, alice, by=phone, number=number)
          for p, n in zip(phones, numbers, strict=True)]
    )  # fmt: skip
    assert found == {(201, None): MOST_OPEN, (409, "too_many_requests"): 6 - MOST_OPEN}
    assert len(at_desk(doors, alice)) == MOST_OPEN


@pytest.mark.parametrize("against", ["withdraw", "decline"])
def test_accepted_while_it_is_withdrawn_or_declined_it_is_one_of_them(doors: Doors, against: str) -> None:
    alice = doors.house.scene.alice
    request_id = asked(doors, alice)
    phone, desk, other = doors.house.parent(alice), doors.house.desk(alice), doors.house.desk(alice)
    found = race(
        lambda: accepts(desk, request_id),
        lambda: does(phone, request_id, "withdraw") if against == "withdraw"
        else does(other, request_id, "decline", reason="no"),
    )  # fmt: skip
    assert sorted(status for status, _error in found) in ([200, 409], [201, 409])
    assert ("Wei" in parents(doors, alice)) == ((201, None) in found)
    assert len(doors.texts(NUMBER)) == found[(201, None)]


def test_the_consent_ends_while_it_is_accepted(doors: Doors) -> None:
    """Whichever comes first: nobody is taken in by a parent who was kept apart before."""
    alice = doors.house.scene.alice
    request_id = asked(doors, alice)
    desk, other = doors.house.desk(alice), doors.house.desk(alice)
    ban = {"child_id": alice.child, "contact_id": alice.parent, "reason": "court"}
    found = race(lambda: accepts(desk, request_id), lambda: other.command("/api/no_contacts", ban))
    assert (found == {(201, None): 2}) == ("Wei" in parents(doors, alice))
    assert found[(201, None)] == 2 or found == {(201, None): 1, (409, "no_contact"): 1}
