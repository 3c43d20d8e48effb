"""Who is told of a published roster: each person once, with all calls that it gives them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.people import People, people
from app.calls.words import CallState
from app.kernel import events
from app.notices import service as notices
from app.notices.templates import Param
from app.roster.models import Assignment


def of_publishing(session: Session, event: events.RosterPublished, now: datetime) -> None:
    """One notice per person; nobody is told anew of calls alone that stood before."""
    theirs: dict[str, list[tuple[Call, People]]] = defaultdict(list)
    have_news: set[str] = set()
    for call, is_fixed in session.execute(_calls(event.roster_id)):
        party = people(session, call.id)
        for person_id in party.everybody:
            theirs[person_id].append((call, party))
        have_news.update([] if is_fixed else party.everybody)
    for person_id in sorted(have_news):
        _tell(session, event.roster_id, person_id, theirs[person_id], now)


def _calls(roster_id: str) -> Select[Call, bool]:
    """The calls of the roster that are not over, and whether they stood before it."""
    rows = select(Call, Assignment.is_fixed).join(Assignment, Assignment.call_id == Call.id)
    standing = rows.where(Assignment.roster_id == roster_id, Call.state != CallState.ENDED)
    return standing.order_by(Call.starts_at, Call.id)


def _tell(
    session: Session, roster_id: str, person_id: str, calls: list[tuple[Call, People]], now: datetime
) -> None:  # fmt: skip
    pairs = {(party.parent_id, party.child_id): party for _call, party in calls}
    named: Mapping[str, Param] = calls[0][1].params
    starts: list[datetime] = [call.starts_at for call, _party in calls]
    template = "rostered" if len(pairs) == 1 else "rostered_several"
    notices.plan(
        session, person_id=person_id, family_id=calls[0][1].family_id, template=template,
        subject=f"roster:{roster_id}", params={**named, "calls_at": starts}, due_at=now,
        key=f"rostered:{roster_id}:{person_id}", now=now,
    )  # fmt: skip
