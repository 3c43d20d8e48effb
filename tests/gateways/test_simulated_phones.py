"""The simulated phones beyond the contract: once per key, several processes, what a screen shows, fates, old files."""

import multiprocessing
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.gateways.simulated_phones import LATE, STEPS, Fate, SimulatedPhones
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, Handsets, HandsetText, ReceiptStatus, SmsGateway
from tests.scene import NOW as AT
from tests.scene import StepClock
from tests.web.waiting import until

MOTHER, GRANDMOTHER = E164("+8613800138000"), E164("+8613800138001")


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def phones(tmp_path: Path, clock: StepClock) -> SimulatedPhones:
    return SimulatedPhones(tmp_path / "phones.db", clock)


def send(phones: SmsGateway, key: str, text: str, to: E164 = MOTHER) -> str:
    return phones.send(to, "booked", {}, "zh-CN", text, key=key).ref


def test_a_key_is_taken_once(phones: SimulatedPhones) -> None:
    first = send(phones, "k", "first")
    assert send(phones, "k", "second", GRANDMOTHER) == first
    assert [each.text for each in phones.texts(MOTHER)] == ["first"]
    assert phones.texts(GRANDMOTHER) == []


def test_a_screen_shows_when_and_what(phones: SimulatedPhones) -> None:
    send(phones, "b", "约好了", GRANDMOTHER)
    send(phones, "a", "第一", MOTHER)
    shown: Handsets = phones
    send(phones, "c", "第二", GRANDMOTHER)
    newest = {number: (count, text.text) for number, (count, text) in shown.states().items()}
    assert list(newest.items()) == [(GRANDMOTHER, (2, "第二")), (MOTHER, (1, "第一"))]
    assert shown.texts(GRANDMOTHER)[0] == HandsetText(AT, "约好了", "b", "booked")


def test_what_was_taken_is_there_after_a_restart(phones: SimulatedPhones, tmp_path: Path) -> None:
    ref = send(phones, "k", "text")
    again = SimulatedPhones(tmp_path / "phones.db", StepClock())
    found = again.query("k")
    assert found is not None
    assert found.ref == ref
    assert len(again.texts(MOTHER)) == 1


def _send_many(path: Path, own: int) -> None:
    phones = SimulatedPhones(path, SystemClock())
    for n in range(25):
        send(phones, f"shared {n}", "one of them")
        send(phones, f"own {own} {n}", "mine", GRANDMOTHER)


