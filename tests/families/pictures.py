"""Pictures for tests, and files that only pretend to be some."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

RED, GREEN, BLUE = (220, 30, 30), (30, 160, 30), (30, 30, 220)
BANDS = (RED, GREEN, BLUE)


def packed(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(file: bytes) -> Image.Image:
    image = Image.open(BytesIO(file))
    image.load()
    return image


def bands(width: int = 900, height: int = 300, mode: str = "RGB") -> Image.Image:
    """Red on the left, green in the middle, blue on the right."""
    image = Image.new("RGB", (width, height))
    for n, colour in enumerate(BANDS):
        image.paste(colour, (width * n // 3, 0, width * (n + 1) // 3, height))
    return image.convert(mode)


def halves(edge: int = 400) -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", (edge, edge), RED)
    image.paste(BLUE, (0, edge // 2, edge, edge))
    return image


def png(*, width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG in grey whose header may say what it likes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def webp_header(kind: bytes, width: int, height: int) -> bytes:
    """The beginning of a WebP of any size, without a picture."""
    body = {
        b"VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        b"VP8L": b"\x2f" + (width - 1 | height - 1 << 14).to_bytes(4, "little"),
        b"VP8 ": b"\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", width, height),
    }[kind]
    chunk = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    file = bytearray(packed(bands(90, 30), "JPEG"))
    at = file.index(b"\xff\xc0") + 5
    file[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(file)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
