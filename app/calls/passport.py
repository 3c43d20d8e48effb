"""A terminal's link passport: what the link of its calls was like in the last four weeks, by the hour of the day.

What a call's link was like is kept with the call at its end, as its village side measured it; `link.py` judges.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.calls.link import Measured, Passport, passport_of
from app.calls.models import Call, LinkSample
from app.calls.words import Side
from app.villages.models import Village

LOOKS_BACK = timedelta(days=28)


def passports(session: Session, village: Village, now: datetime) -> dict[str, Passport]:
    """By terminal; those without a measured call are left out."""
    measured = select(Call.terminal_id, Call.starts_at, Call.link_rtt_ms, Call.link_loss_permille).where(
        Call.village_id == village.id, Call.starts_at >= now - LOOKS_BACK, Call.starts_at <= now,
        Call.link_rtt_ms.is_not(None) | Call.link_loss_permille.is_not(None),
    )  # fmt: skip
    by_terminal: dict[str, list[Measured]] = {}
    for terminal_id, starts_at, rtt_ms, loss_permille in session.execute(measured):
        by_terminal.setdefault(terminal_id, []).append(Measured(starts_at, rtt_ms, loss_permille))
    return {terminal_id: passport_of(calls, village.zone) for terminal_id, calls in by_terminal.items()}


def measure(session: Session, call: Call) -> None:
    """Keep with a call what its village side measured of the link; nothing where nothing was measured."""
    means = select(func.avg(LinkSample.rtt_ms), func.avg(LinkSample.loss_permille))
    means = means.where(LinkSample.call_id == call.id, LinkSample.side == Side.VILLAGE)
    rtt_ms, loss_permille = session.execute(means).one()
    call.link_rtt_ms = None if rtt_ms is None else round(rtt_ms)
    call.link_loss_permille = None if loss_permille is None else round(loss_permille)
