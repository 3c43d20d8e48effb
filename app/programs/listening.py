"""Hears what comes in by the gateways that hold a connection or look in a place, each on a thread of the worker.

A gateway reconnects by itself; one whose thread ends all the same, by an error or unasked, is begun again with growing
pauses. What is not taken is logged here, once for all of them, without what stood in it.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from app.jobs.rules import with_place
from app.notices.ports import Arrivals, Listening, SmsGateway

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
GOODBYE_SECONDS = 5.0

Take = Callable[[Arrivals], None]


class Listeners:
    """Listens from `start` until `stop` is set."""

    def __init__(
        self,
        gateways: Sequence[SmsGateway],
        taker: Callable[[SmsGateway], Take],
        stop: threading.Event,
        *,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._stop = stop
        self._first_pause_seconds = first_pause_seconds
        self._threads = [self._thread(each, each.name, taker(each)) for each in gateways if isinstance(each, Listening)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait, not for ever, until all have said goodbye."""
        for thread in self._threads:
            thread.join(GOODBYE_SECONDS)

    def _thread(self, gateway: Listening, name: str, take: Take) -> threading.Thread:
        return threading.Thread(
            target=self._run, args=(gateway, name, told(name, take)), name=f"hear-{name}", daemon=True
        )  # fmt: skip

    def _run(self, gateway: Listening, name: str, take: Take) -> None:
        pause = self._first_pause_seconds
        while not self._stop.is_set():
            try:
                gateway.listen(take, self._stop)
            except Exception as error:
                log.error("listening to %s failed: %s", name, with_place(error))
            if not self._stop.wait(pause):
                log.warning("listening to %s begins again", name)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def told(name: str, take: Take) -> Take:
    """The same, and what went wrong is logged."""

    def taken(arrivals: Arrivals) -> None:
        try:
            take(arrivals)
        except Exception as error:
            log.warning("what came in by %s was not taken: %s", name, with_place(error))
            raise

    return taken
