"""The scene with a worker whose clock is stepped by hand, and the simulated phones."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from app import bootstrap
from app.bootstrap import Services, vault
from app.calls import seats
from app.calls.seats import Device, Figures, Taken
from app.config import load
from app.families.models import Person
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs import service as jobs
from app.jobs.words import Lane
from app.jobs.worker import Worker
from app.kernel.numbers import E164
from app.notices.ports import PushSender
from app.notices.templates import REPLY
from app.storage.database import Database
from app.web.principals import Principal
from tests.scene import SEALER, Scene, set_scene


@dataclass
class Evening:
    """A scene in which time passes and the worker does what falls due."""

    scene: Scene
    worker: Worker
    phones: SimulatedPhones

    def until(self, moment: datetime) -> None:
        """Let the clock run to `moment`, stopping at every instant at which a row falls due."""
        while True:
            self.settle()
            due = [at for at in (self._next(lane) for lane in Lane) if at is not None]
            if not due or min(due) > moment:
                break
            self.scene.clock.at = max(self.scene.clock.at, min(due))
        self.scene.clock.at = moment
        self.settle()

    def settle(self) -> None:
        while sum(self.worker.run_due(lane) for lane in Lane):
            pass

    def take(self, call_id: str, who: Principal, *, here: bool = True, sid: str | None = None) -> Taken:
        with self.scene.database.begin() as session:
            device = Device(sid or who.device_id, f"page of {who.device_id}"[:36], here)
            return seats.take(session, call_id, who, device, self.scene.clock.now())

    def hear(self, call_id: str, who: Principal, sid: str | None = None) -> None:
        """The device reports that it receives voice."""
        with self.scene.database.begin() as session:
            figures = Figures(received_audio_bytes=500)
            seats.report(session, call_id, sid or who.device_id, figures, self.scene.clock.now())

    def beat(self, who: Principal) -> None:
        with self.scene.database.begin() as session:
            seats.renew(session, who.device_id, self.scene.clock.now())

    def leave(self, call_id: str, who: Principal) -> None:
        with self.scene.database.begin() as session:
            seats.leave(session, call_id, who.device_id, seats.FAREWELL, self.scene.clock.now())

    def templates(self, person_id: str) -> list[str]:
        """The templates of all texts that a person's phone got, in order, however they are to be answered."""
        with self.scene.database.read() as session:
            number = session.get_one(Person, person_id).phone
        assert number is not None
        return [text.template.removesuffix(REPLY) for text in self.phones.texts(E164(number)) if not text.is_own]

    def _next(self, lane: Lane) -> datetime | None:
        with self.scene.database.read() as session:
            return jobs.next_due(session, lane)


@pytest.fixture
def evening(database: Database, tmp_path: Path) -> Evening:
    return evening_on(database, tmp_path)


def evening_on(
    database: Database, tmp_path: Path, push: PushSender | None = None, scene: Scene | None = None
) -> Evening:
    scene = scene or set_scene(database)
    phones = SimulatedPhones(tmp_path / "phones.sqlite", scene.clock)
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    services = Services(
        config,
        database,
        scene.clock,
        (phones,),
        push,
        phones,
        DirectOnly(),
        SEALER,
        vault(config),
    )
    return Evening(scene, Worker(database, scene.clock, bootstrap.handlers(services)), phones)
