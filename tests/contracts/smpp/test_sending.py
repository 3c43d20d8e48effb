"""Sending by SMPP to an SMSC of somebody else's making, where it behaves and where it doesn't."""

import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import BadSetting
from app.gateways import smpp, smpp_link, texting
from app.gateways.smpp import Smpp
from app.kernel.clock import SystemClock
from app.notices.ports import GatewayError, NoAnswer
from tests.contracts.smpp.ears import NUMBER, send
from tests.services import free_port
from tests.services.smsc import PASSWORD, SYSTEM_ID, PrivateSmsc

THROTTLED, QUEUE_FULL, BAD_NUMBER, BAD_SENDER, SYSTEM_ERROR, OF_THEIR_OWN = 0x58, 0x14, 0x0B, 0x0A, 0x08, 0x0400
UDHI = 0x40


@pytest.mark.parametrize(
    ("sender", "ton", "written"),
    [("12345", 3, "12345"), ("%2B8610123456", 1, "8610123456"), ("HOMETHREAD", 5, "HOMETHREAD"), ("", 0, "")],
)
def test_it_says_what_kind_of_number_the_sender_is(
    smsc: PrivateSmsc, tmp_path: Path, sender: str, ton: int, written: str
) -> None:
    url = smsc.url.replace("from=12345", f"from={sender}")
    send(Smpp(url, tmp_path, SystemClock()))
    (sent,) = smsc.told("submitted")
    assert (sent["ton"], sent["sender"], sent["number"]) == ([ton, 1], written, "8613800138000")


def test_a_long_text_is_numbered_and_its_last_piece_asks_for_the_receipt(smsc: PrivateSmsc, gateway: Smpp) -> None:
    """A fox at the border of two segments goes into the second, whole."""
    text = "约" * 66 + "🦊" + "好" * 70
    ref = send(gateway, text)
    sent = smsc.told("submitted")
    assert [each["registered"] for each in sent] == [0, 0, 1]
    assert {each["esm_class"] for each in sent} == {UDHI}
    assert sent[1]["text"].startswith("🦊")
    assert ref == str(sent[-1]["id"])
    assert smsc.sent(NUMBER) == [text]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (BAD_NUMBER, True), (THROTTLED, False), (QUEUE_FULL, False), (BAD_SENDER, False), (SYSTEM_ERROR, False),
        (OF_THEIR_OWN, False),
    ],
)  # fmt: skip
def test_a_refusal_is_permanent_where_the_number_is_bad_and_passing_where_not(
    smsc: PrivateSmsc, gateway: Smpp, status: int, permanent: bool
) -> None:
    smsc.behave(submit="refuse", status=status)
    with pytest.raises(GatewayError) as refused:
        send(gateway)
    assert refused.value.permanent is permanent
    assert not smsc.told("submitted")


def test_a_long_text_is_ended_when_the_smsc_is_busy_in_its_middle(smsc: PrivateSmsc, gateway: Smpp) -> None:
    smsc.behave(submit="refuse", status=THROTTLED, after=1, times=1)
    send(gateway, "约" * 150)
    assert smsc.sent(NUMBER) == ["约" * 150]


def test_what_is_taken_without_an_answer_is_in_doubt(
    smsc: PrivateSmsc, gateway: Smpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp, "SEND_SECONDS", 0.5)
    smsc.behave(submit="hang")
    with pytest.raises(NoAnswer):
        send(gateway)
    assert smsc.sent(NUMBER) == ["约好了"]


def test_what_is_taken_and_then_hung_up_on_is_in_doubt(smsc: PrivateSmsc, gateway: Smpp) -> None:
    smsc.behave(submit="drop", times=1)
    with pytest.raises(NoAnswer):
        send(gateway)
    assert send(gateway, "again")


def test_a_wrong_password_is_passing_and_no_secret_is_said(smsc: PrivateSmsc, tmp_path: Path) -> None:
    gateway = Smpp(smsc.url.replace(PASSWORD, "wr0ng"), tmp_path, SystemClock())
    for ask in (lambda: send(gateway), gateway.probe):
        with pytest.raises(GatewayError, match="Invalid Password") as refused:
            ask()
        assert not refused.value.permanent
        assert "wr0ng" not in str(refused.value)


def test_one_that_is_not_there_is_passing(tmp_path: Path) -> None:
    gateway = Smpp(f"smpp://{SYSTEM_ID}:{PASSWORD}@127.0.0.1:{free_port()}/", tmp_path, SystemClock())
    for ask in (lambda: send(gateway), gateway.probe):
        with pytest.raises(GatewayError, match="not reachable") as refused:
            ask()
        assert not refused.value.permanent


