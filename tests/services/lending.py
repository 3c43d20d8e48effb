"""Lends empty migrated databases of one PostgreSQL. One that comes back is emptied and lent again: to delete a few rows
takes a tenth of the time that copying a template does. Tables that a test added are dropped; where it changed what was
there, the database is.
"""

from collections.abc import Sequence

import psycopg

from tests.services.postgres import PrivatePostgres

CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT (pid = ANY(%s) AND state = 'idle')
"""
SHAPE = """
SELECT c.relname, c.relkind::text, a.attname, a.atttypid::int, a.attnotnull FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, a.attnum
"""
KEPT = "alembic_version"


class Lending:
    def __init__(self, server: PrivatePostgres, template: str) -> None:
        self._server = server
        self._template = template
        self._free: list[str] = []
        self._connections: dict[str, psycopg.Connection] = {}
        with self._connect(template) as connection:
            self._shape = connection.execute(SHAPE).fetchall()
        self._tables = _tables(self._shape)
        # Without triggers, and so without foreign keys: rows may go in any order.
        empty = "".join(f'DELETE FROM "{name}";' for name in sorted(self._tables - {KEPT}))
        self._empty = f"SET session_replication_role = replica; SET lock_timeout = '20s'; {empty}"

    def lend(self) -> str:
        return self._free.pop() if self._free else self._server.create_database(self._template)

    def take_back(self, name: str, spared: Sequence[int] = ()) -> bool:
        """Empty it and cut whoever is connected, but for those of the server's processes `spared` that hold nothing.

        Returns whether it is lent again.
        """
        if name not in self._connections:
            self._connections[name] = self._connect(name)
        connection = self._connections[name]
        connection.execute(CUT.encode(), [list(spared)])
        shape = connection.execute(SHAPE).fetchall()
        if added := _tables(shape) - self._tables:
            connection.execute("".join(f'DROP TABLE "{table}" CASCADE;' for table in sorted(added)).encode())
            shape = connection.execute(SHAPE).fetchall()
        if shape == self._shape:
            connection.execute(self._empty.encode())
            self._free.append(name)
            return True
        self._connections.pop(name).close()
        self._server.drop_database(name)
        return False

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self._server.url(name).replace("+psycopg", ""), autocommit=True)


def _tables(shape: list[tuple[str, ...]]) -> set[str]:
    return {name for name, kind, *_ in shape if kind == "r"}
