"""Use cases of villages, on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid, NotFound, Refused
from app.storage.database import Database
from app.villages import prompts, queries, service
from app.villages.models import Village
from app.villages.rules import ClosureFacts, OpeningFacts
from app.web.models import Change
from tests.villages.conftest import Here
from tests.villages.spoken import spoken

EVENING, MORNING = OpeningFacts(0, 1020, 1200), OpeningFacts(1, 480, 720)
NOBODY = "aaaaaaaaaaaaaaaa"


class TestVillage:
    def test_is_kept_as_it_was_founded(self, database: Database) -> None:
        with database.begin() as session:
            made = service.create_village(
                session, name=" 青石村 ", zone="Asia/Shanghai", language="zh-CN", slot_minutes=20, buffer_minutes=0
            )
        with database.read() as session:
            kept = queries.village(session, made.id)
            assert (kept.name, kept.zone, kept.language) == ("青石村", "Asia/Shanghai", "zh-CN")
            assert (kept.slot_minutes, kept.buffer_minutes) == (20, 0)
            assert [v.id for v in queries.villages(session)] == [made.id]

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"zone": "Mars/Olympus"}, "unknown_zone"),
            ({"zone": "../../etc/passwd"}, "unknown_zone"),
            ({"language": "tlh"}, "unknown_language"),
            ({"name": " "}, "bad_name"),
            ({"name": "x" * 81}, "bad_name"),
            ({"slot_minutes": 0}, "grid_out_of_range"),
        ],
    )
    def test_is_refused_when_something_is_wrong(self, database: Database, wrong: dict[str, Any], code: str) -> None:
        given: dict[str, Any] = {"name": "青石村", "zone": "Asia/Shanghai", "language": "zh-CN"} | wrong
        with database.begin() as session, pytest.raises(Invalid, match=code):
            service.create_village(session, **given)
        with database.read() as session:
            assert session.scalars(select(Village)).all() == []

    def test_that_is_not_there(self, database: Database, now: datetime) -> None:
        with database.begin() as session:
            with pytest.raises(NotFound):
                queries.village(session, NOBODY)
            with pytest.raises(NotFound):
                service.add_terminal(session, NOBODY, "school", now)
            with pytest.raises(NotFound):
                service.set_openings(session, NOBODY, [EVENING], now)


class TestTerminal:
    def test_retires_once_and_for_good(self, database: Database, here: Here, now: datetime) -> None:
        with database.begin() as session:
            service.retire_terminal(session, here.village.id, here.terminal.id, now)
        with database.begin() as session, pytest.raises(Refused, match="terminal_retired"):
            service.retire_terminal(session, here.village.id, here.terminal.id, now)
        with database.read() as session:
            assert queries.terminals(session, here.village.id) == []
            assert queries.terminal_of(session, here.village.id, here.terminal.id).retired_at == now
            assert [t.id for t in queries.terminals(session, here.elsewhere.id)] == [here.other_terminal.id]

    def test_of_another_village_is_not_found(self, database: Database, here: Here, now: datetime) -> None:
        with database.begin() as session:
            with pytest.raises(NotFound):
                queries.terminal_of(session, here.village.id, here.other_terminal.id)
            with pytest.raises(NotFound):
                service.retire_terminal(session, here.village.id, here.other_terminal.id, now)
            with pytest.raises(NotFound):
                _close(session, here.village.id, here.other_terminal.id, now)
        with database.read() as session:
            assert queries.terminal_of(session, here.elsewhere.id, here.other_terminal.id).retired_at is None


class TestHours:
    def test_are_replaced_as_a_whole(self, database: Database, here: Here, now: datetime) -> None:
        with database.begin() as session:
            service.set_openings(session, here.village.id, [MORNING, EVENING, EVENING], now)
            service.set_openings(session, here.elsewhere.id, [EVENING], now)
        with database.read() as session:
            assert queries.openings(session, here.village.id) == [EVENING, MORNING]
        with database.begin() as session:
            service.set_openings(session, here.village.id, [MORNING], now)
        with database.read() as session:
            assert queries.openings(session, here.village.id) == [MORNING]
            assert queries.openings(session, here.elsewhere.id) == [EVENING]

    def test_reversed_hours_leave_all_as_it_was(self, database: Database, here: Here, now: datetime) -> None:
        with database.begin() as session:
            service.set_openings(session, here.village.id, [EVENING], now)
        with database.begin() as session, pytest.raises(Invalid, match="hours_reversed"):
            service.set_openings(session, here.village.id, [MORNING, OpeningFacts(2, 600, 600)], now)
        with database.read() as session:
            assert queries.openings(session, here.village.id) == [EVENING]

    def test_a_closure_closes_what_it_names(self, database: Database, here: Here, now: datetime) -> None:
        with database.begin() as session:
            second = service.add_terminal(session, here.village.id, "shop", now)
            service.set_openings(session, here.village.id, [EVENING], now)
            _close(session, here.village.id, here.terminal.id, now + timedelta(hours=8), hours=1)
            _close(session, here.village.id, None, now + timedelta(hours=10), hours=1)
            _close(session, here.elsewhere.id, None, now, hours=24)
        evening = now + timedelta(hours=8)  # nine in the morning plus eight: opens at 17:00 there
        with database.read() as session:
            by_terminal = [
                queries.open_intervals(session, terminal, now, now + timedelta(days=1))
                for terminal in (here.terminal, second)
            ]
            assert by_terminal == [
                [(evening + timedelta(hours=1), evening + timedelta(hours=2))],
                [(evening, evening + timedelta(hours=2))],
            ]
            touching = queries.closures_of(session, here.village.id, evening, evening + timedelta(hours=2))
            assert [c.terminal_id for c in touching] == [here.terminal.id]
            whole_village = ClosureFacts(evening + timedelta(hours=2), evening + timedelta(hours=3))
            assert queries.closures(session, here.village.id, None, now, now + timedelta(days=1)) == [whole_village]

    @pytest.mark.parametrize("hours", [0, -1])
    def test_a_closure_must_end_after_its_start(
        self, database: Database, here: Here, now: datetime, hours: int
    ) -> None:
        with database.begin() as session, pytest.raises(Invalid, match="ends_before_start"):
            _close(session, here.village.id, None, now, hours=hours)

    def test_a_closure_has_a_reason(self, database: Database, here: Here, now: datetime) -> None:
        with database.begin() as session, pytest.raises(Invalid, match="bad_reason"):
            _close(session, here.village.id, None, now, reason="")


def test_every_change_is_told_to_the_desk_and_the_terminals(database: Database, here: Here, now: datetime) -> None:
    changes: list[Callable[[Session], None]] = [
        lambda session: service.set_openings(session, here.village.id, [EVENING], now),
        lambda session: _close(session, here.village.id, None, now),
        lambda session: _record(session, here.village.id, now),
        lambda session: prompts.set_region(session, here.village.id, "Yunling", now),
        lambda session: service.retire_terminal(session, here.village.id, here.terminal.id, now),
    ]
    for change in changes:
        with database.begin() as session:
            session.execute(delete(Change))
            change(session)
        with database.read() as session:
            told = {(c.topic, c.subject_id) for c in session.scalars(select(Change))}
            assert told == {("village", here.village.id), ("terminal", here.terminal.id)}


def _record(session: Session, village_id: str, now: datetime) -> None:
    prompts.record(session, village_id, "terminal.screen.ring", spoken(), now)


def _close(
    session: Session,
    village_id: str,
    terminal_id: str | None,
    starts_at: datetime,
    hours: int = 1,
    reason: str = "flood",
) -> None:
    service.add_closure(
        session, village_id, terminal_id=terminal_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours),
        reason=reason, now=starts_at,
    )  # fmt: skip
