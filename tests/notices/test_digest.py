"""One text instead of a flood: three are told at once, the rest together; what can't wait is never held."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs.models import DueRow
from app.notices import digest
from app.notices.models import Attempt, Delivery, Notice
from app.notices.rules import POLICIES
from app.notices.words import AttemptState, Channel, DeliveryState, NoticeState
from app.storage.database import Database, new_id
from tests.notices.conftest import People, settle
from tests.notices.stage import NOW, due_rows, plan_in

FAR = NOW + timedelta(days=2)
GATHERED = "event:NoticesGathered"


def look(session: Session, person_id: str, key: str, at: datetime, template: str = "booked") -> datetime | None:
    """Plan a notice of a call that is days away, and ask whether its text is to leave now; if so, it leaves."""
    notice_id = plan_in(session, person_id, key, template, at, starts_at=FAR, from_at=FAR)
    return again(session, notice_id, at)


def again(session: Session, notice_id: str, at: datetime) -> datetime | None:
    notice = session.get_one(Notice, notice_id)
    held = digest.gather(session, notice, at)
    if held is None and notice.told_in_id is None:
        leave(session, notice, at)
    return held


def leave(session: Session, notice: Notice, at: datetime) -> None:
    delivery = Delivery(
        id=new_id(session), notice_id=notice.id, number=1, channel=Channel.TEXT, state=DeliveryState.SENDING
    )
    session.add(delivery)
    session.flush()
    session.add(
        Attempt(
            id=new_id(session), delivery_id=delivery.id, number=1, gateway="g", key=notice.key,
            state=AttemptState.SENDING, segments=1, began_at=at,
        )
    )  # fmt: skip
    session.flush()


def told_together(session: Session) -> list[list[str]]:
    """The keys of notices that were told in one, text by text."""
    gathered: dict[str, list[str]] = {}
    for notice in session.scalars(select(Notice).where(Notice.told_in_id.is_not(None)).order_by(Notice.key)):
        assert notice.state is NoticeState.OUT
        gathered.setdefault(str(notice.told_in_id), []).append(notice.key)
    return list(gathered.values())


def test_a_clock_that_was_ahead_holds_nothing_back_once_it_is_right(database: Database, people: People) -> None:
    ahead = NOW + timedelta(days=1)
    with database.begin() as session:
        assert [look(session, people.parent, f"{n}", ahead) for n in range(4)] == [None] * 3 + [ahead + digest.WINDOW]
        assert look(session, people.parent, "right again", NOW) is None
        held = session.scalars(select(Notice).where(Notice.held_until.is_not(None))).one()
        assert again(session, held.id, NOW) is None


def test_three_are_told_at_once_and_the_rest_in_one(database: Database, people: People) -> None:
    over = NOW + digest.WINDOW
    with database.begin() as session:
        looked = [look(session, people.parent, f"{n:02}", NOW + timedelta(seconds=n)) for n in range(20)]
        assert looked == [None] * 3 + [over] * 17
        held = {n.key: n.id for n in session.scalars(select(Notice).where(Notice.held_until.is_not(None)))}
        assert again(session, held["03"], over) is None
        assert told_together(session) == [[f"{n:02}" for n in range(3, 20)]]
    (event,) = due_rows(database, GATHERED)
    with database.read() as session:
        assert event.payload["notice_id"] == session.get_one(Notice, held["03"]).told_in_id
    assert event.payload["person_id"] == people.parent


def test_one_that_was_held_alone_is_told_by_itself(database: Database, people: People) -> None:
    with database.begin() as session:
        looked = [look(session, people.parent, str(n), NOW) for n in range(4)]
        assert looked[-1] == NOW + digest.WINDOW
        (held,) = session.scalars(select(Notice.id).where(Notice.held_until.is_not(None)))
        assert again(session, held, NOW + digest.WINDOW) is None
        assert told_together(session) == []
    assert due_rows(database, GATHERED) == []


def test_what_comes_while_others_wait_joins_them(database: Database, people: People) -> None:
    with database.begin() as session:
        for n in range(3):
            look(session, people.parent, str(n), NOW + timedelta(minutes=2 * n))
        assert look(session, people.parent, "3", NOW + timedelta(minutes=5)) == NOW + digest.WINDOW
        late = NOW + digest.WINDOW - timedelta(seconds=1)
        assert look(session, people.parent, "4", late) == NOW + digest.WINDOW
        assert look(session, people.caregiver, "5", late) is None, "everybody's own texts count"


def test_ten_minutes_later_three_more_may_be_told(database: Database, people: People) -> None:
    with database.begin() as session:
        for minutes in (0, 0, 0, 10, 10, 10):
            at = NOW + timedelta(minutes=minutes)
            assert look(session, people.parent, f"{minutes}{new_id(session)}", at) is None


def test_what_was_called_off_while_it_waited_is_not_told(database: Database, people: People) -> None:
    with database.begin() as session:
        for n in range(6):
            look(session, people.parent, str(n), NOW)
        session.scalars(select(Notice).where(Notice.key == "4")).one().state = NoticeState.CANCELLED
        held = session.scalars(select(Notice.id).where(Notice.key == "3")).one()
        again(session, held, NOW + digest.WINDOW)
        assert told_together(session) == [["3", "5"]]


URGENT = [template for template, policy in POLICIES.items() if not policy.is_gatherable]


@pytest.mark.parametrize("template", ["ring_parent", "ring_village", "reminder_ten", "sign_in_code", "slot_offered"])
def test_what_can_not_wait_is_never_held(database: Database, people: People, template: str) -> None:
    assert template in URGENT
    with database.begin() as session:
        for n in range(5):
            look(session, people.parent, f"flood {n}", NOW)
        notice_id = plan_in(session, people.parent, "urgent", template, NOW, None, code="1", until_at=FAR)
        assert digest.gather(session, session.get_one(Notice, notice_id), NOW) is None


@pytest.mark.parametrize(
    ("starts_at", "from_at", "is_held"),
    [
        (NOW + timedelta(minutes=119), FAR, False),
        (NOW + timedelta(minutes=121), FAR, True),
        (FAR, NOW + timedelta(minutes=30), False),
        (FAR, FAR, True),
    ],
)
def test_news_of_a_call_that_is_near_is_never_held(
    database: Database, people: People, starts_at: datetime, from_at: datetime, is_held: bool
) -> None:
    with database.begin() as session:
        for n in range(3):
            look(session, people.parent, str(n), NOW)
        notice_id = plan_in(session, people.parent, "moved", "moved", NOW, starts_at=starts_at, from_at=from_at)
        assert (digest.gather(session, session.get_one(Notice, notice_id), NOW) is not None) is is_held


def test_two_workers_never_count_for_one_person_at_the_same_time(postgres_url: str) -> None:
    """Four notices, each decided by a worker of its own at the same moment: three leave at once."""
    database = Database(postgres_url)
    people = settle(database, "1")
    with database.begin() as session:
        ids = [plan_in(session, people.parent, str(n), starts_at=FAR) for n in range(5)]
    together, left = threading.Barrier(len(ids)), list[str]()

    def decide(notice_id: str) -> None:
        together.wait()
        held: datetime | None = NOW
        while held is not None and held < NOW + timedelta(minutes=1):
            with database.begin() as session:
                held = again(session, notice_id, NOW)
        if held is None:
            left.append(notice_id)

    threads = [threading.Thread(target=decide, args=(notice_id,)) for notice_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(left) == digest.TOLD_AT_ONCE
    with database.read() as session:
        assert session.scalars(select(DueRow).where(DueRow.kind == GATHERED)).all() == []
    database.close()
