"""What Kannel says when it calls us: what became of a text, and what came in.

Receipts come to an address that `receipt_query` made. For what comes in, kannel.conf says in its group sms-service:
get-url = "<hook>?from=%p&text=%b&coding=%c&charset=%C&id=%I&at=%T". There `text` is what the phone sent, byte for byte,
and only `coding` and `charset` tell how to read it.
"""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_to_bytes

from app.notices.ports import Arrivals, BadHook, HookRequest, Inbound, Receipt, ReceiptStatus

STATUSES = {
    "1": ReceiptStatus.DELIVERED,
    "2": ReceiptStatus.FAILED,
    "4": ReceiptStatus.SENT,
    "8": ReceiptStatus.SENT,
    "16": ReceiptStatus.FAILED,
}
EIGHT_BIT, UCS2 = "1", "2"
CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1", "us-ascii": "ascii", "windows-1252": "cp1252"}
LONGEST_REF, LONGEST_SENDER = 120, 40
MOST_FIELDS = 20
# Kannel's own clock is believed as far as it can be right.
OLDEST, NEWEST = timedelta(days=7), timedelta(minutes=5)


def receipt_query(key: str) -> str:
    """What asks for receipts by our key. Kannel puts its own words where a % stands, so the key comes without one."""
    return f"key={base64.urlsafe_b64encode(key.encode()).decode().rstrip('=')}&type=%d&answer=%A"


def arrivals(request: HookRequest, now: datetime) -> Arrivals:
    """What one call brought. What is no text, as a ring tone or a setting, brings nothing. Raises BadHook."""
    fields = _fields(request.query)
    if "key" in fields:
        return Arrivals(receipts=[_receipt(fields, now)])
    text = _text(fields)
    return Arrivals() if text is None else Arrivals(texts=[_inbound(fields, text, now)])


def _receipt(fields: Mapping[str, bytes], now: datetime) -> Receipt:
    said = _word(fields, "key")
    try:
        key = base64.b64decode(said + "=" * (-len(said) % 4), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise BadHook("a key that is none of ours") from error
    status = STATUSES.get(_word(fields, "type"))
    if status is None or not 0 < len(key) <= LONGEST_REF:
        raise BadHook("no receipt that we know")
    return Receipt(None, key, status, now, _why(fields) if status is ReceiptStatus.FAILED else None)


def _why(fields: Mapping[str, bytes]) -> str | None:
    """The SMSC's codes, out of an answer that may quote number and text."""
    answer = fields.get("answer", b"").decode("ascii", "replace")
    codes = re.findall(r"\b(?:stat:[A-Z]{1,10}|err:\w{1,5}|NACK/(?:0x)?[0-9a-fA-F]{1,8})\b", answer)
    return " ".join(codes[:3]) or None


def _inbound(fields: Mapping[str, bytes], text: str, now: datetime) -> Inbound:
    ref, sender = _word(fields, "id"), _word(fields, "from").strip()
    if not 0 < len(ref) <= LONGEST_REF or not 0 < len(sender) <= LONGEST_SENDER:
        raise BadHook("a text without its sender or its name")
    return Inbound(ref, sender, text, _at(fields, now))


def _text(fields: Mapping[str, bytes]) -> str | None:
    if "text" not in fields:
        raise BadHook("neither a receipt nor a text")
    coding, charset = _word(fields, "coding"), _word(fields, "charset").lower()
    if coding not in ("0", EIGHT_BIT, UCS2):
        raise BadHook("a coding that Kannel does not have")
    if coding == EIGHT_BIT:
        return None
    said = fields["text"].decode("utf-16-be" if coding == UCS2 else CHARSETS.get(charset, "utf-8"), "replace")
    return said.replace("\0", "")


def _at(fields: Mapping[str, bytes], now: datetime) -> datetime:
    said = _word(fields, "at")
    if not re.fullmatch("[0-9]{1,11}", said):
        return now
    at = datetime.fromtimestamp(int(said), UTC)
    return at if now - OLDEST <= at <= now + NEWEST else now


def _word(fields: Mapping[str, bytes], name: str) -> str:
    """A field that is not the text; "" where it is not there."""
    try:
        return fields.get(name, b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadHook(f"{name} is no text") from error


def _fields(query: bytes) -> dict[str, bytes]:
    pairs = query.split(b"&", MOST_FIELDS)
    if len(pairs) > MOST_FIELDS:
        raise BadHook("too many fields")
    halves = (pair.replace(b"+", b" ").partition(b"=") for pair in pairs)
    return {unquote_to_bytes(name).decode("latin-1"): unquote_to_bytes(value) for name, _, value in halves}
