"""How answers are compressed: by Brotli (RFC 7932) where a browser takes it, else by gzip.

Browsers take Brotli over TLS and from their own machine. What is worth compressing is not decided here.
"""

import gzip
from collections.abc import Callable, Container, Mapping
from typing import Protocol

import brotli


class Accepted(Protocol):
    def __getitem__(self, encoding: str) -> float: ...


Pack = Callable[[bytes], bytes]

HARDEST: Mapping[str, Pack] = {
    "br": lambda plain: brotli.compress(plain, quality=11),
    "gzip": lambda plain: gzip.compress(plain, 9, mtime=0),
}
QUICK: Mapping[str, Pack] = {
    "br": lambda plain: brotli.compress(plain, quality=5),
    "gzip": lambda plain: gzip.compress(plain, 6, mtime=0),
}
"""For answers that are made anew each time; the best first, as in `HARDEST`."""


def best(accepted: Accepted, forms: Container[str]) -> str | None:
    """Choose the `Content-Encoding` for a request; None for a plain answer."""
    return next((encoding for encoding in HARDEST if accepted[encoding] > 0 and encoding in forms), None)
