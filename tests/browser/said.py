"""Voice messages in the stories: who may send them, one that was said, and what a device keeps of them."""

import base64
import hashlib
import io
from datetime import timedelta
from typing import Any

from PIL import Image
from playwright.sync_api import APIRequestContext, Page, expect
from sqlalchemy import select

from app.demo.portraits import portrait
from app.families import service as families
from app.families.models import RecordedName
from app.families.words import ConsentKind
from app.messages.models import Message
from app.web.models import PrincipalKind
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village
from tests.messages.recordings import recorded
from tests.scene import Household

# Rows that the device keeps; of what is sealed the first bytes.
SHELF = """async (name) => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open("homethread");
    asked.onupgradeneeded = () => asked.transaction.abort();
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => done(null);
  });
  if (!opened) return [];
  const rows = await new Promise((done) => {
    const asked = opened.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => done(asked.result);
  });
  opened.close();
  return rows.map((row) => ({
    id: row.message_id ?? row.name ?? String(row.key),
    begins: row.sealed && String.fromCharCode(...new Uint8Array(row.sealed.slice(0, 4))),
    isReadable: row.key instanceof CryptoKey ? row.key.extractable : null,
  }));
}"""


def allow_messages(village: Village, child: str, parent: str) -> str:
    return allow(village, child, parent, ConsentKind.MESSAGE)


def allow(village: Village, child: str, parent: str, kind: ConsentKind) -> str:
    with village.scene.database.begin() as session:
        return families.give_consent(
            session, child_id=child, contact_id=parent, kind=kind, given_by=parent, evidence="paper",
            from_at=village.now() - timedelta(days=1), now=village.now(),
        ).id  # fmt: skip


def phone_of(devices: Devices, village: Village, whom: Household) -> APIRequestContext:
    """What a parent's phone asks the server, without its pages."""
    asking = devices.device(PHONE).request
    asking.get(village.enter(PrincipalKind.PERSON, whom.parent, None))
    return asking


def say(
    village: Village, phone: APIRequestContext, whom: Household, seconds: float, deliver: str = "now", photo: str = ""
) -> str:
    """A parent's message, whole at the server; its id. `photo`: the id of an upload."""
    said = {"filetype": "audio/ogg", "child_id": whom.child, "deliver": deliver} | ({"photo": photo} if photo else {})
    put(village, phone, recorded(seconds), said)
    with village.scene.database.read() as session:
        return session.scalars(select(Message.id).order_by(Message.sent_at.desc())).first() or ""


def put(village: Village, phone: APIRequestContext, body: bytes, said: dict[str, str]) -> str:
    """An upload in one piece; its id."""
    key = {"key": hashlib.sha256(body + repr(said).encode()).hexdigest()[:32]}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in (said | key).items())
    answer = phone.post(
        f"{village.url}/uploads",
        headers={
            "Tus-Resumable": "1.0.0", "Upload-Length": str(len(body)), "Upload-Metadata": metadata,
            "Content-Type": "application/offset+octet-stream", "Homethread-Face": "phone",
        },
        data=body,
    )  # fmt: skip
    assert answer.status == 201, answer.text()
    return answer.headers["location"].removeprefix("/uploads/")


def take_photo(village: Village, phone: APIRequestContext, whom: Household) -> str:
    """A picture to go with a message, which is allowed; the id of its upload."""
    allow(village, whom.child, whom.parent, ConsentKind.PHOTO)
    made = io.BytesIO()
    Image.open(io.BytesIO(portrait(2, "mother"))).convert("RGB").resize((800, 600)).save(made, "JPEG")
    return put(village, phone, made.getvalue(), {"filetype": "image/jpeg", "child_id": whom.child})


def shelf(page: Page, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = page.evaluate(SHELF, name)
    return rows


def kept(page: Page) -> set[str]:
    return {row["id"] for row in shelf(page, "cache")}


def keeps(page: Page, *ids: str) -> None:
    """Of the messages that wait this device has these, and no others; photos of people lie beside them."""
    wait_until(page, f"kept are {ids}", lambda: {one for one in kept(page) if not one.startswith("photo/")} == set(ids))


def fetches(page: Page, part: str) -> list[str]:
    """What a page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if part in request.url else None)
    return asked


def says_who_calls(village: Village, phone: Page, whom: Household) -> None:
    """Said, heard, said anew, used, removed, and brought back."""
    touch(phone, "settings")
    touch(phone, "own-name")
    sees(phone, "own-name")
    shoot(phone, "phone-own-name")
    for _again in range(2):
        touch(phone, "name-record")
        expect(phone.locator(".voice[data-phase=recording]")).to_be_visible()
        phone.wait_for_timeout(700)
        touch(phone, "name-record")
        expect(phone.locator("[data-act=name-use]")).to_be_visible()
    touch(phone, "name-play")
    shoot(phone, "phone-own-name-review")
    touch(phone, "name-use")
    expect(phone.locator("[data-state=kept]")).to_be_visible()
    first = name_of(village, whom)
    assert 300 <= first.duration_ms <= 4300
    assert len(first.recording) < 8000
    touch(phone, "name-remove")
    expect(phone.locator("[data-state=none]")).to_be_visible()
    touch(phone, "name-undo")
    expect(phone.locator("[data-state=kept]")).to_be_visible()
    assert name_of(village, whom).recording == first.recording
    touch(phone, "name-back")
    sees(phone, "home")


def name_of(village: Village, whom: Household) -> RecordedName:
    with village.scene.database.read() as session:
        return session.scalars(select(RecordedName).where(RecordedName.person_id == whom.parent)).one()
