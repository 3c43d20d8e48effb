"""Slots picked by hand: what stands against them, what a coordinator may insist on, who changes places, undo."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from app.calls.words import Obstacle
from app.desk.roster_shapes import AssignmentShape
from app.families import queries as known
from app.families import schedule
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from app.kernel.errors import HomethreadError, Refused
from app.villages import service as villages
from tests.desk.conftest import Desk
from tests.desk.weeks import Weeks, evening
from tests.scene import at


@pytest.fixture
def weeks(desk: Desk) -> Weeks:
    return Weeks(desk)


@pytest.fixture
def roster(weeks: Weeks) -> str:
    return weeks.arranged()


def starts(weeks: Weeks, roster_id: str) -> list[datetime | None]:
    """When Alice's and Bob's first calls are."""
    scene = weeks.desk.scene
    return [weeks.row(roster_id, whom).starts_at for whom in (scene.alice, scene.bob)]


def alices(weeks: Weeks, roster_id: str) -> AssignmentShape:
    return weeks.row(roster_id, weeks.desk.scene.alice)


def refusal(weeks: Weeks, roster_id: str, starts_at: datetime, **more: object) -> Refused:
    """What is said against that start for Alice's first call; nothing is changed by it."""
    before = weeks.shape(roster_id)
    with pytest.raises(HomethreadError) as refused:
        weeks.assign(roster_id, alices(weeks, roster_id), starts_at, **more)  # type: ignore[arg-type]
    assert weeks.shape(roster_id) == before
    found = refused.value
    assert isinstance(found, Refused)
    return found


def test_a_slot_is_picked_and_stays_where_it_is(weeks: Weeks, roster: str) -> None:
    before = weeks.shape(roster)
    weeks.assign(roster, alices(weeks, roster), evening(20, 7, day=4), minutes=30)
    picked = alices(weeks, roster)
    assert (picked.starts_at, picked.ends_at, picked.minutes) == (evening(20, 7, day=4), evening(20, 37, day=4), 30)
    assert (picked.pinned, picked.reasons) == (True, [{"code": "picked"}])
    after = weeks.shape(roster)
    assert (after.version, after.can_undo, after.changed_by) == (before.version + 1, True, "Lee")
    assert (after.figures.gap_percent, after.figures.is_optimal) == (None, None), "that was the solver's"
    weeks.redraft(roster)
    weeks.work()
    assert alices(weeks, roster) == picked


def test_what_was_taken_out_stays_out(weeks: Weeks, roster: str) -> None:
    bob = weeks.desk.scene.bob
    weeks.assign(roster, weeks.row(roster, bob), None)
    weeks.redraft(roster)
    weeks.work()
    rows = [row for row in weeks.shape(roster).assignments if row.child.id == bob.child]
    assert [(row.starts_at, row.pinned, row.reasons) for row in rows] == [(None, True, [{"code": "taken_out"}])] * 2


def test_a_row_that_is_let_loose_is_drafted_anew(weeks: Weeks, roster: str) -> None:
    weeks.assign(roster, alices(weeks, roster), evening(21, day=6), is_pinned=True)
    weeks.assign(roster, alices(weeks, roster), evening(21, day=6), is_pinned=False)
    weeks.redraft(roster)
    weeks.work()
    assert alices(weeks, roster).starts_at != evening(21, day=6)
    assert not alices(weeks, roster).pinned


