"""Publishing a roster: each of its rows becomes a call, in one transaction, and whoever is concerned is told once.

What was taken or forbidden meanwhile is no error of the whole: that row stays without a slot, with the reason.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import booking, rules
from app.calls.booking import Actor, Wish
from app.calls.models import Claim
from app.calls.words import Obstacle, Origin
from app.desk.service import record
from app.families.models import Family, Member, Person
from app.families.words import MemberRole
from app.kernel.errors import NotFound, Refused
from app.roster import queries, service
from app.roster.history import Reason, slot_of
from app.roster.models import Assignment, Roster
from app.web.principals import Principal

LEFT_FAMILY = "left_family"


def publish(session: Session, who: Principal, roster_id: str, version: int, now: datetime) -> Roster:
    """Book what is new in a draft. Raises Refused("stale_roster") for a version that is not the newest."""
    roster = service.held(session, who.village, roster_id, version)
    service.check_editable(roster)
    new = [row for row in queries.assignments(session, roster.id) if not row.is_fixed and slot_of(row)]
    new.sort(key=lambda row: (row.starts_at, row.terminal_id, row.id))
    _hold(session, roster.village_id)
    calls, refused = dict[str, str](), dict[str, list[Reason]]()
    for row in new:
        booked = _booked(session, roster, row, now)
        if isinstance(booked, str):
            calls[row.id] = booked
        else:
            refused[row.id] = [booked]
    service.publish(session, roster, calls, refused, who.name, now)
    detail = {"week": roster.week.isoformat(), "calls": len(calls), "refused": len(refused)}
    record(session, who, "publish_roster", f"roster:{roster.id}", detail, now)
    return roster


def _hold(session: Session, village_id: str) -> None:
    """Hold all children of the village first, in one order.

    Who books for one of them has then finished or not begun: two who claim slots side by side could otherwise wait for
    each other in a circle.
    """
    members = select(Member.person_id).join(Family, Family.id == Member.family_id)
    children = members.where(Family.village_id == village_id, Member.role == MemberRole.CHILD)
    held = select(Person.id).where(Person.id.in_(children)).order_by(Person.id)
    session.execute(held.with_for_update(key_share=True))


def _booked(session: Session, roster: Roster, row: Assignment, now: datetime) -> str | Reason:
    """The id of the call that a row became, or why it became none."""
    slot = slot_of(row)
    assert slot is not None
    confirm_by = rules.confirm_by(slot.starts_at)
    wish = Wish(
        row.family_id, row.child_id, row.parent_id, slot.starts_at, row.minutes, origin=Origin.ROSTER,
        terminal_id=slot.terminal_id, confirm_by=confirm_by if confirm_by > now else None,
    )  # fmt: skip
    reason = {"starts_at": slot.starts_at.isoformat(), "terminal_id": slot.terminal_id}
    try:
        call = booking.placed(session, wish, Actor(f"roster:{roster.id}", None), now)
    except Refused as refusal:
        return {"code": refusal.code, **reason}
    except NotFound:
        return {"code": LEFT_FAMILY, **reason}
    return call.id if call is not None else {"code": _taken(session, wish), **reason}


def _taken(session: Session, wish: Wish) -> str:
    """Whether it was one of the two people who is in another call by now, or the terminal."""
    cells = rules.cells(wish.starts_at, wish.starts_at + timedelta(minutes=wish.minutes))
    whys = {f"person:{wish.parent_id}": Obstacle.PARENT_IN_CALL, f"person:{wish.child_id}": Obstacle.CHILD_IN_CALL}
    held = set(session.scalars(select(Claim.resource).where(Claim.resource.in_(whys), Claim.cell_at.in_(cells))))
    return next((why.value for resource, why in whys.items() if resource in held), "slot_taken")
