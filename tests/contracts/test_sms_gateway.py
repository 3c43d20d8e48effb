"""What every gateway for texts keeps to. A new one joins with a line in OUTSIDES."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from app.gateways.africas_talking import AfricasTalking
from app.gateways.aliyun import Aliyun
from app.gateways.kannel import Kannel
from app.gateways.modem import Modem
from app.gateways.simulated_phones import SimulatedPhones
from app.gateways.smpp import Smpp
from app.gateways.twilio import Twilio
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import LONGEST_CALL_SECONDS, Accepted, SmsGateway
from app.notices.rules import IN_FLIGHT
from app.notices.segments import segments
from tests.services.gammu import PrivateGammu
from tests.services.kannel import PrivateKannel
from tests.services.smsc import PrivateSmsc
from tests.services.vendors import AfricasTalkingLike, AliyunLike, TwilioLike

NUMBERS = count(13_800_138_000)


def new_number() -> E164:
    return E164(f"+86{next(NUMBERS)}")


@dataclass(frozen=True)
class Outside:
    """A gateway, and the texts that a phone shows, in the order in which they came.

    Outsides may share a server, so that the phones of each are its own.
    """

    gateway: SmsGateway
    arrived: Callable[[E164], list[str]]
    patience_seconds: float = 0
    mother: E164 = field(default_factory=new_number)
    grandmother: E164 = field(default_factory=new_number)

    def shown(self, number: E164, texts: int) -> list[str]:
        """What a phone shows once it shows as many texts, or once waiting is over, behind the vendor's signature."""
        deadline = time.monotonic() + self.patience_seconds
        while len(self.arrived(number)) < texts and time.monotonic() < deadline:
            time.sleep(0.02)
        arrived, signature = self.arrived(number), self.gateway.signature
        assert all(text.startswith(signature) for text in arrived)
        return [text.removeprefix(signature) for text in arrived]


def simulated(request: pytest.FixtureRequest) -> Outside:
    folder: Path = request.getfixturevalue("tmp_path")
    phones = SimulatedPhones(folder / "phones.db", SystemClock())
    return Outside(phones, lambda number: [each.text for each in phones.texts(number)])


def kannel(request: pytest.FixtureRequest) -> Outside:
    server: PrivateKannel = request.getfixturevalue("shared_kannel")
    return Outside(Kannel(server.url), server.sent, patience_seconds=10)


def modem(request: pytest.FixtureRequest) -> Outside:
    daemon: PrivateGammu = request.getfixturevalue("gammu")
    return Outside(Modem(daemon.url, SystemClock()), daemon.sent)


def smpp(request: pytest.FixtureRequest) -> Outside:
    server: PrivateSmsc = request.getfixturevalue("shared_smsc")
    gateway = Smpp(server.url, request.getfixturevalue("tmp_path"), SystemClock())
    return Outside(gateway, server.sent, patience_seconds=10)


def twilio(request: pytest.FixtureRequest) -> Outside:
    vendor: TwilioLike = request.getfixturevalue("shared_twilio")
    return Outside(Twilio(vendor.url), vendor.phones.shown)


def africas_talking(request: pytest.FixtureRequest) -> Outside:
    vendor: AfricasTalkingLike = request.getfixturevalue("shared_africas_talking")
    folder: Path = request.getfixturevalue("tmp_path")
    return Outside(AfricasTalking(vendor.url, folder, SystemClock()), vendor.phones.shown)


def aliyun(request: pytest.FixtureRequest) -> Outside:
    vendor: AliyunLike = request.getfixturevalue("shared_aliyun")
    return Outside(Aliyun(vendor.url, SystemClock()), vendor.phones.shown)


OUTSIDES = {
    "simulated": simulated,
    "kannel": kannel,
    "smpp": smpp,
    "modem": modem,
    "twilio": twilio,
    "africastalking": africas_talking,
    "aliyun": aliyun,
}


@pytest.fixture(scope="module")
def shared_kannel() -> Iterator[PrivateKannel]:
    server = PrivateKannel()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shared_twilio() -> Iterator[TwilioLike]:
    vendor = TwilioLike()
    yield vendor
    vendor.stop()


@pytest.fixture(scope="module")
def shared_africas_talking() -> Iterator[AfricasTalkingLike]:
    vendor = AfricasTalkingLike()
    yield vendor
    vendor.stop()


@pytest.fixture(scope="module")
def shared_aliyun() -> Iterator[AliyunLike]:
    vendor = AliyunLike()
    yield vendor
    vendor.stop()


@pytest.fixture
def gammu() -> Iterator[PrivateGammu]:
    daemon = PrivateGammu()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def shared_smsc() -> Iterator[PrivateSmsc]:
    server = PrivateSmsc()
    yield server
    server.stop()


@pytest.fixture(params=OUTSIDES)
def outside(request: pytest.FixtureRequest) -> Outside:
    return OUTSIDES[request.param](request)


def send(outside: Outside, key: str, text: str = "约好了", to: E164 | None = None) -> Accepted:
    params = {"text": text}  # what a vendor gets that holds the words itself
    return outside.gateway.send(to or outside.mother, "booked", params, "zh-CN", text, key=key)


def test_it_says_what_it_is(outside: Outside) -> None:
    gateway = outside.gateway
    assert 0 < len(gateway.name) <= 32
    flags = (gateway.can_receive, gateway.templates_only, gateway.receipts, gateway.can_query)
    assert all(isinstance(flag, bool) for flag in flags)
    assert gateway.max_segments >= 1


@pytest.mark.parametrize("text", ["Booked: today 19:00", "约好了：王小明和小雨，明天 19:00。", "两行\n🦊", "x'); --"])
def test_a_text_arrives_as_it_was_written(outside: Outside, text: str) -> None:
    accepted = send(outside, "k", text)
    assert 0 < len(accepted.ref) <= 120
    assert outside.shown(outside.mother, 1) == [text]


def test_a_text_of_as_many_segments_as_it_takes_arrives_whole(outside: Outside) -> None:
    most = outside.gateway.max_segments
    text = "约" * (67 * most if most > 1 else 70)
    assert segments(text) == most
    send(outside, "k", text)
    assert outside.shown(outside.mother, 1) == [text]


def test_texts_arrive_in_order_each_at_its_own_phone(outside: Outside) -> None:
    phones = (outside.mother, outside.grandmother, outside.mother)
    refs = [send(outside, str(n), f"text {n}", phone).ref for n, phone in enumerate(phones)]
    assert len(set(refs)) == 3
    assert outside.shown(outside.mother, 2) == ["text 0", "text 2"]
    assert outside.shown(outside.grandmother, 1) == ["text 1"]


def test_where_it_can_be_asked_it_knows_what_it_took_and_only_that(outside: Outside) -> None:
    if not outside.gateway.can_query:
        with pytest.raises(NotImplementedError):
            outside.gateway.query("k")
        return
    accepted = send(outside, "call:1:booked:ü")
    assert outside.gateway.query("call:1:booked:ü") == accepted
    assert outside.gateway.query("call:1:booked") is None


def test_many_threads_may_send_at_once(outside: Outside) -> None:
    threads = [threading.Thread(target=send, args=(outside, f"k{n}", f"text {n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outside.shown(outside.mother, 8)) == [f"text {n}" for n in range(8)]


def test_no_number_stands_in_a_log(outside: Outside, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(outside, "k")
    assert outside.mother.lstrip("+") not in caplog.text


def test_an_attempt_is_over_before_it_counts_as_abandoned() -> None:
    assert IN_FLIGHT.total_seconds() > LONGEST_CALL_SECONDS
