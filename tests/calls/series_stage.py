"""A stage on which series are booked and changed, and what stands there afterwards. It begins on a Monday evening."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import booking, rules, series, timetable
from app.calls.booking import Actor
from app.calls.models import Call, Claim, Series
from app.calls.series import Change, SeriesWish
from app.calls.words import CallState, Outcome
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.kernel.errors import HomethreadError
from tests.scene import Household, Scene

SUNDAY = date(2026, 11, 29)
SUNDAYS = "FREQ=WEEKLY;BYDAY=SU"
EIGHT, SEVEN = 20 * 60, 19 * 60
WEEKS = 8  # are made ahead
Given = TypeVar("Given")


def sunday(number: int) -> date:
    """The first is number 0."""
    return SUNDAY + timedelta(weeks=number)


def days(count: int, since: int = 0) -> list[date]:
    return [sunday(number) for number in range(since, since + count)]


def evening(day: date, hour: int = 20, minute: int = 0) -> datetime:
    """By the village's wall clock."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@dataclass
class Stage:
    scene: Scene

    @property
    def now(self) -> datetime:
        return self.scene.clock.now()

    def run(self, act: Callable[[Session], Given]) -> Given:
        with self.scene.database.begin() as session:
            return act(session)

    def wish(self, whom: Household | None = None, rule: str = SUNDAYS, **more: Any) -> SeriesWish:
        of = whom or self.scene.alice
        given: dict[str, Any] = {"starts_on": SUNDAY, "starts_minute": EIGHT, "rule": rule} | more
        return SeriesWish(of.family, of.child, of.parent, **given)

    def book(
        self, rule: str = SUNDAYS, *, whom: Household | None = None, by: Actor | None = None, **more: Any
    ) -> str:  # fmt: skip
        of = whom or self.scene.alice
        wish = self.wish(of, rule, **more)
        return self.run(lambda s: series.book_series(s, wish, by or of.parent_acts, self.now).id)

    def change(self, series_id: str, **change: Any) -> str:
        """The id of the series that has the days from then on."""
        by = self.scene.alice.parent_acts
        return self.run(lambda s: series.change_series(s, series_id, Change(**change), by, self.now).id)

    def end(self, series_id: str, from_on: date | None = None, reason: str = "shift_changed") -> None:
        by = self.scene.alice.parent_acts
        self.run(lambda s: series.end_series(s, series_id, from_on, reason, by, self.now))

    def extend(self, series_id: str) -> None:
        self.run(lambda s: series.extend(s, series_id, self.now))

    def cancel(self, call_id: str) -> None:
        by = self.scene.alice.parent_acts
        self.run(lambda s: booking.cancel(s, call_id, by, "sick", None, self.now))

    def move(self, call_id: str, starts_at: datetime) -> str:
        by = self.scene.alice.parent_acts
        return self.run(lambda s: booking.move(s, call_id, starts_at, by, self.now).id)

    def finish(self, call_id: str, outcome: Outcome, reason: str | None = None) -> None:
        """Let a call end as if it had taken place, or had not."""

        def act(session: Session) -> None:
            timetable.end(session, session.get_one(Call, call_id), outcome, reason, self.now)

        self.run(act)

    def series(self, series_id: str) -> Series:
        with self.scene.database.read() as session:
            return session.get_one(Series, series_id)

    def calls(self, series_id: str) -> list[Call]:
        """All of them ever, by their start."""
        with self.scene.database.read() as session:
            theirs = select(Call).where(Call.series_id == series_id).order_by(Call.starts_at, Call.made_at, Call.id)
            return list(session.scalars(theirs))

    def open(self, series_id: str) -> dict[date, Call]:
        """Those that have not ended, by their day in the series."""
        waiting = [call for call in self.calls(series_id) if call.state is not CallState.ENDED]
        found = {call.occurs_on: call for call in waiting if call.occurs_on}
        assert len(found) == len(waiting), "a day has two calls"
        return found

    def starts(self, series_id: str) -> list[datetime]:
        return [call.starts_at for call in self.open(series_id).values()]

    def events(self, kind: str) -> list[dict[str, Any]]:
        with self.scene.database.read() as session:
            rows = select(DueRow).where(DueRow.kind == f"event:{kind}").order_by(DueRow.put_at, DueRow.id)
            return [row.payload for row in session.scalars(rows)]

    def due(self, series_id: str) -> datetime | None:
        """When the series is looked at again."""
        with self.scene.database.read() as session:
            row = session.scalar(select(DueRow).where(DueRow.key == f"{series.EXTEND}:{series_id}"))
            return row.due_at if row and row.state is DueState.WAITING else None

    def refusal(self, act: Callable[[], Any]) -> str:
        with pytest.raises(HomethreadError) as refused:
            act()
        return refused.value.code

    def check_claims(self) -> None:
        """What is held is what the open calls need, no more and no less."""
        with self.scene.database.read() as session:
            held = {(claim.resource, claim.cell_at): claim.call_id for claim in session.scalars(select(Claim))}
            wanted: dict[tuple[str, datetime], str] = {}
            for call in session.scalars(select(Call).where(Call.state != CallState.ENDED)):
                persons = (call.parent_id, call.child_id)
                for claim in rules.claims_of(call.terminal_id, persons, call.starts_at, call.ends_at, 5):
                    assert wanted.setdefault(claim, call.id) == call.id, "two calls want one cell"
        assert held == wanted
