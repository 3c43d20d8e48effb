"""Everything that can happen to due rows, in any order, with two workers: each turn's effect is there exactly once.

A turn is one life of a key: `put` begins its first, `put_again` the next. The turn that a step worked is written by it.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.jobs import service, upkeep
from app.jobs.models import DueRow
from app.jobs.service import Leased, LeaseLost
from app.jobs.words import DueState, Lane
from app.storage.database import Database
from tests.jobs.stage import EFFECTS, effects, leased, note, row_of
from tests.scene import NOW

# As rules of their own, few of them would ever come in an order in which rows are worked.
WEIGHTS = {
    "lease": 3, "lease late": 3, "done": 6, "put again": 2, "moved": 3, "put": 1, "cancelled": 1,
    "cancelled waiting": 1, "failed": 1, "later": 1, "given back": 1, "dies": 1, "renews": 1, "clock set back": 1,
}  # fmt: skip
HAPPENS = st.sampled_from([what for what, weight in WEIGHTS.items() for _ in range(weight)])
KEYS = st.sampled_from(["a", "b"])
WORKERS = st.sampled_from(["one", "two"])
DELAYS = st.sampled_from([0, 0, 0, 3, 40])


@dataclass
class Life:
    """What is promised of a key: its present turn is worked, unless it was cancelled before a worker had it."""

    row_id: str
    turn: int = 0
    is_cancelled: bool = False


class DueRows(RuleBasedStateMachine):
    database: Database

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.lives: dict[str, Life] = {}
        self.hands: dict[str, list[Leased]] = {"one": [], "two": []}
        with self.database.begin() as session:
            session.execute(delete(DueRow))
            session.execute(EFFECTS.delete())
        for key in ("a", "b"):
            self._put(key, 0)

    @rule(what=HAPPENS, key=KEYS, worker=WORKERS, delay=DELAYS, number=st.integers(0, 3))
    def happens(self, what: str, key: str, worker: str, delay: int, number: int) -> None:
        if what in ("lease", "lease late"):
            self.now += timedelta(seconds=31 if what == "lease late" else number)
            self._lease(worker, 1 + number % 2)
        elif what in ("put", "moved", "cancelled", "cancelled waiting"):
            self._change(what, key, delay)
        elif what in ("dies", "renews", "clock set back"):
            self._something_else(what, worker)
        elif held := [(hand, row) for hand in self.hands.values() for row in hand]:
            hand, row = held[number % len(held)]
            hand.remove(row)
            self._settle(what, row, delay)

    def teardown(self) -> None:
        """In the end, all that was promised is worked."""
        self._work_off()
        there = Counter(effects(self.database))
        assert set(there.values()) <= {1}
        for life in self.lives.values():
            assert (life.row_id, life.turn) in there or life.is_cancelled

    def _change(self, what: str, key: str, delay: int) -> None:
        if what == "put":
            self._put(key, delay)
            return
        life = self.lives[key]
        with self.database.begin() as session:
            if what == "moved":
                self._put_again(session, key, life.turn + 1, delay)
                self.lives[key] = Life(life.row_id, life.turn + 1)
            elif what == "cancelled":
                service.put_again(session, "note", key, None, self.now)
                life.is_cancelled = True
            elif service.cancel(session, key):
                life.is_cancelled = True

    def _settle(self, what: str, row: Leased, delay: int) -> None:
        if what in ("done", "put again"):
            self._work(row, what == "put again", delay)
            return
        with self.database.begin() as session:
            if what == "failed":
                service.failed(session, row, "no", self.now, 0.5)
            elif what == "later":
                service.later(session, row, self.now + timedelta(seconds=delay))
            else:
                service.give_back(session, row)

    def _something_else(self, what: str, worker: str) -> None:
        if what == "dies":
            self.hands[worker] = []
            return
        with self.database.begin() as session:
            if what == "renews":
                assert all(row in self.hands[worker] for row in service.renew(session, self.hands[worker], self.now))
            else:
                self.now -= timedelta(hours=1)
                upkeep.mend(session, self.now)

    def _lease(self, worker: str, limit: int) -> None:
        with self.database.read() as session:
            rows = session.scalars(select(DueRow)).all()
        free = {row.id for row in rows if _is_free(row, self.now)}
        got = leased(self.database, self.now, worker, limit=limit)
        assert {row.id for row in got} <= free
        assert len(got) <= limit
        assert bool(got) == bool(free) or any(row_of(self.database, row.id).state is DueState.DEAD for row in rows)
        self.hands[worker] += got

    def _put(self, key: str, delay: int) -> None:
        due_at = self.now + timedelta(seconds=delay)
        with self.database.begin() as session:
            row_id = service.put(session, "note", due_at, self.now, key=key, subject=key, payload={"turn": 0})
        assert self.lives.setdefault(key, Life(row_id)).row_id == row_id

    def _put_again(self, session: Session, key: str, turn: int, delay: int) -> None:
        due_at = self.now + timedelta(seconds=delay)
        service.put_again(session, "note", key, due_at, self.now, subject=key, payload={"turn": turn})

    def _work(self, row: Leased, again: bool, delay: int) -> None:
        key = next(key for key, life in self.lives.items() if life.row_id == row.id)
        turn = self.lives[key].turn + 1
        now_there = row_of(self.database, row.id)
        is_mine = now_there.lease == row.lease and (again or now_there.state is DueState.LEASED)
        try:
            with self.database.begin() as session:
                note(session, row, self.now)
                if again:
                    self._put_again(session, key, turn, delay)
                service.done(session, row, self.now)
        except LeaseLost:
            assert not is_mine
            return
        assert is_mine
        if again:
            self.lives[key] = Life(row.id, turn)

    def _work_off(self) -> None:
        self._revive()
        while (at := self._next_due()) is not None:
            self.now = max(self.now, at)
            for row in leased(self.database, self.now):
                with self.database.begin() as session:
                    note(session, row, self.now)
                    service.done(session, row, self.now)
            self._revive()

    def _revive(self) -> None:
        with self.database.begin() as session:
            for row in service.dead(session):
                service.revive(session, row.id, self.now)

    def _next_due(self) -> datetime | None:
        with self.database.read() as session:
            return service.next_due(session, Lane.STEP)


def _is_free(row: DueRow, now: datetime) -> bool:
    if row.state is DueState.LEASED:
        assert row.leased_until is not None
        return row.leased_until <= now
    return row.state is DueState.WAITING and row.due_at <= now


@pytest.mark.timeout(600)  # a failure takes minutes to be made small
def test_whatever_happens_each_turn_has_its_effect_exactly_once(database: Database) -> None:
    machine = type("DueRowsHere", (DueRows,), {"database": database})
    examples = 60 if database.is_sqlite else 30
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=40))
