"""How a call is shown to one reader: its people, what its sides do, and what this reader may do with it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import by_itself, find_time, guests, life, queries, rules
from app.calls.life import CallFacts
from app.calls.models import Call
from app.calls.rules import Action
from app.calls.shapes import (
    CallerShape,
    CallShape,
    DeskSeatShape,
    FamilyShape,
    GuestShape,
    PersonShape,
    RingShape,
    SideShape,
    SlotShape,
    TerminalShape,
)
from app.calls.words import SeatSide, Side
from app.families import recorded_names
from app.families.models import Family, Person
from app.families.recorded_name_views import url_of
from app.villages.models import Terminal, Village
from app.web.models import PrincipalKind
from app.web.principals import FACES, Principal

SMALL_PX = 96


def call_shape(session: Session, call: Call, who: Principal, now: datetime) -> CallShape:
    stands = guests.stands(session, call, who, now)
    side = stands.as_side
    facts = queries.facts(session, call)
    people = queries.invitees(session, call.id)
    village = session.get_one(Village, call.village_id)
    terminal = session.get_one(Terminal, call.terminal_id)
    confirmed = any(p.confirmed_at for p in people if p.side is side and _speaks(who, p.person_id))
    declined = {s: any(p.declined_at for p in people if p.side is s) for s in Side}
    return CallShape(
        id=call.id, state=call.state, outcome=call.outcome, reason=call.reason,
        starts_at=call.starts_at, ends_at=call.ends_at, opens_at=life.opens_at(call.starts_at),
        zone=village.zone, village=village.name,
        family=family_shape(session.get_one(Family, call.family_id)),
        child=person_shape(session.get_one(Person, call.child_id), who),
        parent=_caller_shape(session, call.parent_id, who),
        terminal=TerminalShape(id=terminal.id, name=terminal.name),
        my_side=None if stands in (SeatSide.DESK, SeatSide.MEDIA) else stands,
        proposed_by=call.proposed_by, moved_to_id=call.moved_to_id,
        origin=call.origin, series_id=call.series_id, expires_at=call.expires_at, confirm_by=call.confirm_by,
        sides={s: _side_shape(facts, s, declined[s]) for s in Side}, desk=_desk_shape(session, call),
        guests=_guest_shapes(session, call, who, now),
        rings=_ring_shapes(facts, side), rings_there=_ring_shapes(facts, side and side.other),
        live_at=call.live_at, talked_seconds=call.talked_seconds, talking_since=call.talking_since,
        rung_again_at=call.rung_again_at,
        can=_can(session, call, stands, facts, confirmed, now),
        offers=_offers(session, call, side, now), auto_answer=by_itself.may(session, call, who, now),
    )  # fmt: skip


def call_shapes(session: Session, calls: Iterable[Call], who: Principal, now: datetime) -> list[CallShape]:
    return [call_shape(session, call, who, now) for call in calls]


def person_shape(person: Person, who: Principal) -> PersonShape:
    return PersonShape(id=person.id, name=person.name, photo=photo_url(person, who))


def _caller_shape(session: Session, person_id: str, who: Principal) -> CallerShape:
    person = person_shape(session.get_one(Person, person_id), who)
    name_id = recorded_names.id_of(session, person_id) if who.kind is PrincipalKind.TERMINAL else None
    return CallerShape(**person.model_dump(), recorded_name=name_id and url_of(name_id))


def photo_url(person: Person, who: Principal) -> str | None:
    """The address of a small photo, for the face that asks."""
    if person.photo_id is None:
        return None
    face = next(face for face, kind in FACES.items() if kind is who.kind)
    return f"/api/photos/{person.photo_id}/{SMALL_PX}.webp?face={face}"


def family_shape(family: Family) -> FamilyShape:
    return FamilyShape(id=family.id, emblem=family.emblem, name=family.name)


def slot_shape(slot: rules.Slot) -> SlotShape:
    return SlotShape(starts_at=slot.starts_at, ends_at=slot.ends_at, terminal_id=slot.terminal_id)


def _can(
    session: Session, call: Call, stands: SeatSide, facts: CallFacts, confirmed: bool, now: datetime
) -> list[Action]:
    if stands is SeatSide.GUEST:
        return ["join"] if call.state in guests.ON else []
    side = stands.as_side
    may_ring_again = queries.not_rung_again(session, call, side, facts) is None
    opens_at = life.opens_at(call.starts_at)
    return rules.actions(call.state, side, call.proposed_by, confirmed, may_ring_again, opens_at, now)


def _guest_shapes(session: Session, call: Call, who: Principal, now: datetime) -> list[GuestShape]:
    """Who may come into a call that is on, and who of them is there."""
    may_be = guests.may_be(session, call, now)
    if not may_be:
        return []
    asked = guests.asked(session, call.id)
    here = {seat.guest_id for seat in guests.seats(session, call.id) if seat.lost_at is None}
    return [
        GuestShape(**person_shape(each, who).model_dump(), is_here=each.id in here, is_asked=each.id in asked)
        for each in may_be
    ]


def _side_shape(facts: CallFacts, side: Side, declined: bool) -> SideShape:
    of = facts.side(side)
    return SideShape(
        seated=of.seated, here=of.is_here, lost_at=None if of.left else of.lost_at,
        confirmed=of.confirmed_at is not None, declined=declined,
    )  # fmt: skip


def _ring_shapes(facts: CallFacts, side: Side | None) -> list[RingShape]:
    """When this side is rung; nobody asks for a coordinator."""
    return [RingShape(since=since, until=until) for since, until in (life.rings(facts, side) if side else [])]


def _desk_shape(session: Session, call: Call) -> DeskSeatShape | None:
    seat = queries.desk_seat(session, call)
    return DeskSeatShape(name=seat.name or "") if seat else None


def _speaks(who: Principal, person_id: str) -> bool:
    return who.kind is PrincipalKind.TERMINAL or who.subject_id == person_id


def _offers(session: Session, call: Call, side: Side | None, now: datetime) -> list[SlotShape]:
    """New times beside a call that came to nothing, until the family has another one ahead."""
    if side is None or not rules.wants_offers(call.state, call.outcome, call.ended_at, now):
        return []
    if queries.next_of_family(session, call.family_id, now) is not None:
        return []
    return [slot_shape(slot) for slot in find_time.offers(session, call, now)]
