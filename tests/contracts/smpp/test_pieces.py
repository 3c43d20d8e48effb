"""Long texts that come in by SMPP: their pieces in any order, twice, mixed, from before a restart, or never."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from app.gateways.smpp import Smpp
from tests.contracts.smpp.ears import NUMBER, OTHER, TAKEN, HandClock, Sink, listening
from tests.services.smsc import UCS2, UDHI, PrivateSmsc
from tests.web.waiting import until


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
