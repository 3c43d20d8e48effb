"""A Caddy of the tests' own, with the Caddyfile that `homethread deploy` writes, on a port of the loopback."""

import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

from tests.services.leash import Leash
from tests.services.ports import free_port

READY_SECONDS = 15
OPTIONS = """
{{
	admin off
	auto_https disable_redirects
	skip_install_trust
	storage file_system {folder}
"""


class PrivateCaddy:
    """`caddyfile` is for `domain` and the port 8080; here it speaks for a port of its own, with its own certificate."""

    def __init__(self, caddyfile: str, domain: str, to_port: int, *, bind: str = "127.0.0.1") -> None:
        program = shutil.which("caddy")
        if program is None:
            raise RuntimeError("Caddy is not installed: apt-get install caddy")
        self.folder = Path(tempfile.mkdtemp(prefix="homethread-caddy-"))
        self.domain, self.port, self._bind = domain, free_port(), bind
        ours = {
            "\n{\n": OPTIONS.format(folder=self.folder),
            f"\n{domain} {{": f"\nhttps://{domain}:{self.port} {{\n\ttls internal\n\tbind {bind}",
            "127.0.0.1:8080": f"127.0.0.1:{to_port}",
        }
        for written, instead in ours.items():
            assert caddyfile.count(written) == 1
            caddyfile = caddyfile.replace(written, instead)
        (self.folder / "Caddyfile").write_text(caddyfile)
        command = ["env", f"HOME={self.folder}", f"XDG_CONFIG_HOME={self.folder}", f"XDG_DATA_HOME={self.folder}"]
        command += [program, "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]
        self._leash = Leash(command, folder=self.folder, end=signal.SIGTERM)
        self._wait_until_ready()

    @property
    def url(self) -> str:
        return f"https://{self.domain}:{self.port}"

    def log(self) -> str:
        return self._leash.log.read_text(errors="replace")

    def stop(self) -> None:
        self._leash.let_go()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                socket.create_connection((self._bind, self.port), 1).close()
            except OSError:
                if not self._leash.is_alive or time.monotonic() > give_up:
                    raise RuntimeError(f"Caddy did not start:\n{self.log()}") from None
                time.sleep(0.02)
            else:
                return
