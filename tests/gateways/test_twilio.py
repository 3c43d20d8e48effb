"""Against what Twilio documents: docs/usage/security, docs/messaging/api/message-resource, docs/api/errors."""

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.gateways.twilio import Twilio, signature
from app.kernel.numbers import E164
from app.notices.ports import (
    Accepted,
    Arrivals,
    BadHook,
    BadSignature,
    GatewayError,
    HookRequest,
    Inbound,
    NoAnswer,
    Receipt,
    ReceiptStatus,
)
from tests.services.vendors import PlayedVendor, Said

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SID, TOKEN = "AC" + "a" * 32, "12345"
MOTHER = E164("+13105551234")
HOOK = "https://calls.example.org/hooks/twilio/abc"
MESSAGE = {
    "account_sid": SID,
    "api_version": "2010-04-01",
    "body": "Hi there",
    "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
    "date_sent": None,
    "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15557122661",
    "messaging_service_sid": None,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": None,
    "sid": "SM" + "b" * 32,
    "status": "queued",
    "subresource_uris": {"media": f"/2010-04-01/Accounts/{SID}/Messages/SM{'b' * 32}/Media.json"},
    "to": MOTHER,
    "uri": f"/2010-04-01/Accounts/{SID}/Messages/SM{'b' * 32}.json",
}
Play = Callable[..., tuple[Twilio, PlayedVendor]]


@pytest.fixture
def play() -> Iterator[Play]:
    vendors: list[PlayedVendor] = []

    def start(*answers: Said | str | None, more: str = "") -> tuple[Twilio, PlayedVendor]:
        vendors.append(PlayedVendor(answers))
        url = f"twilio://{SID}:{TOKEN}@127.0.0.1:{vendors[-1].port}/?from=+15557122661{more}"
        return Twilio(url), vendors[-1]

    yield start
    for vendor in vendors:
        vendor.stop()


def send(gateway: Twilio, text: str = "Hi there") -> Accepted:
    return gateway.send(MOTHER, "booked", {}, "en", text, key="call:1:booked")


def test_a_text_is_the_documented_request(play: Play) -> None:
    gateway, vendor = play(Said(201, MESSAGE), more=f"&hook={HOOK}")
    assert send(gateway) == Accepted("SM" + "b" * 32)
    (sent,) = vendor.sent
    assert (sent.method, sent.path) == ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json")
    assert sent.headers["authorization"] == "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.body == (
        b"To=%2B13105551234&From=%2B15557122661&Body=Hi+there"
        b"&StatusCallback=https%3A%2F%2Fcalls.example.org%2Fhooks%2Ftwilio%2Fabc%3Fkey%3Dcall%253A1%253Abooked"
    )


def test_a_messaging_service_sends_in_the_place_of_a_number(play: Play) -> None:
    _, vendor = play(Said(201, MESSAGE))
    gateway = Twilio(f"twilio://{SID}:{TOKEN}@127.0.0.1:{vendor.port}/?from=MG{'c' * 32}")
    send(gateway)
    assert vendor.sent[0].fields == {"To": MOTHER, "MessagingServiceSid": f"MG{'c' * 32}", "Body": "Hi there"}


def error(status: int, code: int) -> Said:
    """The documented form of an error, with words that quote a number."""
    message = f"The 'To' number {MOTHER} is not a valid phone number."
    link = f"https://www.twilio.com/docs/errors/{code}"
    return Said(status, {"code": code, "message": message, "more_info": link, "status": status})


@pytest.mark.parametrize(("status", "code"), [(400, 21211), (400, 21610), (400, 21614), (400, 21635)])
def test_what_no_gateway_will_do_better_is_permanent(play: Play, status: int, code: int) -> None:
    gateway, _ = play(error(status, code))
    with pytest.raises(GatewayError, match=f"^Twilio says {code}$") as refused:
        send(gateway)
    assert refused.value.permanent


@pytest.mark.parametrize(
    "answer",
    [
        error(401, 20003),
        error(429, 20429),
        error(400, 21408),
        error(400, 30001),
        error(503, 20503),
        error(500, 20500),
        Said(403, b"<html>blocked", "text/html"),
        Said(400, b"\xff\xfe\x00", "application/json"),
        Said(400, {"message": f"no code, but {MOTHER}"}),
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
        Said(302, b"", "text/html"),
        Said(502, b"<html>Bad Gateway", "text/html"),
        Said(504, b"", "text/html"),
        Said(201, b"not JSON"),
        Said(201, {"status": "queued"}),
        Said(200, b"[" * 100_000),
        Said(201, b"{" + b" " * 300_000),
    ],
)
def test_what_may_have_been_taken_is_no_answer(play: Play, answer: Said | None) -> None:
    gateway, _ = play(answer)
    with pytest.raises(NoAnswer):
        send(gateway)


