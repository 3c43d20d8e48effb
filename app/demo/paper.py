"""Paper and scissors: smooth flat shapes laid on a square sheet, and colours. What they show is decided elsewhere."""

import io
from collections.abc import Iterable, Sequence

from PIL import Image, ImageChops, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, ...]

SIZE = 640
WHITE, INK, CREAM = (255, 250, 240), (48, 34, 30), (250, 240, 220)
FINER = 2  # drawn this many times larger, so that edges come out smooth


def mix(one: Colour, other: Colour, share: float) -> Colour:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def mirrored(points: Iterable[Point]) -> list[Point]:
    return [(-x, y) for x, y in points]


def _smooth(points: Sequence[Point], closed: bool) -> list[Point]:
    """A Catmull-Rom curve through the points; a point given twice is a corner."""
    ends = ([points[-1]], [points[0], points[1]]) if closed else ([points[0]], [points[-1]])
    knots = [*ends[0], *points, *ends[1]]
    return [
        (_between(t / 8, a[0], b[0], c[0], d[0]), _between(t / 8, a[1], b[1], c[1], d[1]))
        for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False)
        if b != c
        for t in range(9)
    ]


def _between(t: float, a: float, b: float, c: float, d: float) -> float:
    return (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2


class Sheet:
    """A square of paper, 100 by 100, on which smooth shapes are laid."""

    def __init__(self, colour: Colour) -> None:
        self.scale = SIZE * FINER / 100
        self.zoom = 1.0  # around the middle of the lower edge
        self.image = Image.new("RGB", (SIZE * FINER, SIZE * FINER), colour)
        self._pen = ImageDraw.Draw(self.image, "RGBA")

    def blob(self, points: Sequence[Point], colour: Colour) -> None:
        self._pen.polygon(self._scaled(_smooth(points, closed=True)), fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        curve = _smooth(points, closed=False)
        self._pen.line(self._scaled(curve), fill=colour, width=round(width * self.scale * self.zoom), joint="curve")
        for x, y in (curve[0], curve[-1]):
            self.disc(x, y, width / 2, width / 2, colour)

    def disc(self, x: float, y: float, across: float, up: float, colour: Colour) -> None:
        self._pen.ellipse(self._scaled([(x - across, y - up), (x + across, y + up)]), fill=colour)

    def shade(self, points: Sequence[Point], aside: float, colour: Colour) -> None:
        """Colours what of a shape lies out of the light, which comes from the left."""
        outline = self._scaled(_smooth(points, closed=True))
        left, top = (round(min(axis)) for axis in zip(*outline, strict=True))
        right, bottom = (round(max(axis)) for axis in zip(*outline, strict=True))
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=255)
        lit = ImageChops.offset(mask, round(-aside * self.scale), round(-aside * self.scale / 2))
        self.image.paste(colour, (left, top), ImageChops.subtract(mask, lit))

    def png(self) -> bytes:
        out = io.BytesIO()
        self.image.resize((SIZE, SIZE), Image.Resampling.BOX).save(out, "PNG")
        return out.getvalue()

    def _scaled(self, points: Iterable[Point]) -> list[Point]:
        nearer = self.scale * self.zoom
        return [((x - 50) * nearer + 50 * self.scale, (y - 100) * nearer + 100 * self.scale) for x, y in points]
