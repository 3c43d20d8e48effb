"""The loop of a worker: lease what is due, run the handler of its kind, settle it; errands on threads of their own."""

import logging
import os
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.service import Leased, LeaseLost
from app.jobs.words import Lane
from app.kernel.clock import Clock
from app.storage.database import Database

log = logging.getLogger(__name__)

BATCH = 20
LONGEST_NAP_SECONDS = 1.0

Step = Callable[[Session, Leased, datetime], None]
# An errand speaks to the outside: it opens its own transactions, never while the outside is called.
Errand = Callable[[Leased], None]


@dataclass(frozen=True)
class Handlers:
    steps: Mapping[str, Step]
    errands: Mapping[str, Errand]


class Worker:
    """Runs until `stop` is set. `crash` is called at each named point between two steps, for tests that kill there."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Handlers,
        *,
        errand_threads: int = 2,
        crash: Callable[[str], None] | None = None,
        owner: str | None = None,
    ) -> None:
        self.database, self.clock, self.handlers = database, clock, handlers
        self.owner = owner or f"{os.getpid()}"
        self.errand_threads = errand_threads
        self.stop = threading.Event()
        self.seen_at: datetime | None = None
        self._crash = crash or (lambda _point: None)

    def run(self) -> None:
        """Work until stopped; returns when every thread has finished its row."""
        lanes = [Lane.STEP, *[Lane.ERRAND] * self.errand_threads]
        threads = [threading.Thread(target=self._loop, args=(lane,), name=f"worker-{lane}") for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _loop(self, lane: Lane) -> None:
        while not self.stop.is_set():
            try:
                worked = self.run_due(lane)
            except Exception:
                log.exception("the %s lane could not reach the database; trying again", lane)
                worked = 0
            if not worked:
                self.stop.wait(LONGEST_NAP_SECONDS)

    def run_due(self, lane: Lane) -> int:
        """Lease one batch and work it off; the number of rows that were leased."""
        limit = BATCH if lane is Lane.STEP else 1
        with self.database.begin() as session:
            rows = service.lease(session, self.owner, lane, self.clock.now(), limit)
        self.seen_at = self.clock.now()
        self._crash("leased")
        for row in rows:
            self._work(row)
        return len(rows)

    def _work(self, row: Leased) -> None:
        try:
            if row.lane is Lane.STEP:
                self._step(row)
            else:
                self._errand(row)
        except LeaseLost:
            log.info("lease of %s %s lost; left to its new holder", row.kind, row.id)
        except Exception as error:
            log.exception("%s %s failed at attempt %d", row.kind, row.id, row.attempts)
            with self.database.begin() as session:
                service.failed(session, row, f"{type(error).__name__}: {error}", self.clock.now(), random.random())  # noqa: S311 - spread, not secrecy

    def _step(self, row: Leased) -> None:
        with self.database.begin() as session:
            self.handlers.steps[row.kind](session, row, self.clock.now())
            self._crash("worked")
            service.done(session, row, self.clock.now())
        self._crash("committed")

    def _errand(self, row: Leased) -> None:
        self.handlers.errands[row.kind](row)
        self._crash("worked")
        with self.database.begin() as session:
            service.done(session, row, self.clock.now())
        self._crash("committed")