def test_a_vendor_that_says_nothing_is_waited_for_no_longer_than_it_may(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.gateways.vendor_http.ANSWER_SECONDS", 0.2)
    gateway, vendor = play("hang")
    with pytest.raises(NoAnswer):
        send(gateway)
    assert len(vendor.sent) == 1


def test_who_is_not_there_has_taken_nothing(play: Play) -> None:
    gateway, vendor = play()
    vendor.stop()
    with pytest.raises(GatewayError) as refused:
        send(gateway)
    assert not refused.value.permanent


def test_a_probe_asks_for_the_account(play: Play) -> None:
    gateway, vendor = play(Said(200, {"status": "active"}), Said(200, {"status": "suspended"}), error(401, 20003))
    gateway.probe()
    assert (vendor.sent[0].method, vendor.sent[0].path) == ("GET", f"/2010-04-01/Accounts/{SID}.json")
    for expected in ("suspended", "401"):
        with pytest.raises(GatewayError, match=expected):
            gateway.probe()


@pytest.mark.parametrize(
    "url",
    [
        "twilio:",
        f"twilio://{SID}:{TOKEN}@api.twilio.com/",
        f"twilio://{SID}@api.twilio.com/?from=+15557122661",
        f"twilio://{SID}:{TOKEN}@api.twilio.com/?from=+15557122661&colour=red",
        f"twilio://{SID}:{TOKEN}@api.twilio.com/?from=+15557122661&hook=http://calls.example.org/hooks/twilio/abc",
        f"twilio://{SID}:{TOKEN}@api.twilio.com/?from=+15557122661&hook=https://calls.example.org/?a=b",
        f"twilio://{SID}:{TOKEN}@api.twilio.com:port/?from=+15557122661",
    ],
)
def test_an_address_that_says_too_little_or_too_much_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="an address") as refused:
        Twilio(url)
    assert TOKEN not in str(refused.value)


def test_who_can_be_answered() -> None:
    numbers = {
        sender: Twilio(f"twilio://{SID}:{TOKEN}@api.twilio.com/?from={sender}").can_receive
        for sender in ("+15557122661", "22384", "Homethread", "MG" + "c" * 32)
    }
    assert numbers == {"+15557122661": True, "22384": True, "Homethread": False, "MG" + "c" * 32: True}


# docs/usage/security and the tests of Twilio's own libraries: this token, address and fields have this signature.
DOCUMENTED = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
DOCUMENTED_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
DOCUMENTED_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_documented_example_has_the_documented_signature() -> None:
    assert signature("12345", DOCUMENTED_URL, list(DOCUMENTED.items())) == DOCUMENTED_SIGNATURE


def call(fields: Mapping[str, str], url: str = HOOK, sign: str | None = None) -> HookRequest:
    signed = signature(TOKEN, url, list(fields.items())) if sign is None else sign
    query = url.partition("?")[2].encode()
    return HookRequest("POST", url, query, urlencode(fields).encode(), {"x-twilio-signature": signed})


def gateway() -> Twilio:
    return Twilio(f"twilio://{SID}:{TOKEN}@api.twilio.com/?from=+15557122661&hook={HOOK}")


RECEIPT = {
    "SmsSid": "SM" + "b" * 32,
    "SmsStatus": "delivered",
    "MessageStatus": "delivered",
    "To": MOTHER,
    "MessageSid": "SM" + "b" * 32,
    "AccountSid": SID,
    "From": "+15557122661",
    "ApiVersion": "2010-04-01",
}
TEXT = {
    "ToCountry": "US",
    "SmsMessageSid": "SM" + "d" * 32,
    "NumMedia": "0",
    "SmsSid": "SM" + "d" * 32,
    "SmsStatus": "received",
    "Body": "２ 好的🦊 &=+%",
    "To": "+15557122661",
    "NumSegments": "1",
    "MessageSid": "SM" + "d" * 32,
    "AccountSid": SID,
    "From": MOTHER,
    "ApiVersion": "2010-04-01",
}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("sent", ReceiptStatus.SENT),
        ("delivered", ReceiptStatus.DELIVERED),
        ("read", ReceiptStatus.DELIVERED),
        ("undelivered", ReceiptStatus.FAILED),
        ("failed", ReceiptStatus.FAILED),
    ],
)
def test_a_receipt_comes_under_our_key(said: str, status: ReceiptStatus) -> None:
    fields = RECEIPT | {"MessageStatus": said, "ErrorCode": "30008"}
    arrivals = gateway().hook(call(fields, f"{HOOK}?key=call%3A1%3Abooked"), NOW)
    error = "30008" if status is ReceiptStatus.FAILED else None
    assert arrivals == Arrivals(receipts=[Receipt(None, "call:1:booked", status, NOW, error)])


