"""What a call wants of a media program: a bridge once a guest is in it, an answering machine for who is left alone.

A bridge stays until the call ends. An answering machine is there from the minute at which others are asked to come, so
that its connection stands before it is needed, and for a while after the call was missed; where messages between these
two are not consented to, there is none. Where there is a bridge there is no answering machine. Which program it is is
decided by `media_leases.py`.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.calls import media_leases
from app.calls.life import CallFacts
from app.calls.models import Call
from app.calls.words import CallState, Outcome, Side, WorkKind
from app.families import service as consent
from app.families.words import ConsentKind

MESSAGE_MAY_TAKE = timedelta(minutes=3)
SERVED = (CallState.RINGING, CallState.LIVE, CallState.ENDED)


def settle(session: Session, call: Call, facts: CallFacts, now: datetime) -> None:
    """Let media programs serve what this call wants now, and no more. The call is held."""
    if call.state not in SERVED:
        return
    held = {each.kind: each for each in media_leases.of_call(session, call.id)}
    bridge, answering = held.get(WorkKind.BRIDGE), held.get(WorkKind.ANSWERING)
    if bridge is not None and call.state is CallState.ENDED:
        media_leases.end(session, bridge, now)
    if answering is not None and (bridge is not None or not _is_still_wanted(session, call, facts, now)):
        media_leases.end(session, answering, now)
    elif answering is None and bridge is None and _is_wanted(session, call, facts, now):
        media_leases.lease(session, WorkKind.ANSWERING, now, call_id=call.id, may_wait=True)


def sweep(session: Session, now: datetime) -> None:
    """End the answering machines of calls that were missed a while ago, and what is not consented to any more."""
    for each in media_leases.of_missed(session, now - MESSAGE_MAY_TAKE):
        media_leases.end(session, each, now)
    for each, call in media_leases.answering(session):
        if not _may_be_left(session, call, now):
            media_leases.end(session, each, now)


def waits(facts: CallFacts) -> Side | None:
    """The side that is there alone."""
    here = [side for side in Side if facts.side(side).is_here]
    return here[0] if len(here) == 1 else None


def _may_be_left(session: Session, call: Call, now: datetime) -> bool:
    """Whether these two may leave each other messages."""
    until = consent.contact_until(session, ConsentKind.MESSAGE, call.child_id, call.parent_id, now)
    return until is None or until > now


def _is_wanted(session: Session, call: Call, facts: CallFacts, now: datetime) -> bool:
    is_alone = call.state is CallState.RINGING and facts.escalated and waits(facts) is not None
    return is_alone and _may_be_left(session, call, now)


def _is_still_wanted(session: Session, call: Call, facts: CallFacts, now: datetime) -> bool:
    """Also while the side that waits is lost for a moment."""
    if not _may_be_left(session, call, now):
        return False
    if call.state is CallState.ENDED and call.ended_at is not None:
        return call.outcome is Outcome.MISSED and now < call.ended_at + MESSAGE_MAY_TAKE
    came = [side for side in Side if facts.side(side).here_at is not None and not facts.side(side).left]
    return call.state is CallState.RINGING and len(came) == 1
