"""Use cases of the desk: coordinators, mending what failed, and the audit of everything that touches a person."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls.models import Call, Series
from app.desk import queries
from app.desk.models import AuditEntry, Coordinator
from app.families import queries as families
from app.jobs import service as jobs
from app.kernel.events import (
    CallBooked,
    CallCancelled,
    CallJoinedByDesk,
    CallLeftByDesk,
    CallMoved,
    CallProposed,
    HoursChanged,
    PhotoTaken,
    SeriesBooked,
    SeriesChanged,
    SeriesEnded,
)
from app.notices import queries as notices
from app.notices import service as sending
from app.storage.database import new_id
from app.villages import queries as villages
from app.villages.rules import checked_text
from app.villages.service import check_language, tell_village
from app.web.hints import hint
from app.web.principals import COORDINATOR, Principal

ACTIONS = {CallProposed: "propose", CallBooked: "book", CallMoved: "move", CallCancelled: "cancel"}

ACTIONS_ON_SERIES = {SeriesBooked: "book_series", SeriesChanged: "change_series", SeriesEnded: "end_series"}

CallCommand = CallProposed | CallBooked | CallMoved | CallCancelled
SeriesCommand = SeriesBooked | SeriesChanged | SeriesEnded


def add_coordinator(session: Session, village_id: str, name: str, language: str, now: datetime) -> Coordinator:
    villages.village(session, village_id)
    check_language(language)
    coordinator = Coordinator(
        id=new_id(session), village_id=village_id, name=checked_text(name, 80, "bad_name"), language=language
    )
    session.add(coordinator)
    session.flush()
    tell_village(session, village_id, now)
    return coordinator


def revive(session: Session, who: Principal, row_id: str, now: datetime) -> None:
    """Let work that was given up be tried again at once."""
    row = queries.dead_row_of(session, who.village, row_id)
    jobs.revive(session, row.id, now)
    record(session, who, "revive", row.subject or row.kind, {"row": row.id, "kind": row.kind}, now)
    hint(session, "village", who.village, now)


def send_again(session: Session, who: Principal, delivery_id: str, now: datetime) -> None:
    """Send a text again that nobody got, or of which nobody knows."""
    delivery = notices.delivery_of_village(session, who.village, delivery_id)
    again = sending.send_again(session, delivery.id, now)
    record(session, who, "send_again", f"notice:{delivery.notice_id}", {"delivery": again}, now)
    hint(session, "village", who.village, now)


def close_notice(session: Session, who: Principal, notice_id: str, now: datetime) -> None:
    """Take a notice off the list of this desk. Raises NotFound for any other."""
    notice = notices.desk_notice(session, who.village, notice_id)
    sending.close_one(session, notice.id, now)
    subject = notice.subject if notice.subject.startswith("call:") else f"village:{who.village}"
    record(session, who, "close_notice", subject, {"notice": notice.id, "template": notice.template}, now)
    hint(session, "village", who.village, now)


def record_call_command(session: Session, event: CallCommand, now: datetime) -> None:
    """Keep what a desk did to a call; what families do themselves is in the call's own log."""
    kind, _, coordinator_id = event.by.partition(":")
    if kind != COORDINATOR or _came_by_moving(session, event):
        return
    detail = {"to": event.to_call_id} if isinstance(event, CallMoved) else {}
    village_id = session.get_one(Call, event.call_id).village_id
    _write(session, village_id, coordinator_id, ACTIONS[type(event)], f"call:{event.call_id}", detail, event.at)


def record_series_command(session: Session, event: SeriesCommand, now: datetime) -> None:
    """Keep what a desk did to a series, as one entry whatever it did to the calls."""
    kind, _, coordinator_id = event.by.partition(":")
    if kind == COORDINATOR:
        village_id, action = session.get_one(Series, event.series_id).village_id, ACTIONS_ON_SERIES[type(event)]
        _write(session, village_id, coordinator_id, action, f"series:{event.series_id}", {}, event.at)


def record_photo(session: Session, event: PhotoTaken, now: datetime) -> None:
    """Keep that a desk gave somebody a new photo."""
    kind, _, coordinator_id = event.by.partition(":")
    if kind == COORDINATOR:
        village_id = families.village_of(session, event.family_id)
        _write(session, village_id, coordinator_id, "set_photo", f"person:{event.person_id}", {}, event.at)


def record_hours(session: Session, event: HoursChanged, now: datetime) -> None:
    """Keep that a desk changed when somebody has time."""
    kind, _, coordinator_id = event.by.partition(":")
    if kind == COORDINATOR:
        _write(session, event.village_id, coordinator_id, event.change, f"person:{event.person_id}", {}, event.at)


def record_joining(session: Session, event: CallJoinedByDesk, now: datetime) -> None:
    """Keep that a coordinator came into a call, which both ends saw and heard."""
    _record_stay(session, event, "join_call", {})


def record_leaving(session: Session, event: CallLeftByDesk, now: datetime) -> None:
    seconds = max(0, round((event.at - event.since).total_seconds()))
    _record_stay(session, event, "leave_call", {"seconds": seconds})


def _record_stay(
    session: Session, event: CallJoinedByDesk | CallLeftByDesk, action: str, detail: dict[str, Any]
) -> None:
    village_id = session.get_one(Call, event.call_id).village_id
    by = event.by.removeprefix(f"{COORDINATOR}:")
    _write(session, village_id, by, action, f"call:{event.call_id}", detail, event.at)


def record(
    session: Session, by: Principal | str, action: str, subject: str, detail: dict[str, Any], now: datetime
) -> None:  # fmt: skip
    """Write an audit entry, in the transaction of what is recorded. `subject` is `call:ID` and the like.

    `by` is who asks, so that what an operator does stands in the village that was looked at; or a coordinator's id,
    for what is of their own village. No detail holds a phone number.
    """
    if isinstance(by, Principal):
        _write(session, by.village, by.subject_id, action, subject, detail, now)
    else:
        _write(session, session.get_one(Coordinator, by).village_id, by, action, subject, detail, now)


def _write(
    session: Session, village_id: str, coordinator_id: str, action: str, subject: str, detail: dict[str, Any],
    at: datetime,
) -> None:  # fmt: skip
    session.add(
        AuditEntry(
            id=new_id(session), village_id=village_id, coordinator_id=coordinator_id, at=at, action=action,
            subject=subject, detail=detail,
        )
    )  # fmt: skip


def _came_by_moving(session: Session, event: CallCommand) -> bool:
    """Whether the booking is only the second half of a move, which is kept as one."""
    if not isinstance(event, CallBooked | CallProposed):
        return False
    return session.scalar(select(Call.id).where(Call.moved_to_id == event.call_id)) is not None
