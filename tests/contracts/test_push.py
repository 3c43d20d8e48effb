"""What a push comes to at a push service, and what the sender makes of all that one may answer."""

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.config import BadSetting
from app.gateways import web_push
from app.gateways.careful_http import CONNECT_SECONDS, WHOLE_SECONDS, CarefulHttp, NotCalled
from app.gateways.web_push import WebPush
from app.kernel.clock import SystemClock
from app.notices.ports import LONGEST_CALL_SECONDS, GatewayError, Gone, NoAnswer, Subscription, Urgency
from app.programs.local_tls import LocalAuthority
from tests.scene import StepClock
from tests.services.push_service import DRIPS, HANGS, PushedTo, PushService

PAYLOAD = '{"title":"家线","body":"奶奶在等"}'.encode()
CLOCK = StepClock()


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    running = PushService(CLOCK.now)
    yield running
    running.stop()


def sender(http: CarefulHttp | None = None, contact: str = "mailto:desk@example.org") -> WebPush:
    http = http or CarefulHttp(allows_loopback=True, whole_seconds=0.4)
    return WebPush(ec.generate_private_key(ec.SECP256R1()), contact, CLOCK, http)


def send(by: WebPush, to: Subscription, payload: bytes = PAYLOAD) -> str:
    return by.send(to, payload, urgency=Urgency.HIGH, topic="a-topic_1", ttl_seconds=300)


def test_it_comes_signed_and_sealed_with_urgency_topic_and_time(service: PushService) -> None:
    browser, pusher = service.browser(), sender()
    ref = send(pusher, browser.subscription)
    assert ref == f"{service.origin}/message/1"
    (came,) = browser.taken
    assert (came.said["body"], came.urgency, came.topic, came.ttl_seconds) == ("奶奶在等", "high", "a-topic_1", 300)
    assert pusher.public_key in service.senders
    assert not service.complaints


def test_the_service_sees_through_a_wrong_signature(service: PushService) -> None:
    """Otherwise the test before would prove nothing."""
    pusher = sender()
    pusher.authorization = sender().authorization  # type: ignore[method-assign]
    good = pusher.authorization(service.origin)
    token, _, key = good.removeprefix("vapid t=").partition(",k=")
    other = sender().public_key
    for bad in (f"vapid t={token},k={other}", f"vapid t={token[:-6]}AAAAAA,k={key}", "WebPush x"):
        pusher.authorization = lambda _endpoint, bad=bad: bad  # type: ignore[method-assign, misc]
        with pytest.raises(GatewayError):
            send(pusher, service.browser().subscription)
    assert len(service.complaints) == 3
    service.complaints.clear()


@pytest.mark.parametrize("status", [404, 410])
def test_one_that_is_gone_is_told_as_gone(service: PushService, status: int) -> None:
    with pytest.raises(Gone):
        send(sender(), service.browser(status).subscription)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (403, True), (413, True), (301, True), (307, True), (429, False), (500, False), (503, False)],
)
def test_a_refusal_lasts_or_passes(service: PushService, status: int, permanent: bool) -> None:
    with pytest.raises(GatewayError) as refused:
        send(sender(), service.browser(status).subscription)
    assert refused.value.permanent is permanent
    assert "/push/" not in str(refused.value)


