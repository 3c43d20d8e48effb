"""TLS of the web program, for threads: one thread of a WebSocket reads while others write.

OpenSSL's connection is not made for two calls at once, and Python holds no lock around it, or in some releases one
that a waiting reader never gives back. Here every call takes its turn without waiting inside of it. What the
certificate says, and who makes it, is not decided here.
"""

import errno
import select
import ssl
from collections.abc import Callable
from threading import Lock
from typing import Any, Self, TypeVar

from gunicorn.config import Config as GunicornConfig

HANDSHAKE_SECONDS = 10.0

T = TypeVar("T")


class SharedTlsSocket(ssl.SSLSocket):
    """May be read by one thread and written by another; with a timeout set, a call waits inside its turn."""

    @classmethod
    def _create(cls, *args: Any, **kwargs: Any) -> Self:
        created: Self = super()._create(*args, **kwargs)  # type: ignore[misc]  # how ssl makes them
        created._turn, created._sending = Lock(), Lock()
        return created

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, but not for longer than `HANDSHAKE_SECONDS`: whoever is silent would keep a thread."""
        before = self.gettimeout()
        self.settimeout(HANDSHAKE_SECONDS)
        super().do_handshake(block)
        self.settimeout(before)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        return self._in_turns(lambda: super(SharedTlsSocket, self).recv(buflen, flags), select.POLLIN)

    def send(self, data: Any, flags: int = 0) -> int:
        with self._sending:  # a record that waits for room must be gone before the next one begins
            return self._in_turns(lambda: super(SharedTlsSocket, self).send(data, flags), select.POLLOUT)

    def _in_turns(self, call: Callable[[], T], awaited: int) -> T:
        while True:
            with self._turn:
                if self.gettimeout() is not None:
                    return call()
                self.setblocking(False)
                try:
                    return call()
                except ssl.SSLWantReadError:
                    awaited = select.POLLIN
                except ssl.SSLWantWriteError:
                    awaited = select.POLLOUT
                except BlockingIOError:  # the TLS of it has ended
                    pass
                finally:
                    self.setblocking(True)
            self._wait_for(awaited)

    def _wait_for(self, awaited: int) -> None:
        if self.fileno() < 0:
            raise OSError(errno.EBADF, "closed meanwhile")
        poll = select.poll()  # select() can't take sockets past the thousandth
        poll.register(self, awaited)
        poll.poll()

    _turn: Lock
    _sending: Lock


def context(_config: GunicornConfig, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Give the context of one more connection; the certificate's file is read anew, so it may be renewed meanwhile."""
    made = make()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.sslsocket_class = SharedTlsSocket
    return made
