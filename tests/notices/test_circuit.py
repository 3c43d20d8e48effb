"""The table of the circuit: when it opens, who gets through, and for how long it stays open."""

from datetime import timedelta

import pytest

from app.notices.circuit import CLOSED, OPENS_AFTER, Circuit, Passage, after_fault, begin_trial, passage, pause
from tests.notices.stage import NOW

SECOND = timedelta(seconds=1)


def opened() -> Circuit:
    circuit = CLOSED
    for _ in range(OPENS_AFTER):
        circuit = after_fault(circuit, NOW, NOW)
    return circuit


def test_it_opens_after_some_faults_in_a_row_and_not_before() -> None:
    circuit = CLOSED
    for _ in range(OPENS_AFTER - 1):
        circuit = after_fault(circuit, NOW, NOW)
        assert passage(circuit, NOW) is Passage.FREE
    assert passage(after_fault(circuit, NOW, NOW), NOW) is Passage.SHUT


@pytest.mark.parametrize(
    ("failures", "seconds"), [(5, 30), (6, 60), (7, 120), (8, 240), (9, 300), (10, 300), (1000, 300)]
)
def test_each_trial_that_fails_doubles_the_pause(failures: int, seconds: int) -> None:
    assert pause(failures) == timedelta(seconds=seconds)


def test_what_was_under_way_when_it_opened_says_nothing_new() -> None:
    circuit = opened()
    assert after_fault(circuit, NOW, NOW + SECOND) == circuit


def test_a_clock_that_was_ahead_keeps_nobody_out_once_it_is_right() -> None:
    assert passage(opened(), NOW - timedelta(days=1)) is Passage.TRIAL
    longest = Circuit(1000, NOW + pause(1000))
    assert passage(longest, NOW) is Passage.SHUT


def test_after_the_pause_one_gets_through_and_nobody_else_until_it_is_back() -> None:
    at = NOW + timedelta(seconds=30)
    assert passage(opened(), at - SECOND) is Passage.SHUT
    assert passage(opened(), at) is Passage.TRIAL
    assert passage(begin_trial(opened(), at), at) is Passage.SHUT


def test_a_trial_that_fails_opens_it_for_longer() -> None:
    at = NOW + timedelta(seconds=30)
    again = after_fault(begin_trial(opened(), at), at, at + SECOND)
    assert again == Circuit(OPENS_AFTER + 1, at + SECOND + timedelta(seconds=60))


def test_a_trial_that_never_comes_back_makes_room_for_the_next() -> None:
    at = NOW + timedelta(seconds=30)
    tried = begin_trial(opened(), at)
    assert passage(tried, at + timedelta(seconds=24)) is Passage.SHUT
    assert passage(tried, at + timedelta(seconds=25)) is Passage.TRIAL
