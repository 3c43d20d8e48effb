"""A Redis of the tests' own: in memory only, on a port of the loopback."""

import shutil
import signal
import tempfile
import time
from pathlib import Path

import redis

from tests.services.leash import Leash
from tests.services.ports import free_port

READY_SECONDS = 15


class PrivateRedis:
    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("Redis is not installed: apt-get install redis-server")
        self._program = program
        self.folder = Path(tempfile.mkdtemp(prefix="homethread-redis-"))
        self.port = free_port()
        self._start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def clear(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        self._leash.send(signal.SIGKILL)

    def restart(self) -> None:
        """Cuts every connection and starts again on the same port, with nothing in it."""
        self._leash.send(signal.SIGTERM)
        self._start()

    def stop(self) -> None:
        self._leash.let_go()

    def _start(self) -> None:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        self._leash = Leash(
            [*command, "--save", "", "--appendonly", "no", "--daemonize", "no"], folder=self.folder, end=signal.SIGTERM
        )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    if not self._leash.is_alive or time.monotonic() > give_up:
                        raise RuntimeError(f"Redis did not start:\n{self._leash.log.read_text()}") from None
                    time.sleep(0.02)
                else:
                    return
