"""A roster is published: its rows become calls, what was taken meanwhile stays without, everybody is told once."""

import contextlib
import threading
from collections import Counter
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import flows
from app.calls import booking
from app.calls.booking import Actor, Wish
from app.calls.models import Call, CallEvent, Claim
from app.calls.words import CallState, Origin, Outcome
from app.desk import audit
from app.families import service as families
from app.families.words import ConsentKind, MemberRole
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.kernel.errors import HomethreadError, Refused
from app.kernel.events import EVENT_KINDS
from app.notices.models import Notice
from app.roster.words import RosterState
from app.storage.database import Database
from app.villages import service as villages
from tests.desk.conftest import Desk
from tests.desk.weeks import Weeks, evening
from tests.jobs.stage import in_threads
from tests.notices.stage import due_rows
from tests.scene import Household

PATIENCE_SECONDS = 0.5  # within which whoever need not wait has long finished


@pytest.fixture
def weeks(desk: Desk) -> Weeks:
    return Weeks(desk)


@pytest.fixture
def roster(weeks: Weeks) -> str:
    return weeks.arranged()


def refused(weeks: Weeks, roster_id: str, whom: Household) -> list[tuple[str, str]]:
    """Why rows of a child have no slot though they had one in the draft, and which."""
    rows = [row for row in weeks.shape(roster_id).assignments if row.child.id == whom.child and row.starts_at is None]
    whys = [why for row in rows for why in row.reasons if "starts_at" in why]
    assert all(row.call_id is None for row in rows)
    return [(why["code"], why["starts_at"]) for why in whys]


def told(weeks: Weeks) -> Counter[tuple[str | None, str]]:
    """(person, template) of the notices of rosters, after all events were followed."""
    database, clock = weeks.desk.database, weeks.desk.scene.clock
    steps = {f"event:{kind}": flows.follow for kind in EVENT_KINDS}
    worker = Worker(database, clock, Handlers(steps=steps, errands={}))
    while worker.run_due(Lane.STEP):
        pass
    with database.read() as session:
        found = session.execute(select(Notice.person_id, Notice.template))
        return Counter((who, template) for who, template in found if template.startswith(("rostered", "booked")))


def test_each_row_becomes_a_call(weeks: Weeks, roster: str) -> None:
    weeks.publish(roster)
    alice, bob = weeks.calls()
    assert [call.starts_at for call in (alice, bob)] == [evening(18, day=2), evening(18, 20, day=2)]
    assert [call.confirm_by for call in (alice, bob)] == [evening(12, day=2), evening(12, 20, day=2)]
    assert {(call.origin, call.state) for call in (alice, bob)} == {(Origin.ROSTER, CallState.BOOKED)}
    found = weeks.shape(roster)
    assert (found.state, found.published_at, found.can_undo) == (RosterState.PUBLISHED, weeks.now, False)
    assert weeks.row(roster, weeks.desk.scene.alice).call_id == alice.id
    with weeks.desk.database.read() as session:
        (entry,) = [e for e in audit.page(session, weeks.desk.lee, None).entries if e.action == "publish_roster"]
    assert (entry.about, entry.detail) == ("2026-11-30", {"week": "2026-11-30", "calls": 2, "refused": 0})


def test_everybody_is_told_once(weeks: Weeks, roster: str) -> None:
    weeks.publish(roster)
    scene = weeks.desk.scene
    people = [scene.alice.parent, scene.alice.caregiver, scene.bob.parent, scene.bob.caregiver]
    assert told(weeks) == {(who, "rostered"): 1 for who in people}
    assert len(due_rows(weeks.desk.database, "event:RosterPublished")) == 1


def test_only_one_version_is_published(weeks: Weeks, roster: str) -> None:
    """A coordinator publishes what they saw; another has changed it since."""
    seen = weeks.shape(roster).version
    weeks.assign(roster, weeks.row(roster, weeks.desk.scene.bob), evening(20, day=2))
    with pytest.raises(HomethreadError, match="stale_roster") as stale:
        weeks.publish(roster, seen)
    assert stale.value.detail == {"version": seen + 1}
    assert weeks.calls() == []
    weeks.publish(roster)
    with pytest.raises(HomethreadError, match="roster_published"):
        weeks.publish(roster)
    with pytest.raises(HomethreadError, match="roster_published"):
        weeks.assign(roster, weeks.row(roster, weeks.desk.scene.bob), None)


def test_two_publish_at_once(weeks: Weeks, roster: str) -> None:
    seen, outcomes = weeks.shape(roster).version, list[str]()

    def publish() -> None:
        try:
            weeks.publish(roster, seen)
            outcomes.append("published")
        except HomethreadError as refused:
            outcomes.append(refused.code)

    in_threads([publish] * 3)
    assert sorted(outcomes) == ["published", "stale_roster", "stale_roster"]
    assert len(weeks.calls()) == 2


