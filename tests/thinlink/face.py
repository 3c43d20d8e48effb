"""Somebody before a camera, drawn: head and shoulders that move, a mouth that speaks, and the noise of a cheap sensor.

It stands for a person where frames and bytes are counted.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS = 640, 480, 20
FRAMES = 80  # four seconds, then it begins anew
NOISE = 2.5  # of 255
Plane = NDArray[np.float64]


def draw(path: Path) -> Path:
    """A Y4M file for Chromium's fake camera."""
    random = np.random.default_rng(7)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420\n".encode())
        for number in range(FRAMES):
            file.write(b"FRAME\n")
            luma, red = _frame(2 * np.pi * number / FRAMES)
            file.write(_bytes(luma + random.normal(0, NOISE, luma.shape)))
            small = red[::2, ::2]
            file.write(_bytes(128 - small * 12))
            file.write(_bytes(128 + small * 22))
    return path


def _bytes(plane: Plane) -> bytes:
    return np.clip(plane, 0, 255).astype(np.uint8).tobytes()


def _frame(turn: float) -> tuple[Plane, Plane]:
    """Luma, and where there is skin (0..1), at a turn of 0..2 pi."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    luma: Plane = 90 + 40 * x / WIDTH + 25 * np.sin(y / 37) * np.sin(x / 53)
    sway, nod = 24 * np.sin(turn), 9 * np.sin(3 * turn)
    middle, top = WIDTH / 2 + sway, HEIGHT * 0.42 + nod
    shoulders = _within(x, y, WIDTH / 2 + sway * 0.4, HEIGHT * 1.05, 230, 170)
    head = _within(x, y, middle, top, 92, 122)
    luma = np.where(shoulders, 60 + 12 * np.sin(x / 9), luma)
    luma = np.where(head, 165 - 0.2 * np.abs(x - middle), luma)
    luma = np.where(head & (y < top - 62 + 10 * np.sin(x / 11)), 40 + 8 * np.sin(x / 3), luma)
    for side in (-36, 36):
        luma = np.where(_within(x, y, middle + side, top - 20, 13, 2 + 6 * abs(np.cos(2 * turn))), 35.0, luma)
    luma = np.where(_within(x, y, middle, top + 58, 30, 5 + 11 * abs(np.sin(6 * turn))), 70.0, luma)
    return luma, head.astype(np.float64)


def _within(x: Plane, y: Plane, across: float, down: float, wide: float, high: float) -> NDArray[np.bool_]:
    return ((x - across) / wide) ** 2 + ((y - down) / high) ** 2 < 1
