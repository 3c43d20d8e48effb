"""The programs of one machine: which are started, with which settings, and when they are ready.

Standard library only, since this process stays: what takes memory is done in processes of its own.
"""

import socket
import subprocess
import sys
from collections.abc import Callable

from app import config as settings
from app.config import BadSetting, Config
from app.programs import lan
from app.programs.supervisor import Program, supervise

READY_SECONDS = 30
OURSELVES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where what listens everywhere is asked


def serve(config: Config, *, to_lan: bool) -> int:
    environment: dict[str, str] = {}
    if to_lan:
        environment = lan.environment(settings.inherited(), config)
        config = settings.load(with_(environment))
        check_port(config, lan.page_port(config))
    check_port(config, config.port)
    subprocess.run(ourselves("migrate"), check=True)  # noqa: S603
    ready = f"homethread: ready at {config.public_url}"
    if not to_lan:
        return supervised(config, environment, lambda: print(ready, flush=True))  # noqa: T201
    made = subprocess.run(  # noqa: S603
        ourselves("lan-certificate"), env=with_(environment), check=True, stdout=subprocess.PIPE, text=True
    )
    return supervised(config, environment, lambda: print(f"{made.stdout}{ready}", flush=True), "lan-page")  # noqa: T201


def supervised(config: Config, environment: dict[str, str], on_ready: Callable[[], None], *more: str) -> int:
    programs = [Program(name, tuple(ourselves(name)), with_(environment)) for name in ("web", "worker", *more)]
    programs += media_programs(config, environment)
    scheme, host = "https" if config.tls_key else "http", OURSELVES.get(config.host, config.host)
    ready_url = f"{scheme}://{lan.in_url(host)}:{config.port}/healthz"
    certificate = str(config.tls_certificate) if config.tls_certificate else None
    return supervise(
        programs, ready_url=ready_url, on_ready=on_ready, ready_seconds=READY_SECONDS, certificate=certificate
    )


def media_programs(config: Config, environment: dict[str, str]) -> list[Program]:
    """As many as are wanted, each with a health page of its own."""
    pages = [config.media_port + number if config.media_port else 0 for number in range(config.media_programs)]
    return [
        Program(
            "media" if len(pages) == 1 else f"media {number}", tuple(ourselves("media")),
            with_({**environment, "HOMETHREAD_MEDIA_PORT": str(page)}),
        )
        for number, page in enumerate(pages, start=1)
    ]  # fmt: skip


def check_port(config: Config, port: int) -> None:
    """Refuse a port that somebody has: what answers there would be taken for us."""
    with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, port))
        except OSError as taken:
            wrong = f"HOMETHREAD_PORT {port} can't be used ({taken.strerror}); try another, as with --port"
            raise BadSetting(wrong) from taken


def ourselves(command: str) -> list[str]:
    return [sys.executable, "-m", "app", command]


def with_(environment: dict[str, str]) -> dict[str, str]:
    return {**settings.inherited(), **environment}
