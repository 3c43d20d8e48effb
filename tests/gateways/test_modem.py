"""What the modem's gateway does with the daemon's folders. With the daemon itself: tests/contracts/test_modem.py."""

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.gateways import gammu_files
from app.gateways.modem import Modem
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, GatewayError, Inbound, Receipt, ReceiptStatus

MOTHER = E164("+8613800138000")
HEAD = b"; This file format was designed for Gammu and is compatible with Gammu+\n\n"


class Stepped:
    """A clock that stands where it is put."""

    at = datetime(2026, 11, 26, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Stepped:
    return Stepped()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    for name in ("inbox", "outbox", "sent", "error"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def modem(spool: Path, clock: Stepped) -> Modem:
    return Modem(f"modem:{spool}", clock)


def send(modem: Modem, key: str = "k", text: str = "约好了", template: str = "booked") -> str:
    return modem.send(MOTHER, template, {}, "zh-CN", text, key=key).ref


def outgoing(spool: Path, folder: str = "outbox") -> list[str]:
    return sorted(path.name for path in (spool / folder).iterdir() if path.is_file())


def came(spool: Path, clock: Stepped, name: str, content: bytes, seconds_ago: float = 10) -> Path:
    path = spool / "inbox" / name
    path.write_bytes(content)
    at = clock.now().timestamp() - seconds_ago
    os.utime(path, (at, at))
    return path


def look_once(modem: Modem, taken: list[Arrivals], *, refuses: bool = False) -> None:
    """One look, as `listen` takes it."""

    def take(arrivals: Arrivals) -> None:
        if refuses:
            raise RuntimeError("no")
        taken.append(arrivals)

    class Once(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    modem.listen(take, Once())


def texts(modem: Modem) -> list[Inbound]:
    taken: list[Arrivals] = []
    look_once(modem, taken)
    return [each for arrivals in taken for each in arrivals.texts]


def receipts(modem: Modem) -> list[Receipt]:
    taken: list[Arrivals] = []
    look_once(modem, taken)
    return [each for arrivals in taken for each in arrivals.receipts]


@pytest.mark.parametrize("url", ["modem:", "modem:spool", "modem://here/var/spool/gammu", "modem:/var/spool/gammu?a=1"])
def test_an_address_that_is_no_folder_is_refused(url: str, clock: Stepped) -> None:
    with pytest.raises(ValueError, match="modem:/var/spool/gammu"):
        Modem(url, clock)


def test_the_same_key_is_the_same_text(modem: Modem, spool: Path) -> None:
    assert send(modem) == send(modem)
    assert len(outgoing(spool)) == 1


@pytest.mark.parametrize("folder", ["outbox", "sent", "error", "sent/told", "error/told"])
def test_a_text_is_found_by_its_key_wherever_the_daemon_has_it(modem: Modem, spool: Path, folder: str) -> None:
    ref = send(modem, "call:1:booked")
    (name,) = outgoing(spool)
    (spool / folder).mkdir(exist_ok=True)
    (spool / "outbox" / name).rename(spool / folder / name)
    accepted = modem.query("call:1:booked")
    assert accepted is not None
    assert accepted.ref == ref
    assert modem.query("call:2:booked") is None
    send(modem, "call:1:booked")
    assert outgoing(spool, folder) == [name]


def test_no_name_tells_a_number_or_is_too_long_for_the_daemon(modem: Modem, spool: Path) -> None:
    send(modem, "k" * 120)
    (name,) = outgoing(spool)
    assert MOTHER.lstrip("+") not in name
    assert len(name) < 100


def test_half_a_file_is_none(modem: Modem, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GatewayError, match="No space left") as refused:
        send(modem)
    assert not refused.value.permanent
    assert outgoing(spool) == []
    assert modem.query("k") is None


def test_what_can_not_wait_goes_first_and_what_is_for_all_last(modem: Modem, spool: Path, clock: Stepped) -> None:
    for seconds, template in enumerate(("announcement", "booked", "ring_village", "moved", "sign_in_code")):
        clock.at = Stepped.at + timedelta(seconds=seconds)
        send(modem, template, template=template)
    assert [name[3] for name in outgoing(spool)] == ["A", "A", "C", "C", "E"]


def age(spool: Path, clock: Stepped, seconds: float) -> None:
    """The clock goes on, and everything there stays as old as it was."""
    for path in (*(spool / "outbox").iterdir(), spool / "sent", spool / "error"):
        os.utime(path, (clock.at.timestamp(), clock.at.timestamp()))
    clock.at += timedelta(seconds=seconds)


def test_texts_that_stay_tell_of_a_daemon_that_hangs(modem: Modem, spool: Path, clock: Stepped) -> None:
    modem.probe()
    send(modem)
    age(spool, clock, 170)
    modem.probe()
    clock.at += timedelta(seconds=30)
    for call in (modem.probe, lambda: send(modem, "another")):
        with pytest.raises(GatewayError, match="1 texts wait, the modem sent none for 3 minutes") as refused:
            call()
        assert not refused.value.permanent
    os.utime(spool / "sent", (clock.at.timestamp() - 20, clock.at.timestamp() - 20))
    modem.probe()


def test_a_slow_modem_with_much_to_do_does_not_hang(modem: Modem, spool: Path, clock: Stepped) -> None:
    for n in range(3):
        send(modem, str(n))
    age(spool, clock, 1000)
    os.utime(spool / "sent", (clock.at.timestamp() - 60, clock.at.timestamp() - 60))
    modem.probe()


@pytest.mark.parametrize("missing", ["inbox", "outbox", "sent", "error"])
def test_a_probe_names_the_folder_that_is_missing(modem: Modem, spool: Path, missing: str) -> None:
    (spool / missing).rmdir()
    with pytest.raises(GatewayError, match=missing):
        modem.probe()
    if missing == "outbox":
        with pytest.raises(GatewayError):
            send(modem)


def test_what_the_daemon_is_done_with_is_told_once(modem: Modem, spool: Path, clock: Stepped) -> None:
    sent, failed = send(modem, "1"), send(modem, "2")
    for ref, folder in ((sent, "sent"), (failed, "error")):
        (path,) = (spool / "outbox").glob(f"*{ref}*")
        path.rename(spool / folder / path.name)
    (spool / "sent" / "OUTC20261126_120000_00_+49170_by hand.txt").touch()
    refused: list[Arrivals] = []
    look_once(modem, refused, refuses=True)
    assert receipts(modem) == [
        Receipt(sent, None, ReceiptStatus.SENT, clock.at),
        Receipt(failed, None, ReceiptStatus.FAILED, clock.at, "not sent by the modem"),
    ]
    assert receipts(modem) == []
    assert modem.query("1") is not None


def test_what_was_told_goes_after_some_days(modem: Modem, spool: Path, clock: Stepped) -> None:
    ref = send(modem)
    age(spool, clock, 0)
    (path,) = (spool / "outbox").glob(f"*{ref}*")
    path.rename(spool / "sent" / path.name)
    assert len(receipts(modem)) == 1
    clock.at += timedelta(days=2)
    receipts(modem)
    assert modem.query("k") is not None
    clock.at += timedelta(days=1, hours=1)
    receipts(modem)
    assert modem.query("k") is None


PLAIN = "IN20261126_195500_00_+8613800138000_00.txt"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"2", "2"),
        (b"", ""),
        ("好的🦊".encode(), "好的🦊"),
        (b"\xfe\xff" + "好的🦊".encode("utf-16-be") + b"\0\0left over", "好的🦊"),
        (b"\xff\xfe" + "好的".encode("utf-16-le"), "好的"),
        (b"caf\xe9", "caf\ufffd"),
        (b"a\0b", "ab"),
        (HEAD + b"[SMSBackup000]\nNumber = \"+1\"\nText00 = 597D\nText01 = 7684\n", "好的"),
        (HEAD + b"[SMSBackup000]\nText00 = 597\nText01 = 7684D83E\n", "的\ufffd"),
        (b"\xfe\xff\xd8\x3e", "\ufffd"),
        (bytes(range(256)) * 200, None),
    ],
)  # fmt: skip
def test_a_text_comes_in_from_whom_the_name_says(
    modem: Modem, spool: Path, clock: Stepped, content: bytes, text: str | None
) -> None:
    came(spool, clock, PLAIN, content)
    (inbound,) = texts(modem)
    assert inbound.sender == MOTHER
    assert inbound.at == clock.at - timedelta(seconds=10)
    if text is not None:
        assert inbound.text == text
    inbound.text.encode()
    assert "\0" not in inbound.text
    assert texts(modem) == []


