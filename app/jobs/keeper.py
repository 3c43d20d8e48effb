"""What a worker does beside its work, every few seconds: renew the leases in its hand, be seen alive, sweep, mend."""

import logging
import threading
from collections.abc import Iterable

from app.jobs import service, upkeep
from app.jobs.service import Leased
from app.kernel.clock import Clock
from app.storage.database import Database

log = logging.getLogger(__name__)

ROUND_SECONDS = 5
# Work that takes longer is taken to hang: its lease runs out, and another worker tries.
LONGEST_WORK_ROUNDS = 600 // ROUND_SECONDS
STUCK_ROUNDS = 60 // ROUND_SECONDS
SWEEP_ROUNDS = 60 // ROUND_SECONDS
SWEEP_ROWS = 500


class Keeper:
    """Knows what the worker has in hand. `come_round` is called by its lanes, `round` by one thread."""

    def __init__(self, database: Database, clock: Clock, owner: str) -> None:
        self.database, self.clock, self.owner = database, clock, owner
        self._lock = threading.Lock()
        self._in_hand: dict[str, tuple[Leased, int]] = {}
        self._unseen = 0
        self._rounds = 0

    def take(self, rows: Iterable[Leased]) -> None:
        with self._lock:
            self._in_hand |= {row.id: (row, self._rounds) for row in rows}

    def drop(self, rows: Iterable[Leased]) -> None:
        with self._lock:
            for row in rows:
                self._in_hand.pop(row.id, None)

    def ids(self) -> list[str]:
        with self._lock:
            return list(self._in_hand)

    def come_round(self) -> None:
        """The lane of steps is alive and not stuck in a handler."""
        self._unseen = 0

    def round(self) -> None:
        now = self.clock.now()
        with self.database.begin() as session:
            lost = service.renew(session, self._worth_renewing(), now)
            if self._unseen < STUCK_ROUNDS:
                upkeep.beat(session, self.owner, now)
        self._note(lost)
        if self._rounds % SWEEP_ROUNDS == 0:
            self._sweep()
        self._rounds += 1
        self._unseen += 1

    def say_goodbye(self) -> None:
        with self.database.begin() as session:
            upkeep.say_goodbye(session, self.owner)

    def _worth_renewing(self) -> list[Leased]:
        with self._lock:
            return [row for row, since in self._in_hand.values() if self._rounds - since <= LONGEST_WORK_ROUNDS]

    def _note(self, lost: list[Leased]) -> None:
        still_in_hand = set(self.ids())
        for row in lost:
            if row.id in still_in_hand:
                log.warning("%s %s was moved or leased by another while it is being worked on", row.kind, row.id)
        if self._unseen == STUCK_ROUNDS:
            log.error("the lane of steps has been stuck for %d s", STUCK_ROUNDS * ROUND_SECONDS)

    def _sweep(self) -> None:
        now = self.clock.now()
        with self.database.begin() as session:
            mended = upkeep.mend(session, now)
        if mended:
            log.warning("the clock was set back; %d due rows of the future are due now", mended)
        with self.database.begin() as session:
            upkeep.prune(session, now, SWEEP_ROWS)
