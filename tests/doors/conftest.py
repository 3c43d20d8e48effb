"""The open house of the web tests, with a worker that sends its texts."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import bootstrap
from app.bootstrap import Services, vault
from app.config import load
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.words import Lane
from app.jobs.worker import Worker
from app.kernel.numbers import E164
from app.storage.database import Database
from app.storage.record import Record
from tests.scene import SEALER
from tests.web.open_house import OpenHouse


@dataclass
class Doors:
    house: OpenHouse
    worker: Worker
    phones: SimulatedPhones

    def texts(self, number: str) -> list[str]:
        """What came to a number, after all that is due was sent."""
        while sum(self.worker.run_due(lane) for lane in Lane):
            pass
        return [text.text for text in self.phones.texts(E164(number))]

    def code(self, number: str) -> str:
        """The digits in the newest text to a number."""
        return re.sub(r"\D", "", max(re.findall(r"\d[\d ]{4,}\d", self.texts(number)[-1]), key=len))

    @property
    def rows(self) -> str:
        """Every row of every table, as a thief of the file would read it."""
        with self.house.database.read() as session:
            return "\n".join(
                str(row) for table in Record.metadata.sorted_tables for row in session.execute(table.select()).all()
            )


@pytest.fixture
def doors(database: Database, tmp_path: Path) -> Doors:
    house = OpenHouse(database, tmp_path)
    phones = SimulatedPhones(tmp_path / "phones.sqlite", house.clock)
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    services = Services(config, database, house.clock, (phones,), None, phones, DirectOnly(), SEALER, vault(config))
    return Doors(house, Worker(database, house.clock, bootstrap.handlers(services)), phones)
