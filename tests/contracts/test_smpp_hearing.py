"""SMPP 3.4 with an SMSC of somebody else's making: receipts and texts that come in, whole, in pieces, again, never."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.gateways import smpp_hearing
from app.gateways.smpp import Smpp
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, Inbound, Receipt, ReceiptStatus
from tests.services.smsc import BINARY, GSM, LATIN_1, SHORT_CODE, UCS2, UDHI, PrivateSmsc
from tests.web.waiting import until

NUMBER, OTHER = E164("+8613800138000"), E164("+8613800138001")
TAKEN, NOT_NOW, NEVER = 0, 0x64, 0x65
NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


@dataclass
class HandClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Sink:
    """What was taken. While `gate` is shut taking waits; `refusals` many are refused."""

    refusals: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[Inbound] = field(default_factory=list)
    texts: list[Inbound] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def __call__(self, arrivals: Arrivals) -> None:
        self.asked += arrivals.texts
        assert self.gate.wait(10)
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("the database is away")
        self.texts += arrivals.texts
        self.receipts += arrivals.receipts

    @property
    def said(self) -> list[str]:
        return [each.text for each in self.texts]


@pytest.fixture(scope="module")
def node_smsc() -> Iterator[PrivateSmsc]:
    server = PrivateSmsc()
    yield server
    server.stop()


@pytest.fixture
def smsc(node_smsc: PrivateSmsc) -> PrivateSmsc:
    node_smsc.forget()
    return node_smsc


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sink() -> Sink:
    opened = Sink()
    opened.gate.set()
    return opened


@pytest.fixture
def gateway(smsc: PrivateSmsc, tmp_path: Path, clock: HandClock) -> Smpp:
    return Smpp(smsc.url, tmp_path, clock)


@contextmanager
def listening(gateway: Smpp, take: Callable[[Arrivals], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=gateway.listen, args=(take, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def heard(gateway: Smpp, sink: Sink, smsc: PrivateSmsc) -> Iterator[Sink]:
    """What is taken by a gateway that listens already."""
    with listening(gateway, sink):
        smsc.until(lambda: bool(smsc.events("bind")))
        yield sink


def send(gateway: Smpp, text: str = "约好了", key: str = "k") -> str:
    return gateway.send(NUMBER, "booked", {}, "zh-CN", text, key).ref


@pytest.mark.parametrize("form", ["text", "tlv"])
@pytest.mark.parametrize(
    ("state", "status", "error"),
    [
        ("DELIVRD", ReceiptStatus.DELIVERED, None),
        ("UNDELIV", ReceiptStatus.FAILED, "UNDELIV"),
        ("EXPIRED", ReceiptStatus.FAILED, "EXPIRED"),
        ("REJECTD", ReceiptStatus.FAILED, "REJECTD"),
        ("ENROUTE", ReceiptStatus.SENT, None),
        ("UNKNOWN", ReceiptStatus.UNKNOWN, None),
    ],
)
def test_a_receipt_says_what_became_of_the_text(
    smsc: PrivateSmsc, gateway: Smpp, heard: Sink, form: str, state: str, status: ReceiptStatus, error: str | None
) -> None:
    smsc.behave(receipt_form=form, state=state, receipt_digits=10)
    ref = send(gateway)
    until(lambda: bool(heard.receipts))
    (receipt,) = heard.receipts
    assert (receipt.ref, receipt.key, receipt.status) == (ref, None, status)
    assert (receipt.error or "").removesuffix(" 000") == (error or "")


def test_a_receipt_may_come_before_the_answer_and_twice(smsc: PrivateSmsc, gateway: Smpp, heard: Sink) -> None:
    smsc.behave(receipt_first=True, receipts="twice")
    ref = send(gateway)
    until(lambda: len(heard.receipts) == 2)
    assert [each.ref for each in heard.receipts] == [ref, ref]


def test_a_receipt_that_comes_late_comes_to_who_listens_then(
    smsc: PrivateSmsc, gateway: Smpp, sink: Sink, tmp_path: Path, clock: HandClock
) -> None:
    """The one that sent may be another process."""
    smsc.behave(receipt_after_ms=300)
    ref = send(gateway)
    with listening(Smpp(smsc.url, tmp_path, clock), sink):
        until(lambda: bool(sink.receipts))
    assert sink.receipts[0].ref == ref


def test_ids_that_are_hex_here_and_decimal_there_are_the_same(
    smsc: PrivateSmsc, tmp_path: Path, clock: HandClock, sink: Sink
) -> None:
    smsc.behave(ids="hex")
    gateway = Smpp(f"{smsc.url}&ids=hex&receipt_ids=decimal", tmp_path, clock)
    with listening(gateway, sink):
        ref = send(gateway)
        until(lambda: bool(sink.receipts))
    assert sink.receipts[0].ref == ref


def test_receipts_are_taken_many_at_a_time(smsc: PrivateSmsc, gateway: Smpp, sink: Sink) -> None:
    smsc.behave(deliveries="all")
    sizes: list[int] = []

    def take(arrivals: Arrivals) -> None:
        sizes.append(len(arrivals.receipts))
        sink(arrivals)

    for n in range(40):
        send(gateway, key=str(n))
    with listening(gateway, take):
        until(lambda: len(sink.receipts) == 40)
    assert len(sizes) < 20


@pytest.mark.parametrize(
    ("octets", "fields", "text"),
    [
        (b"2", {"data_coding": GSM}, "2"),
        (b"\x00\x1b\x65 \x1b\x3c1\x1b\x3e \x11", {"data_coding": GSM}, "@€ [1] _"),
        ("好的，明天见🦊".encode("utf-16-be"), {"data_coding": UCS2}, "好的，明天见🦊"),
        ("２".encode("utf-16-be"), {"data_coding": 0x18}, "２"),
        ("café".encode("latin-1"), {"data_coding": LATIN_1}, "café"),
        (b"flash", {"data_coding": 0x10}, "flash"),
        (b"ok\x1b\x41\x1b", {"data_coding": GSM}, "okA\ufffd"),
        (b"\xd8\x3e\x00A", {"data_coding": UCS2}, "\ufffdA"),
        (b"\x00A\x00", {"data_coding": UCS2}, "A\ufffd"),
        (b"yes", {"data_coding": 0xC7}, "yes"),
        (b"", {}, ""),
        (b"\x03\x24\x01\x01\x1bs", {"esm_class": UDHI}, "ş"),
        (b"\xffno header", {"esm_class": UDHI}, ""),
        (b"\x05\x00\x03\x01\x02\x03never", {"esm_class": UDHI}, "never"),
    ],
)
def test_a_text_is_read_as_its_coding_says(
    smsc: PrivateSmsc, heard: Sink, octets: bytes, fields: dict[str, Any], text: str
) -> None:
    smsc.deliver(NUMBER, octets, **fields)
    until(lambda: bool(heard.texts))
    (came,) = heard.texts
    assert (came.sender, came.text) == (NUMBER, text)
    smsc.until(lambda: smsc.acknowledged("text") == [TAKEN])


def test_a_text_in_a_payload_is_read_too(smsc: PrivateSmsc, heard: Sink) -> None:
    smsc.deliver(NUMBER, b"", message_payload="long " * 60)
    until(lambda: bool(heard.texts))
    assert heard.said == ["long " * 60]


@pytest.mark.parametrize(("sender", "ton"), [("10086", 3), ("HomeThread", 5), ("13800138000", 2)])
def test_a_sender_that_is_no_international_number_stays_as_it_is(
    smsc: PrivateSmsc, heard: Sink, sender: str, ton: int
) -> None:
    smsc.deliver(sender, b"hello", source_addr_ton=ton)
    until(lambda: bool(heard.texts))
    assert heard.texts[0].sender == sender


def test_what_is_no_text_is_acknowledged_and_passed_over(
    smsc: PrivateSmsc, heard: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        smsc.deliver(NUMBER, bytes(range(200)), "ring tone", data_coding=BINARY)
        smsc.deliver(NUMBER, b"no receipt", "receipt", esm_class=4)
        smsc.deliver(NUMBER, b"next", "text")
        until(lambda: bool(heard.texts))
    assert heard.said == ["next"]
    assert (smsc.acknowledged("ring tone"), smsc.acknowledged("receipt")) == ([TAKEN], [NEVER])
    assert NUMBER.lstrip("+") not in caplog.text
    assert "no receipt" not in caplog.text


def pieces(text: str, reference: int = 7, size: int = 10, *, wide: bool = False) -> list[bytes]:
    """With headers of references in one octet or two."""
    octets = text.encode("utf-16-be")
    cut = [octets[at : at + size] for at in range(0, len(octets), size)]
    head = bytes([6, 8, 4, reference, 0]) if wide else bytes([5, 0, 3, reference])
    return [head + bytes([len(cut), number]) + piece for number, piece in enumerate(cut, 1)]


def deliver(smsc: PrivateSmsc, octets: Sequence[bytes], sender: str = NUMBER) -> None:
    for each in octets:
        smsc.deliver(sender, each, data_coding=UCS2, esm_class=UDHI)


LONG = "从前有座山，山里有座庙🦊，庙里有个老和尚"
AGAIN = "后来他给小和尚讲故事🦊，讲的是什么故事呢"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_pieces_in_any_order_are_one_text(smsc: PrivateSmsc, heard: Sink, wide: bool, order: slice) -> None:
    deliver(smsc, pieces(LONG, wide=wide)[order])
    until(lambda: bool(heard.texts))
    assert heard.said == [LONG]


def test_a_fox_cut_in_half_by_a_phone_is_whole_again(smsc: PrivateSmsc, heard: Sink) -> None:
    deliver(smsc, pieces("🦊🦊🦊", size=6))
    until(lambda: bool(heard.texts))
    assert heard.said == ["🦊🦊🦊"]


def test_pieces_that_come_twice_count_once(smsc: PrivateSmsc, heard: Sink) -> None:
    first, second, *rest = pieces(LONG)
    deliver(smsc, [second, first, second, first, *rest, first, rest[-1]])
    deliver(smsc, ["完".encode("utf-16-be")])
    smsc.behave(deliveries="one")
    smsc.deliver(NUMBER, b"end", "end")
    until(lambda: "end" in heard.said)
    assert [each for each in heard.said if len(each) > 3] == [LONG]


def test_pieces_of_two_people_and_of_two_texts_are_not_mixed(smsc: PrivateSmsc, heard: Sink) -> None:
    """The same reference each time: hers and his, and hers again later."""
    hers, his, again = pieces(LONG), pieces(LONG[::-1]), pieces(AGAIN)
    for one, other in zip(hers, his, strict=True):
        deliver(smsc, [one], NUMBER)
        deliver(smsc, [other], OTHER)
    deliver(smsc, again, NUMBER)
    until(lambda: len(heard.texts) == 3)
    assert {(each.sender, each.text) for each in heard.texts} == {
        (NUMBER, LONG), (OTHER, LONG[::-1]), (NUMBER, AGAIN)
    }  # fmt: skip


def test_pieces_numbered_in_optional_fields_are_joined(smsc: PrivateSmsc, heard: Sink) -> None:
    for number, piece in ((2, b"world"), (1, b"hello ")):
        smsc.deliver(NUMBER, piece, sar_msg_ref_num=300, sar_total_segments=2, sar_segment_seqnum=number)
    until(lambda: bool(heard.texts))
    assert heard.said == ["hello world"]


def test_what_never_comes_whole_is_told_after_ten_minutes(
    smsc: PrivateSmsc, gateway: Smpp, sink: Sink, clock: HandClock
) -> None:
    first, _, third, *_ = pieces(LONG)
    with listening(gateway, sink):
        deliver(smsc, [third, first])
        smsc.until(lambda: smsc.acknowledged("text") == [TAKEN, TAKEN])
        assert not sink.asked
        clock.at += timedelta(minutes=9, seconds=50)
        threading.Event().wait(1.2)
        assert not sink.asked
        clock.at += timedelta(seconds=10)
        until(lambda: bool(sink.texts))
    octets = LONG.encode("utf-16-be")
    assert sink.said == [(octets[:10] + octets[20:30]).decode("utf-16-be")]


def test_pieces_outlive_the_process_that_took_them(
    smsc: PrivateSmsc, gateway: Smpp, sink: Sink, tmp_path: Path, clock: HandClock
) -> None:
    first, *rest = pieces(LONG)
    with listening(gateway, sink):
        deliver(smsc, [first])
        smsc.until(lambda: smsc.acknowledged("text") == [TAKEN])
    with listening(Smpp(smsc.url, tmp_path, clock), sink):
        deliver(smsc, rest)
        until(lambda: bool(sink.texts))
    assert sink.said == [LONG]


def test_it_is_acknowledged_only_after_it_was_taken(smsc: PrivateSmsc, heard: Sink) -> None:
    heard.gate.clear()
    smsc.deliver(NUMBER, b"1")
    until(lambda: bool(heard.asked))
    threading.Event().wait(0.2)
    assert not smsc.acknowledged("text")
    heard.gate.set()
    smsc.until(lambda: smsc.acknowledged("text") == [TAKEN])


def test_one_that_comes_again_after_the_connection_was_lost_has_the_same_name(
    smsc: PrivateSmsc, heard: Sink
) -> None:  # fmt: skip
    """Taken, but the acknowledgement was lost: it is not told twice, or under the same name."""
    heard.gate.clear()
    smsc.deliver(NUMBER, b"1")
    until(lambda: bool(heard.asked))
    smsc.kick()
    smsc.until(lambda: bool(smsc.events("closed")))
    heard.gate.set()
    smsc.until(lambda: smsc.acknowledged("text") == [TAKEN])
    assert len({each.ref for each in heard.texts}) == 1


@pytest.mark.parametrize("deliveries", ["one", "all"])
def test_the_same_words_sent_twice_are_two_texts(smsc: PrivateSmsc, heard: Sink, deliveries: str) -> None:
    """One after the other, and both at once, as they come when nobody has listened for a while."""
    smsc.behave(deliveries=deliveries)
    smsc.deliver(NUMBER, b"1")
    smsc.deliver(NUMBER, b"1")
    until(lambda: len(heard.texts) == 2)
    assert len({each.ref for each in heard.texts}) == 2


def test_one_that_comes_again_because_our_answer_took_long_is_the_same(
    smsc: PrivateSmsc, gateway: Smpp, sink: Sink, clock: HandClock
) -> None:
    smsc.behave(deliveries="all")
    sink.gate.clear()
    with listening(gateway, sink):
        smsc.deliver(NUMBER, b"1")
        until(lambda: bool(sink.asked))
        clock.at += timedelta(seconds=20)
        smsc.deliver(NUMBER, b"1")
        smsc.until(lambda: len(smsc.events("handed")) == 2)
        clock.at += timedelta(seconds=2)
        sink.gate.set()
        smsc.until(lambda: smsc.acknowledged("text") == [TAKEN, TAKEN])
    assert len({each.ref for each in sink.asked}) == 1


def test_a_text_that_is_refused_is_tried_again_from_our_own_file_too(
    smsc: PrivateSmsc, gateway: Smpp, sink: Sink, clock: HandClock
) -> None:
    """An SMSC may give up, or take an hour to come again."""
    smsc.behave(again_ms=60_000)
    sink.refusals = 1
    with listening(gateway, sink):
        smsc.deliver(NUMBER, b"1")
        smsc.until(lambda: smsc.acknowledged("text") == [NOT_NOW])
        clock.at += timedelta(seconds=5)
        until(lambda: bool(sink.texts))
    assert len({each.ref for each in sink.asked}) == 1


def test_it_listens_again_after_the_smsc_was_restarted(smsc: PrivateSmsc, heard: Sink) -> None:
    smsc.restart()
    smsc.deliver(NUMBER, b"1")
    until(lambda: bool(heard.texts))
    assert heard.said == ["1"]


def test_one_that_stays_silent_is_asked_and_left(
    smsc: PrivateSmsc, gateway: Smpp, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp_hearing, "ENQUIRE_SECONDS", 0.3)
    monkeypatch.setattr(smpp_hearing, "ENQUIRED_SECONDS", 0.2)
    smsc.behave(answers_enquiries=False)
    with listening(gateway, sink):
        smsc.until(lambda: len(smsc.events("bind")) == 2)
    assert smsc.told("enquired")


def test_who_sends_and_who_listens_share_one_connection(smsc: PrivateSmsc, gateway: Smpp, heard: Sink) -> None:
    for n in range(5):
        send(gateway, key=str(n))
    gateway.probe()
    assert [each["command"] for each in smsc.told("bind")] == ["bind_transceiver"]
    assert not smsc.told("unbound")


def test_nothing_that_came_in_stands_in_a_log(
    smsc: PrivateSmsc, gateway: Smpp, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.refusals = 1
    with caplog.at_level(logging.DEBUG), listening(gateway, sink):
        smsc.deliver(NUMBER, b"secret words")
        until(lambda: bool(sink.texts))
        smsc.kick()
        smsc.until(lambda: len(smsc.events("bind")) == 2)
    for secret in (NUMBER.lstrip("+"), "secret words", b"secret words".hex(), SHORT_CODE):
        assert secret not in caplog.text
