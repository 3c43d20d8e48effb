"""`homethread sms`: what a vendor has to approve, and how long a text is."""

import json
import re
from pathlib import Path

import pytest

from app.cli import main
from app.notices.submission import PLACES
from app.notices.templates import PARAMS, forms

TWILIO = "twilio://AC1:token@api.twilio.com/?from=%2B15550100&hook=https://calls.example.org/hooks/twilio/x"
PLACE = {"plain": r"{\w+}", "aliyun": r"\$\{\w+\}", "tencent": r"{\d}", "twilio": r"{{\d}}"}


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, str]]:
    assert main(["sms", "templates", "--json", *options]) == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("vendor", sorted(PLACES))
def test_each_text_is_its_words_with_the_places_filled(
    vendor: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for each in listed(capsys, "--vendor", vendor, "--language", language, "--signature", "【乡音桥】"):
        places = re.findall(PLACE[vendor], each["words"])
        assert len(set(places)) == len(each["params"])
        pattern = ".+".join(re.escape(fixed) for fixed in re.split(PLACE[vendor], each["words"]))
        assert re.fullmatch("【乡音桥】" + pattern, each["example"], re.DOTALL), each
        assert len(re.sub(PLACE[vendor], "", each["words"])) >= 4, "no vendor takes what is all places"
        assert each["words"].count("://") <= 1


def test_all_that_is_sent_as_a_text_is_there_once_and_what_nobody_approves_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    codes = [each["code"] for each in listed(capsys)]
    never = {"unreached", "gateway_silent", "announcement", "voice_heard"}
    assert sorted(codes) == sorted(form for template in PARAMS if template not in never for form in forms(template))
    kinds = {each["code"] for each in listed(capsys) if each["kind"] == "code"}
    assert kinds == {"sign_in_code", "number_code"}


def test_texts_are_printed_for_people_with_the_length_that_the_signature_leaves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["sms", "templates"]) == 0
    printed = capsys.readouterr().out
    assert "【家线】约好了：欧阳海燕和欧阳小明" in printed
    assert "${parent}和${child}的通话，${starts_at}" in printed
    assert main(["sms", "templates", "--signature", "【" + "长" * 60 + "】"]) == 0
    assert "2 segments of UCS-2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", ["GSM-7: 5 septets, 1 segment", '1: "hello"']),
        ("a" * 152 + "€b", ["GSM-7: 155 septets, 1 segment"]),
        ("约" * 71, ["UCS-2: 71 units of 16 bits, 2 segments", f'1: "{"约" * 67}"', f'2: "{"约" * 4}"']),
        ("“" + "a" * 70, ["with plain quotes and dashes, as it would be sent: 1 segment"]),
        ("ş" + "a" * 70, ["with a national table (GSM-7, Turkish): 1 segment"]),
        ("\udcff\n\x07", ['1: "�\\n\\u0007"']),
        ("🦊" * 10_000, ["UCS-2: 20000 units of 16 bits, 304 segments"]),
        ("", ["GSM-7: 0 septets, 1 segment"]),
    ],
)
def test_a_text_is_counted_and_shown_where_it_is_cut(
    text: str, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sms", "count", text]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert set(said) <= set(lines)


def test_the_addresses_for_vendors_are_printed_and_the_same_each_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOMETHREAD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOMETHREAD_PUBLIC_URL", "https://calls.example.org")
    monkeypatch.setenv("HOMETHREAD_SMS_GATEWAYS", f"kannel://u:p@127.0.0.1:13013 {TWILIO} simulated:")
    monkeypatch.setenv("HOMETHREAD_HOST", "0.0.0.0")
    printed = []
    for _time in range(2):
        assert main(["sms", "hooks"]) == 0
        printed.append(capsys.readouterr().out)
    kannel, twilio = printed[0].splitlines()
    assert re.fullmatch(r"kannel: http://127\.0\.0\.1:8080/hooks/kannel/[0-9a-f]{40}", kannel)
    assert re.fullmatch(r"twilio: https://calls\.example\.org/hooks/twilio/[0-9a-f]{40}", twilio)
    assert printed[0] == printed[1]


def test_where_nobody_calls_back_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOMETHREAD_DATA_DIR", str(tmp_path))
    assert main(["sms", "hooks"]) == 0
    assert "None of the gateways" in capsys.readouterr().out
