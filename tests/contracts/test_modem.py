"""The modem's gateway with a real gammu-smsd and gammu's dummy phone: what only the daemon can show."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from app.gateways.modem import Modem
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, GatewayError, ReceiptStatus
from tests.services.gammu import PrivateGammu
from tests.web.waiting import until

MOTHER, GRANDMOTHER = E164("+8613800138000"), E164("+8613800138001")
WRITER = """
import sys
from app.gateways.modem import Modem
from app.kernel.clock import SystemClock
modem = Modem(sys.argv[1], SystemClock())
for n in range(10):
    modem.send("+8613800138000", "booked", {}, "en", f"text {sys.argv[2]} {n}", key=f"{sys.argv[2]}:{n}")
"""


class Ahead:
    """A clock that is some minutes ahead of the daemon's."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=4)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.gateways.modem.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("app.gateways.modem.QUIET_SECONDS", 0.2)


@pytest.fixture
def gammu() -> Iterator[PrivateGammu]:
    daemon = PrivateGammu()
    yield daemon
    daemon.stop()


@contextmanager
def listening(modem: Modem, taken: list[Arrivals]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=modem.listen, args=(taken.append, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)
        assert not thread.is_alive()


def send(modem: Modem, key: str, text: str = "约好了", template: str = "booked") -> str:
    return modem.send(MOTHER, template, {}, "zh-CN", text, key=key).ref


def test_each_text_goes_in_its_own_alphabet_whatever_the_daemons_settings_say(gammu: PrivateGammu) -> None:
    modem = Modem(gammu.url, SystemClock())
    send(modem, "1", "约" * 201)
    send(modem, "2", "Booked: {today} 19:00 €")
    gammu.drain()
    unicode, default = "cod 1", "cod 3"
    (chinese,) = [line for line in gammu.log.splitlines() if "Found 3 sms" in line]
    (english,) = [line for line in gammu.log.splitlines() if "Found 1 sms" in line]
    assert unicode in chinese
    assert default in english


def test_what_can_not_wait_goes_before_what_came_first(gammu: PrivateGammu) -> None:
    modem = Modem(gammu.url, SystemClock())
    send(modem, "1", "everybody", "announcement")
    send(modem, "2", "booked")
    send(modem, "3", "ring", "ring_village")
    assert gammu.sent(MOTHER) == ["ring", "booked", "everybody"]


def test_a_text_outlives_a_daemon_that_is_killed_and_is_not_sent_again(gammu: PrivateGammu) -> None:
    modem = Modem(gammu.url, SystemClock())
    gammu.start()
    gammu.halt(signal.SIGKILL)
    accepted = send(modem, "k")
    found = modem.query("k")
    assert found is not None
    assert found.ref == accepted
    assert gammu.sent(MOTHER) == ["约好了"]
    assert send(modem, "k") == accepted
    gammu.drain()
    assert gammu.sent(MOTHER) == ["约好了"]


def test_a_daemon_that_hangs_while_it_looks_alive_is_told_by_what_stays(gammu: PrivateGammu) -> None:
    gammu.start()
    assert gammu.pid is not None
    os.kill(gammu.pid, signal.SIGSTOP)
    try:
        send(Modem(gammu.url, SystemClock()), "k")
        later = Modem(gammu.url, Ahead())
        with pytest.raises(GatewayError, match="1 texts wait"):
            later.probe()
    finally:
        os.kill(gammu.pid, signal.SIGCONT)
    until(lambda: not gammu.waiting())
    later.probe()


def test_several_processes_write_at_once_and_each_text_goes_once(gammu: PrivateGammu) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, gammu.url, str(n)]) for n in range(3)]
    gammu.start()
    assert [writer.wait(20) for writer in writers] == [0] * 3
    until(lambda: not gammu.waiting())
    gammu.halt()
    transmitted = [line for line in gammu.log.splitlines() if "Transmitted" in line]
    assert len(transmitted) == 30


@pytest.mark.parametrize("inbox_format", ["standard", "unicode", "detail"])
def test_texts_come_in_by_each_format_that_the_daemon_has(inbox_format: str) -> None:
    text = "好的🦊" * 40
    daemon = PrivateGammu(inbox_format=inbox_format, loop_seconds=1)
    taken: list[Arrivals] = []
    try:
        daemon.receive(MOTHER, text)
        daemon.receive(GRANDMOTHER, "1")
        daemon.start()
        with listening(Modem(daemon.url, SystemClock()), taken):
            until(lambda: len(taken) == 2)
    finally:
        daemon.stop()
    came = {each.sender: each.text for arrivals in taken for each in arrivals.texts}
    assert came == {MOTHER: text, GRANDMOTHER: "1"}


def test_of_two_workers_one_listens_and_when_it_ends_the_other_does(gammu: PrivateGammu) -> None:
    first, second = list[Arrivals](), list[Arrivals]()
    gammu.start()
    with listening(Modem(gammu.url, SystemClock()), second), listening(Modem(gammu.url, SystemClock()), first):
        gammu.receive(MOTHER, "1")
        until(lambda: bool(first or second))
        time.sleep(0.3)
        assert len(first) + len(second) == 1
    with listening(Modem(gammu.url, SystemClock()), second):
        gammu.receive(MOTHER, "2")
        until(lambda: len(first) + len(second) == 2)


def test_what_the_daemon_gives_up_is_a_failed_receipt(gammu: PrivateGammu) -> None:
    """The dummy phone never refuses; the daemon moves what a phone refused as it does here."""
    modem, taken = Modem(gammu.url, SystemClock()), list[Arrivals]()
    ref = send(modem, "k")
    (path,) = gammu.waiting()
    path.rename(gammu.folder / "error" / path.name)
    with listening(modem, taken):
        until(lambda: bool(taken))
    (receipt,) = taken[0].receipts
    assert (receipt.ref, receipt.status) == (ref, ReceiptStatus.FAILED)
