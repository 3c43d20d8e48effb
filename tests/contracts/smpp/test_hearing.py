"""Receipts and texts that come in by SMPP: of every kind, again, refused, and when the SMSC goes and comes."""

import logging
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.gateways import smpp_hearing
from app.gateways.smpp import Smpp
from app.notices.ports import Arrivals, ReceiptStatus
from tests.contracts.smpp.ears import NEVER, NOT_NOW, NUMBER, TAKEN, HandClock, Sink, listening, send
from tests.services.smsc import BINARY, GSM, LATIN_1, SHORT_CODE, UCS2, UDHI, PrivateSmsc
from tests.web.waiting import until


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
