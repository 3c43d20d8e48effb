"""What Lighthouse says of the three faces under its phone profile (slow 4G, a processor four times slower), signed in:
behind Caddy with TLS and HTTP/2, as deployed, in the distribution's Chromium.

Scores go to 100; times are those that it reckons for that phone. What it finds wanting is printed by name.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

from app.desk import service as desk
from app.web.principals import COORDINATOR, PERSON, TERMINAL
from tests.benchmarks.proxied import trusting, village_behind
from tests.benchmarks.result import Figure, Result
from tests.browser.conftest import FLAGS
from tests.browser.village import Village
from tests.ground import LIGHTHOUSE_FOLDER
from tests.services.ports import free_port

PROGRAM = LIGHTHOUSE_FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"
FACES = ("phone", "terminal", "desk")
CATEGORIES = ("performance", "accessibility", "best-practices")
TIMES = {
    "first-contentful-paint": "first_paint",
    "largest-contentful-paint": "largest_paint",
    "total-blocking-time": "blocked",
}
HERE = "127.0.0.1"
LIMIT_SECONDS = 90
PASSED = 0.9


def run(rows: Sequence[str] = FACES, runs: int = 1) -> Result:
    found: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder, ExitStack() as stack:
        village, caddy = village_behind(stack, Path(folder), HERE)
        port = free_port()
        flags = [*FLAGS, *trusting(caddy, HERE), f"--remote-debugging-port={port}"]
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch_persistent_context(
            Path(folder) / "profile", executable_path=shutil.which("chromium"), args=flags
        )
        stack.callback(browser.close)
        _enter(browser, village, caddy.url, rows)
        for face in rows:
            for _ in range(runs):
                for what, value in _judged(f"{caddy.url}/{face}", port, Path(folder) / "report.json").items():
                    found.setdefault(f"{face} {what}", []).append(value)
    return Result("lighthouse", {name: Figure.of(values) for name, values in found.items()}, {}, "nothing beside it")


def _enter(browser: BrowserContext, village: Village, address: str, faces: Sequence[str]) -> None:
    """One browser is all three at once; a call stands there that is in an hour."""
    alice = village.scene.alice
    village.scene.clock.at = village.now()
    village.scene.book(alice, village.now().replace(second=0, microsecond=0) + timedelta(hours=1), alice.desk_acts)
    with village.scene.database.begin() as session:
        coordinator = desk.add_coordinator(session, alice.village, "Teacher Li", "en", village.now()).id
    doors = {
        "phone": (PERSON, alice.parent, None),
        "terminal": (TERMINAL, alice.terminal, alice.village),
        "desk": (COORDINATOR, coordinator, alice.village),
    }
    for face in faces:
        page = browser.new_page()
        page.goto(village.enter(*doors[face]).replace(village.url, address))
        page.goto("about:blank")
        page.close()


def _judged(url: str, port: int, report: Path) -> dict[str, float]:
    subprocess.run(
        [
            "node", str(PROGRAM), url, f"--port={port}", "--output=json", f"--output-path={report}", "--quiet",
            f"--only-categories={','.join(CATEGORIES)}",
        ],
        check=True, timeout=LIMIT_SECONDS, env=os.environ | {"CHROME_PATH": shutil.which("chromium") or ""},
    )  # fmt: skip
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    for name, audit in told["audits"].items():
        if audit["score"] is not None and audit["score"] < PASSED:
            print(f"{url}: {name} {audit['score']:.2f} {audit.get('displayValue', '')}", file=sys.stderr)
    scores = {name.replace("-", " "): round(told["categories"][name]["score"] * 100) for name in CATEGORIES}
    return scores | {f"{short}_ms": round(told["audits"][name]["numericValue"]) for name, short in TIMES.items()}
