"""Runs the web program under gunicorn: one process, a thread for each socket and some for requests.

Threads are the mode of one village and go with SQLite; refusing sockets past `max_sockets` keeps threads for requests.
"""

from typing import Any

from gunicorn.app.base import BaseApplication

from app.config import Config
from app.kernel.clock import Clock
from app.programs.slow_senders import PunctualWorker

GRACE_SECONDS = 3
LONGEST_REQUEST_LINE = 8_190  # a vendor may call with a long text in its query, three bytes for each of its own


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, config: Config, clock: Clock | None) -> None:
        self._config, self._clock = config, clock
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": f"[{self._config.host}]:{self._config.port}"
            if ":" in self._config.host
            else f"{self._config.host}:{self._config.port}",
            "workers": 1,
            "worker_class": PunctualWorker,
            "threads": self._config.max_sockets + self._config.request_threads,
            "worker_connections": self._config.max_sockets + 4 * self._config.request_threads,
            "graceful_timeout": GRACE_SECONDS,
            "keepalive": 20,
            "loglevel": self._config.log_level,
            "proc_name": "homethread-web",
            "control_socket_disable": True,
            "limit_request_line": LONGEST_REQUEST_LINE,
            **self._tls(),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def _tls(self) -> dict[str, Any]:
        if not self._config.tls_certificate:
            return {}
        from app.programs import tls_socket

        files = {"certfile": str(self._config.tls_certificate), "keyfile": str(self._config.tls_key)}
        return {**files, "ssl_context": tls_socket.context}

    def load(self) -> Any:
        from app import bootstrap, factory

        services = bootstrap.build(self._config, self._clock)
        web = factory.create(services)
        factory.listen(services, web)
        return web.app


def run(config: Config, clock: Clock | None = None) -> None:
    WebServer(config, clock).run()
