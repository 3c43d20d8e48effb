"""Draws the faces of the demonstration village: head and shoulders, the same for the same seed and kind."""

from itertools import pairwise

from app.demo.clothes import draw_clothes
from app.demo.looks import Kind, Look, choose_look, points_of
from app.demo.paper import CREAM, INK, SIZE, WHITE, Sheet, mirrored, mix

__all__ = ["SIZE", "Kind", "portrait"]

FACE = "0,0 52,3 88,17 101,40 99,60 {jaw},80 52,96 0,101"
BACK_HAIR = {
    "bob": "0,-17 62,-13 106,4 124,34 130,66 120,96 84,104",
    "long": "0,-17 62,-13 106,4 122,40 128,80 138,118 122,140 70,120",
    "bun": "0,-33 30,-31 50,-19 40,-4 0,0",
}
FRONT_HAIR = {  # the whole outline, or after "|" the right half of it
    "parted": "-104,54 -115,24 -98,-3 -50,-15 0,-18 50,-15 98,-3 115,24 104,54 98,42 90,29 60,22 12,17 -36,1 -36,1"
    " -58,17 -88,28 -98,42",
    "centre": "|0,-17 50,-15 98,-3 114,24 104,54 98,42 86,29 42,18 0,2 0,2",
    "fringe": "|0,-18 50,-16 100,-3 118,26 110,62 98,58 92,40 70,36 68,35 36,38 34,36 0,38",
    "crew": "|0,-12 50,-10 92,4 105,24 102,44 97,32 86,22 50,15 0,14",
    "swept": "-102,46 -107,22 -96,-1 -62,-15 -10,-21 40,-19 88,-8 109,20 102,46 97,32 88,22 56,17 30,19 0,12"
    " -40,15 -66,17 -86,24 -97,32",
    "tousled": "-103,48 -112,20 -104,2 -80,-8 -76,-16 -40,-16 -20,-23 16,-18 44,-22 68,-12 98,-4 114,24 103,48"
    " 96,34 82,27 70,34 46,24 26,35 4,25 -22,36 -46,25 -70,33 -86,26 -96,36",
    "bowl": "|0,-16 50,-15 98,-2 116,26 108,50 98,46 93,33 60,30 30,32 0,31",
    "receding": "|0,-8 48,-7 88,3 104,22 103,46 97,34 90,18 66,5 40,10 0,11",
    "sides": "",
}
SIDES = "90,16 103,20 109,36 104,54 96,44 96,30"


def portrait(seed: int, kind: Kind) -> bytes:
    """A PNG of 640 by 640."""
    look = choose_look(seed, kind)
    sheet = Sheet(look.background)
    _draw_background(sheet, look, seed)
    sheet.zoom = 1.17 if look.is_child else 1.1
    _draw_back_hair(sheet, look)
    draw_clothes(sheet, look)
    _draw_head(sheet, look)
    _draw_eyes(sheet, look)
    _draw_nose_and_mouth(sheet, look)
    if look.is_old:
        _draw_years(sheet, look)
    _draw_front_hair(sheet, look)
    if look.has_glasses:
        _draw_glasses(sheet, look)
    return sheet.png()


def _draw_background(sheet: Sheet, look: Look, seed: int) -> None:
    pale = mix(look.background, CREAM, 0.45)
    deep = mix(look.background, (90, 60, 50), 0.22)
    sheet.disc(50 + 6 * (seed % 3 - 1), 42, 37, 37, pale)
    if seed % 2:
        sheet.blob([(-10, 84), (18, 70), (40, 80), (66, 72), (90, 64), (112, 80), (112, 112), (-10, 112)], deep)
        return
    for x in (6, 94):
        sheet.line([(x, -4), (x, 104)], 1.2, deep)
    for y in (12, 88):
        sheet.line([(-4, y), (104, y)], 1.2, deep)


