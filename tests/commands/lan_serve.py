"""`homethread serve --tls lan` as it is typed, on the loopback and ports of its own."""

import os
import signal
import ssl
import subprocess
import threading
from pathlib import Path
from queue import Queue

from tests.commands.test_demo import COMMAND, PATIENCE_SECONDS, environment
from tests.services.ports import free_port


class LanServe:
    """Running, with what it said until it was ready."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port = folder, free_port()
        given = environment(
            DATA_DIR=str(folder), HOST="127.0.0.1", PORT=str(self.port), LOG_LEVEL="warning", **settings
        )
        with (folder / "errors.txt").open("ab") as errors:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "--tls", "lan"], stdout=subprocess.PIPE, stderr=errors, env=given, text=True,
                process_group=0, bufsize=1,
            )  # fmt: skip
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.said = ""
        while "ready at" not in self.said:
            line = self._lines.get(timeout=PATIENCE_SECONDS)
            assert line, self.errors()
            self.said += line

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def page_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def authority(self) -> Path:
        return self.folder / "tls" / "ca.crt"

    def trust(self) -> ssl.SSLContext:
        """A browser's, with the authority installed."""
        return ssl.create_default_context(cafile=str(self.authority))

    def errors(self) -> str:
        return (self.folder / "errors.txt").read_text()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=PATIENCE_SECONDS)
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _listen(self) -> None:
        assert self._process.stdout
        with self._process.stdout as said:
            for line in said:
                self._lines.put(line)
        self._lines.put("")
