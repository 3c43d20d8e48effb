"""The token by which a media program shows that it is one of ours: its name and an end, under a key of the server's.

A program makes one for each connection, so it is good for two minutes and never stored. Which machine's programs may
make one is decided by who knows the server's secret key.
"""

import hmac
from datetime import UTC, datetime, timedelta

LIVES = timedelta(seconds=120)
PURPOSE = b"media program"
LONGEST_NAME = 64
LONGEST_TOKEN = 200
NAME_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def key_of(secret_key: bytes) -> bytes:
    """The key for these tokens, made of the server's secret key and of no use for anything else."""
    return hmac.digest(secret_key, PURPOSE, "sha256")


def is_name(name: str) -> bool:
    """Whether a program may be called so: lower-case letters, digits and hyphens."""
    return 0 < len(name) <= LONGEST_NAME and NAME_SIGNS.issuperset(name)


def issue(key: bytes, name: str, now: datetime, lives: timedelta = LIVES) -> str:
    """`name.end.signature`, the end in seconds since 1970 and the signature an HMAC-SHA256 in hex."""
    if not is_name(name):
        raise ValueError("a media program is called by lower-case letters, digits and hyphens")
    said = f"{name}.{int((now + lives).timestamp())}"
    return f"{said}.{_signature(key, said)}"


def read(key: bytes, token: str, now: datetime) -> str | None:
    """The name in a token of this key that has not ended; None for any other."""
    said, _, signature = token.rpartition(".")
    name, _, end = said.partition(".")
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    if not hmac.compare_digest(_signature(key, said), signature):
        return None
    if not is_name(name) or not end.isdigit() or len(end) > 12:
        return None
    until = datetime.fromtimestamp(int(end), UTC)
    return name if now < until <= now + LIVES else None


def _signature(key: bytes, said: str) -> str:
    return hmac.digest(key, said.encode(), "sha256").hex()
