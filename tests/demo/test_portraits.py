"""Drawn faces: the same every time, real pictures, and no two alike."""

import io
from functools import cache
from itertools import product
from typing import get_args

import pytest
from PIL import Image, ImageChops, ImageStat

from app.demo.portraits import SIZE, Kind, portrait

KINDS: tuple[Kind, ...] = get_args(Kind)


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


@cache
def drawn(seed: int, kind: Kind) -> bytes:
    return portrait(seed, kind)


def difference(one: bytes, other: bytes) -> float:
    """How far two pictures are apart on average, of 255."""
    apart = ImageChops.difference(opened(one), opened(other))
    return sum(ImageStat.Stat(apart).mean) / 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_is_the_same_for_the_same_seed(kind: Kind) -> None:
    assert portrait(3, kind) == drawn(3, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_is_a_square_picture_of_moderate_weight(kind: Kind) -> None:
    png = drawn(3, kind)
    picture = opened(png)
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (SIZE, SIZE))
    assert len(png) < 100_000


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_are_told_apart_at_a_glance(kind: Kind) -> None:
    faces = [drawn(seed, kind) for seed in range(4)]
    apart = [difference(one, other) for at, one in enumerate(faces) for other in faces[at + 1 :]]
    assert min(apart) > 8


def test_kinds_of_one_seed_differ() -> None:
    faces = {kind: drawn(3, kind) for kind in KINDS}
    assert all(difference(faces[a], faces[b]) > 8 for a, b in product(KINDS, KINDS) if a != b)


@pytest.mark.parametrize("seed", [-4, 0, 2**40])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    assert opened(portrait(seed, "girl")).size == (SIZE, SIZE)
