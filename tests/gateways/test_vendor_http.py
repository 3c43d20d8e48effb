"""How vendors are called, whichever they are: within their time, over TLS, and with nothing of a person in a log."""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from app.gateways import vendor_http
from app.gateways.address import Address
from app.gateways.vendor_http import Vendor, hook_address, is_this_machine, is_yes
from app.notices.ports import LONGEST_CALL_SECONDS, GatewayError, NoAnswer
from app.programs.local_tls import LocalAuthority
from tests.services.vendors import PlayedVendor, Said

FIELDS = [("To", "+8613800138000"), ("Body", "验证码：4821")]


def vendor_at(port: int, host: str = "127.0.0.1") -> Vendor:
    return Vendor("Somebody", Address("user", "password", host, port, {}))


@pytest.fixture
def raw() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


def test_no_call_takes_longer_than_it_may() -> None:
    # Looking up a name, connecting, TLS and asking, and the answer; a drop that takes its time is the last.
    assert vendor_http.CONNECT_SECONDS + vendor_http.ANSWER_SECONDS < LONGEST_CALL_SECONDS
    assert 2 * vendor_http.PROBE_SECONDS < 5


def test_an_answer_in_drops_is_not_waited_for(raw: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.gateways.vendor_http.ANSWER_SECONDS", 0.3)
    stop = threading.Event()

    def drip() -> None:
        line, _ = raw.accept()
        with line:
            line.recv(10_000)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not stop.wait(0.05):
                try:
                    line.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    try:
        with pytest.raises(NoAnswer):
            vendor_at(port_of(raw)).post("/", FIELDS, {})
        assert time.monotonic() - began < 2
    finally:
        stop.set()
        thread.join()


def test_who_speaks_no_tls_is_told_nothing(raw: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is not this machine is called over TLS, or not at all."""
    heard: list[bytes] = []

    def listen() -> None:
        line, _ = raw.accept()
        with line:
            heard.append(line.recv(10_000))
            line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    monkeypatch.setattr("app.gateways.vendor_http.is_this_machine", lambda _host: False)
    thread = threading.Thread(target=listen)
    thread.start()
    with pytest.raises(NoAnswer):
        vendor_at(port_of(raw)).post("/", FIELDS, {})
    thread.join()
    assert b"8613800138000" not in heard[0]
    assert heard[0][:1] == b"\x16"  # a TLS handshake


@pytest.mark.parametrize("is_trusted", [True, False])
def test_only_who_shows_a_right_certificate_is_told_anything(
    raw: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    authority = LocalAuthority(tmp_path)
    authority.certify([ip_address("127.0.0.1")], "vendor", datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_file)
    heard: list[bytes] = []

    def answer() -> None:
        line, _ = raw.accept()
        with line, contextlib.suppress(ssl.SSLError), context.wrap_socket(line, server_side=True) as sealed:
            asked = b""
            # What is left unread would end the line before the answer came.
            while not asked.partition(b"\r\n\r\n")[2] and (more := sealed.recv(10_000)):
                asked += more
            heard.append(asked)
            sealed.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    monkeypatch.setattr("app.gateways.vendor_http.is_this_machine", lambda _host: False)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
    thread = threading.Thread(target=answer)
    thread.start()
    vendor = vendor_at(port_of(raw))
    if is_trusted:
        assert vendor.post("/", FIELDS, {}).said == {}
    else:
        with pytest.raises(GatewayError, match="wrong certificate") as refused:
            vendor.post("/", FIELDS, {})
        assert not refused.value.permanent
    thread.join()
    assert bool(heard) is is_trusted


def test_a_name_that_leads_nowhere_has_taken_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(GatewayError, match="not reachable") as refused:
        vendor_at(443, "vendor.invalid").post("/", FIELDS, {})
    assert not refused.value.permanent


def test_nothing_of_a_person_stands_in_a_log_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    played = PlayedVendor([Said(200, {}), None])
    try:
        with caplog.at_level(logging.DEBUG):
            vendor = vendor_at(played.port)
            vendor.post("/", FIELDS, {"Authorization": "secret"})
            with pytest.raises(NoAnswer) as doubt:
                vendor.post("/", FIELDS, {"Authorization": "secret"})
    finally:
        played.stop()
    for said in (caplog.text, str(doubt.value), repr(doubt.value.__cause__)):
        assert "13800138000" not in said
        assert "4821" not in said
        assert "secret" not in said


def test_a_redirection_is_not_followed() -> None:
    played = PlayedVendor([Said(307, {})])
    try:
        assert vendor_at(played.port).post("/", FIELDS, {}).status == 307
        assert len(played.sent) == 1
    finally:
        played.stop()


def test_which_machine_is_this_one() -> None:
    hosts = ("localhost", "127.0.0.1", "127.1.2.3", "::1", "10.0.0.1", "example.org", "127.0.0.1.example.org", "")
    assert [host for host in hosts if is_this_machine(host)] == ["localhost", "127.0.0.1", "127.1.2.3", "::1"]


@pytest.mark.parametrize("url", ["", "https://a.example/hooks/x/y", "http://127.0.0.1:8080/hooks/x/y"])
def test_our_own_address_may_be_told_to_a_vendor(url: str) -> None:
    assert hook_address(url) == url


@pytest.mark.parametrize("url", ["http://a.example/", "ftp://a.example", "https://", "https://a/?b", "https://a/#b"])
def test_an_address_that_no_vendor_should_call_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="an address whose `hook`"):
        hook_address(url)


def test_yes_and_no_are_the_only_answers() -> None:
    said = {text: is_yes(Address("", "", "", 1, {"hook": text}), "hook") for text in ("yes", "no")}
    assert said == {"yes": True, "no": False}
    with pytest.raises(ValueError, match="yes or no"):
        is_yes(Address("", "", "", 1, {"hook": "on"}), "hook")


def test_a_connection_that_was_closed_in_a_pause_is_no_doubt(raw: socket.socket) -> None:
    """Vendors close what says nothing for a minute; the next text goes over a new connection."""
    closed, ports = threading.Event(), []

    def answer_and_close() -> None:
        for _ in range(2):
            line, (_, port) = raw.accept()
            ports.append(port)
            with line:
                line.recv(10_000)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            closed.set()

    thread = threading.Thread(target=answer_and_close)
    thread.start()
    vendor = vendor_at(port_of(raw))
    assert vendor.post("/", FIELDS, {}).said == {}
    assert closed.wait(5)
    assert vendor.post("/", FIELDS, {}).said == {}
    thread.join()
    assert len(set(ports)) == 2


def test_a_connection_serves_text_after_text() -> None:
    played = PlayedVendor([Said(200, {})] * 3)
    try:
        vendor = vendor_at(played.port)
        for _ in range(3):
            vendor.post("/", FIELDS, {})
        assert played.connections == 1
    finally:
        played.stop()
