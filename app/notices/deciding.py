"""A village decides about its notices, and sees what they cost. What it decided holds by `terms.py`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.families.models import Family
from app.notices.models import NoticeChoice, NoticeTerms, Spending
from app.notices.terms import forget, month_of, terms_of
from app.storage.database import insert_into


def change(session: Session, village_id: str, given: Mapping[str, Any]) -> None:
    """Decide some of a village's terms, by the names of their columns; the others stay as they are."""
    now = terms_of(session, village_id)
    row = {
        "village_id": village_id, "quiet_from_minute": now.quiet.from_minute,
        "quiet_until_minute": now.quiet.until_minute, "family_segments": now.family_segments,
        "village_segments": now.village_segments, "segment_price": now.segment_price, "currency": now.currency,
        "is_push_on": now.is_push_on,
    }  # fmt: skip
    deciding = insert_into(session, NoticeTerms).values(row | dict(given))
    session.execute(deciding.on_conflict_do_update(index_elements=["village_id"], set_=dict(given)))
    forget(session, village_id)


def choose(session: Session, village_id: str, template: str, given: Mapping[str, Any]) -> None:
    """Decide something about one kind, by the names of its columns; what is not said stays as it is."""
    row = {"village_id": village_id, "template": template, "is_on": True, "escalate_minutes": None}
    choosing = insert_into(session, NoticeChoice).values(row | dict(given))
    keys = ["village_id", "template"]
    if given:
        session.execute(choosing.on_conflict_do_update(index_elements=keys, set_=dict(given)))
        forget(session, village_id)


def spent_by_families(session: Session, village_id: str, now: datetime) -> list[tuple[Family, int]]:
    """The families of a village that cost something this month, the dearest first."""
    spent = (
        select(Family, Spending.segments)
        .join(Spending, Spending.owner == "family:" + Family.id)
        .where(Family.village_id == village_id, Spending.month == month_of(session, village_id, now))
        .where(Spending.segments > 0)
    )
    rows = session.execute(spent.order_by(Spending.segments.desc(), Family.name, Family.id))
    return [(family, segments) for family, segments in rows]
