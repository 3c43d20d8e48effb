"""Whose a piece of work is that was given up: which village's desk is shown it, and may have it tried again."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.calls.models import Call, Series
from app.desk.rules import Concern
from app.families.models import Family, Member, Person
from app.notices import queries as notices
from app.roster.models import Roster
from app.sms.models import TextIn


def of_village(session: Session, village_id: str, concerns: Iterable[Concern]) -> set[Concern]:
    """Those that are about this village, or about something of its own."""
    by_kind = defaultdict[str, set[str]](set)
    for kind, its_id in concerns:
        by_kind[kind].add(its_id)
    own = {("village", village_id)}
    for kind, ids in by_kind.items():
        if kind in OWN:
            own |= {(kind, its_id) for its_id in session.scalars(OWN[kind](village_id, ids))}
    return own


def _people(village_id: str) -> Select[str]:
    """Those who are with a family of the village."""
    members = select(Member.person_id).join(Family, Family.id == Member.family_id)
    return members.where(Family.village_id == village_id, Member.left_at.is_(None))


def _texts(village_id: str, ids: Collection[str]) -> Select[str]:
    """By the number that they came from, be it confirmed or not."""
    writers = select(Person.phone).where(Person.id.in_(_people(village_id)))
    return select(TextIn.id).where(TextIn.id.in_(ids), TextIn.number.in_(writers))


OWN: dict[str, Callable[[str, Collection[str]], Select[str]]] = {
    "call": lambda village, ids: select(Call.id).where(Call.village_id == village, Call.id.in_(ids)),
    "family": lambda village, ids: select(Family.id).where(Family.village_id == village, Family.id.in_(ids)),
    "series": lambda village, ids: select(Series.id).where(Series.village_id == village, Series.id.in_(ids)),
    "roster": lambda village, ids: select(Roster.id).where(Roster.village_id == village, Roster.id.in_(ids)),
    "person": lambda village, ids: _people(village).where(Member.person_id.in_(ids)),
    "text": _texts,
    "notice": notices.ids_of_village,
}
