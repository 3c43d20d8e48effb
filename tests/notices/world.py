"""Workers cranked by hand and vendors that do what they are told: every step of a delivery can be the last one.

A step is one transaction or one call. Whatever happens between two steps, what is promised is looked at in the world,
at the vendors, and not in what the program believes.
"""

import inspect
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.batches import Item
from app.jobs.models import DueRow
from app.jobs.settling import Call, settle
from app.jobs.words import DueState, Lane
from app.kernel.numbers import E164
from app.notices import receipts, service
from app.notices.courier import Courier
from app.notices.models import Attempt, Delivery, Notice
from app.notices.outside import Outside, Question, Send
from app.notices.ports import Accepted, GatewayError, NoAnswer, Receipt, ReceiptStatus
from app.notices.receipts import Receipts
from app.notices.wording import Wording
from app.notices.words import AttemptState, NoticeState
from app.storage.database import Database
from tests.notices.stage import LINK, StepClock
from tests.scene import SEALER

# What a vendor may do with a text: it is there, or not, and we learn it, or not.
TAKES, TAKES_SILENTLY, LOSES_SILENTLY = "takes", "takes silently", "loses silently"
REFUSES, REFUSES_FOR_GOOD = "refuses", "refuses for good"
MUTE = "does not say"  # whether it has it, when it is asked
BEHAVIOURS = (TAKES, TAKES_SILENTLY, LOSES_SILENTLY, REFUSES, REFUSES_FOR_GOOD)
KNOWN_TO_BE_THERE = (AttemptState.SENT, AttemptState.DELIVERED, AttemptState.FAILED)
LEASE = timedelta(seconds=31)


class Broken(AssertionError):
    """A promise was not kept."""


@dataclass
class Vendor:
    """A gateway; `behaves` is what it does next."""

    world: "World"
    name: str
    can_query: bool
    can_receive: bool = False
    templates_only: bool = False
    receipts: bool = True
    max_segments: int = 3
    signature: str = ""
    behaves: str = TAKES
    taken: list[str] = field(default_factory=list)

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        self.world.is_to_be_sent(key)
        if self.behaves == REFUSES:
            raise GatewayError("out of order", permanent=False)
        if self.behaves == REFUSES_FOR_GOOD:
            raise GatewayError("no such number", permanent=True)
        if self.behaves == LOSES_SILENTLY:
            raise NoAnswer
        self.taken.append(key)
        if self.behaves == TAKES_SILENTLY:
            raise NoAnswer
        return Accepted(self.ref(key))

    def query(self, key: str) -> Accepted | None:
        if self.behaves == MUTE:
            raise GatewayError("out of order", permanent=False)
        return Accepted(self.ref(key)) if key in self.taken else None

    def probe(self) -> None:
        return None

    def ref(self, key: str) -> str:
        return f"{key} at {self.name}"


@dataclass
class Hand:
    """A worker and the one row that it holds: to be decided about, to be called about, or back from the call."""

    item: Item
    call: Call | None = None

    @property
    def under(self) -> Send | Question | None:
        """What it is about to call a vendor for."""
        if self.call is None:
            return None
        under = inspect.getclosurevars(self.call.make).nonlocals["step"]
        assert isinstance(under, Send | Question)
        return under


