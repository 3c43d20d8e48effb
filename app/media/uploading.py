"""Brings what people said to an answering machine to web, by the resumable upload that browsers use (tus 1.0).

It is tried until web has it or says no for good, over restarts of web and of this program. What web decides by is the
call and the seat; whose they are this program doesn't know.
"""

import asyncio
import base64
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from app.media import recording
from app.media.connection import connector
from app.media.spool import Entry, Spool

log = logging.getLogger(__name__)

ANSWER = aiohttp.ClientTimeout(total=30)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 20.0
ADOPT_SECONDS = 15.0
SHORTEST_SECONDS = 1.0
FINAL = {400, 403, 404, 409, 410, 412, 413, 415, 422}
FULL = {"family_full", "too_many_uploads"}  # may pass
TRIES_WHERE_FULL = 200
TYPE = "application/offset+octet-stream"

Tell = Callable[[dict[str, Any], str, str | None], None]


class Uploads:
    """`on_state(about, state, upload)` hears of each what became of it: `kept` or `lost`."""

    def __init__(
        self, web_url: str, certificate: Path | None, token: Callable[[], str], folder: Path, secret_key: bytes
    ) -> None:
        self._web_url, self._certificate, self._token = web_url, certificate, token
        self.spool = Spool(folder, secret_key)
        self.on_state: Tell = lambda _about, _state, _upload: None
        self._sending: dict[str, asyncio.Task[None]] = {}

    @property
    def waiting(self) -> int:
        return len(self._sending)

    def bring(self, entry: Entry) -> None:
        """Bring a recording that has ended."""
        task = asyncio.ensure_future(self._bring(entry))
        self._sending[entry.id] = task
        task.add_done_callback(lambda _done: self._sending.pop(entry.id, None))

    async def run(self) -> None:
        """Go on with what other programs of this machine left, from time to time, until it is cancelled."""
        try:
            while True:
                for entry in self.spool.adopt():
                    log.info("going on with a recording that another program left")
                    self.bring(entry)
                await asyncio.sleep(ADOPT_SECONDS)
        finally:
            for task in list(self._sending.values()):
                task.cancel()

    async def settle(self, seconds: float) -> None:
        """Wait, not for ever, until all has been brought."""
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=max(0.0, seconds))

    async def _bring(self, entry: Entry) -> None:
        try:
            state, upload = await self._brought(entry)
        except asyncio.CancelledError:
            entry.let_go()
            raise
        except Exception:
            log.exception("a recording is not brought to web; it waits for the next start of a program")
            entry.let_go()
            return
        entry.drop()
        self.on_state(entry.about, state, upload)

    async def _brought(self, entry: Entry) -> tuple[str, str | None]:
        from app.media import ogg  # with what knows Opus, which no program without a recording needs

        packets = recording.unpacked(entry.parts)
        if not packets or recording.seconds_of(packets) < SHORTEST_SECONDS:
            return "lost", None
        body = ogg.written(packets)
        pause, tries = FIRST_PAUSE_SECONDS, 0
        async with aiohttp.ClientSession(connector=connector(self._certificate), timeout=ANSWER) as session:
            while True:
                sent = _Sending(session, self._web_url, self._token, entry, body)
                try:
                    return "kept", await sent.send()
                except NotTaken as refused:
                    tries += refused.code in FULL
                    if refused.is_final and (refused.code not in FULL or tries > TRIES_WHERE_FULL):
                        log.warning("a recording is not taken: %s %s", refused.status, refused.code)
                        return "lost", None
                    log.info("a recording waits: %s %s", refused.status, refused.code)
                except (aiohttp.ClientError, OSError) as away:
                    log.info("a recording waits: %r", away)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)


class NotTaken(Exception):
    """Web's answer to a request, where it isn't the one that was hoped for."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


class _Sending:
    """One try: make the upload, or find it where it was made already, and send what web has not got."""

    def __init__(
        self, session: aiohttp.ClientSession, web_url: str, token: Callable[[], str], entry: Entry, body: bytes
    ) -> None:
        self._session, self._web_url, self._token, self._entry, self._body = session, web_url, token, entry, body

    async def send(self) -> str:
        """The upload's id. Raises NotTaken and what aiohttp raises."""
        made, location = await self._asked("POST", "/uploads", {"Upload-Length": str(len(self._body)), **self._about()})
        offset = made
        while offset < len(self._body):
            try:
                more = {"Upload-Offset": str(offset), "Content-Type": TYPE}
                offset, _ = await self._asked("PATCH", location, more, self._body[offset:])
            except NotTaken as refused:
                if refused.code != "wrong_offset":
                    raise
                offset, _ = await self._asked("HEAD", location, {})
        return location.rpartition("/")[2]

    def _about(self) -> dict[str, str]:
        said = {
            "key": self._entry.id, "filetype": "audio/ogg", "sha256": hashlib.sha256(self._body).hexdigest(),
            "call": self._entry.about["call"], "seat": self._entry.about["seat"],
            "recorded_at": self._entry.about["recorded_at"],
        }  # fmt: skip
        pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
        return {"Upload-Metadata": ",".join(pairs)}

    async def _asked(self, method: str, path: str, more: dict[str, str], body: bytes = b"") -> tuple[int, str]:
        """How far web has it, and where."""
        headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self._token()}", **more}
        async with self._session.request(method, f"{self._web_url}{path}", headers=headers, data=body) as answer:
            if answer.status >= 300:
                raise NotTaken(answer.status, await _code(answer))
            return int(answer.headers.get("Upload-Offset", "0")), answer.headers.get("Location", path)


async def _code(answer: aiohttp.ClientResponse) -> str:
    try:
        told = await answer.json()
    except (aiohttp.ContentTypeError, ValueError):  # of a proxy, or with no body at all
        return ""
    return str(told.get("error", "")) if isinstance(told, dict) else ""