class TestChangingPlaces:
    def test_with_who_has_the_slot(self, weeks: Weeks, roster: str) -> None:
        weeks.assign(roster, alices(weeks, roster), evening(18, 20, day=2))
        assert starts(weeks, roster) == [evening(18, 20, day=2), evening(18, day=2)]
        bobs = weeks.row(roster, weeks.desk.scene.bob)
        assert (bobs.pinned, bobs.reasons) == (False, [{"code": "made_room"}])

    def test_also_where_the_two_overlap_in_part(self, weeks: Weeks, roster: str) -> None:
        weeks.assign(roster, alices(weeks, roster), evening(19, day=2))
        weeks.assign(roster, alices(weeks, roster), evening(18, 30, day=2))
        assert starts(weeks, roster) == [evening(18, 30, day=2), evening(19, day=2)]

    def test_who_had_none_leaves_the_other_without(self, weeks: Weeks, roster: str) -> None:
        weeks.assign(roster, alices(weeks, roster), None)
        out = weeks.row(roster, weeks.desk.scene.alice, 1)
        weeks.assign(roster, out, evening(18, 20, day=2))
        assert starts(weeks, roster) == [evening(18, 20, day=2), None]

    def test_not_with_a_row_that_was_picked(self, weeks: Weeks, roster: str) -> None:
        weeks.assign(roster, weeks.row(roster, weeks.desk.scene.bob), evening(18, 20, day=2), is_pinned=True)
        assert refusal(weeks, roster, evening(18, 20, day=2)).code == "slot_pinned"

    def test_not_with_several(self, weeks: Weeks, roster: str) -> None:
        (dora,) = weeks.family("Dora")
        weeks.redraft(roster)
        weeks.work()
        for number, whom in enumerate((dora, weeks.desk.scene.bob)):
            weeks.assign(roster, weeks.row(roster, whom), evening(9, 20 * number, day=3), is_pinned=False)
        assert refusal(weeks, roster, evening(9, 10, day=3)).code == "several_in_slot"

    def test_not_where_the_other_is_not_free(self, weeks: Weeks, roster: str) -> None:
        """Bob works on Wednesday until 18:20; a coordinator who insists puts him before it."""
        bob = weeks.desk.scene.bob
        weeks.busy(bob.parent, 17, 18, [2])
        weeks.assign(roster, alices(weeks, roster), evening(17, 20, day=2))
        refused = refusal(weeks, roster, evening(18, 20, day=2))
        assert (refused.code, refused.detail["name"]) == ("parent_at_work", "Bob")
        assert refused.detail["can_force"]
        assert refused.detail["assignment_id"] == weeks.row(roster, bob).id
        weeks.assign(roster, alices(weeks, roster), evening(18, 20, day=2), is_forced=True)
        assert starts(weeks, roster) == [evening(18, 20, day=2), evening(17, 20, day=2)]

    def test_not_where_the_others_call_is_too_long_for_the_place(self, weeks: Weeks, roster: str) -> None:
        """Bob's call of an hour does not find room before Dora's."""
        (dora,) = weeks.family("Dora")
        weeks.redraft(roster)
        weeks.work()
        weeks.assign(roster, alices(weeks, roster), evening(9, day=3))
        weeks.assign(roster, weeks.row(roster, dora), evening(9, 20, day=3))
        weeks.assign(roster, weeks.row(roster, weeks.desk.scene.bob), evening(14, day=3), minutes=60, is_pinned=False)
        assert refusal(weeks, roster, evening(14, day=3)).code == "slot_taken"


def close_wednesday(weeks: Weeks) -> None:
    alice = weeks.desk.scene.alice
    with weeks.desk.database.begin() as session:
        villages.add_closure(
            session, alice.village, terminal_id=alice.terminal, starts_at=evening(19, day=2),
            ends_at=evening(20, day=2), reason="repair", now=weeks.now,
        )  # fmt: skip


def end_consent_on_wednesday(weeks: Weeks) -> None:
    with weeks.desk.database.begin() as session:
        (given,) = known.consents_of_child(session, weeks.desk.scene.alice.child)
        given.until_at = evening(19, 10, day=2)


def book_bob(weeks: Weeks) -> None:
    weeks.desk.scene.book(weeks.desk.scene.bob, evening(19, day=2))


def book_alice(weeks: Weeks) -> None:
    """At the same time at another terminal."""
    alice = weeks.desk.scene.alice
    with weeks.desk.database.begin() as session:
        villages.add_terminal(session, alice.village, "Another", weeks.now)
    weeks.desk.scene.book(alice, evening(19, day=2))


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (close_wednesday, "outside_hours"),
        (end_consent_on_wednesday, "consent_ended"),
        (book_bob, "slot_taken"),
        (book_alice, "parent_in_call"),
    ],
)
def test_nobody_can_insist_on(weeks: Weeks, roster: str, prepare: Callable[[Weeks], None], code: str) -> None:
    """Wednesday, 19:00."""
    prepare(weeks)
    refused = refusal(weeks, roster, evening(19, day=2), is_forced=True)
    assert refused.code == code
    assert not refused.detail.get("can_force")


