"""At which sizes, by which light and in which languages the gallery's pictures are taken: a list for each face."""

from dataclasses import dataclass

from tests.gallery.stage import Face, Scheme


@dataclass(frozen=True)
class Look:
    width: int
    height: int
    scheme: Scheme = "light"
    language: str = "zh-CN"

    @property
    def name(self) -> str:
        return f"{self.width}x{self.height}-{'bright' if self.scheme == 'light' else 'dark'}-{self.language}"


LOOKS: dict[Face, tuple[Look, ...]] = {
    "phone": (
        Look(240, 320), Look(240, 320, "dark", "en"), Look(320, 568, "light", "en"), Look(360, 740),
        Look(360, 740, "dark"), Look(360, 740, "light", "en"), Look(412, 915, "dark", "en"), Look(740, 360),
    ),
    "terminal": (
        Look(1024, 600), Look(1024, 600, "dark"), Look(1024, 600, "light", "en"), Look(800, 1280),
        Look(1280, 800, "dark", "en"), Look(1920, 1080),
    ),
    "desk": (
        Look(768, 1024), Look(1024, 768, "dark"), Look(1440, 900), Look(1440, 900, "light", "en"),
        Look(1440, 900, "dark", "en"), Look(1920, 1080),
    ),
}  # fmt: skip
