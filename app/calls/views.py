"""The call's routes under /api: slots, book, confirm, decline, move, cancel, look."""

from datetime import datetime

from app.calls import booking, picture, queries, rules, seats
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.shapes import BookingIn, CallShape, CancelIn, NowIn, SlotSearch, SlotsShape, When
from app.calls.words import Side
from app.families import pins
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind, MemberRole
from app.kernel import local_time
from app.kernel.errors import Invalid, NotFound, Refused
from app.villages import queries as villages
from app.web.api import Api, Ask
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
    by = _actor(ask, parent_id)
    is_proposal = body.is_proposal or by.side is Side.VILLAGE
    minutes = body.minutes if body.minutes is not None else rules.CALL_MINUTES
    wish = Wish(family_id, body.child_id, parent_id, _starts_at(body), minutes, is_proposal)
    return _shape(ask, booking.book(ask.session, wish, by, ask.now))


@api.command("POST", "/calls/now", PERSON, COORDINATOR, gives=CallShape, takes=NowIn, status=201)
def call_now(ask: Ask, body: NowIn) -> CallShape:
    """Call at this minute, if terminal and people are free; it rings at once."""
    family_id, parent_id = _pair(ask, body.child_id, body.parent_id)
    wish = Wish(family_id, body.child_id, parent_id, ask.now)
    return _shape(ask, booking.book_now(ask.session, wish, body.minutes, _actor(ask, parent_id), ask.now))


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


@api.command("POST", "/calls/<call_id>/wrong_person", PERSON, gives=CallShape)
def wrong_person(ask: Ask, call_id: str) -> CallShape:
    """Say that somebody else answered; the terminal rings again."""
    return _shape(ask, seats.wrong_person(ask.session, call_id, ask.who, ask.now))


def _shape(ask: Ask, call: Call) -> CallShape:
    ask.session.flush()
    return picture.call_shape(ask.session, call, ask.who, ask.now)


def _actor(ask: Ask, parent_id: str) -> Actor:
    """Who acts: a person on the side of who they are in this family, a terminal for the village, the desk on none."""
    if ask.who.kind is COORDINATOR:
        return Actor(ask.who.name, None)
    is_parent = ask.who.kind is PERSON and ask.who.subject_id == parent_id
    return Actor(ask.who.name, Side.PARENT if is_parent else Side.VILLAGE)


def _actor_in(ask: Ask, call_id: str) -> Actor:
    """Say on which side of a call the asker acts; a call that is not theirs is NotFound."""
    call, side = queries.seen_by(ask.session, ask.who, call_id)
    _ask_pin(ask, call.family_id)
    return Actor(ask.who.name, side)


def _ask_pin(ask: Ask, family_id: str) -> None:
    """At a terminal nobody settles anything for a family that keeps its page behind a PIN."""
    if ask.who.kind is TERMINAL and pins.must_ask(ask.session, ask.who.device_id, family_id, ask.now):
        raise Refused("pin_needed")


def _pair(ask: Ask, child_id: str, parent_id: str | None) -> tuple[str, str]:
    """(family, parent) for a child: the asker's own family, or one of the village of a terminal or coordinator."""
    if ask.who.kind is PERSON:
        return _own_pair(ask, child_id, parent_id)
    parent_id = parent_id or families.first_parent(ask.session, ask.who.village, child_id, ask.now)
    family_id = families.family_of_pair(ask.session, child_id, parent_id, ask.who.village)
    _ask_pin(ask, family_id)
    return family_id, parent_id


def _own_pair(ask: Ask, child_id: str, parent_id: str | None) -> tuple[str, str]:
    """The same for a parent of the child, or for one who lives with it and names the parent."""
    me = ask.who.subject_id
    if parent_id in (None, me):
        return families.family_of_pair(ask.session, child_id, me), me
    family_id = families.family_of_pair(ask.session, child_id, parent_id or me)
    if not families.is_member(ask.session, family_id, me, MemberRole.CAREGIVER, MemberRole.CHILD):
        raise NotFound
    return family_id, parent_id or me


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
