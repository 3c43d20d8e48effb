"""Lets the threads of a worker look at once when this process has put something that is due.

What other processes put is seen at the next look, as ever; nothing depends on an alarm.
"""

import threading
from typing import Any

from app.jobs.service import DUE_NOW
from app.storage.database import Database


class Alarm(threading.Event):
    """An event that ends all waiting when it is set; roused, it ends each thread's waiting once without being set."""

    def __init__(self) -> None:
        super().__init__()
        self._roused = threading.Condition()
        self._times = 0
        self._seen = threading.local()

    def set(self) -> None:
        super().set()
        self.rouse()

    def rouse(self) -> None:
        with self._roused:
            self._times += 1
            self._roused.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is set; with a `timeout`, False comes early to whoever was roused since they waited last."""
        if timeout is None:
            return super().wait()
        with self._roused:
            if not self.is_set() and self._times == getattr(self._seen, "times", 0):
                self._roused.wait(timeout)
            self._seen.times = self._times
        return self.is_set()


def rouse_after_commit(database: Database, alarm: Alarm) -> None:
    """From now on each committed transaction that put something due rouses."""

    def rouse(info: dict[Any, Any]) -> None:
        if DUE_NOW in info:
            alarm.rouse()

    database.after_commit.append(rouse)
