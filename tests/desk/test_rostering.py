"""Drafting a week: who takes part, what is respected, what stands, and what the worker writes."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event

from app.calls.words import Outcome
from app.desk import rostering, week
from app.desk.week import check_week
from app.families import queries as known
from app.families import service as families
from app.families.words import ConsentKind, MemberRole, Occupation
from app.kernel.errors import HomethreadError
from app.roster.models import Roster
from app.roster.words import Progress, RosterState
from app.villages import queries as villages
from app.villages import service as hours
from app.villages.rules import OpeningFacts
from tests.desk.conftest import Desk
from tests.desk.weeks import MONDAY, Weeks, evening
from tests.notices.stage import due_rows, hinted
from tests.scene import at


@pytest.fixture
def weeks(desk: Desk) -> Weeks:
    return Weeks(desk)


def test_a_week_is_drafted_by_the_worker(weeks: Weeks) -> None:
    roster_id = weeks.draft()
    asked = weeks.shape(roster_id)
    assert (asked.state, asked.progress, asked.version) == (RosterState.DRAFT, Progress.QUEUED, 1)
    assert (asked.assignments, asked.changed_by, asked.can_undo) == ([], "Lee", False)
    weeks.work()
    found = weeks.shape(roster_id)
    assert (found.progress, found.version, found.can_undo) == (Progress.DONE, 2, False)
    assert (found.figures.families, found.figures.served) == (2, 2)
    assert found.figures.seconds is not None
    children = [row.child.id for row in found.assignments]
    scene = weeks.desk.scene
    assert sorted(children) == sorted([scene.alice.child, scene.bob.child] * 2)
    assert all(row.starts_at and evening(8) <= row.starts_at < evening(22, day=6) for row in found.assignments)
    assert ("village", scene.alice.village) in hinted(weeks.desk.database)
    assert [(kind, subject) for _who, kind, subject in weeks.desk.audit()] == [("draft_roster", f"roster:{roster_id}")]


def test_an_open_draft_of_the_week_is_given_again(weeks: Weeks) -> None:
    first = weeks.draft(minutes=20)
    assert weeks.draft(minutes=10) == first
    assert weeks.shape(first).minutes == 20
    weeks.drop(first)
    second = weeks.draft()
    assert second != first
    assert weeks.shape(first).state is RosterState.DROPPED
    assert len(due_rows(weeks.desk.database, "roster.draft")) == 2


@pytest.mark.parametrize(
    ("monday", "code"),
    [
        (date(2026, 11, 24), "not_a_monday"),
        (date(2026, 11, 16), "in_the_past"),
        (date(1, 1, 1), "in_the_past"),
        (date(2027, 1, 18), "too_far_ahead"),
        (date(9999, 12, 27), "too_far_ahead"),
    ],
)
def test_which_weeks_cannot_be_drafted(monday: date, code: str) -> None:
    """The clock stands at Monday, 23 November 2026, 18:00 in Shanghai; calls are booked 60 days ahead."""
    for fine in (date(2026, 11, 23), date(2027, 1, 11)):
        check_week(fine, "Asia/Shanghai", at(18))
    with pytest.raises(HomethreadError, match=code):
        check_week(monday, "Asia/Shanghai", at(18))


@pytest.mark.parametrize("minutes", [4, 61])
def test_a_length_out_of_range_is_refused(weeks: Weeks, minutes: int) -> None:
    with pytest.raises(HomethreadError, match="bad_length"):
        weeks.draft(minutes=minutes)


def test_who_takes_part(weeks: Weeks) -> None:
    """Nobody without consent, whose consent ends before, who is kept apart, or who is of another village."""
    no_consent, ends, apart, fine = (weeks.family(name)[0] for name in ("Dora", "Emil", "Fay", "Gus"))
    with weeks.desk.database.begin() as session:
        for whom in (no_consent, ends):
            given = known.consents_of_child(session, whom.child)
            families.revoke_consent(session, given[0].id, weeks.now)
        families.give_consent(
            session, child_id=ends.child, contact_id=ends.parent, kind=ConsentKind.CALL, given_by=ends.parent,
            evidence="paper", from_at=weeks.now, until_at=evening(0), now=weeks.now,
        )  # fmt: skip
        families.set_no_contact(
            session, child_id=apart.child, contact_id=apart.parent, reason="court", now=weeks.now
        )  # fmt: skip
    roster_id = weeks.drafted()
    scene = weeks.desk.scene
    children = {row.child.id for row in weeks.shape(roster_id).assignments}
    assert children == {scene.alice.child, scene.bob.child, fine.child}


def test_a_consent_that_ends_in_the_week_is_kept(weeks: Weeks) -> None:
    """Alice's child may speak until Tuesday noon."""
    alice = weeks.desk.scene.alice
    with weeks.desk.database.begin() as session:
        (given,) = known.consents_of_child(session, alice.child)
        given.until_at = evening(12, day=1)
    roster_id = weeks.drafted()
    starts = [starts_at for child, starts_at in weeks.placed(roster_id) if child == alice.child]
    assert len(starts) == 2
    assert max(starts) + timedelta(minutes=15) <= evening(12, day=1)


