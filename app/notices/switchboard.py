"""Which gateway a text leaves by: the first of the operator's order that is not left alone; and what is known of each.

One transaction's view. A gateway's row is locked only when something about it changes, so that workers that send by it
don't wait for each other.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.notices import circuit
from app.notices.circuit import CLOSED, Circuit, Passage
from app.notices.models import GatewayState
from app.notices.ports import SmsGateway
from app.storage.database import insert_into

# How exactly `last_taken_at` is kept.
TAKEN_EVERY = timedelta(seconds=10)
# How long texts wait that find every gateway shut, and one of them being tried.
TRIAL_PAUSE = timedelta(seconds=3)


class Switchboard:
    def __init__(self, session: Session, gateways: Sequence[SmsGateway], now: datetime) -> None:
        self.session, self.gateways, self.now = session, gateways, now
        self._states = {state.name: state for state in session.scalars(select(GatewayState))}

    def hold(self, faulty: Collection[str], taking: Collection[str]) -> None:
        """Lock at once, in one order, what is about to change: two batches must not wait for each other's gateways.

        `faulty` are those that refused or said nothing, `taking` those that took a text.
        """
        trials = {name for name in self._states if self._passage(name) is Passage.TRIAL}
        news = {name for name in taking if not self._is_known(name, has_taken=True)}
        for name in sorted({*faulty, *trials, *news}):
            self._locked(name)

    def named(self, name: str) -> SmsGateway | None:
        return next((gateway for gateway in self.gateways if gateway.name == name), None)

    def open_ways(self, tried: frozenset[str]) -> Iterator[SmsGateway]:
        """The gateways that may be used now, in order, without those that were tried."""
        for gateway in self.gateways:
            if gateway.name not in tried and self._passage(gateway.name) is not Passage.SHUT:
                yield gateway

    def takes(self, name: str) -> bool:
        """Whether a text may leave by this gateway after all, that is about to; it may be its trial."""
        if self._passage(name) is Passage.FREE:
            return True
        state = self._locked(name)
        if circuit.passage(_circuit(state), self.now) is Passage.SHUT:
            return False
        if state.opened_until is not None:
            _keep(state, circuit.begin_trial(_circuit(state), self.now))
        return True

    def opens_at(self) -> datetime:
        """When a gateway may be tried again, where none may now."""
        opened = [_circuit(self._states[each.name]) for each in self.gateways if each.name in self._states]
        trials = [self.now + TRIAL_PAUSE for each in opened if each.trial_at is not None]
        return min([each.opened_until for each in opened if each.opened_until] + trials, default=self.now + TRIAL_PAUSE)

    def fault(self, name: str, began_at: datetime, error: str) -> None:
        """It refused for its own reasons, or nobody knows what it did."""
        state = self._locked(name)
        _keep(state, circuit.after_fault(_circuit(state), began_at, self.now))
        state.failing_since = state.failing_since or self.now
        state.last_error, state.last_error_at = error[:200], self.now

    def answered(self, name: str, *, has_taken: bool) -> None:
        """It works: it took a text, or said of one that nobody could take it."""
        if self._is_known(name, has_taken=has_taken):
            return
        state = self._locked(name)
        _keep(state, CLOSED)
        state.failing_since = None
        if has_taken:
            state.last_taken_at = self.now

    def _is_known(self, name: str, *, has_taken: bool) -> bool:
        """Whether it is written down already that it works, and when it last took a text."""
        state = self._states.get(name)
        if state is None or _circuit(state) != CLOSED or state.failing_since is not None:
            return False
        return not has_taken or (state.last_taken_at is not None and self.now < state.last_taken_at + TAKEN_EVERY)

    def _passage(self, name: str) -> Passage:
        state = self._states.get(name)
        return Passage.FREE if state is None else circuit.passage(_circuit(state), self.now)

    def _locked(self, name: str) -> GatewayState:
        self._states[name] = locked(self.session, name)
        return self._states[name]


def locked(session: Session, name: str) -> GatewayState:
    """The row of a gateway, made if there is none, and locked until the transaction ends."""
    making = insert_into(session, GatewayState).values(name=name, failures=0)
    session.execute(making.on_conflict_do_nothing(index_elements=["name"]))
    session.flush()
    row = select(GatewayState).where(GatewayState.name == name).with_for_update()
    return session.scalars(row.execution_options(populate_existing=True)).one()


def _circuit(state: GatewayState) -> Circuit:
    return Circuit(state.failures, state.opened_until, state.trial_at)


def _keep(state: GatewayState, now_is: Circuit) -> None:
    state.failures, state.opened_until, state.trial_at = now_is.failures, now_is.opened_until, now_is.trial_at
