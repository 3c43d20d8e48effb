"""The desks are told of a gateway that does not answer, before a family notices that texts don't come."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel import events
from app.notices import service as notices
from app.villages import queries as villages
from app.web.hints import hint


def of_silence(session: Session, event: events.GatewaySilent, now: datetime) -> None:
    """Texts of all villages go by the same gateways, so that every desk is told."""
    for village in villages.villages(session):
        notices.plan(
            session, village_id=village.id, template="gateway_silent", subject=_subject(event.gateway),
            params={"gateway": event.gateway, "since_at": event.at}, due_at=now,
            key=f"gateway_silent:{event.gateway}:{event.at:%Y%m%dT%H%M%S.%f}:{village.id}", now=now,
        )  # fmt: skip
        hint(session, "village", village.id, now)


def of_return(session: Session, event: events.GatewayBack, now: datetime) -> None:
    notices.close(session, now, subject=_subject(event.gateway), templates={"gateway_silent"})
    for village in villages.villages(session):
        hint(session, "village", village.id, now)


def _subject(gateway: str) -> str:
    return f"gateway:{gateway}"