def test_the_hours_of_all_people_and_of_the_village_are_kept(weeks: Weeks) -> None:
    """Alice works until 19, her child is in bed from 20 on, granny is out on Mondays; on Tuesday all is closed."""
    alice = weeks.desk.scene.alice
    weeks.busy(alice.parent, 0, 19)
    weeks.busy(alice.child, 20, 6, occupation=Occupation.BEDTIME)
    weeks.busy(alice.caregiver, 0, 24, [0], occupation=Occupation.MARKET)
    with weeks.desk.database.begin() as session:
        hours.add_closure(
            session, alice.village, terminal_id=None, starts_at=evening(0, day=1), ends_at=evening(0, day=2),
            reason="flood", now=weeks.now,
        )  # fmt: skip
    roster_id = weeks.drafted()
    starts = [starts_at for child, starts_at in weeks.placed(roster_id) if child == alice.child]
    assert len(starts) == 2
    for starts_at in starts:
        day = (starts_at - evening(0)) // timedelta(days=1)
        assert day >= 2
        assert evening(19, day=day) <= starts_at <= evening(19, 45, day=day)


def test_longest_unheard_first(weeks: Weeks) -> None:
    """There is room for two calls: for who was never heard, and for who was heard longest ago."""
    alice, bob = weeks.desk.scene.alice, weeks.desk.scene.bob
    (dora,) = weeks.family("Dora")
    weeks.heard(alice, 3)
    weeks.heard(bob, 9)
    with weeks.desk.database.begin() as session:
        hours.set_openings(session, alice.village, [OpeningFacts(0, 18 * 60, 18 * 60 + 35)], weeks.now)
    found = weeks.shape(weeks.drafted())
    assert {child for child, _at in weeks.placed(found.id)} == {dora.child, bob.child}
    in_turn = list(dict.fromkeys(row.child.id for row in found.assignments))
    assert in_turn == [dora.child, bob.child, alice.child]
    assert found.assignments[0].last_heard_at is None
    assert found.figures.served == 2


def test_the_parent_who_is_free_is_taken(weeks: Weeks) -> None:
    mother, father = weeks.family("Dora", parents=2)
    weeks.busy(mother.parent, 0, 24)
    rows = [row for row in weeks.shape(weeks.drafted()).assignments if row.child.id == mother.child]
    assert [row.parent.id for row in rows] == [father.parent] * 2


def test_with_two_parents_a_child_speaks_to_both(weeks: Weeks) -> None:
    mother, father = weeks.family("Dora", parents=2)
    rows = [row for row in weeks.shape(weeks.drafted()).assignments if row.child.id == mother.child]
    assert {row.parent.id for row in rows} == {mother.parent, father.parent}
    assert all(row.starts_at for row in rows)


