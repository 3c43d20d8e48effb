"""The ledger's sums, the beginning of weeks and months, the board's hours, whose a due row is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.desk import rules
from app.desk.rules import Ended, Since

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday, 20:00 in Shanghai
BEGINS = Since(week=NOW - timedelta(days=2), month=NOW - timedelta(days=24), ledger=NOW - timedelta(days=30))


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


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
    begins = rules.since(now, zone)
    assert (begins.week, begins.month, begins.ledger) == (week, month, now - timedelta(days=30))
    assert begins.earliest == min(week, month, now - timedelta(days=30))


def test_a_month_of_31_days_reaches_further_back_than_the_ledger() -> None:
    begins = rules.since(utc(2026, 10, 31, 15), "Asia/Shanghai")
    assert begins.earliest == begins.month < begins.ledger


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([], (0, 0, 0, 0)),
        ([Ended(ago(hours=1), 600, was_held=True)], (10, 10, 1, 0)),
        ([Ended(ago(days=3), 600, was_held=True)], (0, 10, 1, 0)),
        ([Ended(ago(days=27), 600, was_held=True)], (0, 0, 1, 0)),
        ([Ended(ago(days=31), 600, was_held=True)], (0, 0, 0, 0)),
        ([Ended(ago(days=1), 0, was_missed=True), Ended(ago(days=2), 0, was_missed=True)], (0, 0, 0, 2)),
        ([Ended(ago(days=1), 0)], (0, 0, 0, 0)),
        ([Ended(BEGINS.week, 60, was_held=True)], (1, 1, 1, 0)),
        ([Ended(BEGINS.ledger, 60, was_held=True)], (0, 0, 1, 0)),
        ([Ended(ago(hours=n), 20, was_held=True) for n in range(1, 4)], (1, 1, 3, 0)),
    ],
)
def test_a_call_counts_in_the_periods_in_which_it_ended(calls: list[Ended], expected: tuple[int, ...]) -> None:
    sums = rules.tally(calls, None, BEGINS, NOW)
    assert (sums.minutes_week, sums.minutes_month, sums.held, sums.missed) == expected


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (29, 0), (30, 1), (89, 1), (90, 2), (754, 13)])
def test_minutes_are_whole(seconds: int, minutes: int) -> None:
    assert rules.minutes([seconds]) == minutes


@pytest.mark.parametrize(
    ("last_heard_at", "is_overdue"),
    [(None, True), (NOW, False), (ago(days=6, hours=23), False), (ago(days=7), True), (ago(days=40), True)],
)
def test_seven_days_of_silence_are_overdue(last_heard_at: datetime | None, is_overdue: bool) -> None:
    assert rules.tally([], last_heard_at, BEGINS, NOW).is_overdue is is_overdue


def test_who_was_never_heard_comes_first() -> None:
    heard = [ago(days=1), None, ago(days=9)]
    assert sorted(heard, key=rules.longest_unheard) == [None, ago(days=9), ago(days=1)]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (utc(2026, 11, 25, 1), utc(2026, 11, 25, 16)),
        (utc(2026, 11, 25, 14), utc(2026, 11, 25, 16)),
        (utc(2026, 11, 25, 15, 30), utc(2026, 11, 25, 17, 30)),
    ],
)
def test_the_board_is_the_day_and_late_at_night_a_little_more(now: datetime, until: datetime) -> None:
    assert rules.board(now, "Asia/Shanghai") == (utc(2026, 11, 24, 16), until)


@pytest.mark.parametrize(
    ("subject", "payload", "concern"),
    [
        ("call:c1", {}, ("call", "c1")),
        ("call:c1", {"call_id": "c2"}, ("call", "c1")),
        (None, {"call_id": "c2", "by": "person:p"}, ("call", "c2")),
        (None, {"village_id": "v1", "terminal_id": "t1"}, ("village", "v1")),
        (None, {}, None),
        ("upload:u1", {}, None),
    ],
)
def test_whose_a_due_row_is(subject: str | None, payload: dict[str, Any], concern: tuple[str, str] | None) -> None:
    assert rules.row_concerns(subject, payload) == concern


@pytest.mark.parametrize(
    ("error", "shown"),
    [(None, ""), ("KeyError: 'x'", "KeyError"), ("IntegrityError: [parameters: ('Wang',)]", "IntegrityError")],
)
def test_a_failure_is_shown_without_what_it_quotes(error: str | None, shown: str) -> None:
    assert rules.in_short(error) == shown
