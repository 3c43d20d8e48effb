"""Use cases of people's hours: say a pattern, swap a day's shift, end a pattern. Who may is decided above."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.families import availability, queries
from app.families.availability import OFF, Hours, PatternFacts
from app.families.models import Pattern, Person
from app.families.service import lock_person
from app.families.words import Occupation, PatternKind
from app.kernel.errors import Invalid, NotFound, Refused
from app.kernel.local_time import day_of
from app.storage.database import new_id
from app.villages.rules import checked_text
from app.web.hints import hint

MOST_PATTERNS = 40
SWAP_DAYS_AHEAD = 90
LONGEST_NOTE = 80
KEEP_FOR = timedelta(days=2)  # a shift of yesterday goes on until today, in a zone where it is yesterday still


@dataclass(frozen=True)
class Said:
    """A pattern as somebody says it."""

    kind: PatternKind
    occupation: Occupation
    detail: dict[str, Any]
    is_free: bool = False
    from_day: date | None = None
    until_day: date | None = None
    note: str | None = None


def patterns_of(session: Session, person_ids: Iterable[str]) -> dict[str, list[PatternFacts]]:
    """What is said of each person's hours, in the order in which it was said; nobody is left out."""
    found: dict[str, list[PatternFacts]] = {person_id: [] for person_id in person_ids}
    for pattern in session.scalars(_standing.where(Pattern.person_id.in_(list(found)))):
        found[pattern.person_id].append(facts(pattern))
    return found


def standing(session: Session, person_id: str, today: date) -> Sequence[Pattern]:
    """The rows that hold today or later, in the order in which they were said."""
    ahead = or_(Pattern.until_day.is_(None), Pattern.until_day >= today)
    return session.scalars(_standing.where(Pattern.person_id == person_id, ahead)).all()


def facts(pattern: Pattern) -> PatternFacts:
    return PatternFacts(
        pattern.kind, pattern.occupation, pattern.is_free, pattern.from_day, pattern.until_day, pattern.detail
    )


def add(session: Session, person_id: str, said: Said, by: str, now: datetime) -> Pattern:
    """Say a pattern of a person's hours. A rotation ends those before it that it leaves no day.

    Raises Invalid with what is wrong with it, Refused("too_many_patterns").
    """
    person = lock_person(session, person_id)
    today = day_of(now, person.zone)
    if said.kind is PatternKind.SWAP:
        raise Invalid("pattern_not_understood")
    availability.check(said.kind, said.is_free, said.from_day, said.until_day, said.detail)
    if said.until_day is not None and said.until_day < today:
        raise Invalid("days_over")
    note = checked_text(said.note, LONGEST_NOTE, "bad_note") if said.note and said.note.strip() else None
    _end_what_is_over(session, person, now)
    before = [pattern for pattern in standing(session, person_id, today) if pattern.kind is not PatternKind.SWAP]
    for pattern in [each for each in before if _leaves_no_day(said, each, today)]:
        pattern.ended_at = now
        before.remove(pattern)
    if len(before) >= MOST_PATTERNS:
        raise Refused("too_many_patterns", most=MOST_PATTERNS)
    return _keep(session, person, said, note, by, now)


def swap(
    session: Session, person_id: str, day: date, *, shift: str | None = None, hours: Hours | None = None, by: str,
    now: datetime,
) -> None:  # fmt: skip
    """Work another shift on one day, or other hours, or none (`off`), instead of a swap said before.

    Without a shift or hours the swap of the day is taken back. Raises Invalid("swap_out_of_range"), and Invalid for
    hours that are none or a shift that the day's rotation doesn't know.
    """
    person = lock_person(session, person_id)
    today = day_of(now, person.zone)
    if not today <= day <= today + timedelta(days=SWAP_DAYS_AHEAD):
        raise Invalid("swap_out_of_range", days=SWAP_DAYS_AHEAD)
    if shift is not None and hours is not None:
        raise Invalid("pattern_not_understood")
    _end_what_is_over(session, person, now)
    for pattern in standing(session, person_id, day):
        if pattern.kind is PatternKind.SWAP and pattern.from_day == day:
            pattern.ended_at = now
    if shift is None and hours is None:
        _tell(session, person, now)
        return
    detail: dict[str, Any] = {"day": day.isoformat()}
    detail |= {"shift": shift} if hours is None else {"from_minute": hours[0], "until_minute": hours[1]}
    availability.check(PatternKind.SWAP, False, day, day, detail)
    known = [OFF, *availability.words_on(patterns_of(session, [person_id])[person_id], day)]
    if shift is not None and shift not in known:
        raise Invalid("shift_without_hours")
    _keep(session, person, Said(PatternKind.SWAP, Occupation.SHIFT, detail, False, day, day), None, by, now)


def end(session: Session, pattern_id: str, now: datetime) -> None:
    """Let a pattern hold no longer; one that was ended before stays as it is."""
    person = lock_person(session, pattern(session, pattern_id).person_id)
    ended = session.get_one(Pattern, pattern_id, populate_existing=True)
    ended.ended_at = ended.ended_at or now
    _tell(session, person, now)


def pattern(session: Session, pattern_id: str) -> Pattern:
    found = session.get(Pattern, pattern_id)
    if found is None:
        raise NotFound
    return found


_standing = select(Pattern).where(Pattern.ended_at.is_(None)).order_by(Pattern.made_at, Pattern.id)


def _keep(session: Session, person: Person, said: Said, note: str | None, by: str, now: datetime) -> Pattern:
    kept = Pattern(
        id=new_id(session), person_id=person.id, kind=said.kind, occupation=said.occupation, is_free=said.is_free,
        from_day=said.from_day, until_day=said.until_day, detail=said.detail, note=note, made_by=by, made_at=now,
    )  # fmt: skip
    session.add(kept)
    session.flush()
    _tell(session, person, now)
    return kept


def _leaves_no_day(said: Said, before: Pattern, today: date) -> bool:
    """Whether one rotation takes every day from today on that another had."""
    if said.kind is not PatternKind.ROTATION or before.kind is not PatternKind.ROTATION:
        return False
    begins = said.from_day is None or said.from_day <= max(today, before.from_day or today)
    ends = said.until_day is None or (before.until_day is not None and before.until_day <= said.until_day)
    return begins and ends


def _end_what_is_over(session: Session, person: Person, now: datetime) -> None:
    last = day_of(now, person.zone) - KEEP_FOR
    over = _standing.where(Pattern.person_id == person.id, Pattern.until_day < last)
    for pattern in session.scalars(over):
        pattern.ended_at = now


def _tell(session: Session, person: Person, now: datetime) -> None:
    session.flush()
    hint(session, "person", person.id, now)
    for family in queries.families_of_person(session, person.id):
        hint(session, "village", family.village_id, now)
