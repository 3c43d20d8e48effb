"""One program of Homethread on a fast clock that can be stepped: `worker|web FOLDER`, settings in the environment.

FOLDER/began holds the instant from which the clock runs FOLDER/speed times as fast, FOLDER/step by how many seconds it
was set forward or back since. What a vendor may take is shortened likewise.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

LOOK_SECONDS = 0.02


@dataclass
class SteppedClock:
    """Reads its step anew every now and then."""

    folder: Path
    began: float = field(init=False)
    speed: float = field(init=False)
    _step: float = 0
    _looked: float = 0

    def __post_init__(self) -> None:
        self.began = float((self.folder / "began").read_text())
        self.speed = float((self.folder / "speed").read_text())

    def now(self) -> datetime:
        at = time.time()
        if at - self._looked > LOOK_SECONDS:
            self._step, self._looked = float((self.folder / "step").read_text()), at
        return datetime.fromtimestamp(self.began, UTC) + timedelta(seconds=(at - self.began) * self.speed + self._step)


def main(role: str, folder: str) -> int:
    from app import config as settings
    from app.gateways import kannel
    from app.programs import web, worker

    clock = SteppedClock(Path(folder))
    kannel.CONNECT_SECONDS /= clock.speed
    kannel.ANSWER_SECONDS /= clock.speed
    run = {"web": web.run, "worker": worker.run}[role]
    run(settings.load(), clock)
    return 0


def command(role: str, folder: Path) -> Sequence[str]:
    return [sys.executable, "-m", "tests.faults.notice_programs", role, str(folder)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
