"""Who brings a child: in what turn they are asked, and whether anybody has time."""

from datetime import timedelta

import pytest

from app.families.bringing import Bringer, in_turn, is_brought, who_can
from tests.scene import NOW

LATER = NOW + timedelta(minutes=20)


def bringer(
    name: str, *, told: bool = True, confirmed: bool = False, time: bool = True, times: int = 0
) -> Bringer:  # fmt: skip
    return Bringer(name, told, confirmed, time, times)


@pytest.mark.parametrize(
    ("bringers", "turns"),
    [
        ([], []),
        ([bringer("b"), bringer("a")], ["a", "b"]),
        ([bringer("a", times=1), bringer("b", times=3)], ["b", "a"]),
        ([bringer("a", times=9, time=False), bringer("b")], ["b", "a"]),
        ([bringer("a", times=9), bringer("b", confirmed=True, time=False)], ["b", "a"]),
        ([bringer("a", told=False, confirmed=True, times=9), bringer("b", time=False)], ["b", "a"]),
    ],
)
def test_the_turn_in_which_they_are_asked(bringers: list[Bringer], turns: list[str]) -> None:
    assert in_turn(bringers) == turns
    assert in_turn(reversed(bringers)) == turns


def test_neither_the_child_nor_the_parent_brings_the_child() -> None:
    assert who_can(["granny", "mother", "brother"], ("brother", "mother")) == ["granny"]


def test_one_who_has_time_throughout_is_enough_and_none_is_needed_where_none_is_known() -> None:
    half, whole = (NOW, NOW + timedelta(minutes=10)), (NOW - timedelta(hours=1), LATER)
    assert is_brought([], (NOW, LATER))
    assert is_brought([[half], [whole]], (NOW, LATER))
    assert not is_brought([[half], []], (NOW, LATER))
