"""Reads of calls that are longer than a line. Somebody else's call is NotFound."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.calls import rules
from app.calls.life import OPENS_BEFORE, CallFacts, SideFacts
from app.calls.models import Call, CallEvent, Claim, Invitee, Seat
from app.calls.words import GIVEN_UP, WRONG_PERSON, CallState, Origin, SeatSide, Side
from app.families import queries as families
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.villages import queries as villages
from app.villages import rules as hours
from app.villages.models import Terminal, Village
from app.web.models import PrincipalKind
from app.web.principals import Principal

FAREWELL = timedelta(minutes=1)
LONGEST_LIST = 24
LONGER_THAN_ANY_CALL = timedelta(days=1)


def locked(session: Session, call_id: str) -> Call:
    """Read the call afresh, locked until the transaction ends."""
    query = select(Call).where(Call.id == call_id).with_for_update().execution_options(populate_existing=True)
    call = session.scalar(query)
    if call is None:
        raise NotFound
    return call


def side_of(session: Session, call: Call, who: Principal) -> Side | None:
    """The side on which `who` belongs to the call; None for a coordinator of its village. Raises NotFound."""
    if who.kind is PrincipalKind.PERSON:
        invitee = session.get(Invitee, (call.id, who.subject_id))
        if invitee and families.is_member(session, call.family_id, who.subject_id):
            return invitee.side
    elif who.village_id == call.village_id:
        return Side.VILLAGE if who.kind is PrincipalKind.TERMINAL else None
    raise NotFound


def seen_by(session: Session, who: Principal, call_id: str) -> tuple[Call, Side | None]:
    call = session.get(Call, call_id)
    if call is None:
        raise NotFound
    return call, side_of(session, call, who)


def invitees(session: Session, call_id: str) -> Sequence[Invitee]:
    return session.scalars(select(Invitee).where(Invitee.call_id == call_id).order_by(Invitee.person_id)).all()


def seats(session: Session, call_id: str) -> Sequence[Seat]:
    return session.scalars(select(Seat).where(Seat.call_id == call_id)).all()


def desk_seat(session: Session, call: Call) -> Seat | None:
    """The seat of the coordinator who is in the call now."""
    if call.state not in (CallState.RINGING, CallState.LIVE):
        return None
    taken = select(Seat).where(Seat.call_id == call.id, Seat.side == SeatSide.DESK, Seat.left_at.is_(None))
    return session.scalar(taken)


def facts(session: Session, call: Call) -> CallFacts:
    """What the rules of `life.py` need to know."""
    by_side = {seat.side: seat for seat in seats(session, call.id)}
    people = invitees(session, call.id)
    return CallFacts(
        state=call.state,
        starts_at=call.starts_at,
        ends_at=call.ends_at,
        parent=_side_facts(Side.PARENT, by_side.get(SeatSide.PARENT), people),
        village=_side_facts(Side.VILLAGE, by_side.get(SeatSide.VILLAGE), people),
        expires_at=call.expires_at,
        confirm_by=call.confirm_by,
        opened=call.opened_at is not None,
        escalated=call.escalated_at is not None,
        was_live=call.live_at is not None,
        rung_again_at=call.rung_again_at,
    )


def _side_facts(side: Side, seat: Seat | None, people: Sequence[Invitee]) -> SideFacts:
    confirmed = max((p.confirmed_at for p in people if p.side is side and p.confirmed_at), default=None)
    if seat is None:
        return SideFacts(confirmed_at=confirmed)
    return SideFacts(
        seated=seat.lost_at is None and seat.left_at is None,
        here_at=seat.here_at,
        lost_at=seat.lost_at,
        left=seat.left_at is not None,
        media=seat.media_at is not None,
        confirmed_at=confirmed,
    )


def of_person(person_id: str, now: datetime) -> Select[Call]:
    """From three days back to the end of what can be booked, soonest first; none of a family that they left.

    Left out are calls that a series gave up, which is told and shown as one, and those after as many as a page shows.
    """
    mine = select(Invitee.call_id).where(Invitee.person_id == person_id)
    lately = _between(now - timedelta(days=3), now + rules.BOOK_AHEAD).limit(LONGEST_LIST)
    stands = or_(Call.reason.is_(None), Call.reason.not_in(GIVEN_UP))
    return lately.where(Call.id.in_(mine), Call.family_id.in_(families.family_ids_of(person_id)), stands)


def open_of_pair(session: Session, child_id: str, parent_id: str) -> Sequence[str]:
    """Calls of these two that have not ended, in one order for all who lock them."""
    theirs = select(Call.id).where(Call.child_id == child_id, Call.parent_id == parent_id)
    return session.scalars(theirs.where(Call.state != CallState.ENDED).order_by(Call.id)).all()


def open_of_member(session: Session, family_id: str, person_id: str) -> Sequence[str]:
    """Calls in a family that are with this person and have not ended, in the same order."""
    theirs = select(Call.id).where(
        Call.family_id == family_id, or_(Call.child_id == person_id, Call.parent_id == person_id)
    )  # fmt: skip
    return session.scalars(theirs.where(Call.state != CallState.ENDED).order_by(Call.id)).all()


def open_brought_by(session: Session, family_id: str, person_id: str) -> Sequence[str]:
    """Calls in a family to which this person brings the child and that have not ended, in the same order."""
    brings = select(Invitee.call_id).where(Invitee.person_id == person_id)
    theirs = select(Call.id).where(Call.family_id == family_id, Call.id.in_(brings))
    theirs = theirs.where(Call.child_id != person_id, Call.parent_id != person_id)
    return session.scalars(theirs.where(Call.state != CallState.ENDED).order_by(Call.id)).all()


def not_rung_again(session: Session, call: Call, side: Side | None, known: CallFacts) -> str | None:
    """Why this side can't let the call ring again for the right person, as a code; None where it can."""
    before = select(func.count()).where(CallEvent.call_id == call.id, CallEvent.kind == WRONG_PERSON)
    times = session.scalar(before) or 0 if call.rung_again_at else 0
    return rules.not_rung_again(side, call.state, village_is_here=known.village.is_here, times_before=times)


