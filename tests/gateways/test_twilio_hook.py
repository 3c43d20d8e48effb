"""What Twilio calls us with, against what it documents: docs/usage/security, docs/messaging/guides/webhook-request."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.gateways.twilio import Twilio, signature
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, BadHook, BadSignature, HookRequest, Inbound, Receipt, ReceiptStatus

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SID, TOKEN = "AC" + "a" * 32, "12345"
MOTHER = E164("+13105551234")
HOOK = "https://calls.example.org/hooks/twilio/abc"

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
