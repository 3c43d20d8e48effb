"""Who wishes for which calls in a village's week: from what is known of it to the problem that a solver is given. Pure.

Each child wishes for two calls, of which every first one counts more than any second. Where several parents may speak
to a child it wishes for one with each of two: those who have any time at all, and of them whom it has not spoken to for
longest. Calls that stand in the week count as had, and so do rows that somebody has picked or taken out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from app.families.bringing import who_can
from app.families.pairs import Pair
from app.kernel.intervals import Interval, common, merged
from app.kernel.local_time import moment_of_day, start_of_day, wall_of
from app.roster.history import Slot
from app.roster.problem import Claim, Fixed, Problem, Request, Terminal

CALLS_A_CHILD = 2
NEVER = datetime.min.replace(tzinfo=UTC)
NEAR_MINUTES = 30
DAY_MINUTES = 1440


@dataclass(frozen=True)
class Standing:
    """A call of the week that was booked or proposed, is under way, or was held."""

    call_id: str
    pair: Pair
    slot: Slot
    minutes: int


@dataclass(frozen=True)
class Picked:
    """A row that somebody has given a slot, or none."""

    row_id: str
    pair: Pair
    slot: Slot | None
    minutes: int


@dataclass(frozen=True)
class WeekFacts:
    """All that is known of a week. `within`: what is left of it.

    `pairs`: who may speak, and when that ends. `free`: by person, within. `heard_at`: by child. `spoken_at`: starts of
    the calls that a child and a parent held in the last weeks. `standing` are by their start.
    """

    days: Sequence[Interval]
    within: Interval
    zone: str
    minutes: int
    buffer_minutes: int
    terminals: Sequence[Terminal]
    pairs: Mapping[Pair, datetime | None]
    caregivers: Mapping[str, Sequence[str]]
    free: Mapping[str, Sequence[Interval]]
    standing: Sequence[Standing]
    picked: Sequence[Picked]
    heard_at: Mapping[str, datetime]
    spoken_at: Mapping[tuple[str, str], Sequence[datetime]]
    claims: frozenset[Claim]


@dataclass(frozen=True)
class Wished:
    """The problem; the pair of each of its requests; the turn of each child, longest unheard first."""

    problem: Problem
    pairs: Mapping[str, Pair]
    turns: Mapping[str, int]


def days_of(week: date, zone: str) -> list[Interval]:
    """The civil days of a week from Monday on; one that the calendar skips is none."""
    midnights = [start_of_day(week + timedelta(days=n), zone) for n in range(8)]
    return [(start, end) for start, end in pairwise(midnights) if start < end]


def wished(facts: WeekFacts, now: datetime) -> Wished:
    return _Wishes(facts, now).wished()


def usual_minutes(starts: Sequence[datetime], zone: str) -> list[int]:
    """Minutes of the day near which two have spoken at least twice, and in a good part of their calls."""
    walls = [wall_of(start, zone) for start in starts]
    minutes = [wall.hour * 60 + wall.minute for wall in walls]
    near = Counter({minute: sum(_apart(minute, other) <= NEAR_MINUTES for other in minutes) for minute in set(minutes)})
    found: list[int] = []
    for minute, times in sorted(near.items(), key=lambda item: (-item[1], item[0])):
        if times >= 2 and 4 * times >= len(minutes) and all(_apart(minute, m) > NEAR_MINUTES for m in found):
            found.append(minute)
    return found


class _Wishes:
    """The same facts, seen child by child."""

    def __init__(self, facts: WeekFacts, now: datetime) -> None:
        self.facts, self.now = facts, now

    def wished(self) -> Wished:
        facts, requests, pairs = self.facts, list[Request](), dict[str, Pair]()
        for child in self.turns:
            for request, pair in self._of_child(child):
                requests.append(request)
                pairs[request.id] = pair
        problem = Problem(
            days=tuple(facts.days), terminals=tuple(facts.terminals), requests=tuple(requests),
            fixed=tuple(self._fixed()), claims=facts.claims, buffer_minutes=facts.buffer_minutes,
        )  # fmt: skip
        return Wished(problem, pairs, self.turns)

    @cached_property
    def turns(self) -> dict[str, int]:
        children = sorted(self._pairs_of, key=lambda child: (self.facts.heard_at.get(child, NEVER), child))
        return {child: turn for turn, child in enumerate(children)}

    @cached_property
    def _pairs_of(self) -> Mapping[str, list[Pair]]:
        """The pairs of each child; who is its parent in two families comes once."""
        found: dict[str, dict[str, Pair]] = defaultdict(dict)
        for pair in sorted(self.facts.pairs):
            found[pair.child_id].setdefault(pair.parent_id, pair)
        return {child: list(pairs.values()) for child, pairs in found.items()}

    @cached_property
    def _had(self) -> Counter[tuple[str, str]]:
        """How many calls of a child and a parent are settled for this week."""
        settled = [call.pair for call in self.facts.standing] + [row.pair for row in self.facts.picked]
        return Counter((pair.child_id, pair.parent_id) for pair in settled)

    @cached_property
    def _siblings(self) -> set[str]:
        """Families with several children who take part."""
        children: dict[str, set[str]] = defaultdict(set)
        for pair in self.facts.pairs:
            children[pair.family_id].add(pair.child_id)
        return {family for family, of_family in children.items() if len(of_family) > 1}

    @cached_property
    def _open(self) -> list[Interval]:
        return merged(interval for terminal in self.facts.terminals for interval in terminal.open)

    def _of_child(self, child: str) -> Iterator[tuple[Request, Pair]]:
        wanted = CALLS_A_CHILD - sum(times for (c, _parent), times in self._had.items() if c == child)
        if wanted <= 0:
            return
        choices = [(self._request(pair), pair) for pair in self._pairs_of[child]]
        with_room = [choice for choice in choices if self._has_room(choice[0])] or choices[:1]
        ranked = sorted(with_room, key=lambda choice: self._rank(choice[1]))
        for n in range(wanted):
            request, pair = ranked[n % len(ranked)]
            yield _named(request, n), pair

    def _rank(self, pair: Pair) -> tuple[int, datetime, str]:
        """With whom a child shall speak first: with whom it has no call yet, and has not spoken to for longest."""
        key = pair.child_id, pair.parent_id
        return self._had[key], max(self.facts.spoken_at.get(key, ()), default=NEVER), pair.parent_id

    def _has_room(self, request: Request) -> bool:
        together = common(request.allowed(), self._open)
        return any(end - start >= timedelta(minutes=request.minutes) for start, end in together)

    def _request(self, pair: Pair) -> Request:
        facts = self.facts
        heard_at = facts.heard_at.get(pair.child_id, NEVER)
        return Request(
            id="", family_id=pair.family_id, child_id=pair.child_id, parent_id=pair.parent_id, minutes=facts.minutes,
            waiting_days=max(0, (self.now - heard_at).days), parent_free=tuple(facts.free[pair.parent_id]),
            child_free=tuple(facts.free[pair.child_id]), caregiver_free=tuple(self._brought(pair)),
            consented=self._consented(pair), usual=self._usual(pair),
            siblings=pair.family_id if pair.family_id in self._siblings else None,
        )  # fmt: skip

    def _brought(self, pair: Pair) -> list[Interval]:
        """When somebody has time to bring the child; always, if there is nobody for it but the two themselves."""
        others = who_can(self.facts.caregivers.get(pair.family_id, ()), pair[1:])
        if not others:
            return merged([self.facts.within])
        return merged(interval for who in others for interval in self.facts.free[who])

    def _consented(self, pair: Pair) -> tuple[Interval, ...]:
        from_, until = self.facts.within
        return tuple(merged([(from_, min(until, self.facts.pairs[pair] or until))]))

    def _usual(self, pair: Pair) -> tuple[datetime, ...]:
        minutes = usual_minutes(self.facts.spoken_at.get(pair[1:], ()), self.facts.zone)
        walls = [wall_of(start, self.facts.zone).date() for start, _end in self.facts.days]
        return tuple(sorted(moment_of_day(day, minute, self.facts.zone) for day in walls for minute in minutes))

    def _fixed(self) -> Iterator[Fixed]:
        for call in self.facts.standing:
            yield self._fixed_one(call.call_id, call.pair, call.slot, call.minutes)
        for row in self.facts.picked:
            if row.slot is not None:
                yield self._fixed_one(row.row_id, row.pair, row.slot, row.minutes)

    def _fixed_one(self, id_: str, pair: Pair, slot: Slot, minutes: int) -> Fixed:
        siblings = pair.family_id if pair.family_id in self._siblings else None
        return Fixed(id_, *pair, slot.terminal_id, slot.starts_at, minutes, siblings)


def _named(request: Request, number: int) -> Request:
    """A name that is the same in every draft, as the solver's answer shall be."""
    return replace(request, id=f"{request.child_id}:{request.parent_id}:{number}")


def _apart(one: int, other: int) -> int:
    """Minutes between two wall times, the shorter way round the clock."""
    return min(abs(one - other), DAY_MINUTES - abs(one - other))
