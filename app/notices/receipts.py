"""What a vendor says later about a text: kept once, however often and in what order it comes, and never a step back.

A receipt may be faster than our own word that the text was taken, so that it is looked for again for a while. It also
settles a doubt: who took a text, or delivered it, was sent it, and nothing is sent again.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.batches import Item
from app.jobs.settling import DONE, Later, Next
from app.jobs.words import Lane
from app.notices import cases, outcomes, rules
from app.notices.cases import Case
from app.notices.models import Attempt, Delivery
from app.notices.outcomes import RANK
from app.notices.ports import Receipt, ReceiptStatus
from app.notices.words import AttemptState, Channel

log = logging.getLogger(__name__)

KIND = "notice.receipt"
LOOKED_FOR = timedelta(minutes=5)
SHORTEST_PAUSE = timedelta(seconds=2)
LONGEST_KEY = 120
SAID = {
    ReceiptStatus.SENT: AttemptState.SENT, ReceiptStatus.DELIVERED: AttemptState.DELIVERED,
    ReceiptStatus.FAILED: AttemptState.FAILED,
}  # fmt: skip


@dataclass(frozen=True)
class _Found:
    attempt_id: str
    wanted: cases.Wanted


def put(session: Session, gateway: str, receipt: Receipt, now: datetime) -> None:
    """Keep a receipt as a due row; one that came before adds nothing, and one that knows nothing says nothing."""
    if receipt.status is ReceiptStatus.UNKNOWN:
        return
    ref, key = _storable(receipt.ref), _storable(receipt.key)
    payload = {
        "gateway": gateway, "ref": ref, "text_key": key, "status": receipt.status.value,
        "error": rules.without_digits(_storable(receipt.error) or "")[:200] or None, "came_at": now.isoformat(),
    }  # fmt: skip
    known_by = f"receipt:{gateway}:{ref or key}:{receipt.status.value}"
    if len(known_by) > LONGEST_KEY:
        known_by = f"receipt:{hashlib.blake2s(known_by.encode()).hexdigest()}"
    jobs.put(session, KIND, now, now, lane=Lane.RECEIPT, payload=payload, key=known_by)


class Receipts:
    """How rows of `KIND` are worked off."""

    def advance(self, session: Session, items: Sequence[Item], now: datetime) -> Mapping[str, Next]:
        found = _find(session, items)
        cases.lock(session, {notice_id for notice_id, _number in (each.wanted for each in found.values())})
        known = cases.read(session, {each.wanted for each in found.values()})
        nexts: dict[str, Next] = {}
        for item in items:
            meant = found.get(item.row.id)
            if meant is None:
                nexts[item.row.id] = _look_again(item.row.payload, now)
            else:
                _follow(session, known[meant.wanted], meant.attempt_id, item.row.payload, now)
                nexts[item.row.id] = DONE
        return nexts


def _follow(session: Session, case: Case, attempt_id: str, said: Mapping[str, Any], now: datetime) -> None:
    attempt = next(each for each in case.attempts if each.id == attempt_id)
    state = SAID[ReceiptStatus(said["status"])]
    if RANK[state] <= RANK[attempt.state] or (attempt.state is AttemptState.REFUSED and state is AttemptState.FAILED):
        return
    attempt.ref = attempt.ref or said["ref"]
    outcomes.move(case, attempt, state, now, said["error"])
    if state is AttemptState.FAILED and attempt is case.last and not outcomes.has_arrived(case):
        outcomes.fail(session, case, Channel.TEXT, "undelivered", now)


def _find(session: Session, items: Sequence[Item]) -> dict[str, _Found]:
    """The attempt that each is about, by the row's id; by its key the last one that this vendor did not refuse.

    No attempt is loaded, for nothing is locked yet.
    """
    said = [item.row.payload for item in items]
    refs, keys = ({each[name] for each in said if each[name]} for name in ("ref", "text_key"))
    meant = select(
        Attempt.id, Attempt.gateway, Attempt.ref, Attempt.key, Attempt.state, Attempt.number, Delivery.notice_id,
        Delivery.number.label("of_delivery"),
    ).join(Delivery, Delivery.id == Attempt.delivery_id)  # fmt: skip
    meant = meant.where(Attempt.gateway.in_({each["gateway"] for each in said}))
    rows = session.execute(meant.where(or_(Attempt.ref.in_(refs), Attempt.key.in_(keys)))).all()
    by_name: dict[tuple[str, str, str], _Found] = {}
    for row in sorted(rows, key=lambda row: (row.state is not AttemptState.REFUSED, row.number)):
        found = _Found(row.id, (row.notice_id, row.of_delivery))
        by_name[row.gateway, "text_key", row.key] = found
        if row.ref:
            by_name[row.gateway, "ref", row.ref] = found
    named = {item.row.id: _named(by_name, item.row.payload) for item in items}
    return {row_id: found for row_id, found in named.items() if found is not None}


def _named(by_name: Mapping[tuple[str, str, str], _Found], said: Mapping[str, Any]) -> _Found | None:
    names = ((said["gateway"], name, said[name]) for name in ("ref", "text_key") if said[name])
    return next((by_name[name] for name in names if name in by_name), None)


def _look_again(said: Mapping[str, Any], now: datetime) -> Next:
    waited = now - datetime.fromisoformat(said["came_at"])
    if waited >= LOOKED_FOR:
        log.warning("a receipt of %s is about no text that it took", said["gateway"])
        return DONE
    return Later(now + max(SHORTEST_PAUSE, waited))


def _storable(said: str | None) -> str | None:
    """Without what no table takes: NULs, and halves of characters."""
    return said.replace("\x00", "").encode("utf-8", "replace").decode("utf-8") if said else None
