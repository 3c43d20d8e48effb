"""What every gateway keeps to that is listened to. One that joins says how a text comes in at its other end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.gateways.africas_talking import AfricasTalking
from app.gateways.modem import Modem
from app.gateways.simulated_phones import SimulatedPhones
from app.gateways.smpp import Smpp
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, Inbound, Listening, Receipt, ReceiptStatus, SmsGateway
from tests.services.gammu import PrivateGammu
from tests.services.smsc import PrivateSmsc
from tests.services.vendors import AfricasTalkingLike
from tests.web.waiting import until

MOTHER, GRANDMOTHER = E164("+8613800138000"), E164("+8613800138001")
LONG = "好" * 300


@dataclass(frozen=True)
class Outside:
    """A gateway, how somebody sends a text to us through it, and the most that its receipts say."""

    gateway: SmsGateway
    write: Callable[[E164, str], None]
    most: ReceiptStatus = ReceiptStatus.DELIVERED


def simulated(request: pytest.FixtureRequest) -> Outside:
    folder: Path = request.getfixturevalue("tmp_path")
    phones = SimulatedPhones(folder / "phones.db", SystemClock())
    keys = (str(number) for number in range(1000))
    return Outside(phones, lambda number, text: phones.write(number, text, next(keys)))


def modem(request: pytest.FixtureRequest) -> Outside:
    daemon: PrivateGammu = request.getfixturevalue("gammu")
    return Outside(Modem(daemon.url, SystemClock()), daemon.receive, ReceiptStatus.SENT)


def smpp(request: pytest.FixtureRequest) -> Outside:
    server: PrivateSmsc = request.getfixturevalue("smsc")
    return Outside(Smpp(server.url, request.getfixturevalue("tmp_path"), SystemClock()), server.receive)


def africas_talking(request: pytest.FixtureRequest) -> Outside:
    vendor: AfricasTalkingLike = request.getfixturevalue("vendor")
    folder: Path = request.getfixturevalue("tmp_path")
    return Outside(AfricasTalking(vendor.url, folder, SystemClock()), vendor.receive)


OUTSIDES = {"simulated": simulated, "modem": modem, "smpp": smpp, "africastalking": africas_talking}
TELLING = [name for name in OUTSIDES if name != "africastalking"]  # what became of texts


@pytest.fixture
def smsc() -> Iterator[PrivateSmsc]:
    server = PrivateSmsc()
    yield server
    server.stop()


@pytest.fixture
def gammu(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateGammu]:
    monkeypatch.setattr("app.gateways.modem.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("app.gateways.modem.QUIET_SECONDS", 0.2)
    daemon = PrivateGammu(loop_seconds=1)
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[AfricasTalkingLike]:
    monkeypatch.setattr("app.gateways.africas_talking.LOOK_SECONDS", 0.05)
    started = AfricasTalkingLike()
    yield started
    started.stop()


@dataclass
class Taken:
    """A sink: what it was given; it refuses the first `refusals` times."""

    refusals: int = 0
    texts: list[Inbound] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def __call__(self, arrivals: Arrivals) -> None:
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("the database is away")
        self.texts += arrivals.texts
        self.receipts += arrivals.receipts

    @property
    def said(self) -> list[str]:
        return [each.text for each in self.texts]


@pytest.fixture(params=OUTSIDES)
def outside(request: pytest.FixtureRequest) -> Outside:
    return OUTSIDES[request.param](request)


@contextmanager
def listening(outside: Outside, take: Callable[[Arrivals], None]) -> Iterator[None]:
    assert isinstance(outside.gateway, Listening)
    stop = threading.Event()
    thread = threading.Thread(target=outside.gateway.listen, args=(take, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)
        assert not thread.is_alive(), "it goes on listening although it was told to stop"


def send(outside: Outside, key: str, to: E164 = MOTHER) -> str:
    return outside.gateway.send(to, "booked", {}, "zh-CN", "约好了", key=key).ref


@pytest.mark.parametrize("text", ["2", "２", "好的，明天见🦊", "two\nlines", "", LONG, "\u202e1'); --"])
def test_a_text_comes_in_as_it_was_written(outside: Outside, text: str) -> None:
    take = Taken()
    with listening(outside, take):
        outside.write(MOTHER, text)
        until(lambda: bool(take.texts))
    (came,) = take.texts
    assert (came.sender, came.text) == (MOTHER, text)
    assert 0 < len(came.ref) <= 120
    assert came.at.utcoffset() is not None


def test_what_came_while_nobody_listened_waits_and_comes_once(outside: Outside) -> None:
    for n, sender in enumerate((MOTHER, GRANDMOTHER, MOTHER)):
        outside.write(sender, str(n))
    first, second = Taken(), Taken()
    with listening(outside, first):
        until(lambda: len(first.texts) == 3)
    outside.write(MOTHER, "3")
    with listening(outside, second):
        until(lambda: bool(second.texts))
    assert (first.said, second.said) == (["0", "1", "2"], ["3"])
    assert len({each.ref for each in [*first.texts, *second.texts]}) == 4


def test_what_is_not_taken_comes_again_under_its_name_and_holds_nothing_else_back(outside: Outside) -> None:
    outside.write(MOTHER, "1")
    outside.write(GRANDMOTHER, "2")
    refused: list[str] = []
    take = Taken()

    def take_hers_late(arrivals: Arrivals) -> None:
        for each in arrivals.texts:
            if each.sender == MOTHER and not refused:
                refused.append(each.ref)
                raise RuntimeError("a clash")
        take(arrivals)

    with listening(outside, take_hers_late):
        until(lambda: len(take.texts) == 2)
    assert take.said == ["2", "1"]
    assert [each.ref for each in take.texts if each.sender == MOTHER] == refused


@pytest.mark.parametrize("outside", TELLING, indirect=True)
def test_it_says_what_became_of_a_text(outside: Outside) -> None:
    take = Taken()
    with listening(outside, take):
        ref = send(outside, "k")
        until(lambda: bool(take.receipts))
    (receipt,) = take.receipts
    assert receipt.status is outside.most
    assert ref == receipt.ref or receipt.key == "k"


@pytest.mark.parametrize("outside", TELLING, indirect=True)
def test_a_receipt_that_is_not_taken_comes_again(outside: Outside) -> None:
    send(outside, "k")
    take = Taken(refusals=1)
    with listening(outside, take):
        until(lambda: bool(take.receipts))
    assert take.refusals == 0
