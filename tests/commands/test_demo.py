"""`homethread demo`, `serve` and the operator's verbs, as they are typed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.services.ports import free_port

COMMAND = str(Path(sys.executable).parent / "homethread")
PATIENCE_SECONDS = 60


def environment(**settings: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HOMETHREAD_")}
    return {**clean, **{f"HOMETHREAD_{key}": value for key, value in settings.items()}}


class Demo:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.errors = folder / "errors.txt"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [COMMAND, "demo", "--port", str(self.port), "--json"], stdout=subprocess.PIPE, stderr=errors,
                env=environment(), cwd=folder, text=True, process_group=0,
            )  # fmt: skip
        assert self.process.stdout
        self.shown = json.loads(self.process.stdout.readline())

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def running_in(folder: Path) -> Iterator[Demo]:
    running = Demo(folder)
    yield running
    if running.process.poll() is None:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
    assert running.process.stdout
    running.process.stdout.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Demo]:
    with running_in(tmp_path) as demo:
        yield demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One that goes on, whoever of it dies."""
    with running_in(tmp_path_factory.mktemp("demo")) as running:
        yield running


def browser() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))


def children(of: int) -> dict[str, int]:
    """Processes below the supervisor by their command's last word."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (path / "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        if parent == of and len(command) > 1:
            found[command[-2].decode()] = int(path.name)
    return found


def test_the_demo_prints_addresses_that_open_signed_in(fresh: Demo, tmp_path: Path) -> None:
    assert set(fresh.shown) == {"parent", "terminal", "desk", "phones", "call_at"}
    ahead = datetime.fromisoformat(fresh.shown["call_at"]) - datetime.now(UTC)
    assert 20 <= ahead.total_seconds() <= 150
    for name, face in (("parent", "phone"), ("terminal", "terminal"), ("desk", "desk")):
        own = browser()
        with own.open(fresh.shown[name]) as page:
            assert page.url.endswith(f"/{face}")
        with own.open(f"http://127.0.0.1:{fresh.port}/api/now") as answer:
            now = json.load(answer)
        assert now["face"] == face
        assert fresh.shown["call_at"] in [call["starts_at"] for call in now["calls"]]
        with pytest.raises(urllib.error.HTTPError, match="409"):
            browser().open(fresh.shown[name])
    with browser().open(fresh.shown["phones"]) as page:
        assert page.status == 200
    assert fresh.end() == 0
    assert not fresh.errors.read_text()
    assert list(tmp_path.iterdir()) == [fresh.errors], "it leaves nothing where it was started"


@pytest.mark.parametrize("program", ["web", "worker", "media"])
def test_a_program_that_dies_is_restarted_and_said_so(demo: Demo, program: str) -> None:
    first = children(demo.process.pid)[program]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if children(demo.process.pid).get(program, first) != first and is_well(demo):
            break
        time.sleep(0.2)
    assert children(demo.process.pid)[program] != first
    assert program in demo.errors.read_text()


def is_well(demo: Demo) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], env=environment(**settings), capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        check=False,
    )  # fmt: skip


def test_migrate_and_check(tmp_path: Path) -> None:
    unready = run("check", DATA_DIR=str(tmp_path))
    assert unready.returncode == 1
    assert "homethread migrate" in unready.stdout
    assert run("migrate", DATA_DIR=str(tmp_path)).returncode == 0
    ready = run("check", DATA_DIR=str(tmp_path))
    assert (ready.returncode, "BAD" in ready.stdout) == (0, False), ready.stdout


def test_a_port_that_is_taken_is_said(demo: Demo) -> None:
    second = run("demo", "--port", str(demo.port))
    assert second.returncode == 2
    assert str(demo.port) in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "70000"), ("DATABASE_URL", "mysql://x"), ("MAX_SOCKETS", "0"), ("PROT", "1")],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    wrong = run("check", **{name: value})
    assert wrong.returncode == 2
    assert f"HOMETHREAD_{name}" in wrong.stderr
    assert "Traceback" not in wrong.stderr