def test_nor_on_any_other_time(weeks: Weeks, roster: str) -> None:
    for starts_at, code in (
        (at(12), "in_the_past"), (evening(18, day=-1), "outside_week"), (evening(8, day=7), "outside_week"),
        (evening(21, 50), "outside_hours"), (evening(7), "outside_hours"),
        (evening(18) + timedelta(seconds=1), "not_a_slot"),
    ):  # fmt: skip
        assert refusal(weeks, roster, starts_at, is_forced=True).code == code


def test_nor_on_a_terminal_that_is_retired_or_of_another_village(weeks: Weeks, roster: str) -> None:
    alice, charlie = weeks.desk.scene.alice, weeks.desk.scene.charlie
    with weeks.desk.database.begin() as session:
        villages.retire_terminal(session, alice.village, alice.terminal, weeks.now)
    assert refusal(weeks, roster, evening(19), is_forced=True).code == "terminal_retired"
    with pytest.raises(HomethreadError, match="not_found"):
        weeks.assign(roster, alices(weeks, roster), evening(19), terminal=charlie.terminal)


def test_nor_on_a_length_out_of_range(weeks: Weeks, roster: str) -> None:
    assert refusal(weeks, roster, evening(19), minutes=61).code == "bad_length"


def test_a_coordinator_may_insist_on_hours(weeks: Weeks, roster: str) -> None:
    """Each is busy at an hour of Wednesday of their own, in which Alice's call would be."""
    alice = weeks.desk.scene.alice
    for hour, (who, occupation, code) in enumerate(
        [
            (alice.parent, Occupation.SHIFT, Obstacle.PARENT_AT_WORK),
            (alice.parent, Occupation.OTHER, Obstacle.PARENT_BUSY),
            (alice.child, Occupation.SCHOOL, Obstacle.CHILD_AT_SCHOOL),
            (alice.child, Occupation.BOARDING, Obstacle.CHILD_AT_SCHOOL),
            (alice.child, Occupation.BEDTIME, Obstacle.CHILD_ASLEEP),
            (alice.child, Occupation.OTHER, Obstacle.CHILD_BUSY),
            (alice.caregiver, Occupation.HARVEST, Obstacle.CAREGIVER_AWAY),
        ],
        start=10,
    ):
        weeks.busy(who, hour, hour + 1, [2], occupation)
        refused = refusal(weeks, roster, evening(hour, day=2))
        assert (refused.code, refused.detail["can_force"]) == (code, True)
        weeks.assign(roster, alices(weeks, roster), evening(hour, day=2), is_forced=True)
        assert alices(weeks, roster).starts_at == evening(hour, day=2)


def test_and_on_days_away(weeks: Weeks, roster: str) -> None:
    alice, thursday = weeks.desk.scene.alice, date(2026, 12, 3)
    for who, code in ((alice.child, Obstacle.CHILD_AWAY), (alice.parent, Obstacle.PARENT_AWAY)):
        with weeks.desk.database.begin() as session:
            said = Said(PatternKind.AWAY, Occupation.OTHER, {}, from_day=thursday, until_day=thursday)
            schedule.add(session, who, said, "coordinator:lee", weeks.now)
        assert refusal(weeks, roster, evening(12, day=3)).code == code


def test_a_parent_of_two_children_is_in_one_call_at_a_time(weeks: Weeks) -> None:
    one, two = weeks.family("Dora", children=2)
    with weeks.desk.database.begin() as session:
        terminal = villages.add_terminal(session, one.village, "Another", weeks.now).id
    roster_id = weeks.drafted()
    weeks.assign(roster_id, weeks.row(roster_id, one), evening(12, day=5))
    with pytest.raises(HomethreadError, match="parent_in_call"):
        weeks.assign(
            roster_id, weeks.row(roster_id, two), evening(12, 10, day=5), terminal=terminal, is_forced=True
        )  # fmt: skip
    weeks.assign(roster_id, weeks.row(roster_id, two), evening(12, 15, day=5), terminal=terminal)


def test_a_call_that_stands_is_not_the_rosters_to_change(weeks: Weeks) -> None:
    alice = weeks.desk.scene.alice
    weeks.desk.scene.book(alice, evening(18))
    roster_id = weeks.drafted()
    fixed = next(row for row in weeks.shape(roster_id).assignments if row.is_fixed)
    for starts_at in (evening(19), None):
        with pytest.raises(HomethreadError, match="assignment_fixed"):
            weeks.assign(roster_id, fixed, starts_at)
