"""A worker in a process of its own, at instants that are given, until nothing is due at the last: for races.

`python -m tests.flows.racing_worker URL FOLDER FIRST [LAST]`; it begins when a line comes in.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from app import bootstrap
from app.bootstrap import Services, vault
from app.config import load
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.words import Lane
from app.jobs.worker import Worker
from app.storage.database import Database
from tests.scene import SEALER, StepClock

STEP = timedelta(minutes=2)


def worker_on(database: Database, folder: Path, now: datetime) -> Worker:
    clock = StepClock(now)
    phones = SimulatedPhones(folder / "phones.sqlite", clock)
    config = load({"HOMETHREAD_DATA_DIR": str(folder)})
    services = Services(config, database, clock, (phones,), None, phones, DirectOnly(), SEALER, vault(config))
    return Worker(database, clock, bootstrap.handlers(services))


def work(url: str, folder: str, first: datetime, last: datetime) -> None:
    database = Database(url)
    while first <= last:
        worker = worker_on(database, Path(folder), first)
        while worker.run_due(Lane.STEP):
            pass
        first += STEP
    database.close()


def main() -> None:
    url, folder, *instants = sys.argv[1:]
    first, last = datetime.fromisoformat(instants[0]), datetime.fromisoformat(instants[-1])
    print("ready", flush=True)
    sys.stdin.readline()
    work(url, folder, first, last)


if __name__ == "__main__":
    main()
