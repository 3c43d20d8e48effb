"""The machine's own authority and certificate, `serve --tls lan`, and WebSockets through the web program's TLS."""

import http.client
import ipaddress
import json
import os
import re
import socket
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import websocket
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from app.config import BadSetting, load
from app.programs import lan
from app.programs.addresses import is_local, own_addresses
from app.programs.local_tls import LASTS, LocalAuthority
from app.storage.database import Database
from app.web import sessions
from app.web.models import PrincipalKind
from app.web.principals import cookie_name
from app.web.sockets import LARGEST_EVENT_BYTES
from tests.commands.lan_serve import LanServe
from tests.commands.test_demo import run
from tests.scene import Scene, set_scene

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOME = [ipaddress.ip_address("192.168.1.7"), ipaddress.ip_address("fd00::7")]


def leaf_of(authority: LocalAuthority) -> x509.Certificate:
    return x509.load_pem_x509_certificates(authority.server_file.read_bytes())[0]


class TestAuthority:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> LocalAuthority:
        return LocalAuthority(tmp_path / "tls")

    def test_the_certificate_holds_for_the_machines_addresses(self, authority: LocalAuthority) -> None:
        store = Store([authority.certify(HOME, "school", NOW)])
        builder = PolicyBuilder().store(store).time(NOW)
        names = [x509.DNSName("school.local"), x509.DNSName("localhost")]
        for subject in [*map(x509.IPAddress, HOME), *names]:
            assert isinstance(subject, x509.IPAddress | x509.DNSName)
            assert builder.build_server_verifier(subject).verify(leaf_of(authority), [])
        with pytest.raises(VerificationError):
            builder.build_server_verifier(x509.DNSName("calls.example.org")).verify(leaf_of(authority), [])

    def test_no_browser_finds_it_too_long(self, authority: LocalAuthority) -> None:
        authority.certify(HOME, "school", NOW)
        leaf = leaf_of(authority)
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=397)

    def test_it_can_speak_for_local_addresses_alone(self, authority: LocalAuthority) -> None:
        """Even whoever steals its key: OpenSSL refuses what it signs for another site."""
        made = authority.certify([ipaddress.ip_address("203.0.113.9")], "school", NOW)
        limits = made.extensions.get_extension_for_class(x509.NameConstraints)
        assert limits.critical
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            shake_hands(authority, "203.0.113.9")

    def test_keys_are_for_their_owner(self, authority: LocalAuthority, tmp_path: Path) -> None:
        os.umask(0o022)
        authority.certify(HOME, "school", NOW)
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls").iterdir()}
        assert modes == {"ca.crt": 0o644, "ca.pem": 0o600, "server.pem": 0o600}
        assert b"PRIVATE" not in (tmp_path / "tls" / "ca.crt").read_bytes()

    def test_what_is_good_stays(self, authority: LocalAuthority) -> None:
        first = authority.certify(HOME, "school", NOW)
        leaf = leaf_of(authority)
        later = NOW + LASTS - timedelta(days=31)
        assert LocalAuthority(authority.server_file.parent).certify(HOME[:1], "school", later) == first
        assert leaf_of(authority) == leaf

    @pytest.mark.parametrize(
        ("addresses", "name", "days"),
        [
            (HOME, "school", LASTS.days - 29),
            ([*HOME, ipaddress.ip_address("10.0.0.9")], "school", 0),
            (HOME, "library", 0),
        ],
    )
    def test_it_is_renewed_before_its_end_and_for_new_addresses(
        self, authority: LocalAuthority, addresses: list[ipaddress.IPv4Address], name: str, days: int
    ) -> None:
        first = authority.certify(HOME, "school", NOW)
        leaf = leaf_of(authority)
        assert authority.certify(addresses, name, NOW + timedelta(days=days)) == first, "what phones have stays good"
        assert leaf_of(authority) != leaf

    def test_an_authority_that_ends_is_made_anew(self, authority: LocalAuthority) -> None:
        first = authority.certify(HOME, "school", NOW)
        second = authority.certify(HOME, "school", NOW + timedelta(days=3400))
        assert second != first
        assert second.subject != first.subject
        assert leaf_of(authority).issuer == second.subject


