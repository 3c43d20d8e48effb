"""The verbs of `homethread sms`: what a vendor has to approve, where it calls us, and how long a text is."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import timedelta

from app.config import Config
from app.kernel.clock import SystemClock
from app.notices.names import typed
from app.notices.segments import Encoding, encoding_of, segments, split
from app.notices.submission import PLACES, Submission, submissions
from app.web import texts

KINDS = {"code": "code (验证码)", "notification": "notification (通知短信)"}


def add_to(sms: argparse.ArgumentParser) -> None:
    verbs = sms.add_subparsers(required=True, metavar="verb")
    about = "every text, ready to submit to a vendor: its code, its words, an example, how long it is"
    templates = verbs.add_parser("templates", help=about, description=about)
    templates.add_argument("--language", choices=texts.languages(), default="zh-CN")
    templates.add_argument("--vendor", choices=sorted(PLACES), default="aliyun", help="how places are written")
    templates.add_argument("--signature", default=None, help="what the vendor puts in front, as 【家线】")
    templates.add_argument("--json", action="store_true", help="print one JSON list")
    templates.set_defaults(run=_templates)
    about = "how a text would go over the air: its alphabet, its segments, where it is cut"
    count = verbs.add_parser("count", help=about, description=about)
    count.add_argument("text", metavar="TEXT", help="the text; - reads it from the standard input")
    count.set_defaults(run=_count)
    about = "the addresses that vendors are given to tell us of receipts and texts; keep them secret"
    verbs.add_parser("hooks", help=about, description=about).set_defaults(run=_hooks)


def _templates(parsed: argparse.Namespace, config: Config) -> int:
    signature = texts.text("notice.sender", parsed.language) if parsed.signature is None else parsed.signature
    midday = SystemClock().now().replace(hour=12, minute=0) + timedelta(days=1)
    found = list(submissions(parsed.language, parsed.vendor, signature, f"{config.public_url}/phone", midday))
    if parsed.json:
        listed = [asdict(each) | {"encoding": each.encoding.value} for each in found]
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(map(_block, found)))
    return 0


def _block(each: Submission) -> str:
    return (
        f"{each.code}\n  {KINDS[each.kind]}; {_length(each.segments)} of {each.encoding.value}\n"
        f"  {each.words}\n  {each.example}\n"
    )


def _count(parsed: argparse.Namespace, _config: Config) -> int:
    written = sys.stdin.read() if parsed.text == "-" else parsed.text
    encoding, parts = encoding_of(written), split(written)
    unit = "units of 16 bits" if encoding is Encoding.UCS2 else "septets"
    sys.stdout.write(f"{encoding.value}: {encoding.width(''.join(parts))} {unit}, {_length(len(parts))}\n")
    for hint in _hints(written, len(parts)):
        sys.stdout.write(f"{hint}\n")
    for number, part in enumerate(parts, 1):
        sys.stdout.write(f"{number}: {json.dumps(part, ensure_ascii=False)}\n")
    return 0


def _hooks(_parsed: argparse.Namespace, config: Config) -> int:
    from app import bootstrap
    from app.sms import hooks

    services = bootstrap.build(config)
    found = hooks.addresses(services.sms, services.sealer, config.public_url, _local_url(config))
    for name, address in found.items():
        sys.stdout.write(f"{name}: {address}\n")
    if not found:
        sys.stdout.write("None of the gateways in HOMETHREAD_SMS_GATEWAYS is called back; each listens by itself.\n")
    return 0


def _local_url(config: Config) -> str:
    """Where the web program is for other programs of its machine."""
    host = "127.0.0.1" if config.host in ("", "0.0.0.0", "::") else config.host  # noqa: S104 - it is compared
    return f"{'https' if config.tls_key else 'http'}://{f'[{host}]' if ':' in host else host}:{config.port}"


def _hints(written: str, count: int) -> list[str]:
    """How it could be shorter."""
    found = []
    if (shifted := segments(written, may_shift=True)) < count:
        found.append(f"with a national table ({encoding_of(written, may_shift=True).value}): {_length(shifted)}")
    if (plain := segments(typed(written))) < count:
        found.append(f"with plain quotes and dashes, as it would be sent: {_length(plain)}")
    return found


def _length(count: int) -> str:
    return "1 segment" if count == 1 else f"{count} segments"
