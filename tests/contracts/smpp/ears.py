"""Who listens to an SMSC in the tests: a sink for what comes in, a clock that is set by hand, a thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.gateways.smpp import Smpp
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, Inbound, Receipt

NUMBER, OTHER = E164("+8613800138000"), E164("+8613800138001")
TAKEN, NOT_NOW, NEVER = 0, 0x64, 0x65  # how a delivery is answered
NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


@dataclass
class HandClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Sink:
    """What was taken. While `gate` is shut taking waits; `refusals` many are refused."""

    refusals: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[Inbound] = field(default_factory=list)
    texts: list[Inbound] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def __call__(self, arrivals: Arrivals) -> None:
        self.asked += arrivals.texts
        assert self.gate.wait(10)
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("the database is away")
        self.texts += arrivals.texts
        self.receipts += arrivals.receipts

    @property
    def said(self) -> list[str]:
        return [each.text for each in self.texts]


@contextmanager
def listening(gateway: Smpp, take: Callable[[Arrivals], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=gateway.listen, args=(take, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)
        assert not thread.is_alive()


def send(gateway: Smpp, text: str = "约好了", key: str = "k") -> str:
    return gateway.send(NUMBER, "booked", {}, "zh-CN", text, key).ref
