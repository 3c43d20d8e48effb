"""What Aliyun calls us with, against what it documents: help.aliyun.com/zh/sms, SmsReport and SmsUp over HTTP."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.gateways.aliyun import Aliyun
from app.kernel.clock import SystemClock
from app.notices.ports import BadHook, HookRequest, Inbound, Receipt, ReceiptStatus

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)

REPORT: dict[str, Any] = {
    "phone_number": "15300000001",
    "send_time": "2026-11-26 19:59:00",
    "report_time": "2026-11-26 19:59:30",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "900619746936498440^0",
    "out_id": "call:1:booked",
}
TEXT: dict[str, Any] = {
    "phone_number": "15300000001",
    "send_time": "2026-11-26 19:59:00",
    "content": "２ 好的🦊",
    "sign_name": "家线",
    "dest_code": "1234",
    "sequence_id": 1234567890,
}
AT = datetime(2026, 11, 26, 11, 59, tzinfo=UTC)


def called() -> Aliyun:
    return Aliyun("aliyun://id:secret@dysmsapi.aliyuncs.com/?sign=家线&template_booked=SMS_1&hook=yes", SystemClock())


def call(items: Any) -> HookRequest:
    body = items if isinstance(items, bytes) else json.dumps(items).encode()
    return HookRequest("POST", "http://127.0.0.1/hooks/aliyun/abc", b"", body)


def test_reports_come_under_our_keys_in_its_own_time() -> None:
    failed = REPORT | {"success": False, "err_code": "MK:0001", "out_id": "call:2:booked"}
    arrivals = called().hook(call([REPORT, failed]), NOW)
    at = AT.replace(second=30)
    assert arrivals.receipts == [
        Receipt(None, "call:1:booked", ReceiptStatus.DELIVERED, at),
        Receipt(None, "call:2:booked", ReceiptStatus.FAILED, at, "MK:0001"),
    ]
    assert (json.loads(arrivals.answer)["code"], arrivals.mime) == (0, "application/json")


def test_a_report_without_our_key_comes_under_its_name() -> None:
    (receipt,) = called().hook(call([REPORT | {"out_id": ""}]), NOW).receipts
    assert (receipt.ref, receipt.key) == ("900619746936498440^0", None)


@pytest.mark.parametrize(
    ("number", "sender"),
    [("15300000001", "+8615300000001"), ("85261234567", "+85261234567"), ("10690", "10690"), ("家", "家")],
)
def test_a_text_comes_in_from_a_whole_number(number: str, sender: str) -> None:
    arrivals = called().hook(call([TEXT | {"phone_number": number}]), NOW)
    assert arrivals.texts == [Inbound("1234567890", sender, "２ 好的🦊", AT)]


@pytest.mark.parametrize("said", ["", "soon", "1999-01-01 00:00:00", "2199-01-01 00:00:00", 7, None, "9999-99-99 99"])
def test_a_time_that_can_not_be_is_now(said: Any) -> None:
    assert called().hook(call([TEXT | {"send_time": said}]), NOW).texts[0].at == NOW


def test_what_can_not_be_read_holds_nothing_else_back() -> None:
    strange: list[Any] = [{}, [], "x", None, {"success": "true"}, REPORT | {"out_id": "k" * 121}, {"content": "1"}]
    arrivals = called().hook(call([*strange, TEXT, REPORT]), NOW)
    assert (len(arrivals.receipts), len(arrivals.texts)) == (1, 1)


def test_what_is_played_again_is_the_same_again() -> None:
    assert called().hook(call([TEXT, REPORT]), NOW) == called().hook(call([TEXT, REPORT]), NOW)


def test_half_a_character_and_a_nul_are_nothing_that_a_database_must_keep() -> None:
    (text,) = called().hook(call(json.dumps([TEXT | {"content": "\ud83e好\0" * 3_000}]).encode()), NOW).texts
    assert text.text == "\ufffd好" * 3_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00\x01",
        "[]".encode("utf-16"),
        b"{}",
        b"[]",
        b"1e999",
        b"[" * 200_000,
        b'[{"success": true}]',
        b"a=1&b=2",
        b"[1, 2, 3]",
        b"NaN",
        b"9" * 10_000,
    ],
)
def test_what_is_no_call_of_theirs_is_a_bad_one(body: bytes) -> None:
    with pytest.raises(BadHook):
        called().hook(call(body), NOW)


def test_who_is_not_to_be_called_hears_nothing() -> None:
    gateway = Aliyun("aliyun://id:secret@dysmsapi.aliyuncs.com/?sign=家线&template_booked=SMS_1", SystemClock())
    assert not gateway.receipts
    assert not gateway.can_receive
    with pytest.raises(BadHook):
        gateway.hook(call([REPORT]), NOW)
