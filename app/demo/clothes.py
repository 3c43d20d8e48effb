"""What people wear in the portraits, from the collar down. Who wears what is decided by the look."""

from random import Random

from app.demo.looks import Look
from app.demo.paper import CREAM, INK, WHITE, Colour, Sheet, mix


def draw_clothes(sheet: Sheet, look: Look) -> None:
    wide, y = (25, 77) if look.is_child else (33, 75)
    neck = look.width * (0.36 if look.is_child else 0.5 if look.kind == "father" else 0.44)
    half = [(0.0, y - 4), (neck, y - 3), (0.6 * wide, y + 2), (0.9 * wide, y + 8), (wide, y + 18), (1.05 * wide, 106)]
    body = [(50 + x, y) for x, y in half] + [(50 - x, y) for x, y in reversed(half)]
    sheet.blob(body, look.cloth)
    sheet.shade(body, 5, mix(look.cloth, INK, 0.2))
    throat = [(50 - neck, 58), (50 + neck, 58), (50 + neck, y - 2), (50, y + 4), (50 - neck, y - 2)]
    sheet.blob(throat, look.shadow)
    DRESSERS[look.clothes](sheet, look, y, wide)


def _collar(sheet: Sheet, y: float, colour: Colour, tip: float) -> None:
    for side in (-1, 1):
        points = [(0, 3), (0, 3), (9.5, -6), (9.5, -6), (13, 0), (6, tip), (6, tip)]
        sheet.blob([(50 + side * x, y + dy) for x, dy in points], colour)


def _wear_sweater(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    pale = mix(look.cloth, CREAM, 0.5)
    sheet.line([(40.5, y - 3), (45, y + 3), (50, y + 5), (55, y + 3), (59.5, y - 3)], 4.4, mix(look.cloth, INK, 0.12))
    for dy in (14, 18):
        sheet.line([(50 - wide * 0.93, y + dy + 2), (50, y + dy + 4), (50 + wide * 0.93, y + dy + 2)], 1.3, pale)


def _wear_shirt(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    pale = mix(look.cloth, WHITE, 0.35)
    sheet.line([(50, y + 4), (50, 104)], 0.6, mix(look.cloth, INK, 0.35))
    for dy in (12, 20):
        sheet.disc(50, y + dy, 0.9, 0.9, CREAM)
    _collar(sheet, y, pale, 10)


def _wear_jacket(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    inner = [(41, y - 4), (46, y + 3), (54, y + 3), (59, y - 4), (57, y + 12), (54, 106), (46, 106), (43, y + 12)]
    sheet.blob(inner, mix(CREAM, look.background, 0.3))
    sheet.blob([(43, y - 2), (50, y + 4), (57, y - 2), (50, y + 1)], look.shadow)
    for side in (-1, 1):
        flap = [(9, -6), (9, -6), (14, 0), (11, 14), (7, 18), (6, 8)]
        sheet.blob([(50 + side * x, y + dy) for x, dy in flap], mix(look.cloth, INK, 0.28))


def _wear_padded(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    trim = mix(look.cloth, (240, 190, 90), 0.6)
    dots = Random(look.jaw)  # noqa: S311 - flowers on cloth
    for _ in range(16):
        x, dy = dots.uniform(-wide * 0.85, wide * 0.85), dots.uniform(9, 30)
        sheet.disc(50 + x, y + dy, 1.1, 1.1, mix(look.cloth, CREAM, 0.45))
    sheet.line([(41.5, y - 3.5), (46, y + 1.5), (50, y + 3), (54, y + 1.5), (58.5, y - 3.5)], 3.6, trim)
    sheet.line([(50, y + 4), (56, y + 8), (64, y + 11), (67, 104)], 1, trim)
    for x, dy in ((52, 6), (60, 10), (66, 19)):
        sheet.line([(50 + x - 52, y + dy), (50 + x - 48, y + dy + 1)], 1.6, trim)


def _wear_vest(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    sleeve = mix(look.cloth, CREAM, 0.62)
    for side in (-1, 1):
        points = [(0.66, 2.5), (0.9, 7.5), (1.02, 17), (1.3, 36), (0.8, 36), (0.74, 18)]
        sheet.blob([(50 + side * x * wide, y + dy) for x, dy in points], sleeve)
    sheet.blob([(40, y - 3), (40, y - 3), (60, y - 3), (60, y - 3), (50, y + 16), (50, y + 16)], sleeve)
    _collar(sheet, y, mix(sleeve, WHITE, 0.5), 9)
    sheet.line([(40, y + 1), (50, y + 17), (60, y + 1)], 1.4, mix(look.cloth, INK, 0.35))


def _wear_buttoned(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    seam = mix(look.cloth, INK, 0.42)
    sheet.line([(50, y + 4), (50, 104)], 0.7, seam)
    for dy in (9, 16, 23):
        sheet.disc(50, y + dy, 1, 1, seam)
    for side in (-1, 1):
        sheet.line([(50 + side * 10, y + 15), (50 + side * 15, y + 16), (50 + side * 20, y + 15)], 1, seam)
    _collar(sheet, y, mix(look.cloth, CREAM, 0.14), 7)


def _wear_tracksuit(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    for side in (-1, 1):
        sheet.line([(50 + side * wide * x, y + dy) for x, dy in ((0.5, 3), (0.8, 9), (0.86, 32))], 1.6, WHITE)
    _collar(sheet, y, WHITE, 8)
    red = (200, 58, 44)
    for tip in (44, 55):
        sheet.blob([(50, y + 5), (50, y + 5), (tip, y + 19), (tip, y + 19), (tip + 4, y + 15)], red)
    sheet.line([(42, y - 1), (46, y + 3.5), (50, y + 5.5), (54, y + 3.5), (58, y - 1)], 2, red)
    sheet.disc(50, y + 6, 2.2, 2, mix(red, INK, 0.15))


def _wear_hoodie(sheet: Sheet, look: Look, y: float, wide: float) -> None:
    hood = mix(look.cloth, INK, 0.16)
    sheet.line([(37, y - 3), (41, y + 5), (50, y + 9), (59, y + 5), (63, y - 3)], 5.5, hood)
    for x in (45, 55):
        sheet.line([(x, y + 8), (x + (x - 50) * 0.1, y + 18)], 0.9, CREAM)


DRESSERS = {
    "sweater": _wear_sweater,
    "shirt": _wear_shirt,
    "jacket": _wear_jacket,
    "padded": _wear_padded,
    "vest": _wear_vest,
    "buttoned": _wear_buttoned,
    "tracksuit": _wear_tracksuit,
    "hoodie": _wear_hoodie,
}
