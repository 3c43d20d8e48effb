"""Why no slot fits: what stands against how many of them, and the one against which least stands. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.calls.ground import Ground, PersonFacts, union
from app.calls.timeline import members, runs
from app.calls.words import Obstacle
from app.families import availability
from app.families.words import Occupation, PatternKind

# What people can settle among themselves, and how much is asked of them. All else can't be booked at all.
WEIGHTS = {
    Obstacle.CAREGIVER_AWAY: 1,
    Obstacle.PARENT_BUSY: 2,
    Obstacle.CHILD_BUSY: 2,
    Obstacle.CHILD_ASLEEP: 3,
    Obstacle.PARENT_AT_WORK: 4,
    Obstacle.CHILD_AT_SCHOOL: 4,
    Obstacle.PARENT_AWAY: 8,
    Obstacle.CHILD_AWAY: 8,
}
PARENT_HOURS = {Occupation.SHIFT: Obstacle.PARENT_AT_WORK}
CHILD_HOURS = {
    Occupation.SCHOOL: Obstacle.CHILD_AT_SCHOOL,
    Occupation.BOARDING: Obstacle.CHILD_AT_SCHOOL,
    Occupation.BEDTIME: Obstacle.CHILD_ASLEEP,
}


@dataclass(frozen=True)
class Share:
    """An obstacle and the share of the open slots that it takes, 0 to 1; several may take the same slot."""

    code: Obstacle
    share: float


@dataclass(frozen=True)
class Conflict:
    """A start that could be booked, and what of people's hours stands against it."""

    minute: int
    codes: Sequence[Obstacle]


def explain(ground: Ground, minutes: int) -> tuple[list[Share], Conflict | None]:
    """What stands against the slots, the largest share first, and the start that asks least of people."""
    of_people = _of_people(ground, minutes)
    return _shares(ground, minutes, of_people), _lightest(ground, minutes, of_people)


def _shares(ground: Ground, minutes: int, of_people: dict[Obstacle, int]) -> list[Share]:
    """Where nothing is open in the search, the village is closed."""
    slots = ground.usual(minutes)
    if not slots:
        return [Share(Obstacle.VILLAGE_CLOSED, 1.0)]
    against = _of_the_place(ground, minutes) | of_people
    counts = {code: (against[code] & slots).bit_count() for code in Obstacle if code in against}
    found = [Share(code, round(count / slots.bit_count(), 3)) for code, count in counts.items() if count]
    return sorted(found, key=lambda each: -each.share)


def _lightest(ground: Ground, minutes: int, of_people: dict[Obstacle, int]) -> Conflict | None:
    """Of several that ask as little, the one nearest to now."""
    bookable = ground.bookable(minutes)
    against = {code: set(members(of_people[code] & bookable)) for code in Obstacle if code in of_people}
    weights = {
        minute: sum(WEIGHTS[code] for code, starts in against.items() if minute in starts)
        for minute in members(bookable)
    }
    if not weights:
        return None
    best = min(weights, key=lambda minute: (weights[minute], minute))
    return Conflict(best, [code for code, starts in against.items() if best in starts])


def _of_the_place(ground: Ground, minutes: int) -> dict[Obstacle, int]:
    """By obstacle, the starts that can't be booked."""
    opens, line = union([runs(each, minutes) for each in ground.open]), ground.line
    parent, child = ground.question.parent, ground.question.child
    return {
        Obstacle.NO_CONSENT: line.rest(runs(ground.allowed, minutes)),
        Obstacle.VILLAGE_CLOSED: line.rest(opens),
        Obstacle.TERMINALS_TAKEN: opens & line.rest(union(ground.room(minutes))),
        Obstacle.PARENT_IN_CALL: _touching(ground, ground.engaged(parent), minutes),
        Obstacle.CHILD_IN_CALL: _touching(ground, ground.engaged(child), minutes),
    }


def _of_people(ground: Ground, minutes: int) -> dict[Obstacle, int]:
    """By obstacle, the starts that don't suit somebody."""
    parent, child = ground.question.parent, ground.question.child
    busy = _hours(ground, parent, ground.parent, Obstacle.PARENT_AWAY, Obstacle.PARENT_BUSY, PARENT_HOURS)
    busy |= _hours(ground, child, ground.child, Obstacle.CHILD_AWAY, Obstacle.CHILD_BUSY, CHILD_HOURS)
    found = {code: _touching(ground, hours, minutes) for code, hours in busy.items()}
    return found | {Obstacle.CAREGIVER_AWAY: ground.line.rest(ground.brought(minutes))}


def _hours(
    ground: Ground, person: PersonFacts, free: int, away: Obstacle, otherwise: Obstacle,
    by: Mapping[Occupation, Obstacle],
) -> dict[Obstacle, int]:  # fmt: skip
    """The minutes in which a person has no time, each under one reason."""
    line = ground.line
    gone = [p for p in person.patterns if p.kind is PatternKind.AWAY]
    here = [p for p in person.patterns if p.kind is not PatternKind.AWAY]
    found = {away: line.touched((s, e) for s, e, _ in availability.busy(gone, person.zone, line.origin, ground.end))}
    told = found[away]
    hours = availability.busy(here, person.zone, line.origin, ground.end)
    for occupation, code in by.items():
        busy = line.touched((start, end) for start, end, why in hours if why is occupation) & line.rest(told)
        found[code] = found.get(code, 0) | busy
        told |= busy
    return found | {otherwise: line.rest(free | told)}


def _touching(ground: Ground, busy: int, minutes: int) -> int:
    """Starts of calls of which any minute is busy."""
    return ground.line.rest(runs(ground.line.rest(busy), minutes))
