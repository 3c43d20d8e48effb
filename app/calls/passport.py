"""A terminal's link passport: what the link of its calls was like in the last four weeks, by the hour of the day.

What a call's link was like is kept with the call at its end, as its village side measured it; `link.py` judges.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.calls import line_checks, link, queries, rungs
from app.calls.link import Measured, Passport, passport_of
from app.calls.models import Call, CallEvent, LinkSample
from app.calls.rungs import Proposal
from app.calls.words import RUNG, SeatSide, Side
from app.kernel.local_time import zone as zone_of
from app.kernel.rungs import RungName
from app.villages import queries as villages
from app.villages.models import Village

LOOKS_BACK = timedelta(days=28)


def passports(session: Session, village: Village, now: datetime) -> dict[str, Passport]:
    """By terminal; those without a measured call are left out."""
    by_terminal: dict[str, list[Measured]] = {}
    for terminal_id, call in _measured(session, Call.village_id == village.id, now):
        by_terminal.setdefault(terminal_id, []).append(call)
    return {terminal_id: passport_of(calls, village.zone) for terminal_id, calls in by_terminal.items()}


def first_rung(session: Session, call: Call, now: datetime) -> RungName:
    """What a call at this terminal and hour begins with, by what calls had there and what checks found lately."""
    zone = villages.village(session, call.village_id).zone
    calls = [measured for _id, measured in _measured(session, Call.terminal_id == call.terminal_id, now)]
    start = link.start_rung(passport_of(calls, zone), now.astimezone(zone_of(zone)).hour)
    return link.start_after_checks(start, *line_checks.newest_rungs(session, call, now))


def measure(session: Session, call: Call) -> None:
    """Keep with a call that has ended what its village side measured of the link, and what both sides went by.

    What nobody measured stays empty.
    """
    means = select(func.avg(LinkSample.rtt_ms), func.avg(LinkSample.loss_permille))
    means = means.where(LinkSample.call_id == call.id, LinkSample.side == Side.VILLAGE)
    rtt_ms, loss_permille = session.execute(means).one()
    call.link_rtt_ms = None if rtt_ms is None else round(rtt_ms)
    call.link_loss_permille = None if loss_permille is None else round(loss_permille)
    call.link_kbps = _median_kbps(session, call)
    _keep_rungs(session, call)
    _keep_bytes(session, call)


def _median_kbps(session: Session, call: Call) -> int | None:
    """Of the busier direction in each sample."""
    rates = select(LinkSample.received_kbps, LinkSample.sent_kbps)
    rates = rates.where(LinkSample.call_id == call.id, LinkSample.side == Side.VILLAGE)
    known = [max(received or 0, sent or 0) for received, sent in session.execute(rates) if received or sent]
    return round(median(known)) if known else None


def _keep_rungs(session: Session, call: Call) -> None:
    proposals = list(_proposals(session, call))
    if not proposals or call.live_at is None or call.ended_at is None:
        return
    spells = rungs.spells(proposals, call.live_at, call.ended_at)
    call.rung_seconds, call.link_rung = rungs.seconds_of(spells), rungs.carried(spells)
    call.rung_reasons = rungs.reasons_of(proposals)


def _keep_bytes(session: Session, call: Call) -> None:
    for seat in queries.seats(session, call.id):
        count = seat.sent_bytes + seat.received_bytes
        if count and seat.side is SeatSide.PARENT:
            call.parent_bytes = count
        elif count and seat.side is SeatSide.VILLAGE:
            call.village_bytes = count


def _proposals(session: Session, call: Call) -> Iterator[Proposal]:
    """Where the link forces an end below what a person holds, it is the link that decides."""
    logged = select(CallEvent).where(CallEvent.call_id == call.id, CallEvent.kind == RUNG)
    for event in session.scalars(logged.order_by(CallEvent.at, CallEvent.id)):
        said = event.detail
        reason, is_held = said["reason"], "held" in said and said["reason"] not in rungs.FORCED
        yield Proposal(event.at, Side(said["side"]), RungName(said["rung"]), reason, is_held)


def _measured(session: Session, where: ColumnElement[bool], now: datetime) -> Iterator[tuple[str, Measured]]:
    """The measured calls of the last weeks, each with its terminal."""
    figures = Call.starts_at, Call.link_rtt_ms, Call.link_loss_permille, Call.link_rung
    measured = select(Call.terminal_id, *figures).where(
        where, Call.starts_at >= now - LOOKS_BACK, Call.starts_at <= now,
        Call.link_rtt_ms.is_not(None) | Call.link_loss_permille.is_not(None) | Call.link_rung.is_not(None),
    )  # fmt: skip
    for terminal_id, starts_at, rtt_ms, loss_permille, rung in session.execute(measured):
        yield terminal_id, Measured(starts_at, rtt_ms, loss_permille, rung)