def test_many_that_wait_for_a_bind_that_hangs_are_all_told_in_time(
    smsc: PrivateSmsc, gateway: Smpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent: another gateway may have the texts."""
    monkeypatch.setattr(smpp_link, "BIND_SECONDS", 0.4)
    monkeypatch.setattr(smpp, "BINDING_SECONDS", 0.2)
    smsc.behave(bind="hang")
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(send, gateway, str(n), str(n)) for n in range(8)]
    assert all(isinstance(each.exception(), GatewayError) for each in asked)


def test_answers_in_another_order_reach_who_asked(smsc: PrivateSmsc, gateway: Smpp) -> None:
    smsc.behave(reversed=6)
    with ThreadPoolExecutor(6) as threads:
        refs = {f"text {n}": threads.submit(send, gateway, f"text {n}", str(n)) for n in range(6)}
    assert {text: ref.result() for text, ref in refs.items()} == {
        each["text"]: str(each["id"]) for each in smsc.told("submitted")
    }
    assert len(smsc.told("bind")) == 1


def test_no_more_wait_for_answers_than_the_window_lets(smsc: PrivateSmsc, tmp_path: Path) -> None:
    """Were it wider, the SMSC would have two to answer in reverse, and would."""
    gateway = Smpp(smsc.url + "&window=1", tmp_path, SystemClock())
    smsc.behave(reversed=2)
    with ThreadPoolExecutor(2) as threads, pytest.MonkeyPatch.context() as patch:
        patch.setattr(smpp, "SEND_SECONDS", 1.2)
        asked = [threads.submit(send, gateway, str(n), str(n)) for n in range(2)]
    assert {type(each.exception()) for each in asked} == {GatewayError, NoAnswer}
    assert len(smsc.told("submitted")) == 1


@pytest.mark.parametrize("octets", [b"\xff" * 16, b"\0\0\0\1", b"GET / HTTP/1.1\r\n\r\n" * 10])
def test_nonsense_ends_the_connection_and_the_next_text_goes(
    smsc: PrivateSmsc, gateway: Smpp, octets: bytes
) -> None:  # fmt: skip
    smsc.behave(submit="hang", times=1)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(send, gateway)
        smsc.until(lambda: bool(smsc.events("submitted")))
        smsc.nonsense(octets)
        assert isinstance(asked.exception(), NoAnswer)
    assert send(gateway, "next")


def test_a_text_goes_after_the_smsc_was_restarted(smsc: PrivateSmsc, gateway: Smpp) -> None:
    stop = threading.Event()
    listening = threading.Thread(target=gateway.listen, args=(lambda _arrivals: None, stop))
    listening.start()
    smsc.until(lambda: bool(smsc.events("bind")))
    smsc.restart()
    send(gateway)
    stop.set()
    listening.join()
    assert smsc.sent(NUMBER) == ["约好了"]


def test_it_probes_without_sending(smsc: PrivateSmsc, gateway: Smpp) -> None:
    gateway.probe()
    assert [each["command"] for each in smsc.told("bind")] == ["bind_transmitter"]
    assert len(smsc.told("enquired")) == 1
    assert not smsc.told("submitted")
    smsc.until(lambda: bool(smsc.events("unbound")))


def test_a_probe_that_is_not_answered_fails(smsc: PrivateSmsc, gateway: Smpp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "PROBE_SECONDS", 0.3)
    smsc.behave(answers_enquiries=False)
    with pytest.raises(GatewayError, match="does not answer"):
        gateway.probe()


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("smpp://u:secret@host/", "host:port"),
        ("smpp://u@host:2775/", "user:password"),
        ("smpp://u:secret@host:2775/?form=1", "'form' is not known"),
        ("smpp://u:a-long-secret@host:2775/", "password of at most 8"),
        ("smpp://u:secret@host:2775/?from=家线", "plain letters"),
        ("smpp://u:secret@host:2775/?window=0", "window"),
        ("smpp://u:secret@host:2775/?ids=octal", "hex or decimal"),
        ("smpp://u:secret@host:x/", "host:port"),
    ],
)
def test_an_address_that_lacks_something_is_refused_without_quoting_its_secret(
    url: str, names: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=names) as refused:
        Smpp(url, tmp_path, SystemClock())
    assert "secret" not in str(refused.value)


def test_neither_number_nor_text_nor_password_stands_in_a_log(
    smsc: PrivateSmsc, gateway: Smpp, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send(gateway, "secret words")
        smsc.behave(submit="drop", times=1)
        with pytest.raises(NoAnswer):
            send(gateway, "secret words", "again")
    for secret in (NUMBER.lstrip("+"), "secret words", b"secret words".hex(), PASSWORD):
        assert secret not in caplog.text


def test_without_its_library_the_setting_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("smpplib", "app.gateways.smpp"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "smpplib", None)
    with pytest.raises(BadSetting, match=r"homethread\[smpp\]"):
        texting.opened([f"smpp://{SYSTEM_ID}:{PASSWORD}@127.0.0.1:2775/"], tmp_path, SystemClock())
