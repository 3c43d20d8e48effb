"""WHEN this happened -> what follows. Each step works in the database, in the transaction that settles the event."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import agreement, guests, invitees, left_messages, queries, rehousing, series, timetable
from app.desk import service as desk
from app.desk import waiting
from app.doors import credentials
from app.families import forgetting
from app.jobs.service import Leased
from app.kernel import events
from app.kernel.events import Event
from app.messages import life as messages
from app.messages import retention
from app.notices import service as notices
from app.sms import commands
from app.telling import calls as tell
from app.telling import digests as tell_digests
from app.telling import escalation
from app.telling import gateways as tell_gateways
from app.telling import messages as tell_messages
from app.telling import parent_requests as tell_parent_requests
from app.telling import rosters as tell_rosters
from app.telling import series as tell_series


def follow(session: Session, row: Leased, now: datetime) -> None:
    """Do all that follows from one event."""
    event = events.from_payload(row.kind.removeprefix("event:"), row.payload)
    for step in FLOWS.get(type(event), ()):
        step(session, event, now)


def end_what_is_forbidden(session: Session, event: events.ConsentEnded, now: datetime) -> None:
    """End series with all their calls, told as one, then the other calls, and any stay as a guest."""
    series.end_of_pair(session, event.child_id, event.contact_id, now)
    with_them = {*queries.open_of_pair(session, event.child_id, event.contact_id)}
    for call_id in sorted(with_them.union(guests.open_calls(session, event.contact_id))):
        timetable.tick(session, call_id, now)


def end_what_was_theirs(session: Session, event: events.MemberLeft, now: datetime) -> None:
    series.end_of_member(session, event.family_id, event.person_id, now)
    with_them = {*queries.open_of_member(session, event.family_id, event.person_id)}
    for call_id in sorted(with_them.union(guests.open_calls(session, event.person_id))):
        timetable.tick(session, call_id, now)
    for call_id in invitees.uninvite(session, event.family_id, event.person_id, now):
        notices.cancel_for(session, f"call:{call_id}", now, person_id=event.person_id)


def bring_in(session: Session, event: events.MemberJoined, now: datetime) -> None:
    """Let a new caregiver belong to the calls that were made before they came."""
    for call in invitees.invite(session, event.family_id, event.person_id, now):
        tell.of_joining(session, call, event.person_id, now)


def ask_about_the_next(session: Session, event: events.CallEnded, now: datetime) -> None:
    """Have the next call of a series confirmed after one that was missed, or that nobody had confirmed."""
    following = agreement.to_be_confirmed(session, event.call_id, now)
    if following is not None:
        tell.of_confirming(session, following, now)


def count_for_its_call(session: Session, event: events.MessageStored, now: datetime) -> None:
    """A message that was left over a call nobody answered is what became of that call."""
    call_id = messages.left_over(session, event.message_id)
    if call_id is not None:
        left_messages.count(session, call_id, messages.get(session, event.message_id).by, now)


def answer_text(session: Session, event: events.TextReceived, now: datetime) -> None:
    commands.follow(session, event, now, credentials.in_charge)


NO_LONGER_ALLOWED = (
    end_what_is_forbidden,
    retention.of_ending,
    forgetting.of_ending,
    tell_messages.nothing_between,
)

FLOWS: dict[type[Event], tuple[Callable[..., None], ...]] = {
    events.CallProposed: (tell.of_proposal, desk.record_call_command),
    events.CallBooked: (tell.of_booking, waiting.fulfil, desk.record_call_command),
    events.CallConfirmed: (tell.of_confirmation,),
    events.CallCountered: (tell.of_counter,),
    events.CallMoved: (tell.of_move, desk.record_call_command),
    events.CallCancelled: (tell.of_cancelling, desk.record_call_command),
    events.CallReleased: (tell.of_release,),
    events.CallRinging: (tell.by_ringing,),
    events.CallAnswered: (tell.by_ringing,),
    events.CallUnanswered: (tell.more_people,),
    events.GuestAsked: (tell.of_asking_in,),
    events.GuestJoined: (tell.of_coming_in,),
    events.CallEnded: (tell.nothing_more, tell.of_new_times, ask_about_the_next),
    events.CallJoinedByDesk: (desk.record_joining,),
    events.CallLeftByDesk: (desk.record_leaving,),
    events.SlotFreed: (waiting.take_up,),
    events.SeriesBooked: (tell_series.of_booking, desk.record_series_command),
    events.SeriesChanged: (tell_series.of_change, desk.record_series_command),
    events.SeriesEnded: (tell_series.of_ending, desk.record_series_command),
    events.SeriesGap: (tell_series.of_gap,),
    events.TextReceived: (answer_text,),
    events.TerminalRetired: (rehousing.leave,),
    events.RosterPublished: (tell_rosters.of_publishing,),
    events.ConsentRevoked: NO_LONGER_ALLOWED,
    events.ConsentRanOut: NO_LONGER_ALLOWED,
    events.GraceOver: (forgetting.of_grace,),
    events.MemberJoined: (bring_in,),
    events.MemberLeft: (end_what_was_theirs, forgetting.of_leaving),
    events.ParentRequestAnswered: (tell_parent_requests.of_answer,),
    events.ParentRequestReopened: (tell_parent_requests.of_reopening,),
    events.PhotoTaken: (desk.record_photo,),
    events.HoursChanged: (desk.record_hours,),
    events.MessageStored: (count_for_its_call,),
    events.MessageUnsealed: (tell_messages.of_arrival,),
    events.MessageHeard: (tell_messages.of_hearing,),
    events.MessageWithdrawn: (tell_messages.of_withdrawing,),
    events.NoticesGathered: (tell_digests.of_gathering,),
    events.NoticeUnanswered: (escalation.of_silence,),
    events.NoticeFailed: (escalation.of_failure,),
    events.GatewaySilent: (tell_gateways.of_silence,),
    events.GatewayBack: (tell_gateways.of_return,),
}
