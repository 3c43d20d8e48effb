"""Against what Twilio documents: docs/usage/security, docs/messaging/api/message-resource, docs/api/errors."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from app.gateways.twilio import Twilio
from app.kernel.numbers import E164
from app.notices.ports import (
    Accepted,
    GatewayError,
    NoAnswer,
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
