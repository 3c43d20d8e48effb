"""Which pictures a PIN is made of, and how wrong tries slow down until only the desk opens it again. Pure."""

from datetime import timedelta
from enum import StrEnum

LENGTH = 4
FREE_TRIES = 2
MOST_TRIES = 10
FIRST_WAIT = timedelta(seconds=30)
VISIT_LASTS = timedelta(minutes=3)  # without a touch; the page leaves much sooner by itself


class Picture(StrEnum):
    """Twelve of the drawings, no two alike in shape and colour. Children remember places: the order is theirs too."""

    FISH = "fish"
    BOAT = "boat"
    BIRD = "bird"
    FLOWER = "flower"
    TREE = "tree"
    STAR = "star"
    CLOUD = "cloud"
    DRUM = "drum"
    UMBRELLA = "umbrella"
    TEAPOT = "teapot"
    CAT = "cat"
    OX = "ox"


def wait_after(wrong_tries: int) -> timedelta:
    """How long nobody may try after so many wrong tries: none, none, 30 s, 60 s, 2 min, ..."""
    over = wrong_tries - FREE_TRIES
    return FIRST_WAIT * 2 ** (over - 1) if over > 0 else timedelta()


def is_blocked_after(wrong_tries: int) -> bool:
    return wrong_tries >= MOST_TRIES
