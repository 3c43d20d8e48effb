"""Refuses sockets past a number, before they take a thread: requests must always find one."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.kernel.errors import Busy
from app.web import errors, security, texts

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
RETRY_SECONDS = 30


class SocketLimit:
    """WSGI middleware; a socket holds its call open for as long as it lives, so calls are counted."""

    def __init__(self, inner: WSGI, max_sockets: int) -> None:
        self._inner, self._max = inner, max_sockets
        self._lock = threading.Lock()
        self.open = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            return self._inner(environ, start_response)
        with self._lock:
            if self.open >= self._max:
                return _refuse(environ, start_response)
            self.open += 1
        try:
            return list(self._inner(environ, start_response))
        finally:
            with self._lock:
                self.open -= 1


def _refuse(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE"), LanguageAccept)
    refusal = Busy("too_many_devices", RETRY_SECONDS)
    body = json.dumps(errors.problem(refusal, texts.best_language(list(accepted.values())))).encode()
    headers = [
        ("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Retry-After", str(RETRY_SECONDS)),
        ("Connection", "close"), *security.HEADERS.items(),
    ]  # fmt: skip
    start_response("503 Service Unavailable", headers)
    return [body]
