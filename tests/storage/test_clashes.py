"""Which real errors of both databases pass by themselves."""

from collections.abc import Callable

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.storage.clashes import is_clash
from tests.services import free_port

ROWS = Table("row", MetaData(), Column("id", Integer, primary_key=True), Column("number", Integer))


def busy(url: str) -> None:
    patient, hasty = _engine(url), _engine(url, timeout=0)
    with patient.connect() as holder, hasty.connect() as other:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        other.exec_driver_sql("BEGIN IMMEDIATE")


def locked(url: str) -> None:
    """A row that can't be had in time."""
    engine = _with_row(url)
    with engine.begin() as holder, engine.begin() as other:
        holder.execute(select(ROWS).with_for_update())
        other.execute(text("SET LOCAL lock_timeout = '1ms'"))
        other.execute(select(ROWS).with_for_update())


def serialization(url: str) -> None:
    engine = _with_row(url)
    repeatable = engine.execution_options(isolation_level="REPEATABLE READ")
    with repeatable.begin() as first:
        first.execute(select(ROWS)).all()
        with engine.begin() as second:
            second.execute(ROWS.update().values(number=2))
        first.execute(ROWS.update().values(number=3))


def doubled(url: str) -> None:
    with _with_row(url).begin() as connection:
        connection.execute(ROWS.insert().values(id=1, number=1))


def no_such_table(url: str) -> None:
    with _engine(url).connect() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def nobody_there(_url: str) -> None:
    with _engine(f"postgresql+psycopg://127.0.0.1:{free_port()}/x").connect():
        pass


@pytest.mark.parametrize(
    ("kind", "meet", "clash"),
    [
        ("sqlite", busy, True),
        ("sqlite", doubled, False),
        ("sqlite", no_such_table, False),
        ("postgres", locked, True),
        ("postgres", serialization, True),
        ("postgres", doubled, False),
        ("postgres", no_such_table, False),
        ("postgres", nobody_there, False),
    ],
)
def test_a_clash_is_told_from_other_errors(
    request: pytest.FixtureRequest, kind: str, meet: Callable[[str], None], clash: bool
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    with pytest.raises(DBAPIError) as failure:
        meet(url)
    assert is_clash(failure.value) is clash


def _engine(url: str, **connect: int) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args=connect)


def _with_row(url: str) -> Engine:
    engine = _engine(url)
    ROWS.create(engine)
    with engine.begin() as connection:
        connection.execute(ROWS.insert().values(id=1, number=1))
    return engine
