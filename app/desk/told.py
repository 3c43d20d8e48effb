"""What the desk itself is told: notices that stand in its list until somebody has seen to them."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.desk.notice_shapes import DeskNoticeShape, DeskNoticesShape
from app.desk.service import record
from app.notices import queries as notices
from app.notices import service
from app.notices.models import Notice
from app.notices.templates import render
from app.villages import queries as villages
from app.web.hints import hint
from app.web.principals import Principal


def shown(session: Session, who: Principal, now: datetime) -> DeskNoticesShape:
    zone = villages.village(session, who.village).zone
    return DeskNoticesShape(
        notices=[_shape(each, who.language, zone, now) for each in notices.desk_notices(session, who.village, now)]
    )


def close(session: Session, who: Principal, notice_id: str, now: datetime) -> None:
    """Take a notice off the list of this desk. Raises NotFound for any other."""
    notice = notices.desk_notice(session, who.village, notice_id)
    service.close_one(session, notice.id, now)
    subject = notice.subject if notice.subject.startswith("call:") else f"village:{who.village}"
    record(session, who, "close_notice", subject, {"notice": notice.id, "template": notice.template}, now)
    hint(session, "village", who.village, now)


def _shape(notice: Notice, language: str, zone: str, now: datetime) -> DeskNoticeShape:
    kind, _, subject_id = notice.subject.partition(":")
    said = render(notice.template, notice.params, language=language, zone=zone, now=now, link="")
    return DeskNoticeShape(
        id=notice.id, template=notice.template, at=notice.due_at, call_id=subject_id if kind == "call" else None,
        text=said.text,
    )  # fmt: skip
