"""Who is drawn: build, skin, hair and clothes chosen from a seed, so that neighbours in one village don't look alike.

Shapes are words like "50,12": hundredths of half a head's width and of a head's height from the crown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from PIL import ImageColor

from app.demo.paper import Colour, Point, mirrored, mix

Kind = Literal["mother", "father", "grandmother", "grandfather", "boy", "girl"]

BACKGROUNDS = ["#e3b06a", "#cf8a66", "#9fb285", "#dcbf8b", "#86a9a8", "#d3a08c", "#b9a78c", "#a3a7bd"]
BRIGHT = ["#b5462f", "#2f5d8a", "#4c7a5a", "#8a4b6b", "#c07a26", "#3f7682", "#6b5a86", "#a8543f"]
MUTED = ["#3d4f63", "#5b5f4c", "#6a4f45", "#46566b", "#59494f", "#4f6660", "#6e6250", "#3f4450"]
SKINS = ["#f0c8a0", "#e6b78b", "#dcaa7e", "#ebbf97", "#d19d72"]
BLACK = ["#2a2423", "#352924", "#26242b", "#3b2d27"]
GREY = ["#bdb8b0", "#918d8a", "#d6d1c8", "#a8a199"]

STYLES: dict[Kind, tuple[str, str]] = {  # hair (front+more), clothes
    "mother": ("parted+bob centre+long fringe+bob parted+tail centre+bun", "sweater shirt jacket padded"),
    "father": ("parted crew swept", "jacket shirt sweater"),
    "grandmother": ("centre+bun parted+curls scarf parted+bob", "padded vest sweater"),
    "grandfather": ("receding cap sides crew", "buttoned vest padded"),
    "boy": ("bowl tousled crew swept", "tracksuit hoodie sweater"),
    "girl": ("fringe+pigtails centre+braids fringe+bob parted+tail", "sweater tracksuit padded hoodie"),
}


@dataclass(frozen=True)
class Look:
    kind: Kind
    hair: Sequence[str]
    clothes: str
    background: Colour
    cloth: Colour
    skin: Colour
    hair_colour: Colour
    has_glasses: bool
    laughs: bool
    jaw: float
    width: float
    top: float
    height: float

    @property
    def is_old(self) -> bool:
        return self.kind.startswith("grand")

    @property
    def is_child(self) -> bool:
        return self.kind in ("boy", "girl")

    @property
    def eyes(self) -> float:
        """A child's sit lower in a rounder head."""
        return 0.6 if self.is_child else 0.565

    @property
    def shadow(self) -> Colour:
        return mix(self.skin, (150, 70, 40), 0.28)

    @property
    def line(self) -> Colour:
        return mix(self.skin, (110, 50, 30), 0.62)

    def at(self, points: str | Sequence[Point], **holes: float) -> list[Point]:
        """From heads to the sheet."""
        given = points_of(points, **holes) if isinstance(points, str) else points
        return [(50 + x * self.width, self.top + y * self.height) for x, y in given]

    def both(self, shape: str) -> tuple[list[Point], list[Point]]:
        points = points_of(shape)
        return self.at(points), self.at(mirrored(points))


def choose_look(seed: int, kind: Kind) -> Look:
    chance = Random(f"{kind} {seed}")  # noqa: S311 - a picture, not a secret
    hairs, clothes = (words.split() for words in STYLES[kind])
    turn = seed + 2 * list(STYLES).index(kind)  # neighbours in one village shall not look alike

    def nth(options: Sequence[str], stride: int) -> Colour:
        return ImageColor.getrgb(options[turn * stride % len(options)])

    old, child = kind.startswith("grand"), kind in ("boy", "girl")
    return Look(
        kind=kind,
        hair=hairs[seed % len(hairs)].split("+"),
        clothes=clothes[(seed + seed // len(clothes)) % len(clothes)],
        background=nth(BACKGROUNDS, 3),
        cloth=nth(MUTED if kind in ("father", "grandfather") else BRIGHT, 5),
        skin=mix(nth(SKINS, 2), (190, 130, 90), 0.18 if old else 0.0),
        hair_colour=nth(GREY if old else BLACK, 3),
        has_glasses=chance.random() < (0.4 if old else 0.22),
        laughs=chance.random() < (0.6 if child else 0.35),
        jaw=chance.uniform(80, 88) + (4 if kind in ("father", "grandfather", "boy", "girl") else 0),
        width=chance.uniform(17.0, 18.4) + (1.3 if child else 0),
        top=chance.uniform(24.5, 26) + (3.5 if child else 0),
        height=chance.uniform(44.5, 47) - (5 if child else 0),
    )


def points_of(shape: str, **holes: float) -> list[Point]:
    words = shape.removeprefix("|").format(**holes).split()
    points = [(float(x) / 100, float(y) / 100) for x, y in (word.split(",") for word in words)]
    if not shape.startswith("|"):
        return points
    return points + mirrored(point for point in reversed(points) if point[0])