class TestWhatWasTakenMeanwhile:
    def test_by_another_call_on_the_terminal(self, weeks: Weeks, roster: str) -> None:
        (dora,) = weeks.family("Dora")
        weeks.desk.scene.book(dora, evening(18, day=2))
        weeks.publish(roster)
        assert refused(weeks, roster, weeks.desk.scene.alice) == [("slot_taken", evening(18, day=2).isoformat())]
        assert weeks.row(roster, weeks.desk.scene.bob).call_id

    def test_by_another_call_of_a_person(self, weeks: Weeks, roster: str) -> None:
        alice, bob = weeks.desk.scene.alice, weeks.desk.scene.bob
        with weeks.desk.database.begin() as session:
            villages.add_terminal(session, alice.village, "Another", weeks.now)
        weeks.desk.scene.book(alice, evening(18, day=2))
        weeks.publish(roster)
        assert [code for code, _slot in refused(weeks, roster, alice)] == ["parent_in_call"]
        assert weeks.row(roster, bob).call_id

    def test_by_a_closure_a_consent_and_a_member_who_left(self, weeks: Weeks, roster: str) -> None:
        alice, bob = weeks.desk.scene.alice, weeks.desk.scene.bob
        (dora,) = weeks.family("Dora")
        weeks.redraft(roster)
        weeks.work()
        weeks.assign(roster, weeks.row(roster, dora), evening(9, day=6))
        weeks.assign(roster, weeks.row(roster, alice), evening(18, day=2))
        with weeks.desk.database.begin() as session:
            families.end_membership(
                session, family_id=bob.family, person_id=bob.parent, role=MemberRole.PARENT, now=weeks.now
            )
            families.set_no_contact(
                session, child_id=dora.child, contact_id=dora.parent, reason="court", now=weeks.now
            )  # fmt: skip
            villages.add_closure(
                session, alice.village, terminal_id=None, starts_at=evening(18, day=2), ends_at=evening(20, day=2),
                reason="flood", now=weeks.now,
            )  # fmt: skip
        weeks.publish(roster)
        for whom, code in ((alice, "outside_hours"), (bob, "left_family"), (dora, "no_contact")):
            assert {each for each, _slot in refused(weeks, roster, whom)} == {code}
        assert weeks.shape(roster).state is RosterState.PUBLISHED

    def test_by_the_clock(self, weeks: Weeks, roster: str) -> None:
        """Alice's call has passed, and Bob's is too near for anybody to confirm it first."""
        weeks.desk.scene.clock.at = evening(18, 10, day=2)
        weeks.publish(roster)
        assert [code for code, _slot in refused(weeks, roster, weeks.desk.scene.alice)] == ["in_the_past"]
        (call,) = weeks.calls()
        assert (call.child_id, call.confirm_by) == (weeks.desk.scene.bob.child, None)


def test_a_week_is_published_again_with_what_is_new(weeks: Weeks, roster: str) -> None:
    """Bob cannot; the week is drafted anew around Alice's call, for Bob and for Dora, who has come since."""
    scene = weeks.desk.scene
    weeks.publish(roster)
    alice_call, bob_call = weeks.calls()
    before = told(weeks)
    with weeks.desk.database.begin() as session:
        booking.cancel(session, bob_call.id, scene.bob.parent_acts, "shift_changed", None, weeks.now)
    (dora,) = weeks.family("Dora")
    again = weeks.redraft(roster)
    assert again != roster
    weeks.work()
    rows = weeks.shape(again).assignments
    assert [row.call_id for row in rows if row.is_fixed] == [alice_call.id]
    for row in rows:
        if row.child.id == scene.alice.child and not row.is_fixed:
            weeks.assign(again, row, None)
    weeks.publish(again)
    new = [call for call in weeks.calls() if call.id != alice_call.id]
    assert {call.child_id for call in new} == {scene.bob.child, dora.child}
    assert weeks.shape(roster).state is RosterState.PUBLISHED, "the first one stands as it was"
    news = told(weeks) - before
    assert {who for who, _template in news} == {scene.bob.parent, scene.bob.caregiver, dora.parent, dora.caregiver}
    assert set(news.values()) == {1}


def test_a_row_shows_its_call_as_it_stands(weeks: Weeks, roster: str) -> None:
    """Confirmed by Alice; moved by Bob, and then cancelled."""
    alice, bob = weeks.desk.scene.alice, weeks.desk.scene.bob
    weeks.publish(roster)
    assert not weeks.row(roster, alice).confirmed
    first, second = weeks.calls()
    with weeks.desk.database.begin() as session:
        booking.confirm(session, first.id, alice.parent_acts, weeks.now)
        moved = booking.move(session, second.id, evening(20, day=3), bob.parent_acts, weeks.now)
    assert weeks.row(roster, alice).confirmed
    row = weeks.row(roster, bob)
    assert (row.call_id, row.starts_at, row.confirmed, row.outcome) == (moved.id, evening(20, day=3), True, None)
    with weeks.desk.database.begin() as session:
        booking.cancel(session, moved.id, bob.parent_acts, "sick", None, weeks.now)
    assert weeks.row(roster, bob).outcome is Outcome.CANCELLED
    assert (weeks.shape(roster).figures.families, weeks.shape(roster).figures.served) == (2, 1)


