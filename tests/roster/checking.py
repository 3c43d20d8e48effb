"""The rules of a roster once more, in instants and from the problem alone: a second opinion on what solvers answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations

from app.kernel.intervals import Interval, covers, merged
from app.roster.problem import Fixed, Placed, Problem, Request

CELL = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Call:
    what: Request | Fixed
    terminal_id: str
    starts_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.what.minutes)


def broken(problem: Problem, placed: Sequence[Placed]) -> list[str]:
    """What is wrong with a roster, in words."""
    requests = {request.id: request for request in problem.requests}
    new = [Call(requests[one.request_id], one.terminal_id, one.starts_at) for one in placed]
    wrong = [] if len({call.what.id for call in new}) == len(new) else ["a request is placed twice"]
    for call in new:
        wrong += [f"{call.what.id} {why}" for why in _alone(problem, call)]
    standing = [Call(fixed, fixed.terminal_id, fixed.starts_at) for fixed in problem.fixed]
    pairs = [*combinations(new, 2), *((one, other) for one in new for other in standing)]
    for one, other in pairs:
        wrong += [f"{one.what.id} and {other.what.id} {why}" for why in _together(problem, one, other)]
    return wrong


def _alone(problem: Problem, call: Call) -> Iterator[str]:
    request = call.what
    assert isinstance(request, Request)
    if (call.starts_at - EPOCH) % CELL:
        yield "begins within a cell"
    hours = {terminal.id: terminal.open for terminal in problem.terminals}[call.terminal_id]
    for what, intervals in (
        ("the hours", hours), ("the week", problem.days), ("the parent's time", request.parent_free),
        ("the child's time", request.child_free), ("the caregivers' time", request.caregiver_free),
        ("the consent", request.consented),
    ):  # fmt: skip
        if not covers(merged(intervals), call.starts_at, call.ends_at):
            yield f"lies outside of {what}"
    held = {(f"terminal:{call.terminal_id}", cell) for cell in _cells(call.starts_at, _released(problem, call))}
    held |= {(f"person:{person}", cell) for person in request.pair for cell in _cells(call.starts_at, call.ends_at)}
    if held & problem.claims:
        yield "takes what is claimed"


def _together(problem: Problem, one: Call, other: Call) -> Iterator[str]:
    if one.terminal_id == other.terminal_id and _meet(
        (one.starts_at, _released(problem, one)), (other.starts_at, _released(problem, other))
    ):
        yield "need the same terminal"
    if {*one.what.pair} & {*other.what.pair} and _meet((one.starts_at, one.ends_at), (other.starts_at, other.ends_at)):
        yield "need the same person"
    if one.what.pair == other.what.pair and _day(problem, one) == _day(problem, other):
        yield "fall on one day"


def _released(problem: Problem, call: Call) -> datetime:
    return call.ends_at + timedelta(minutes=problem.buffer_minutes)


def _meet(one: Interval, other: Interval) -> bool:
    return not set(_cells(*one)).isdisjoint(_cells(*other))


def _cells(starts_at: datetime, ends_at: datetime) -> list[datetime]:
    first = starts_at - (starts_at - EPOCH) % CELL
    return [first + n * CELL for n in range(-((first - ends_at) // CELL))]


def _day(problem: Problem, call: Call) -> int:
    return sum(start <= call.starts_at for start, _end in problem.days)
