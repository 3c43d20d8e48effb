"""The whole web application on a database with the scene in it, and guests who are signed in to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from app import factory
from app.bootstrap import Services, vault
from app.config import load
from app.desk import service as desk
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.storage.database import Database
from app.web import sessions
from app.web.api import KEY_HEADER
from app.web.floor import EXTENSION, Floor
from app.web.models import PrincipalKind
from app.web.principals import COORDINATOR, FACE_HEADER, FACES, PERSON, TERMINAL, cookie_name
from tests.scene import SEALER, Household, set_scene
from tests.services import free_port
from tests.web.waiting import until
from tests.web.wire import Wire

KEYS = (f"key {number}" for number in count(1))


@dataclass(frozen=True)
class Badge:
    """Signed in as somebody: the face, and the token in its cookie."""

    face: str
    token: str

    @property
    def cookie(self) -> str:
        return f"{cookie_name(self.face)}={self.token}"


class OpenHouse:
    """Alice, Bob and Charlie, a coordinator for each village, and every route and event of the web program."""

    def __init__(self, database: Database, folder: Path, **settings: str) -> None:
        self.database, self.scene = database, set_scene(database)
        self.clock = self.scene.clock
        now, villages = self.clock.now(), (self.scene.alice.village, self.scene.charlie.village)
        with database.begin() as session:
            self.coordinators = {
                village: desk.add_coordinator(session, village, f"Desk {number}", "en", now).id
                for number, village in enumerate(villages)
            }
        named = {f"HOMETHREAD_{name.upper()}": value for name, value in settings.items()}
        config = load({"HOMETHREAD_DATA_DIR": str(folder), **named})
        phones = SimulatedPhones(folder / "phones.sqlite", self.clock)
        self.web = factory.create(
            Services(config, database, self.clock, (phones,), None, phones, DirectOnly(), SEALER, vault(config))
        )

    @property
    def version(self) -> str:
        floor = self.web.app.extensions[EXTENSION]
        assert isinstance(floor, Floor)
        return floor.version

    def badge(self, kind: PrincipalKind, subject_id: str, village_id: str | None, language: str = "en") -> Badge:
        with self.database.begin() as session:
            code = sessions.issue_code(session, kind, subject_id, village_id, language, self.clock.now())
            _device, token = sessions.enter(session, code, self.clock.now())
        return Badge(next(face for face, its_kind in FACES.items() if its_kind is kind), token)

    def parent(self, whose: Household, language: str = "en") -> "Guest":
        return Guest(self, self.badge(PERSON, whose.parent, None, language))

    def terminal(self, whose: Household, language: str = "en") -> "Guest":
        return Guest(self, self.badge(TERMINAL, whose.terminal, whose.village, language))

    def desk(self, whose: Household, language: str = "en") -> "Guest":
        return Guest(self, self.badge(COORDINATOR, self.coordinators[whose.village], whose.village, language))

    def nobody(self) -> "Guest":
        return Guest(self, None)

    @contextmanager
    def served(self) -> Iterator[int]:
        """The port of a real server in this process; it is given up when its last socket is gone."""
        server = make_server("127.0.0.1", free_port(), self.web.app, threaded=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.port
            until(lambda: self.web.app.wsgi_app.open == 0)  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Guest:
    """One browser; without a badge it is signed in nowhere."""

    def __init__(self, house: OpenHouse, badge: Badge | None) -> None:
        self.badge, self._client = badge, house.web.app.test_client()
        self._face = {FACE_HEADER: badge.face} if badge else {}
        if badge:
            self.keep(badge)

    def keep(self, badge: Badge) -> None:
        """Keep the cookie of one more face."""
        self._client.set_cookie(cookie_name(badge.face), badge.token)

    def token(self, face: str) -> str:
        """What this browser keeps for a face."""
        kept = self._client.get_cookie(cookie_name(face))
        assert kept is not None
        return kept.value

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        return self._client.open(path, method=method, headers={**self._face, **(headers or {})}, **more)

    def command(self, path: str, body: Any = None, *, key: str | None = None, method: str = "POST") -> TestResponse:
        """A command with a key of its own, or with `key`."""
        headers = {KEY_HEADER: key if key is not None else next(KEYS)}
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        return self.ask(method, path, headers=headers, data=raw)

    def connect(self, port: int) -> Wire:
        assert self.badge
        wire = Wire(port, cookie=self.badge.cookie)
        wire.enter({"face": self.badge.face})
        return wire
