"""An event loop whose clock leaps over every wait, so that what takes seconds is tried in none."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Skipping(selectors.SelectSelector):
    """Waits for nothing: the time that would have been waited is added to the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.skipped += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped


def run_skipping(story: Coroutine[Any, Any, Any]) -> Any:
    loop = SkippingLoop()
    try:
        return loop.run_until_complete(story)
    finally:
        loop.close()