def test_several_processes_share_it(tmp_path: Path) -> None:
    path = tmp_path / "phones.db"
    several = multiprocessing.get_context("spawn")
    senders = [several.Process(target=_send_many, args=(path, own)) for own in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert [sender.exitcode for sender in senders] == [0, 0, 0]
    phones = SimulatedPhones(path, SystemClock())
    assert len(phones.texts(MOTHER)) == 25
    assert len(phones.texts(GRANDMOTHER)) == 75


def test_a_screen_shows_what_was_typed_where_it_was_typed(phones: SimulatedPhones) -> None:
    send(phones, "a", "来吗？")
    phones.write(MOTHER, "2", "own")
    phones.write(MOTHER, "3", "own")
    send(phones, "b", "1) 19:00")
    assert [(each.text, each.is_own) for each in phones.texts(MOTHER)] == [
        ("来吗？", False), ("2", True), ("1) 19:00", False)
    ]  # fmt: skip


def arrived(phones: SimulatedPhones) -> list[ReceiptStatus]:
    """The receipts that are due now, each handed over with this."""
    return [receipt.status for each in heard(phones) for receipt in each.receipts]


class AfterOneLook(threading.Event):
    """Stops whoever listens when they have looked once."""

    def wait(self, timeout: float | None = None) -> bool:
        was_set = self.is_set()
        self.set()
        return was_set


def heard(phones: SimulatedPhones) -> list[Arrivals]:
    found: list[Arrivals] = []
    phones.listen(found.append, AfterOneLook())
    return found


DELIVERED, FAILED = ReceiptStatus.DELIVERED, ReceiptStatus.FAILED


@pytest.mark.parametrize(
    ("fate", "at_once", "later"),
    [
        (Fate.DELIVERED, [DELIVERED], []),
        (Fate.FAILED, [FAILED], []),
        (Fate.LATE, [], [DELIVERED]),
        (Fate.TWICE, [DELIVERED, DELIVERED], []),
        (Fate.NEVER, [], []),
    ],
)
def test_receipts_come_as_the_fate_says(
    phones: SimulatedPhones, clock: StepClock, fate: Fate, at_once: list[ReceiptStatus], later: list[ReceiptStatus]
) -> None:
    phones.set_fate(fate)
    send(phones, "k", "text")
    send(phones, "k", "text")
    assert (arrived(phones), arrived(phones)) == (at_once, [])
    clock.step(seconds=LATE.total_seconds())
    assert (arrived(phones), arrived(phones)) == (later, [])


def test_one_phone_may_have_a_fate_of_its_own(phones: SimulatedPhones) -> None:
    phones.set_fate(Fate.FAILED, MOTHER)
    phones.set_fate(Fate.NEVER)
    ref = send(phones, "a", "text", MOTHER)
    send(phones, "b", "text", GRANDMOTHER)
    phones.set_fate(Fate.DELIVERED, MOTHER)
    ((receipt,),) = [each.receipts for each in heard(phones)]
    assert (receipt.ref, receipt.status, receipt.at, receipt.error) == (ref, FAILED, AT, "phone off")


def test_a_file_of_an_older_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "phones.db"
    with closing(sqlite3.connect(path)) as file, file:
        for statement in STEPS[0]:
            file.execute(statement)
        old = ("key", "ref", MOTHER, AT.isoformat(), "booked", "约好了")
        file.execute("INSERT INTO handset_text (key, ref, number, at, template, text) VALUES (?, ?, ?, ?, ?, ?)", old)
    for _start in range(2):
        phones = SimulatedPhones(path, StepClock())
    assert phones.texts(MOTHER) == [HandsetText(AT, "约好了", "key", "booked")]
    assert heard(phones) == [], "nothing is told of what was sent before there were receipts"
    phones.write(MOTHER, "1", "own")
    assert [text.text for each in heard(phones) for text in each.texts] == ["1"]


def test_a_file_of_a_newer_version_keeps_its_number(phones: SimulatedPhones, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "phones.db")) as file:
        file.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
        SimulatedPhones(tmp_path / "phones.db", StepClock())
        assert file.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)


def _listen_and_stand_still(path: Path, taken: Path) -> None:
    def take(arrivals: Arrivals) -> None:
        with taken.open("a") as file:
            file.writelines(f"{each.ref}\n" for each in arrivals.texts)
        time.sleep(60)

    SimulatedPhones(path, SystemClock()).listen(take, threading.Event())


def test_what_a_killed_listener_had_in_its_hands_comes_to_the_next_under_the_same_name(tmp_path: Path) -> None:
    path, taken = tmp_path / "phones.db", tmp_path / "taken"
    phones = SimulatedPhones(path, SystemClock())
    phones.write(MOTHER, "2", "own")
    listener = multiprocessing.get_context("spawn").Process(target=_listen_and_stand_still, args=(path, taken))
    listener.start()
    until(lambda: taken.exists() and taken.read_text().endswith("\n"))
    texts: list[str] = []
    stop = threading.Event()
    next_one = threading.Thread(
        target=phones.listen, args=(lambda arrivals: texts.extend(each.ref for each in arrivals.texts), stop)
    )
    next_one.start()
    time.sleep(0.3)
    assert not texts, "two never have the same in their hands"
    listener.kill()
    until(lambda: bool(texts))
    stop.set()
    next_one.join()
    listener.join()
    assert texts == taken.read_text().split()
