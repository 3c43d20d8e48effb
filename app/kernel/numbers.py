"""A phone number once it is known to be one (E.164). Reading what people type is `families/numbers.py`."""

from typing import NewType

E164 = NewType("E164", str)


def masked(number: str) -> str:
    """What a log may show of a number: its last two digits."""
    return f"…{number[-2:]}"
