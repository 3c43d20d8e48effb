from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import OperationalError

from app.jobs import rules
from app.kernel.errors import Refused

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 1), (2, 3), (3, 9), (4, 27), (5, 81), (6, 243), (7, 300), (8, None), (9, None)]
)
def test_pauses_grow_and_end(attempts: int, seconds: int | None) -> None:
    earliest, latest = rules.retry_at(attempts, NOW, 0), rules.retry_at(attempts, NOW, 1)
    assert earliest == (None if seconds is None else NOW + timedelta(seconds=seconds))
    assert latest == (None if seconds is None else NOW + timedelta(seconds=seconds * 1.5))


def test_a_row_whose_worker_lives_keeps_its_lease_over_several_lost_renewals() -> None:
    assert rules.leased_until(NOW) - NOW == timedelta(seconds=30)


def test_no_honest_retry_looks_like_one_of_a_wrong_clock() -> None:
    for attempts in range(1, rules.MAX_ATTEMPTS):
        at = rules.retry_at(attempts, NOW, 1)
        assert at is not None
        assert at < rules.latest_retry(NOW)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no"), "ValueError: no"),
        (Refused("slot_taken", phone="+8613800000000"), "Refused: slot_taken"),
        (ValueError("Key (phone)=(+8613800000000) already exists"), "ValueError: Key (phone)=(+…) already exists"),
        (ValueError("one\ntwo\x00three\ud800"), "ValueError: one two three "),
        (ValueError(""), "ValueError: "),
        (ValueError("at 2026-11-23 10:00:00.123456"), "ValueError: at 2026-11-23 10:00:00.123456"),
    ],
)
def test_what_is_told_of_an_error(error: Exception, said: str) -> None:
    assert rules.told(error) == said


def test_what_is_told_fits_its_column() -> None:
    assert len(rules.told(OperationalError("x" * 1000, None, Exception("y" * 1000)))) == rules.LONGEST_ERROR


def test_instants_of_other_zones_are_the_same_instants() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=8)))
    assert rules.retry_at(1, elsewhere, 0) == rules.retry_at(1, NOW, 0)
