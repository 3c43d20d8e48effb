"""Reads of the desk across slices: tonight's board, what went wrong. Always of one village."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import picture
from app.calls import queries as calls
from app.calls.models import Call, CallEvent
from app.calls.words import RUNG
from app.desk import hearings, outage, owners, rules
from app.desk.models import Coordinator
from app.desk.shapes import (
    CallLinkShape,
    DeskFamily,
    DeskMember,
    DeskNow,
    DeskTerminal,
    NamedShape,
    OpeningShape,
    ToldShape,
    TrailEvent,
    TrailShape,
    TroubleShape,
)
from app.families import queries as families
from app.families.models import Person
from app.families.words import MemberRole
from app.jobs import service as jobs
from app.jobs.models import DueRow
from app.kernel.errors import NotFound
from app.kernel.rungs import RungName
from app.notices import queries as notices
from app.notices.queries import Told, Trouble
from app.notices.words import NoticeState
from app.villages import queries as villages
from app.villages import rules as hours
from app.villages.models import Terminal, Village
from app.web import sessions
from app.web.models import PrincipalKind
from app.web.principals import Principal


def desk_now(session: Session, who: Principal, now: datetime) -> DeskNow:
    """The desk's part of `GET /api/now`."""
    village = villages.village(session, who.village)
    from_, until = rules.board(now, village.zone)
    shown = session.scalars(calls.of_village(village.id, from_, until)).all()
    coordinator = session.get_one(Coordinator, who.subject_id)
    return DeskNow(
        calls=picture.call_shapes(session, shown, who, now),
        coordinator=NamedShape(id=coordinator.id, name=coordinator.name),
        terminals=_terminals(session, village, now),
        families=_families(session, village, who, now),
        openings=_openings(session, village, from_, until),
        promise_days=village.promise_days,
        troubles=troubles(session, village.id, now),
        texts=outage.texts_now(session, village.id, now),
    )


def coordinator_name(session: Session, who: Principal) -> str:
    return session.get_one(Coordinator, who.subject_id).name


def trail(session: Session, who: Principal, call_id: str) -> TrailShape:
    """What happened to a call, and who was told."""
    call, _side = calls.seen_by(session, who, call_id)
    logged = select(CallEvent).where(CallEvent.call_id == call.id, CallEvent.kind != RUNG)
    sent = [told for told in notices.told(session, f"call:{call.id}") if told.state is not NoticeState.CANCELLED]
    return TrailShape(
        note=call.note,
        link=_link(call),
        events=[
            TrailEvent(at=each.at, kind=each.kind, by=_name_of(session, each.by), detail=each.detail)
            for each in session.scalars(logged.order_by(CallEvent.at, CallEvent.id))
        ],
        told=[_told(session, told) for told in sent],
    )


def _link(call: Call) -> CallLinkShape | None:
    measured = call.link_rtt_ms, call.link_loss_permille, call.link_kbps, call.parent_bytes, call.village_bytes
    if all(figure is None for figure in measured) and not call.rung_seconds:
        return None
    return CallLinkShape(
        rtt_ms=call.link_rtt_ms, loss_permille=call.link_loss_permille, kbps=call.link_kbps, rung=call.link_rung,
        seconds={RungName(rung): seconds for rung, seconds in (call.rung_seconds or {}).items()},
        reasons=call.rung_reasons or {}, parent_bytes=call.parent_bytes, village_bytes=call.village_bytes,
    )  # fmt: skip


def troubles(session: Session, village_id: str, now: datetime) -> list[TroubleShape]:
    """Work that was given up, and texts that nobody got, newest first."""
    failed = notices.troubles(session, village_id, now - rules.TROUBLES_SHOWN)
    found = [_dead_row(row) for row in dead_rows(session, village_id)] + [_undelivered(each) for each in failed]
    return sorted(found, key=lambda trouble: trouble.at, reverse=True)


def dead_rows(session: Session, village_id: str) -> list[DueRow]:
    """Dead rows about this village, or about something of its own."""
    concerns = [(row, rules.row_concerns(row.subject, row.payload)) for row in jobs.dead(session)]
    own = owners.of_village(session, village_id, {concern for _row, concern in concerns if concern})
    return [row for row, concern in concerns if concern in own]


def dead_row_of(session: Session, village_id: str, row_id: str) -> DueRow:
    for row in dead_rows(session, village_id):
        if row.id == row_id:
            return row
    raise NotFound


def _terminals(session: Session, village: Village, now: datetime) -> list[DeskTerminal]:
    return [
        DeskTerminal(
            id=terminal.id, name=terminal.name,
            present=sessions.is_present(session, PrincipalKind.TERMINAL, terminal.id, now),
            failed_parts=terminal.failed_parts or [],
        )
        for terminal in villages.terminals(session, village.id)
    ]  # fmt: skip


def _families(session: Session, village: Village, who: Principal, now: datetime) -> list[DeskFamily]:
    last_heard = hearings.last_heard(session, village.id)
    next_calls = calls.next_starts(session, village.id, now, of=Call.family_id)
    shown = []
    for family in families.families_of_village(session, village.id):
        members = [
            DeskMember(
                **picture.person_shape(person, who).model_dump(), role=role.value, has_phone=person.phone is not None,
                last_heard_at=last_heard.get(person.id) if role is MemberRole.CHILD else None,
            )
            for person, role in families.members(session, family.id)
        ]  # fmt: skip
        named = picture.family_shape(family).model_dump()
        shown.append(DeskFamily(**named, members=members, next_call_at=next_calls.get(family.id)))
    return shown


def _openings(session: Session, village: Village, from_: datetime, until: datetime) -> list[OpeningShape]:
    weekly, closed = villages.openings(session, village.id), villages.closures(session, village.id, None, from_, until)
    intervals = hours.open_intervals(weekly, closed, village.zone, from_, until)
    return [OpeningShape(starts_at=opens, ends_at=closes) for opens, closes in intervals]


def _dead_row(row: DueRow) -> TroubleShape:
    concern = rules.row_concerns(row.subject, row.payload)
    call_id = concern[1] if concern and concern[0] == "call" else None
    error = rules.in_short(row.last_error)
    return TroubleShape(
        kind="dead_row", id=row.id, what=row.kind, who=None, call_id=call_id, at=row.due_at, error=error
    )  # fmt: skip


def _undelivered(trouble: Trouble) -> TroubleShape:
    kind, _, subject_id = trouble.subject.partition(":")
    return TroubleShape(
        kind="delivery", id=trouble.delivery_id, what=trouble.template, who=trouble.person_name,
        call_id=subject_id if kind == "call" else None, at=trouble.at, error=trouble.error or trouble.state,
        gateway=trouble.gateway, detail=trouble.detail,
    )  # fmt: skip


def _told(session: Session, told: Told) -> ToldShape:
    who = families.person(session, told.person_id).name if told.person_id else ""
    state = rules.became_of(told.template, told.channel, told.delivery or told.state)
    return ToldShape(at=told.due_at, template=told.template, who=who, state=state)


def _name_of(session: Session, by: str | None) -> str | None:
    """The name of whoever acted, from `person:ID` and the like; nobody where it was time alone."""
    kind, _, subject_id = (by or "").partition(":")
    columns = {
        "person": (Person.id, Person.name),
        "terminal": (Terminal.id, Terminal.name),
        "coordinator": (Coordinator.id, Coordinator.name),
    }
    if kind not in columns:
        return None
    named, name = columns[kind]
    return session.scalar(select(name).where(named == subject_id))
