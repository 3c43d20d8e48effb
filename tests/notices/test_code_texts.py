"""Texts that carry a code: to the number that was named, opened for the text alone, never sent twice in doubt."""

import logging
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.families.models import Person
from app.jobs.models import DueRow
from app.kernel.numbers import E164
from app.notices import rules
from app.notices.models import Attempt, Delivery
from app.notices.ports import GatewayError
from app.notices.service import TERMINAL, plan
from app.notices.templates import SEALED_FOR
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import (
    NOW,
    RecordingGateway,
    StepClock,
    deliveries,
    notice_of,
    once,
    plan_one,
    work_off,
)
from tests.scene import SEALER

ELSEWHERE = E164("+8613900000099")
CODES = ["sign_in_code", "number_code", "invitation"]


def plan_code(database: Database, person_id: str, template: str, code: str = "482109") -> str:
    with database.begin() as session:
        return plan(
            session, person_id=person_id, template=template, subject="code:1",
            params={"code": SEALER.seal(SEALED_FOR, code)}, due_at=NOW, key="c", now=NOW, number=ELSEWHERE,
        )  # fmt: skip


@pytest.mark.parametrize("template", CODES)
def test_a_code_goes_to_the_number_that_was_named_and_stays_sealed_in_the_tables(
    database: Database, people: People, clock: StepClock, template: str
) -> None:
    notice_id, gateway = plan_code(database, people.child, template), RecordingGateway()
    work_off(database, clock, gateway)
    ((to, _key, text),) = gateway.taken
    assert to == ELSEWHERE
    assert "482109" in text
    with database.read() as session:
        assert "482109" not in str([session.execute(select(each.__table__)).all() for each in (Attempt, Delivery)])
    assert "482109" not in str(notice_of(database, notice_id).params)


@pytest.mark.parametrize("template", CODES)
def test_a_code_that_may_have_arrived_is_not_sent_again(
    database: Database, people: People, clock: StepClock, template: str
) -> None:
    gateway = RecordingGateway(can_query=False, after=once(TimeoutError("late")))
    notice_id = plan_code(database, people.parent, template)
    work_off(database, clock, gateway)
    assert len(gateway.taken) == 1
    assert [each.state for each in deliveries(database, notice_id)] == [DeliveryState.UNKNOWN]
    assert notice_of(database, notice_id).state is NoticeState.OUT


def test_nothing_goes_to_a_number_that_nobody_confirmed(database: Database, people: People, clock: StepClock) -> None:
    with database.begin() as session:
        session.get_one(Person, people.parent).phone_confirmed_at = None
    notice_id, gateway = plan_one(database, people.parent), RecordingGateway()
    work_off(database, clock, gateway)
    assert gateway.taken == []
    assert [each.channel for each in deliveries(database, notice_id)] == [TERMINAL]


@pytest.mark.parametrize(
    ("vendor", "times"),
    [
        (TimeoutError, 1),
        (lambda said: GatewayError(said, permanent=False), 2),
        (lambda said: GatewayError(said, permanent=True), 1),
    ],
)
def test_what_a_vendor_says_is_kept_without_the_code_that_it_quotes(
    database: Database, people: People, clock: StepClock, caplog: pytest.LogCaptureFixture,
    vendor: Callable[[str], Exception], times: int,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG, "app")
    gateway = RecordingGateway(
        can_query=False, after=once(vendor(f"error 503 at to={ELSEWHERE}&text=4821%200937%205526"))
    )
    plan_code(database, people.parent, "invitation", "4821 0937 5526")
    work_off(database, clock, gateway)
    assert len(gateway.taken) == times
    with database.read() as session:
        kept = str([session.execute(select(each.__table__)).all() for each in (Attempt, Delivery, DueRow)])
    for told in (kept, caplog.text):
        assert "0937" not in told
        assert str(ELSEWHERE)[3:] not in told
    assert times == 2 or "error 503" in kept


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("482109", "…"),
        ("to=+8613900000099&text=Code 4821 0937 5526.", "to=+…&text=Code …."),
        ("HTTP 503", "HTTP 503"),
        ("", ""),
    ],
)
def test_words_with_a_number_or_a_code(said: str, told: str) -> None:
    assert rules.without_digits(said) == told
