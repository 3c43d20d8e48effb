"""Three notices, two workers, two vendors, and everything that can happen, in orders that nobody thought of."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import delete, event, select, update

from app.jobs.models import DueRow
from app.kernel.errors import HomethreadError
from app.notices import service
from app.notices.models import Attempt, Delivery, GatewayState, Notice
from app.notices.ports import ReceiptStatus
from app.notices.words import AttemptState, DeliveryState, NoticeState
from app.storage.database import Database
from tests.notices.conftest import People, settle
from tests.notices.stage import plan_in
from tests.notices.world import BEHAVIOURS, LEASE, MUTE, TAKES, World

# As rules of their own, few of them would ever come in an order in which something is sent.
WEIGHTS = {
    "works": 14, "time": 3, "dies": 2, "stalls": 1, "vendor": 4, "receipt": 3, "cancelled": 1, "read": 1, "again": 1,
}  # fmt: skip
HAPPENS = st.sampled_from([what for what, weight in WEIGHTS.items() for _ in range(weight)])
WORKERS = st.sampled_from(["one", "two"])
BEHAVES = st.sampled_from([TAKES, *BEHAVIOURS, MUTE])
RECEIPTS = st.sampled_from([ReceiptStatus.SENT, ReceiptStatus.DELIVERED, ReceiptStatus.FAILED])
PLANNED = {"a": "booked", "b": "ring_parent", "c": "reminder_hour"}
RECEIPT_RANK = {AttemptState.SENT: 1, AttemptState.FAILED: 2, AttemptState.DELIVERED: 3}


class Deliveries(RuleBasedStateMachine):
    database: Database
    people: People

    @initialize(can_query=st.booleans())
    def begin(self, can_query: bool) -> None:
        with self.database.begin() as session:
            for table in (DueRow, Attempt, Delivery, Notice, GatewayState):
                session.execute(delete(table))
        self.world = World(self.database, can_query)
        self.highest: dict[str, int] = {}
        now = self.world.clock.now()
        with self.database.begin() as session:
            self.ids = {
                key: plan_in(session, self.people.parent, key, template, now) for key, template in PLANNED.items()
            }
            for key, notice_id in self.ids.items():
                session.execute(update(Notice).where(Notice.id == notice_id).values(subject=f"call:{key}"))

    @rule(
        what=HAPPENS, worker=WORKERS, key=st.sampled_from(list(PLANNED)), number=st.integers(0, 1), behaves=BEHAVES,
        status=RECEIPTS,
    )  # fmt: skip
    def happens(self, what: str, worker: str, key: str, number: int, behaves: str, status: ReceiptStatus) -> None:
        world, vendor = self.world, self.world.vendors[number]
        if what == "works":
            if worker in world.hands:
                world.crank(worker)
            else:
                world.lease(worker)
        elif what == "dies" and worker in world.hands:
            world.die(worker)
        elif what == "stalls":
            world.pass_time(LEASE.total_seconds())
        elif what == "vendor":
            vendor.behaves = behaves
        elif what == "receipt" and key in vendor.taken:
            world.bring_receipt(key, vendor, status)
        else:
            self.somebody(what, key)
        self.look()

    def somebody(self, what: str, key: str) -> None:
        """Somebody does something, or time passes."""
        world = self.world
        with self.database.begin() as session:
            if what == "cancelled":
                service.cancel_for(session, f"call:{key}", world.clock.now())
            elif what == "read":
                service.close_one(session, self.ids[key], world.clock.now())
        if what == "again":
            self.send_again(key)
        if what == "time" and not any(hand.call for hand in world.hands.values()):
            at = world.next_instant() or world.clock.now()
            world.clock.at = max(world.clock.now(), min(at, world.clock.now() + timedelta(minutes=5)))

    def send_again(self, key: str) -> None:
        with self.database.begin() as session:
            last = select(Delivery).where(Delivery.notice_id == self.ids[key]).order_by(Delivery.number.desc())
            delivery = session.scalar(last.limit(1))
            try:
                if delivery is not None:
                    service.send_again(session, delivery.id, self.world.clock.now())
            except HomethreadError:
                session.rollback()

    def look(self) -> None:
        """No receipt takes anything back, and no text is known to be there twice."""
        with self.database.read() as session:
            for attempt in session.scalars(select(Attempt)):
                rank = RECEIPT_RANK.get(attempt.state, 0)
                assert rank >= self.highest.get(attempt.id, 0)
                self.highest[attempt.id] = rank
            for delivery in session.scalars(select(Delivery).where(Delivery.state == DeliveryState.WAITING)):
                theirs = session.scalars(select(Attempt.state).where(Attempt.delivery_id == delivery.id))
                assert not {AttemptState.SENT, AttemptState.DELIVERED} & set(theirs)

    def teardown(self) -> None:
        """In the end everything works; each notice has ended then, and what may be there twice was counted."""
        if not hasattr(self, "ids"):
            return
        self.world.end_well()
        for notice_id in self.ids.values():
            self.world.check_the_end(notice_id)
        with self.database.read() as session:
            states = set(session.scalars(select(Notice.state)))
        assert states <= {NoticeState.OUT, NoticeState.CANCELLED}


@pytest.mark.timeout(600)  # a failure takes minutes to be made small
@pytest.mark.parametrize("times", [1, pytest.param(8, marks=pytest.mark.long)])
def test_whatever_happens_nothing_is_lost_or_knowingly_doubled(database: Database, times: int) -> None:
    if database.is_sqlite:
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    machine = type("DeliveriesHere", (Deliveries,), {"database": database, "people": settle(database, "1")})
    examples = times * (10 if database.is_sqlite else 4)
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=40))
