"""The heartbeat of the gateways: each is asked every minute whether it is there, and desks learn when one is not.

A gateway is silent that has not answered its probe for two minutes, or that texts have failed by for as long. It is
back when it answers, and texts may be tried by it again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.kernel.clock import Clock
from app.kernel.events import GatewayBack, GatewaySilent
from app.notices import rules
from app.notices.models import GatewayState
from app.notices.ports import SmsGateway
from app.notices.switchboard import locked
from app.storage.database import Database

KIND = "notice.beat"
EVERY = timedelta(minutes=1)
SILENT_AFTER = timedelta(minutes=2)
# Beats don't come to the second.
EARLY = timedelta(seconds=10)


def start(session: Session, now: datetime) -> None:
    jobs.put(session, KIND, now, now, lane=Lane.ERRAND, key=KIND)


def beater(database: Database, clock: Clock, gateways: Sequence[SmsGateway]) -> Callable[[Leased], None]:
    """Make the errand for rows of `KIND`."""

    def beat(row: Leased) -> None:
        found = _probed(gateways)
        with database.begin() as session:
            now = clock.now()
            session.execute(delete(GatewayState).where(GatewayState.name.not_in(found)))
            for name in sorted(found):
                _note(session, locked(session, name), found[name], now)
            jobs.later(session, row, now + EVERY)

    return beat


def _probed(gateways: Sequence[SmsGateway]) -> dict[str, str | None]:
    """What is wrong with each, by name; all are asked side by side."""
    if not gateways:
        return {}
    with ThreadPoolExecutor(len(gateways), thread_name_prefix="probe") as pool:
        return dict(zip([each.name for each in gateways], pool.map(_wrong_with, gateways), strict=True))


def _wrong_with(gateway: SmsGateway) -> str | None:
    try:
        gateway.probe()
    except Exception as error:  # whatever it is, it is the finding
        return rules.without_digits(error)[:200] or type(error).__name__
    return None


def _note(session: Session, state: GatewayState, error: str | None, now: datetime) -> None:
    state.probed_at, state.probe_error = now, error
    is_left_alone = state.opened_until is not None and now < state.opened_until + EVERY
    if error is not None:
        state.failing_since = state.failing_since or now
    elif not is_left_alone:
        state.failing_since = None
    is_failing = state.failing_since is not None and (error is not None or is_left_alone)
    if is_failing and state.silent_since is None and _for_long(state, now):
        state.silent_since = state.failing_since
        jobs.emit(session, GatewaySilent(state.silent_since or now, state.name), now)
    elif not is_failing and state.silent_since is not None:
        jobs.emit(session, GatewayBack(now, state.name, state.silent_since), now)
        state.silent_since = None


def _for_long(state: GatewayState, now: datetime) -> bool:
    return state.failing_since is not None and now >= state.failing_since + SILENT_AFTER - EARLY