def test_a_receipt_of_a_console_comes_under_twilios_name() -> None:
    (receipt,) = gateway().hook(call(RECEIPT), NOW).receipts
    assert (receipt.ref, receipt.key) == ("SM" + "b" * 32, None)


@pytest.mark.parametrize("said", ["queued", "sending", "accepted", "scheduled", "of tomorrow's API"])
def test_what_is_on_its_way_changes_nothing(said: str) -> None:
    assert gateway().hook(call(RECEIPT | {"MessageStatus": said}), NOW) == Arrivals(receipts=[])


def test_a_text_comes_in_and_twilio_hears_that_there_is_no_answer() -> None:
    arrivals = gateway().hook(call(TEXT), NOW)
    assert arrivals.texts == [Inbound("SM" + "d" * 32, MOTHER, "２ 好的🦊 &=+%", NOW)]
    assert (arrivals.answer, arrivals.mime) == ('<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")


def test_what_is_played_again_is_the_same_again() -> None:
    again = call(TEXT)
    assert gateway().hook(again, NOW) == gateway().hook(again, NOW)


def test_a_number_may_call_by_get() -> None:
    url = f"{HOOK}?{urlencode(TEXT)}"
    request = HookRequest(
        "GET", url, urlencode(TEXT).encode(), b"", {"x-twilio-signature": signature(TOKEN, url, [])}
    )  # fmt: skip
    assert gateway().hook(request, NOW).texts[0].text == TEXT["Body"]


@pytest.mark.parametrize("signed", [f"{HOOK}:443", HOOK])
def test_the_usual_port_may_be_written_or_not(signed: str) -> None:
    signed = signed.replace("/hooks/twilio/abc:443", ":443/hooks/twilio/abc")
    request = call(TEXT, HOOK, signature(TOKEN, signed, list(TEXT.items())))
    assert len(gateway().hook(request, NOW).texts) == 1


@pytest.mark.parametrize(
    "request_",
    [
        call(TEXT, sign=""),
        call(TEXT, sign="AAAA"),
        call(TEXT, sign="ü" * 28),
        call(TEXT, sign=signature("another token", HOOK, list(TEXT.items()))),
        call(TEXT, sign=signature(TOKEN, HOOK.replace("https", "http"), list(TEXT.items()))),
        call(TEXT | {"Body": "1"}, sign=signature(TOKEN, HOOK, list(TEXT.items()))),
        call(RECEIPT, f"{HOOK}?key=another", signature(TOKEN, f"{HOOK}?key=mine", list(RECEIPT.items()))),
        HookRequest("POST", "http://[", b"", b"", {}),
        HookRequest("POST", HOOK, b"", b"", {}),
    ],
)
def test_what_twilio_did_not_sign_is_heard_by_nobody(request_: HookRequest) -> None:
    with pytest.raises(BadSignature) as refused:
        gateway().hook(request_, NOW)
    assert MOTHER.lstrip("+") not in str(refused.value)


def signed_raw(body: bytes, pairs: list[tuple[str, str]]) -> HookRequest:
    return HookRequest("POST", HOOK, b"", body, {"x-twilio-signature": signature(TOKEN, HOOK, pairs)})


@pytest.mark.parametrize(
    "request_",
    [
        signed_raw(b"\xff\xfe\x00\x01", []),
        signed_raw(b"Body=%FF%FE&From=%2B1", []),
        signed_raw(b"&".join(b"a%d=1" % n for n in range(101)), []),
        call({"Body": "2"}),
        call({"MessageSid": "", "From": MOTHER, "Body": "2"}),
        call({"MessageSid": "S" * 121, "From": MOTHER, "Body": "2"}),
        call({"MessageSid": "SM1", "From": "1" * 41, "Body": "2"}),
        call({"MessageStatus": "sent"}),
        call(RECEIPT, f"{HOOK}?key={'k' * 121}"),
    ],
)
def test_what_is_no_call_of_twilio_is_a_bad_one(request_: HookRequest) -> None:
    with pytest.raises(BadHook) as refused:
        gateway().hook(request_, NOW)
    assert MOTHER.lstrip("+") not in str(refused.value)


def test_an_enormous_text_comes_whole_and_as_a_database_can_keep_it() -> None:
    fields = TEXT | {"Body": "\0" + "好\u202e" * 5_000}
    (text,) = gateway().hook(call(fields), NOW).texts
    assert text.text == "好\u202e" * 5_000
