"""A story driven by texts alone: a reminder, other times, one of them chosen, and both ends told."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app.calls.words import CallState
from app.calls.words import Outcome as Ended
from app.kernel.local_time import wall_of
from app.storage.database import Database
from tests.flows.texting import Story, told_by_kannel, told_by_simulated_phones
from tests.scene import ZONE, at

Telling = Callable[[Database, Path], AbstractContextManager[Story]]
LINES: dict[str, Telling] = {"simulated": told_by_simulated_phones, "kannel": told_by_kannel}


@pytest.fixture(params=[("simulated", "sqlite"), ("simulated", "postgres"), ("kannel", "postgres")], ids=":".join)
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    line, kind = request.param
    database = Database(request.getfixturevalue(f"{kind}_url"))
    with LINES[line](database, tmp_path) as told:
        yield told
    database.close()


def test_a_call_is_moved_and_confirmed_with_nothing_but_texts(story: Story) -> None:
    alice, scene = story.scene.alice, story.scene
    old = scene.book(alice, at(19, day=24))
    story.evening.until(at(19, 1))
    assert "tomorrow 19:00" in story.sees(alice.caregiver, "Answer 1 yes, 2 other times, 3 no")

    offered = story.writes(alice.caregiver, "2")
    found = re.search(r"1\) (.+?) 2\) (.+?) 3\) (.+?)\. ", offered)
    assert found, offered
    third = found[3].split()[-1]
    assert re.search(rf"Booked: .*{third}", story.writes(alice.caregiver, "3"))

    assert (scene.call(old).state, scene.call(old).outcome) == (CallState.ENDED, Ended.MOVED)
    new = scene.call(str(scene.call(old).moved_to_id))
    assert (new.state, f"{wall_of(new.starts_at, ZONE):%H:%M}") == (CallState.BOOKED, third)
    assert re.search(rf"from tomorrow 19:00 to .*{third}", story.sees(alice.parent, "Call moved"))

    assert "confirmed" in story.writes(alice.parent, "好的")
    assert third in story.sees(alice.caregiver, "Alice has confirmed")
