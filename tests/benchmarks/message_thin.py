"""One minute of speech over a thin link that goes dark in the middle: sent by ours and by tus-js-client, then fetched.

Both clients run in Chromium at the far end of a link of their own, at the same time, against one village that runs.
Each try is a browser's new visit: no connection stands. There is no TLS between the two.
"""

import base64
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserType, Page, Route, sync_playwright
from sqlalchemy import select

from app.factory import static_folder
from app.families import service as families
from app.families.words import ConsentKind
from app.messages.models import Message
from app.messages.words import MessageState
from app.storage.database import Database
from app.storage.migrate import upgrade
from app.web import sessions
from app.web.models import PrincipalKind
from app.web.principals import PERSON, TERMINAL, cookie_name, face_of
from tests.browser.conftest import FLAGS, PHONE
from tests.browser.village import Village, open_village
from tests.groups import ROOT
from tests.scene import Household, at
from tests.thinlink.emulator import Carried, ThinLink, thin_link
from tests.web.waiting import until

KBPS, RTT_MS, LOSS = 32, 500, 0.05
DARK = (8.0, 28.0)  # seconds from "send", in the middle of what a whole one takes
MOST_SECONDS = 300
SENDERS = {"ours": "sendOurs", "theirs": "sendTheirs"}
THEIR_CODE = ROOT / "tests/node_modules/tus-js-client/dist/tus.min.js"


@dataclass(frozen=True)
class Sent:
    """A recording whole at the server, and what it took on the link until then."""

    seconds: float
    breaks: int
    carried: Carried


@dataclass(frozen=True)
class Heard:
    """One recording from "send" until it can be played at the other end."""

    sent: Sent
    look_seconds: float
    fetch_seconds: float
    fetched: Carried


class Sender:
    """A browser at the far end of a thin link to the village."""

    def __init__(self, village: Village, link: ThinLink, browser: Browser) -> None:
        self.village, self.link, self._browser = village, link, browser
        self._host = f"http://{link.near}:{village.port}"

    @contextmanager
    def visit(self, kind: PrincipalKind, whose: Household) -> Iterator[Page]:
        """A blank page of the village's own, with all code that it will need; nothing of that crosses the link."""
        subject, place = (whose.parent, None) if kind is PERSON else (whose.terminal, whose.village)
        with self.village.scene.database.begin() as session:
            code = sessions.issue_code(session, kind, subject, place, "en", self.village.now())
            _device, token = sessions.enter(session, code, self.village.now())
        context = self._browser.new_context(viewport=PHONE)
        context.add_cookies([{"name": cookie_name(face_of(kind)), "value": token, "url": self._host}])
        page = context.new_page()
        page.route("**/*", _answer)
        page.goto(f"{self._host}/blank")
        page.add_script_tag(path=THEIR_CODE)
        page.add_script_tag(path=Path(__file__).with_name("thin_sender.js"))
        page.evaluate("ready()")
        page.unroute("**/*")
        yield page
        context.close()


def _answer(route: Route) -> None:
    name = route.request.url.split("/", 3)[3]
    if name.endswith(".js"):
        route.fulfill(path=static_folder() / name, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


@contextmanager
def senders(folder: Path) -> Iterator[dict[str, Sender]]:
    """One for each client, before the same village."""
    with ExitStack() as stack:
        village = _village(folder)
        stack.callback(village.stop)
        playwright = stack.enter_context(sync_playwright())
        opened = {}
        for name in SENDERS:
            link = stack.enter_context(thin_link(KBPS, KBPS, RTT_MS, LOSS))
            browser = _chromium(playwright.chromium, link, folder / f"{name}.sh", village.port)
            stack.callback(browser.close)
            opened[name] = Sender(village, link, browser)
        yield opened


def _village(folder: Path) -> Village:
    url = f"sqlite:///{folder / 'homethread.sqlite'}"
    database = Database(url)
    upgrade(database)
    database.close()
    village = open_village(folder, url, at(18), HOST="0.0.0.0")
    alice, now = village.scene.alice, village.now()
    with village.scene.database.begin() as session:
        families.give_consent(
            session, child_id=alice.child, contact_id=alice.parent, kind=ConsentKind.MESSAGE,
            given_by=alice.parent, evidence="paper", from_at=now, now=now,
        )  # fmt: skip
    return village


def _chromium(chromium: BrowserType, link: ThinLink, script: Path, port: int) -> Browser:
    path = shutil.which("chromium")
    assert path, "chromium is missing"
    secure = f"--unsafely-treat-insecure-origin-as-secure=http://{link.near}:{port}"  # in a house without TLS
    return chromium.launch(executable_path=link.script(script, path), args=[*FLAGS, secure])


def send(opened: dict[str, Sender], recording: bytes, seed: int) -> dict[str, Sent]:
    """By both at once, each over its own link; both lose by the same lots."""
    with ExitStack() as stack:
        pages = {}
        for name, sender in opened.items():
            page = pages[name] = stack.enter_context(sender.visit(PERSON, sender.village.scene.alice))
            page.evaluate(f"(asked) => {SENDERS[name]}(asked).then((go) => void (window.go = go))", _asked(
                sender, f"{name}-number-{seed}", recording
            ))  # fmt: skip
        for name, page in pages.items():
            opened[name].link.begin(seed, [DARK])
            page.evaluate("() => begin(window.go())")
        return dict(_over(opened, pages))


def _asked(sender: Sender, key: str, recording: bytes) -> dict[str, Any]:
    alice = sender.village.scene.alice
    wished = {
        "family_id": alice.family, "child_id": alice.child, "contact_id": alice.parent, "deliver": "now", "repeat": "",
    }  # fmt: skip
    told = {"owner": alice.parent, "face": face_of(PERSON)}
    return {"key": key, "encoded": base64.b64encode(recording).decode(), "wished": wished, "sender": told}


def _over(opened: dict[str, Sender], pages: dict[str, Page]) -> Iterator[tuple[str, Sent]]:
    deadline, waiting = time.monotonic() + MOST_SECONDS, dict(pages)
    while waiting:
        time.sleep(0.1)
        assert time.monotonic() < deadline, f"{', '.join(waiting)}: not over in {MOST_SECONDS} s"
        for name, page in list(waiting.items()):
            found = page.evaluate("window.asked")
            if found["over"]:
                assert found["error"] is None, (name, found)
                yield name, Sent(found["seconds"], found["breaks"], opened[name].link.carried())
                del waiting[name]


def hear(sender: Sender, sent: Sent, recording: bytes, seed: int) -> Heard:
    """What follows at the other end: the look that the worker takes, and a terminal's fetching by a link as thin."""
    village, alice = sender.village, sender.village.scene.alice
    began = time.monotonic()
    until(lambda: _newest(village).state is MessageState.DUE)
    looked = time.monotonic() - began
    with sender.visit(TERMINAL, alice) as page:
        sender.link.begin(seed)
        asked = json.dumps({"familyId": alice.family, "messageId": _newest(village).id, "face": "terminal"})
        page.evaluate(f"() => begin(fetchIt({asked}))")
        page.wait_for_function("window.asked.over", timeout=MOST_SECONDS * 1000)
        found = page.evaluate("window.asked")
        assert found["error"] is None, found
        assert found["bytes"] == len(recording)
        return Heard(sent, looked, found["seconds"], sender.link.carried())


def _newest(village: Village) -> Message:
    """Of the phone's outbox: it alone says how a message shall be delivered."""
    with village.scene.database.read() as session:
        return session.scalars(select(Message).order_by(Message.sent_at.desc()).limit(1)).one()
