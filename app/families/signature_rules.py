"""What a signature on a screen is made of, and which consents have one. Whose it is, is not decided here.

A stroke is x, y, x, y, … where a finger, pen or mouse went, in units of a box that is WIDTH wide and HEIGHT high; a dot
is a stroke of one place.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import dist

from app.kernel.errors import Invalid, TooLarge

WIDTH, HEIGHT = 1000, 400
MOST_STROKES, MOST_PLACES = 100, 1_500
LEAST_INK = 150  # shorter than anybody's initials
ON_SCREEN = "screen"

Strokes = Sequence[Sequence[int]]


def check_evidence(evidence: str, strokes: Strokes | None) -> None:
    """Raise Invalid unless there is a signature for "screen" or "screen: a note", and for nothing else."""
    is_on_screen = evidence.partition(":")[0].strip() == ON_SCREEN
    if is_on_screen and strokes is None:
        raise Invalid("no_signature")
    if strokes is not None and not is_on_screen:
        raise Invalid("bad_evidence")


def check_strokes(strokes: Strokes) -> None:
    """Raise TooLarge, or Invalid for what nobody drew or hardly anybody could call a signature."""
    if len(strokes) > MOST_STROKES or sum(map(len, strokes)) > 2 * MOST_PLACES:
        raise TooLarge("signature_too_large")
    if not all(_is_stroke(stroke) for stroke in strokes) or sum(map(_length, strokes)) < LEAST_INK:
        raise Invalid("bad_signature")


def _is_stroke(stroke: Sequence[int]) -> bool:
    xs, ys = stroke[::2], stroke[1::2]
    is_within = all(0 <= x <= WIDTH for x in xs) and all(0 <= y <= HEIGHT for y in ys)
    return len(xs) == len(ys) > 0 and is_within


def _length(stroke: Sequence[int]) -> float:
    places = list(zip(stroke[::2], stroke[1::2], strict=True))
    return sum(dist(one, other) for one, other in pairwise(places))
