"""What people do with voice messages in the stories, and what became of them: on the device, at the server."""

from datetime import timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.families import service as families
from app.families.words import ConsentKind
from app.messages.models import Blob, Hearing, Message, Upload
from app.messages.words import From, MessageState, UploadState
from app.web.models import PrincipalKind
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.scheduling import LEAST_PX, SMALL, TOO_SMALL
from tests.browser.stories import sees, touch
from tests.browser.village import Village
from tests.scene import Household

# From the nth piece on the disk is full.
FULL_AFTER = """(pieces) => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...row) {
    if (this.name === "pieces" && pieces-- <= 0) {
      this.transaction.abort();
      throw new DOMException("", "QuotaExceededError");
    }
    return put.apply(this, row);
  };
}"""
IS_KEPT = "caches.open('homethread.shell /phone').then((shell) => shell.match('/phone')).then(Boolean)"
THIN_LINK = {"offline": False, "latency": 50, "downloadThroughput": 100_000, "uploadThroughput": 900}
# The seconds are over in which it could be taken back.
HURRY = """async () => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open("homethread");
    asked.onsuccess = () => done(asked.result);
  });
  let count = 0;
  await new Promise((done) => {
    const hurry = opened.transaction("outbox", "readwrite");
    hurry.oncomplete = done;
    hurry.objectStore("outbox").openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      count += 1;
      cursor.update({ ...cursor.value, next_at: 0 });
      cursor.continue();
    };
  });
  opened.close();
  if (count) dispatchEvent(new Event("online"));
  return count;
}"""
NO_MICROPHONE = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", name));
}"""


def may_send(village: Village, *homes: Household) -> None:
    """Parent and child of each may send each other messages."""
    with village.scene.database.begin() as session:
        for home in homes:
            families.give_consent(
                session, child_id=home.child, contact_id=home.parent, kind=ConsentKind.MESSAGE, given_by=home.parent,
                evidence="paper", from_at=village.now() - timedelta(days=1), now=village.now(),
            )  # fmt: skip


def open_messages(devices: Devices, village: Village, whom: Household, language: str = "en") -> Page:
    page = devices.open(village.enter(PrincipalKind.PERSON, whom.parent, None, language), PHONE)
    sees(page, "home")
    to_messages(page)
    return page


def to_messages(page: Page) -> None:
    touch(page, "messages")
    sees(page, "messages")


def phase(page: Page, name: str) -> None:
    expect(page.locator(f".voice[data-phase={name}]")).to_be_visible(timeout=15_000)


def speak_for(page: Page, seconds: float) -> None:
    """Tap, speak, tap."""
    touch(page, "voice-record")
    phase(page, "recording")
    page.wait_for_timeout(seconds * 1000)
    touch(page, "voice-record")
    phase(page, "ready")


def leaves_at_once(page: Page) -> None:
    """What was just sent, without the seconds in which it could be taken back: one story waits for them.

    It may have left already, or will a little later: whoever waits for it goes on waiting.
    """
    for _ in range(20):
        if page.evaluate(HURRY):
            break
        page.wait_for_timeout(100)


def shelf(page: Page, name: str) -> Any:
    """Rows that the device keeps, without their bytes."""
    return page.evaluate(
        """async (name) => {
          const opened = await new Promise((done) => {
            const asked = indexedDB.open("homethread");
            asked.onsuccess = () => done(asked.result);
          });
          const rows = await new Promise((done) => {
            const asked = opened.transaction(name).objectStore(name).getAll();
            asked.onsuccess = () => done(asked.result);
          });
          opened.close();
          return rows.map((row) => ({ ...row, nonce: null, sealed: null, bytes: row.size ?? row.sealed?.byteLength }));
        }""",
        name,
    )


def arrived(village: Village, whom: Household) -> list[tuple[str, int, int]]:
    """(device's name, length, offset) of what the server has whole of this parent."""
    with village.scene.database.read() as session:
        whole = session.execute(
            select(Upload.client_key, Blob.length_bytes, Upload.offset_bytes)
            .join(Blob, Blob.id == Upload.blob_id)
            .where(Upload.principal == f"person:{whom.parent}", Upload.state == UploadState.COMPLETE)
        )
        return [(row[0], row[1], row[2]) for row in whole]


def under_way(village: Village, whom: Household) -> int:
    """Bytes that the server has of what this parent is still sending."""
    with village.scene.database.read() as session:
        sending = select(Upload.offset_bytes).where(
            Upload.principal == f"person:{whom.parent}", Upload.state == UploadState.OPEN
        )
        return sum(session.scalars(sending))


def fits(page: Page, name: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    for size in (SMALL, PHONE):
        page.set_viewport_size(size)
        page.wait_for_timeout(50)
        shoot(page, f"voice-{name}-{size['width']}")
        assert not page.evaluate(TOO_SMALL, LEAST_PX - 0.5), name


def states(village: Village, whom: Household, end: From) -> list[MessageState]:
    with village.scene.database.read() as session:
        found = select(Message.state).where(Message.family_id == whom.family, Message.from_ == end)
        return list(session.scalars(found.order_by(Message.id)))


def has_tried(item: dict[str, Any]) -> bool:
    return item["tries"] > 0 and bool(item["state"] == "waits")


def hearings(village: Village, *ids: str) -> list[str]:
    with village.scene.database.read() as session:
        return sorted(session.scalars(select(Hearing.message_id).where(Hearing.message_id.in_(ids))))


def lit(page: Page, whom: Household) -> Locator:
    return page.locator(f".window[data-family-id='{whom.family}'][data-lit=true]")


def is_heard(village: Village, whom: Household) -> bool:
    with village.scene.database.read() as session:
        heard = select(Message).where(Message.family_id == whom.family, Message.heard_at.is_not(None))
        return session.scalars(heard).first() is not None