def test_parts_come_as_one_and_not_before_the_last_is_there(modem: Modem, spool: Path, clock: Stepped) -> None:
    came(spool, clock, "IN20261126_195500_00_+8613800138000_00.txt", b"one ")
    came(spool, clock, "IN20261126_195500_00_+8613800138000_01.txt", b"two ", seconds_ago=0.5)
    came(spool, clock, "IN20261126_195500_01_+8613800138000_00.txt", b"another")
    assert [each.text for each in texts(modem)] == ["another"]
    clock.at += timedelta(seconds=1)
    assert [each.text for each in texts(modem)] == ["one two "]
    assert list((spool / "inbox").iterdir()) == []


def test_what_is_not_taken_stays_under_its_name(modem: Modem, spool: Path, clock: Stepped) -> None:
    came(spool, clock, PLAIN, b"2")
    look_once(modem, [], refuses=True)
    (path,) = (spool / "inbox").iterdir()
    part = gammu_files.part_at(path)
    assert part is not None
    (inbound,) = texts(modem)
    assert inbound.ref == gammu_files.ref_of([part])


def test_a_name_that_the_daemon_gives_again_is_another_text(modem: Modem, spool: Path, clock: Stepped) -> None:
    came(spool, clock, PLAIN, b"2")
    (first,) = texts(modem)
    came(spool, clock, PLAIN, b"2", seconds_ago=9)
    (second,) = texts(modem)
    assert first.ref != second.ref
    assert MOTHER.lstrip("+") not in first.ref


@pytest.mark.parametrize(
    "name", ["README", "IN2026.txt", "IN20261126_195500_00_+8613800138000_00.bin", "IN20261126_195500_00_.txt"]
)
def test_what_is_no_text_stays_and_holds_nothing_back(
    modem: Modem, spool: Path, clock: Stepped, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    came(spool, clock, name, b"x")
    (spool / "inbox" / PLAIN.replace("_00.txt", "_07.txt")).mkdir()
    came(spool, clock, PLAIN.replace("_00_+", "_03_+"), b"x" * 300_000)
    came(spool, clock, PLAIN.replace("_00_+", "_01_+"), b"2")
    assert [each.text for each in texts(modem)] == ["2"]
    assert texts(modem) == []
    assert len(caplog.records) == 3
    assert MOTHER.lstrip("+") not in caplog.text


def test_a_sender_may_be_a_name(modem: Modem, spool: Path, clock: Stepped) -> None:
    came(spool, clock, "IN20261126_195500_00_China_Mobile_00.txt", b"hello")
    came(spool, clock, f"IN20261126_195501_00_{'x' * 60}_00.txt", b"hello")
    assert [each.sender for each in texts(modem)] == ["China_Mobile", "x" * 40]
