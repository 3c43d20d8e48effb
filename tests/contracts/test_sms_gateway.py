"""What every gateway for texts keeps to. A new one joins with a line in OUTSIDES."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.gateways.simulated_phones import SimulatedPhones
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import LONGEST_CALL_SECONDS, Accepted, SmsGateway
from app.notices.rules import IN_FLIGHT
from app.notices.segments import segments

MOTHER, GRANDMOTHER = E164("+8613800138000"), E164("+8613800138001")


@dataclass(frozen=True)
class Outside:
    """A gateway, and the texts that a phone shows, in the order in which they came."""

    gateway: SmsGateway
    arrived: Callable[[E164], list[str]]


def simulated(folder: Path) -> Outside:
    phones = SimulatedPhones(folder / "phones.db", SystemClock())
    return Outside(phones, lambda number: [each.text for each in phones.texts(number)])


OUTSIDES = {"simulated": simulated}


@pytest.fixture(params=OUTSIDES)
def outside(request: pytest.FixtureRequest, tmp_path: Path) -> Outside:
    return OUTSIDES[request.param](tmp_path)


def send(outside: Outside, key: str, text: str = "约好了", to: E164 = MOTHER) -> Accepted:
    return outside.gateway.send(to, "booked", {"parent": "王小明"}, "zh-CN", text, key=key)


def test_it_says_what_it_is(outside: Outside) -> None:
    gateway = outside.gateway
    assert 0 < len(gateway.name) <= 32
    flags = (gateway.can_receive, gateway.templates_only, gateway.receipts, gateway.can_query)
    assert all(isinstance(flag, bool) for flag in flags)
    assert gateway.max_segments >= 1


@pytest.mark.parametrize("text", ["Booked: today 19:00", "约好了：王小明和小雨，明天 19:00。", "两行\n🦊", "x'); --"])
def test_a_text_arrives_as_it_was_written(outside: Outside, text: str) -> None:
    accepted = send(outside, "k", text)
    assert 0 < len(accepted.ref) <= 120
    assert outside.arrived(MOTHER) == [text]


def test_a_text_of_as_many_segments_as_it_takes_arrives_whole(outside: Outside) -> None:
    most = outside.gateway.max_segments
    text = "约" * (67 * most if most > 1 else 70)
    assert segments(text) == most
    send(outside, "k", text)
    assert outside.arrived(MOTHER) == [text]


def test_texts_arrive_in_order_each_at_its_own_phone(outside: Outside) -> None:
    refs = [send(outside, str(n), f"text {n}", to).ref for n, to in enumerate((MOTHER, GRANDMOTHER, MOTHER))]
    assert len(set(refs)) == 3
    assert outside.arrived(MOTHER) == ["text 0", "text 2"]
    assert outside.arrived(GRANDMOTHER) == ["text 1"]


def test_where_it_can_be_asked_it_knows_what_it_took_and_only_that(outside: Outside) -> None:
    if not outside.gateway.can_query:
        with pytest.raises(NotImplementedError):
            outside.gateway.query("k")
        return
    accepted = send(outside, "call:1:booked:ü")
    assert outside.gateway.query("call:1:booked:ü") == accepted
    assert outside.gateway.query("call:1:booked") is None


def test_many_threads_may_send_at_once(outside: Outside) -> None:
    threads = [threading.Thread(target=send, args=(outside, f"k{n}", f"text {n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outside.arrived(MOTHER)) == [f"text {n}" for n in range(8)]


def test_no_number_stands_in_a_log(outside: Outside, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(outside, "k")
    assert MOTHER.lstrip("+") not in caplog.text


def test_an_attempt_is_over_before_it_counts_as_abandoned() -> None:
    assert IN_FLIGHT.total_seconds() > LONGEST_CALL_SECONDS
