"""Whose turn it is for a freed slot, and for how long it is theirs."""

from datetime import timedelta

import pytest

from app.roster import rules
from app.roster.rules import Waiting
from tests.scene import NOW, at

DAY = timedelta(days=1)


def one(child: str, *, heard: int | None = None, asked: int | None = None, has_call: bool = False) -> Waiting:
    """A child who was heard and asked for a slot so many days ago."""
    return Waiting(
        "f", child, "p", None if heard is None else NOW - heard * DAY, NOW + DAY if has_call else None,
        None if asked is None else f"wait of {child}", None if asked is None else NOW - asked * DAY,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "waits"),
    [
        (one("a"), True),
        (one("a", has_call=True), False),
        (one("a", heard=7), True),
        (one("a", heard=7, has_call=True), False),
        (one("a", heard=6), False),
        (one("a", heard=0, asked=0), True),
        (one("a", heard=0, asked=0, has_call=True), True),
    ],
)
def test_who_asked_waits_and_whom_the_village_has_promised_more(who: Waiting, waits: bool) -> None:
    assert rules.waits(who, 7, NOW) is waits


def test_longest_unheard_comes_first_and_then_who_has_waited_longest() -> None:
    line = [
        one("heard lately", heard=1, asked=300),
        one("never, asked lately", asked=1),
        one("long ago, not asked", heard=20),
        one("long ago, asked", heard=20, asked=2),
        one("never, not asked"),
        one("never, asked long ago", asked=9),
    ]
    assert [w.child_id for w in rules.in_order(line, NOW)] == [
        "never, asked long ago", "never, asked lately", "never, not asked", "long ago, asked", "long ago, not asked",
        "heard lately",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minutes_left", "minutes"), [(24 * 60, 30), (60, 30), (59, 29.5), (40, 20), (20, 10), (10, 5), (6, 5)]
)
def test_an_offer_leaves_half_of_the_time_to_the_next(minutes_left: int, minutes: float) -> None:
    expires_at = rules.offer_expires(NOW + timedelta(minutes=minutes_left), NOW)
    assert expires_at == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(("seconds_left", "close"), [(20 * 60, False), (20 * 60 - 1, True), (-60, True)])
def test_too_close_is_less_than_twenty_minutes(seconds_left: int, close: bool) -> None:
    assert rules.is_too_close(NOW + timedelta(seconds=seconds_left), NOW) is close


@pytest.mark.parametrize(
    ("minutes", "slots"),
    [
        (10, [(0, 10)]),
        (15, [(0, 15)]),
        (30, [(0, 30)]),
        (35, [(0, 15), (20, 35)]),
        (45, [(0, 15), (20, 35)]),
        (60, [(0, 15), (20, 35), (40, 55)]),
    ],
)
def test_a_long_call_makes_several_slots_with_room_to_change_over(minutes: int, slots: list[tuple[int, int]]) -> None:
    found = rules.pieces(at(19), at(19) + timedelta(minutes=minutes), 15, 5)
    assert found == [(at(19, from_), at(19, until)) for from_, until in slots]
