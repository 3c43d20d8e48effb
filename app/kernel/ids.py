"""What an id looks like: 80 random bits in 16 lower-case letters and digits, short enough for a link in a text."""

import base64
import secrets
from collections.abc import Callable

NewId = Callable[[], str]


def random_id() -> str:
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def random_token() -> str:
    """A bearer secret of 160 bits; only its hash is ever stored."""
    return base64.b32encode(secrets.token_bytes(20)).decode().lower()
