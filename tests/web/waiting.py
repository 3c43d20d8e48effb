"""Waits until something is so; whoever waits for what never comes is told."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 20


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE_SECONDS} s in vain")
        time.sleep(0.01)
