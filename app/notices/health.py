"""What is known of the gateways and of texts that have not left, for the desk and for whoever watches. Only looks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.notices.models import Delivery, GatewayState, Notice
from app.notices.rules import RECEIPT_DEADLINE
from app.notices.service import DELIVER
from app.notices.words import DeliveryState, NoticeState
from app.storage.types import Instant

# Nothing that is late is put off for longer.
LONGEST_PAUSE = RECEIPT_DEADLINE + timedelta(minutes=1)
NOT_LEFT = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.UNKNOWN)


@dataclass(frozen=True)
class GatewayFacts:
    """`silent_since`: the desks were told. `opened_until`: it is left alone until then. Errors are a vendor's words."""

    name: str
    silent_since: datetime | None
    opened_until: datetime | None
    failing_since: datetime | None
    last_taken_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    probed_at: datetime | None
    probe_error: str | None

    @property
    def is_well(self) -> bool:
        return self.silent_since is None and self.opened_until is None and self.probe_error is None


def gateways(session: Session) -> list[GatewayFacts]:
    """The gateways by name, as the workers found them last."""
    return [
        GatewayFacts(
            each.name, each.silent_since, each.opened_until, each.failing_since, each.last_taken_at, each.last_error,
            each.last_error_at, each.probed_at, each.probe_error,
        )
        for each in session.scalars(select(GatewayState).order_by(GatewayState.name))
    ]  # fmt: skip


def waiting_since(session: Session, now: datetime) -> tuple[datetime | None, int]:
    """Since when the oldest text is due that has not left, and how many there are; not what is held for a digest."""
    first = type_coerce(func.min(Notice.due_at), Instant)
    late = (
        select(first, func.count(Notice.id.distinct()))
        .select_from(DueRow)
        .join(Notice, Notice.id == DueRow.payload["notice"].as_string())
        .where(
            DueRow.state.in_((DueState.WAITING, DueState.LEASED)), DueRow.lane == Lane.SEND,
            DueRow.due_at <= now + LONGEST_PAUSE, DueRow.kind == DELIVER,
            Notice.state == NoticeState.PLANNED, Notice.due_at <= now, or_(DueRow.due_at <= now, _is_begun()),
        )
    )  # fmt: skip
    since, count = session.execute(late).one()
    return since, count


def figures(session: Session, now: datetime) -> list[str]:
    """Prometheus lines."""
    since, count = waiting_since(session, now)
    seconds = (now - since).total_seconds() if since else 0.0
    lines = [
        "# TYPE homethread_texts_waiting gauge",
        f"homethread_texts_waiting {count}",
        "# TYPE homethread_texts_waiting_seconds gauge",
        f"homethread_texts_waiting_seconds {seconds:.0f}",
        "# TYPE homethread_gateway_well gauge",
    ]
    lines += [f'homethread_gateway_well{{gateway="{each.name}"}} {int(each.is_well)}' for each in gateways(session)]
    return lines


def _is_begun() -> ColumnElement[bool]:
    return exists().where(Delivery.notice_id == Notice.id, Delivery.state.in_(NOT_LEFT))
