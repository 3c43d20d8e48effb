"""What the two sides of a village's families have to say to each other of their times: asked, and refused.

For a page that several people look at now and then. Saying it is `booking.py` and `agreement.py`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.calls.models import Call, CallEvent, Invitee
from app.calls.words import GIVEN_UP, CallState, Outcome, Side

NEWS_FOR = timedelta(days=2)
OF_NO_TIME = ("consent_ended", *GIVEN_UP)  # reasons that say nothing of the time of one call


@dataclass(frozen=True)
class Awaited:
    """A call that waits for a word from the village; `is_counter`: it answers a time that the village had proposed."""

    call: Call
    is_counter: bool


@dataclass(frozen=True)
class Refused:
    """A call that would still be ahead; `by_parent`: the parent does not come, or let the question pass."""

    call: Call
    by_parent: bool


def awaited_by_family(session: Session, village_id: str, now: datetime) -> dict[str, Awaited]:
    """By family what it has to answer: a proposal, an offer, or a call that nobody has confirmed; soonest due first."""
    before = aliased(Call)
    counters = exists().where(before.moved_to_id == Call.id, before.proposed_by == Side.VILLAGE)
    due = func.coalesce(Call.expires_at, Call.confirm_by)
    waiting = select(Call, counters).where(
        Call.village_id == village_id, Call.starts_at > now, due > now, or_(_is_to_answer(), _is_to_confirm())
    )  # fmt: skip
    found: dict[str, Awaited] = {}
    for call, is_counter in session.execute(waiting.order_by(due, Call.starts_at, Call.id)):
        found.setdefault(call.family_id, Awaited(call, is_counter))
    return found


def refused_by_family(session: Session, village_id: str, now: datetime) -> dict[str, Refused]:
    """By family the last call that was given up lately, before its time came."""
    cancelled = and_(CallEvent.call_id == Call.id, CallEvent.kind == "cancelled")
    by_parent = exists().where(cancelled, CallEvent.by == literal("person:") + Call.parent_id)
    given_up = select(Call, by_parent).where(
        Call.village_id == village_id, Call.starts_at > now, Call.outcome == Outcome.CANCELLED,
        Call.ended_at > now - NEWS_FOR, Call.reason.not_in(OF_NO_TIME),
    )  # fmt: skip
    found: dict[str, Refused] = {}
    for call, is_parents in session.execute(given_up.order_by(Call.ended_at.desc(), Call.id)):
        is_unanswered = call.reason == "proposal_expired" and call.proposed_by is Side.VILLAGE
        found.setdefault(call.family_id, Refused(call, is_parents or is_unanswered))
    return found


def _is_to_answer() -> ColumnElement[bool]:
    return and_(Call.state == CallState.PROPOSED, or_(Call.proposed_by.is_(None), Call.proposed_by != Side.VILLAGE))


def _is_to_confirm() -> ColumnElement[bool]:
    wanted = exists().where(Invitee.call_id == Call.id, Invitee.confirmed_at.is_not(None))
    return and_(Call.state == CallState.BOOKED, Call.confirm_by.is_not(None), ~wanted)
