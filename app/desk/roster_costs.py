"""What publishing a draft costs in texts: each person who has news is told once, of all calls that it gives them.

Who is told is decided in `telling.rosters` once the calls are there; here from the rows, before they are.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.words import CallState
from app.desk.broadcast_shapes import CostShape
from app.desk.text_costs import Telling, estimate
from app.families import queries as families
from app.families.bringing import who_can
from app.notices.ports import SmsGateway
from app.notices.templates import Param, stored
from app.roster import queries
from app.roster.models import Assignment
from app.villages import queries as villages


def of_draft(
    session: Session, village_id: str, roster_id: str, gateways: Sequence[SmsGateway], now: datetime
) -> CostShape:  # fmt: skip
    """Raises NotFound for a roster of another village. What is published already costs nothing more."""
    roster = queries.of_village(session, village_id, roster_id)
    rows = _standing(session, queries.assignments(session, roster.id))
    found = estimate(session, village_id, gateways[0], _tellings(session, village_id, rows), now)
    return CostShape(
        people=found.people, segments_each=found.segments_each, segments=found.segments, cost=found.cost,
        currency=found.currency, encoding=found.encoding, unreachable=list(found.unreachable),
        left_this_month=found.left_this_month,
    )  # fmt: skip


def _standing(session: Session, rows: Sequence[Assignment]) -> list[Assignment]:
    """The rows with a slot, in their order of time, but for those whose call is over."""
    over = select(Call.id).where(Call.id.in_([row.call_id for row in rows]), Call.state == CallState.ENDED)
    ended = set(session.scalars(over))
    found = [row for row in rows if row.starts_at is not None and row.call_id not in ended]
    return sorted(found, key=lambda row: (row.starts_at, row.id))


def _tellings(session: Session, village_id: str, rows: Sequence[Assignment]) -> list[Telling]:
    theirs: dict[str, list[Assignment]] = defaultdict(list)
    have_news: set[str] = set()
    caregivers = {family_id: _caregivers(session, family_id) for family_id in {row.family_id for row in rows}}
    for row in rows:
        concerned = [row.parent_id, *who_can(caregivers[row.family_id], (row.child_id, row.parent_id))]
        for person_id in concerned:
            theirs[person_id].append(row)
        have_news.update([] if row.call_id else concerned)
    place = villages.village(session, village_id).name
    return [_telling(session, person_id, theirs[person_id], place) for person_id in sorted(have_news)]


def _caregivers(session: Session, family_id: str) -> list[str]:
    return [person.id for person in families.caregivers(session, family_id)]


def _telling(session: Session, person_id: str, rows: Sequence[Assignment], place: str) -> Telling:
    first = rows[0]
    pairs = {(row.parent_id, row.child_id) for row in rows}
    template = "rostered" if len(pairs) == 1 else "rostered_several"
    params: dict[str, Param] = {
        "parent": families.person(session, first.parent_id).name,
        "child": families.person(session, first.child_id).name,
        "place": place,
        "calls_at": [row.starts_at for row in rows if row.starts_at],
    }
    return Telling(families.person(session, person_id), template, stored(template, params))
