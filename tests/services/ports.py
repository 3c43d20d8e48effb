"""Free ports of the loopback, outside the range from which the system takes ports for outgoing connections."""

import random
import socket

FIRST, LAST = 20_000, 32_000
_given: set[int] = set()
_chance = random.SystemRandom()  # tests that seed `random` must not meet each other here


def free_port() -> int:
    """A port that nobody listens on now, never the same twice in one process."""
    for _ in range(1000):
        port = _chance.randrange(FIRST, LAST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError(f"no free port between {FIRST} and {LAST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
