"""Makes small pictures of what somebody sent as a photo, or refuses it. Nothing of the original is kept."""

import threading
from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageFilter, ImageOps

from app.kernel.errors import HomethreadError, Invalid, TooLarge

EDGES_PX = (96, 320)
MAX_BYTES = 8_000_000
MAX_PIXELS = 24_000_000
MAX_WEBP_BYTES = {96: 4_000, 320: 20_000}
QUALITIES = (82, 74, 66, 58, 50, 40, 30, 20, 10)
FORMATS = ("JPEG", "PNG", "WEBP")
SHRINKABLE = {"1": "L", "P": "RGBA", "PA": "RGBA"}  # modes whose pixels can't be averaged, and what they become

_one_at_a_time = threading.Lock()  # so that many photos at once need no more memory than one


def renditions(raw: bytes) -> dict[int, bytes]:
    """WebP files by the length of their edge, upright and cropped to the middle."""
    if len(raw) > MAX_BYTES:
        raise TooLarge("photo_too_large")
    with _one_at_a_time:
        square = _decoded(raw, lambda image: _upright_square(image, max(EDGES_PX)))
    smaller = {edge: square.resize((edge, edge), Image.Resampling.LANCZOS) for edge in EDGES_PX}
    return {edge: _webp(image, MAX_WEBP_BYTES[edge]) for edge, image in smaller.items()}


def fitted(raw: bytes, edge_px: int, most_bytes: int) -> bytes:
    """The whole picture as WebP, upright, its longer edge no longer than `edge_px`, of at most so many bytes."""
    with _one_at_a_time:
        return _webp(_decoded(raw, lambda image: _upright_whole(image, edge_px)), most_bytes)


def _decoded(raw: bytes, read: Callable[[Image.Image], Image.Image]) -> Image.Image:
    try:
        _check_pixels(*_webp_size(raw))
        with Image.open(BytesIO(raw), formats=FORMATS) as image:
            _check_pixels(*image.size)
            return read(image)
    except HomethreadError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise TooLarge("photo_too_many_pixels") from bomb
    except Exception as broken:  # the decoders raise almost anything for bytes that lie
        raise Invalid("not_a_photo") from broken


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise TooLarge("photo_too_many_pixels")


def _webp_size(raw: bytes) -> tuple[int, int]:
    """What the header of a WebP claims; the library takes memory for all of it as soon as the file is opened."""
    kind = raw[12:16] if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP" else b""
    if kind == b"VP8X":
        return int.from_bytes(raw[24:27], "little") + 1, int.from_bytes(raw[27:30], "little") + 1
    if kind == b"VP8L":
        sizes = int.from_bytes(raw[21:25], "little")
        return (sizes & 0x3FFF) + 1, (sizes >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(raw[26:28], "little") & 0x3FFF, int.from_bytes(raw[28:30], "little") & 0x3FFF
    return 0, 0


def _upright_square(image: Image.Image, edge: int) -> Image.Image:
    """Shrunk first, turned and flattened afterwards, which is cheap by then."""
    image.draft("RGB", (edge * 2, edge * 2))  # JPEG decodes at a fraction of its size
    image.load()
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    full = image.convert(SHRINKABLE[image.mode]) if image.mode in SHRINKABLE else image
    middle = (left, top, left + side, top + side)
    small = full.resize((edge, edge), Image.Resampling.LANCZOS, box=middle, reducing_gap=3.0)
    return _flat(ImageOps.exif_transpose(small))


def _upright_whole(image: Image.Image, edge: int) -> Image.Image:
    image.draft("RGB", (edge, edge))
    image.load()
    full = image.convert(SHRINKABLE[image.mode]) if image.mode in SHRINKABLE else image
    full.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _flat(ImageOps.exif_transpose(full))


def _flat(image: Image.Image) -> Image.Image:
    """Eight bits per colour, and white where it was transparent."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda depth: depth / 256).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def _webp(small: Image.Image, most_bytes: int) -> bytes:
    """As good as the allowed bytes permit; what is noise even at the lowest quality is softened until it fits."""
    while True:
        for quality in QUALITIES:
            packed = BytesIO()
            small.save(packed, "WEBP", quality=quality, exif=b"", icc_profile=b"", xmp=b"")
            if packed.tell() <= most_bytes:
                return packed.getvalue()
        small = small.filter(ImageFilter.GaussianBlur(1))
