"""Receipts on their way in: each is kept as a due row, once, however often its vendor tells it."""

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.notices.ports import Receipt

KIND = "notice.receipt"
LONGEST_NAME = 64


def put(session: Session, gateway: str, receipt: Receipt, now: datetime) -> None:
    """Have a receipt looked at. What was told before with the same status adds nothing."""
    payload = {
        "gateway": gateway, "ref": receipt.ref, "key": receipt.key, "status": receipt.status.value,
        "at": receipt.at.isoformat(), "error": receipt.error,
    }  # fmt: skip
    key = f"receipt:{gateway}:{_short(receipt.ref or receipt.key or '')}:{receipt.status}"
    jobs.put(session, KIND, now, now, payload=payload, key=key)


def _short(name: str) -> str:
    """A vendor's name for a text, as it has room in a key."""
    if len(name) <= LONGEST_NAME and name.isprintable():
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
