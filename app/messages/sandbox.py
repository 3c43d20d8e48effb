"""Has recordings measured, and made anew, by a process of its own for each: `sound.py` says what is done there."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.messages.rules import LONGEST_MS

SCRIPT = Path(__file__).with_name("sound.py")  # never imported: it brings the decoders with it
PATIENCE_SECONDS = 120.0  # by the wall clock, on a machine that is busy; its own time is limited more narrowly


@dataclass(frozen=True)
class Measured:
    """What a recording is; `peaks` are 0..255, evenly over its duration."""

    mime: str
    duration_ms: int
    peaks: bytes


class Unfit(Exception):
    """Why a recording can't be heard: not_audio, empty, too_long."""


class Died(Exception):
    """The process gave no answer: the recording made it use too much or crash, or somebody ended it."""


def measure(raw: bytes) -> Measured:
    """Raises Unfit, Died, OSError."""
    said, _nothing = _ask("measure", raw)
    return Measured(said["mime"], said["duration_ms"], bytes.fromhex(said["peaks"]))


def render(raw: bytes) -> bytes:
    """The same as AAC in MP4. Raises Unfit, Died, OSError."""
    return _ask("render", raw)[1]


def _ask(verb: str, raw: bytes) -> tuple[dict[str, Any], bytes]:
    command = [sys.executable, "-I", str(SCRIPT), verb, str(LONGEST_MS)]
    try:
        # Without an environment: it may hold the master keys.
        ended = subprocess.run(command, input=raw, capture_output=True, timeout=PATIENCE_SECONDS, env={}, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as hung:
        raise Died(f"no answer within {PATIENCE_SECONDS:.0f} s") from hung
    line, _, made = ended.stdout.partition(b"\n")
    if ended.returncode or not line:
        raise Died(f"ended with {ended.returncode}")
    said = json.loads(line)
    if said["says"] != "ok":
        raise Unfit(said["says"])
    return said, made
