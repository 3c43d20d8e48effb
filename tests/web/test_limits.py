"""How often something may be asked for: counted in windows, by all processes together, kept whatever follows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.kernel.errors import TooOften
from app.storage.database import Database
from app.web import limits
from app.web.limits import Limit
from app.web.models import Tally
from tests.scene import NOW

FIVE = Limit("five", 5, 60)


def passed(database: Database, key: str = "a", *, seconds: float = 0) -> bool:
    try:
        limits.count(database, [(FIVE, key)], NOW + timedelta(seconds=seconds))
    except TooOften:
        return False
    return True


def test_past_the_limit_is_too_often_until_the_window_ends(database: Database) -> None:
    assert [passed(database, seconds=10) for _ in range(7)] == [True] * 5 + [False] * 2
    with pytest.raises(TooOften) as refused:
        limits.count(database, [(FIVE, "a")], NOW + timedelta(seconds=10))
    assert refused.value.retry_seconds == 50
    assert passed(database, seconds=60)


def test_each_key_and_each_limit_is_counted_alone(database: Database) -> None:
    assert all(passed(database) for _ in range(5))
    assert not passed(database)
    assert passed(database, "b")
    limits.count(database, [(Limit("other", 1, 60), "a")], NOW)


def test_one_that_is_past_counts_for_the_others_all_the_same(database: Database) -> None:
    both = [(FIVE, "a"), (Limit("one", 1, 3600), "a")]
    limits.count(database, both, NOW)
    with pytest.raises(TooOften) as refused:
        limits.count(database, both, NOW)
    assert refused.value.retry_seconds == 3600
    assert [passed(database) for _ in range(4)] == [True] * 3 + [False]


def test_many_at_once_are_counted_each(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: passed(database), range(40)))
    assert sum(answers) == 5


def test_what_is_taken_back_may_be_done_again_and_never_more(database: Database) -> None:
    assert [passed(database) for _ in range(6)] == [True] * 5 + [False]
    with database.begin() as session:
        for _ in range(3):
            limits.take_back(session, [(FIVE, "a"), (FIVE, "never counted")], NOW)
    assert [passed(database) for _ in range(3)] == [True] * 2 + [False]
    with database.begin() as session:
        for _ in range(20):
            limits.take_back(session, [(FIVE, "a")], NOW)
    assert [passed(database) for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_caller_has_one_place_however_many_addresses(address: str, place: str) -> None:
    assert limits.place(address) == place


def test_what_is_old_is_forgotten(database: Database) -> None:
    passed(database)
    with database.begin() as session:
        limits.forget(session, NOW + limits.KEPT + timedelta(minutes=2))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Tally)) == 0
