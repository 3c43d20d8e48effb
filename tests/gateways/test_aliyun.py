"""Against what Alibaba Cloud documents: help.aliyun.com/zh/sms, SendSms, error codes, SmsReport and SmsUp over HTTP."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.gateways.aliyun import Aliyun, signature
from app.kernel.numbers import E164
from app.notices.ports import (
    Accepted,
    GatewayError,
    NoAnswer,
)
from tests.services.vendors import ALIYUN_TEMPLATES, AliyunLike, PlayedVendor, Said

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOTHER = E164("+8615300000001")
Play = Callable[..., tuple[Aliyun, PlayedVendor]]


class Stopped:
    def now(self) -> datetime:
        return datetime(2017, 7, 12, 2, 42, 19, tzinfo=UTC)


def answer(code: str, **more: str) -> Said:
    """The documented form of an answer."""
    return Said(200, {"Message": code, "RequestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990", "Code": code, **more})


TAKEN = answer("OK", BizId="900619746936498440^0")


@pytest.fixture
def play() -> Iterator[Play]:
    vendors: list[PlayedVendor] = []

    def start(*answers: Said | str | None, more: str = "") -> tuple[Aliyun, PlayedVendor]:
        vendors.append(PlayedVendor(answers))
        url = f"aliyun://testId:testSecret@127.0.0.1:{vendors[-1].port}/?sign=家线&template_booked=SMS_71390007{more}"
        return Aliyun(url, Stopped()), vendors[-1]

    yield start
    for vendor in vendors:
        vendor.stop()


def send(gateway: Aliyun, to: E164 = MOTHER, template: str = "booked", language: str = "zh-CN") -> Accepted:
    return gateway.send(to, template, {"parent": "王小明"}, language, "约好了：王小明。", key="call:1:booked")


# The example of the documented signature, whose access key is testId and testSecret.
DOCUMENTED = {
    "AccessKeyId": "testId",
    "Action": "SendSms",
    "Format": "XML",
    "OutId": "123",
    "PhoneNumbers": "15300000001",
    "RegionId": "cn-hangzhou",
    "SignName": "阿里云短信测试专用",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
    "SignatureVersion": "1.0",
    "TemplateCode": "SMS_71390007",
    "TemplateParam": '{"customer":"test"}',
    "Timestamp": "2017-07-12T02:42:19Z",
    "Version": "2017-05-25",
}


def test_the_documented_example_has_the_documented_signature() -> None:
    assert signature("testSecret", "GET", DOCUMENTED) == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


def test_a_text_is_the_documented_request_in_a_body(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.gateways.aliyun.random_id", lambda: "a-nonce")
    gateway, vendor = play(TAKEN)
    assert send(gateway) == Accepted("900619746936498440^0")
    (sent,) = vendor.sent
    assert (sent.method, sent.path) == ("POST", "/")
    fields = sent.fields
    assert fields.pop("Signature") == signature("testSecret", "POST", fields)
    assert fields == DOCUMENTED | {
        "Format": "JSON",
        "OutId": "call:1:booked",
        "SignName": "家线",
        "SignatureNonce": "a-nonce",
        "TemplateParam": '{"parent": "王小明"}',
    }


@pytest.mark.parametrize(("number", "written"), [("+8615300000001", "15300000001"), ("+85261234567", "85261234567")])
def test_numbers_are_written_as_it_wants_them(play: Play, number: str, written: str) -> None:
    gateway, vendor = play(TAKEN)
    send(gateway, E164(number))
    assert vendor.sent[0].fields["PhoneNumbers"] == written


def test_a_vendor_that_checks_signature_and_template_takes_it() -> None:
    vendor = AliyunLike()
    try:
        url = vendor.url.replace("template_booked=SMS_1", "template_booked=SMS_2")
        gateway = Aliyun(url, Stopped())
        gateway.probe()
        send(gateway)
        assert vendor.phones.shown(MOTHER) == ["【家线】" + ALIYUN_TEMPLATES["SMS_2"].replace("${parent}", "王小明")]
        forged = Aliyun(url.replace("secret", "Secret"), Stopped())
        for call in (forged.probe, lambda: send(forged)):
            with pytest.raises(GatewayError, match="SignatureDoesNotMatch"):
                call()
    finally:
        vendor.stop()


def test_a_number_that_is_none_is_permanent(play: Play) -> None:
    gateway, _ = play(answer("isv.MOBILE_NUMBER_ILLEGAL"))
    with pytest.raises(GatewayError, match=r"isv\.MOBILE_NUMBER_ILLEGAL") as refused:
        send(gateway)
    assert refused.value.permanent


@pytest.mark.parametrize(
    "said",
    [
        answer("isv.BUSINESS_LIMIT_CONTROL"),
        answer("isv.AMOUNT_NOT_ENOUGH"),
        answer("isv.OUT_OF_SERVICE"),
        answer("isv.DAY_LIMIT_CONTROL"),
        answer("isp.RAM_PERMISSION_DENY"),
        answer("isv.SMS_TEMPLATE_ILLEGAL"),
        answer("isv.BLACK_KEY_CONTROL_LIMIT"),
        Said(400, {"RequestId": "F655A8D5", "HostId": "dysmsapi.aliyuncs.com", "Code": "SignatureDoesNotMatch"}),
        Said(404, {"RequestId": "F655A8D5", "Code": "InvalidAccessKeyId.NotFound"}),
        Said(503, {"Code": "ServiceUnavailable"}),
        Said(400, {"Code": "Throttling.User", "Message": f"of {MOTHER}"}),
        Said(403, b"<html>", "text/html"),
        Said(429, b""),
        Said(400, {"Code": MOTHER}),
    ],
)
def test_what_may_pass_is_passing_and_quotes_nobody(play: Play, said: Said) -> None:
    gateway, _ = play(said)
    with pytest.raises(GatewayError) as refused:
        send(gateway)
    assert not refused.value.permanent
    assert "15300000001" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        None,
        Said(500, b"<html>", "text/html"),
        Said(200, b"<xml/>", "text/xml"),
        Said(200, b"[]"),
        answer("OK"),
        answer("OK", BizId="1" * 121),
        Said(200, {"Code": None}),
    ],
)
def test_what_may_have_been_taken_is_no_answer(play: Play, said: Said | None) -> None:
    gateway, _ = play(said)
    with pytest.raises(NoAnswer):
        send(gateway)


def test_what_has_no_approved_template_goes_another_way(play: Play) -> None:
    gateway, vendor = play()
    for template, language in (("moved", "zh-CN"), ("booked", "en")):
        with pytest.raises(GatewayError, match=f"no template for {template} in {language}") as refused:
            send(gateway, template=template, language=language)
        assert not refused.value.permanent
    assert vendor.sent == []


def test_codes_may_stand_in_a_file_by_language(play: Play, tmp_path: Path) -> None:
    path = tmp_path / "codes.json"
    path.write_text(json.dumps({"en": {"booked": "SMS_7"}, "zh-CN": {"moved": "SMS_8"}}))
    gateway, vendor = play(TAKEN, TAKEN, TAKEN, more=f"&templates={path}")
    for template, language in (("booked", "en"), ("moved", "zh-CN"), ("booked", "zh-CN")):
        send(gateway, template=template, language=language)
    assert [sent.fields["TemplateCode"] for sent in vendor.sent] == ["SMS_7", "SMS_8", "SMS_71390007"]


@pytest.mark.parametrize("codes", ["", "[]", "{}", '{"zh-CN": ["SMS_1"]}', '{"zh-CN": {"booked": 1}}', '{"en": null}'])
def test_codes_that_are_none_are_refused(tmp_path: Path, codes: str) -> None:
    path = tmp_path / "codes.json"
    path.write_text(codes)
    with pytest.raises(ValueError, match="an address with"):
        Aliyun(f"aliyun://id:secret@dysmsapi.aliyuncs.com/?sign=家线&templates={path}", Stopped())


@pytest.mark.parametrize(
    "more", ["", "?template_booked=SMS_1", "?sign=家线", "?sign=家线&template_booked=1", "?sign=家线&templates=/none"]
)
def test_an_address_that_says_too_little_is_refused(more: str) -> None:
    with pytest.raises(ValueError, match="an address"):
        Aliyun(f"aliyun://id:secret@dysmsapi.aliyuncs.com/{more}", Stopped())


def test_the_signature_before_each_text_counts() -> None:
    for sign in ("家线", "【家线】"):
        url = f"aliyun://id:secret@dysmsapi.aliyuncs.com/?sign={sign}&template_booked=SMS_1"
        assert Aliyun(url, Stopped()).signature == "【家线】"


def test_a_probe_asks_for_the_signature(play: Play) -> None:
    gateway, vendor = play(
        Said(200, {"Code": "OK", "SignName": "家线", "SignStatus": 1}),
        Said(200, {"Code": "OK", "SignName": "家线", "SignStatus": 0}),
        Said(404, {"Code": "InvalidAccessKeyId.NotFound"}),
        None,
    )
    gateway.probe()
    assert (vendor.sent[0].fields["Action"], vendor.sent[0].fields["SignName"]) == ("GetSmsSign", "家线")
    for said in ("not approved", "InvalidAccessKeyId", "Aliyun"):
        with pytest.raises(GatewayError, match=said):
            gateway.probe()
