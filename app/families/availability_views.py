"""People's hours over HTTP: for oneself, for the children whom one is parent or caregiver of, and for the desk.

A child that has a phone of its own sees its hours; they are changed by those who care for it.
"""

from app.families import queries, schedule
from app.families.day_rows import DayRow, day_rows
from app.families.models import Pattern, Person
from app.families.schedule import Said
from app.families.shapes import (
    AvailabilityShape,
    BusyShape,
    DayShape,
    HoursShape,
    PatternIn,
    PatternShape,
    SwapIn,
)
from app.jobs.service import emit
from app.kernel.errors import Invalid, NotAllowed, NotFound
from app.kernel.events import HoursChanged
from app.kernel.local_time import day_of
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR, PERSON

api = Api("availability")

SHOWN_DAYS = 28


@api.query("/persons/<person_id>/availability", PERSON, COORDINATOR, gives=AvailabilityShape)
def availability(ask: Ask, person_id: str) -> AvailabilityShape:
    """What is said of a person's hours, and what it means for each of the next days."""
    return _answer(ask, _seen(ask, person_id))


@api.command(
    "POST", "/persons/<person_id>/availability", PERSON, COORDINATOR, gives=AvailabilityShape, takes=PatternIn,
    status=201,
)  # fmt: skip
def say_hours(ask: Ask, body: PatternIn, person_id: str) -> AvailabilityShape:
    """Say weekly hours, a rotation of shifts, or days away."""
    person = _changed(ask, person_id, "say_hours")
    said = Said(body.kind, body.occupation, body.detail, body.is_free, body.from_day, body.until_day, body.note)
    schedule.add(ask.session, person.id, said, ask.who.name, ask.now)
    return _answer(ask, person)


@api.command("POST", "/persons/<person_id>/swap", PERSON, COORDINATOR, gives=AvailabilityShape, takes=SwapIn)
def swap_shift(ask: Ask, body: SwapIn, person_id: str) -> AvailabilityShape:
    """Swap the shift of one day, or take a swap back."""
    person = _changed(ask, person_id, "swap_shift")
    hours = None
    if body.from_minute is not None or body.until_minute is not None:
        if body.from_minute is None or body.until_minute is None:
            raise Invalid("hours_out_of_range")
        hours = (body.from_minute, body.until_minute)
    schedule.swap(ask.session, person.id, body.day, shift=body.shift, hours=hours, by=ask.who.name, now=ask.now)
    return _answer(ask, person)


@api.command("POST", "/availability/<pattern_id>/end", PERSON, COORDINATOR, gives=AvailabilityShape)
def end_hours(ask: Ask, pattern_id: str) -> AvailabilityShape:
    """End what was said of a person's hours."""
    person = _changed(ask, schedule.pattern(ask.session, pattern_id).person_id, "end_hours")
    schedule.end(ask.session, pattern_id, ask.now)
    return _answer(ask, person)


def _seen(ask: Ask, person_id: str) -> Person:
    """Whoever's hours are of concern to who asks. Raises NotFound."""
    if ask.who.kind is COORDINATOR:
        return queries.person_of_village(ask.session, ask.who.village, person_id)
    if person_id != ask.who.subject_id and not queries.cares_for(ask.session, ask.who.subject_id, person_id, ask.now):
        raise NotFound
    return queries.person(ask.session, person_id)


def _changed(ask: Ask, person_id: str, what: str) -> Person:
    """Whoever's hours may be changed by who asks, which is told to whom it concerns. Raises NotFound, NotAllowed."""
    person = _seen(ask, person_id)
    if not _may_change(ask, person.id):
        raise NotAllowed
    emit(ask.session, HoursChanged(ask.now, person.id, what, ask.who.name, ask.who.village_id or ""), ask.now)
    return person


def _may_change(ask: Ask, person_id: str) -> bool:
    is_self = ask.who.kind is PERSON and ask.who.subject_id == person_id
    return not (is_self and queries.is_only_child(ask.session, person_id))


def _answer(ask: Ask, person: Person) -> AvailabilityShape:
    today = day_of(ask.now, person.zone)
    patterns = schedule.patterns_of(ask.session, [person.id])[person.id]
    rows = day_rows(patterns, person.zone, today, SHOWN_DAYS)
    return AvailabilityShape(
        person_id=person.id, zone=person.zone, days=[_day(row) for row in rows],
        patterns=[_pattern(pattern) for pattern in schedule.standing(ask.session, person.id, today)],
        may_change=_may_change(ask, person.id),
    )  # fmt: skip


def _pattern(pattern: Pattern) -> PatternShape:
    return PatternShape(
        id=pattern.id, kind=pattern.kind, occupation=pattern.occupation, is_free=pattern.is_free,
        from_day=pattern.from_day, until_day=pattern.until_day, detail=pattern.detail, note=pattern.note,
    )  # fmt: skip


def _day(row: DayRow) -> DayShape:
    busy = [BusyShape(from_minute=begins, until_minute=ends, occupation=why) for begins, ends, why in row.busy]
    free = [HoursShape(from_minute=begins, until_minute=ends) for begins, ends in row.free]
    return DayShape(day=row.day, shift=row.shift, is_swapped=row.is_swapped, busy=busy, free=free)
