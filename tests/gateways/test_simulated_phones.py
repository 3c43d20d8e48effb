"""The simulated phones beyond the contract: once per key, several processes, what a screen shows."""

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.gateways.simulated_phones import SimulatedPhones
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import Handsets, HandsetText, SmsGateway

MOTHER, GRANDMOTHER = E164("+8613800138000"), E164("+8613800138001")
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return AT


@pytest.fixture
def phones(tmp_path: Path) -> SimulatedPhones:
    return SimulatedPhones(tmp_path / "phones.db", StoppedClock())


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
    assert shown.numbers() == [GRANDMOTHER, MOTHER]
    assert shown.texts(GRANDMOTHER) == [HandsetText(AT, "约好了", "b", "booked")]


def test_what_was_taken_is_there_after_a_restart(phones: SimulatedPhones, tmp_path: Path) -> None:
    ref = send(phones, "k", "text")
    again = SimulatedPhones(tmp_path / "phones.db", StoppedClock())
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
