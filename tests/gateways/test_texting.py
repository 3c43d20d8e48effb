"""Addresses of gateways: which file reads them, what is wrong with one, and that no password is ever quoted."""

import re
from pathlib import Path

import pytest

from app.config import BadSetting, load
from app.gateways.texting import GATEWAYS, opened
from app.kernel.clock import SystemClock
from tests.groups import ROOT

ADDRESSES = {
    "africastalking": "africastalking://me:hidden@api.africastalking.com/?from=22384",
    "aliyun": "aliyun://me:hidden@dysmsapi.aliyuncs.com/?sign=家线&template_booked=SMS_1",
    "kannel": "kannel://me:hidden@127.0.0.1:13013",
    "modem": "modem:/var/spool/gammu",
    "simulated": "simulated:",
    "smpp": "smpp://me:hidden@smsc.example.org:2775",
    "twilio": "twilio://me:hidden@api.twilio.com/?from=+15557122661",
}


def test_every_gateway_opens_by_its_address_and_calls_nobody(tmp_path: Path) -> None:
    assert sorted(ADDRESSES) == sorted(GATEWAYS)
    urls = load({"HOMETHREAD_SMS_GATEWAYS": " ".join(ADDRESSES.values())}).sms_gateways
    gateways = opened(urls, tmp_path, SystemClock())
    assert [gateway.name for gateway in gateways] == list(ADDRESSES)


@pytest.mark.parametrize("kind", [name for name, url in ADDRESSES.items() if "hidden" in url])
@pytest.mark.parametrize("wrong", ["/?colour=red", ":port/", "/path", ":0"])
def test_what_is_wrong_is_named_and_no_password_quoted(tmp_path: Path, kind: str, wrong: str) -> None:
    url = f"{kind}://me:hidden@host{wrong}"
    with pytest.raises(BadSetting, match=f"^HOMETHREAD_SMS_GATEWAYS: {kind} must be an address") as refused:
        opened([url], tmp_path, SystemClock())
    assert "hidden" not in str(refused.value)


def test_a_gateway_that_there_is_not_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="'pigeon' is no gateway; there are africastalking, aliyun, kannel, modem"):
        opened(["pigeon://me:hidden@loft"], tmp_path, SystemClock())


def test_the_readme_has_a_line_for_each(tmp_path: Path) -> None:
    """With what each can do as its address makes possible."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Gateways for texts")[2].partition("\n## ")[0]
    lines = {
        kind: cells for kind, *cells in re.findall(r"^\| `(\w+):[^|]*\|(.*?)\|(.*?)\|(.*?)\|(.*?)\|$", table, re.M)
    }
    assert sorted(lines) == sorted(GATEWAYS)
    for gateway in opened(list(ADDRESSES.values()), tmp_path, SystemClock()):
        _replies, _receipts, query, templates = (cell.strip() for cell in lines[gateway.name])
        assert (query, templates) == tuple(
            "yes" if can else "no" for can in (gateway.can_query, gateway.templates_only)
        )
