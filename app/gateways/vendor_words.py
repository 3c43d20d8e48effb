"""How what vendors say is read: forms and JSON, in answers and in their calls, from whoever found the address.

Whatever can't be read is a BadHook, and never another error. What has to be kept fits where it is kept.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import parse_qsl

from app.notices.ports import BadHook

MOST_FIELDS = 100
LONGEST_REF, LONGEST_SENDER = 120, 40
LONGEST_CODE = 60
# A vendor's clock is believed as far as it can be right.
OLDEST, NEWEST = timedelta(days=7), timedelta(minutes=5)


def word(said: Any) -> str:
    """A vendor's code as it may be shown: letters, and few digits, so that it is no number of a phone."""
    text = str(said)
    is_code = re.fullmatch(r"[A-Za-z0-9_.:-]+", text) and not re.search(r"\d{7}", text)
    return text[:LONGEST_CODE] if is_code else ""


def read_form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in UTF-8. Raises BadHook."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )  # fmt: skip
    except ValueError as error:
        raise BadHook("no form that we can read") from error
    return pairs


def read_json(body: bytes) -> Any:
    """Raises BadHook."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadHook("no JSON that we can read") from error


def needed(fields: Mapping[str, Any], name: str, longest: int) -> str:
    """A field that has to be there and to fit into where it is kept. Raises BadHook."""
    value = clean(str(fields.get(name) or ""))
    if not 0 < len(value) <= longest:
        raise BadHook(f"without a proper {name}")
    return value


def clean(text: str) -> str:
    """A text as a database can keep it: without NUL, and without halves of surrogate pairs."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "")


def instant(text: str, form: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """When it was, as the vendor says it, or now where that can't be."""
    try:
        read = datetime.strptime(text.strip(), form)  # noqa: DTZ007 - most forms have no zone
        at = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    return at if now - OLDEST <= at <= now + NEWEST else now