@pytest.mark.parametrize("how", [HANGS, DRIPS])
def test_nobody_knows_when_the_service_does_not_answer_in_time(service: PushService, how: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        send(sender(), service.browser(how).subscription)
    assert time.monotonic() - began < 1


def test_a_whole_call_is_shorter_than_a_call_may_be() -> None:
    assert CONNECT_SECONDS + WHOLE_SECONDS < LONGEST_CALL_SECONDS


def test_nobody_there_is_known_to_have_taken_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        gone = PushedTo(f"http://127.0.0.1:{silent.getsockname()[1]}/push/1")
        with pytest.raises(GatewayError) as refused:
            send(sender(), gone.subscription)
    assert not refused.value.permanent


@pytest.mark.parametrize("key", ["BAAA", "", "no base64!"])
def test_a_key_that_is_none_is_refused(service: PushService, key: str) -> None:
    with pytest.raises(GatewayError) as refused:
        send(sender(), replace(service.browser().subscription, p256dh=key))
    assert refused.value.permanent


def test_the_longest_that_we_send_fits(service: PushService) -> None:
    browser = service.browser()
    send(sender(), browser.subscription, b'{"body":"' + b"x" * 3_900 + b'"}')
    assert len(browser.taken) == 1


class TestWhereItGoes:
    """A signed-in person gives us the address; it must not become a way into our own network."""

    @pytest.mark.parametrize(
        "endpoint",
        [
            "http://push.example/x", "ftp://push.example/x", "https:///x", "push.example", "", "https://me@push.example/x",
            "https://127.0.0.1/x", "https://10.1.2.3/x", "https://192.168.1.1/x", "https://172.16.0.9/x",
            "https://169.254.169.254/latest", "https://100.64.0.1/x", "https://0.0.0.0/x", "https://224.0.0.1/x",
            "https://[::1]/x", "https://[fe80::1]/x", "https://[fd00::1]/x", "https://[::ffff:10.0.0.1]/x",
            "https://[64:ff9b::a00:1]/x", "https://[2002:a00:1::]/x", "https://[::1/x", "https://push.example:99999/x",
            "https://push.example/" + "x" * 1000,
        ],
    )  # fmt: skip
    def test_an_address_of_our_own_is_neither_accepted_nor_called(self, endpoint: str) -> None:
        careful = CarefulHttp(resolve=never)
        assert not careful.accepts(endpoint)
        if len(endpoint) < 100 and "[::1/" not in endpoint and "99999" not in endpoint:
            with pytest.raises(GatewayError) as refused:
                send(sender(careful), PushedTo(endpoint).subscription)
            assert refused.value.permanent

    @pytest.mark.parametrize("endpoint", ["https://fcm.googleapis.com/fcm/send/x:y", "https://[2606:4700::1]/x"])
    def test_an_address_of_the_internet_is_accepted(self, endpoint: str) -> None:
        assert CarefulHttp().accepts(endpoint)

    @pytest.mark.parametrize(
        "found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"], []]
    )
    def test_a_name_that_leads_to_our_own_network_is_not_called(self, found: list[str]) -> None:
        pusher = sender(CarefulHttp(resolve=lambda _host, _port: found))
        with pytest.raises(GatewayError) as refused:
            send(pusher, PushedTo("https://push.example/x").subscription)
        assert refused.value.permanent

    def test_the_loopback_is_open_to_the_demo_alone(self, service: PushService) -> None:
        for endpoint in (service.browser().endpoint, f"https://localhost:{service.origin.rpartition(':')[2]}/x"):
            with pytest.raises(NotCalled):
                CarefulHttp().post(endpoint, b"", {})

    def test_a_name_that_leads_nowhere_may_lead_somewhere_later(self) -> None:
        def fails(_host: str, _port: int) -> list[str]:
            raise socket.gaierror(-2, "Name or service not known")

        with pytest.raises(GatewayError) as refused:
            send(sender(CarefulHttp(resolve=fails)), PushedTo("https://push.example/x").subscription)
        assert not refused.value.permanent


def never(_host: str, _port: int) -> list[str]:
    raise AssertionError("nobody is asked where this leads")


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PushService, ssl.SSLContext]]:
    """A push service with a certificate for localhost, and what trusts it."""
    authority = LocalAuthority(tmp_path_factory.mktemp("authority"))
    authority.certify([], "village", SystemClock().now())
    running = PushService(CLOCK.now, authority.server_file)
    yield running, ssl.create_default_context(cafile=str(authority.server_file.parent / "ca.crt"))
    running.stop()


def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_it_goes_to_the_address_that_was_looked_at_under_its_name(
    certified: tuple[PushService, ssl.SSLContext],
) -> None:
    service, trusts = certified
    pusher = sender(CarefulHttp(allows_loopback=True, trusts=trusts, resolve=here))
    assert send(pusher, service.browser().subscription)
    assert not service.complaints


def test_whoever_is_not_who_they_say_gets_nothing(certified: tuple[PushService, ssl.SSLContext]) -> None:
    service, trusts = certified
    browser = service.browser()
    other = browser.endpoint.replace("localhost", "push.example")
    for trusted, endpoint in ((None, browser.endpoint), (trusts, other)):
        with pytest.raises(GatewayError) as refused:
            send(sender(CarefulHttp(True, trusted, here)), PushedTo(endpoint).subscription)
        assert not refused.value.permanent
    assert not browser.taken


class TestKeys:
    def test_a_made_key_is_its_owners_alone_and_never_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "push.pem"
        web_push.make_key(path)
        assert path.stat().st_mode & 0o777 == 0o600
        made = web_push.opened(path, "mailto:desk@example.org", CLOCK, allows_loopback=False).public_key
        assert len(made) == 87
        with pytest.raises(FileExistsError):
            web_push.make_key(path)
        assert web_push.opened(path, "mailto:desk@example.org", CLOCK, allows_loopback=False).public_key == made

    @pytest.mark.parametrize("content", ["", "no key", None])
    def test_no_key_is_told_with_the_setting(self, tmp_path: Path, content: str | None) -> None:
        path = tmp_path / "push.pem"
        if content is not None:
            path.write_text(content)
        with pytest.raises(BadSetting, match="HOMETHREAD_PUSH_KEY"):
            web_push.opened(path, "mailto:desk@example.org", CLOCK, allows_loopback=False)

    def test_a_contact_nobody_can_write_to_is_told(self, tmp_path: Path) -> None:
        web_push.make_key(tmp_path / "push.pem")
        with pytest.raises(BadSetting, match="HOMETHREAD_PUSH_CONTACT"):
            web_push.opened(tmp_path / "push.pem", "mailto:desk", CLOCK, allows_loopback=False)
