"""Series under fire, by threads and by processes on both databases: each occurrence once, and no day comes back."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.calls import booking, series
from app.calls.series import Change
from app.kernel.errors import HomethreadError
from app.storage.clashes import is_clash
from tests.calls.series_stage import EIGHT, SEVEN, SUNDAYS, WEEKS, Stage, days, evening, sunday
from tests.groups import ROOT
from tests.scene import Scene

Act = Callable[[Session], Any]
RACERS = 4


@pytest.fixture
def stage(scene: Scene) -> Stage:
    return Stage(scene)


def race(stage: Stage, acts: list[Act]) -> list[str]:
    """All at once from threads of their own; what each was refused with, or nothing.

    One that the database rolled back for another's sake is tried again, as the worker and the phones do.
    """
    barrier, outcomes = threading.Barrier(len(acts)), []

    def racer(act: Act) -> None:
        barrier.wait()
        while True:
            try:
                stage.run(act)
                outcomes.append("")
            except HomethreadError as refused:
                outcomes.append(refused.code)
            except DBAPIError as error:
                if is_clash(error):
                    continue
                outcomes.append(repr(error))
            return

    threads = [threading.Thread(target=racer, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def extending(stage: Stage, series_id: str) -> Act:
    return lambda session: series.extend(session, series_id, stage.now)


def once_each(stage: Stage, *series_ids: str) -> Counter[Any]:
    """How many calls stand for each day of the series."""
    return Counter(day for series_id in series_ids for day in stage.open(series_id))


def test_threads_that_extend_make_each_call_once(stage: Stage) -> None:
    series_id = stage.book("FREQ=DAILY")
    stage.scene.clock.step(days=10)
    assert race(stage, [extending(stage, series_id)] * RACERS) == [""] * RACERS
    first, last = sunday(0), stage.now.date() + timedelta(days=56)
    wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert once_each(stage, series_id) == dict.fromkeys(wanted, 1)
    assert stage.series(series_id).gaps == {}, "nobody stood in the way of another"
    stage.check_claims()


EXTENDERS = """
import sys
from datetime import datetime
from app.calls import series
from app.storage.database import Database
from tests.racers import race
url, series_id, now, racers = sys.argv[1:]

def extend():
    with Database(url).begin() as session:
        series.extend(session, series_id, datetime.fromisoformat(now))
    print("done")

race([extend] * int(racers))
"""


def test_processes_that_extend_make_each_call_once(stage: Stage, database_url: str) -> None:
    series_id = stage.book()
    stage.scene.clock.step(days=21)
    command = [sys.executable, "-c", EXTENDERS, database_url, series_id, stage.now.isoformat(), str(RACERS)]
    raced = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert raced.stdout.split() == ["done"] * RACERS
    assert once_each(stage, series_id) == dict.fromkeys(days(WEEKS + 3), 1)
    assert stage.series(series_id).gaps == {}
    stage.check_claims()


@pytest.mark.parametrize("how", ["cancel", "move"])
def test_a_day_that_is_touched_while_the_series_changes_stays_touched(stage: Stage, how: str) -> None:
    """Whoever comes first, the call of that day is the touched one or none, and it never comes back."""
    series_id, by = stage.book(), stage.scene.alice.parent_acts
    calls = [stage.open(series_id)[sunday(number)].id for number in range(2, 5)]

    def touch(call_id: str) -> Act:
        if how == "cancel":
            return lambda s: booking.cancel(s, call_id, by, "sick", None, stage.now)
        elsewhere = stage.scene.call(call_id).starts_at - timedelta(hours=3)
        return lambda s: booking.move(s, call_id, elsewhere, by, stage.now)

    def change(session: Session) -> None:
        series.change_series(session, series_id, Change(from_on=sunday(1), starts_minute=SEVEN), by, stage.now)

    said = race(stage, [*(touch(call_id) for call_id in calls), change, extending(stage, series_id)])
    assert set(said) <= {"", "too_late"}
    (following,) = {event["series_id"] for event in stage.events("SeriesChanged")}
    kept = stage.series(following).exceptions
    assert len(kept) == said.count("") - 2
    stage.change(following, starts_minute=EIGHT)
    stage.extend(following)
    standing = stage.open(following)
    for number in range(1, WEEKS):
        day = sunday(number).isoformat()
        call = standing.get(sunday(number))
        assert (call is None) == (kept.get(day) == "cancelled")
        if call is not None:
            assert call.starts_at == evening(sunday(number), 17 if kept.get(day) == "moved" else 20)
    assert list(stage.open(series_id)) == days(1)
    stage.check_claims()


def test_two_changes_at_once_leave_one_rule(stage: Stage) -> None:
    series_id, by = stage.book(), stage.scene.alice.parent_acts

    def changing(**change: Any) -> Act:
        return lambda s: series.change_series(s, series_id, Change(**change), by, stage.now)

    said = race(
        stage, [changing(from_on=sunday(2), starts_minute=SEVEN), changing(from_on=sunday(4), starts_minute=EIGHT + 30)]
    )
    chain = {event["series_id"] for event in stage.events("SeriesChanged")} | {series_id}
    assert set(said) <= {"", "series_over"}
    assert once_each(stage, *chain) == dict.fromkeys(days(WEEKS), 1)
    stage.check_claims()


def test_families_that_want_the_same_evenings_get_one_each(stage: Stage) -> None:
    """Whoever loses an evening notes it as a gap, or is refused where all are lost."""
    alice, bob = stage.scene.alice, stage.scene.bob
    wishes = [stage.wish(alice), stage.wish(bob, "FREQ=WEEKLY;BYDAY=SU,MO")]
    acts = [(alice.parent_acts, wishes[0]), (bob.parent_acts, wishes[1])]
    said = race(stage, [partial(series.book_series, wish=wish, by=by, now=stage.now) for by, wish in acts])
    assert set(said) <= {"", "slot_taken"}
    booked = [event["series_id"] for event in stage.events("SeriesBooked")]
    evenings = Counter(start for series_id in booked for start in stage.starts(series_id))
    assert set(evenings.values()) == {1}
    assert {evening(day) for day in days(WEEKS)} <= set(evenings)
    stage.check_claims()


def test_an_end_races_with_an_extension(stage: Stage) -> None:
    series_id, by = stage.book(SUNDAYS), stage.scene.alice.parent_acts
    stage.scene.clock.step(days=14)

    def end(session: Session) -> None:
        series.end_series(session, series_id, None, "sick", by, stage.now)

    assert race(stage, [end, extending(stage, series_id), extending(stage, series_id)]) == ["", "", ""]
    assert [call.occurs_on for call in stage.open(series_id).values()] == days(2), "those that lie behind"
    assert stage.due(series_id) is None
