"""The media program: takes its settings and runs until it is told to stop. What it does is decided in `app.media`.

It makes its name anew at each start. It needs the key by which web knows its own programs, and no database.
"""

import asyncio
import re
import secrets
import socket
from pathlib import Path

from app.config import BadSetting, Config
from app.kernel.clock import Clock, SystemClock
from app.media import ladder
from app.media.program import Program, Settings
from app.web.sealing import key_in

SPOOL = "media-spool"
LADDER = Path("call") / "ladder.json"


def run(config: Config, clock: Clock | None = None) -> None:
    asyncio.run(Program(settings(config), clock or SystemClock()).run())


def settings(config: Config) -> Settings:
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Settings(
        name=name(), web_url=config.media_web_url, certificate=_certificate(config),
        key=config.secret_key or key_in(config.data_dir), spool=config.data_dir / SPOOL, host=config.media_host,
        health_port=config.media_port, ladder=ladder.read(_static() / LADDER),
    )  # fmt: skip


def name() -> str:
    """The machine's, for who looks at the table, and a few letters that are this start's own."""
    machine = re.sub("[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")[:40]
    return f"{machine or 'media'}-{secrets.token_hex(4)}"


def _certificate(config: Config) -> Path | None:
    """That of the web program beside us, which no authority may vouch for."""
    if config.tls_certificate is None or not config.media_web_url.startswith("https"):
        return None
    if not config.tls_certificate.exists():
        raise BadSetting(f"HOMETHREAD_TLS_CERTIFICATE {config.tls_certificate} is not there")
    return config.tls_certificate


def _static() -> Path:
    """Beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    inside = package / "static"
    return inside if inside.is_dir() else package.parent / "static"
