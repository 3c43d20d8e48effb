"""The call's routes under /api: slots, book, confirm, decline, counter, move, cancel, look."""

from app.calls import agreement, asking, asking_in, booking, picture, queries, rules, seats
from app.calls.booking import Wish
from app.calls.models import Call
from app.calls.shapes import BookingIn, CallShape, CancelIn, DeclineIn, GuestIn, NowIn, SlotSearch, SlotsShape, When
from app.calls.words import Side
from app.families import queries as families
from app.families import service as consent
from app.families import whose
from app.families.words import ConsentKind
from app.kernel.errors import NotFound
from app.villages import queries as villages
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR, PERSON, TERMINAL

api = Api("calls")


@api.query("/slots", PERSON, TERMINAL, COORDINATOR, gives=SlotsShape, takes=SlotSearch)
def slots(ask: Ask, search: SlotSearch) -> SlotsShape:
    """Free slots for a child and a parent."""
    family_id, parent_id = whose.pair(ask, search.child_id, search.parent_id)
    consent.may_contact(ask.session, ConsentKind.CALL, search.child_id, parent_id, ask.now)
    village = villages.village(ask.session, families.village_of(ask.session, family_id))
    persons, minutes = [search.child_id, parent_id], rules.CALL_MINUTES
    free = queries.free_slots(ask.session, village, persons, minutes, search.from_, search.until, ask.now)
    return SlotsShape(slots=[picture.slot_shape(s) for s in free], minutes=minutes, zone=village.zone)


@api.command("POST", "/calls", PERSON, TERMINAL, COORDINATOR, gives=CallShape, takes=BookingIn, status=201)
def book(ask: Ask, body: BookingIn) -> CallShape:
    """Book a call; a terminal proposes it to the parent."""
    family_id, parent_id = whose.pair(ask, body.child_id, body.parent_id)
    by = asking.actor(ask, parent_id)
    is_proposal = body.is_proposal or by.side is Side.VILLAGE
    minutes = body.minutes if body.minutes is not None else rules.CALL_MINUTES
    at, there = asking.instant(body), body.terminal_id
    wish = Wish(family_id, body.child_id, parent_id, at, minutes, is_proposal, rather_on=there)
    return _shape(ask, booking.book(ask.session, wish, by, ask.now))


@api.command("POST", "/calls/now", PERSON, COORDINATOR, gives=CallShape, takes=NowIn, status=201)
def call_now(ask: Ask, body: NowIn) -> CallShape:
    """Call at this minute, if terminal and people are free; it rings at once."""
    family_id, parent_id = whose.pair(ask, body.child_id, body.parent_id)
    wish = Wish(family_id, body.child_id, parent_id, ask.now)
    return _shape(ask, booking.book_now(ask.session, wish, body.minutes, asking.actor(ask, parent_id), ask.now))


@api.query("/calls/<call_id>", PERSON, TERMINAL, COORDINATOR, gives=CallShape)
def look(ask: Ask, call_id: str) -> CallShape:
    """Look at one call."""
    call = ask.session.get(Call, call_id)
    if call is None:
        raise NotFound
    return _shape(ask, call)


@api.command("POST", "/calls/<call_id>/confirm", PERSON, TERMINAL, gives=CallShape)
def confirm(ask: Ask, call_id: str) -> CallShape:
    """Confirm a call, or accept a proposal."""
    return _shape(ask, booking.confirm(ask.session, call_id, asking.actor_in(ask, call_id), ask.now))


@api.command("POST", "/calls/<call_id>/decline", PERSON, TERMINAL, gives=CallShape, takes=DeclineIn)
def decline(ask: Ask, body: DeclineIn, call_id: str) -> CallShape:
    """Decline a call or a proposal, with a reason or without."""
    by = asking.actor_in(ask, call_id)
    return _shape(ask, booking.decline(ask.session, call_id, by, ask.now, body.reason, body.note))


@api.command("POST", "/calls/<call_id>/counter", PERSON, TERMINAL, gives=CallShape, takes=When)
def counter(ask: Ask, body: When, call_id: str) -> CallShape:
    """Answer a proposal with another one; the new call is returned."""
    by = asking.actor_in(ask, call_id)
    return _shape(ask, agreement.counter(ask.session, call_id, asking.instant(body), by, ask.now))


@api.command("POST", "/calls/<call_id>/cancel", PERSON, TERMINAL, COORDINATOR, gives=CallShape, takes=CancelIn)
def cancel(ask: Ask, body: CancelIn, call_id: str) -> CallShape:
    """Cancel a call with a reason."""
    by = asking.actor_in(ask, call_id)
    return _shape(ask, booking.cancel(ask.session, call_id, by, body.reason, body.note, ask.now))


@api.command("POST", "/calls/<call_id>/move", PERSON, COORDINATOR, gives=CallShape, takes=When)
def move(ask: Ask, body: When, call_id: str) -> CallShape:
    """Move a call to another time; the new call is returned."""
    return _shape(ask, booking.move(ask.session, call_id, asking.instant(body), asking.actor_in(ask, call_id), ask.now))


@api.command("POST", "/calls/<call_id>/wrong_person", PERSON, gives=CallShape)
def wrong_person(ask: Ask, call_id: str) -> CallShape:
    """Say that somebody else answered; the terminal rings again."""
    return _shape(ask, seats.wrong_person(ask.session, call_id, ask.who, ask.now))


@api.command("POST", "/calls/<call_id>/guests", PERSON, TERMINAL, gives=CallShape, takes=GuestIn)
def ask_in(ask: Ask, body: GuestIn, call_id: str) -> CallShape:
    """Ask a further parent of the family into a call that is on."""
    by = asking.actor_in(ask, call_id)
    return _shape(ask, asking_in.ask_in(ask.session, call_id, body.person_id, by, ask.now))


def _shape(ask: Ask, call: Call) -> CallShape:
    ask.session.flush()
    return picture.call_shape(ask.session, call, ask.who, ask.now)