def test_siblings_come_one_after_the_other(weeks: Weeks) -> None:
    weeks.open_from(18, 21)
    one, two = weeks.family("Dora", children=2)
    roster_id = weeks.drafted()
    first, second = sorted(weeks.row(roster_id, whom).starts_at or weeks.now for whom in (one, two))
    assert second - first == timedelta(minutes=20)


def test_what_stands_is_fixed(weeks: Weeks) -> None:
    """A booked call and a proposal of the week keep their slots, and count as had."""
    alice, bob = weeks.desk.scene.alice, weeks.desk.scene.bob
    booked = weeks.desk.scene.book(alice, evening(18))
    proposed = weeks.desk.scene.book(bob, evening(18, 30), is_proposal=True)
    weeks.desk.scene.book(bob, evening(18, day=-1))  # of the week before
    roster_id = weeks.drafted()
    for whom, call_id in ((alice, booked), (bob, proposed)):
        fixed, other = [row for row in weeks.shape(roster_id).assignments if row.child.id == whom.child]
        assert (fixed.is_fixed, fixed.call_id) == (True, call_id)
        assert (other.is_fixed, other.call_id, other.starts_at is not None) == (False, None, True)
    starts = [starts_at for _child, starts_at in weeks.placed(roster_id)]
    assert all(later - earlier >= timedelta(minutes=20) for earlier, later in pairwise(starts))


def test_past_hours_of_the_running_week_are_out(weeks: Weeks) -> None:
    """It is Monday, 18:00. A call that was held this morning counts as had, one that was missed does not."""
    alice, bob = weeks.desk.scene.alice, weeks.desk.scene.bob
    held = weeks.desk.ended(alice, at(9), Outcome.HELD, 600)
    weeks.desk.ended(bob, at(9, 30), Outcome.MISSED)
    roster_id = weeks.drafted(date(2026, 11, 23))
    rows = weeks.shape(roster_id).assignments
    new = [row.starts_at for row in rows if not row.is_fixed]
    assert all(starts_at is not None and starts_at >= at(19) for starts_at in new)
    assert [row.call_id for row in rows if row.child.id == alice.child] == [held, None]
    assert [row.is_fixed for row in rows if row.child.id == bob.child] == [False, False]


def test_claims_elsewhere_are_respected(weeks: Weeks) -> None:
    """Alice is a parent in Bridge too, where she speaks on Monday from 18:00 to 18:15."""
    alice, charlie = weeks.desk.scene.alice, weeks.desk.scene.charlie
    with weeks.desk.database.begin() as session:
        families.add_member(
            session, family_id=charlie.family, person_id=alice.parent, role=MemberRole.PARENT, now=weeks.now
        )
        families.give_consent(
            session, child_id=charlie.child, contact_id=alice.parent, kind=ConsentKind.CALL, given_by=charlie.parent,
            evidence="paper", from_at=weeks.now, now=weeks.now,
        )  # fmt: skip
        hours.set_openings(session, alice.village, [OpeningFacts(0, 18 * 60, 18 * 60 + 20)], weeks.now)
    weeks.desk.scene.book(replace(charlie, parent=alice.parent), evening(18))
    found = weeks.shape(weeks.drafted())
    assert [row.child.id for row in found.assignments if row.starts_at] == [weeks.desk.scene.bob.child]
    assert all(row.child.id != charlie.child for row in found.assignments)


def test_a_village_without_hours_and_one_without_families(weeks: Weeks) -> None:
    with weeks.desk.database.begin() as session:
        hours.set_openings(session, weeks.desk.scene.alice.village, [], weeks.now)
    closed = weeks.shape(weeks.drafted())
    assert (closed.progress, closed.figures.served, closed.openings) == (Progress.DONE, 0, [])
    assert len(closed.assignments) == 4
    with weeks.desk.database.begin() as session:
        for whom in (weeks.desk.scene.alice, weeks.desk.scene.bob):
            families.end_membership(
                session, family_id=whom.family, person_id=whom.child, role=MemberRole.CHILD, now=weeks.now
            )
    weeks.drop(closed.id)
    empty = weeks.shape(weeks.drafted())
    assert (empty.progress, empty.assignments, empty.figures.families) == (Progress.DONE, [], 0)


