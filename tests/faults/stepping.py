"""A worker program for tests: each step writes one effect; it kills itself at the n-th passing of a named point.

`python -m tests.faults.stepping DATABASE_URL POINT TIMES`
"""

import os
import signal
import sys

from app.jobs.worker import Worker
from app.kernel.clock import SystemClock
from app.storage.database import Database
from tests.jobs.stage import stepper


def main(url: str, point: str, times: str) -> None:
    passed = 0

    def crash(reached: str) -> None:
        nonlocal passed
        passed += reached == point
        if passed == int(times):
            os.kill(os.getpid(), signal.SIGKILL)

    worker: Worker = stepper(Database(url), SystemClock(), crash=crash)
    signal.signal(signal.SIGTERM, lambda _number, _frame: worker.stop.set())
    worker.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
