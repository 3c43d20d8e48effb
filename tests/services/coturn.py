"""A coturn of the tests' own, on ports of the loopback, with the shared secret that `Coturn` signs with."""

import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

from tests.services.leash import Leash
from tests.services.ports import free_port

SECRET = "a secret of the tests"
REALM = "homethread.test"
READY_SECONDS = 15


class PrivateCoturn:
    """Relays between ends on this machine; it listens on UDP and TCP, with a certificate (and its key) also on TLS.

    `configured` is a file that it reads, which says itself whether it listens on TLS.
    """

    def __init__(self, *more: str, certificate: Path | None = None, configured: Path | None = None) -> None:
        program = shutil.which("turnserver")
        if program is None:
            raise RuntimeError("coturn is not installed: apt-get install coturn")
        self.folder = Path(tempfile.mkdtemp(prefix="homethread-coturn-"))
        self.port, self.tls_port = free_port(), free_port() if certificate else None
        tls = [f"--tls-listening-port={self.tls_port}", f"--cert={certificate}", f"--pkey={certificate}"]
        # Loopback peers are refused unless allowed; the command line interface would listen on a fixed port.
        command = [
            program, *(["-c", str(configured)] if configured else ["-n"]),
            "--listening-ip=127.0.0.1", f"--listening-port={self.port}", "--relay-ip=127.0.0.1",
            "--min-port=49160", "--max-port=49999", "--allow-loopback-peers", "--no-cli", "--no-dtls",
            "--use-auth-secret", f"--static-auth-secret={SECRET}", f"--realm={REALM}", "--no-rfc5780",
            f"--db={self.folder / 'turndb'}", f"--pidfile={self.folder / 'pid'}", "--log-file=stdout", "--verbose",
            *(tls if certificate else [] if configured else ["--no-tls"]), *more,
        ]  # fmt: skip
        # Asked to end it takes longer than anybody waits; it keeps nothing that could be lost.
        self._leash = Leash(command, folder=self.folder, end=signal.SIGKILL)
        self._wait_until_ready()

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self.port}"

    @property
    def by(self) -> dict[str, str]:
        """Its address by each way that leads there."""
        ways = {"udp": f"{self.url}?transport=udp", "tcp": f"{self.url}?transport=tcp"}
        return ways | ({"tls": f"turns:127.0.0.1:{self.tls_port}?transport=tcp"} if self.tls_port else {})

    @property
    def urls(self) -> str:
        """As the setting takes them."""
        return ",".join(self.by.values())

    def log(self) -> str:
        return self._leash.log.read_text(errors="replace")

    def stop(self) -> None:
        self._leash.let_go()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        ports = [port for port in (self.port, self.tls_port) if port]
        while ports:
            try:
                socket.create_connection(("127.0.0.1", ports[0]), 1).close()
            except OSError:
                if not self._leash.is_alive or time.monotonic() > give_up:
                    raise RuntimeError(f"coturn did not start:\n{self.log()}") from None
                time.sleep(0.02)
            else:
                ports.pop(0)
