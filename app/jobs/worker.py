"""The loops of a worker: lease what is due, run the handler of its kind, settle it; each lane on threads of its own."""

import logging
import os
import random
import secrets
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from app.jobs import rules, service
from app.jobs.batches import Batch, Batches
from app.jobs.keeper import ROUND_SECONDS, Keeper
from app.jobs.service import Leased, LeaseLost
from app.jobs.words import BATCHED, Lane
from app.kernel.clock import Clock
from app.storage.clashes import in_one
from app.storage.database import Database

log = logging.getLogger(__name__)

BATCH = 20
# What a slow batch has not begun by then is given back, so that other workers may take it.
BATCH_TIME = timedelta(seconds=2)
LONGEST_NAP_SECONDS = 1.0
SHORTEST_NAP_SECONDS = 0.05

Step = Callable[[Session, Leased, datetime], None]
# An errand speaks to the outside: it opens its own transactions, never while the outside is called.
Errand = Callable[[Leased], None]
Handler = TypeVar("Handler", Step, Errand)


@dataclass(frozen=True)
class Handlers:
    steps: Mapping[str, Step]
    errands: Mapping[str, Errand]
    batches: Mapping[str, Batch] = field(default_factory=dict)


class UnknownKind(Exception):
    """No handler is known for a row's kind, and trying again won't help."""


class LaneEnded(Exception):
    """A thread of the worker ended unasked."""


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
        self.owner = owner or f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(3)}"
        self.errand_threads = errand_threads
        self.stop = threading.Event()
        self._crash = crash or (lambda _point: None)
        self._keeper = Keeper(database, clock, self.owner)
        self._leasing = threading.Lock()
        self._troubles = self._troubles_mended = 0
        self._ended_unasked: Lane | None = None
        self._batches = {
            lane: Batches(database, clock, lane, handlers.batches, self._lease, self._keeper, self._crash)
            for lane in BATCHED
        }

    def run(self) -> None:
        """Work until stopped; returns when every thread has finished its row. Raises LaneEnded if one ended unasked."""
        lanes = [Lane.STEP, *[Lane.ERRAND] * self.errand_threads, *(BATCHED if self.handlers.batches else ())]
        threads = [threading.Thread(target=self._run_lane, args=(lane,), name=f"worker-{lane}") for lane in lanes]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                self._note_trouble(self._keeper.round)
                _join(threads, ROUND_SECONDS)
        finally:
            self.stop.set()
        self._note_trouble(self._keeper.say_goodbye)
        if self._ended_unasked:
            raise LaneEnded(self._ended_unasked)

    def run_due(self, lane: Lane) -> int:
        """Lease one batch and work it off; the number of rows that were leased."""
        if lane in BATCHED:
            return self._batches[lane].run_due()
        rows = self._lease(lane, BATCH if lane is Lane.STEP else 1)
        try:
            self._crash("leased")
            began_at = self.clock.now()
            for place, row in enumerate(rows):
                if self.stop.is_set() or self.clock.now() > began_at + BATCH_TIME:
                    self._give_back(rows[place:])
                    break
                self._work(row)
        finally:
            self._keeper.drop(rows)
        return len(rows)

    def _run_lane(self, lane: Lane) -> None:
        try:
            while not self.stop.is_set():
                if not self._note_trouble(lambda: self._take_turn(lane)):
                    self.stop.wait(LONGEST_NAP_SECONDS)
            if lane in BATCHED:
                self._batches[lane].finish()
        finally:
            if not self.stop.is_set():
                self._ended_unasked = lane
                self.stop.set()

    def _take_turn(self, lane: Lane) -> None:
        """Work off one batch, or sleep until something may be due."""
        if lane is Lane.STEP:
            self._keeper.come_round()
        if not (self._batches[lane].turn() if lane in BATCHED else self.run_due(lane)):
            self._wait_for_due(lane)

    def _wait_for_due(self, lane: Lane) -> None:
        """Only looks, so that a worker without work writes nothing; sees each second what was put meanwhile."""
        nap = SHORTEST_NAP_SECONDS
        while not self.stop.wait(nap):
            if lane is Lane.STEP:
                self._keeper.come_round()
            with self.database.read() as session:
                due_at = service.next_due(session, lane)
            left = (due_at - self.clock.now()).total_seconds() if due_at else LONGEST_NAP_SECONDS
            if left <= 0:
                return
            nap = min(LONGEST_NAP_SECONDS, left)

    def _note_trouble(self, do: Callable[[], None]) -> bool:
        """Whether it went well. Trouble, such as a database that is away, is logged once until it is over."""
        try:
            do()
        except Exception as error:
            if self._troubles == self._troubles_mended:
                log.error("the worker is disturbed and tries again: %s", rules.with_place(error))
            self._troubles += 1
            return False
        return True

    def _lease(self, lane: Lane, most: int) -> list[Leased]:
        with self._leasing:  # until they are known to be in hand
            now, troubles = self.clock.now(), self._troubles
            with self.database.begin() as session:
                if troubles != self._troubles_mended:
                    service.let_go(session, self.owner, self._keeper.ids(), now)
                rows = service.lease(session, self.owner, lane, now, most)
            self._keeper.take(rows)
            self._troubles_mended = troubles
        return rows

    def _work(self, row: Leased) -> None:
        try:
            if row.lane is Lane.STEP:
                self._step(row)
            else:
                self._errand(row)
        except LeaseLost:
            log.debug("%s %s was given back, moved or leased by another while it was worked on", row.kind, row.id)
        except UnknownKind:
            error = f"no handler for {row.lane} rows of kind {row.kind!r}"
            self._transact(lambda session: service.give_up(session, row, error))
        except Exception as failure:
            log.error("%s %s failed at attempt %d: %s", row.kind, row.id, row.attempts, rules.with_place(failure))
            self._fail(row, rules.told(failure))

    def _step(self, row: Leased) -> None:
        handler = _handler(self.handlers.steps, row)

        def work(session: Session) -> None:
            handler(session, row, self.clock.now())
            self._crash("worked")
            service.done(session, row, self.clock.now())

        self._transact(work)
        self._crash("committed")

    def _errand(self, row: Leased) -> None:
        _handler(self.handlers.errands, row)(row)
        self._crash("worked")
        self._transact(lambda session: service.done(session, row, self.clock.now()))
        self._crash("committed")

    def _fail(self, row: Leased, error: str) -> None:
        jitter = random.random()  # noqa: S311 - spread, not secrecy
        self._transact(lambda session: service.failed(session, row, error, self.clock.now(), jitter))

    def _give_back(self, rows: Sequence[Leased]) -> None:
        def work(session: Session) -> None:
            for row in rows:
                service.give_back(session, row)

        self._transact(work)

    def _transact(self, work: Callable[[Session], None]) -> None:
        in_one(self.database, work)


def _handler(handlers: Mapping[str, Handler], row: Leased) -> Handler:
    try:
        return handlers[row.kind]
    except KeyError:
        raise UnknownKind(row.kind) from None


def _join(threads: Sequence[threading.Thread], seconds: int) -> None:
    """Wait for the threads to end. Not by an event: a signal's handler may set one while this thread holds its lock."""
    for _ in range(seconds):
        alive = [thread for thread in threads if thread.is_alive()]
        if alive:
            alive[0].join(1)
