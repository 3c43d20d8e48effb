"""`homethread check` from another machine: what a code is good for, against a real web program and a real coturn."""

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.programs.local_tls import LASTS, LocalAuthority
from tests.commands.test_demo import COMMAND, environment, run
from tests.services.coturn import SECRET, PrivateCoturn
from tests.services.ports import free_port

UP_SECONDS = 30


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, `ca.crt`, the relay's `server.pem`, and `ended.pem`, which that took the place of."""
    folder, now = tmp_path_factory.mktemp("tls"), datetime.now(UTC)
    authority = LocalAuthority(folder)
    authority.certify([], "relay", now - LASTS - timedelta(days=1))
    shutil.copyfile(authority.server_file, folder / "ended.pem")
    authority.certify([], "relay", now)
    return folder


@pytest.fixture(scope="module")
def coturn(certificates: Path) -> Iterator[PrivateCoturn]:
    running = PrivateCoturn(certificate=certificates / "server.pem")
    yield running
    running.stop()


@pytest.fixture
def settings(
    tmp_path: Path, sqlite_template: Path, coturn: PrivateCoturn, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Of an installation whose relay has a certificate that every machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.crt"))
    shutil.copyfile(sqlite_template, tmp_path / "homethread.sqlite")  # as `homethread migrate` leaves it
    return {"DATA_DIR": str(tmp_path), "PORT": str(free_port()), "TURN_URLS": coturn.urls, "TURN_SECRET": SECRET}


@pytest.fixture
def web(settings: dict[str, str], tmp_path: Path) -> Iterator[None]:
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "web"], env=environment(**settings), stdout=log, stderr=log, cwd=tmp_path)
    until = time.monotonic() + UP_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{settings['PORT']}/healthz", timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < until, (tmp_path / "web.log").read_text()
            time.sleep(0.1)
    yield
    process.terminate()
    process.wait(timeout=20)


def code(settings: dict[str, str]) -> str:
    return run("check", "--for-outside", **settings).stdout.strip()


def from_outside(written: str) -> subprocess.CompletedProcess[str]:
    """As on another machine: without any setting."""
    return run("check", "--from-outside", written)


@pytest.mark.usefixtures("web")
def test_page_sockets_and_relays_are_proved(settings: dict[str, str], coturn: PrivateCoturn) -> None:
    written = code(settings)
    assert SECRET not in written
    found = from_outside(written)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "ok   page:" in found.stdout
    assert "WebSockets come through" in found.stdout
    assert set(coturn.by) == {"udp", "tcp", "tls"}
    for url in coturn.by.values():
        assert f"ok   {url}: relays at 127.0.0.1, and what is sent there comes through" in found.stdout


def test_nobody_there_is_told_part_by_part(settings: dict[str, str]) -> None:
    found = from_outside(code(settings))
    assert found.returncode == 1
    assert "BAD  page:" in found.stdout
    assert "BAD  sockets:" in found.stdout
    assert "Traceback" not in found.stderr


def test_a_proxy_that_knows_no_sockets_is_told(settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(settings["PORT"]))) as plain:
        threading.Thread(target=answer_each, args=(plain, 2)).start()
        found = from_outside(code(settings))
    assert "ok   page:" in found.stdout
    assert "BAD  sockets: no WebSocket comes through (HTTP/1.1 200 OK)" in found.stdout


def answer_each(listener: socket.socket, times: int) -> None:
    for _ in range(times):
        with listener.accept()[0] as line:
            line.recv(4096)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_relay_ports_that_are_closed_are_told(settings: dict[str, str]) -> None:
    """What a firewall does: an address is given, and nothing gets there."""
    closed = PrivateCoturn("--denied-peer-ip=127.0.0.1")
    try:
        found = from_outside(code(settings | {"TURN_URLS": closed.urls}))
    finally:
        closed.stop()
    assert found.returncode == 1
    assert found.stdout.count("BAD  turn:") == 2, found.stdout


def test_what_is_wrong_with_tls_is_told_apart(
    settings: dict[str, str], coturn: PrivateCoturn, certificates: Path, tmp_path: Path
) -> None:
    unknown = LocalAuthority(tmp_path / "tls")
    unknown.certify([], "relay", datetime.now(UTC))
    ended, strange = (PrivateCoturn(certificate=pem) for pem in (certificates / "ended.pem", unknown.server_file))
    with socket.create_server(("127.0.0.1", 0)) as plain:
        threading.Thread(target=answer_each, args=(plain, 1), daemon=True).start()
        says = {
            ended.by["tls"]: "its certificate has ended (certificate has expired): renew it, and restart turnserver",
            strange.by["tls"]: "its certificate is vouched for by nobody whom this machine knows (self-signed",
            # A name of this machine that its certificate doesn't hold for, unlike 127.0.0.1 and localhost.
            f"turns:127.1:{coturn.tls_port}": "its certificate holds for other names (Hostname mismatch",
            f"turns:127.0.0.1:{plain.getsockname()[1]}": "TLS is not answered: set cert, pkey and tls-listening-port",
        }
        try:
            found = from_outside(code(settings | {"TURN_URLS": ",".join(says)}))
        finally:
            ended.stop()
            strange.stop()
    for url, said in says.items():
        assert f"BAD  {url}: {said}" in found.stdout, found.stdout
    assert "Traceback" not in found.stderr


def test_what_is_no_code_is_told() -> None:
    for wrong in ("", "abc", os.urandom(30).hex()):
        found = run("check", f"--from-outside={wrong}")
        assert found.returncode == 2, found.stdout
        assert "Traceback" not in found.stderr
