"""Settles what vendors simply took, the common end of a call: many in few statements. The rest is `attempts`' own.

Nothing is loaded for it. What is not exactly as it was left is passed over, to be looked at one by one.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Update, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from app.notices.models import Attempt, Delivery, Notice
from app.notices.words import AttemptState, DeliveryState, NoticeState


def settle(session: Session, refs: Mapping[str, str], now: datetime) -> set[str]:
    """Settle attempts of notices that are locked, given with the vendors' names for them; the ids of those settled."""
    if not refs:
        return set()
    left = select(Attempt.id, Delivery.id.label("delivery_id"), Notice.id.label("notice_id"))
    left = left.join(Delivery, Delivery.id == Attempt.delivery_id).join(Notice, Notice.id == Delivery.notice_id)
    left = left.where(
        Attempt.id.in_(refs), Attempt.state == AttemptState.SENDING, Delivery.state == DeliveryState.SENDING
    )
    rows = session.execute(left).all()
    if not rows:
        return set()
    connection = session.connection()
    taken = [{"attempt_id": row.id, "vendor_ref": refs[row.id], "at": now} for row in rows]
    connection.execute(TAKEN, taken)
    connection.execute(_sent(now), {"ids": [row.delivery_id for row in rows]})
    connection.execute(OUT, {"ids": [row.notice_id for row in rows]})
    return {row.id for row in rows}


def _taken() -> Update:
    """What a receipt said before the notice was locked stands."""
    is_left = Attempt.state == AttemptState.SENDING
    return (
        update(Attempt)
        .where(Attempt.id == bindparam("attempt_id"))
        .values(
            state=case((is_left, AttemptState.SENT), else_=Attempt.state),
            ref=func.coalesce(Attempt.ref, bindparam("vendor_ref")),
            settled_at=func.coalesce(Attempt.settled_at, bindparam("at", type_=Attempt.settled_at.type)),
        )
    )


TAKEN = _taken()
OUT = update(Notice).where(Notice.id.in_(bindparam("ids", expanding=True))).values(state=NoticeState.OUT)


def _sent(now: datetime) -> Update:
    left = Delivery.id.in_(bindparam("ids", expanding=True)), Delivery.state == DeliveryState.SENDING
    return update(Delivery).where(*left).values(state=DeliveryState.SENT, error=None, settled_at=now)
