"""What the desk itself is told: notices that stand in its list until somebody has seen to them."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.desk.notice_shapes import DeskNoticeShape, DeskNoticesShape
from app.notices import queries as notices
from app.notices.models import Notice
from app.notices.templates import render
from app.villages import queries as villages
from app.web.principals import Principal


def shown(session: Session, who: Principal, now: datetime) -> DeskNoticesShape:
    zone = villages.village(session, who.village).zone
    return DeskNoticesShape(
        notices=[_shape(each, who.language, zone, now) for each in notices.desk_notices(session, who.village, now)]
    )


def _shape(notice: Notice, language: str, zone: str, now: datetime) -> DeskNoticeShape:
    kind, _, subject_id = notice.subject.partition(":")
    said = render(notice.template, notice.params, language=language, zone=zone, now=now, link="")
    return DeskNoticeShape(
        id=notice.id, template=notice.template, at=notice.due_at, call_id=subject_id if kind == "call" else None,
        text=said.text,
    )  # fmt: skip
