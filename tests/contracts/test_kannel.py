"""A real Kannel: receipts and texts that come by its calls, what it refuses, and its boxes ending and hanging."""

import logging
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.gateways import kannel
from app.gateways.kannel import Kannel
from app.kernel.numbers import E164
from app.notices.ports import GatewayError, HookRequest, Inbound, NoAnswer, Receipt, ReceiptStatus
from tests.services import free_port
from tests.services.kannel import ADMIN_PASSWORD, SMPP, PrivateKannel
from tests.services.smsc import PASSWORD, SYSTEM_ID, PrivateSmsc
from tests.web.waiting import until

NUMBER = E164("+8613800138000")


class Ears:
    """Our hook: reads each call as the gateway does, and answers 500 to the first `refusals`."""

    def __init__(self) -> None:
        self.texts: list[Inbound] = []
        self.receipts: list[Receipt] = []
        self.heard: list[str] = []
        self.refusals = 0
        self.gateway = Kannel("kannel://u:p@127.0.0.1:1/")
        ears = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(ears.hear(self.path.partition("?")[2].encode("latin-1")))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks/kannel/secret"

    def hear(self, query: bytes) -> int:
        arrivals = self.gateway.hook(HookRequest("GET", self.url, query), datetime.now(UTC))
        self.heard += [each.ref for each in arrivals.texts]
        if self.refusals:
            self.refusals -= 1
            return 500
        self.texts += arrivals.texts
        self.receipts += arrivals.receipts
        return 200

    def statuses(self, key: str) -> set[ReceiptStatus]:
        return {each.status for each in self.receipts if each.key == key}

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def module_ears() -> Iterator[Ears]:
    ears = Ears()
    yield ears
    ears.stop()


@pytest.fixture(scope="module")
def server(module_ears: Ears) -> Iterator[PrivateKannel]:
    running = PrivateKannel(module_ears.url)
    yield running
    running.stop()


@pytest.fixture
def ears(module_ears: Ears, server: PrivateKannel) -> Ears:
    module_ears.texts.clear()
    module_ears.heard.clear()
    return module_ears


@pytest.fixture
def gateway(server: PrivateKannel) -> Kannel:
    return Kannel(server.url)


def send(gateway: Kannel, text: str = "约好了", key: str = "k") -> str:
    return gateway.send(NUMBER, "booked", {}, "zh-CN", text, key).ref


def test_receipts_are_known_by_the_key_whatever_stands_in_it(gateway: Kannel, ears: Ears) -> None:
    key = "call:1:booked:%d ü&k=1"
    send(gateway, key=key)
    until(lambda: ears.statuses(key) == {ReceiptStatus.SENT, ReceiptStatus.DELIVERED})
    assert {each.ref for each in ears.receipts} == {None}


@pytest.mark.parametrize(
    "text", ["2", "２", "好的，明天见🦊", "two words & more=1", "100% 'sure'", "\u202e1'); --", "€ [x]é"]
)
def test_a_text_comes_in_as_it_was_written(server: PrivateKannel, ears: Ears, text: str) -> None:
    before = datetime.now(UTC)
    server.receive(NUMBER, text)
    until(lambda: bool(ears.texts))
    (came,) = ears.texts
    assert (came.sender, came.text) == (NUMBER, text)
    assert 0 < len(came.ref) <= 120
    assert abs(came.at - before) < timedelta(seconds=15)


def test_what_is_no_text_is_passed_over(server: PrivateKannel, ears: Ears) -> None:
    server.receive_octets(NUMBER, bytes(range(100, 200)))
    server.receive(NUMBER, "next")
    until(lambda: bool(ears.texts))
    assert [each.text for each in ears.texts] == ["next"]


def test_pieces_in_any_order_are_one_text(server: PrivateKannel, ears: Ears) -> None:
    for number, piece in ((2, b"world"), (1, b"hello-")):
        server.receive_octets(NUMBER, piece, header=bytes([5, 0, 3, 9, 2, number]), kind="udh-text")
    until(lambda: bool(ears.texts))
    assert [each.text for each in ears.texts] == ["hello-world"]


def test_a_call_that_fails_comes_again_under_the_same_name(server: PrivateKannel, ears: Ears) -> None:
    ears.refusals = 1
    server.receive(NUMBER, "3")
    until(lambda: bool(ears.texts))
    assert len(ears.heard) == 2
    assert len(set(ears.heard)) == 1


def test_a_wrong_password_is_passing_and_no_secret_is_said(server: PrivateKannel) -> None:
    gateway = Kannel(server.url.replace("of%20the%20tests", "of%20nobody"))
    for ask in (lambda: send(gateway), gateway.probe):
        with pytest.raises(GatewayError, match="Authorization failed") as refused:
            ask()
        assert not refused.value.permanent
        assert "nobody" not in str(refused.value)


def test_a_number_that_it_sends_nothing_to_is_permanent(gateway: Kannel) -> None:
    with pytest.raises(GatewayError) as refused:
        gateway.send(E164("nobody"), "booked", {}, "en", "x", "k")
    assert refused.value.permanent


