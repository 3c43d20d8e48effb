import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import inspect, text

from app.storage.database import Database
from app.storage.migrate import is_current
from tests.services import PrivatePostgres, PrivateRedis, free_port
from tests.services.lending import Lending

HOLDER = """
import sys
from tests.services import {kind}
server = {kind}()
print(server._leash.pid, server.folder, flush=True)
sys.stdin.read()
"""


def test_each_database_starts_migrated_and_without_rows(database: Database) -> None:
    assert is_current(database)
    with database.begin() as session:
        tables = inspect(session.connection()).get_table_names()
        rows = {name: session.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in tables}
    assert "call" in rows
    assert rows.pop("alembic_version") == 1
    assert set(rows.values()) == {0}


@pytest.mark.parametrize("round_number", [1, 2])
def test_no_database_is_handed_out_twice(database: Database, round_number: int) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE mark (round integer)"))


def test_a_database_comes_back_empty_from_whoever_left_rows_and_a_lock(
    postgres: PrivatePostgres, lending: Lending
) -> None:
    name = lending.lend()
    url = postgres.url(name).replace("+psycopg", "")
    add = "INSERT INTO village (id, name, zone, language, slot_minutes, buffer_minutes) VALUES (%s, '', '', '', 15, 5)"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(add, ["left"])
    holder = psycopg.connect(url)
    holder.execute(add, ["locked"])
    lending.take_back(name)
    with pytest.raises(psycopg.OperationalError):
        holder.execute("SELECT 1")
    holder.close()
    assert lending.lend() == name
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM village").fetchone() == (0,)
    lending.take_back(name)


def test_a_database_with_other_tables_is_not_lent_again(postgres: PrivatePostgres, lending: Lending) -> None:
    name = lending.lend()
    with psycopg.connect(postgres.url(name).replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("ALTER TABLE village ADD COLUMN mark integer")
    lending.take_back(name)
    other = lending.lend()
    assert other != name
    lending.take_back(other)


def test_postgres_keeps_committed_rows_through_a_power_cut_and_a_restart() -> None:
    server = PrivatePostgres(durable=True)
    try:
        url = server.url("postgres").replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.restart()
        server.restart()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (1,)
    finally:
        server.stop()
    assert not server.folder.exists()


def test_a_missing_program_is_an_error_and_no_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.services.postgres.postgres_programs", lambda: None)
    with pytest.raises(RuntimeError, match="apt-get install postgresql"):
        PrivatePostgres()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(RuntimeError, match="apt-get install redis-server"):
        PrivateRedis()


def test_redis_comes_back_empty_on_the_same_port() -> None:
    server = PrivateRedis()
    try:
        with redis.Redis.from_url(server.url) as client:
            client.set("a", "1")
            server.restart()
            assert client.get("a") is None
        server.kill()
        with pytest.raises(redis.ConnectionError), redis.Redis.from_url(server.url) as client:
            client.ping()
    finally:
        server.stop()
    assert not server.folder.exists()


@pytest.mark.parametrize("kind", ["PrivatePostgres", "PrivateRedis"])
def test_a_server_ends_when_its_holder_is_killed(kind: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(kind=kind)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    number, folder = holder.stdout.readline().split()
    assert _runs(int(number))
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    give_up = time.monotonic() + 20
    while (_runs(int(number)) or Path(folder).exists()) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not _runs(int(number))
    assert not Path(folder).exists()


def test_a_free_port_is_given_once() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
