"""Against what Africa's Talking documents: docs.africastalking.com/sms/{sending,fetch_messages,notifications}."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.gateways.africas_talking import AfricasTalking
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import (
    Accepted,
    Arrivals,
    BadHook,
    GatewayError,
    HookRequest,
    Inbound,
    NoAnswer,
    Receipt,
    ReceiptStatus,
)
from tests.services.vendors import AfricasTalkingLike, PlayedVendor, Said
from tests.web.waiting import until

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOTHER = E164("+254711222333")
Play = Callable[..., tuple[AfricasTalking, PlayedVendor]]


def recipient(code: int, status: str, ref: str = "None", message: str = "Sent to 0/1 Total Cost: 0") -> Said:
    """The documented form of an answer."""
    one = {"statusCode": code, "number": MOTHER, "status": status, "cost": "KES 0.8000", "messageId": ref}
    return Said(201, {"SMSMessageData": {"Message": message, "Recipients": [one]}})


TAKEN = recipient(101, "Success", "ATPid_SampleTxnId123", "Sent to 1/1 Total Cost: KES 0.8000")


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    vendors: list[PlayedVendor] = []

    def start(*answers: Said | str | None, more: str = "?from=22384") -> tuple[AfricasTalking, PlayedVendor]:
        vendors.append(PlayedVendor(answers))
        url = f"africastalking://MyAppUsername:MyAppApiKey@127.0.0.1:{vendors[-1].port}/{more}"
        return AfricasTalking(url, tmp_path, SystemClock()), vendors[-1]

    yield start
    for vendor in vendors:
        vendor.stop()


def send(gateway: AfricasTalking, text: str = "Hello World!") -> Accepted:
    return gateway.send(MOTHER, "booked", {}, "en", text, key="call:1:booked")


def test_a_text_is_the_documented_request(play: Play) -> None:
    gateway, vendor = play(TAKEN)
    assert send(gateway) == Accepted("ATPid_SampleTxnId123")
    (sent,) = vendor.sent
    assert (sent.method, sent.path) == ("POST", "/version1/messaging")
    assert (sent.headers["apikey"], sent.headers["accept"]) == ("MyAppApiKey", "application/json")
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.body == b"username=MyAppUsername&to=%2B254711222333&message=Hello+World%21&from=22384"


@pytest.mark.parametrize("code", [100, 102])
def test_what_is_processed_or_queued_is_taken(play: Play, code: int) -> None:
    gateway, _ = play(recipient(code, "Processed", "ATXid_1"), more="")
    assert send(gateway) == Accepted("ATXid_1")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (403, "InvalidPhoneNumber"),
        (404, "UnsupportedNumberType"),
        (406, "UserInBlacklist"),
    ],
)
def test_what_no_gateway_will_do_better_is_permanent(play: Play, code: int, status: str) -> None:
    gateway, _ = play(recipient(code, status))
    with pytest.raises(GatewayError, match=f"says {code}$") as refused:
        send(gateway)
    assert refused.value.permanent


@pytest.mark.parametrize(
    "answer",
    [
        recipient(401, "RiskHold"),
        recipient(402, "InvalidSenderId"),
        recipient(405, "InsufficientBalance"),
        recipient(407, "CouldNotRoute"),
        Said(409, recipient(409, "DoNotDisturbRejection").body),
        recipient(500, "InternalServerError"),
        recipient(501, "GatewayError"),
        recipient(502, "RejectedByGateway"),
        Said(201, {"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}),
        Said(401, b"The supplied authentication is invalid", "text/plain"),
        Said(429, b"slower", "text/plain"),
        Said(503, b"", "text/plain"),
    ],
)
def test_what_may_pass_is_passing_and_quotes_nobody(play: Play, answer: Said) -> None:
    gateway, _ = play(answer)
    with pytest.raises(GatewayError) as refused:
        send(gateway)
    assert not refused.value.permanent
    assert MOTHER.lstrip("+") not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Said(502, b"<html>", "text/html"),
        Said(201, b"<html>", "text/html"),
        Said(201, {"SMSMessageData": {"Message": f"something of {MOTHER}", "Recipients": []}}),
        Said(201, {"SMSMessageData": [1]}),
        Said(201, {"SMSMessageData": {"Recipients": ["x"]}}),
        recipient(101, "Success", "None"),
        recipient(101, "Success", "A" * 121),
    ],
)
def test_what_may_have_been_taken_is_no_answer(play: Play, answer: Said | None) -> None:
    gateway, _ = play(answer)
    with pytest.raises(NoAnswer) as doubt:
        send(gateway)
    assert MOTHER.lstrip("+") not in str(doubt.value)


def test_a_probe_asks_for_the_user(play: Play) -> None:
    balance = Said(200, {"UserData": {"balance": "KES 1785.50"}})
    gateway, vendor = play(balance, Said(401, b"The supplied authentication is invalid", "text/plain"), None)
    gateway.probe()
    assert (vendor.sent[0].method, vendor.sent[0].path) == ("GET", "/version1/user?username=MyAppUsername")
    for _ in range(2):
        with pytest.raises(GatewayError):
            gateway.probe()


@pytest.mark.parametrize("more", ["?hook=maybe", "?from=22384&to=1", "messaging"])
def test_an_address_that_can_not_be_meant_is_refused(more: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="an address"):
        AfricasTalking(f"africastalking://me:key@api.africastalking.com/{more}", tmp_path, SystemClock())


def called(tmp_path: Path) -> AfricasTalking:
    url = "africastalking://me:key@api.africastalking.com/?from=22384&hook=yes"
    return AfricasTalking(url, tmp_path, SystemClock())


def call(fields: Mapping[str, str]) -> HookRequest:
    return HookRequest("POST", "http://127.0.0.1/hooks/africastalking/abc", b"", urlencode(fields).encode())


REPORT = {
    "id": "ATPid_SampleTxnId123",
    "status": "Success",
    "phoneNumber": MOTHER,
    "networkCode": "63902",
    "retryCount": "0",
}
TEXT = {
    "date": "2026-11-26T11:59:18.445Z",
    "from": MOTHER,
    "id": "28a92cdf-2d63-4ee3-93df-4233d3de0356",
    "linkId": "SampleLinkId123",
    "text": "２ 好的🦊",
    "to": "22384",
    "networkCode": "63902",
}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Sent", ReceiptStatus.SENT),
        ("Submitted", ReceiptStatus.SENT),
        ("Buffered", ReceiptStatus.SENT),
        ("Success", ReceiptStatus.DELIVERED),
        ("Rejected", ReceiptStatus.FAILED),
        ("Failed", ReceiptStatus.FAILED),
    ],
)
def test_a_report_becomes_a_receipt(tmp_path: Path, said: str, status: ReceiptStatus) -> None:
    arrivals = called(tmp_path).hook(call(REPORT | {"status": said, "failureReason": "UserInBlackList"}), NOW)
    error = "UserInBlackList" if status is ReceiptStatus.FAILED else None
    assert arrivals == Arrivals(receipts=[Receipt("ATPid_SampleTxnId123", None, status, NOW, error)])


def test_a_text_comes_in_by_a_call(tmp_path: Path) -> None:
    at = datetime(2026, 11, 26, 11, 59, 18, 445_000, tzinfo=UTC)
    arrivals = called(tmp_path).hook(call(TEXT), NOW)
    assert arrivals.texts == [Inbound(TEXT["id"], MOTHER, "２ 好的🦊", at)]


@pytest.mark.parametrize("date", ["", "yesterday", "1926-11-26T11:59:18.445Z", "2126-11-26T11:59:18.445Z", "9" * 99])
def test_a_date_that_can_not_be_is_now(tmp_path: Path, date: str) -> None:
    assert called(tmp_path).hook(call(TEXT | {"date": date}), NOW).texts[0].at == NOW


def test_who_left_a_subscription_and_what_is_new_change_nothing(tmp_path: Path) -> None:
    gateway = called(tmp_path)
    assert gateway.hook(call({"senderId": "Homethread", "phoneNumber": MOTHER}), NOW) == Arrivals()
    assert gateway.hook(call(REPORT | {"status": "Pondered"}), NOW) == Arrivals()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00\x01",
        b"text=%FF&from=%2B1&id=1",
        b'{"id": 1}',
        b"a=1&" * 101,
        urlencode({"status": "Success"}).encode(),
        urlencode(REPORT | {"id": "x" * 121}).encode(),
        urlencode(TEXT | {"from": ""}).encode(),
        urlencode(TEXT | {"from": "1" * 41}).encode(),
        urlencode(TEXT | {"id": ""}).encode(),
    ],
)
def test_what_is_no_call_of_theirs_is_a_bad_one(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(BadHook) as refused:
        called(tmp_path).hook(HookRequest("POST", "http://127.0.0.1/", b"", body), NOW)
    assert MOTHER.lstrip("+") not in str(refused.value)


def test_who_is_not_to_be_called_hears_nothing(play: Play) -> None:
    gateway, _ = play()
    assert not gateway.receipts
    with pytest.raises(BadHook):
        gateway.hook(call(REPORT), NOW)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[AfricasTalkingLike]:
    monkeypatch.setattr("app.gateways.africas_talking.LOOK_SECONDS", 0.02)
    started = AfricasTalkingLike()
    yield started
    started.stop()


def heard(gateway: AfricasTalking, take: Callable[[Arrivals], None], is_enough: Callable[[], bool]) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=gateway.listen, args=(take, stop))
    thread.start()
    try:
        until(is_enough)
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()


def test_what_is_old_or_meant_for_another_number_is_left(vendor: AfricasTalkingLike, tmp_path: Path) -> None:
    vendor.receive(MOTHER, "of last week", f"{datetime.now(UTC) - timedelta(days=6):%Y-%m-%dT%H:%M:%S.000Z}")
    vendor.receive(MOTHER, "of others", to="22385")
    vendor.receive(MOTHER, "of now")
    texts: list[str] = []
    gateway = AfricasTalking(vendor.url, tmp_path, SystemClock())
    heard(gateway, lambda came: texts.extend(each.text for each in came.texts), lambda: bool(texts))
    assert texts == ["of now"]


def test_after_a_restart_it_goes_on_where_it_was(vendor: AfricasTalkingLike, tmp_path: Path) -> None:
    texts: list[str] = []
    for said in ("1", "2"):
        vendor.receive(MOTHER, said)
        gateway = AfricasTalking(vendor.url, tmp_path, SystemClock())
        heard(
            gateway,
            lambda came: texts.extend(each.text for each in came.texts),
            lambda said=said: said in texts,  # type: ignore[misc]
        )
    assert texts == ["1", "2"]


def test_a_vendor_that_is_away_for_a_while_is_asked_again(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.gateways.africas_talking.LOOK_SECONDS", 0.02)
    text = {"linkId": "SampleLinkId123", "text": "Hello", "to": "22384", "id": 15071, "date": "", "from": MOTHER}
    strange = [{"id": "x"}, {"id": 15070, "from": ""}, "nothing", {}]
    answers = [Said(500, b""), None, Said(200, {"SMSMessageData": {"Messages": [*strange, text]}})]
    gateway, vendor = play(*answers, *[Said(200, {"SMSMessageData": {"Messages": []}})] * 500)
    texts: list[str] = []
    heard(gateway, lambda came: texts.extend(each.text for each in came.texts), lambda: len(vendor.sent) > 4)
    assert texts == ["Hello"]
    assert vendor.sent[0].path == "/version1/messaging?username=MyAppUsername&lastReceivedId=0"
    assert vendor.sent[4].path.endswith("lastReceivedId=15071")
    assert caplog.text.count("can't be fetched") == 1
