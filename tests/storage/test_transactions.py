"""What those who look see while others write, and what becomes of what goes wrong around a commit."""

from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, func, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from app.storage.database import Database
from app.storage.migrate import MIGRATIONS, head
from app.storage.types import Instant

NOTES = Table("note", MetaData(), Column("number", Integer, primary_key=True), Column("at", Instant))
WALLS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1))


class Unsure(tzinfo):
    """A zone that doesn't know its offset, so that its times are naive for all their tzinfo."""

    def utcoffset(self, _at: datetime | None) -> timedelta | None:
        return None

    def dst(self, _at: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _at: datetime | None) -> str:
        return "?"


@pytest.fixture
def notes(database: Database) -> Database:
    NOTES.create(database.engine)
    return database


def test_who_looks_sees_one_state_and_waits_for_nobody(notes: Database) -> None:
    with notes.begin() as writing:
        _add(writing, 1)
        with notes.read() as looking:
            assert _count(looking) == 0
    with notes.read() as looking:
        assert _count(looking) == 1
        with notes.begin() as writing:
            _add(writing, 2)
        assert _count(looking) == 1
    with notes.read() as looking:
        assert _count(looking) == 2


def test_what_is_written_while_looking_is_dropped(notes: Database) -> None:
    with notes.read() as looking:
        _add(looking, 1)
        assert _count(looking) == 1
    with notes.read() as looking:
        assert _count(looking) == 0


def test_who_changes_sees_what_others_committed_meanwhile(notes: Database) -> None:
    """On PostgreSQL; on SQLite nobody else commits while a change is under way."""
    with notes.begin() as changing:
        assert _count(changing) == 0
        if not notes.is_sqlite:
            with notes.begin() as other:
                _add(other, 1)
            assert _count(changing) == 1


def test_what_waits_for_a_commit_can_not_undo_it_or_keep_others_from_it(
    notes: Database, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[object] = []

    def break_down(_info: object) -> None:
        raise ValueError("the doorbell is off")

    notes.after_commit += [break_down, heard.append]
    with notes.begin() as session:
        _add(session, 1)
    assert len(heard) == 1
    assert "the doorbell is off" in caplog.text
    with notes.read() as looking:
        assert _count(looking) == 1


def test_an_error_does_not_show_what_was_to_be_stored(notes: Database) -> None:
    with pytest.raises(IntegrityError) as failure, notes.begin() as session:
        session.execute(NOTES.insert(), [{"number": 138, "at": datetime(2026, 1, 1, tzinfo=UTC)}] * 2)
    assert "2026" not in str(failure.value)


def test_nobody_waits_for_a_lock_for_ever(database: Database) -> None:
    with database.begin() as session:
        asked = "PRAGMA busy_timeout" if database.is_sqlite else "SHOW lock_timeout"
        assert session.scalar(text(asked)) in (15_000, "15s")


def test_sqlite_keeps_what_it_promises(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.begin() as session:
        kept = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    database.close()
    assert kept == ["wal", 2, 1]


def test_a_time_whose_zone_knows_no_offset_is_refused(notes: Database) -> None:
    with pytest.raises(StatementError, match="aware"), notes.begin() as session:
        session.execute(NOTES.insert().values(number=1, at=datetime(2026, 1, 1, tzinfo=Unsure())))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(WALLS, st.timezones()), min_size=1, max_size=8))
def test_instants_of_all_zones_come_back_and_sort_as_text_too(
    notes: Database, there: list[tuple[datetime, tzinfo]]
) -> None:
    instants = [wall.replace(tzinfo=zone) for wall, zone in there]
    with notes.begin() as session:
        session.execute(NOTES.delete())
        session.execute(NOTES.insert(), [{"number": n, "at": at} for n, at in enumerate(instants)])
    in_utc = [instant.astimezone(UTC) for instant in instants]
    with notes.read() as session:
        assert session.scalars(select(NOTES.c.at).order_by(NOTES.c.number)).all() == in_utc
        assert session.scalars(select(NOTES.c.at).order_by(NOTES.c.at)).all() == sorted(in_utc)
        if notes.is_sqlite:
            assert set(session.scalars(text("SELECT length(at) FROM note"))) == {26}


def test_there_is_one_newest_migration() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_heads() == [head()]
    assert len(scripts.get_bases()) == 1


def _add(session: Session, number: int) -> None:
    session.execute(NOTES.insert().values(number=number))


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(NOTES)) or 0
