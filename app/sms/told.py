"""What a number was told by text since it last wrote, as far as it can be answered with a digit."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.calls.models import Call, Series
from app.calls.words import CallState, Side
from app.families.models import Person
from app.notices.digest import DIGESTS
from app.notices.models import Attempt, Delivery, Notice
from app.notices.templates import REPLIES
from app.notices.words import AttemptState, Channel
from app.roster.models import Assignment
from app.sms import speakers
from app.sms.conversation import IN_MIND, About, Told

MAY_HAVE_ARRIVED = (AttemptState.SENDING, AttemptState.UNKNOWN, AttemptState.SENT, AttemptState.DELIVERED)


def since(session: Session, people: Sequence[Person], heard_at: datetime | None, text_at: datetime) -> list[Told]:
    """What went out to these between the text before and this one, oldest first, of what still stands."""
    from_ = max(heard_at or text_at - IN_MIND, text_at - IN_MIND)
    found: list[tuple[datetime, Told]] = []
    for person in people:
        confirmed_at = person.phone_confirmed_at or text_at  # what came before was sent to another number
        for notice, began_at in session.execute(_sent(person.id, max(from_, confirmed_at), text_at)):
            found += [(began_at, told) for told in _told(session, person, notice)]
    return [told for _at, told in sorted(found, key=lambda pair: (pair[0], pair[1].notice_id))]


def _sent(person_id: str, from_: datetime, until: datetime) -> Select[Notice, datetime]:
    """Notices that left as texts, by themselves or in one text with others, and when."""
    began = func.min(Attempt.began_at, type_=Attempt.began_at.type)
    carried = func.coalesce(Notice.told_in_id, Notice.id)
    left = (
        select(Delivery.notice_id, began.label("began_at"))
        .join(Attempt, Attempt.delivery_id == Delivery.id)
        .join(Notice, Notice.id == Delivery.notice_id)
        .where(
            Notice.person_id == person_id, Notice.template.in_([*REPLIES, *DIGESTS]), Delivery.channel == Channel.TEXT,
            Attempt.state.in_(MAY_HAVE_ARRIVED), Attempt.began_at > from_, Attempt.began_at <= until,
        )
        .group_by(Delivery.notice_id)
        .subquery()
    )  # fmt: skip
    answerable = select(Notice, left.c.began_at).join(left, left.c.notice_id == carried)
    return answerable.where(Notice.person_id == person_id, Notice.template.in_(REPLIES))


def _told(session: Session, person: Person, notice: Notice) -> Iterator[Told]:
    kind, _, subject_id = notice.subject.partition(":")
    times = tuple(datetime.fromisoformat(at) for at in _offered(notice.params))
    if kind == "series":
        about = _about_series(session, person, subject_id)
        if about is not None and times:
            yield Told(notice.id, about, times)
        return
    call_ids = [subject_id] if kind == "call" else _calls_of_roster(session, subject_id) if kind == "roster" else []
    for call_id in call_ids:
        about = speakers.about_call(session, person, call_id)
        if about is not None and (times or session.get_one(Call, call_id).state is not CallState.ENDED):
            yield Told(notice.id, about, times)


def _offered(params: dict[str, Any]) -> list[str]:
    offers: list[str] = params.get("offers_at", [])
    return offers


def _about_series(session: Session, person: Person, series_id: str) -> About | None:
    series = session.get(Series, series_id)
    if series is None:
        return None
    side = Side.PARENT if person.id == series.parent_id else Side.VILLAGE
    about = About(person.id, side, series.family_id, series.child_id, series.parent_id)
    return about if about in speakers.pairs(session, [person]) else None


def _calls_of_roster(session: Session, roster_id: str) -> Sequence[str]:
    calls = select(Assignment.call_id).join(Call, Call.id == Assignment.call_id)
    return [
        call_id
        for call_id in session.scalars(calls.where(Assignment.roster_id == roster_id).order_by(Call.starts_at))
        if call_id is not None
    ]
