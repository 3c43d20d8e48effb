"""A small web application with some routes of one slice, on a real database, and browsers that are signed in to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.storage.database import Database
from app.web import errors, security, sessions
from app.web.api import KEY_HEADER, Api
from app.web.floor import EXTENSION, Floor
from app.web.models import PrincipalKind
from app.web.principals import FACES, cookie_name
from tests.scene import SEALER


@dataclass
class SteppedClock:
    at: datetime

    def now(self) -> datetime:
        return self.at


class Door:
    """`at` is what the clock shows to whoever comes in."""

    def __init__(self, database: Database, now: datetime, *apis: Api) -> None:
        self.database, self.clock = database, SteppedClock(now)
        self.app = Flask("door")
        self.app.extensions[EXTENSION] = Floor(database, self.clock, "http://localhost", "test", 10, None, SEALER)
        errors.register(self.app)
        security.register(self.app)
        for api in apis:
            self.app.register_blueprint(api.blueprint)

    def browser(self, kind: PrincipalKind, subject_id: str, village_id: str | None = None) -> "Browser":
        with self.database.begin() as session:
            code = sessions.issue_code(session, kind, subject_id, village_id, "en", self.clock.at)
            _device, token = sessions.enter(session, code, self.clock.at)
        face = next(face for face, its_kind in FACES.items() if its_kind is kind)
        return Browser(self.app, {cookie_name(face): token})


class Browser:
    """One browser of one device; without cookies it is a stranger's."""

    def __init__(self, app: Flask, cookies: dict[str, str]) -> None:
        self._client = app.test_client()
        for name, value in cookies.items():
            self._client.set_cookie(name, value)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body: bytes, key: str | None, **more: Any) -> TestResponse:
        headers = {KEY_HEADER: key} if key is not None else {}
        return self._client.post(path, data=body, headers=headers, **more)
