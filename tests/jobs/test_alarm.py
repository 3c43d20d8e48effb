"""What this process puts is seen at once by its own worker, and a stop is a stop."""

import threading
import time
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.alarm import Alarm, rouse_after_commit
from app.jobs.words import Lane
from app.jobs.worker import LONGEST_NAP_SECONDS, Handlers, Worker
from app.kernel.clock import SystemClock
from app.storage.database import Database
from tests.web.waiting import until

LINKS = 6


def test_a_thread_is_roused_once_each_time_also_by_what_came_before_it_waited() -> None:
    alarm = Alarm()
    alarm.rouse()
    assert not alarm.wait(60), "roused before"
    began_at = time.monotonic()
    assert not alarm.wait(0.05), "and not again"
    assert time.monotonic() - began_at >= 0.05
    threading.Timer(0.05, alarm.rouse).start()
    assert not alarm.wait(60)


def test_set_it_ends_all_waiting() -> None:
    alarm = Alarm()
    ended: list[bool] = []
    waiting = [
        threading.Thread(target=lambda timeout=timeout: ended.append(alarm.wait(timeout))) for timeout in (60, None)
    ]
    for thread in waiting:
        thread.start()
    alarm.rouse()
    time.sleep(0.05)
    alarm.set()
    for thread in waiting:
        thread.join(5)
    assert sorted(ended) in ([False, True], [True, True])
    assert alarm.wait(60)


def put_next(session: Session, number: int) -> None:
    lane, now = (Lane.ERRAND, Lane.STEP)[number % 2], SystemClock().now()
    service.put(session, f"link.{lane}", now, now, payload={"number": number}, lane=lane)


def test_a_chain_of_rows_does_not_wait_until_the_worker_looks(database: Database) -> None:
    """Each row puts the next one, on the other lane: who looks each second alone would need some."""
    ended_at: list[float] = []

    def step(session: Session, row: service.Leased, _now: datetime) -> None:
        put_next(session, row.payload["number"] + 1)

    def errand(row: service.Leased) -> None:
        if row.payload["number"] < LINKS:
            with database.begin() as session:
                put_next(session, row.payload["number"] + 1)
        else:
            ended_at.append(time.monotonic())

    worker = Worker(database, SystemClock(), Handlers(steps={"link.step": step}, errands={"link.errand": errand}))
    worker.stop = alarm = Alarm()
    rouse_after_commit(database, alarm)
    running = threading.Thread(target=worker.run)
    running.start()
    try:
        time.sleep(LONGEST_NAP_SECONDS + 0.2)  # it naps as long as it ever does
        began_at = time.monotonic()
        with database.begin() as session:
            put_next(session, 1)
        until(lambda: bool(ended_at))
        assert ended_at[0] - began_at < LONGEST_NAP_SECONDS
    finally:
        alarm.set()
        running.join()