def of_terminal(terminal_id: str, now: datetime) -> Select[Call]:
    return _between(now - timedelta(hours=2), now + timedelta(hours=24)).where(Call.terminal_id == terminal_id)


def of_village(village_id: str, from_: datetime, until: datetime) -> Select[Call]:
    return _between(from_, until).where(Call.village_id == village_id)


def _between(from_: datetime, until: datetime) -> Select[Call]:
    return select(Call).where(Call.ends_at >= from_, Call.starts_at < until).order_by(Call.starts_at, Call.id)


def next_of_family(session: Session, family_id: str, now: datetime) -> Call | None:
    """The one that is on, or the next."""
    return next(iter(_ahead_of_family(session, family_id, now, 1)), None)


def following_of_family(session: Session, family_id: str, now: datetime) -> Call | None:
    """The one after that."""
    return next(iter(_ahead_of_family(session, family_id, now, 2)[1:]), None)


def _ahead_of_family(session: Session, family_id: str, now: datetime, most: int) -> Sequence[Call]:
    waiting = select(Call).where(
        Call.family_id == family_id, Call.state != CallState.ENDED, Call.ends_at > now
    )  # fmt: skip
    return session.scalars(waiting.order_by(Call.starts_at).limit(most)).all()


def next_starts(
    session: Session, village_id: str, now: datetime, of: InstrumentedAttribute[str] = Call.child_id
) -> dict[str, datetime]:  # fmt: skip
    """When each child of a village, or each family, speaks next or speaks now; an open offer does not count yet."""
    is_offer = and_(Call.origin == Origin.WAIT, Call.state == CallState.PROPOSED)
    ahead = select(of, func.min(Call.starts_at)).where(
        Call.village_id == village_id, Call.starts_at > now - LONGER_THAN_ANY_CALL, Call.ends_at > now,
        Call.state != CallState.ENDED, not_(is_offer),
    )  # fmt: skip
    return dict(session.execute(ahead.group_by(of)).all())


def current_at_terminal(session: Session, terminal_id: str) -> Call | None:
    """The call that holds this terminal now: it is live, or somebody of the village is in its seat."""
    held = select(Seat.call_id).where(Seat.side == SeatSide.VILLAGE, Seat.here_at.is_not(None), Seat.left_at.is_(None))
    busy = select(Call).where(
        Call.terminal_id == terminal_id,
        or_(Call.state == CallState.LIVE, (Call.state == CallState.RINGING) & Call.id.in_(held)),
    )
    return session.scalar(busy.order_by(Call.starts_at).limit(1))


def is_shown(session: Session, terminal_id: str, person_id: str, now: datetime) -> bool:
    """Whether a call of this person is open, rings or is just being said goodbye to at this terminal.

    One that is on is also of the family's other parents, who may come in.
    """
    lasting = (CallState.BOOKED, CallState.RINGING, CallState.LIVE)
    still_there = or_(Call.state.in_(lasting), Call.ended_at > now - FAREWELL)
    as_parent = families.family_ids_of(person_id, MemberRole.PARENT)
    may_come = and_(Call.state.in_((CallState.RINGING, CallState.LIVE)), Call.family_id.in_(as_parent))
    shown = select(Call.id).where(
        Call.terminal_id == terminal_id, or_(Call.child_id == person_id, Call.parent_id == person_id, may_come),
        Call.starts_at <= now + OPENS_BEFORE, Call.ends_at > now - FAREWELL, still_there,
    )  # fmt: skip
    return session.scalar(shown.limit(1)) is not None


def free_slots(
    session: Session, village: Village, persons: Sequence[str], minutes: int, from_: datetime, until: datetime,
    now: datetime,
) -> list[rules.Slot]:  # fmt: skip
    """Slots on the village's grid that nothing holds; the persons must be free too."""
    rules.check_search(from_, until)
    grids = [
        (terminal.id, grid(session, village, terminal, minutes, from_, until))
        for terminal in villages.terminals(session, village.id)
    ]
    resources = [f"terminal:{terminal}" for terminal, _ in grids] + [f"person:{person}" for person in persons]
    taken = session.execute(
        select(Claim.resource, Claim.cell_at).where(
            Claim.resource.in_(resources),
            Claim.cell_at >= from_ - timedelta(hours=2),
            Claim.cell_at < until + timedelta(hours=2),
        )
    ).all()
    held = {(row.resource, row.cell_at) for row in taken}
    return rules.free_slots(grids, held, persons, minutes, village.buffer_minutes, now)


def grid(
    session: Session, village: Village, terminal: Terminal, minutes: int, from_: datetime, until: datetime
) -> list[datetime]:
    """Starts of the slots that one terminal offers."""
    intervals = villages.open_intervals(session, terminal, from_, until)
    return hours.grid(intervals, village.slot_minutes, minutes, village.zone)
