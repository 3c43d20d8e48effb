"""A group in real time may try a test once more: never in silence, not often, and not for what is no matter of time."""

from pathlib import Path

import pytest

from tests.groups import GROUPS, Group
from tests.running import Outcome, Runner

ONCE = """
import pytest
tries = []
@pytest.fixture
def fresh():
    return []
@pytest.fixture
def breaks_once_before():
    tries.append('before')
    assert tries.count('before') > 1, 'no chair'
@pytest.fixture
def breaks_once_afterwards():
    yield
    tries.append('after')
    assert tries.count('after') > 1, 'no table'
def test_passes(): pass
def test_fails_once(fresh, record_property):
    tries.append('call')
    fresh.append(1)
    record_property('figure', f'try {tries.count("call")}')
    assert fresh == [1]
    assert tries.count('call') > 1, 'too late\\nby 3 s'
def test_begins_badly(breaks_once_before): pass
def test_ends_badly(breaks_once_afterwards): pass
"""
ALWAYS = """
import pytest
@pytest.fixture
def breaks_afterwards():
    yield
    raise OSError('no way back')
def test_fails(): assert 1 == 2
def test_fails_twice(breaks_afterwards): assert 1 == 3
def test_ends_badly(breaks_afterwards): pass
"""
SHARED = """
import pathlib, pytest
def note(word):
    with pathlib.Path(__file__).with_name('noted').open('a') as file: file.write(word + ' ')
@pytest.fixture(scope='session')
def browser():
    note('browser')
    yield
    note('closed')
@pytest.fixture(scope='module')
def village(browser):
    note('village')
    yield []
    note('gone')
def test_is_spoiled(village):
    village.append(1)
    assert len(village) == 1
    note('told')
def test_stops_halfway(village):
    village.append(2)
    note('half')
    assert village == [2]
def test_goes_on(village):
    village.append(3)
    assert village == [2, 3]
"""
WITH_A_LOG = """
import pytest
@pytest.fixture(scope='module')
def village():
    yield
    log = 'Traceback (most recent call last): KeyError'
    assert 'Traceback' not in log, log
def test_first(village): pass
def test_last(village): pass
"""
HANGS = """
import time
tries = []
def test_is_stuck():
    tries.append(1)
    if len(tries) == 1: assert False, 'too late'
    time.sleep(600)
def test_goes_on(): pass
"""


def run(tmp_path: Path, text: str, *more: str, most: int = 3, workers: int = 1) -> Outcome:
    path = tmp_path / "test_made.py"
    path.write_text(text)
    plugins = ("--disable-plugin-autoload", *more) if workers == 1 else ("-p", "no:schemathesis")
    group = Group("made", "", 60, (str(path),), plugins=plugins, workers=workers, second_tries=most)
    return Runner().run(group)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_fails_once_passes_and_is_told(tmp_path: Path, workers: int) -> None:
    outcome = run(tmp_path, ONCE, workers=workers)
    assert (outcome.passed, outcome.failed, outcome.again) == (4, 0, 3), outcome.output
    assert sorted(told(outcome)) == [
        "test_begins_badly: no chair",
        "test_ends_badly: no table",
        "test_fails_once: too late",
    ]
    assert [note for note in outcome.notes if note.startswith("try ")] == ["try 1", "try 2"]


def test_what_fails_twice_fails_and_is_told(tmp_path: Path) -> None:
    outcome = run(tmp_path, ALWAYS)
    assert (outcome.passed, outcome.failed, outcome.again) == (0, 3, 3)
    assert sorted(told(outcome)) == [
        "test_ends_badly: no way back",
        "test_fails: assert 1 == 2",
        "test_fails_twice: assert 1 == 3",
        "test_fails_twice: no way back",
    ]
    assert "assert 1 == 2" in outcome.output


def test_a_second_try_has_a_village_of_its_own_in_the_same_browser(tmp_path: Path) -> None:
    outcome = run(tmp_path, SHARED)
    assert (outcome.passed, outcome.failed, outcome.again) == (3, 0, 1), outcome.output
    assert (tmp_path / "noted").read_text() == "browser village told half gone village half gone closed "


def test_one_too_many_fails_the_group(tmp_path: Path) -> None:
    outcome = run(tmp_path, ONCE, most=2)
    assert (outcome.passed, outcome.failed, outcome.again) == (3, 1, 2)
    assert outcome.notes[-1].startswith("not tried again, 2 others were: ")
    assert outcome.notes[-1].endswith("::test_ends_badly")


def test_a_group_that_may_not_tries_nothing_again(tmp_path: Path) -> None:
    outcome = run(tmp_path, ONCE, most=0)
    assert (outcome.passed, outcome.failed, outcome.again) == (1, 3, 0)


def test_what_a_program_logged_is_no_matter_of_time(tmp_path: Path) -> None:
    outcome = run(tmp_path, WITH_A_LOG)
    assert (outcome.passed, outcome.failed, outcome.again) == (1, 1, 0)


def test_a_second_try_that_hangs_ends_at_its_own_limit(tmp_path: Path) -> None:
    outcome = run(tmp_path, HANGS, "-p", "timeout", "-o", "timeout=1")
    assert (outcome.passed, outcome.failed, outcome.again) == (1, 1, 1)
    assert "Timeout" in outcome.output
    assert outcome.seconds < 30


def test_only_what_runs_in_real_time_is_tried_again() -> None:
    in_real_time = {"browser", "contracts", "floor", "media", "thinlink", "faults"}
    assert {group.name for group in GROUPS if group.second_tries} == in_real_time


def told(outcome: Outcome) -> list[str]:
    """Test and words of each failure that was followed by a second try."""
    lines = [note for note in outcome.notes if note.startswith("tried again ")]
    return [f"{line.partition('::')[2].partition(':')[0]}: {line.rpartition(': ')[2]}" for line in lines]
