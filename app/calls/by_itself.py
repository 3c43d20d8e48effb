"""A terminal that answers by itself: where that was allowed, a call that was agreed before, to a parent who is there.

How it is announced, and how it is stopped by a touch, is the terminal's page.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import life, queries
from app.calls.models import Call
from app.calls.words import CallState
from app.families import service as consent
from app.families.words import ConsentKind
from app.kernel.errors import Refused
from app.web.principals import TERMINAL, Principal

KIND = "by_itself"  # in the log of a call
ON = (CallState.BOOKED, CallState.RINGING, CallState.LIVE)


def is_agreed(call: Call) -> bool:
    """Made before it opened, so that the family knew of it; and nobody has answered it who was not meant."""
    return call.made_at < life.opens_at(call.starts_at) and call.rung_again_at is None


def may(session: Session, call: Call, who: Principal, now: datetime) -> bool:
    """Whether this device, if nobody touches it, may answer this call now."""
    is_now = life.opens_at(call.starts_at) <= now < call.starts_at + life.MISSED_AFTER
    if who.kind is not TERMINAL or call.state not in ON or not is_now or not is_agreed(call):
        return False
    try:
        consent.may_contact(session, ConsentKind.AUTO_ANSWER, call.child_id, call.parent_id, now)
    except Refused:
        return False
    return True


def check(session: Session, call: Call, who: Principal, now: datetime) -> None:
    """Raise Refused("not_by_itself") where it may not, or where no parent waits for it."""
    if not may(session, call, who, now) or not queries.facts(session, call).parent.is_here:
        raise Refused("not_by_itself")
