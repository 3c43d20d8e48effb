"""Who is asked instead when somebody did not answer, or could not be told: another caregiver, then the village's desk.

Whether an answer is still wanted is asked of the call itself, not of the notice.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import bringing, queries
from app.calls.life import CallFacts
from app.calls.models import Call
from app.calls.people import People, people
from app.calls.words import CallState
from app.families import queries as families
from app.kernel import events
from app.notices import queries as told
from app.notices import rules as manners
from app.notices import service as notices
from app.notices import terms
from app.notices.models import Notice
from app.villages import queries as villages
from app.web.hints import hint

RING = "ring_village"
WHILE_RINGING = {RING, "unanswered_caregiver"}


def of_silence(session: Session, event: events.NoticeUnanswered, now: datetime) -> None:
    _ask_others(session, session.get_one(Notice, event.notice_id), now)


def of_failure(session: Session, event: events.NoticeFailed, now: datetime) -> None:
    """Nobody waits for the answer to what was not delivered; the desk sees that it was not."""
    notice = session.get_one(Notice, event.notice_id)
    if notice.template == RING or manners.POLICIES[notice.template].escalate_after is not None:
        _ask_others(session, notice, now)
    if notice.village_id is not None:
        hint(session, "village", notice.village_id, now)


def _ask_others(session: Session, notice: Notice, now: datetime) -> None:
    kind, _, call_id = notice.subject.partition(":")
    call = session.get(Call, call_id) if kind == "call" else None
    if call is None or notice.person_id is None or not _is_awaited(queries.facts(session, call), notice.template, now):
        return
    party = people(session, call.id)
    if following := _next_in_turn(session, call, party, notice):
        due_at = _awake(session, call, notice, families.person(session, following).zone, now)
        notices.plan(
            session, person_id=following, family_id=party.family_id, template=notice.template, subject=party.subject,
            params=_params(notice), due_at=due_at, key=f"{notice.template}:{call.id}:{following}", now=now,
        )  # fmt: skip
    else:
        _tell_desk(session, call, party, notice, now)


def _is_awaited(facts: CallFacts, template: str, now: datetime) -> bool:
    """Whether the call still waits for what this notice asked for."""
    if template in WHILE_RINGING:
        return facts.state is CallState.RINGING and facts.parent.is_here and not facts.village.is_here
    if template == "chase":
        return facts.state is CallState.BOOKED and not facts.is_wanted and now < facts.starts_at
    return facts.state is CallState.PROPOSED


def _next_in_turn(session: Session, call: Call, party: People, notice: Notice) -> str | None:
    """Of those who bring the child the next who was not told this yet; nobody speaks for the parent."""
    if notice.person_id not in party.caregiver_ids:
        return None
    alike = WHILE_RINGING if notice.template in WHILE_RINGING else {notice.template}
    asked = {each.person_id for each in told.told(session, party.subject) if each.template in alike}
    return next((who for who in bringing.turns(session, call) if who not in asked), None)


def _params(notice: Notice) -> dict[str, str | datetime | Sequence[datetime]]:
    """As they were given: instants stand in a table as ISO strings."""
    return {key: datetime.fromisoformat(v) if key.endswith("_at") else v for key, v in notice.params.items()}


def _tell_desk(session: Session, call: Call, party: People, notice: Notice, now: datetime) -> None:
    due_at = _awake(session, call, notice, villages.village(session, call.village_id).zone, now)
    notices.plan(
        session, village_id=call.village_id, template="unreached", subject=party.subject,
        params=party.params | {"name": families.person(session, str(notice.person_id)).name}, due_at=due_at,
        key=f"unreached:{notice.template}:{call.id}", now=now,
    )  # fmt: skip
    hint(session, "village", call.village_id, now)


def _awake(session: Session, call: Call, notice: Notice, zone: str, now: datetime) -> datetime:
    """When to ask: at once while it rings, otherwise when it wakes nobody."""
    if notice.template in WHILE_RINGING:
        return now
    return manners.awake_at(now, zone, terms.quiet_of(session, call.village_id))