def shake_hands(authority: LocalAuthority, name: str) -> None:
    """TLS between two ends in this process; raises what the client finds wrong."""
    here, there = socket.socketpair()
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(authority.server_file)

    def answer() -> None:
        with pytest.raises(ssl.SSLError), serving.wrap_socket(there, server_side=True) as stream:
            stream.recv(1)

    thread = threading.Thread(target=answer)
    thread.start()
    asking = ssl.create_default_context(cafile=str(authority.server_file.parent / "ca.crt"))
    try:
        with asking.wrap_socket(here, server_hostname=name):
            pass
    finally:
        here.close()
        thread.join()


class TestAddresses:
    @pytest.mark.parametrize(
        ("address", "local"),
        [("192.168.0.3", True), ("172.32.0.1", False), ("100.64.3.3", True), ("8.8.8.8", False), ("fd12::1", True),
         ("2001:db8::1", False), ("127.0.0.1", True)],
    )  # fmt: skip
    def test_what_is_local(self, address: str, local: bool) -> None:
        assert is_local(ipaddress.ip_address(address)) is local

    def test_our_own_are_local_and_not_the_loopback(self) -> None:
        assert all(is_local(address) and not address.is_loopback for address in own_addresses())

    def test_what_was_set_stays(self) -> None:
        given = {"HOMETHREAD_HOST": "192.168.1.7", "HOMETHREAD_PUBLIC_URL": "https://school.local:8443"}
        made = lan.environment(given, load(given))
        assert made["HOMETHREAD_HOST"] == "192.168.1.7"
        assert made["HOMETHREAD_PORT"] == "8443"
        assert made["HOMETHREAD_PUBLIC_URL"] == "https://school.local:8443"
        assert lan.environment({"HOMETHREAD_HOST": "fd00::7"}, load({"HOMETHREAD_HOST": "fd00::7"}))[
            "HOMETHREAD_PUBLIC_URL"
        ] == "https://[fd00::7]:8443"  # fmt: skip

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"HOST": "203.0.113.9"}, "public address"),
            ({"HOST": "school.local"}, "must be an address"),
            ({"HOST": "127.0.0.1", "PORT": "65535"}, "leaves no port"),
            ({"HOST": "127.0.0.1", "TLS_CERTIFICATE": "/c", "TLS_KEY": "/k"}, "without --tls lan"),
        ],
    )
    def test_what_cannot_work_is_said(self, given: dict[str, str], says: str) -> None:
        settings = {f"HOMETHREAD_{name}": value for name, value in given.items()}
        with pytest.raises(BadSetting, match=says):
            lan.environment(settings, load(settings))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanServe]:
    running = LanServe(tmp_path_factory.mktemp("lan"))
    yield running
    assert running.stop() == 0
    assert "Traceback" not in running.errors()


@pytest.fixture(scope="module")
def scene(served: LanServe) -> Iterator[Scene]:
    database = Database(f"sqlite:///{served.folder / 'homethread.sqlite'}")
    yield set_scene(database)
    database.close()


