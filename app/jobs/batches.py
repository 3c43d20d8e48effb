"""Works off a lane whose rows come by the thousand: decided together, called at once, settled in groups.

A round is two transactions, however many rows: one leases, the other one settles what has come back and decides about
what was leased. Calls run on threads meanwhile, so that a slow one keeps nobody waiting. What is decided about a row,
and whom it calls, is its kind's.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.jobs import rules, service
from app.jobs.keeper import Keeper
from app.jobs.service import Leased
from app.jobs.settling import Call, Next, settle
from app.jobs.words import Lane
from app.kernel.clock import Clock
from app.storage.clashes import in_one, is_clash
from app.storage.database import Database

log = logging.getLogger(__name__)

BATCH = 32
MOST_UNDER_WAY = 64
# Without anything due: how long the first to come back is waited for, and then others that would be settled with it.
PATIENCE_SECONDS, LINGER_SECONDS = 0.25, 0.01
TRIES_AT_THE_END = 5


@dataclass(frozen=True)
class Item:
    """A row, and what its call came to; None when it was only just leased."""

    row: Leased
    came: Any = None


class Batch(Protocol):
    """How rows of one kind are worked off."""

    def advance(self, session: Session, items: Sequence[Item], now: datetime) -> Mapping[str, Next]:
        """What is next for each row, by its id; in one transaction, which may be repeated. Calls nobody."""


@dataclass(frozen=True)
class _Raised:
    error: BaseException


class Batches:
    """Used by one thread; only the calls run on others. `lease` takes the most rows that are wanted."""

    def __init__(
        self, database: Database, clock: Clock, lane: Lane, kinds: Mapping[str, Batch],
        lease: Callable[[Lane, int], list[Leased]], keeper: Keeper, crash: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.database, self.clock, self.lane, self.kinds = database, clock, lane, kinds
        self._lease, self._keeper, self._crash = lease, keeper, crash
        self._threads: ThreadPoolExecutor | None = None
        self._back = SimpleQueue[Item]()
        self._in_hand: dict[str, Item] = {}
        self._under_way = 0
        self._may_be_due = True

    def turn(self) -> bool:
        """One round; whether there was anything to do."""
        self._take(self._due())
        if self._in_hand or self._under_way:
            self._settle_what_came()
            return True
        return False

    def run_due(self) -> int:
        """Lease one batch and work it off; the number of rows that were leased."""
        rows = self._lease(self.lane, BATCH)
        self._take(rows)
        while self._in_hand or self._under_way:
            self._settle_what_came()
        return len(rows)

    def finish(self) -> None:
        """Wait for what is under way, and settle it. What the database does not take is left in doubt."""
        tries = TRIES_AT_THE_END
        while (self._in_hand or self._under_way) and tries:
            try:
                self._settle_what_came()
            except DBAPIError as error:
                log.error("what was sent could not be written down: %s", rules.told(error))
                tries -= 1
        if self._threads is not None:
            self._threads.shutdown(wait=False)

    def _due(self) -> list[Leased]:
        """Lease what is due, if there is room; where the last lease left nothing, look before."""
        room = min(BATCH, MOST_UNDER_WAY - self._under_way - len(self._in_hand))
        if room <= 0 or not (self._may_be_due or self._sees_due()):
            return []
        rows = self._lease(self.lane, room)
        self._may_be_due = len(rows) == room
        return rows

    def _sees_due(self) -> bool:
        with self.database.read() as session:
            due_at = service.next_due(session, self.lane)
        return due_at is not None and due_at <= self.clock.now()

    def _take(self, rows: Sequence[Leased]) -> None:
        if rows:
            self._crash("leased")
        self._in_hand |= {row.id: Item(row) for row in rows}

    def _settle_what_came(self) -> None:
        """Settle what has come back, with what was only just leased; without either, wait a little."""
        patience = 0.0 if self._in_hand else PATIENCE_SECONDS
        while self._under_way:
            try:
                item = self._back.get(timeout=patience) if patience else self._back.get_nowait()
            except Empty:
                break
            patience = min(patience, LINGER_SECONDS)
            self._under_way -= 1
            self._in_hand[item.row.id] = item
        self._die_with_its_call()
        self._advance(list(self._in_hand.values()))

    def _advance(self, items: Sequence[Item]) -> None:
        """All in one transaction; where that fails for the sake of one, each in one of its own."""
        if not items:
            return
        try:
            nexts = in_one(self.database, lambda session: self._decide(session, items))
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError) and not is_clash(error):
                raise  # the database is away; all stays in hand
            if len(items) > 1:
                for item in items:
                    self._advance([item])
                return
            self._fail(items[0].row, error)
            nexts = {}
        self._crash("committed")
        for item in items:
            self._go_on(item.row, nexts.get(item.row.id))

    def _decide(self, session: Session, items: Sequence[Item]) -> dict[str, Next]:
        now, nexts = self.clock.now(), dict[str, Next]()
        for kind in dict.fromkeys(item.row.kind for item in items):
            of_kind = [item for item in items if item.row.kind == kind]
            if kind in self.kinds:
                nexts |= self.kinds[kind].advance(session, of_kind, now)
            else:
                for item in of_kind:
                    service.give_up(session, item.row, f"no handler for {self.lane} rows of kind {kind!r}")
        self._crash("worked")
        jitter = random.random()  # noqa: S311 - spread, not secrecy
        settle(session, [(item.row, nexts[item.row.id]) for item in items if item.row.id in nexts], now, jitter)
        return nexts

    def _fail(self, row: Leased, error: Exception) -> None:
        said, jitter = rules.told(error), random.random()  # noqa: S311 - spread, not secrecy
        log.error("%s %s failed at attempt %d: %s", row.kind, row.id, row.attempts, rules.with_place(error))
        in_one(self.database, lambda session: service.failed(session, row, said, self.clock.now(), jitter))

    def _go_on(self, row: Leased, what: Next | None) -> None:
        self._in_hand.pop(row.id)
        if not isinstance(what, Call):
            self._keeper.drop([row])
            return
        if self._threads is None:
            self._threads = ThreadPoolExecutor(MOST_UNDER_WAY, thread_name_prefix=f"worker-{self.lane}")
        self._under_way += 1
        self._threads.submit(self._call, row, what)

    def _call(self, row: Leased, call: Call) -> None:
        came: Any
        try:
            came = call.make()
        except BaseException as error:
            came = _Raised(error)
        self._back.put(Item(row, came))

    def _die_with_its_call(self) -> None:
        """What a call should have told and raised instead: one row's failure, or this worker's end."""
        for item in [item for item in self._in_hand.values() if isinstance(item.came, _Raised)]:
            if not isinstance(item.came.error, Exception):
                if self._threads is not None:
                    self._threads.shutdown()
                raise item.came.error
            self._fail(item.row, item.came.error)
            self._go_on(item.row, None)
