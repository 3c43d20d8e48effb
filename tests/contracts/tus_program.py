"""The real web program on a database with families in it, killed and started again; and what an upload became there."""

import copy
import hashlib
import http.client
import os
import signal
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from app.bootstrap import vault
from app.config import load
from app.messages.models import Blob, Message, Upload
from app.messages.vault import Place, Vault
from app.messages.words import UploadState
from app.storage.database import Database
from app.web.principals import FACE_HEADER
from tests.browser.nursery import nursery
from tests.commands.test_demo import environment
from tests.messages.conftest import allow_messages
from tests.services.ports import free_port
from tests.web.open_house import Badge, OpenHouse
from tests.web.waiting import until


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def offset(self) -> int:
        return int(self.headers["Upload-Offset"])


class TusProgram:
    """Its clock stands where the families' does and goes on from there; `step` sets it forward."""

    def __init__(self, url: str, folder: Path) -> None:
        self.house = OpenHouse(Database(url), folder)
        allow_messages(self.house, self.house.scene.alice)
        self.port, self.whose = free_port(), self.house.scene.alice
        self.badge: Badge = self.house.parent(self.whose).badge  # type: ignore[assignment]
        self._vault: Vault = vault(load({"HOMETHREAD_DATA_DIR": str(folder)}))
        self._clock, self._ahead = folder / "clock", (self.house.clock.now() - datetime.now(UTC)).total_seconds()
        self._environment = environment(
            DATA_DIR=str(folder), DATABASE_URL=url, PORT=str(self.port), LOG_LEVEL="warning"
        )  # fmt: skip
        self.step(0)
        self.start()

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self.badge.cookie, FACE_HEADER: self.badge.face}

    @property
    def pid(self) -> int:
        """Of the program, and of the group of its processes."""
        return self._program.pid

    def start(self) -> None:
        log = self._clock.with_name(f"web-{self.port}.log")
        self._program = nursery().start("web", self._clock, log, self._environment)
        until(self._answers)

    def beside(self) -> "TusProgram":
        """One more, on the same database and the same store."""
        other = copy.copy(self)
        other.port = free_port()
        other._environment = self._environment | {"HOMETHREAD_PORT": str(other.port)}
        other.start()
        return other

    def kill(self) -> None:
        os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()

    def stop(self) -> None:
        self.kill()
        self.house.database.close()

    def step(self, seconds: float) -> None:
        self._ahead += seconds
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(str(self._ahead))
        fresh.replace(self._clock)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            more = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, body, {"Tus-Resumable": "1.0.0", **self.headers, **more})
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            line.close()

    def digest(self, upload_url: str) -> str:
        """SHA-256 of what is kept of a whole upload, read as a player would."""
        upload_id = upload_url.rsplit("/", 1)[1]
        with self.house.database.read() as session:
            upload = session.get_one(Upload, upload_id)
            assert upload.state is UploadState.COMPLETE
            assert upload.blob_id
            blob = session.get_one(Blob, upload.blob_id)
            place = Place(blob.id, self._vault.key_of(session, upload.family_id), blob.length_bytes)
        return hashlib.sha256(b"".join(self._vault.read(place))).hexdigest()

    def messages_of(self, upload_url: str) -> int:
        with self.house.database.read() as session:
            return len(session.scalars(select(Message).where(Message.upload_id == upload_url.rsplit("/", 1)[1])).all())

    def state(self, upload_url: str) -> UploadState:
        with self.house.database.read() as session:
            return session.get_one(Upload, upload_url.rsplit("/", 1)[1]).state

    def uploads(self) -> int:
        with self.house.database.read() as session:
            return len(session.scalars(select(Upload.id)).all())

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
