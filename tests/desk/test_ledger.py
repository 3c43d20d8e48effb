"""The ledger on both databases: each child's line, the village's weeks, what failed, and the border."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from app.calls.models import Call
from app.calls.words import Origin, Outcome
from app.desk import hearings, hours
from app.desk import ledger as ledgers
from app.desk.shapes import LedgerShape
from app.families import service as families
from app.families.models import Member
from app.families.words import MemberRole
from app.kernel.errors import Invalid
from app.storage.database import Database
from app.web.principals import Principal
from tests.desk.conftest import Desk
from tests.desk.many import enrol_families
from tests.scene import NOW, at

MOST_STATEMENTS = 8


def ledger(desk: Desk, who: Principal) -> LedgerShape:
    with desk.database.read() as session:
        return ledgers.ledger(session, who, desk.now)


def test_the_ledger_sums_up_each_child_longest_unheard_first(desk: Desk) -> None:
    alice, bob = desk.scene.alice, desk.scene.bob
    desk.ended(alice, NOW - timedelta(hours=3), Outcome.HELD, seconds=754)
    desk.ended(alice, NOW - timedelta(days=5), Outcome.HELD, seconds=300)
    desk.ended(alice, NOW - timedelta(days=6), Outcome.MISSED, reason="nobody_came")
    desk.ended(bob, NOW - timedelta(days=45), Outcome.HELD, seconds=900)
    desk.ended(bob, NOW - timedelta(days=2), Outcome.CANCELLED, reason="sick")
    shown = ledger(desk, desk.lee)
    of_bob, of_alice = shown.children
    assert (of_bob.child.id, of_bob.overdue, of_bob.held, of_bob.missed) == (bob.child, True, 0, 0)
    assert of_bob.last_heard_at == NOW - timedelta(days=45) + timedelta(seconds=900)
    assert (of_alice.child.id, of_alice.overdue, of_alice.held, of_alice.missed) == (alice.child, False, 2, 1)
    assert (of_alice.minutes_week, of_alice.minutes_month) == (13, 18)
    assert of_alice.last_heard_at == NOW - timedelta(hours=3) + timedelta(seconds=754)
    assert [(call.outcome, call.reason) for call in shown.calls] == [
        ("held", None), ("cancelled", "sick"), ("held", None), ("missed", "nobody_came")
    ]  # fmt: skip


def test_twelve_weeks_of_the_village_and_of_a_child(desk: Desk) -> None:
    alice, bob = desk.scene.alice, desk.scene.bob
    desk.ended(alice, NOW - timedelta(hours=3), Outcome.HELD, seconds=600)
    desk.ended(alice, NOW - timedelta(weeks=1), Outcome.HELD, seconds=300)
    desk.ended(bob, NOW - timedelta(weeks=1), Outcome.HELD, seconds=300)
    desk.ended(bob, NOW - timedelta(weeks=1, hours=-1), Outcome.MISSED, reason="village_absent")
    desk.ended(bob, NOW - timedelta(weeks=11), Outcome.HELD, seconds=120)
    desk.ended(bob, NOW - timedelta(weeks=12), Outcome.HELD, seconds=120)
    shown = ledger(desk, desk.lee)
    assert [week.week.isoformat() for week in (shown.weeks[0], shown.weeks[-1])] == ["2026-09-07", "2026-11-23"]
    sums = [(week.heard, week.calls_held, week.calls_missed, week.minutes) for week in shown.weeks]
    assert sums == [(1, 1, 0, 2), *[(0, 0, 0, 0)] * 9, (2, 2, 1, 10), (1, 1, 0, 10)]
    assert [week.children for week in shown.weeks[-2:]] == [2, 2]
    weeks = {line.child.id: line.weeks for line in shown.children}
    assert weeks == {alice.child: [0] * 10 + [5, 10], bob.child: [2] + [0] * 9 + [5, 0]}


def test_what_failed_is_counted_by_its_reason(desk: Desk) -> None:
    alice, bob = desk.scene.alice, desk.scene.bob
    for whom, reason in ((alice, "nobody_came"), (bob, "nobody_came"), (bob, "parent_absent")):
        desk.ended(whom, NOW - timedelta(days=3), Outcome.MISSED, reason=reason)
    desk.ended(bob, NOW - timedelta(days=31), Outcome.MISSED, reason="no_connection")
    desk.ended(bob, NOW - timedelta(days=1), Outcome.CANCELLED, reason="weather")
    shown = ledger(desk, desk.lee)
    assert [(failure.reason, failure.count) for failure in shown.failures] == [
        ("nobody_came", 2), ("parent_absent", 1), ("weather", 1)
    ]  # fmt: skip
    assert {line.child.id: line.reasons[0] for line in shown.children} == {
        alice.child: "nobody_came", bob.child: "weather"
    }  # fmt: skip


def test_what_is_cancelled_for_later_or_was_offered_to_nobody_has_not_failed(desk: Desk) -> None:
    desk.ended(desk.scene.alice, NOW + timedelta(days=1), Outcome.CANCELLED, reason="sick")
    offered = desk.ended(desk.scene.alice, NOW - timedelta(days=1), Outcome.CANCELLED, reason="proposal_expired")
    with desk.database.begin() as session:
        call = session.get_one(Call, offered)
        call.origin, call.expires_at = Origin.WAIT, NOW - timedelta(days=2)
    assert ledger(desk, desk.lee).failures == []


def test_a_line_says_when_the_child_speaks_next(desk: Desk) -> None:
    desk.scene.book(desk.scene.alice, at(19, day=25))
    desk.scene.book(desk.scene.alice, at(19, day=24))
    shown = {line.child.id: line.next_call_at for line in ledger(desk, desk.lee).children}
    assert shown == {desk.scene.alice.child: at(19, day=24), desk.scene.bob.child: None}


def test_a_child_that_was_never_heard_stands_on_top(desk: Desk) -> None:
    desk.ended(desk.scene.alice, NOW - timedelta(days=300), Outcome.HELD, seconds=60)
    lines = ledger(desk, desk.lee).children
    assert [(line.child.id, line.last_heard_at is None) for line in lines] == [
        (desk.scene.bob.child, True), (desk.scene.alice.child, False)
    ]  # fmt: skip


def test_who_is_overdue_follows_from_what_the_village_promised(desk: Desk) -> None:
    desk.ended(desk.scene.alice, NOW - timedelta(days=10), Outcome.HELD, seconds=60)
    overdue = []
    for days in (7, 14):
        with desk.database.begin() as session:
            hours.set_promise(session, desk.lee, days, NOW)
        shown = ledger(desk, desk.lee)
        overdue.append((shown.promise_days, {line.child.id: line.overdue for line in shown.children}))
    of_bob = {desk.scene.bob.child: True}
    assert overdue == [(7, {desk.scene.alice.child: True} | of_bob), (14, {desk.scene.alice.child: False} | of_bob)]
    assert ledger(desk, desk.mo).promise_days == 7
    assert desk.audit() == [(desk.lee.subject_id, "set_promise", f"village:{desk.lee.village}")] * 2


@pytest.mark.parametrize("days", [0, -1, 32, 10**9])
def test_a_promise_that_no_village_can_make(desk: Desk, days: int) -> None:
    with pytest.raises(Invalid) as refused, desk.database.begin() as session:
        hours.set_promise(session, desk.lee, days, NOW)
    assert refused.value.code == "bad_promise"
    assert desk.audit() == []


def test_who_left_is_in_the_weeks_alone(desk: Desk) -> None:
    bob = desk.scene.bob
    desk.ended(bob, NOW - timedelta(weeks=2), Outcome.HELD, seconds=600)
    with desk.database.begin() as session:
        session.query(Member).update({Member.joined_at: NOW - timedelta(weeks=5)})
        a_week_ago = NOW - timedelta(weeks=1)
        families.end_membership(
            session, family_id=bob.family, person_id=bob.child, role=MemberRole.CHILD, now=a_week_ago
        )
    shown = ledger(desk, desk.lee)
    assert [line.child.id for line in shown.children] == [desk.scene.alice.child]
    assert [week.children for week in shown.weeks] == [0] * 6 + [2] * 4 + [1, 1]
    assert shown.weeks[-3].heard == 1


def test_who_comes_back_counts_from_then(desk: Desk) -> None:
    bob = desk.scene.bob
    with desk.database.begin() as session:
        session.query(Member).update({Member.joined_at: NOW - timedelta(weeks=5)})
        for change, when in ((families.end_membership, NOW - timedelta(weeks=3)), (families.add_member, NOW)):
            change(session, family_id=bob.family, person_id=bob.child, role=MemberRole.CHILD, now=when)
    assert [week.children for week in ledger(desk, desk.lee).weeks][-3:] == [1, 1, 2]


def test_what_is_still_to_come_is_not_in_the_ledger(desk: Desk) -> None:
    desk.scene.book(desk.scene.alice, at(19))
    assert ledger(desk, desk.lee).calls == []


def test_the_ledger_ends_at_the_border(desk: Desk) -> None:
    desk.ended(desk.scene.alice, NOW - timedelta(hours=3), Outcome.HELD, seconds=754)
    desk.ended(desk.scene.alice, NOW - timedelta(hours=4), Outcome.MISSED, reason="nobody_came")
    shown = ledger(desk, desk.mo)
    assert [line.child.id for line in shown.children] == [desk.scene.charlie.child]
    assert (shown.calls, shown.failures) == ([], [])
    assert {(week.heard, week.calls_held, week.calls_missed, week.minutes) for week in shown.weeks} == {(0, 0, 0, 0)}


def test_all_kinds_of_hearing_count_as_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another kind is one more read; here the same calls a second time."""
    heard_at = NOW - timedelta(hours=3) + timedelta(seconds=600)
    desk.ended(desk.scene.alice, NOW - timedelta(hours=3), Outcome.HELD, seconds=600)
    monkeypatch.setattr(hearings, "KINDS", hearings.KINDS * 2)
    shown = ledger(desk, desk.lee)
    of_alice = shown.children[1]
    assert (of_alice.last_heard_at, of_alice.minutes_week, of_alice.held) == (heard_at, 20, 1)
    assert (shown.weeks[-1].heard, shown.weeks[-1].minutes, shown.weeks[-1].calls_held) == (1, 20, 1)


def statements(database: Database, desk: Desk) -> int:
    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        shown = ledger(desk, desk.lee)
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    assert shown.children
    return len(asked)


def test_two_hundred_families_take_no_more_statements_than_two(desk: Desk) -> None:
    few = statements(desk.database, desk)
    with desk.database.begin() as session:
        enrol_families(session, desk.scene.alice, 200, NOW)
    many = statements(desk.database, desk)
    assert few == many <= MOST_STATEMENTS
    shown = ledger(desk, desk.lee)
    assert (len(shown.children), len({call.child.id for call in shown.calls})) == (202, 200)