def _draw_back_hair(sheet: Sheet, look: Look) -> None:
    dark = mix(look.hair_colour, (20, 14, 14), 0.3)
    for name in look.hair:
        if name in BACK_HAIR:
            sheet.blob(look.at("|" + BACK_HAIR[name]), dark)
        elif name == "curls":
            for x, y in look.at("|0,-14 40,-11 75,0 100,17 115,38 118,58"):
                sheet.disc(x, y, 5, 5, dark)


def _draw_head(sheet: Sheet, look: Look) -> None:
    for x, y in look.at("100,56 -100,56"):
        sheet.disc(x, y, 2.6, 4.4, look.skin)
        sheet.disc(x + (0.5 if x < 50 else -0.5), y, 1.2, 2.6, look.shadow)
    face = look.at("|" + FACE, jaw=look.jaw)
    sheet.blob(face, look.skin)
    sheet.shade(face, 2.2, mix(look.skin, look.shadow, 0.45))
    blush = (*mix(look.skin, (222, 92, 72), 0.5), 90)
    for x, y in look.at("60,71 -60,71"):
        sheet.disc(x, y, 3.6, 2.7, blush)


def _draw_eyes(sheet: Sheet, look: Look) -> None:
    across, up = (2.05, 2.6) if look.is_child else (1.5, 1.75) if look.is_old else (1.65, 2.05)
    brow = mix(look.hair_colour, INK, 0.35) if look.is_old else mix(look.hair_colour, look.skin, 0.12)
    thick = 1.5 if look.kind in ("father", "grandfather", "boy") else 1.0
    level = look.eyes
    for x, y in look.at([(0.43, level), (-0.43, level)]):
        sheet.disc(x, y, across, up, INK)
        sheet.disc(x - 0.5, y - 0.7, 0.55, 0.6, WHITE)
    lid = [(0.25, level - 0.015), (0.36, level - 0.047), (0.5, level - 0.05), (0.64, level - 0.012)]
    hair = [(0.24, level - 0.125), (0.42, level - 0.15), (0.64, level - 0.128)]
    for arc, width, colour in ((lid, 0.75, INK), (hair, thick, brow)):
        sheet.line(look.at(arc), width, colour)
        sheet.line(look.at(mirrored(arc)), width, colour)


def _draw_nose_and_mouth(sheet: Sheet, look: Look) -> None:
    sheet.line(look.at("-11,70 -9,73 -2,74.5 5,74.5 11,72.5 12,70"), 0.75, look.line)
    if look.kind == "father":
        sheet.blob(look.at("|0,77 30,76 62,82 84,72 80,84 50,96 0,101"), (*look.hair_colour, 17))
    lip = mix(look.skin, (176, 52, 48), 0.62)
    if look.laughs:
        mouth = look.at("-30,81 -30,81 0,83 30,81 30,81 20,88 0,91 -20,88")
        sheet.blob(mouth, (126, 44, 40))
        sheet.blob(look.at("-26,81.5 -26,81.5 0,83.2 26,81.5 26,81.5 14,84.8 0,85.5 -14,84.8"), WHITE)
        return
    sheet.blob(look.at("-15,86 0,85 15,86 8,89.5 0,90.3 -8,89.5"), mix(look.skin, lip, 0.55))
    sheet.line(look.at("-27,82 -14,85 0,85.8 14,85 27,82"), 0.85, lip)


def _draw_years(sheet: Sheet, look: Look) -> None:
    crease = mix(look.skin, look.line, 0.55)
    for brow in ("-38,25 0,23 38,25", "-30,31 0,29 30,31"):
        sheet.line(look.at(brow), 0.5, crease)
    for shape in ("74,54 84,51", "75,58 86,58", "24,73 37,79 40,86", "30,63 44,65.5 58,63"):
        for wrinkle in look.both(shape):
            sheet.line(wrinkle, 0.5, crease)


