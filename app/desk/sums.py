"""What the ledger adds up: by child, by the village's weeks, by reason. Pure: values and `now` in, values out.

A hearing and a call belong to the week, month and thirty days in which they ended, and what was cancelled to those in
which it should have begun.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.calls.words import GIVEN_UP, Origin, Outcome
from app.kernel.local_time import day_of, start_of_day

LEDGER_REACHES = timedelta(days=30)
WEEKS = 12
REASONS_SHOWN = 3


@dataclass(frozen=True)
class Hearing:
    """A child and a parent heard each other, by whatever means."""

    child_id: str
    at: datetime
    seconds: int


@dataclass(frozen=True)
class Ended:
    """A call that is over, at the instant by which it is counted. `was_agreed`: it was more than a proposal."""

    child_id: str
    at: datetime
    outcome: Outcome
    reason: str | None
    origin: Origin
    was_agreed: bool

    @property
    def has_failed(self) -> bool:
        """Whether somebody had hoped for it till then: not what was offered and not taken or a series gave up."""
        was_offered_alone = self.origin is Origin.WAIT and not self.was_agreed
        if was_offered_alone or self.reason in GIVEN_UP:
            return False
        return self.outcome in (Outcome.MISSED, Outcome.CANCELLED)


@dataclass(frozen=True)
class Stay:
    """A child's time in a family of the village; open where it began before this was written down, and goes on."""

    child_id: str
    joined_at: datetime | None
    left_at: datetime | None

    def is_there(self, at: datetime) -> bool:
        return (self.joined_at is None or self.joined_at <= at) and (self.left_at is None or self.left_at > at)


@dataclass(frozen=True)
class Periods:
    """Where the periods of the ledger begin: twelve weeks of the village (from Monday), its month, thirty days."""

    mondays: Sequence[date]
    weeks: Sequence[datetime]
    month: datetime
    ledger: datetime
    now: datetime

    def week_of(self, at: datetime) -> int | None:
        """Which of the weeks, the first being 0; None before all of them."""
        place = bisect_right(self.weeks, at) - 1
        return place if place >= 0 else None

    def end_of(self, week: int) -> datetime:
        """The end of a week, and of the one that goes on the present."""
        return self.weeks[week + 1] if week + 1 < len(self.weeks) else self.now


@dataclass(frozen=True)
class ChildSums:
    """One child's line: minutes of this week, this month and each of the weeks, calls and failures of thirty days."""

    minutes_week: int
    minutes_month: int
    minutes_by_week: Sequence[int]
    held: int
    missed: int
    reasons: Sequence[str]


@dataclass(frozen=True)
class WeekSums:
    """`children` are those who were in the village at the week's end, and whoever else was heard in it."""

    week: date
    children: int
    heard: int
    calls_held: int
    calls_missed: int
    minutes: int


def periods(now: datetime, zone: str) -> Periods:
    today = day_of(now, zone)
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    return Periods(
        mondays, [start_of_day(day, zone) for day in mondays], start_of_day(today.replace(day=1), zone),
        now - LEDGER_REACHES, now,
    )  # fmt: skip


def of_child(hearings: Sequence[Hearing], ended: Sequence[Ended], begins: Periods) -> ChildSums:
    """Sum up what is of one child."""
    lately = [call for call in ended if call.at >= begins.ledger]
    by_week = [0] * len(begins.weeks)
    for hearing in hearings:
        week = begins.week_of(hearing.at)
        if week is not None:
            by_week[week] += hearing.seconds
    minutes_by_week = [minutes([seconds]) for seconds in by_week]
    return ChildSums(
        minutes_week=minutes_by_week[-1],
        minutes_month=minutes(hearing.seconds for hearing in hearings if hearing.at >= begins.month),
        minutes_by_week=minutes_by_week,
        held=sum(call.outcome is Outcome.HELD for call in lately),
        missed=sum(call.outcome is Outcome.MISSED for call in lately),
        reasons=_last_reasons(lately),
    )


def by_week(
    hearings: Iterable[Hearing], ended: Iterable[Ended], stays: Iterable[Stay], begins: Periods
) -> list[WeekSums]:  # fmt: skip
    """Sum up the whole village week by week."""
    heard: list[set[str]] = [set() for _ in begins.weeks]
    seconds, outcomes = [0] * len(heard), [Counter[Outcome]() for _ in heard]
    for hearing in hearings:
        week = begins.week_of(hearing.at)
        if week is not None:
            heard[week].add(hearing.child_id)
            seconds[week] += hearing.seconds
    for call in ended:
        week = begins.week_of(call.at)
        if week is not None:
            outcomes[week][call.outcome] += 1
    there = [{stay.child_id for stay in stays if stay.is_there(begins.end_of(week))} for week in range(len(heard))]
    return [
        WeekSums(
            day, len(there[week] | heard[week]), len(heard[week]), outcomes[week][Outcome.HELD],
            outcomes[week][Outcome.MISSED], minutes([seconds[week]]),
        )
        for week, day in enumerate(begins.mondays)
    ]  # fmt: skip


def by_reason(ended: Iterable[Ended], begins: Periods) -> list[tuple[str, int]]:
    """How often what failed in thirty days, the most frequent first."""
    failed = Counter(_reason(call) for call in ended if call.has_failed and call.at >= begins.ledger)
    return sorted(failed.items(), key=lambda counted: (-counted[1], counted[0]))


def minutes(seconds: Iterable[int]) -> int:
    """Whole minutes, to the nearest; a half counts."""
    return (sum(seconds) + 30) // 60


def _last_reasons(ended: Iterable[Ended]) -> list[str]:
    """Why calls failed, the latest first, each reason once."""
    latest_first = sorted((call for call in ended if call.has_failed), key=lambda call: call.at, reverse=True)
    return list(dict.fromkeys(_reason(call) for call in latest_first))[:REASONS_SHOWN]


def _reason(call: Ended) -> str:
    return call.reason or "other"
