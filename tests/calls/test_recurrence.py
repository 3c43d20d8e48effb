"""Rules of series: what is read and written, on which days, and at which instants, beside `recurring_ical_events`."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, vRecur

from app.calls import occurrences, recurrence
from app.calls.occurrences import Occurrence
from app.calls.recurrence import Frequency, Rule, Weekday
from app.kernel.errors import Invalid

ZONES = ("Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Shanghai", "America/New_York")
CALL = timedelta(minutes=15)
WINDOW = timedelta(days=120)
ERA = (date(2024, 1, 1), date(2030, 12, 31))


def refused(text: str) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as error:
        recurrence.parsed(text)
    return error.value.code, error.value.detail.get("part")


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("", "bad_rule", ""),
        ("weekly", "bad_rule", "WEEKLY"),
        ("INTERVAL=2", "bad_rule", "FREQ"),
        ("FREQ=FORTNIGHTLY", "bad_rule", "FREQ"),
        ("FREQ=SECONDLY", "rule_too_often", None),
        ("FREQ=MINUTELY;INTERVAL=5", "rule_too_often", None),
        ("FREQ=HOURLY;INTERVAL=24", "rule_too_often", None),
        ("FREQ=WEEKLY;INTERVAL=0", "bad_rule", "INTERVAL"),
        ("FREQ=WEEKLY;INTERVAL=-1", "bad_rule", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "bad_rule", "INTERVAL"),
        ("FREQ=WEEKLY;COUNT=0", "bad_rule", "COUNT"),
        ("FREQ=WEEKLY;COUNT=1000000", "count_too_large", None),
        ("FREQ=WEEKLY;COUNT=٣", "bad_rule", "COUNT"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20270101", "count_and_until", None),
        ("FREQ=WEEKLY;UNTIL=20270230", "bad_rule", "UNTIL"),
        ("FREQ=WEEKLY;UNTIL=20270101T000000Z", "bad_rule", "UNTIL"),
        ("FREQ=DAILY;BYDAY=MO", "bad_rule", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=2MO", "bad_rule", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=XX", "bad_rule", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=", "bad_rule", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0SU", "bad_rule", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=6SU", "bad_rule", "BYDAY"),
        ("FREQ=YEARLY;BYDAY=-54SU", "bad_rule", "BYDAY"),
        ("FREQ=DAILY;BYMONTHDAY=1", "bad_rule", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "bad_rule", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "bad_rule", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "bad_rule", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=1SU;BYMONTHDAY=20", "bad_rule", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYHOUR=1,2,3", "bad_rule", "BYHOUR"),
        ("FREQ=WEEKLY;WKST=SU", "bad_rule", "WKST"),
        ("FREQ=WEEKLY;FREQ=DAILY", "bad_rule", "FREQ"),
        ("FREQ=WEEKLY;<script>=1", "bad_rule", ""),
        ("FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 700), "rule_too_long", None),
    ],
)
def test_rules_that_are_not_understood(text: str, code: str, part: str | None) -> None:
    assert refused(text) == (code, part)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("freq=weekly", "FREQ=WEEKLY"),
        (" COUNT=9;BYDAY=SU,MO,SU;FREQ=WEEKLY;INTERVAL=1 ", "FREQ=WEEKLY;BYDAY=MO,SU;COUNT=9"),
        ("UNTIL=20270101;INTERVAL=02;FREQ=DAILY", "FREQ=DAILY;INTERVAL=2;UNTIL=20270101"),
        ("FREQ=MONTHLY;BYDAY=+1SU,-1FR,MO", "FREQ=MONTHLY;BYDAY=-1FR,MO,1SU"),
        ("FREQ=YEARLY;BYMONTHDAY=31,+1,-1", "FREQ=YEARLY;BYMONTHDAY=-1,1,31"),
    ],
)
def test_a_rule_has_one_writing(text: str, written: str) -> None:
    assert recurrence.written(recurrence.parsed(text)) == written
    assert recurrence.written(recurrence.parsed(written)) == written


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    frequency = draw(st.sampled_from([Frequency.WEEKLY, *Frequency, Frequency.WEEKLY]))
    weekdays, end = st.integers(0, 6), draw(st.sampled_from(["never", "count", "until"]))
    by_day: set[Weekday] = set()
    if frequency is not Frequency.DAILY:
        nths = st.none() if frequency is Frequency.WEEKLY else st.sampled_from([None, 1, 2, 5, -1, -2])
        by_day = draw(st.sets(st.builds(Weekday, weekdays, nths), max_size=3))
    by_month_day: set[int] = set()
    if frequency in (Frequency.MONTHLY, Frequency.YEARLY) and not any(day.nth for day in by_day):
        by_month_day = draw(st.sets(st.integers(1, 31) | st.integers(-31, -1), max_size=3))
    return Rule(
        frequency,
        draw(st.integers(1, 4)),
        tuple(sorted(by_day, key=lambda day: (day.nth or 0, day.weekday))),
        tuple(sorted(by_month_day)),
        draw(st.integers(1, 60)) if end == "count" else None,
        draw(st.dates(*ERA)) if end == "until" else None,
    )


@given(rules())
def test_what_is_written_is_read_again(rule: Rule) -> None:
    assert recurrence.parsed(recurrence.written(rule)) == rule
    assert vRecur.from_ical(recurrence.written(rule)), "it is a rule for others too"


def in_zone(day: date, minute: int, zone: str) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=ZoneInfo(zone))


def ical(rule: Rule, first: date, minute: int, zone: str, cancelled: set[date], moved: dict[date, int]) -> Calendar:
    """The series as a calendar: EXDATE for what was cancelled, RECURRENCE-ID for what was moved by so many minutes."""
    series = Event()
    series.add("uid", "series")
    series.add("dtstart", in_zone(first, minute, zone))
    series.add("duration", CALL)
    recur = vRecur.from_ical(recurrence.written(rule))
    if rule.until:  # beside a DTSTART with a zone UNTIL is an instant
        last = recurrence.instant(rule.until, minute, zone)
        recur["UNTIL"] = [last]
    series.add("rrule", recur)
    for day in sorted(cancelled):
        series.add("exdate", in_zone(day, minute, zone))
    calendar = Calendar()
    calendar.add("prodid", "-//Homethread//tests//EN")
    calendar.add("version", "2.0")
    calendar.add_component(series)
    for day, minutes in sorted(moved.items()):
        override = Event()
        override.add("uid", "series")
        override.add("recurrence-id", in_zone(day, minute, zone))
        starts_at = recurrence.instant(day, minute, zone) + timedelta(minutes=minutes)
        override.add("dtstart", starts_at)
        override.add("duration", CALL)
        calendar.add_component(override)
    return calendar


def by_oracle(calendar: Calendar, zone: str, from_day: date, until_day: date) -> list[datetime]:
    from_, until = (recurrence.instant(day, 0, zone) for day in (from_day, until_day + timedelta(days=1)))
    found = recurring_ical_events.of(calendar).between(from_, until)
    return sorted(event.start.astimezone(UTC) for event in found)


def by_plan(rule: Rule, first: date, minute: int, zone: str, until_day: date, kept: set[date]) -> list[datetime]:
    """What a series that was never made would be made of, standing before its first day."""
    wanted = {day: recurrence.instant(day, minute, zone) for day in recurrence.days(rule, first, first, until_day)}
    before = datetime(2000, 1, 1, tzinfo=UTC)
    return sorted(occurrences.plan(wanted, 15, [], kept, before).make.values())


@settings(max_examples=400)
@given(
    rule=rules(), zone=st.sampled_from(ZONES), from_day=st.dates(date(2025, 1, 1), date(2028, 12, 31)),
    minute=st.sampled_from([0, 90, 120, 135, 150, 180, 1140, 1200, 1439]), data=st.data(),
)  # fmt: skip
@example(Rule(Frequency.DAILY), "Australia/Lord_Howe", date(2026, 10, 1), 135, None)  # 02:00 becomes 02:30
@example(Rule(Frequency.DAILY), "Australia/Lord_Howe", date(2027, 4, 1), 105, None)  # 01:30 to 02:00 come twice
@example(Rule(Frequency.DAILY), "Africa/Casablanca", date(2027, 2, 1), 150, None)  # Ramadan: an hour back, and forth
@example(Rule(Frequency.WEEKLY, 1, (Weekday(6),)), "America/New_York", date(2027, 3, 7), 150, None)
@example(Rule(Frequency.WEEKLY, 2, (Weekday(0), Weekday(6))), "Asia/Shanghai", date(2027, 2, 1), 1200, None)
@example(Rule(Frequency.YEARLY), "Asia/Kathmandu", date(2028, 2, 29), 1200, None)
def test_days_and_instants_are_those_of_the_oracle(
    rule: Rule, zone: str, from_day: date, minute: int, data: st.DataObject | None
) -> None:
    """Cancelled and moved days included. A DTSTART is always an occurrence, so ours is one that the rule wants."""
    first = recurrence.first(rule, from_day, from_day)
    if first is None or first > from_day + timedelta(days=3000):
        return
    until_day = first + WINDOW
    days = recurrence.days(rule, first, first, until_day)
    assert days[0] == first
    touched = data.draw(st.sets(st.sampled_from(days), max_size=4)) if data else set()
    cancelled = {day for day in touched if day.toordinal() % 2}
    moved = dict.fromkeys(touched - cancelled, 75)
    calendar = ical(rule, first, minute, zone, cancelled, moved)
    ours = by_plan(rule, first, minute, zone, until_day, touched)
    elsewhere = [recurrence.instant(day, minute, zone) + timedelta(minutes=75) for day in moved]
    last = recurrence.instant(until_day + timedelta(days=1), 0, zone)
    assert by_oracle(calendar, zone, first, until_day) == sorted([*ours, *(at for at in elsewhere if at < last)])


@settings(max_examples=100)
@given(rule=rules(), starts_on=st.dates(*ERA), from_day=st.dates(*ERA))
def test_a_rule_in_two_parts_is_the_rule(rule: Rule, starts_on: date, from_day: date) -> None:
    """What ends the day before, and what goes on from the first day after, have each day once."""
    end = max(starts_on, from_day) + timedelta(days=800)
    whole = recurrence.days(rule, starts_on, starts_on, end)
    begins = recurrence.first(rule, starts_on, from_day)
    earlier = recurrence.days(recurrence.before(rule, starts_on, from_day), starts_on, starts_on, end)
    if begins is None or begins > end:
        assert earlier == whole
        return
    later = recurrence.days(recurrence.rest(rule, starts_on, begins), begins, begins, end)
    assert earlier + later == whole
    assert all(day < from_day for day in earlier)


GAPS = [
    # zone, day, minute of wall time, what the clocks show then, and the offset in minutes
    ("Australia/Lord_Howe", date(2026, 10, 4), 120, "02:30", 660),
    ("Australia/Lord_Howe", date(2026, 10, 4), 129, "02:39", 660),
    ("America/New_York", date(2027, 3, 14), 150, "03:30", -240),
    ("Africa/Casablanca", date(2027, 3, 14), 150, "03:30", 60),
]


@pytest.mark.parametrize(("zone", "day", "minute", "shown", "offset"), GAPS)
def test_a_wall_time_in_a_gap_is_moved_on_by_it(zone: str, day: date, minute: int, shown: str, offset: int) -> None:
    there = recurrence.instant(day, minute, zone).astimezone(ZoneInfo(zone))
    assert (f"{there:%H:%M}", there.utcoffset()) == (shown, timedelta(minutes=offset))


@pytest.mark.parametrize(
    ("zone", "day", "minute", "offset"),
    [
        ("Australia/Lord_Howe", date(2027, 4, 4), 105, 660),
        ("America/New_York", date(2027, 11, 7), 90, -240),
        ("Africa/Casablanca", date(2027, 2, 7), 150, 60),
    ],
)
def test_a_wall_time_that_comes_twice_means_the_first(zone: str, day: date, minute: int, offset: int) -> None:
    there = recurrence.instant(day, minute, zone).astimezone(ZoneInfo(zone))
    assert there.utcoffset() == timedelta(minutes=offset)
    assert there.hour * 60 + there.minute == minute


def test_an_unknown_zone_is_invalid() -> None:
    with pytest.raises(Invalid, match="unknown_zone"):
        recurrence.instant(date(2026, 11, 29), 1200, "Mars/Olympus")


@pytest.mark.parametrize(
    ("text", "starts_on"),
    [
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", date(2027, 2, 1)),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30", date(2027, 2, 1)),
        ("FREQ=WEEKLY;UNTIL=20270131", date(2027, 2, 1)),
    ],
)
def test_a_rule_may_have_no_day_at_all(text: str, starts_on: date) -> None:
    assert recurrence.first(recurrence.parsed(text), starts_on, starts_on) is None


def test_the_first_day_counts_only_if_the_rule_wants_it() -> None:
    sundays = recurrence.parsed("FREQ=WEEKLY;BYDAY=SU;COUNT=2")
    monday = date(2026, 11, 23)
    assert recurrence.days(sundays, monday, monday, date(2027, 12, 31)) == [date(2026, 11, 29), date(2026, 12, 6)]


def occurrence(day: date, starts_at: datetime, *, can_change: bool = True, is_homeless: bool = False) -> Occurrence:
    return Occurrence(f"of {day}", day, starts_at, starts_at + CALL, can_change, is_homeless)


class TestPlan:
    """One day, wanted at eight in the evening."""

    day = date(2026, 11, 29)
    eight = datetime(2026, 11, 29, 12, tzinfo=UTC)
    seven, nine = eight - timedelta(hours=1), eight + timedelta(hours=1)
    wanted = {day: eight}  # noqa: RUF012 - never changed
    morning = eight - timedelta(hours=12)

    def plan(self, *calls: Occurrence, kept: frozenset[date] = frozenset(), minutes: int = 15) -> occurrences.Plan:
        return occurrences.plan(self.wanted, minutes, calls, kept, self.morning)

    def test_what_is_missing_is_made(self) -> None:
        assert self.plan().make == {self.day: self.eight}
        assert not self.plan(kept=frozenset([self.day])).make

    def test_what_has_passed_is_not(self) -> None:
        assert not occurrences.plan(self.wanted, 15, [], (), self.eight).make

    def test_what_stands_is_left(self) -> None:
        assert self.plan(occurrence(self.day, self.eight)) == occurrences.Plan([], {}, {})

    @pytest.mark.parametrize("homeless", [False, True])
    def test_what_is_elsewhere_is_moved(self, homeless: bool) -> None:
        call = occurrence(self.day, self.eight if homeless else self.nine, is_homeless=homeless)
        assert self.plan(call) == occurrences.Plan([], {call.call_id: self.eight}, {})
        assert self.plan(occurrence(self.day, self.eight), minutes=30).move

    def test_what_is_not_wanted_is_cancelled(self) -> None:
        monday = occurrence(self.day + timedelta(days=1), self.eight + timedelta(days=1))
        assert self.plan(monday, occurrence(self.day, self.eight)).cancel == [monday.call_id]

    def test_what_has_begun_or_was_changed_by_itself_is_left(self) -> None:
        assert self.plan(occurrence(self.day, self.seven, can_change=False)) == occurrences.Plan([], {}, {})
        moved = occurrence(self.day, self.nine)
        assert self.plan(moved, kept=frozenset([self.day])) == occurrences.Plan([], {}, {})

    def test_what_could_only_be_moved_into_the_past_is_left(self) -> None:
        call = occurrence(self.day, self.nine)
        assert occurrences.plan(self.wanted, 15, [call], (), self.eight) == occurrences.Plan([], {}, {})
