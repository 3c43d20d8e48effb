"""`homethread serve --tls lan`: where this machine listens, and under which address phones of its network find it.

Standard library only: the process that keeps the programs reads it too.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.config import PREFIX, BadSetting, Config
from app.programs import addresses

PORT = 8443
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - to be found by phones is what it is for


def environment(given: Mapping[str, str], config: Config) -> dict[str, str]:
    """Give the settings of the programs: what was set stays, the rest follows from this machine's addresses."""
    if config.tls_key:
        raise BadSetting(f"{PREFIX}TLS_CERTIFICATE is set: serve without --tls lan")
    host = config.host if given.get(f"{PREFIX}HOST") else ANYWHERE[0]
    port = config.port if given.get(f"{PREFIX}PORT") else PORT
    if port > 65_534:
        raise BadSetting(f"{PREFIX}PORT {port} leaves no port for the page with the certificate: it is the next one")
    server = str(config.data_dir / "tls" / "server.pem")
    first = str(reached_at(host)[0])
    return {
        f"{PREFIX}HOST": host,
        f"{PREFIX}PORT": str(port),
        f"{PREFIX}PUBLIC_URL": given.get(f"{PREFIX}PUBLIC_URL") or f"https://{in_url(first)}:{port}",
        f"{PREFIX}TLS_CERTIFICATE": server,
        f"{PREFIX}TLS_KEY": server,
    }


def reached_at(host: str) -> list[addresses.Address]:
    """Give the local addresses at which this machine is found when it listens on `host`."""
    if host in ANYWHERE:
        found = addresses.own_addresses()
        if not found:
            raise BadSetting("this machine has no address in a local network: join the Wi-Fi, then try again")
        return found
    try:
        given = ipaddress.ip_address(host)
    except ValueError as name:
        raise BadSetting(f"{PREFIX}HOST must be an address of this machine for --tls lan") from name
    if not addresses.is_local(given):
        raise BadSetting(f"{PREFIX}HOST {host} is a public address: get it a certificate as `homethread deploy` shows")
    return [given]


def page_port(config: Config) -> int:
    return config.port + 1


def page_url(config: Config) -> str:
    return f"http://{in_url(urlsplit(config.public_url).hostname or config.host)}:{page_port(config)}/"


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
