"""Two batches never wait for each other: each locks its gateways first, by name, and then its accounts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from app.families.models import Family
from app.jobs.batches import Item
from app.jobs.settling import Next
from app.jobs.words import Lane
from app.notices import switchboard, terms
from app.notices.courier import Courier
from app.notices.models import GatewayState, Notice
from app.notices.ports import GatewayError
from app.notices.service import plan
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import NOW, RecordingGateway, StepClock, params, worker

FAMILIES = ("f1", "f2", "f3")


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[str, str]]]:
    """What each batch locked for the first time, in its order, gateways as such and accounts by their family."""
    batches: list[list[tuple[str, str]]] = []
    advance, lock, give_back = Courier.advance, switchboard.locked, terms.give_back

    def note(kind: str, name: str) -> None:
        if (kind, name) not in batches[-1]:
            batches[-1].append((kind, name))

    def advanced(self: Courier, session: Session, items: Sequence[Item], now: datetime) -> Mapping[str, Next]:
        batches.append([])
        return advance(self, session, items, now)

    def noted_lock(session: Session, name: str) -> GatewayState:
        note("1 gateway", name)
        return lock(session, name)

    def given_back(
        session: Session, notice: Notice, segments: int, at: datetime, tally: terms.Tally | None = None
    ) -> None:  # fmt: skip
        for owner, _month in tally or {}:
            note("2 account", owner)
        note("2 account", f"family:{notice.family_id}")
        give_back(session, notice, segments, at, tally)

    monkeypatch.setattr(Courier, "advance", advanced)
    monkeypatch.setattr(switchboard, "locked", noted_lock)
    monkeypatch.setattr(terms, "give_back", given_back)
    return batches


def refusing(*, every: int) -> Callable[[], None]:
    calls = iter(range(1000))

    def hook() -> None:
        if next(calls) % every == 0:
            raise GatewayError("busy", permanent=False)

    return hook


def test_gateways_are_locked_before_accounts_and_each_by_name(
    database: Database, people: People, clock: StepClock, locked: list[list[tuple[str, str]]]
) -> None:
    with database.begin() as session:
        session.add_all(Family(id=each, village_id=people.village, name=each, emblem=each) for each in FAMILIES)
        session.flush()
        for place in range(12):
            plan(
                session, person_id=people.parent, family_id=FAMILIES[place % 3], template="reminder_hour",
                subject=f"call:{place}", params=params(), due_at=NOW, key=f"k{place}", now=NOW,
            )  # fmt: skip
    ways = [
        RecordingGateway(name="z", before=refusing(every=1)),
        RecordingGateway(name="a", before=refusing(every=2)),
    ]
    for _ in range(8):
        worker(database, clock, *ways).run_due(Lane.SEND)
        clock.step(10)
    assert any({"a", "z"} <= {name for _kind, name in batch} for batch in locked), "both failed in one batch"
    assert locked == [sorted(batch) for batch in locked]
