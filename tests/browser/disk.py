"""What of people's photos lies readable in a browser's folder, once it is closed."""

import os
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import select

from app.families.models import Person, Photo
from tests.browser.said import kept
from tests.browser.village import Village
from tests.scene import Household

# A search that doesn't find these bytes finds nothing.
LEAVE = """async (digits) => {
  const bytes = Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
  await (await caches.open("plain")).put("/plain", new Response(bytes));
}"""


def leave_plain(page: Page) -> bytes:
    """Something of a photo's size that the browser keeps as it is."""
    plain = os.urandom(3_000)
    page.evaluate(LEAVE, plain.hex())
    return plain


def photos_of(village: Village, *whom: Household) -> list[Photo]:
    """Those of parents and children, in each size."""
    theirs = [person for home in whom for person in (home.parent, home.child)]
    with village.scene.database.read() as session:
        wanted = select(Photo).join(Person, Person.photo_id == Photo.id).where(Person.id.in_(theirs))
        return list(session.scalars(wanted.order_by(Photo.id, Photo.edge_px)))


def has_photos(page: Page, photos: list[Photo], edge_px: int) -> bool:
    """Whether the device keeps all of these in that size."""
    return {f"photo/{photo.id}/{photo.edge_px}" for photo in photos if photo.edge_px == edge_px} <= kept(page)


def has_none(page: Page, photos: list[Photo]) -> bool:
    return not {f"photo/{photo.id}/{photo.edge_px}" for photo in photos} & kept(page)


def middles(photos: list[Photo]) -> list[bytes]:
    return [photo.webp[40:200] for photo in photos]


def found_in(folder: Path, *parts: bytes) -> list[bytes]:
    """Those that lie in any file there as they are."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return [part for part in parts if any(part in file for file in files)]
