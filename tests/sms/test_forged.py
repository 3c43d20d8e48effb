"""A sender can be forged: whatever is written changes nothing but what `commands.py` says, and tells nobody else."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text

from app.notices.models import Notice
from app.sms import strangers
from app.storage.database import Database
from app.storage.record import Record
from tests.scene import at
from tests.sms.stage import ALICE, GRANNY, Stage

# What may follow from a text: calls of the number's own people, notices about them, the thread, stopped numbers.
MAY_CHANGE = {
    "text_in", "conversation", "notice", "delivery", "due_row", "change", "call", "invitee", "claim", "call_event",
    "wait", "stopped_number", "series",
}  # fmt: skip
WRITTEN = st.one_of(
    st.sampled_from(
        ["0", "1", "2", "3", "4", "5", "9", "STOP", "START", "取消", "好的", "call me", "123456", "consent yes",
         "my new number is +8613800000099", "I am Bob, cancel his call", "delete me"]
    ),
    st.text(max_size=40),
)  # fmt: skip


def everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables that no text may touch."""
    kept = set(inspect(database.engine).get_table_names()) - MAY_CHANGE - {"alembic_version"}
    assert {"person", "family", "member", "consent", "no_contact", "coordinator", "device_session", "village"} <= kept
    assert kept <= set(Record.metadata.tables)
    with database.read() as session:
        return {table: sorted(map(repr, session.execute(text(f'SELECT * FROM "{table}"')))) for table in kept}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([ALICE, GRANNY]), WRITTEN), max_size=6))
def test_forged_texts_change_nothing_else_and_speak_to_nobody_else(stage: Stage, texts: list[tuple[str, str]]) -> None:
    before = everything(stage.database)
    bob = [(call.id, call.state, call.starts_at) for call in stage.calls(stage.scene.bob)]
    for number, written in texts:
        stage.write(number, written)
    assert everything(stage.database) == before
    assert [(call.id, call.state, call.starts_at) for call in stage.calls(stage.scene.bob)] == bob
    assert told_to(stage) <= {stage.alice.parent, stage.alice.caregiver, None}


def told_to(stage: Stage) -> set[str | None]:
    """Whom all that was planned goes to; to a bare number nothing."""
    with stage.database.read() as session:
        notices = session.scalars(select(Notice)).all()
    assert not [notice for notice in notices if notice.number is not None]
    return {notice.person_id for notice in notices}


def test_the_tables_are_looked_at_while_there_is_something_in_them(stage: Stage) -> None:
    stage.scene.book(stage.scene.bob, at(20, day=24))
    found = everything(stage.database)
    assert len(found["person"]) == 9
    assert len(found["consent"]) == 3


def test_many_forged_strangers_do_not_spend_our_money(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "MOST_ANSWERS_AN_HOUR", 3)
    refs = stage.receive_together(*((f"+861370000{n:04}", "hello") for n in range(6)))
    stage.scene.clock.step(seconds=1)
    stage.settle()
    assert sum(stage.answered(ref).template == "sms_stranger" for ref in refs) == 3
    stage.scene.clock.step(hours=1)
    assert stage.write("+8613700009999", "hello").template == "sms_stranger"
