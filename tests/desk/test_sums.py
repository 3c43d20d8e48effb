"""What the ledger adds up: the beginning of weeks and months, a child's line, a village's weeks, what failed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.calls.words import Origin, Outcome
from app.desk import sums
from app.desk.sums import Ended, Hearing, Stay

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday, 20:00 in Shanghai
BEGINS = sums.periods(NOW, "Asia/Shanghai")
THIS, LAST = 11, 10  # places of weeks


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def heard(at: datetime, seconds: int = 600, child: str = "a") -> Hearing:
    return Hearing(child, at, seconds)


def over(
    at: datetime, outcome: Outcome, reason: str | None = None, *, child: str = "a", origin: Origin = Origin.ASKED,
    was_agreed: bool = True,
) -> Ended:  # fmt: skip
    return Ended(child, at, outcome, reason, origin, was_agreed)


@pytest.mark.parametrize(
    ("now", "zone", "week", "month"),
    [
        (NOW, "Asia/Shanghai", utc(2026, 11, 22, 16), utc(2026, 10, 31, 16)),
        # Still Sunday in London, already Monday in Shanghai.
        (utc(2026, 11, 22, 17), "Asia/Shanghai", utc(2026, 11, 22, 16), utc(2026, 10, 31, 16)),
        (utc(2026, 11, 22, 17), "Europe/London", utc(2026, 11, 16), utc(2026, 11, 1)),
        # The month begins in summer time, the week in winter time.
        (utc(2026, 10, 28, 12), "Europe/Berlin", utc(2026, 10, 25, 23), utc(2026, 9, 30, 22)),
        # The week begins in the month before.
        (utc(2026, 12, 2, 4), "Asia/Shanghai", utc(2026, 11, 29, 16), utc(2026, 11, 30, 16)),
    ],
)
def test_weeks_begin_on_monday_where_the_village_is(now: datetime, zone: str, week: datetime, month: datetime) -> None:
    begins = sums.periods(now, zone)
    assert (begins.weeks[-1], begins.month, begins.ledger) == (week, month, now - timedelta(days=30))


def test_twelve_weeks_end_with_this_one_also_over_a_change_of_clocks() -> None:
    begins = sums.periods(utc(2026, 11, 4, 12), "Europe/Berlin")
    assert begins.mondays == [date(2026, 8, 17) + timedelta(weeks=n) for n in range(12)]
    assert (begins.weeks[0], begins.weeks[-1]) == (utc(2026, 8, 16, 22), utc(2026, 11, 1, 23))
    before, first, last = utc(2026, 8, 16, 21), utc(2026, 8, 16, 22), utc(2026, 11, 4)
    assert [begins.week_of(at) for at in (before, first, last)] == [None, 0, 11]


@pytest.mark.parametrize(
    ("hearings", "week", "month", "last_weeks"),
    [
        ([], 0, 0, [0, 0]),
        ([heard(ago(hours=1))], 10, 10, [0, 10]),
        ([heard(ago(days=3))], 0, 10, [10, 0]),
        ([heard(ago(days=27))], 0, 0, [0, 0]),
        ([heard(BEGINS.weeks[THIS], 60)], 1, 1, [0, 1]),
        ([heard(BEGINS.weeks[THIS] - timedelta(seconds=1), 60)], 0, 1, [1, 0]),
        ([heard(ago(hours=n), 20) for n in range(1, 4)], 1, 1, [0, 1]),
    ],
)
def test_a_hearing_counts_in_the_periods_in_which_it_ended(
    hearings: list[Hearing], week: int, month: int, last_weeks: list[int]
) -> None:
    own = sums.of_child(hearings, [], BEGINS)
    assert (own.minutes_week, own.minutes_month, own.minutes_by_week[LAST:]) == (week, month, last_weeks)
    assert len(own.minutes_by_week) == 12


def test_what_is_older_than_the_weeks_is_left_out() -> None:
    assert sums.of_child([heard(ago(weeks=13))], [], BEGINS).minutes_by_week == [0] * 12


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (29, 0), (30, 1), (89, 1), (90, 2), (754, 13)])
def test_minutes_are_whole(seconds: int, minutes: int) -> None:
    assert sums.minutes([seconds]) == minutes


def test_calls_and_reasons_are_those_of_thirty_days() -> None:
    calls = [
        over(ago(days=1), Outcome.MISSED, "nobody_came"),
        over(ago(days=2), Outcome.CANCELLED, "sick"),
        over(ago(days=3), Outcome.HELD),
        over(ago(days=4), Outcome.MISSED, "nobody_came"),
        over(ago(days=5), Outcome.MISSED, "no_connection"),
        over(ago(days=6), Outcome.CANCELLED, "weather"),
        over(ago(days=7), Outcome.MOVED),
        over(BEGINS.ledger, Outcome.HELD),
        over(ago(days=31), Outcome.MISSED, "parent_absent"),
    ]
    own = sums.of_child([], calls[::-1], BEGINS)
    assert (own.held, own.missed) == (2, 3)
    assert own.reasons == ["nobody_came", "sick", "no_connection"]
    assert sums.by_reason(calls, BEGINS) == [("nobody_came", 2), ("no_connection", 1), ("sick", 1), ("weather", 1)]


@pytest.mark.parametrize(
    ("call", "has_failed"),
    [
        (over(NOW, Outcome.MISSED), True),
        (over(NOW, Outcome.CANCELLED), True),
        (over(NOW, Outcome.CANCELLED, was_agreed=False), True),
        (over(NOW, Outcome.HELD), False),
        (over(NOW, Outcome.MOVED), False),
        (over(NOW, Outcome.CANCELLED, origin=Origin.WAIT, was_agreed=False), False),
        (over(NOW, Outcome.MISSED, origin=Origin.WAIT), True),
        (over(NOW, Outcome.CANCELLED, "series_changed", origin=Origin.SERIES), False),
        (over(NOW, Outcome.CANCELLED, "series_ended", origin=Origin.SERIES), False),
        (over(NOW, Outcome.CANCELLED, "sick", origin=Origin.SERIES), True),
    ],
)
def test_what_nobody_had_asked_for_does_not_fail(call: Ended, has_failed: bool) -> None:
    assert call.has_failed is has_failed


def test_a_failure_without_a_reason_counts_as_something_else() -> None:
    assert sums.by_reason([over(NOW, Outcome.CANCELLED)], BEGINS) == [("other", 1)]


def test_a_week_counts_children_once_and_calls_each() -> None:
    hearings = [heard(ago(hours=1)), heard(ago(hours=2)), heard(ago(hours=3), 90, "b"), heard(ago(days=4), child="c")]
    calls = [over(ago(hours=n), Outcome.HELD) for n in (1, 2, 3)] + [over(ago(hours=4), Outcome.MISSED)]
    stays = [Stay(child, None, None) for child in "abc"]
    *_, before, week = sums.by_week(hearings, calls, stays, BEGINS)
    assert (week.week, week.children, week.heard, week.calls_held, week.calls_missed, week.minutes) == (
        date(2026, 11, 23), 3, 2, 3, 1, 22
    )  # fmt: skip
    assert (before.week, before.children, before.heard, before.calls_held) == (date(2026, 11, 16), 3, 1, 0)


def test_a_week_counts_who_was_there_at_its_end_or_was_heard_in_it() -> None:
    week, next_week = BEGINS.weeks[LAST], BEGINS.weeks[THIS]
    a_day = timedelta(days=1)
    stays = [
        Stay("always", None, None),
        Stay("came in the week", week + a_day, None),
        Stay("came after it", next_week + a_day, None),
        Stay("left in it", None, week + a_day),
        Stay("left in it, heard before", None, week + 2 * a_day),
        Stay("left after it", None, next_week + a_day),
        Stay("always", None, None),  # also in a second family
    ]
    sums_of_weeks = sums.by_week([heard(week + a_day, 60, "left in it, heard before")], [], stays, BEGINS)
    assert [week.children for week in sums_of_weeks[LAST - 1 :]] == [4, 4, 3]
    assert all(0 <= week.heard <= week.children for week in sums_of_weeks)


def test_a_village_that_began_today_has_no_past() -> None:
    weeks = sums.by_week([], [], [Stay("a", ago(hours=1), None)], BEGINS)
    assert [week.children for week in weeks] == [0] * 11 + [1]
