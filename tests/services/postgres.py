"""A PostgreSQL of the tests' own: a fresh cluster in a folder of its own, on a Unix socket and a port of the loopback.

PostgreSQL refuses to run as root, so root hands it to the user `postgres` that the distribution's package makes.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

from tests.ground import postgres_programs
from tests.services.leash import Leash
from tests.services.ports import free_port

ROLE = "homethread"
READY_SECONDS = 30
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SMALL = ("shared_buffers=32MB", "max_connections=150", "autovacuum=off", "log_min_messages=warning")


class PrivatePostgres:
    def __init__(self, *, durable: bool = False) -> None:
        programs = postgres_programs()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
        self._programs = programs
        self._settings = SMALL if durable else SMALL + FAST
        self._user = "postgres" if os.geteuid() == 0 else None
        self._numbers = count(1)
        self.folder = Path(tempfile.mkdtemp(prefix="homethread-postgres-"))
        self.port = free_port()
        self._make_cluster()
        self._start()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """A database of a name never used before, a copy of `template`, to which nobody may be connected."""
        name = f"test_{next(self._numbers)}"
        self._command(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drops it, and cuts whoever is still connected."""
        self._command(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def kill(self) -> None:
        """As a power cut would; `restart` then recovers."""
        self._leash.send(signal.SIGKILL)

    def restart(self) -> None:
        """Cuts every connection and starts again on the same port with the same databases."""
        self._leash.send(signal.SIGINT)
        self._start()

    def stop(self) -> None:
        self._leash.let_go()

    def _make_cluster(self) -> None:
        if self._user:
            shutil.chown(self.folder, self._user, self._user)
        where = ["-D", str(self.folder / "data"), "-U", ROLE, "--auth=trust"]
        made = subprocess.run(
            [str(self._programs / "initdb"), *where, "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"],
            cwd=self.folder,
            user=self._user,
            group=self._user,
            extra_groups=() if self._user else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{made.stdout}")

    def _start(self) -> None:
        settings = (f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}")
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        for setting in (*settings, *self._settings):
            command += ["-c", setting]
        self._leash = Leash(command, folder=self.folder, end=signal.SIGINT, user=self._user)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                self._command("SELECT 1")
            except psycopg.OperationalError:
                if not self._leash.is_alive or time.monotonic() > give_up:
                    raise RuntimeError(f"PostgreSQL did not start:\n{self._leash.log.read_text()}") from None
                time.sleep(0.02)
            else:
                return

    def _command(self, statement: str) -> None:
        where = f"host={self.folder} port={self.port} user={ROLE} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())