class TestServe:
    def test_the_terminal_shows_where_and_what(self, served: LanServe) -> None:
        der = ssl.PEM_cert_to_DER_cert(served.authority.read_text())
        assert sha256(der).digest().hex(":").upper() in served.said
        assert f"{served.page_url}/" in served.said
        assert f"ready at {served.url}" in served.said
        assert served.said.count("█") > 100, "a QR code"

    def test_the_page_gives_the_authority(self, served: LanServe) -> None:
        with urllib.request.urlopen(f"{served.page_url}/ca.crt") as answer:
            assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
            assert ssl.DER_cert_to_PEM_cert(answer.read()).strip() == served.authority.read_text().strip()

    @pytest.mark.parametrize(("accepts", "language"), [("zh-CN,zh;q=0.9", "zh-CN"), ("en", "en"), ("", "en")])
    def test_the_page_explains_in_the_phones_language(self, served: LanServe, accepts: str, language: str) -> None:
        asked = urllib.request.Request(served.page_url, headers={"Accept-Language": accepts})
        with urllib.request.urlopen(asked) as answer:
            shown = answer.read().decode()
        assert f'<html lang="{language}">' in shown
        assert "data:image/svg+xml" in shown
        assert f"{served.url}/phone" in shown
        assert "PRIVATE" not in shown

    @pytest.mark.parametrize("path", ["/ca.pem", "/../tls/ca.pem", "/server.pem", "//etc/passwd", "/lan.html"])
    def test_the_page_gives_nothing_else(self, served: LanServe, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", served.port + 1)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404
        connection.close()

    def test_whoever_trusts_the_authority_gets_in(self, served: LanServe) -> None:
        with urllib.request.urlopen(f"{served.url}/phone", context=served.trust()) as page:
            assert page.status == 200
        with pytest.raises(urllib.error.URLError, match=r"self-signed|unable to get local issuer"):
            urllib.request.urlopen(f"{served.url}/phone", context=ssl.create_default_context())

    def test_whoever_is_silent_keeps_nobody_out(self, served: LanServe) -> None:
        """Connections that never shake hands take a thread each, for a while; there are more."""
        silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(40)]
        with urllib.request.urlopen(f"{served.url}/healthz", context=served.trust(), timeout=5) as answer:
            assert answer.status == 200
        for connection in silent:
            connection.close()

    def test_a_new_certificate_is_used_by_the_next_connection(self, served: LanServe) -> None:
        before = served_certificate(served)
        LocalAuthority(served.folder / "tls").certify([ipaddress.ip_address("192.168.9.9")], "new", datetime.now(UTC))
        assert served_certificate(served) != before

    def test_a_port_that_is_taken_is_said(self, served: LanServe, tmp_path: Path) -> None:
        for port in (served.port, served.port - 1, served.port + 1):
            environment = {"HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": str(tmp_path)}
            second = run("serve", "--tls", "lan", **environment)
            assert second.returncode == 2
            assert "can't be used" in second.stderr


def served_certificate(served: LanServe) -> str:
    return ssl.get_server_certificate(("127.0.0.1", served.port))


class TestSockets:
    @pytest.fixture
    def wire(self, served: LanServe, scene: Scene) -> Iterator[websocket.WebSocket]:
        with scene.database.begin() as session:
            now = datetime.now(UTC)
            code = sessions.issue_code(session, PrincipalKind.PERSON, scene.alice.parent, None, "en", now)
            _device, token = sessions.enter(session, code, now)
        opened = websocket.create_connection(
            f"wss://127.0.0.1:{served.port}/socket.io/?EIO=4&transport=websocket", timeout=20,
            sslopt={"context": served.trust()}, cookie=f"{cookie_name('phone')}={token}", suppress_origin=True,
        )  # fmt: skip
        assert str(opened.recv()).startswith("0{")
        opened.send('40{"face":"phone"}')
        assert str(opened.recv()).startswith("40{")
        yield opened
        opened.close()

    def test_large_frames_arrive_without_a_stall(self, wire: websocket.WebSocket) -> None:
        """What is read in parts of 4 kB lies in OpenSSL's buffer meanwhile, where no select() would see it."""
        for number in range(20):
            filling = "x" * (LARGEST_EVENT_BYTES - 200)
            wire.send(f"42{number}" + json.dumps(["signal", {"call": filling, "to": "x"}]))
            assert answer_to(wire, number)["error"] == "not_understood"

    def test_many_at_once_while_the_server_writes(self, wire: websocket.WebSocket) -> None:
        """One thread of the server reads these while others write the answers."""
        asked = 60
        for number in range(asked):
            wire.send(f"42{number}" + json.dumps(["signal", {"call": "x" * (number * 200 + 1), "to": "x"}]))
        heard = {number_of(str(wire.recv())) for _ in range(asked)}
        assert heard == set(range(asked))


def answer_to(wire: websocket.WebSocket, number: int) -> dict[str, object]:
    said = str(wire.recv())
    while number_of(said) != number:
        said = str(wire.recv())
    answer: dict[str, object] = json.loads(said[said.index("[") :])[0]
    return answer


def number_of(packet: str) -> int | None:
    found = re.match(r"43(\d+)\[", packet)
    return int(found[1]) if found else None
