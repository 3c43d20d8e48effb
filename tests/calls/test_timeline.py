"""Sets of minutes as bits, against sets of numbers."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.calls.timeline import Timeline, members, runs

ORIGIN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LENGTH = 200
SECOND = timedelta(seconds=1)
LINE = Timeline(ORIGIN, LENGTH)

seconds = st.integers(-2000, 14_000)
intervals = st.lists(
    st.tuples(seconds, seconds).map(lambda span: (ORIGIN + span[0] * SECOND, ORIGIN + span[1] * SECOND)), max_size=6
)
minutes = st.sets(st.integers(0, LENGTH - 1))


def bits(of: set[int]) -> int:
    return sum(1 << minute for minute in of)


@given(intervals)
def test_minutes_that_lie_within_and_that_are_touched(spans: list[tuple[datetime, datetime]]) -> None:
    begins = {n: ORIGIN + n * timedelta(minutes=1) for n in range(LENGTH)}
    ends = {n: begin + timedelta(minutes=1) for n, begin in begins.items()}
    within = {n for n in begins for start, end in spans if start <= begins[n] and ends[n] <= end}
    touched = {n for n in begins for start, end in spans if start < end and start < ends[n] and begins[n] < end}
    assert members(LINE.within(spans)) == sorted(within)
    assert members(LINE.touched(spans)) == sorted(touched)


@given(minutes, st.integers(1, 70))
def test_runs_begin_where_every_minute_follows(of: set[int], length: int) -> None:
    expected = [minute for minute in sorted(of) if {minute + n for n in range(length)} <= of]
    assert members(runs(bits(of), length)) == expected


@given(minutes, st.sampled_from([1, 5, 7]))
def test_cells_are_whole(of: set[int], cell: int) -> None:
    expected = {first + n for first in {minute - minute % cell for minute in of} for n in range(cell)}
    assert members(LINE.cells(bits(of), cell)) == sorted(expected)


@given(minutes)
def test_the_rest_is_what_is_left(of: set[int]) -> None:
    assert members(LINE.rest(bits(of))) == sorted(set(range(LENGTH)) - of)


def test_minutes_and_instants() -> None:
    assert [LINE.minute(LINE.instant(n)) for n in (-1, 0, 7)] == [-1, 0, 7]
    assert LINE.minute(ORIGIN + 59 * SECOND) == 0
    assert LINE.minute(ORIGIN - SECOND) == -1
    assert members(Timeline(ORIGIN, 0).touched([(ORIGIN, ORIGIN + SECOND)])) == []
