"""Reads of the audit: what the desk did, the latest first, page by page, with names that a reader knows."""

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.calls.models import Call, Series
from app.desk.forms import AuditLine, AuditPage
from app.desk.models import AuditEntry, Coordinator
from app.families import queries as families
from app.families.models import Consent, Family, NoContact
from app.kernel.errors import NotFound
from app.notices.models import Notice
from app.roster import queries as rosters
from app.villages.models import Terminal, Village
from app.web.principals import Principal

PAGE = 50


def page(session: Session, who: Principal, before: str | None) -> AuditPage:
    """The entries of the village before the one that is named, or the latest."""
    listed = select(AuditEntry).where(AuditEntry.village_id == who.village)
    if before is not None:
        last = session.get(AuditEntry, before)
        if last is None or last.village_id != who.village:
            raise NotFound
        earlier = and_(AuditEntry.at == last.at, AuditEntry.id < last.id)
        listed = listed.where(or_(AuditEntry.at < last.at, earlier))
    latest_first = listed.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    found = session.scalars(latest_first.limit(PAGE + 1)).all()
    shown = found[:PAGE]
    return AuditPage(
        entries=[_line(session, who, entry) for entry in shown], next=shown[-1].id if len(found) > PAGE else None
    )


def about(session: Session, village_id: str, subject: str) -> str | None:
    """The name of a subject like `person:ID`, where it is of this village; None for anything else."""
    kind, _, subject_id = subject.partition(":")
    read = READERS.get(kind)
    try:
        return read(session, village_id, subject_id) if read else None
    except NotFound:
        return None


def _line(session: Session, who: Principal, entry: AuditEntry) -> AuditLine:
    return AuditLine(
        id=entry.id, at=entry.at, who=session.get_one(Coordinator, entry.coordinator_id).name, action=entry.action,
        subject=entry.subject, about=about(session, who.village, entry.subject), detail=entry.detail,
    )  # fmt: skip


def _person(session: Session, village_id: str, person_id: str) -> str:
    return families.person_known_to_village(session, village_id, person_id).name


def _pair(session: Session, village_id: str, child_id: str, other_id: str) -> str:
    return f"{_person(session, village_id, child_id)} – {_person(session, village_id, other_id)}"


def _consent(session: Session, village_id: str, consent_id: str) -> str | None:
    consent = session.get(Consent, consent_id)
    return _pair(session, village_id, consent.child_id, consent.contact_id) if consent else None


def _no_contact(session: Session, village_id: str, ban_id: str) -> str | None:
    ban = session.get(NoContact, ban_id)
    return _pair(session, village_id, ban.child_id, ban.contact_id) if ban else None


def _call(session: Session, village_id: str, call_id: str) -> str | None:
    call = session.get(Call, call_id)
    return _pair(session, village_id, call.child_id, call.parent_id) if call and call.village_id == village_id else None


def _series(session: Session, village_id: str, series_id: str) -> str | None:
    known = session.get(Series, series_id)
    if known is None or known.village_id != village_id:
        return None
    return _pair(session, village_id, known.child_id, known.parent_id)


def _family(session: Session, village_id: str, family_id: str) -> str | None:
    return session.scalar(select(Family.name).where(Family.id == family_id, Family.village_id == village_id))


def _terminal(session: Session, village_id: str, terminal_id: str) -> str | None:
    return session.scalar(select(Terminal.name).where(Terminal.id == terminal_id, Terminal.village_id == village_id))


def _village(session: Session, village_id: str, named: str) -> str | None:
    return session.scalar(select(Village.name).where(Village.id == named, Village.id == village_id))


def _coordinator(session: Session, village_id: str, coordinator_id: str) -> str | None:
    own = select(Coordinator.name).where(Coordinator.id == coordinator_id, Coordinator.village_id == village_id)
    return session.scalar(own)


def _notice(session: Session, village_id: str, notice_id: str) -> str | None:
    notice = session.get(Notice, notice_id)
    return _person(session, village_id, notice.person_id) if notice and notice.person_id else None


def _roster(session: Session, village_id: str, roster_id: str) -> str:
    return rosters.of_village(session, village_id, roster_id).week.isoformat()


READERS = {
    "person": _person, "family": _family, "terminal": _terminal, "call": _call, "series": _series, "consent": _consent,
    "no_contact": _no_contact, "village": _village, "notice": _notice, "coordinator": _coordinator,
    "roster": _roster,
}  # fmt: skip