def test_one_that_is_not_there_is_passing() -> None:
    gateway = Kannel(f"kannel://u:p@127.0.0.1:{free_port()}/")
    for ask in (lambda: send(gateway), gateway.probe):
        with pytest.raises(GatewayError, match="not reachable") as refused:
            ask()
        assert not refused.value.permanent


def test_it_probes_login_and_connection_and_sends_nothing(server: PrivateKannel, gateway: Kannel) -> None:
    sent = server.status().partition("sent ")[2].partition(" ")[0]
    gateway.probe()
    assert server.status().partition("sent ")[2].startswith(f"{sent} ")


def test_a_status_page_that_is_not_shown_fails_the_probe(server: PrivateKannel) -> None:
    with pytest.raises(GatewayError, match="status page"):
        Kannel(server.url.replace(f"={ADMIN_PASSWORD}", "=wrong")).probe()
    with pytest.raises(GatewayError, match="status page"):
        Kannel(server.url.replace(f":{server.admin_port}", f":{free_port()}")).probe()


def test_one_that_hangs_is_in_doubt_and_fails_its_probe(
    server: PrivateKannel, gateway: Kannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kannel, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(kannel, "PROBE_SECONDS", 0.5)
    with server.frozen("smsbox"):
        with pytest.raises(NoAnswer):
            send(gateway)
        with pytest.raises(GatewayError, match="does not answer"):
            gateway.probe()
    gateway.probe()


def test_neither_number_nor_text_nor_password_stands_in_a_log(
    server: PrivateKannel, gateway: Kannel, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send(gateway, "secret words")
        gateway.probe()
        server.receive(NUMBER, "secret words")
        until(lambda: bool(ears.texts))
    for secret in (
        NUMBER.lstrip("+"),
        "secret words",
        "secret+words",
        "of the tests",
        "of%20the",
        f"={ADMIN_PASSWORD}",
    ):
        assert secret not in caplog.text


def test_a_bearerbox_that_was_killed_loses_no_text_that_came_after(
    server: PrivateKannel, gateway: Kannel, ears: Ears
) -> None:
    """While it is away nothing is said to be taken that isn't; afterwards texts go and come without our doing."""
    server.end("bearerbox", signal.SIGKILL)
    with pytest.raises((GatewayError, NoAnswer)):
        gateway.probe()
    server.restart()
    gateway.probe()
    send(gateway, "after", "after")
    until(lambda: ReceiptStatus.DELIVERED in ears.statuses("after"))
    server.receive(NUMBER, "4")
    until(lambda: bool(ears.texts))
    assert server.sent(NUMBER)[-1] == "after"


@pytest.fixture(scope="module")
def smsc() -> Iterator[PrivateSmsc]:
    running = PrivateSmsc()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def before_smpp(module_ears: Ears, smsc: PrivateSmsc) -> Iterator[PrivateKannel]:
    """A Kannel that hands on to an SMSC of somebody else's making."""
    running = PrivateKannel(module_ears.url, SMPP.format(port=smsc.port, user=SYSTEM_ID, password=PASSWORD))
    yield running
    running.stop()


def test_in_front_of_an_smsc_both_directions_and_a_text_that_fails(
    before_smpp: PrivateKannel, smsc: PrivateSmsc, ears: Ears
) -> None:
    gateway = Kannel(before_smpp.url)
    gateway.probe()
    long = "约" * 100 + "🦊"
    send(gateway, long, "long")
    until(lambda: ReceiptStatus.DELIVERED in ears.statuses("long"))
    assert smsc.sent(NUMBER) == [long]
    smsc.behave(state="UNDELIV")
    send(gateway, "Booked: today 19:00", "lost")
    until(lambda: ReceiptStatus.FAILED in ears.statuses("lost"))
    (error,) = {each.error for each in ears.receipts if each.error}
    assert error == "stat:UNDELIV err:000"
    smsc.receive(NUMBER, long)
    until(lambda: bool(ears.texts))
    assert [(each.sender, each.text) for each in ears.texts] == [(NUMBER, long)]


def test_a_fox_at_the_border_of_two_pieces_stays_whole(
    before_smpp: PrivateKannel, smsc: PrivateSmsc, ears: Ears
) -> None:
    text = "约" * 66 + "🦊" + "好" * 10
    smsc.behave(state="DELIVRD")
    send(Kannel(before_smpp.url), text, "fox")
    until(lambda: ReceiptStatus.DELIVERED in ears.statuses("fox"))
    assert [each["text"][0] for each in smsc.told("submitted")[-2:]] == ["约", "🦊"]
    assert smsc.sent(NUMBER)[-1] == text


def test_a_number_that_the_smsc_refuses_comes_back_as_failed(
    before_smpp: PrivateKannel, smsc: PrivateSmsc, ears: Ears
) -> None:
    smsc.behave(submit="refuse", status=0x0B)
    send(Kannel(before_smpp.url), key="refused")
    until(lambda: ReceiptStatus.FAILED in ears.statuses("refused"))


def test_an_smsc_that_went_away_fails_the_probe(before_smpp: PrivateKannel, smsc: PrivateSmsc) -> None:
    smsc.stop()
    until(lambda: "(online " not in before_smpp.status())
    with pytest.raises(GatewayError, match="no SMSC"):
        Kannel(before_smpp.url).probe()
    smsc.start()
    before_smpp.until("(online ")
