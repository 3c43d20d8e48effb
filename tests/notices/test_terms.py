"""What a village decided holds for its notices: on or off, when others are asked, budgets that no race goes beyond."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.kernel.local_time import instant_of
from app.notices import deciding, terms
from app.notices.channels import Reach
from app.notices.models import Notice, PushSubscription, StoppedNumber
from app.notices.service import UNANSWERED, plan
from app.notices.words import NoticeState
from app.storage.database import Database
from tests.notices.conftest import People, settle
from tests.notices.stage import NOW, due_rows, params

REACHED = Reach(has_number=True, has_push=False, is_stopped=False, may_spend=True)


def decide(database: Database, people: People, **given: Any) -> None:
    with database.begin() as session:
        deciding.change(session, people.village, given)


def planned(database: Database, people: People, template: str = "booked", key: str = "k", **given: Any) -> str:
    family_id = people.village.replace("village", "family")
    with database.begin() as session:
        return plan(
            session, template=template, subject="call:1", key=key,
            params=params(code="1", until_at=NOW, name="奶奶"),
            due_at=given.pop("due_at", NOW), now=NOW,
            **{"person_id": people.parent, "family_id": family_id} | given,
        )  # fmt: skip


def spend(database: Database, notice_id: str, segments: int = 1) -> bool:
    with database.begin() as session:
        return terms.spend(session, session.get_one(Notice, notice_id), segments, NOW)


def spent(database: Database, people: People) -> int:
    with database.read() as session:
        return terms.spent_by_village(session, people.village, NOW)


def reached(database: Database, notice_id: str, *, look_up: bool = False) -> Reach:
    with database.read() as session:
        notice = session.get_one(Notice, notice_id)
        if look_up:
            terms.look_up(session, [notice])
        return terms.reach(session, notice, NOW)


def spend_at_once(database: Database, notice_ids: Sequence[str], segments: int) -> list[bool]:
    """Each by a thread of its own; on PostgreSQL all transactions are open before any of them spends."""
    together, went = threading.Barrier(len(notice_ids)), list[bool]()

    def one(notice_id: str) -> None:
        if database.is_sqlite:
            together.wait()
        with database.begin() as session:
            notice = session.get_one(Notice, notice_id)
            if not database.is_sqlite:
                together.wait()
            went.append(terms.spend(session, notice, segments, NOW))

    threads = [threading.Thread(target=one, args=(notice_id,)) for notice_id in notice_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return went


def test_without_a_budget_all_is_counted_and_nothing_held(database: Database, people: People) -> None:
    notice_id = planned(database, people)
    assert [spend(database, notice_id, 2) for _ in range(3)] == [True] * 3
    assert spent(database, people) == 6


def test_a_family_goes_to_its_budget_and_not_beyond(database: Database, people: People) -> None:
    decide(database, people, family_segments=5)
    news, change = planned(database, people), planned(database, people, "cancelled", "c")
    assert [spend(database, news, 2) for _ in range(3)] == [True, True, False]
    assert spend(database, news, 1)
    assert not reached(database, news).may_spend
    assert spend(database, change, 3), "what is essential is sent all the same, and counted"
    assert spent(database, people) == 8


def test_a_budget_of_nothing_lets_only_the_essential_through(database: Database, people: People) -> None:
    decide(database, people, family_segments=0)
    assert not spend(database, planned(database, people))
    assert spend(database, planned(database, people, "moved", "m"))


def test_a_village_goes_to_its_budget_whatever_its_families_have_left(database: Database, people: People) -> None:
    decide(database, people, village_segments=3, family_segments=100)
    of_family, of_village = planned(database, people), planned(database, people, family_id=None, key="v")
    assert spend(database, of_family, 2)
    assert not spend(database, of_village, 2)
    assert spend(database, of_village, 1)
    assert not spend(database, of_family, 1)
    other = settle(database, "2")
    assert spend(database, planned(database, other, key="other")), "the next village's month is its own"
    assert spent(database, people) == 3


def test_many_at_once_do_not_go_beyond_a_familys_budget(database: Database, people: People) -> None:
    decide(database, people, family_segments=7)
    assert sorted(spend_at_once(database, [planned(database, people)] * 6, 2)) == [False] * 3 + [True] * 3
    assert spent(database, people) == 6


def test_many_families_at_once_do_not_go_beyond_their_villages_budget(database: Database, people: People) -> None:
    decide(database, people, village_segments=5)
    ids = [planned(database, people, key="f"), planned(database, people, family_id=None, key="v")]
    assert sorted(spend_at_once(database, ids * 3, 2)) == [False] * 4 + [True] * 2
    assert spent(database, people) == 4


def test_what_did_not_go_out_is_given_back_to_its_month(database: Database, people: People) -> None:
    decide(database, people, family_segments=2)
    notice_id = planned(database, people)
    assert spend(database, notice_id, 2)
    with database.begin() as session:
        terms.give_back(session, session.get_one(Notice, notice_id), 2, NOW)
        terms.give_back(session, session.get_one(Notice, notice_id), 2, NOW + timedelta(days=31))
    assert spent(database, people) == 0
    assert spend(database, notice_id, 2)


def test_a_month_begins_at_midnight_in_the_village(database: Database, people: People) -> None:
    decide(database, people, family_segments=1)
    notice_id = planned(database, people)
    midnight = instant_of(NOW.replace(month=12, day=1, hour=0, tzinfo=None), "Asia/Shanghai")
    for at, has_room in ((NOW, True), (midnight - timedelta(seconds=1), False), (midnight, True)):
        with database.begin() as session:
            assert terms.spend(session, session.get_one(Notice, notice_id), 1, at) is has_room


def test_codes_are_on_nobodys_budget(database: Database, people: People) -> None:
    decide(database, people, family_segments=0, village_segments=0)
    code = planned(database, people, "sign_in_code", family_id=None, number="+8613800000999")
    assert spend(database, code, 3)
    assert spent(database, people) == 0
    assert reached(database, code) == REACHED


def test_an_account_is_the_families_or_else_the_villages(database: Database, people: People) -> None:
    ids = planned(database, people), planned(database, people, family_id=None, key="v")
    with database.read() as session:
        accounts = [terms.account(session.get_one(Notice, notice_id)) for notice_id in ids]
    assert accounts == [(people.village, "family1"), (people.village, "")]


def test_a_kind_that_is_off_is_off_in_that_village_alone(database: Database, people: People) -> None:
    other = settle(database, "2")
    with database.begin() as session:
        deciding.choose(session, people.village, "booked", {"is_on": False})
        deciding.choose(session, people.village, "cancelled", {"is_on": False})
    own, theirs = planned(database, people), planned(database, other, key="other")
    needed = planned(database, people, "cancelled", "c")
    with database.read() as session:
        assert not terms.is_on(session, session.get_one(Notice, own))
        assert terms.is_on(session, session.get_one(Notice, theirs))
        assert terms.is_on(session, session.get_one(Notice, needed)), "nobody can do without this"


@pytest.mark.parametrize("look_up", [True, False])
def test_how_a_reader_is_reached(database: Database, people: People, look_up: bool) -> None:
    notice_id = planned(database, people)
    assert reached(database, notice_id, look_up=look_up) == REACHED
    with database.begin() as session:
        session.add(StoppedNumber(number="+8613800000011", stopped_at=NOW))
        session.add(
            PushSubscription(
                id="push", principal=f"person:{people.parent}", device_id="d", endpoint="https://push.example/1",
                endpoint_hash="h", p256dh="p", auth="a", made_at=NOW,
            )
        )  # fmt: skip
    assert reached(database, notice_id, look_up=look_up) == replace(REACHED, is_stopped=True), "no push in this zone"
    decide(database, people, is_push_on=True)
    assert reached(database, notice_id, look_up=look_up) == replace(REACHED, is_stopped=True, has_push=True)
    with database.begin() as session:
        session.get_one(PushSubscription, "push").ended_at = NOW
    assert not reached(database, notice_id, look_up=look_up).has_push


def test_a_desk_is_reached_by_no_number(database: Database, people: People) -> None:
    notice_id = planned(database, people, "unreached", person_id=None, family_id=None, village_id=people.village)
    assert reached(database, notice_id) == Reach(
        has_number=False, has_push=False, is_stopped=False, may_spend=True, is_desk=True
    )


@pytest.mark.parametrize(
    ("template", "hour", "waits_until"),
    [("released", 21, (24, 6)), ("released", 20, None), ("booked", 23, None), ("released", 5, (23, 6))],
)
def test_gentle_kinds_keep_the_villages_quiet_hours(
    database: Database, people: People, template: str, hour: int, waits_until: tuple[int, int] | None
) -> None:
    decide(database, people, quiet_from_minute=21 * 60, quiet_until_minute=6 * 60)
    due_at = instant_of(NOW.replace(hour=hour, tzinfo=None), "Asia/Shanghai")
    notice_id = planned(database, people, template, due_at=due_at)
    with database.read() as session:
        notice = session.get_one(Notice, notice_id)
    awake = waits_until and instant_of(
        NOW.replace(day=waits_until[0], hour=waits_until[1], tzinfo=None), "Asia/Shanghai"
    )
    assert notice.due_at == (awake or due_at)
    assert notice.state is not NoticeState.OUT


def test_when_others_are_asked_is_the_kinds_or_the_villages_time(database: Database, people: People) -> None:
    with database.begin() as session:
        deciding.choose(session, people.village, "chase", {"escalate_minutes": 20})
    decided = planned(database, people, "chase", "1")
    usual = planned(database, settle(database, "2"), "chase", "2")
    never = planned(database, people, "booked", "3")
    due = {row.payload["notice"]: row.due_at for row in due_rows(database, UNANSWERED)}
    assert due == {decided: NOW + timedelta(minutes=20), usual: NOW + timedelta(hours=1)}
    assert never not in due
