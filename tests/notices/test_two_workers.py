"""Everything that two workers and two vendors can do with one notice, in every order, with as many faults as are given.

States are told apart by what the tables say, what each worker holds and what each vendor has; each is gone on from
once.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Table, delete, event, insert, select

from app.jobs.models import DueRow
from app.notices.models import Attempt, Delivery, GatewayState, Notice
from app.notices.outside import Question
from app.notices.ports import ReceiptStatus
from app.storage.database import Database
from tests.notices.conftest import settle
from tests.notices.stage import plan_one
from tests.notices.world import BEHAVIOURS, LEASE, MUTE, TAKES, Broken, Hand, Vendor, World

TABLES: list[Table] = [each.__table__ for each in (Notice, Delivery, Attempt, DueRow, GatewayState)]  # type: ignore[misc]
KEY = "k"
# Two make three thousand states of each, and minutes.
FAULTS = int(os.environ.get("HOMETHREAD_TEST_FAULTS", "1"))


@dataclass(frozen=True)
class Act:
    name: str
    do: Callable[[], None]
    is_fault: bool = False


@dataclass(frozen=True)
class Place:
    """A state of the world that can be gone back to, and what may still happen from there on."""

    rows: dict[str, list[dict[str, Any]]]
    now: datetime
    hands: dict[str, Hand]
    taken: tuple[tuple[str, ...], ...]
    faults_left: int
    receipts_left: int
    trail: tuple[str, ...] = ()


class Explorer:
    def __init__(self, world: World, notice_id: str) -> None:
        self.world, self.notice_id = world, notice_id
        self.faults_left = self.receipts_left = 0
        self.seen = set[str]()
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.ends = 0

    def explore(self, faults: int, receipts: int) -> None:
        self.faults_left, self.receipts_left = faults, receipts
        to_go = [self.here()]
        while to_go:
            place = to_go.pop()
            self.go_to(place)
            for act in list(self.acts()):
                self.go_to(place)
                there = self.do(act, place.trail)
                known_by = _known_by(there)
                if known_by not in self.seen:
                    self.seen.add(known_by)
                    to_go.append(there)

    def do(self, act: Act, trail: tuple[str, ...]) -> Place:
        self.faults_left -= act.is_fault
        try:
            act.do()
        except Broken as broken:
            raise AssertionError(f"{broken}: {', '.join((*trail, act.name))}") from broken
        return replace(self.here(), trail=(*trail, act.name))

    def acts(self) -> Iterator[Act]:
        """What may happen next."""
        world = self.world
        for worker, hand in world.hands.items():
            yield from self.acts_of(worker, hand)
        at = world.next_instant()
        if at is not None and at <= world.clock.now() and len(world.hands) < 2:
            yield Act("leases", self.lease_free)
        elif not world.hands:
            yield Act("ends", self.end) if at is None else Act("time", lambda: setattr(world.clock, "at", at))
        if self.faults_left and any(hand.call is None for hand in world.hands.values()):
            yield Act("stalls", lambda: world.pass_time(LEASE.total_seconds()), is_fault=True)
        if self.receipts_left:
            for vendor in (vendor for vendor in world.vendors if KEY in vendor.taken):
                for status in (ReceiptStatus.DELIVERED, ReceiptStatus.FAILED):
                    yield Act(f"{vendor.name}: {status}", partial(self.receive, vendor, status))

    def acts_of(self, worker: str, hand: Hand) -> Iterator[Act]:
        world = self.world
        yield Act(f"{worker} goes on", partial(world.crank, worker))
        if not self.faults_left:
            return
        yield Act(f"{worker} dies", partial(world.die, worker), is_fault=True)
        if hand.under is not None:
            vendor = hand.under.gateway
            assert isinstance(vendor, Vendor)
            wrong = [MUTE] if isinstance(hand.under, Question) else [each for each in BEHAVIOURS if each != TAKES]
            for behaves in wrong:
                yield Act(f"{vendor.name} {behaves}", partial(self.behaving, vendor, behaves, worker), is_fault=True)

    def behaving(self, vendor: Vendor, behaves: str, worker: str) -> None:
        vendor.behaves = behaves
        self.world.crank(worker)
        vendor.behaves = TAKES

    def lease_free(self) -> None:
        assert self.world.lease(next(name for name in ("one", "two") if name not in self.world.hands))

    def receive(self, vendor: Vendor, status: ReceiptStatus) -> None:
        """It comes twice; the second time changes nothing."""
        self.receipts_left -= 1
        self.world.bring_receipt(KEY, vendor, status)
        before = _known_by(self.here())
        self.world.bring_receipt(KEY, vendor, status)
        assert _known_by(self.here()) == before

    def end(self) -> None:
        self.ends += 1
        self.world.check_the_end(self.notice_id)

    def here(self) -> Place:
        world = self.world
        with world.database.read() as session:
            self.rows = {table.name: [dict(row._mapping) for row in session.execute(select(table))] for table in TABLES}
        hands = {worker: replace(hand) for worker, hand in world.hands.items()}
        taken = tuple(tuple(vendor.taken) for vendor in world.vendors)
        return Place(self.rows, world.clock.now(), hands, taken, self.faults_left, self.receipts_left)

    def go_to(self, place: Place) -> None:
        world = self.world
        if place.rows != self.rows:
            with world.database.begin() as session:
                for table in reversed(TABLES):
                    session.execute(delete(table))
                for table in TABLES:
                    if place.rows[table.name]:
                        session.connection().execute(insert(table), place.rows[table.name])
        self.rows = place.rows
        world.clock.at = place.now
        world.hands = {worker: replace(hand) for worker, hand in place.hands.items()}
        for vendor, taken in zip(world.vendors, place.taken, strict=True):
            vendor.taken = list(taken)
        self.faults_left, self.receipts_left = place.faults_left, place.receipts_left


def _known_by(place: Place) -> str:
    """All that matters for what comes: without ids and order, with instants as seen from now."""
    told = [sorted(str(_values(row, place.now)) for row in place.rows[table.name]) for table in TABLES]
    hands = sorted(_hand(hand) for hand in place.hands.values())
    return str([told, hands, place.taken, place.faults_left, place.receipts_left])


def _values(row: dict[str, Any], now: datetime) -> list[object]:
    return [
        round((value - now).total_seconds()) if isinstance(value, datetime) else value
        for name, value in sorted(row.items())
        if not name.endswith("id") and name not in ("leased_by", "payload", "last_error", "done_at", "put_at", "lease")
    ]  # fmt: skip


def _hand(hand: Hand) -> str:
    """What a worker holds, as far as it decides what comes of it."""
    came = type(hand.item.came[1]).__name__ if hand.item.came else None
    return f"{came} {hand.call is not None} {hand.item.row.attempts} {hand.item.row.payload}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("template", ["booked", "ring_parent"])
@pytest.mark.parametrize("can_query", [True, False])
def test_nothing_is_lost_or_knowingly_doubled(sqlite_url: str, template: str, can_query: bool) -> None:
    database = Database(sqlite_url)
    event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    explore_all(database, template, can_query)


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_knowingly_doubled_on_postgresql(postgres_url: str) -> None:
    explore_all(Database(postgres_url), "booked", can_query=False)


def explore_all(database: Database, template: str, can_query: bool) -> None:
    person_id = settle(database, "1").parent
    explorer = Explorer(World(database, can_query), plan_one(database, person_id, KEY, template))
    explorer.explore(FAULTS, receipts=1)
    database.close()
    assert explorer.ends > 30 * FAULTS, "there are many ways to the end"
