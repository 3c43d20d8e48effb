"""Texts through Alibaba Cloud's SMS (Dysmsapi of 2017-05-25): approved templates alone, behind a signature 【…】.

The vendor holds the words: which of its codes stands for which template of ours, in which language, is told by the
address. Requests are signed as RPC ones (HMAC-SHA1): the newer signature would have the number in the address. Its
calls are not signed, and so they are only heard from this machine, where a forwarder of the operator's may stand that
lets nobody else through: `hook=yes` says that there is one. Its records are found by number and day, of which a key
says nothing, and they may come late: it can't be asked by key. Its receipts carry our key as `out_id`.
"""

import base64
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.gateways.address import Address, read
from app.gateways.vendor_http import TLS_PORT, Answer, Vendor, is_yes
from app.gateways.vendor_words import LONGEST_REF, LONGEST_SENDER, clean, instant, needed, read_json, word
from app.kernel.clock import Clock
from app.kernel.ids import random_id
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

PERMANENT = frozenset({"isv.MOBILE_NUMBER_ILLEGAL"})
APPROVED = 1
THERE = timezone(timedelta(hours=8))
DATE = "%Y-%m-%d %H:%M:%S"
CODE = re.compile(r"SMS_\d{1,20}")
HERE = "+86"  # numbers of mainland China go without it, all others with their country and without the plus
MOBILE = re.compile(r"1\d{10}")
LONGEST_SHORT_CODE = 8
FIRST_LANGUAGE = "zh-CN"
SETTINGS = ("sign", "templates", "hook")
HEARD = json.dumps({"code": 0, "msg": "成功"}, ensure_ascii=False)

Codes = Mapping[str, Mapping[str, str]]


class Aliyun:
    """An `SmsGateway` that is `Hooked`.

    Its address has `sign`, and the codes: `template_<name>=SMS_…` for templates in zh-CN, or `templates`, the path of a
    JSON file that has them by language and name.
    """

    name = "aliyun"
    templates_only = True
    can_query = False
    max_segments = 7
    signs = False

    def __init__(self, url: str, clock: Clock) -> None:
        """Raises ValueError naming what the address has to say."""
        in_address = re.findall(r"[?&](template_\w+)=", url)
        address = read(url, known=(*SETTINGS, *in_address), needed=("sign",), port=TLS_PORT)
        self._sign, self._codes = address.settings["sign"].strip("【】"), _codes(address)
        self._is_called = is_yes(address, "hook")
        self._key_id, self._key_secret = address.user, address.password
        self._vendor, self._clock = Vendor("Aliyun", address), clock

    @property
    def signature(self) -> str:
        return f"【{self._sign}】"

    @property
    def can_receive(self) -> bool:
        return self._is_called

    @property
    def receipts(self) -> bool:
        return self._is_called

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        code = self._codes.get(language, {}).get(template)
        if code is None:
            raise GatewayError(f"Aliyun has no template for {template} in {language}", permanent=False)
        answer, said = self._ask("SendSms", {
            "PhoneNumbers": str(to).removeprefix(HERE).removeprefix("+"),
            "SignName": self._sign,
            "TemplateCode": code,
            "TemplateParam": json.dumps({name: clean(value) for name, value in params.items()}, ensure_ascii=False),
            "OutId": key,
        })  # fmt: skip
        if said.get("Code") != "OK":
            word_of_it = word(said.get("Code") or "")
            raise self._vendor.refusal(answer, word_of_it, permanent=word_of_it in PERMANENT)
        ref = said.get("BizId")
        if not isinstance(ref, str) or not 0 < len(ref) <= LONGEST_REF:
            raise NoAnswer("Aliyun took something and does not say what")
        return Accepted(ref)

    def query(self, key: str) -> Accepted | None:
        raise NotImplementedError

    def probe(self) -> None:
        """Whether we are let in, and the signature is approved."""
        answer, said = self._ask("GetSmsSign", {"SignName": self._sign}, is_probe=True)
        if said.get("Code") != "OK":
            raise GatewayError(f"Aliyun says {word(said.get('Code') or '') or answer.status}", permanent=False)
        if said.get("SignStatus") != APPROVED:
            raise GatewayError("Aliyun has not approved the signature", permanent=False)

    def hook(self, request: HookRequest, now: datetime) -> Arrivals:
        """Receipts and texts come in lists; one that can't be read holds the others not back."""
        if not self._is_called:
            raise BadHook("nobody was asked to call")
        said = read_json(request.body)
        items = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
        read_items = [each for item in items if (each := _read(item, now)) is not None]
        if not read_items:
            raise BadHook("nothing that we know")
        return Arrivals(
            receipts=[each for each in read_items if isinstance(each, Receipt)],
            texts=[each for each in read_items if isinstance(each, Inbound)],
            answer=HEARD, mime="application/json",
        )  # fmt: skip

    def _ask(
        self, action: str, params: Mapping[str, str], *, is_probe: bool = False
    ) -> tuple[Answer, Mapping[str, Any]]:  # fmt: skip
        fields = {
            "AccessKeyId": self._key_id, "Action": action, "Format": "JSON", "RegionId": "cn-hangzhou",
            "SignatureMethod": "HMAC-SHA1", "SignatureNonce": random_id(), "SignatureVersion": "1.0",
            "Timestamp": f"{self._clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "Version": "2017-05-25", **params,
        }  # fmt: skip
        signed = {"Signature": signature(self._key_secret, "POST", fields), **fields}
        answer = self._vendor.post("/", list(signed.items()), {}, is_probe=is_probe)
        return answer, answer.said or {}


