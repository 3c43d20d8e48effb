"""The routes of those who wait for a slot: the village's line, one's own wishes; and undoing that one got free."""

from collections.abc import Sequence

from sqlalchemy import select

from app.calls import picture
from app.calls.models import Call
from app.calls.shapes import CallShape
from app.calls.words import CallState, Origin
from app.desk import restoring, waiting
from app.desk import service as desk
from app.desk.waiting_shapes import OfferShape, WaitIn, WaitShape, WaitsShape
from app.families import queries as families
from app.families import service as consent
from app.families import whose
from app.families.models import Family, Person
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound
from app.roster import waits
from app.roster.models import Wait
from app.roster.rules import Waiting
from app.villages import queries as villages
from app.villages.service import tell_village
from app.web.api import Api, Ask
from app.web.hints import hint
from app.web.principals import COORDINATOR, PERSON, TERMINAL

api = Api("waits")


@api.query("/waits", PERSON, COORDINATOR, gives=WaitsShape)
def list_waits(ask: Ask) -> WaitsShape:
    """Who waits for a slot, in order; a family sees what it has asked for itself."""
    return _answer(ask)


@api.command("POST", "/waits", PERSON, TERMINAL, COORDINATOR, gives=WaitsShape, takes=WaitIn, status=201)
def wait_for_slot(ask: Ask, body: WaitIn) -> WaitsShape:
    """Ask for a slot that gets free, also beside a call that is ahead."""
    family_id, parent_id = whose.pair(ask, body.child_id, body.parent_id)
    consent.hold_contact(ask.session, ConsentKind.CALL, body.child_id, parent_id, ask.now)
    village_id = families.village_of(ask.session, family_id)
    waits.ask(
        ask.session, village_id=village_id, family_id=family_id, child_id=body.child_id, parent_id=parent_id,
        by=ask.who.name, now=ask.now,
    )  # fmt: skip
    _tell(ask, "wait", village_id, family_id, body.child_id)
    return _answer(ask, family_id)


@api.command("POST", "/waits/<wait_id>/end", PERSON, TERMINAL, COORDINATOR, gives=WaitsShape)
def end_wait(ask: Ask, wait_id: str) -> WaitsShape:
    """Wait no longer."""
    wait = _seen(ask, wait_id)
    waits.end(ask.session, wait, ask.now)
    _tell(ask, "end_wait", wait.village_id, wait.family_id, wait.child_id)
    return _answer(ask, wait.family_id)


@api.command("POST", "/calls/<call_id>/restore", COORDINATOR, gives=CallShape, status=201)
def restore_call(ask: Ask, call_id: str) -> CallShape:
    """Undo that a call was cancelled; an offer of its time that nobody has taken is withdrawn."""
    call = restoring.restore(ask.session, ask.who, call_id, ask.now)
    ask.session.flush()
    return picture.call_shape(ask.session, call, ask.who, ask.now)


def _answer(ask: Ask, family_id: str | None = None) -> WaitsShape:
    """The desk's line, a person's own wishes, or at a terminal those of the family that stands there."""
    ask.session.flush()
    if ask.who.kind is COORDINATOR:
        village = villages.village(ask.session, ask.who.village)
        line = waiting.line(ask.session, village.id, ask.now)
        return WaitsShape(waits=_shapes(ask, line), promise_days=village.promise_days)
    if ask.who.kind is TERMINAL and family_id is not None:
        own = list(waits.open_of_families(ask.session, [family_id]))
    else:
        mine = [f.id for f in families.families_of_person(ask.session, ask.who.subject_id)]
        own = [wait for wait in waits.open_of_families(ask.session, mine) if _is_own(ask, wait)]
    return WaitsShape(waits=_shapes(ask, [_waiting(wait) for wait in own]), promise_days=None)


def _waiting(wait: Wait) -> Waiting:
    return Waiting(wait.family_id, wait.child_id, wait.parent_id, wait_id=wait.id, since=wait.since)


def _shapes(ask: Ask, line: Sequence[Waiting]) -> list[WaitShape]:
    families_in_line = {one.family_id for one in line}
    open_offers = select(Call).where(
        Call.family_id.in_(families_in_line), Call.origin == Origin.WAIT, Call.state == CallState.PROPOSED
    )  # fmt: skip
    offers = {(call.child_id, call.parent_id): call for call in ask.session.scalars(open_offers)}
    return [_shape(ask, one, offers.get((one.child_id, one.parent_id))) for one in line]


def _shape(ask: Ask, one: Waiting, offer: Call | None) -> WaitShape:
    shown = None
    if offer is not None and offer.expires_at is not None:
        shown = OfferShape(call_id=offer.id, starts_at=offer.starts_at, expires_at=offer.expires_at)
    return WaitShape(
        family=picture.family_shape(ask.session.get_one(Family, one.family_id)),
        child=picture.person_shape(ask.session.get_one(Person, one.child_id), ask.who),
        parent=picture.person_shape(ask.session.get_one(Person, one.parent_id), ask.who),
        last_heard_at=one.last_heard_at, has_call_at=one.next_call_at, is_asked=one.is_asked, wait_id=one.wait_id,
        since=one.since, offer=shown,
    )  # fmt: skip


def _seen(ask: Ask, wait_id: str) -> Wait:
    """A wish of the coordinator's or terminal's village, or of a family of the asker's; any other is NotFound."""
    wait = waits.wait(ask.session, wait_id)
    is_seen = _is_own(ask, wait) if ask.who.kind is PERSON else wait.village_id == ask.who.village
    if not is_seen:
        raise NotFound
    if ask.who.kind is TERMINAL:
        whose.pair(ask, wait.child_id, wait.parent_id)  # behind a PIN it is left alone
    return wait


def _is_own(ask: Ask, wait: Wait) -> bool:
    """Whether it is for a call of the asker's own, or of a child whom they live with and bring."""
    me = ask.who.subject_id
    if not families.is_member(ask.session, wait.family_id, me):
        return False
    return me in (wait.parent_id, wait.child_id) or families.is_member(
        ask.session, wait.family_id, me, MemberRole.CAREGIVER
    )


def _tell(ask: Ask, action: str, village_id: str, family_id: str, child_id: str) -> None:
    if ask.who.kind is COORDINATOR:
        desk.record(ask.session, ask.who, action, f"person:{child_id}", {}, ask.now)
    tell_village(ask.session, village_id, ask.now)
    for person, role in families.members(ask.session, family_id):
        if role is not MemberRole.CHILD:
            hint(ask.session, "person", person.id, ask.now)
