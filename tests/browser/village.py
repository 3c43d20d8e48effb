"""A village that really runs: web and worker as programs, the scene's families, a clock that a test moves."""

import os
import signal
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from app.demo.portraits import portrait
from app.families import service as families
from app.storage.database import Database
from app.web import sessions
from app.web.models import PrincipalKind
from tests.browser.nursery import Born, nursery
from tests.browser.program import MovedClock
from tests.scene import Scene, StepClock, set_scene
from tests.services.ports import free_port

READY_SECONDS = 30


@dataclass
class Village:
    """The running programs and the scene behind them; `enter` gives an address that opens signed in."""

    folder: Path
    database_url: str
    scene: Scene
    port: int
    programs: dict[str, Born]
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        return MovedClock(self.folder / "clock").now()

    def move_clock_to(self, moment: datetime) -> None:
        """The programs' clock stands at `moment` from now on, and runs."""
        offset = float((self.folder / "clock").read_text()) + (moment - self.now()).total_seconds()
        fresh = self.folder / "clock.new"
        fresh.write_text(str(offset))
        fresh.replace(self.folder / "clock")
        self.scene.clock.at = self.now()

    def enter(self, kind: PrincipalKind, subject_id: str, village_id: str | None, language: str = "en") -> str:
        with self.scene.database.begin() as session:
            secret = sessions.issue_code(session, kind, subject_id, village_id, language, self.now())
        return f"{self.url}/enter/{secret}"

    def start(self, name: str) -> None:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("HOMETHREAD_")},
            "HOMETHREAD_DATA_DIR": str(self.folder),
            "HOMETHREAD_DATABASE_URL": self.database_url,
            "HOMETHREAD_PORT": str(self.port),
            "HOMETHREAD_DEMO": "1",
            "HOMETHREAD_LOG_LEVEL": "warning",
            "HOMETHREAD_MEDIA_PORT": "0",
            **{f"HOMETHREAD_{name}": value for name, value in self.settings.items()},
        }
        self.programs[name] = nursery().start(name, self.folder / "clock", self.folder / f"{name}.log", environment)
        if name == "web":
            self._wait_ready()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        program = self.programs.pop(name)
        os.killpg(program.pid, number)
        program.wait(timeout=20)

    def stop(self) -> None:
        for name in list(self.programs):
            self.kill(name)
        self.scene.database.close()

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the web program was not ready in {READY_SECONDS} s:\n{self.logs()}")


def open_village(folder: Path, database_url: str, moment: datetime, **settings: str) -> Village:
    """Set the scene, with faces, and start both programs with their clock at `moment`, and with these settings."""
    database = Database(database_url)
    scene = set_scene(database)
    _take_photos(scene)
    (folder / "clock").write_text("0")
    village = Village(folder, database_url, scene, free_port(), {}, settings)
    village.move_clock_to(moment)
    village.start("worker")
    village.start("web")
    return village


def _take_photos(scene: Scene) -> None:
    with scene.database.begin() as session:
        for place, home in enumerate((scene.alice, scene.bob, scene.charlie)):
            families.set_photo(session, home.parent, _drawn(place, "mother"), StepClock().now())
            families.set_photo(session, home.child, _drawn(place, "girl"), StepClock().now())


_drawn = cache(portrait)  # each takes a twentieth of a second, and every village has the same faces


def soon(village: Village, **amount: float) -> datetime:
    return village.now() + timedelta(**amount)
