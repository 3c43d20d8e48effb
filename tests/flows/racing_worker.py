"""A worker in a process of its own, at an instant that is given, until nothing is due: for races.

`python -m tests.flows.racing_worker URL FOLDER NOW`; it begins when a line comes in.
"""

import sys
from datetime import datetime
from pathlib import Path

from app import bootstrap
from app.bootstrap import Services
from app.config import load
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.words import Lane
from app.jobs.worker import Worker
from app.storage.database import Database
from tests.scene import SEALER, StepClock


def worker_on(database: Database, folder: Path, now: datetime) -> Worker:
    clock = StepClock(now)
    phones = SimulatedPhones(folder / "phones.sqlite", clock)
    config = load({"HOMETHREAD_DATA_DIR": str(folder)})
    services = Services(config, database, clock, phones, phones, DirectOnly(), SEALER)
    return Worker(database, clock, bootstrap.handlers(services))


def main() -> None:
    url, folder, now = sys.argv[1:]
    database = Database(url)
    worker = worker_on(database, Path(folder), datetime.fromisoformat(now))
    print("ready", flush=True)
    sys.stdin.readline()
    while worker.run_due(Lane.STEP):
        pass
    database.close()


if __name__ == "__main__":
    main()
