"""Finding a time on real databases: what is gathered, what is refused, and that what is proposed can be booked."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from app.calls import booking, claims, find_time, rules
from app.calls.find_time import Search
from app.calls.models import Call, Claim
from app.calls.words import Outcome, SlotReason
from app.families import schedule
from app.families import service as families
from app.families.schedule import Said
from app.families.words import ConsentKind, MemberRole, Occupation, PatternKind
from app.kernel.errors import Refused
from app.villages import queries as villages
from app.villages import service as village_service
from tests.calls.finding import busy, codes, find, heard_lately, starts, was
from tests.scene import NOW, Scene, at

SOON, CAREGIVER = find_time.EARLIEST, MemberRole.CAREGIVER


def close(scene: Scene, terminal_id: str | None, starts_at: datetime, ends_at: datetime) -> None:
    with scene.database.begin() as session:
        village_service.add_closure(
            session, scene.alice.village, terminal_id=terminal_id, starts_at=starts_at, ends_at=ends_at,
            reason="flood", now=NOW,
        )  # fmt: skip


def test_each_proposal_can_be_booked(scene: Scene) -> None:
    found = find(scene, scene.alice)
    assert len(found.proposals) == 5
    for each in found.proposals:
        call = scene.call(scene.book(scene.alice, each.starts_at))
        assert (call.starts_at, call.ends_at, call.terminal_id) == (each.starts_at, each.ends_at, each.terminal_id)


def test_nobody_has_to_be_at_the_terminal_within_the_hour(scene: Scene) -> None:
    """And what a terminal books is a proposal, which the other side needs time to see."""
    found = find(scene, scene.alice, until=at(19, 30))
    assert starts(found) == [at(19, 15)]
    assert scene.book(scene.alice, at(19, 15), scene.alice.terminal_acts, is_proposal=True)


def test_what_others_hold_is_not_proposed(scene: Scene) -> None:
    heard_lately(scene, scene.alice)
    assert starts(find(scene, scene.alice, from_=at(18, day=24)))[0] == at(19, day=24)
    scene.book(scene.bob, at(19, day=24))
    assert starts(find(scene, scene.alice, from_=at(18, day=24)))[0] == at(18, 30, day=24), "18:45 has no buffer"


def test_the_cells_that_claims_hold_are_not_proposed(scene: Scene) -> None:
    """Off the grid, longer than others, proposed or extended: what is known of calls is what their claims hold."""
    long = scene.book(scene.bob, at(19, 2, day=24), scene.bob.desk_acts, minutes=31)
    scene.book(scene.bob, at(20, 13, day=24), scene.bob.desk_acts)
    scene.book(scene.bob, at(21, day=24), scene.bob.terminal_acts, is_proposal=True)
    gone = scene.book(scene.bob, at(9, day=24))
    with scene.database.begin() as session:
        booking.cancel(session, gone, scene.bob.desk_acts, "sick", None, NOW)
        call = session.get_one(Call, long)
        claims.take(session, call.id, [(f"terminal:{call.terminal_id}", at(19, 40, day=24))])
        call.ends_at += timedelta(minutes=5)
        held = set(session.scalars(select(Claim.cell_at).where(Claim.resource == f"terminal:{call.terminal_id}")))
    for start in (at(hour, minute, day=24) for hour in range(8, 22) for minute in range(0, 60, 15)):
        wanted = set(rules.cells(start, start + timedelta(minutes=20)))
        found = find(scene, scene.alice, from_=start, until=start + timedelta(minutes=15), may_shrink=False)
        assert bool(found.proposals) is not bool(wanted & held), start


def test_a_second_terminal_has_room(scene: Scene) -> None:
    with scene.database.begin() as session:
        ids = {scene.alice.terminal, village_service.add_terminal(session, scene.alice.village, "School", NOW).id}
    taken = scene.call(scene.book(scene.bob, at(20))).terminal_id
    (found,) = find(scene, scene.alice, from_=at(20), until=at(20, 15)).proposals
    assert {found.terminal_id} == ids - {taken}


def test_people_are_asked_for_their_hours_in_their_own_zone(scene: Scene) -> None:
    alice = scene.alice
    heard_lately(scene, alice)
    with scene.database.begin() as session:
        families.change_person(session, alice.parent, zone="Europe/Rome", now=NOW)
    busy(scene, alice.parent, Occupation.SHIFT, 8 * 60, 14 * 60)  # 15:00 to 21:00 in the village
    busy(scene, alice.child, Occupation.SCHOOL, 8 * 60, 14 * 60)
    found = find(scene, alice, from_=at(0, day=24), until=at(22, day=24))
    assert starts(found) == [at(21, day=24), at(14, 45, day=24)]
    assert SlotReason.SOONEST not in found.proposals[0].reasons


def test_one_caregiver_brings_the_child_and_who_left_does_not(scene: Scene) -> None:
    alice = scene.alice
    busy(scene, alice.caregiver, Occupation.MARKET, 0, 0)
    nobody = find(scene, alice)
    assert (codes(nobody), starts(nobody)) == ({"caregiver_away"}, [])
    assert nobody.compromise is not None
    assert [code.value for code in nobody.compromise.conflicts] == ["caregiver_away"]
    with scene.database.begin() as session:
        families.add_member(session, family_id=alice.family, person_id=scene.bob.caregiver, role=CAREGIVER, now=NOW)
    assert find(scene, alice).proposals
    with scene.database.begin() as session:
        families.end_membership(session, family_id=alice.family, person_id=scene.bob.caregiver, role=CAREGIVER, now=NOW)
    assert not find(scene, alice).proposals
    with scene.database.begin() as session:
        families.end_membership(session, family_id=alice.family, person_id=alice.caregiver, role=CAREGIVER, now=NOW)
    busy(scene, scene.bob.child, Occupation.SCHOOL, 0, 0)
    with scene.database.begin() as session:
        families.add_member(session, family_id=alice.family, person_id=scene.bob.child, role=MemberRole.CHILD, now=NOW)
    assert find(scene, alice).proposals, "a family without caregivers needs none; a sibling brings nobody"


class TestHistory:
    def test_the_usual_time_is_of_this_pair_and_the_last_eight_weeks(self, scene: Scene) -> None:
        alice, bob = scene.alice, scene.bob
        heard_lately(scene, alice)
        for weeks in (1, 2, 3):
            was(scene, bob, at(20, 30) - timedelta(weeks=weeks))
            was(scene, alice, at(21) - timedelta(weeks=8 + weeks))
        assert not any(SlotReason.USUAL_TIME in each.reasons for each in find(scene, alice).proposals)
        for weeks in (1, 2):
            was(scene, alice, at(20, 30) - timedelta(weeks=weeks))
        first = find(scene, alice).proposals[0]
        assert (first.starts_at, SlotReason.USUAL_TIME in first.reasons) == (at(20, 30), True)

    def test_missed_weekdays_and_silence(self, scene: Scene) -> None:
        for day in (18, 19):
            was(scene, scene.alice, at(19, day=day), Outcome.MISSED)
        found = find(scene, scene.alice)
        weekend = [each.starts_at for each in found.proposals if SlotReason.WEEKEND in each.reasons]
        assert weekend == [at(19, day=28)]
        assert SlotReason.LONG_UNHEARD in found.proposals[0].reasons
        heard_lately(scene, scene.alice)
        assert not any(SlotReason.LONG_UNHEARD in each.reasons for each in find(scene, scene.alice).proposals)

    def test_a_day_with_a_call_of_theirs_comes_last(self, scene: Scene) -> None:
        heard_lately(scene, scene.alice)
        assert starts(find(scene, scene.alice))[0].day == 23
        scene.book(scene.alice, at(9, day=24))
        scene.book(scene.bob, at(12, day=25))
        days = [start.day for start in starts(find(scene, scene.alice))]
        assert 24 not in days
        assert 25 in days


def test_the_links_of_the_village_are_known_by_the_calls_of_all(scene: Scene) -> None:
    heard_lately(scene, scene.alice)
    for day in (20, 21):
        was(scene, scene.bob, at(20, day=day), rtt_ms=150)
        was(scene, scene.bob, at(19, day=day), rtt_ms=900)
    first = find(scene, scene.alice).proposals[0]
    assert (first.starts_at, list(first.reasons)) == (at(20), [SlotReason.GOOD_LINK])


class TestWhatIsInTheWay:
    def test_nobody_said_yes(self, scene: Scene) -> None:
        alice = scene.alice
        with scene.database.begin() as session:
            families.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=NOW)
        found = find(scene, alice)
        assert [(each.code.value, each.share) for each in found.obstacles] == [("no_contact", 1.0)]
        assert (found.compromise, starts(found)) == (None, [])
        stranger = Search(alice.family, alice.child, alice.caregiver, 15, NOW)
        with scene.database.read() as session:
            village = villages.village(session, alice.village)
            assert codes(find_time.find_time(session, village, stranger, NOW)) == {"no_consent"}

    def test_a_consent_that_ends(self, scene: Scene) -> None:
        bob = scene.bob
        with scene.database.begin() as session:
            families.give_consent(
                session, child_id=bob.child, contact_id=bob.caregiver, kind=ConsentKind.CALL, given_by=bob.parent,
                evidence="paper", from_at=NOW - timedelta(days=1), until_at=at(20), now=NOW,
            )  # fmt: skip
            families.add_member(session, family_id=bob.family, person_id=bob.caregiver, role=MemberRole.PARENT, now=NOW)
            village = villages.village(session, bob.village)
            search = Search(bob.family, bob.child, bob.caregiver, 15, NOW)
            found = find_time.find_time(session, village, search, NOW)
        assert max(each.ends_at for each in found.proposals) <= at(20)
        assert found.proposals

    def test_closures_and_retired_terminals(self, scene: Scene) -> None:
        alice = scene.alice
        with scene.database.begin() as session:
            other = village_service.add_terminal(session, alice.village, "School", NOW).id
        close(scene, None, at(0, day=24), at(0, day=25))
        close(scene, alice.terminal, at(0, day=25), at(0, day=26))
        assert codes(find(scene, alice, from_=at(0, day=24), until=at(0, day=25))) == {"village_closed"}
        there = find(scene, alice, from_=at(0, day=25), until=at(0, day=26)).proposals
        assert {each.terminal_id for each in there} == {other}
        with scene.database.begin() as session:
            village_service.retire_terminal(session, alice.village, other, NOW)
        assert codes(find(scene, alice, from_=at(0, day=25), until=at(0, day=26))) == {"village_closed"}


@pytest.mark.parametrize(
    ("search", "code"),
    [
        ({"minutes": 4}, "bad_length"),
        ({"minutes": 61}, "bad_length"),
        ({"until": NOW}, "ends_before_start"),
        ({"until": NOW + timedelta(weeks=8, seconds=1)}, "search_too_long"),
        ({"from_": NOW + timedelta(days=61)}, "too_far_ahead"),
        ({"until": NOW + SOON}, "too_late_to_propose"),
        ({"from_": NOW - timedelta(days=3), "until": NOW - timedelta(days=2)}, "too_late_to_propose"),
    ],
)
def test_searches_that_are_refused(scene: Scene, search: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        find(scene, scene.alice, **search)
    assert refused.value.code == code


def test_a_search_without_an_end_goes_on_for_eight_weeks_and_no_further_than_is_booked(scene: Scene) -> None:
    trip = Said(PatternKind.AWAY, Occupation.OTHER, {}, from_day=date(2026, 11, 1), until_day=date(2027, 1, 16))
    with scene.database.begin() as session:
        schedule.add(session, scene.alice.parent, trip, "person:x", NOW)
    assert starts(find(scene, scene.alice))[-1] < NOW + timedelta(weeks=8)
    late = find(scene, scene.alice, from_=NOW + timedelta(days=50))
    assert at(8, day=23) + timedelta(days=55) <= max(starts(late)) < NOW + timedelta(days=60)


@pytest.fixture
def counted(scene: Scene) -> Callable[[], int]:
    """How many statements finding a time takes."""

    def count() -> int:
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            asked.append(statement)

        event.listen(scene.database.engine, "before_cursor_execute", note)
        try:
            find(scene, scene.alice)
        finally:
            event.remove(scene.database.engine, "before_cursor_execute", note)
        return len(asked)

    return count


def test_it_asks_as_little_however_much_there_is(scene: Scene, counted: Callable[[], int]) -> None:
    before = counted()
    assert before <= 13
    with scene.database.begin() as session:
        for n in range(3):
            village_service.add_terminal(session, scene.alice.village, f"Room {n}", NOW)
            person = families.add_person(session, name=f"Aunt {n}", zone="Asia/Shanghai", language="en")
            families.add_member(session, family_id=scene.alice.family, person_id=person.id, role=CAREGIVER, now=NOW)
    for hour in range(9, 15):
        scene.book(scene.alice, at(hour, day=25))
    busy(scene, scene.alice.parent, Occupation.SHIFT, 480, 1080)
    assert counted() == before
