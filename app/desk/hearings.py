"""Who was heard, and when: the one place that says what counts as that.

Each kind of hearing is one read of (child, instant, seconds) in a village, from an instant on or of all times; whoever
asks reads all kinds as one table.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Select, Subquery, func, select, union_all
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.queries import LONGER_THAN_ANY_CALL
from app.calls.words import Outcome
from app.desk.sums import Hearing
from app.messages.models import Hearing as MessageHearing
from app.messages.models import Message

Rows = Select[str, datetime | None, int]
Kind = Callable[[str, datetime | None], Rows]


def _calls(village_id: str, begin: datetime | None) -> Rows:
    columns = Call.child_id.label("child_id"), Call.ended_at.label("at"), Call.talked_seconds.label("seconds")
    held = select(*columns).where(Call.village_id == village_id, Call.outcome == Outcome.HELD)
    return held if begin is None else held.where(Call.starts_at >= begin - LONGER_THAN_ANY_CALL, Call.ended_at >= begin)


def _messages(village_id: str, begin: datetime | None) -> Rows:
    """From either end, each time that one was heard."""
    seconds = func.coalesce(Message.duration_ms, 0) // 1000
    columns = Message.child_id.label("child_id"), MessageHearing.heard_at.label("at"), seconds.label("seconds")
    heard = select(*columns).join(MessageHearing, MessageHearing.message_id == Message.id)
    heard = heard.where(Message.village_id == village_id)
    return heard if begin is None else heard.where(MessageHearing.heard_at >= begin)


KINDS: tuple[Kind, ...] = (_calls, _messages)


def last_heard(session: Session, village_id: str) -> dict[str, datetime]:
    """When each child was last heard, however long ago."""
    heard = _heard(village_id, None)
    return dict(session.execute(select(heard.c.child_id, func.max(heard.c.at)).group_by(heard.c.child_id)).all())


def since(session: Session, village_id: str, begin: datetime) -> list[Hearing]:
    """Every hearing from then on."""
    heard = _heard(village_id, begin)
    found = session.execute(select(heard.c.child_id, heard.c.at, heard.c.seconds))
    return [Hearing(child_id, at, seconds) for child_id, at, seconds in found]


def _heard(village_id: str, begin: datetime | None) -> Subquery:
    return union_all(*(kind(village_id, begin) for kind in KINDS)).subquery()
