"""Use cases of a village's terms of notices: what they are, what this month cost, and changing some of them."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.desk.notice_shapes import FamilySpending, KindIn, KindShape, MonthShape, TermsIn, TermsShape
from app.desk.service import record
from app.kernel.errors import Refused
from app.notices import deciding, terms
from app.notices.rules import POLICIES
from app.notices.terms import Terms
from app.villages.service import tell_village
from app.web.principals import Principal


def shown(session: Session, who: Principal, now: datetime) -> TermsShape:
    decided = terms.terms_of(session, who.village)
    return TermsShape(
        quiet_from_minute=decided.quiet.from_minute, quiet_until_minute=decided.quiet.until_minute,
        family_segments=decided.family_segments, village_segments=decided.village_segments,
        segment_price=decided.segment_price, currency=decided.currency, is_push_on=decided.is_push_on,
        kinds=_kinds(session, who.village), month=_month(session, who.village, decided, now),
    )  # fmt: skip


def change(session: Session, who: Principal, wanted: TermsIn, now: datetime) -> TermsShape:
    """Change what is given. Raises Refused for a kind that a village can't decide about in this way."""
    given: dict[str, Any] = {name: getattr(wanted, name) for name in wanted.model_fields_set - {"kinds"}}
    if given:
        deciding.change(session, who.village, given)
    for kind in wanted.kinds:
        _choose(session, who.village, kind)
    detail = given | {"kinds": [kind.template for kind in wanted.kinds]}
    record(session, who, "set_notice_terms", f"village:{who.village}", detail, now)
    tell_village(session, who.village, now)
    return shown(session, who, now)


def _choose(session: Session, village_id: str, kind: KindIn) -> None:
    policy = POLICIES.get(kind.template)
    if policy is None:
        raise Refused("unknown_notice", template=kind.template)
    if kind.is_on is False and not policy.can_be_off:
        raise Refused("notice_stays_on", template=kind.template)
    if kind.escalate_minutes is not None and policy.escalate_after is None:
        raise Refused("notice_asks_nobody", template=kind.template)
    chosen: dict[str, Any] = {} if kind.is_on is None else {"is_on": kind.is_on}
    if "escalate_minutes" in kind.model_fields_set:
        chosen["escalate_minutes"] = kind.escalate_minutes
    deciding.choose(session, village_id, kind.template, chosen)


def _kinds(session: Session, village_id: str) -> list[KindShape]:
    return [
        KindShape(
            template=template, is_on=terms.is_kind_on(session, village_id, template), can_be_off=policy.can_be_off,
            escalate_minutes=terms.escalate_minutes(session, template, village_id),
        )
        for template, policy in POLICIES.items()
        if policy.can_be_off or policy.escalate_after is not None
    ]  # fmt: skip


def _month(session: Session, village_id: str, decided: Terms, now: datetime) -> MonthShape:
    segments = terms.spent_by_village(session, village_id, now)
    return MonthShape(
        segments=segments, cost=segments * decided.segment_price,
        families=[
            FamilySpending(id=family.id, name=family.name, emblem=family.emblem, segments=spent)
            for family, spent in deciding.spent_by_families(session, village_id, now)
        ],
    )  # fmt: skip
