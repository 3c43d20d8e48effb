"""The call's routes under /api: slots, book, confirm, decline, move, cancel, look."""

from datetime import datetime

from app.calls import booking, picture, queries, rules
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.shapes import BookingIn, CallShape, CancelIn, SlotSearch, SlotsShape, When
from app.calls.words import Side
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.kernel import local_time
from app.kernel.errors import Invalid, NotFound
from app.villages import queries as villages
from app.web.api import Api, Ask
from app.web.models import PrincipalKind
from app.web.principals import COORDINATOR, PERSON, TERMINAL

api = Api("calls")


@api.query("/slots", PERSON, TERMINAL, COORDINATOR, gives=SlotsShape, takes=SlotSearch)
def slots(ask: Ask, search: SlotSearch) -> SlotsShape:
    """Free slots for a child and a parent."""
    family_id, parent_id = _pair(ask, search.child_id, search.parent_id)
    consent.may_contact(ask.session, ConsentKind.CALL, search.child_id, parent_id, ask.now)
    village = villages.village(ask.session, families.village_of(ask.session, family_id))
    persons, minutes = [search.child_id, parent_id], rules.CALL_MINUTES
    free = queries.free_slots(ask.session, village, persons, minutes, search.from_, search.until, ask.now)
    return SlotsShape(slots=[picture.slot_shape(s) for s in free], minutes=minutes, zone=village.zone)


@api.command("POST", "/calls", PERSON, TERMINAL, COORDINATOR, gives=CallShape, takes=BookingIn, status=201)
def book(ask: Ask, body: BookingIn) -> CallShape:
    """Book a call; a terminal proposes it to the parent."""
    family_id, parent_id = _pair(ask, body.child_id, body.parent_id)
    is_proposal = body.is_proposal or ask.who.kind is TERMINAL
    minutes = body.minutes if body.minutes is not None else rules.CALL_MINUTES
    wish = Wish(family_id, body.child_id, parent_id, _starts_at(body), minutes, is_proposal)
    return _shape(ask, booking.book(ask.session, wish, _actor(ask), ask.now))


@api.query("/calls/<call_id>", PERSON, TERMINAL, COORDINATOR, gives=CallShape)
def look(ask: Ask, call_id: str) -> CallShape:
    """Look at one call."""
    call, _side = queries.seen_by(ask.session, ask.who, call_id)
    return _shape(ask, call)


@api.command("POST", "/calls/<call_id>/confirm", PERSON, TERMINAL, gives=CallShape)
def confirm(ask: Ask, call_id: str) -> CallShape:
    """Confirm a call, or accept a proposal."""
    return _shape(ask, booking.confirm(ask.session, call_id, _actor_in(ask, call_id), ask.now))


@api.command("POST", "/calls/<call_id>/decline", PERSON, TERMINAL, gives=CallShape)
def decline(ask: Ask, call_id: str) -> CallShape:
    """Decline a call or a proposal."""
    return _shape(ask, booking.decline(ask.session, call_id, _actor_in(ask, call_id), ask.now))


@api.command("POST", "/calls/<call_id>/cancel", PERSON, TERMINAL, COORDINATOR, gives=CallShape, takes=CancelIn)
def cancel(ask: Ask, body: CancelIn, call_id: str) -> CallShape:
    """Cancel a call with a reason."""
    by = _actor_in(ask, call_id)
    return _shape(ask, booking.cancel(ask.session, call_id, by, body.reason, body.note, ask.now))


@api.command("POST", "/calls/<call_id>/move", PERSON, COORDINATOR, gives=CallShape, takes=When)
def move(ask: Ask, body: When, call_id: str) -> CallShape:
    """Move a call to another time; the new call is returned."""
    return _shape(ask, booking.move(ask.session, call_id, _starts_at(body), _actor_in(ask, call_id), ask.now))


def _shape(ask: Ask, call: Call) -> CallShape:
    ask.session.flush()
    return picture.call_shape(ask.session, call, ask.who, ask.now)


def _actor(ask: Ask) -> Actor:
    sides = {PrincipalKind.PERSON: Side.PARENT, PrincipalKind.TERMINAL: Side.VILLAGE, PrincipalKind.COORDINATOR: None}
    return Actor(ask.who.name, sides[ask.who.kind])


def _actor_in(ask: Ask, call_id: str) -> Actor:
    """Say on which side of a call the asker acts; a call that is not theirs is NotFound."""
    _call, side = queries.seen_by(ask.session, ask.who, call_id)
    return Actor(ask.who.name, side)


def _pair(ask: Ask, child_id: str, parent_id: str | None) -> tuple[str, str]:
    """(family, parent) for a child: the asker's own family, or one of the village of a terminal or coordinator."""
    if ask.who.kind is PERSON:
        if parent_id not in (None, ask.who.subject_id):
            raise NotFound
        return families.family_of_pair(ask.session, child_id, ask.who.subject_id), ask.who.subject_id
    parent_id = parent_id or families.first_parent(ask.session, ask.who.village, child_id, ask.now)
    return families.family_of_pair(ask.session, child_id, parent_id, ask.who.village), parent_id


def _starts_at(when: When) -> datetime:
    if when.starts_at is not None and when.wall is None:
        return when.starts_at
    if when.wall is not None and when.zone is not None and when.starts_at is None:
        try:
            wall = datetime.fromisoformat(when.wall)
        except ValueError as impossible:
            raise Invalid("not_a_time") from impossible
        return local_time.instant_of(wall, when.zone)
    raise Invalid("not_a_time")