def signature(secret: str, method: str, fields: Mapping[str, str]) -> str:
    """HMAC-SHA1 of the sorted fields, encoded twice (help.aliyun.com: RPC signature, SignatureVersion 1.0)."""
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(fields.items()))
    signed = f"{method}&{_encoded('/')}&{_encoded(query)}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), signed.encode(), "sha1")).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _codes(address: Address) -> Codes:
    """By language and template. Raises ValueError."""
    wanted = "an address with template_<name>=SMS_… or templates=<a JSON file of codes by language and template>"
    inline = {
        name.removeprefix("template_"): code for name, code in address.settings.items() if name.startswith("template_")
    }
    codes: dict[str, dict[str, Any]] = {}
    if path := address.settings.get("templates"):
        try:
            codes = {language: dict(each) for language, each in json.loads(Path(path).read_bytes()).items()}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise ValueError(wanted) from error
    codes[FIRST_LANGUAGE] = {**codes.get(FIRST_LANGUAGE, {}), **inline}
    every = [code for each in codes.values() for code in each.values()]
    if not every or not all(isinstance(code, str) and CODE.fullmatch(code) for code in every):
        raise ValueError(wanted)
    return codes


def _read(item: Mapping[str, Any], now: datetime) -> Receipt | Inbound | None:
    """SmsReport or SmsUp (help.aliyun.com: HTTP push of receipts and of texts that come in)."""
    at = instant(str(item.get("report_time") or item.get("send_time") or ""), DATE, now, THERE)
    try:
        if "content" in item:
            ref, sender = needed(item, "sequence_id", LONGEST_REF), needed(item, "phone_number", LONGEST_SENDER)
            return Inbound(ref, _with_country(sender), clean(str(item["content"])), at)
        return _receipt(item, at)
    except BadHook:
        return None


def _receipt(item: Mapping[str, Any], at: datetime) -> Receipt | None:
    is_there = item.get("success")
    if not isinstance(is_there, bool):
        return None
    status = ReceiptStatus.DELIVERED if is_there else ReceiptStatus.FAILED
    error = None if is_there else word(item.get("err_code") or "") or None
    if item.get("out_id"):
        return Receipt(None, needed(item, "out_id", LONGEST_REF), status, at, error)
    return Receipt(needed(item, "biz_id", LONGEST_REF), None, status, at, error)


def _with_country(number: str) -> str:
    if MOBILE.fullmatch(number):
        return HERE + number
    return f"+{number}" if number.isdigit() and len(number) > LONGEST_SHORT_CODE else number
