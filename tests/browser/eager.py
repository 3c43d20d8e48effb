"""Lets Playwright's `expect` look every tenth of a second.

With more patience than two and a half seconds it looks every half second only, and each of a story's many waits lasts
a quarter of a second longer than what it waits for.
"""

import time
from typing import Any

from playwright._impl.frame import Frame

OFTEN_MS = 2_400


def look_often() -> None:
    """Once per process."""
    ask = Frame._expect

    async def expect(frame: Frame, selector: str | None, expression: str, options: Any, title: str | None) -> Any:
        until = time.monotonic() + options["timeout"] / 1000
        while True:
            left_ms = (until - time.monotonic()) * 1000
            a_while = {**options, "timeout": max(1.0, min(left_ms, OFTEN_MS))}
            found: Any = await ask(frame, selector, expression, a_while, title)  # type: ignore[arg-type]
            if left_ms <= OFTEN_MS or not found.get("timedOut"):
                return found

    vars_of: Any = Frame
    vars_of._expect = expect
