"""Runs the real web, worker or media program for a test, with a clock that a test moves by writing an offset to a file.

`python -m tests.browser.program web|worker|media CLOCK_FILE`, settings by the environment as ever.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import config
from app.programs import logs, media, web, worker


class MovedClock:
    """The real clock plus the seconds that stand in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._path.read_text() or 0))


def main(program: str, clock_file: str) -> None:
    settings = config.load()
    logs.start(settings.log_level)
    run = {"web": web.run, "worker": worker.run, "media": media.run}[program.rstrip("0123456789")]
    run(settings, MovedClock(Path(clock_file)))


if __name__ == "__main__":
    main(*sys.argv[1:])
