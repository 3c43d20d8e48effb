"""The other parent of a child: asked for on a parent's phone, taken in or declined at the desk.

Only the coordinator decides. What is accepted goes the ways of enrolment: somebody new or known becomes a member, a
code goes to the number, a card is made; consent is given afterwards, as for anybody. Who asks is a parent who may be in
contact with a child of the family, and has to be so still at the moment when it is accepted.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.desk import enrol
from app.desk import service as desk
from app.desk.enrol import Newcomer
from app.doors import invitations, numbers
from app.doors import parent_request_queries as asked
from app.doors.invitations import Invited
from app.doors.parent_request_models import Kinship, ParentRequest, RequestState
from app.doors.parent_request_queries import UNDONE_WITHIN
from app.families import queries as families
from app.families import service as consent
from app.families.models import Family, Member
from app.families.numbers import parse_number_of, region_of
from app.families.words import ConsentKind, MemberRole
from app.jobs import service as jobs
from app.kernel.errors import Kept, NotFound, Refused
from app.kernel.events import ParentRequestAnswered, ParentRequestReopened
from app.kernel.numbers import E164
from app.storage.database import new_id
from app.villages import queries as villages
from app.villages.rules import checked_text
from app.villages.service import check_language, tell_village
from app.web import limits
from app.web.api import Ask
from app.web.hints import hint
from app.web.limits import Limit
from app.web.sealing import Sealer

MOST_OPEN = 3  # of a family
ASKED_BY_A_PARENT = Limit("parent request", 10, 86_400)


@dataclass(frozen=True)
class Wanted:
    """What a parent says of the other one, as it was typed."""

    name: str
    number: str
    kinship: Kinship
    language: str
    note: str | None


@dataclass(frozen=True)
class Accepted:
    """Who was taken in; the card and until when the code is good are None for who comes in by a number of their own."""

    family_id: str
    person_id: str
    invited: Invited | None
    code_until: datetime | None


def ask_for(ask: Ask, family_id: str, wanted: Wanted) -> ParentRequest:
    """Put a request before the desk. Raises Refused: already_asked, too_many_requests, or what forbids the contact."""
    if not families.is_member(ask.session, family_id, ask.who.subject_id, MemberRole.PARENT):
        raise NotFound
    number = _read(ask, family_id, wanted.number)
    check_language(wanted.language)
    request = ParentRequest(
        id=new_id(ask.session), family_id=family_id, asked_by=ask.who.subject_id,
        name=checked_text(wanted.name, 80, "bad_name"), number=number, kinship=wanted.kinship,
        language=wanted.language, note=_note(wanted.note), state=RequestState.OPEN, asked_at=ask.now,
    )  # fmt: skip
    # One after the other, so that requests of one family that race are counted each.
    family = ask.session.scalars(select(Family).where(Family.id == family_id).with_for_update(key_share=True)).one()
    _hold_asker(ask.session, family_id, ask.who.subject_id, ask.now)
    if refusal := limits.one_more(ask.session, [(ASKED_BY_A_PARENT, ask.who.subject_id)], ask.now):
        raise refusal
    _open(ask.session, request)
    of_family = select(func.count()).where(
        ParentRequest.family_id == family_id, ParentRequest.state == RequestState.OPEN
    )
    if (ask.session.scalar(of_family) or 0) > MOST_OPEN:
        raise Refused("too_many_requests", most=MOST_OPEN)
    _tell(ask, family, request)
    return request


def withdraw(ask: Ask, request_id: str) -> None:
    """Take a request of one's own back."""
    request = _locked(ask.session, request_id)
    is_own = request is not None and request.asked_by == ask.who.subject_id
    if request is None or not is_own or not _is_parent(ask.session, request.family_id, ask.who.subject_id):
        raise NotFound
    _decide(ask, ask.session.get_one(Family, request.family_id), request, RequestState.WITHDRAWN)


def accept(ask: Ask, sealer: Sealer, request_id: str, zone: str, known_id: str | None) -> Accepted:
    """Take the other parent into the family: somebody new, or one whom the village knows by this number.

    Raises Refused: request_decided, asker_left, already_member, or what forbids the asking parent the contact.
    """
    family, request = _of_desk(ask, request_id)
    _check_open(request)
    _hold_asker(ask.session, family.id, request.asked_by, ask.now)
    known = asked.known_by_number(ask.session, family, request)
    if known_id is not None and known_id not in {person.id for person in known}:
        raise NotFound
    if any(_is_parent(ask.session, family.id, person.id) for person in known):
        raise Refused("already_member")
    again = known_id or request.person_id
    if again is not None:
        person_id = enrol.add_known(ask.session, ask.who, family.id, again, MemberRole.PARENT, ask.now)
    else:
        newcomer = Newcomer(request.name, MemberRole.PARENT, zone, request.language)
        person_id = enrol.add_newcomer(ask.session, ask.who, family.id, newcomer, ask.now)
    ask.session.flush()
    request.person_id = person_id
    _answer(ask, family, request, RequestState.ACCEPTED)
    return _let_in(ask, sealer, request, person_id)


def decline(ask: Ask, request_id: str, reason: str) -> None:
    """Say no, with a reason that the asking parent reads."""
    family, request = _of_desk(ask, request_id)
    request_reason = checked_text(reason, 200, "bad_reason")
    _answer(ask, family, request, RequestState.DECLINED)
    request.reason = request_reason
    desk.record(ask.session, ask.who, "decline_parent", f"family:{family.id}", {"request": request.id}, ask.now)