@pytest.mark.parametrize(
    ("zone", "monday", "hours_of_week", "sunday_18"),
    [("Europe/Bucharest", date(2027, 3, 22), 167, 15), ("Europe/Bucharest", date(2026, 10, 19), 169, 16)],
)
def test_a_week_in_which_the_clocks_are_set(
    weeks: Weeks, zone: str, monday: date, hours_of_week: int, sunday_18: int
) -> None:  # fmt: skip
    """They are set on its Sunday; the village opens at 18:00 by the wall clock on every day."""
    weeks.desk.scene.clock.at = datetime(monday.year, monday.month, 2, 10, tzinfo=weeks.now.tzinfo)
    alice = weeks.desk.scene.alice
    with weeks.desk.database.begin() as session:
        villages.village(session, alice.village).zone = zone
        for whom in (alice, weeks.desk.scene.bob):
            families.give_consent(
                session, child_id=whom.child, contact_id=whom.parent, kind=ConsentKind.CALL, given_by=whom.parent,
                evidence="paper", from_at=weeks.now, now=weeks.now,
            )  # fmt: skip
    weeks.open_from(18, 20, [6])
    begins, ends = week.bounds(monday, zone)
    assert ends - begins == timedelta(hours=hours_of_week)
    found = weeks.shape(weeks.drafted(monday))
    assert [opening.starts_at.hour for opening in found.openings] == [sunday_18]
    starts = sorted(row.starts_at for row in found.assignments if row.starts_at)
    assert starts[0] == found.openings[0].starts_at


def test_each_row_says_why(weeks: Weeks) -> None:
    """Two calls find room; Bob is never free, and Dora was heard yesterday."""
    alice, bob = weeks.desk.scene.alice, weeks.desk.scene.bob
    (dora,) = weeks.family("Dora")
    (emil,) = weeks.family("Emil")
    weeks.heard(alice, 3)
    weeks.heard(dora, 1)
    weeks.busy(bob.parent, 0, 24)
    with weeks.desk.database.begin() as session:
        hours.set_openings(session, alice.village, [OpeningFacts(0, 18 * 60, 18 * 60 + 35)], weeks.now)
    roster_id = weeks.drafted()
    whys = {whom: [why["code"] for why in weeks.row(roster_id, whom).reasons] for whom in (alice, bob, dora, emil)}
    assert whys[bob] == ["parent_never_free_when_open"]
    assert "longest_waiting" in whys[alice]
    assert "longest_waiting" in whys[emil]
    assert weeks.row(roster_id, dora).reasons == [{"code": "terminals_full", "families": ["Emil", "Alice"]}]


def test_the_gather_takes_as_many_statements_for_many_families_as_for_two(weeks: Weeks) -> None:
    roster_id = weeks.draft()

    def statements() -> int:
        count: list[str] = []
        engine = weeks.desk.database.engine

        def note(*executed: object) -> None:
            count.append(str(executed[2]))

        with weeks.desk.database.read() as session:
            roster = session.get_one(Roster, roster_id)
            village = villages.village(session, roster.village_id)
            event.listen(engine, "before_cursor_execute", note)
            week.gathered(session, village, roster, weeks.now)
            event.remove(engine, "before_cursor_execute", note)
        return len(count)

    few = statements()
    for number in range(10):
        (whom,) = weeks.family(f"Family {number}")
        weeks.busy(whom.parent, 8, 17)
        weeks.heard(whom, number)
    assert statements() == few <= 18


def test_another_villages_roster_is_not_found(weeks: Weeks) -> None:
    roster_id = weeks.drafted()
    with pytest.raises(HomethreadError, match="not_found"), weeks.desk.database.begin() as session:
        rostering.drop(session, weeks.desk.mo, roster_id, 2, weeks.now)
    assert weeks.draft(who=weeks.desk.mo) != roster_id
    assert weeks.drafted(MONDAY) == roster_id
