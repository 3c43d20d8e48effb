"""Who is unheard longest, the board's hours, whose a due row is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.desk import rules

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday, 20:00 in Shanghai


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


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
        ("series:s1", {"notice": "n1", "number": 1}, ("notice", "n1")),
        (None, {"notice_id": "n1", "person_id": "p1"}, ("person", "p1")),
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
