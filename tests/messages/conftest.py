"""A village whose parents and children may send each other messages, with a worker whose clock is stepped by hand."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app import bootstrap
from app.bootstrap import Services, vault
from app.config import load
from app.families import service as families
from app.families.words import ConsentKind
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs import service as jobs
from app.jobs.words import Lane
from app.jobs.worker import Worker
from app.messages.models import Message
from app.storage.database import Database
from tests.messages.recordings import recorded
from tests.scene import SEALER, Household
from tests.web.open_house import Guest, OpenHouse

NAMES = (f"a-recording-{number}" for number in count(1))


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    opened = OpenHouse(database, tmp_path)
    for household in (opened.scene.alice, opened.scene.bob, opened.scene.charlie):
        allow_messages(opened, household)
    return opened


def allow_messages(house: OpenHouse, household: Household) -> None:
    for kind in (ConsentKind.MESSAGE, ConsentKind.PHOTO):
        allow(house, household, kind)


def allow(house: OpenHouse, household: Household, kind: ConsentKind) -> None:
    with house.database.begin() as session:
        families.give_consent(
            session, child_id=household.child, contact_id=household.parent, kind=kind, given_by=household.parent,
            evidence="paper", from_at=house.clock.now(), now=house.clock.now(),
        )  # fmt: skip


@dataclass
class Post:
    """A house with a worker: what is sent is looked at, sealed, due, dropped."""

    house: OpenHouse
    worker: Worker
    phones: SimulatedPhones
    folder: Path

    def send(self, guest: Guest, whose: Household, body: bytes | None = None, **said: str) -> TestResponse:
        """In one request; what it says of itself is the same as a phone's."""
        body = recorded() if body is None else body
        wanted = {"key": next(NAMES), "filetype": "audio/ogg", "child_id": whose.child} | said
        packed = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in wanted.items())
        headers = {
            "Tus-Resumable": "1.0.0", "Upload-Length": str(len(body)), "Upload-Metadata": packed,
            "Content-Type": "application/offset+octet-stream",
        }  # fmt: skip
        return guest.ask("POST", "/uploads", headers=headers, data=body)

    def sent(self, guest: Guest, whose: Household, body: bytes | None = None, **said: str) -> dict[str, Any]:
        """Send, have it looked at; as its sender sees it then."""
        said = {"key": next(NAMES)} | said
        answer = self.send(guest, whose, body, **said)
        assert answer.status_code == 201, answer.data
        self.settle()
        return next(each for each in self.thread(guest, whose) if each["key"] == said["key"])

    def thread(self, guest: Guest, whose: Household, **asked: str) -> list[dict[str, Any]]:
        answer = guest.ask("GET", f"/api/families/{whose.family}/thread", query_string=asked)
        assert answer.status_code == 200, answer.data
        shown: list[dict[str, Any]] = answer.get_json()["messages"]
        return shown

    def hear(self, guest: Guest, message_id: str, key: str = "one-hearing", at: datetime | None = None) -> TestResponse:
        heard_at = (at or self.house.clock.now()).isoformat()
        said = {"hearings": [{"message_id": message_id, "key": key, "heard_at": heard_at}]}
        return guest.command("/api/messages/hearings", said)

    def message(self, message_id: str) -> Message:
        with self.house.database.read() as session:
            return session.get_one(Message, message_id)

    def until(self, moment: datetime) -> None:
        """Let the clock run to `moment`, stopping at every instant at which a row falls due."""
        while True:
            self.settle()
            due = [at for at in map(self._next, Lane) if at is not None]
            if not due or min(due) > moment:
                break
            self.house.clock.at = max(self.house.clock.at, min(due))
        self.house.clock.at = moment
        self.settle()

    def later(self, **amount: float) -> None:
        self.until(self.house.clock.now() + timedelta(**amount))

    def jump(self, **amount: float) -> None:
        """The same without stopping on the way, as if no worker had been there; for years."""
        self.house.clock.step(**amount)
        self.settle()

    def settle(self) -> None:
        while sum(self.worker.run_due(lane) for lane in Lane):
            pass

    def _next(self, lane: Lane) -> datetime | None:
        with self.house.database.read() as session:
            return jobs.next_due(session, lane)


@pytest.fixture
def post(house: OpenHouse, tmp_path: Path) -> Post:
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    phones = SimulatedPhones(tmp_path / "phones.sqlite", house.clock)
    services = Services(
        config, house.database, house.clock, (phones,), None, phones, DirectOnly(), SEALER, vault(config)
    )  # fmt: skip
    worker = Worker(house.database, house.clock, bootstrap.handlers(services))
    return Post(house, worker, phones, tmp_path)
