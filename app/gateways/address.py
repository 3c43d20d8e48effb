"""How an address of `HOMETHREAD_SMS_GATEWAYS` is read.

It is scheme://user:password@host:port/?name=value&name=value. What stands in it percent-encoded is
decoded here. Which names a gateway knows is its own business. A message names what is wanted and never quotes the
address: there is a password in it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Address:
    user: str
    password: str
    host: str
    port: int
    settings: Mapping[str, str]


def read(url: str, *, known: Collection[str], needed: Collection[str] = (), port: int | None = None) -> Address:
    """What an address says; every setting in it is `known`, and what is `needed` is there. A plus means itself.

    `port` is the one of an address that names none. Raises ValueError.
    """
    parts = urlsplit(url)
    form = f"an address as {parts.scheme}://user:password@host{'' if port else ':port'}/" + _example(needed)
    port = _port(parts) if parts.netloc.rpartition("@")[2].rpartition(":")[1] else port
    settings = dict(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True))
    if not (port and parts.hostname and parts.username and parts.password) or parts.path not in ("", "/"):
        raise ValueError(form)
    for name in settings:
        if name not in known:
            raise ValueError(f"{form}, where {name!r} is not known; there are {', '.join(sorted(known))}")
    if missing := [name for name in needed if not settings.get(name)]:
        raise ValueError(f"{form} with {missing[0]!r}")
    return Address(unquote(parts.username), unquote(parts.password), parts.hostname, port, settings)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def _example(needed: Collection[str]) -> str:
    return "?" + "&".join(f"{name}=…" for name in needed) if needed else ""
