"""What each answer of Kannel's smsbox means, and what its calls say, also where they are nonsense."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways import kannel_hook
from app.gateways.kannel import Kannel
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, BadHook, GatewayError, HookRequest, NoAnswer, ReceiptStatus
from tests.services.vendors import PlayedVendor, Said

NUMBER = E164("+8613800138000")
NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
KEY = "call:1:booked:ü"


def said(status: int, words: str) -> Said:
    return Said(status, words.encode(), "text/plain")


def answering(*answers: Said | str | None) -> Iterator[tuple[Kannel, PlayedVendor]]:
    vendor = PlayedVendor(answers)
    yield Kannel(f"kannel://u:p@127.0.0.1:{vendor.port}/?from=12345&hook=http://127.0.0.1:8080/hooks/kannel/s"), vendor
    vendor.stop()


def send(gateway: Kannel) -> str:
    return gateway.send(NUMBER, "booked", {}, "zh-CN", "约好了", KEY).ref


@pytest.mark.parametrize("words", ["0: Accepted for delivery", "3: Queued for later delivery"])
def test_two_answers_say_that_it_was_taken(words: str) -> None:
    for gateway, vendor in answering(said(202, words)):
        assert send(gateway)
        (sent,) = vendor.sent
    assert sent.path == "/cgi-bin/sendsms"
    assert sent.body.decode() == "约好了"
    assert {name: sent.headers[f"x-kannel-{name}"] for name in ("to", "from", "coding", "dlr-mask")} == {
        "to": NUMBER, "from": "12345", "coding": "2", "dlr-mask": "31",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [
        (400, "Number(s) has/have been denied by white- and/or black-lists.", True),
        (403, "Authorization failed for sendsms", False),
        (403, "Not routable. Do not try again.", False),
        (503, "Temporal failure, try again later.", False),
        (400, "Sender missing and no global set, rejected", False),
        (404, "", False),
    ],
)
def test_a_refusal_is_permanent_for_a_number_alone(status: int, words: str, permanent: bool) -> None:
    for gateway, _vendor in answering(said(status, words)):
        with pytest.raises(GatewayError) as refused:
            send(gateway)
        assert refused.value.permanent is permanent


def test_a_long_text_goes_in_numbered_pieces_of_which_the_last_asks_for_the_receipt() -> None:
    for gateway, vendor in answering(*[said(202, "0: Accepted for delivery")] * 2):
        gateway.send(NUMBER, "booked", {}, "zh-CN", "约" * 66 + "🦊好好好", KEY)
        first, last = vendor.sent
    assert [first.body.decode(), last.body.decode()] == ["约" * 66, "🦊好好好"]
    headers = [bytes.fromhex(each.headers["x-kannel-udh"]) for each in (first, last)]
    assert [(each[:3], each[4:]) for each in headers] == [(b"\5\0\3", b"\2\1"), (b"\5\0\3", b"\2\2")]
    assert headers[0][3] == headers[1][3]
    assert ["x-kannel-dlr-url" in each.headers for each in (first, last)] == [False, True]


def test_words_about_a_refusal_carry_no_number() -> None:
    for gateway, _vendor in answering(said(403, f"Denied receivers are: {NUMBER}")):
        with pytest.raises(GatewayError) as refused:
            send(gateway)
        assert "138" not in str(refused.value)


@pytest.mark.parametrize(
    "answer", [said(500, "oops"), said(502, "Bad Gateway"), said(202, "Sent."), said(200, "0:"), None]
)
def test_whatever_else_is_answered_is_in_doubt(answer: Said | None) -> None:
    for gateway, _vendor in answering(answer):
        with pytest.raises(NoAnswer):
            send(gateway)


def test_an_answer_without_end_is_in_doubt_and_its_connection_is_left() -> None:
    for gateway, vendor in answering(said(202, "x" * 1_000_000), said(202, "0: Accepted for delivery")):
        with pytest.raises(NoAnswer):
            send(gateway)
        send(gateway)
        assert vendor.connections == 2


def test_connections_are_used_again() -> None:
    for gateway, vendor in answering(*[said(202, "0: Accepted for delivery")] * 5):
        for _ in range(5):
            send(gateway)
        assert vendor.connections == 1


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("kannel://u:secret@host/", "host:port"),
        ("kannel://u:secret@host:13013/?form=1", "'form' is not known"),
        ("kannel://u:secret@host:13013/?hook=secret", "homethread sms hooks"),
        ("kannel://u:secret@host:13013/?hook=http://127.0.0.1/hooks/kannel/a%2541", "homethread sms hooks"),
        ("kannel://u:secret@host:13013/?admin=127.0.0.1:13000", "status_password"),
        ("kannel://u:secret@host:13013/?admin=x:y&status_password=secret", "admin=host:port"),
        ("kannel://u:secret%0d%0aX:1@host:13013/", "plain letters"),
    ],
)
def test_an_address_that_lacks_something_is_refused_without_quoting_its_secret(url: str, names: str) -> None:
    with pytest.raises(ValueError, match=names) as refused:
        Kannel(url)
    assert "secret" not in str(refused.value)


def hear(query: str | bytes) -> Arrivals:
    said = query if isinstance(query, bytes) else query.encode()
    return kannel_hook.arrivals(HookRequest("GET", "", said), NOW)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("1", "delivered"), ("2", "failed"), ("4", "sent"), ("8", "sent"), ("16", "failed")],
)
def test_a_receipt_has_one_of_our_words(kind: str, status: str) -> None:
    (receipt,) = hear(kannel_hook.receipt_query(KEY).replace("%d", kind).replace("%A", "")).receipts
    assert (receipt.key, receipt.ref, receipt.status, receipt.at) == (KEY, None, ReceiptStatus(status), NOW)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("NACK/0x0000000b/Invalid+Destination+Address", "NACK/0x0000000b"),
        ("id%3A13800138000+sub%3A001+stat%3AUNDELIV+err%3A045+text%3Asecret+words", "stat:UNDELIV err:045"),
        ("13800138000+is+off", None),
        ("%ff%fe", None),
    ],
)
def test_what_a_failed_one_says_is_codes_without_number_and_text(answer: str, error: str | None) -> None:
    (receipt,) = hear(kannel_hook.receipt_query(KEY).replace("%d", "2").replace("%A", answer)).receipts
    assert receipt.error == error


TEXT = "from=%2B8613800138000&text=2&coding=0&charset=UTF-8&id=abc&at=1795703588"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("text=%E5%A5%BD+%26&coding=0&charset=UTF-8", "好 &"),
        ("text=Y%7D%d8%3e%dd%8a&coding=2&charset=UTF-16BE", "好🦊"),
        (b"text=\x59\x7d&coding=2&charset=UTF-16BE", "好"),
        ("text=caf%E9&coding=0&charset=ISO-8859-1", "café"),
        ("text=%ff%fe&coding=0&charset=nonsense", "\ufffd\ufffd"),
        ("text=%d8%3e%00A&coding=2&charset=UTF-16BE", "\ufffdA"),
        ("text=a%00b&coding=0&charset=rot13", "ab"),
        ("text=&coding=0&charset=UTF-8", ""),
    ],
)
def test_a_text_is_read_as_its_coding_says(said: str | bytes, text: str) -> None:
    query = said if isinstance(said, bytes) else said.encode()
    (came,) = hear(query + b"&from=10086&id=abc").texts
    assert (came.sender, came.ref, came.text, came.at) == ("10086", "abc", text, NOW)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("1795665300", datetime(2026, 11, 26, 3, 55, tzinfo=UTC)),
        ("0", NOW),
        ("99999999999", NOW),
        ("-5", NOW),
        (str(int((NOW + timedelta(minutes=4)).timestamp())), NOW + timedelta(minutes=4)),
        ("yesterday", NOW),
    ],
)
def test_kannels_clock_is_believed_as_far_as_it_can_be_right(said: str, at: datetime) -> None:
    (came,) = hear(TEXT.replace("1795703588", said)).texts
    assert came.at == at


@pytest.mark.parametrize(
    "query",
    [
        "", "a", "&&&", "text=2", TEXT.replace("coding=0", "coding=9"), TEXT.replace("id=abc", "id="),
        TEXT.replace("id=abc", f"id={'a' * 121}"), TEXT.replace("from=", "form="), f"key=!!!&type=1&{TEXT}",
        "key=&type=1", "key=aw&type=3", "key=aw&type=%d", "key=%ff&type=1", "key=_w&type=1", "x=1&" * 100,
        f"key={'a' * 5000}&type=1",
    ],
)  # fmt: skip
def test_nonsense_is_a_bad_hook_that_quotes_nothing(query: str) -> None:
    with pytest.raises(BadHook) as bad:
        hear(query)
    assert "138" not in str(bad.value)


@given(st.binary(max_size=300), st.booleans())
def test_nothing_that_comes_raises_anything_else(query: bytes, is_after_a_text: bool) -> None:
    try:
        arrivals = hear(TEXT.encode() + b"&" + query if is_after_a_text else query)
    except BadHook:
        return
    for text in arrivals.texts:
        text.text.encode()
        assert "\0" not in text.text