def reopen(ask: Ask, request_id: str) -> None:
    """Undo what the desk decided lately: who was taken in leaves the family, and their card is worthless."""
    family, request = _of_desk(ask, request_id)
    is_recent = request.decided_at is not None and request.decided_at > ask.now - UNDONE_WITHIN
    if not is_recent or request.state not in (RequestState.ACCEPTED, RequestState.DECLINED):
        raise Refused("nothing_to_undo")
    if request.state is RequestState.ACCEPTED and request.person_id is not None:
        _let_go(ask, family.id, request.person_id)
    request.state, request.decided_at, request.reason = RequestState.OPEN, None, None
    _open(ask.session, request)
    desk.record(ask.session, ask.who, "reopen_parent_request", f"family:{family.id}", {"request": request.id}, ask.now)
    jobs.emit(ask.session, ParentRequestReopened(ask.now, request.id), ask.now)
    _tell(ask, family, request)


def show_number(ask: Ask, request_id: str) -> E164:
    """The number that was asked for, for the desk to dial it; that it was looked at is kept."""
    family, request = _of_desk(ask, request_id)
    desk.record(ask.session, ask.who, "show_asked_number", f"family:{family.id}", {"request": request.id}, ask.now)
    return E164(request.number)


def _let_in(ask: Ask, sealer: Sealer, request: ParentRequest, person_id: str) -> Accepted:
    person = families.person(ask.session, person_id)
    if person.phone is not None and person.phone_confirmed_at is not None:
        return Accepted(request.family_id, person_id, None, None)
    try:
        code_until = numbers.send_code(ask, sealer, person_id, request.number)
        invited = invitations.invite(ask, sealer, person_id, invitations.CARD)
    except Kept as counted:  # nothing of it is done by half: nobody is taken in whom no code can reach
        raise counted.error from counted
    return Accepted(request.family_id, person_id, invited, code_until)


def _let_go(ask: Ask, family_id: str, person_id: str) -> None:
    if not _is_parent(ask.session, family_id, person_id):
        return
    enrol.end_member(ask.session, ask.who, family_id, person_id, MemberRole.PARENT, ask.now)
    card = invitations.open_of(ask.session, person_id, ask.now)
    if card is not None and not families.families_of_person(ask.session, person_id):
        invitations.revoke(ask, card.id)


def _hold_asker(session: Session, family_id: str, person_id: str, now: datetime) -> None:
    """Who asks is a parent who may be in contact with a child here; whoever ends that meanwhile waits."""
    there = select(Member.id).where(
        Member.family_id == family_id, Member.person_id == person_id, Member.role == MemberRole.PARENT,
        Member.left_at.is_(None),
    )  # fmt: skip
    if session.scalar(there.with_for_update(read=True)) is None:
        raise Refused("asker_left")
    refusal = Refused("no_consent")
    for child in families.children(session, family_id):
        for kind in (ConsentKind.CALL, ConsentKind.MESSAGE):
            try:
                return consent.hold_contact(session, kind, child.id, person_id, now)
            except Refused as refused:
                refusal = refused
    raise refusal


def _of_desk(ask: Ask, request_id: str) -> tuple[Family, ParentRequest]:
    """A request of the desk's own village, locked, with its family."""
    request = _locked(ask.session, request_id)
    if request is None:
        raise NotFound
    return families.family_of_village(ask.session, ask.who.village, request.family_id), request


def _locked(session: Session, request_id: str) -> ParentRequest | None:
    return session.scalar(select(ParentRequest).where(ParentRequest.id == request_id).with_for_update())


def _check_open(request: ParentRequest) -> None:
    if request.state is not RequestState.OPEN:
        raise Refused("request_decided")


def _answer(ask: Ask, family: Family, request: ParentRequest, state: RequestState) -> None:
    _decide(ask, family, request, state)
    jobs.emit(ask.session, ParentRequestAnswered(ask.now, request.id), ask.now)


def _decide(ask: Ask, family: Family, request: ParentRequest, state: RequestState) -> None:
    _check_open(request)
    request.state, request.decided_at = state, ask.now
    _tell(ask, family, request)


def _open(session: Session, request: ParentRequest) -> None:
    """One open request for a number in a family; the database holds it."""
    try:
        with session.begin_nested():
            session.add(request)
            session.flush()
    except IntegrityError as taken:
        raise Refused("already_asked") from taken


def _is_parent(session: Session, family_id: str, person_id: str) -> bool:
    return families.is_member(session, family_id, person_id, MemberRole.PARENT)


def _read(ask: Ask, family_id: str, text: str) -> E164:
    """A number without a country code is one of the village's country, or else of the asking parent's."""
    asker = families.person(ask.session, ask.who.subject_id)
    village = villages.village(ask.session, families.village_of(ask.session, family_id))
    return parse_number_of(text, [region_of(p.zone, p.language) for p in (village, asker)])


def _note(text: str | None) -> str | None:
    return checked_text(text, 200, "bad_note") if text and text.strip() else None


def _tell(ask: Ask, family: Family, request: ParentRequest) -> None:
    tell_village(ask.session, family.village_id, ask.now)
    hint(ask.session, "person", request.asked_by, ask.now)
