"""What a text does to calls: the same services as the web's, with the same refusals, each as one answer.

A refused use case leaves nothing behind: it runs in a savepoint. Where other times help, they are offered at once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import agreement, booking, find_time, rules
from app.calls.booking import Actor, Wish
from app.calls.find_time import Search
from app.calls.models import Call, Invitee
from app.calls.words import CallState, Side
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.kernel.errors import HomethreadError
from app.sms import replies, speakers
from app.sms.conversation import ACTS, About, Act, Choices, Focus, Situation, Times, situation
from app.sms.replies import Done
from app.sms.words import Command, Outcome

GONE = frozenset({"slot_taken", "outside_hours", "not_a_slot", "in_the_past", "too_late_to_propose", "too_far_ahead"})
CANCELLED_BECAUSE = "other"  # a digit gives no reason
STANDING = {CallState.BOOKED: "sms_booked", CallState.PROPOSED: "sms_proposed"}


def follow(session: Session, command: Command, about: About, now: datetime) -> Done:
    """Do what a command comes to for this call as it stands, or for this pair without one."""
    theirs = speakers.current(session, about) or about
    act = ACTS[_situation(session, theirs, now)][command]
    return _tried(session, theirs, lambda: DOING[act](session, theirs, now), now)


def choose(session: Session, about: About, starts_at: datetime, now: datetime) -> Done:
    """Take a time that was offered; where it is gone, others are offered."""
    return _tried(session, about, lambda: _chosen(session, about, starts_at, now), now)


def repeat(session: Session, offer: Times, now: datetime) -> Done:
    """Send the same times once more."""
    return _offered(session, "sms_offers", Times(offer.about, offer.times, is_repeated=True), now)


def objection(session: Session, about: About, now: datetime) -> str | None:
    """What forbids a call of these two, as a code."""
    try:
        consent.may_contact(session, ConsentKind.CALL, about.child_id, about.parent_id, now)
    except HomethreadError as refusal:
        return refusal.code
    return None


def none_suits(session: Session, about: About, now: datetime) -> Done:
    return _offered(session, "sms_no_offers", Times(about, ()), now)


def _tried(session: Session, about: About, act: Callable[[], Done], now: datetime) -> Done:
    """What came of it; of a time that is gone other times, and of any other refusal its reason."""
    for doing in (act, lambda: _offer(session, about, now, "sms_taken")):
        try:
            with session.begin_nested():
                return doing()
        except HomethreadError as refusal:
            code = refusal.code
            if code not in GONE:
                break
    return replies.refused(code, about)


def _situation(session: Session, about: About, now: datetime) -> Situation:
    if about.call_id is None:
        return Situation.NONE
    call = session.get_one(Call, about.call_id, populate_existing=True)
    mine = session.get(Invitee, (call.id, about.person_id), populate_existing=True)
    return situation(
        call.state, call.outcome, call.proposed_by, about.side, starts_at=call.starts_at, now=now,
        has_declined=mine is not None and mine.declined_at is not None,
    )  # fmt: skip


def _confirm(session: Session, about: About, now: datetime) -> Done:
    was_asked = _call(session, about).state is CallState.PROPOSED
    call = booking.confirm(session, _id(about), _actor(about), now)
    return _settled(session, Outcome.CONFIRMED, "sms_booked" if was_asked else "sms_confirmed", call, about)


def _decline(session: Session, about: About, now: datetime) -> Done:
    call = booking.decline(session, _id(about), _actor(about), now)
    return _settled(session, Outcome.CANCELLED, "sms_cancelled", call, about)


def _cancel(session: Session, about: About, now: datetime) -> Done:
    call = booking.cancel(session, _id(about), _actor(about), CANCELLED_BECAUSE, None, now)
    return _settled(session, Outcome.CANCELLED, "sms_cancelled", call, about)


def _take_back(session: Session, about: About, now: datetime) -> Done:
    """Have a call again that one has just called off: as a new one, for the other side was told that it is off."""
    old = _call(session, about)
    call = booking.book(session, _wish(about, old.starts_at, _minutes(old), old.terminal_id), _actor(about), now)
    return _settled(session, Outcome.CHOSEN, STANDING[call.state], call, about)


def _wait(session: Session, about: About, _now: datetime) -> Done:
    """It is for the other side to answer."""
    return _settled(session, Outcome.ASKED, "sms_proposed", _call(session, about), about)


def _say_it_is_off(session: Session, about: About, _now: datetime) -> Done:
    return _settled(session, Outcome.CANCELLED, "sms_cancelled", _call(session, about), about)


def _say_come(session: Session, about: About, _now: datetime) -> Done:
    """It rings: a yes is a word that they come, and joins nobody."""
    return Done(Outcome.CONFIRMED, replies.of_call(session, "sms_ringing", _call(session, about)), about=about)


def _say_it_has_begun(_session: Session, about: About, _now: datetime) -> Done:
    return replies.refused("too_late", about)


def _say_there_is_none(_session: Session, about: About, _now: datetime) -> Done:
    return replies.no_call(about)


def _offer(session: Session, about: About, now: datetime, template: str = "sms_offers") -> Done:
    """Offer the times that suit best for the call, or for the pair."""
    consent.may_contact(session, ConsentKind.CALL, about.child_id, about.parent_id, now)
    minutes = _minutes(_call(session, about)) if about.call_id else rules.CALL_MINUTES
    village_id = families.village_of(session, about.family_id)
    search = Search(about.family_id, about.child_id, about.parent_id, minutes, now)
    slots = find_time.offers_for(session, village_id, search, now)[: find_time.MOST_OFFERS]
    if not slots and template == "sms_offers":
        return none_suits(session, about, now)
    return _offered(session, template, Times(about, tuple(slot.starts_at for slot in slots)), now)


def _offered(session: Session, template: str, offer: Times, now: datetime) -> Done:
    about = offer.about
    if about.call_id:
        reply = replies.of_call(session, template, _call(session, about), offers_at=offer.times)
    else:
        reply = replies.of_pair(session, template, about, next(iter(offer.times), now), offers_at=offer.times)
    return Done(Outcome.OFFERED, reply, offer if offer.times else Focus(about), about)


def _chosen(session: Session, about: About, starts_at: datetime, now: datetime) -> Done:
    """As on the web: another proposal answers the other side's, one's own call moves; else a new one is made."""
    stands = _situation(session, about, now)
    if stands in (Situation.RINGING, Situation.LIVE):
        return _say_it_has_begun(session, about, now)
    if stands is Situation.ASKED:
        call = agreement.counter(session, _id(about), starts_at, _actor(about), now)
    elif stands in (Situation.PROPOSED, Situation.BOOKED):
        call = booking.move(session, _id(about), starts_at, _actor(about), now)
    elif (instead := _made_since(session, about)) is not None:
        theirs = _about(about, instead)
        return Done(Outcome.ASKED, replies.question(session, [theirs]), Choices((theirs,), (Command.CONFIRM,)), theirs)
    else:
        call = booking.book(session, _wish(about, starts_at), _actor(about), now)
    return _settled(session, Outcome.CHOSEN, STANDING[call.state], call, about)


def _made_since(session: Session, about: About) -> Call | None:
    """What has been made for the two since their call came to nothing: one new call is enough."""
    if about.call_id is None:
        return None
    theirs = select(Call).where(
        Call.child_id == about.child_id, Call.parent_id == about.parent_id, Call.state != CallState.ENDED,
        Call.made_at >= (_call(session, about).ended_at or _call(session, about).made_at),
    )  # fmt: skip
    return session.scalar(theirs.order_by(Call.starts_at, Call.id).limit(1))


def _settled(session: Session, outcome: Outcome, template: str, call: Call, about: About) -> Done:
    session.flush()
    theirs = _about(about, call)
    is_agreed = outcome is not Outcome.CANCELLED
    return Done(outcome, replies.of_call(session, template, call), Focus(theirs, is_agreed), theirs)


def _about(about: About, call: Call) -> About:
    return About(about.person_id, about.side, call.family_id, call.child_id, call.parent_id, call.id)


def _wish(
    about: About, starts_at: datetime, minutes: int = rules.CALL_MINUTES, rather_on: str | None = None
) -> Wish:  # fmt: skip
    return Wish(
        about.family_id, about.child_id, about.parent_id, starts_at, minutes, is_proposal=about.side is Side.VILLAGE,
        rather_on=rather_on,
    )  # fmt: skip


def _actor(about: About) -> Actor:
    return Actor(f"person:{about.person_id}", about.side)


def _id(about: About) -> str:
    assert about.call_id is not None
    return about.call_id


def _call(session: Session, about: About) -> Call:
    return session.get_one(Call, _id(about))


def _minutes(call: Call) -> int:
    return (call.ends_at - call.starts_at) // timedelta(minutes=1)


DOING: dict[Act, Callable[[Session, About, datetime], Done]] = {
    Act.CONFIRM: _confirm,
    Act.OFFER: _offer,
    Act.DECLINE: _decline,
    Act.CANCEL: _cancel,
    Act.TAKE_BACK: _take_back,
    Act.WAIT: _wait,
    Act.SAY_IT_IS_OFF: _say_it_is_off,
    Act.SAY_COME: _say_come,
    Act.SAY_IT_HAS_BEGUN: _say_it_has_begun,
    Act.SAY_THERE_IS_NONE: _say_there_is_none,
}
