"""When our client waits, retries and gives up: node/timing.mjs, with a clock that is stepped by hand."""

import subprocess

from tests.contracts.conftest import SCRIPTS, WAIT_SECONDS


def test_timing(node: str) -> None:
    ran = subprocess.run(
        [node, SCRIPTS / "timing.mjs"], capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