def test_the_log_of_the_calls_names_the_roster(weeks: Weeks, roster: str) -> None:
    weeks.publish(roster)
    told(weeks)
    with weeks.desk.database.read() as session:
        by = session.scalars(select(CallEvent.by).where(CallEvent.kind == "booked")).all()
    assert set(by) == {f"roster:{roster}"}
    assert [action for _who, action, _subject in weeks.desk.audit()] == ["draft_roster", "publish_roster"]


def test_publishing_races_with_families_who_book(weeks: Weeks) -> None:
    """All families book for themselves, each in the slot that the roster gives to the next: nobody is booked twice."""
    weeks.open_from(18, 20)
    households = [*(weeks.family(name)[0] for name in "DEFG"), weeks.desk.scene.alice, weeks.desk.scene.bob]
    roster_id = weeks.drafted()
    slots = [weeks.row(roster_id, whom).starts_at or weeks.now for whom in households]

    def book(whom: Household, number: int) -> None:
        with weeks.desk.database.begin() as session:
            wish = whom.wish(slots[(number + 1) % len(slots)])
            with contextlib.suppress(Refused):
                booking.book(session, wish, Actor("coordinator:lee", None), weeks.now)

    in_threads([lambda: weeks.publish(roster_id), *(partial(book, whom, n) for n, whom in enumerate(households))])
    check_claims(weeks.desk.database)
    rows = weeks.shape(roster_id).assignments
    assert all(row.call_id or row.starts_at is None for row in rows)
    codes = {each["code"] for row in rows if row.call_id is None for each in row.reasons}
    assert codes <= {"slot_taken", "parent_in_call", "child_in_call"}
    assert len(weeks.calls()) >= len(households)


def test_who_books_in_the_middle_of_publishing_waits_for_its_end(
    weeks: Weeks, roster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob books from 18:10 on: across Alice's slot, which is claimed by then, and his own, which is not yet."""
    bob, begun, placed = weeks.desk.scene.bob, threading.Event(), booking.placed

    def slowly(session: Session, wish: Wish, by: Actor, now: datetime) -> Call | None:
        call = placed(session, wish, by, now)
        if by.name.startswith("roster") and not begun.is_set():
            begun.set()
            waiter.join(PATIENCE_SECONDS)
        return call

    def book() -> None:
        begun.wait(10)
        with pytest.raises(Refused, match="slot_taken"):
            weeks.desk.scene.book(bob, evening(18, 10, day=2), Actor("coordinator:lee", None))
        outcome.append("refused")

    outcome: list[str] = []
    waiter = threading.Thread(target=book)
    waiter.start()
    monkeypatch.setattr(booking, "placed", slowly)
    weeks.publish(roster)
    waiter.join()
    assert outcome == ["refused"]
    assert len(weeks.calls()) == 2


def test_two_villages_that_share_parents_publish_at_once(weeks: Weeks) -> None:
    """Alice is a parent in Bridge too, Charlie in Redstone: the same slots, the same people, no waiting in a circle."""
    alice, charlie = weeks.desk.scene.alice, weeks.desk.scene.charlie
    with weeks.desk.database.begin() as session:
        for family, child, parent, guardian in (
            (charlie.family, charlie.child, alice.parent, charlie.parent),
            (alice.family, alice.child, charlie.parent, alice.parent),
        ):
            families.add_member(session, family_id=family, person_id=parent, role=MemberRole.PARENT, now=weeks.now)
            families.give_consent(
                session, child_id=child, contact_id=parent, kind=ConsentKind.CALL, given_by=guardian,
                evidence="paper", from_at=weeks.now, now=weeks.now,
            )  # fmt: skip
    own, other = weeks.drafted(), weeks.draft(who=weeks.desk.mo)
    weeks.work()
    in_threads([lambda: weeks.publish(own), lambda: weeks.publish(other, who=weeks.desk.mo)])
    check_claims(weeks.desk.database)
    for roster_id in (own, other):
        assert weeks.shape(roster_id).state is RosterState.PUBLISHED


def check_claims(database: Database) -> None:
    """Every call that stands has exactly its claims; there are no others."""
    with database.read() as session:
        held = dict(session.execute(select(Claim.call_id, func.count()).group_by(Claim.call_id)).all())
        standing = set(session.scalars(select(Call.id).where(Call.state != CallState.ENDED)))
    assert set(held) == standing
    assert set(held.values()) <= {4 + 3 + 3, 4 + 3 + 3 + 1}, "15 minutes and 5 to change over"