def _draw_front_hair(sheet: Sheet, look: Look) -> None:
    colour, shine = look.hair_colour, mix(look.hair_colour, (255, 240, 220), 0.16)
    front = FRONT_HAIR.get(look.hair[0])
    if front:
        sheet.blob(look.at(front), colour)
        sheet.line(look.at("-70,0 -40,-8 -5,-10"), 1.3, shine)
    for extra in look.hair:
        if extra in EXTRAS:
            EXTRAS[extra](sheet, look)


def _sides(sheet: Sheet, look: Look) -> None:
    for side in look.both(SIDES):
        sheet.blob(side, look.hair_colour)


def _cap(sheet: Sheet, look: Look) -> None:
    _sides(sheet, look)
    cloth = mix(look.cloth, INK, 0.25)
    sheet.blob(look.at("|0,-22 60,-19 104,-4 116,16 108,25 60,20 0,18"), cloth)
    sheet.blob(look.at("|0,12 60,14 96,20 88,28 40,29 0,28"), mix(cloth, INK, 0.3))


def _scarf(sheet: Sheet, look: Look) -> None:
    sheet.blob(look.at("|0,-24 60,-20 110,0 118,28 104,44 98,36 84,24 40,15 0,14"), (52, 66, 104))
    sheet.line(look.at("-108,30 -88,15 -50,5 0,3 50,5 88,15 108,30"), 1, (214, 196, 150))
    for x, y in look.at("|14,9 36,10 58,13 78,19"):
        sheet.disc(x, y, 0.7, 0.7, (200, 84, 62))
    for x, y in look.at("104,69 -104,69"):
        sheet.disc(x, y, 1.3, 1.9, (214, 216, 220))


def _curls(sheet: Sheet, look: Look) -> None:
    for x, y in look.at("|0,-12 30,-11 60,-4 84,8 100,24 106,42"):
        sheet.disc(x, y, 3.6, 3.4, look.hair_colour)


def _tail(sheet: Sheet, look: Look) -> None:
    sheet.blob(look.at("96,52 122,66 136,96 128,130 112,142 106,120 108,92 98,74"), look.hair_colour)
    sheet.disc(*look.at("108,70")[0], 2.4, 1.5, (200, 84, 62))


def _pigtails(sheet: Sheet, look: Look) -> None:
    for tail in look.both("100,40 134,42 148,66 142,94 126,104 118,84 112,62"):
        sheet.blob(tail, look.hair_colour)
    for x, y in look.at("108,47 -108,47"):
        sheet.disc(x, y, 2.2, 2.2, (205, 70, 58))


def _braids(sheet: Sheet, look: Look) -> None:
    knots = points_of("103,66 110,80 114,94 116,108 116,121 114,133")
    for plait in (knots, mirrored(knots)):
        for (x, y), (_, below) in pairwise(look.at(plait)):
            sheet.disc(x, (y + below) / 2, 2.7, 3.8, look.hair_colour)
            sheet.line([(x - 1.6, y + 2), (x, y + 4), (x + 1.6, y + 2)], 0.5, mix(look.hair_colour, CREAM, 0.25))
        sheet.disc(*look.at(plait)[-1], 2.4, 1.6, (205, 70, 58))


EXTRAS = {
    "sides": _sides,
    "cap": _cap,
    "scarf": _scarf,
    "curls": _curls,
    "tail": _tail,
    "pigtails": _pigtails,
    "braids": _braids,
}


def _draw_glasses(sheet: Sheet, look: Look) -> None:
    frame = (66, 50, 46)
    for x, y in look.at([(0.43, look.eyes), (-0.43, look.eyes)]):
        ring = [
            (x + dx * 5.3, y + dy * 4.5) for dx, dy in ((0, -1), (0.9, -0.7), (1, 0.2), (0, 1), (-1, 0.2), (-0.9, -0.7))
        ]
        sheet.line([*ring, ring[0]], 0.8, frame)
    sheet.line(look.at([(-0.13, look.eyes - 0.01), (0.0, look.eyes - 0.03), (0.13, look.eyes - 0.01)]), 0.8, frame)
    for side in look.both("72,55 98,53"):
        sheet.line(side, 0.8, frame)
