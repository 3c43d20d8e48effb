"""`homethread deploy`: the files it writes, read by the programs that they are for; Caddy with all behind it."""

import configparser
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import websocket

from app.doors import rules
from app.programs.local_tls import LocalAuthority
from app.web.models import PrincipalKind
from app.web.principals import FACES, cookie_name
from tests.browser.village import Village, open_village
from tests.commands.test_demo import run
from tests.scene import at
from tests.services.caddy import PrivateCaddy
from tests.services.coturn import PrivateCoturn
from tests.services.ports import free_port

DOMAIN = "calls.test"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy") / "files"
    done = run("deploy", str(folder), "--domain", DOMAIN)
    assert done.returncode == 0, done.stderr
    assert all(str(path) in done.stdout for path in folder.iterdir())
    return folder


class TestFiles:
    def test_they_name_this_installation_alone(self, written: Path) -> None:
        texts = {path.name: path.read_text() for path in written.iterdir()}
        assert set(texts) == {
            "Caddyfile", "homethread.env", "homethread.service", "homethread-web.service",
            "homethread-worker@.service", "homethread-media@.service", "turnserver.conf",
            "terminal.txt", "terminal-policy.json", "homethread-terminal.service", "homethread-screen@.service",
            "homethread-screen-off.timer", "homethread-screen-on.timer",
        }  # fmt: skip
        assert not [name for name, text in texts.items() if "calls.example.org" in text or "the-secret" in text]
        assert DOMAIN in texts["Caddyfile"]

    def test_relay_and_settings_share_a_fresh_secret(self, written: Path, tmp_path: Path) -> None:
        def secret(folder: Path) -> str:
            found = re.findall(r"(?:TURN_SECRET|static-auth-secret)=(\w{64})$", both(folder), re.M)
            assert len(found) == 2
            assert found[0] == found[1]
            return str(found[0])

        def both(folder: Path) -> str:
            return (folder / "homethread.env").read_text() + (folder / "turnserver.conf").read_text()

        assert run("deploy", str(tmp_path / "other"), "--domain", DOMAIN).returncode == 0
        assert secret(written) != secret(tmp_path / "other")
        assert {path.stat().st_mode & 0o777 for path in written.iterdir()} == {0o600}

    def test_the_settings_are_ours(self, written: Path, tmp_path: Path) -> None:
        lines = [line for line in (written / "homethread.env").read_text().splitlines() if line[:1] not in ("", "#")]
        given = dict(line.removeprefix("HOMETHREAD_").split("=", 1) for line in lines)
        done = run("migrate", **{**given, "DATA_DIR": str(tmp_path)})
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("domain", ["", "calls", "calls.test/x", "a b.test", "calls.test {", "-a.test", "a." * 127])
    def test_what_is_no_name_is_refused(self, tmp_path: Path, domain: str) -> None:
        done = run("deploy", str(tmp_path / "none"), f"--domain={domain}")
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "none").exists()

    def test_nothing_is_written_over(self, written: Path) -> None:
        before = (written / "homethread.env").read_text()
        again = run("deploy", str(written), "--domain", DOMAIN)
        assert again.returncode == 2
        assert "another folder" in again.stderr
        assert (written / "homethread.env").read_text() == before

    @pytest.mark.parametrize("name", ["homethread.service", "homethread-web.service", "homethread-worker@.service"])
    def test_systemd_takes_the_units(self, written: Path, name: str) -> None:
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.read(written / name)
        program = unit["Service"]["ExecStart"].split()
        assert Path(program[0]).exists()
        assert run(*program[1:], "--help").returncode == 0
        if shutil.which("systemd-analyze"):  # a container may have none
            verify = ["systemd-analyze", "verify", "--man=no", str(written / name)]
            done = subprocess.run(verify, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.parametrize("has_tls", [False, True])
    def test_coturn_takes_its_file(self, written: Path, tmp_path: Path, has_tls: bool) -> None:
        """With what lets it run beside others on this machine; for TLS with the lines that our file has for it."""
        file, tls_port, authority = tmp_path / "turnserver.conf", free_port(), LocalAuthority(tmp_path)
        authority.certify([], "relay", datetime.now(UTC))
        text = re.sub("(?m)^syslog$", "", (written / "turnserver.conf").read_text())  # where no complaint is seen
        if has_tls:
            text = re.sub("(?m)^no-tls$", "", text).replace("#tls-listening-port=443", f"tls-listening-port={tls_port}")
            text = re.sub("(?m)^#(cert|pkey)=.*$", rf"\1={authority.server_file}", text)
        file.write_text(text)
        running = PrivateCoturn(configured=file)
        try:
            assert not re.search(r"(?i)bad configuration|unknown argument|error:|cannot", running.log()), running.log()
            if has_tls:
                shaken_hands(tls_port, tmp_path / "ca.crt")
        finally:
            running.stop()


def shaken_hands(port: int, trusted: Path) -> None:
    """It listens there only after it does elsewhere."""
    give_up = time.monotonic() + 10
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as line:
                ssl.create_default_context(cafile=trusted).wrap_socket(line, server_hostname="127.0.0.1").close()
                return
        except ConnectionRefusedError:
            assert time.monotonic() < give_up, "nobody listens"
            time.sleep(0.02)


@dataclass
class Proxied:
    village: Village
    caddy: PrivateCaddy

    def curl(self, path: str, *more: str) -> "Answer":
        where = ["--resolve", f"{DOMAIN}:{self.caddy.port}:127.0.0.1", "--http2", "--insecure", "--max-time", "20"]
        shown = ["--silent", "--show-error", "--dump-header", "-", "--output", "-", "--write-out", "\n%{http_version}"]
        done = subprocess.run(
            ["curl", *where, *shown, *more, f"{self.caddy.url}{path}"], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        body, _, version = rest.rpartition(b"\n")
        first, *lines = head.decode().split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return Answer(int(first.split()[1]), headers, body, version.decode())


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    version: str

    def header(self, name: str) -> str:
        return ", ".join(value for its_name, value in self.headers if its_name == name)


@pytest.fixture(scope="module")
def proxied(written: Path, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("proxied")
    url = f"sqlite:///{shutil.copyfile(sqlite_template, folder / 'homethread.db')}"
    village = open_village(folder, url, at(18), PROXIES="1", PUBLIC_URL=f"https://{DOMAIN}")
    caddy = PrivateCaddy((written / "Caddyfile").read_text(), DOMAIN, village.port)
    yield Proxied(village, caddy)
    caddy.stop()
    village.stop()


class TestCaddy:
    def test_a_page_comes_over_http_2_compressed_and_for_tls_alone(self, proxied: Proxied) -> None:
        page = proxied.curl("/phone", "-H", "Accept-Encoding: gzip")
        assert (page.status, page.version) == (200, "2")
        assert page.header("content-encoding") == "gzip"
        assert page.header("strict-transport-security") == "max-age=31536000"
        assert "default-src 'none'" in page.header("content-security-policy")
        assert len(page.header("content-encoding").split(",")) == 1, "compressed once"

    def test_what_we_send_plain_is_compressed_on_the_way(self, proxied: Proxied) -> None:
        """We pack with gzip alone; whoever takes zstd gets that."""
        page = proxied.curl("/phone", "-H", "Accept-Encoding: zstd")
        assert page.header("content-encoding") == "zstd"
        assert page.body[:4] == bytes.fromhex("28b52ffd")

    def test_sockets_pass(self, proxied: Proxied) -> None:
        alice = proxied.village.scene.alice
        cookie = signed_in(proxied, PrincipalKind.PERSON, alice.parent)
        opened = websocket.create_connection(
            f"wss://127.0.0.1:{proxied.caddy.port}/socket.io/?EIO=4&transport=websocket",
            sslopt={"cert_reqs": 0, "check_hostname": False, "server_hostname": DOMAIN},
            host=f"{DOMAIN}:{proxied.caddy.port}", cookie=cookie, origin=proxied.caddy.url, timeout=20,
        )  # fmt: skip
        try:
            assert json.loads(opened.recv()[1:])["pingInterval"]
            opened.send('40{"face":"phone"}')
            assert str(opened.recv()).startswith("40{")
        finally:
            opened.close()

    def test_the_callers_own_address_is_counted_whatever_it_says(self, proxied: Proxied) -> None:
        """One caller who tells a new address each time is stopped; another address is not."""
        statuses = [ask(proxied, number, "127.0.0.7") for number in range(rules.INVITATIONS_FROM_AN_ADDRESS.most + 1)]
        assert set(statuses[:-1]) == {409}
        assert statuses[-1] == 429
        assert ask(proxied, 99, "127.0.0.8") == 409

    def test_while_the_web_program_starts_again_callers_wait(self, proxied: Proxied) -> None:
        proxied.village.kill("web")
        waiting = subprocess.Popen(
            ["curl", "--resolve", f"{DOMAIN}:{proxied.caddy.port}:127.0.0.1", "-k", "-s", "-o", os.devnull, "-w",
             "%{http_code}", f"{proxied.caddy.url}/healthz"], stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        proxied.village.start("web")
        assert waiting.communicate(timeout=20)[0] == "200"


def test_the_proxy_logs_no_address_that_opens_something(written: Path) -> None:
    """Not even where nobody answers behind it, which it does log."""
    caddy = PrivateCaddy((written / "Caddyfile").read_text().replace("lb_try_duration 10s", ""), DOMAIN, free_port())
    try:
        where = ["--resolve", f"{DOMAIN}:{caddy.port}:127.0.0.1", "-k", "-s", "-o", os.devnull, "-w", "%{http_code}"]
        asked = subprocess.run(["curl", *where, f"{caddy.url}/calendar/onlymine.ics"], capture_output=True, check=True)
        log = caddy.log()
    finally:
        caddy.stop()
    assert asked.stdout == b"502"
    assert "connection refused" in log
    assert "onlymine" not in log


def ask(proxied: Proxied, number: int, from_: str) -> int:
    command = ["--interface", from_, "-H", f"X-Forwarded-For: 203.0.113.{number}", "-H", f"Idempotency-Key: {number}"]
    body = ["-H", "Content-Type: application/json", "-d", json.dumps({"code": f"{482109375526 + number}"})]
    return proxied.curl("/api/sign_in/invitation", *command, *body).status


def signed_in(proxied: Proxied, kind: PrincipalKind, subject: str) -> str:
    path = proxied.village.enter(kind, subject, None).removeprefix(proxied.village.url)
    entered = proxied.curl(path)
    assert entered.status == 302
    name = cookie_name(next(face for face, its_kind in FACES.items() if its_kind is kind))
    said = entered.header("set-cookie")
    assert "Secure" in said
    found = re.search(rf"{re.escape(name)}=[^;]+", said)
    assert found
    return found[0]
