"""A series as a state machine on a real database: whatever is done to it, each day has what it should have."""

import shutil
import tempfile
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.calls import recurrence
from app.calls.models import Call
from app.kernel.errors import Invalid, Refused
from app.kernel.local_time import day_of
from app.storage.database import Database
from tests.calls.series_stage import EIGHT, SEVEN, SUNDAYS, Stage, evening
from tests.scene import ZONE, set_scene

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
RULES = (SUNDAYS, "FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,SU", "FREQ=MONTHLY;BYDAY=1SU,-1SA")


class Sundays(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        shutil.copyfile(self.template, self.folder / "series.db")
        self.database = Database(f"sqlite:///{self.folder / 'series.db'}")
        self.stage = Stage(set_scene(self.database))
        self.chain = [self.stage.book()]
        self.cancelled: set[date] = set()
        self.moved: dict[date, datetime] = {}

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    @property
    def today(self) -> date:
        return day_of(self.stage.now, ZONE)

    def standing(self) -> list[Call]:
        found = [call for series_id in self.chain for call in self.stage.open(series_id).values()]
        return [call for call in found if call.starts_at > self.stage.now]

    @rule(index=st.integers(0, 12))
    def one_is_cancelled(self, index: int) -> None:
        if calls := self.standing():
            call = calls[index % len(calls)]
            self.stage.cancel(call.id)
            assert call.occurs_on
            self.cancelled.add(call.occurs_on)
            self.moved.pop(call.occurs_on, None)

    @rule(index=st.integers(0, 12), hour=st.sampled_from([9, 10, 17]))
    def one_is_moved(self, index: int, hour: int) -> None:
        calls = self.standing()
        if not calls:
            return
        call = calls[index % len(calls)]
        assert call.occurs_on
        elsewhere = evening(call.occurs_on, hour)
        with suppress(Refused):
            self.stage.move(call.id, elsewhere)
            self.moved[call.occurs_on] = elsewhere

    @rule(index=st.integers(0, 3), minute=st.sampled_from([None, SEVEN, EIGHT]), text=st.sampled_from([None, *RULES]),
          ahead=st.sampled_from([None, 0, 6, 13, 40]))  # fmt: skip
    def it_is_changed(self, index: int, minute: int | None, text: str | None, ahead: int | None) -> None:
        from_on = None if ahead is None else self.today + timedelta(days=ahead)
        series_id = self.chain[index % len(self.chain)]
        with suppress(Refused, Invalid):
            changed = self.stage.change(series_id, from_on=from_on, starts_minute=minute, rule=text)
            if changed not in self.chain:
                self.chain.append(changed)

    @rule(days=st.integers(0, 40), is_booked=st.booleans())
    def another_family_comes_between(self, days: int, is_booked: bool) -> None:
        with suppress(Refused):
            call_id = self.stage.scene.book(self.stage.scene.bob, evening(self.today + timedelta(days=days), 19))
            if not is_booked:
                self.stage.cancel(call_id)

    @rule(days=st.sampled_from([1, 3, 9]))
    def time_passes(self, days: int) -> None:
        """Calls that are over end; the worker looks at each series of the chain."""
        self.stage.scene.clock.step(days=days)
        for series_id in self.chain:
            self.stage.extend(series_id)

    @invariant()
    def nothing_is_held_twice_and_nothing_leaks(self) -> None:
        self.stage.check_claims()

    @invariant()
    def a_day_that_was_touched_stays_as_it_is(self) -> None:
        days = [call.occurs_on for call in self.standing()]
        assert len(days) == len(set(days)), "a day has two calls"
        assert not self.cancelled & set(days)
        starts = {call.occurs_on: call.starts_at for call in self.standing()}
        assert {day: starts.get(day) for day, at in self.moved.items() if at > self.stage.now} == {
            day: at for day, at in self.moved.items() if at > self.stage.now
        }

    @invariant()
    def each_other_day_is_what_the_rules_want(self) -> None:
        """Or a gap; on the day of a change a call may stand that could only have been moved into the past."""
        wanted: dict[date, datetime] = {}
        gaps: set[date] = set()
        for series_id in self.chain:
            kept = self.stage.series(series_id)
            gaps |= {date.fromisoformat(day) for day in kept.gaps}
            until = kept.made_until or self.today
            for day in recurrence.days(recurrence.parsed(kept.rule), kept.starts_on, self.today, until):
                assert day not in wanted, "two series want one day"
                wanted[day] = recurrence.instant(day, kept.starts_minute, ZONE)
        touched = self.cancelled | set(self.moved) | gaps | {self.today}
        stands = {call.occurs_on: call.starts_at for call in self.standing() if call.occurs_on not in touched}
        assert stands == {day: at for day, at in wanted.items() if day not in touched}


@pytest.mark.timeout(300)
def test_whatever_is_done_to_a_series(sqlite_template: Path) -> None:
    Sundays.template = sqlite_template
    run_state_machine_as_test(
        Sundays, settings=settings(max_examples=12, stateful_step_count=12, deadline=None, derandomize=True)
    )
