"""Photos: cropped, upright, small, and nothing else; what is no photo is refused before it costs anything."""

import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from app.families.photos import MAX_BYTES, MAX_WEBP_BYTES, renditions
from app.kernel.errors import Invalid, TooLarge
from tests.families.pictures import BLUE, GREEN, RED, bands, halves, jpeg_claiming, opened, packed, png, webp_header

KINDS = ("JPEG", "PNG", "WEBP")


def is_near(one: object, other: tuple[int, int, int]) -> bool:
    assert isinstance(one, tuple)
    return all(abs(a - b) < 24 for a, b in zip(one, other, strict=True))


class TestRenditions:
    @pytest.mark.parametrize("kind", KINDS)
    def test_are_square_webp_of_the_middle(self, kind: str) -> None:
        made = renditions(packed(bands(), kind))
        assert set(made) == {96, 320}
        for edge, file in made.items():
            image = opened(file)
            assert (image.format, image.size, image.mode) == ("WEBP", (edge, edge), "RGB")
            corners = [(4, 4), (edge - 5, 4), (4, edge - 5), (edge - 5, edge - 5), (edge // 2, edge // 2)]
            assert all(is_near(image.getpixel(corner), GREEN) for corner in corners)

    @pytest.mark.parametrize("size", [(1, 1), (3, 1000), (5000, 2), (319, 321)])
    def test_take_any_shape(self, size: tuple[int, int]) -> None:
        made = renditions(packed(Image.new("RGB", size, RED), "PNG"))
        assert all(is_near(opened(file).getpixel((edge // 2, edge // 2)), RED) for edge, file in made.items())

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        ("orientation", "top", "left"),
        [(1, RED, None), (3, BLUE, None), (6, None, BLUE), (8, None, RED), (5, None, RED), (7, None, BLUE)],
    )
    def test_are_turned_upright(
        self, kind: str, orientation: int, top: tuple[int, int, int] | None, left: tuple[int, int, int] | None
    ) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        image = opened(renditions(packed(halves(), kind, exif=exif))[320])
        assert top is None or is_near(image.getpixel((160, 20)), top)
        assert left is None or is_near(image.getpixel((20, 160)), left)
        assert image.getexif().get(ExifTags.Base.Orientation) is None

    def test_carry_nothing_of_the_original_but_its_picture(self) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Make] = "SECRETPHONE"
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
        raw = packed(bands(), "JPEG", exif=exif, icc_profile=b"SECRETPROFILE" * 20, comment=b"SECRETCOMMENT")
        assert raw.count(b"SECRET") >= 3
        for file in renditions(raw).values():
            assert b"SECRET" not in file
            assert {"exif", "icc_profile", "xmp"}.isdisjoint(opened(file).info)

    @pytest.mark.parametrize(
        ("image", "options", "colour"),
        [
            (Image.new("RGBA", (50, 50), (*RED, 0)), {}, (255, 255, 255)),
            (Image.new("RGBA", (50, 50), (*RED, 255)), {}, RED),
            (Image.new("LA", (50, 50), (90, 255)), {}, (90, 90, 90)),
            (Image.new("L", (50, 50), 90), {}, (90, 90, 90)),
            (Image.new("1", (50, 50), 1), {}, (255, 255, 255)),
            (Image.new("I;16", (50, 50), 40_000), {}, (156, 156, 156)),
            (Image.new("RGB", (50, 50), RED), {"transparency": RED}, (255, 255, 255)),
            (Image.new("RGB", (50, 50), RED).quantize(4), {}, RED),
        ],
        ids=["transparent", "opaque", "grey and alpha", "grey", "one bit", "16 bits", "one colour is none", "palette"],
    )
    def test_come_from_every_kind_of_png(
        self, image: Image.Image, options: dict[str, object], colour: tuple[int, int, int]
    ) -> None:
        assert is_near(opened(renditions(packed(image, "PNG", **options))[96]).getpixel((48, 48)), colour)

    def test_come_from_the_jpegs_of_printers_and_of_phones_with_two_lenses(self) -> None:
        for raw in (
            packed(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG"),
            packed(Image.new("RGB", (50, 50), (255, 0, 0)), "MPO", save_all=True, append_images=[bands()]),
        ):
            assert is_near(opened(renditions(raw)[96]).getpixel((48, 48)), (254, 0, 0))

    def test_of_an_animation_show_its_beginning(self) -> None:
        raw = packed(Image.new("RGB", (50, 50), RED), "WEBP", save_all=True, append_images=[Image.new("RGB", (50, 50))])
        assert is_near(opened(renditions(raw)[96]).getpixel((48, 48)), RED)

    @pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3)])
    def test_stay_small_even_of_noise(self, mode: str, channels: int) -> None:
        black_or_white = bytes(255 * (byte & 1) for byte in range(256))
        noise = random.Random(1).randbytes(320 * 320 * channels).translate(black_or_white)
        made = renditions(packed(Image.frombytes(mode, (320, 320), noise), "PNG"))
        assert {edge: len(file) <= MAX_WEBP_BYTES[edge] for edge, file in made.items()} == {96: True, 320: True}


class TestRefused:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: packed(Image.new("1", (8000, 5000)), "PNG"),
            lambda: packed(Image.new("L", (8000, 5000)), "JPEG"),
            lambda: png(width=8000, height=5000),
            lambda: png(width=12_000, height=8_000),  # where Pillow warns
            lambda: png(width=2_000_000_000, height=2_000_000_000),  # where Pillow refuses
            lambda: png(width=24_000_001, height=1),
            lambda: jpeg_claiming(65_000, 65_000),
            *(lambda kind=kind: webp_header(kind, 8000, 5000) for kind in (b"VP8X", b"VP8L", b"VP8 ")),
            lambda: webp_header(b"VP8X", 16_384, 16_384),
        ],
    )
    def test_too_many_pixels(self, make: Callable[[], bytes]) -> None:
        with pytest.raises(TooLarge, match="photo_too_many_pixels"):
            renditions(make())

    def test_just_not_too_many_pixels(self) -> None:
        assert renditions(packed(Image.new("L", (6000, 4000)), "JPEG"))

    def test_too_many_bytes(self) -> None:
        raw = packed(bands(), "JPEG")
        assert renditions(raw + bytes(MAX_BYTES - len(raw)))
        with pytest.raises(TooLarge, match="photo_too_large"):
            renditions(raw + bytes(MAX_BYTES - len(raw) + 1))

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"dear diary, " * 100,
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            packed(bands(), "GIF"),
            packed(bands(), "BMP"),
            packed(bands(), "TIFF"),
            packed(bands(), "PPM"),
            b"GIF89a" + packed(bands(), "JPEG"),
            packed(bands(), "JPEG")[:-200],
            packed(bands(), "JPEG")[:100],
            packed(bands(), "PNG")[:-100],
            packed(bands(), "WEBP")[:-10],
            packed(bands(), "PNG").replace(b"IHDR", b"IHDX"),
            png(width=4000, height=4000, rows=b"\0" * 5000),
            png(width=0, height=0),
            png(width=-1 % 2**32, height=0),
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        ],
    )
    def test_no_photo(self, raw: bytes) -> None:
        with pytest.raises(Invalid, match="not_a_photo"):
            renditions(raw)

    def test_what_a_file_is_besides_a_photo_is_lost(self) -> None:
        script, archive = b"<script>alert(1)</script>", b"PK\x03\x04 an archive"
        for raw in (
            packed(bands(), "JPEG", comment=script) + archive,
            packed(bands(), "PNG") + script + archive,
            packed(bands(), "WEBP", xmp=script) + archive,
        ):
            assert all(script not in file and archive not in file for file in renditions(raw).values())

    @pytest.mark.parametrize("kind", KINDS)
    @given(st.data())
    def test_whatever_becomes_of_a_file(self, kind: str, data: st.DataObject) -> None:
        file = bytearray(packed(bands(60, 40), kind))
        for _ in range(data.draw(st.integers(1, 4))):
            file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
        length = data.draw(st.integers(0, len(file)) | st.just(len(file)))
        with suppress(Invalid, TooLarge):
            assert set(renditions(bytes(file[:length]))) == {96, 320}


def test_a_bomb_takes_no_memory() -> None:
    """In a process of its own, which may take 60 MB beyond what it has before the bombs come."""
    done = subprocess.run([sys.executable, "-c", BOMBS], input=b"", capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().split() == ["photo_too_many_pixels"] * 4


BOMBS = """
import resource
from PIL import Image
from app.families.photos import renditions
from app.kernel.errors import TooLarge
from tests.families.pictures import bands, jpeg_claiming, packed, png, webp_header
renditions(packed(bands(), "JPEG"))
bombs = [
    png(width=8000, height=5000, rows=bytes(8001 * 5000)), png(width=13_000, height=13_000),
    packed(Image.new("RGB", (8000, 5000)), "WEBP", method=0),
    jpeg_claiming(65_000, 65_000),
]
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000, used + 60_000_000))
for bomb in bombs:
    try:
        renditions(bomb)
    except TooLarge as refused:
        print(refused.code)
"""
