"""The doorbell between the processes of one machine: datagrams to a Unix socket that only its owner may open."""

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

LARGEST_HINT_BYTES = 512


class UnixDoorbell:
    """Rings at `path`. Nobody there, or a full queue, loses the hint, which the web's slow poll makes good."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def hint(self, topic: str, subject_id: str, change_id: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.setblocking(False)
            try:
                bell.sendto(json.dumps([topic, subject_id, change_id]).encode(), self._path)
            except OSError as lost:
                log.debug("a hint was lost: %s", lost.strerror)


def listen(path: Path, ring: Callable[[str, str, str], None]) -> None:
    """Call `ring` for every hint, on a thread of its own, for as long as this process lives."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    before = os.umask(0o177)
    try:
        server.bind(str(path))
    finally:
        os.umask(before)
    threading.Thread(target=_serve, args=(server, ring), name="doorbell", daemon=True).start()


def _serve(server: socket.socket, ring: Callable[[str, str, str], None]) -> None:
    while True:
        heard = server.recv(LARGEST_HINT_BYTES)
        try:
            topic, subject_id, change_id = json.loads(heard)
            ring(str(topic), str(subject_id), str(change_id))
        except Exception:
            log.exception("a hint could not be passed on")