class World:
    def __init__(self, database: Database, can_query: bool) -> None:
        self.database, self.clock = database, StepClock()
        self.vendors = [Vendor(self, "first", can_query), Vendor(self, "second", can_query)]
        self.courier = Courier(Outside(self.vendors, None, Wording(LINK, SEALER)), jitter=lambda: 0)
        self.hands: dict[str, Hand] = {}
        self.tellings: Counter[str] = Counter()

    # What a worker does

    def lease(self, worker: str) -> bool:
        with self.database.begin() as session:
            rows = jobs.lease(session, worker, Lane.SEND, self.clock.now(), 1)
        if rows:
            self.hands[worker] = Hand(Item(rows[0]))
        return bool(rows)

    def crank(self, worker: str) -> None:
        """The next step of a worker that holds a row: its call if there is one to make, or its transaction."""
        hand = self.hands[worker]
        if hand.call is not None:
            hand.item, hand.call = Item(hand.item.row, hand.call.make()), None
            return
        now, nexts = self.clock.now(), dict[str, Any]()
        with self.database.begin() as session:
            nexts |= self.courier.advance(session, [hand.item], now)
            settle(session, [(hand.item.row, nexts[hand.item.row.id])], now, 0)
        what = nexts[hand.item.row.id]
        if isinstance(what, Call):
            hand.call = what
        else:
            del self.hands[worker]

    def die(self, worker: str) -> None:
        del self.hands[worker]

    # What else happens

    def pass_time(self, seconds: float) -> None:
        """Longer than a call may take, only for workers that are in none; who has one to make is dead by then."""
        self.clock.step(seconds)
        if seconds >= 20:
            self.hands = {worker: hand for worker, hand in self.hands.items() if hand.call is None}

    def bring_receipt(self, key: str, vendor: Vendor, status: ReceiptStatus) -> None:
        receipt = Receipt(vendor.ref(key), key, status, self.clock.now())
        with self.database.begin() as session:
            receipts.put(session, vendor.name, receipt, self.clock.now())
        self.follow_receipts()

    def follow_receipts(self) -> None:
        now = self.clock.now()
        with self.database.begin() as session:
            rows = jobs.lease(session, "receipts", Lane.RECEIPT, now, 20)
            nexts = Receipts().advance(session, [Item(row) for row in rows], now)
            settle(session, [(row, nexts[row.id]) for row in rows], now, 0)

    def cancel(self, subject: str) -> None:
        with self.database.begin() as session:
            service.cancel_for(session, subject, self.clock.now())

    # What is looked at

    def is_to_be_sent(self, key: str) -> None:
        """Called by a vendor that is handed a text."""
        with self.database.read() as session:
            attempts = session.scalars(select(Attempt).where(Attempt.key == key)).all()
            if sum(each.state is AttemptState.SENDING for each in attempts) != 1:
                raise Broken(f"not exactly one attempt is under way for {key}")
            if any(each.state in KNOWN_TO_BE_THERE for each in attempts):
                raise Broken(f"{key} is sent again, though it is known to be there")
        self.tellings[key] += 1

    def times_there(self, key: str) -> int:
        return sum(vendor.taken.count(key) for vendor in self.vendors)

    def next_instant(self) -> datetime | None:
        """When something falls due, or a lease runs out."""
        with self.database.read() as session:
            at = [jobs.next_due(session, lane) for lane in (Lane.SEND, Lane.RECEIPT)]
        return min((each for each in at if each is not None), default=None)

    def end_well(self) -> None:
        """From now on everything works; until nothing is left to do."""
        for vendor in self.vendors:
            vendor.behaves = TAKES
        for _ in range(500):
            for worker in list(self.hands):
                while worker in self.hands:
                    self.crank(worker)
            self.follow_receipts()
            if not self.lease("last"):
                at = self.next_instant()
                if at is None:
                    return
                self.clock.at = max(self.clock.at, at)
        raise Broken("the work never ends")

    def check_the_end(self, notice_id: str) -> None:
        with self.database.read() as session:
            _check_rows(session, notice_id)
            notice = session.get_one(Notice, notice_id)
            for delivery in session.scalars(select(Delivery).where(Delivery.notice_id == notice_id)):
                self._check_times(session, delivery, _key(notice, delivery))
            if notice.state is NoticeState.PLANNED:
                raise Broken("a notice never ended")
            if notice.state is NoticeState.OUT and not self._is_accounted_for(session, notice):
                raise Broken("a notice was lost")

    def _check_times(self, session: Session, delivery: Delivery, key: str) -> None:
        """What may be there twice is counted as doubtful; where the vendor can be asked, it never is."""
        times = self.times_there(key)
        most = 1 if self.vendors[0].can_query else 1 + min(1, delivery.doubts)
        if times > most:
            raise Broken(f"{key} is there {times} times, and {delivery.doubts} doubts were counted")
        attempts = session.scalars(select(Attempt).where(Attempt.delivery_id == delivery.id)).all()
        if delivery.attempts != len(attempts):
            raise Broken("not every attempt is on record")

    def _is_accounted_for(self, session: Session, notice: Notice) -> bool:
        """It is there, or a human learns that it is not, or that nobody knows."""
        theirs = select(Delivery).where(Delivery.notice_id == notice.id).order_by(Delivery.number)
        deliveries = session.scalars(theirs).all()
        told = select(DueRow.id).where(DueRow.kind == "event:NoticeFailed")
        if any(each.state in ("sent", "delivered") and self.times_there(_key(notice, each)) for each in deliveries):
            return True
        last = deliveries[-1] if deliveries else None
        if last is not None and last.state == "unknown":
            return last.doubts > 0
        return last is not None and last.state == "failed" and session.scalar(told) is not None


def _key(notice: Notice, delivery: Delivery) -> str:
    return notice.key if delivery.number == 1 else f"{notice.key}~{delivery.number}"


def _check_rows(session: Session, notice_id: str) -> None:
    for row in session.scalars(select(DueRow).where(DueRow.lane == Lane.SEND)):
        if row.payload["notice"] == notice_id and row.state not in (DueState.DONE, DueState.CANCELLED):
            raise Broken(f"its row is left {row.state}")
