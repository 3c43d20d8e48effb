"""One question for the hours of any resource."""

from datetime import date, timedelta

import pytest

from app.calls.free import free_intervals
from app.families import schedule
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from app.kernel.errors import NotFound
from app.kernel.intervals import Interval
from app.storage.database import Database
from app.villages import service as villages
from tests.scene import NOW, Scene, at, set_scene


@pytest.fixture
def scene(database: Database) -> Scene:
    return set_scene(database)


def free(scene: Scene, resource: str) -> list[Interval]:
    """From noon of today to noon of tomorrow."""
    with scene.database.read() as session:
        return free_intervals(session, resource, at(12), at(12, day=24))


def test_a_terminal_has_its_villages_hours_without_closures(scene: Scene) -> None:
    village, terminal = scene.alice.village, scene.alice.terminal
    with scene.database.begin() as session:
        other = villages.add_terminal(session, village, "School", NOW).id
        for whose, begins in ((None, at(19)), (terminal, at(20)), (other, at(15))):
            villages.add_closure(
                session, village, terminal_id=whose, starts_at=begins, ends_at=begins + timedelta(minutes=30),
                reason="wedding", now=NOW,
            )  # fmt: skip
    assert free(scene, f"terminal:{terminal}") == [
        (at(12), at(19)), (at(19, 30), at(20)), (at(20, 30), at(22)), (at(8, day=24), at(12, day=24)),
    ]  # fmt: skip
    scene.book(scene.alice, at(21))  # what is booked is not asked
    assert (at(20, 30), at(22)) in free(scene, f"terminal:{terminal}")


def test_a_retired_terminal_has_none_from_then_on(scene: Scene) -> None:
    with scene.database.begin() as session:
        villages.retire_terminal(session, scene.bob.village, scene.bob.terminal, at(18))
    assert free(scene, f"terminal:{scene.bob.terminal}") == [(at(12), at(18))]


def test_a_person_has_what_their_patterns_leave(scene: Scene) -> None:
    assert free(scene, f"person:{scene.alice.child}") == [(at(12), at(12, day=24))]
    bedtime = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "from_minute": 21 * 60, "until_minute": 6 * 60}
    with scene.database.begin() as session:
        said = Said(PatternKind.WEEKLY, Occupation.BEDTIME, bedtime, from_day=date(2026, 11, 23))
        schedule.add(session, scene.alice.child, said, "coordinator:lee", NOW)
    assert free(scene, f"person:{scene.alice.child}") == [(at(12), at(21)), (at(6, day=24), at(12, day=24))]
    assert free(scene, f"person:{scene.alice.parent}") == [(at(12), at(12, day=24))]


@pytest.mark.parametrize("resource", ["person:nobody", "terminal:nothing", "village:x", "person", ""])
def test_what_is_neither(scene: Scene, resource: str) -> None:
    with pytest.raises(NotFound):
        free(scene, resource)
