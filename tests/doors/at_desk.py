"""Coordinators who have a login, and how they come in at the desk."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import pyotp
from werkzeug.test import Client, TestResponse

from app.doors import credentials
from app.web.api import KEY_HEADER
from app.web.principals import FACE_HEADER
from tests.scene import SEALER
from tests.web.open_house import Badge, Guest, OpenHouse

PASSWORD = "seven lamps, one door"
KEYS = (f"try {number}" for number in count(1))


@dataclass
class Lee:
    """A coordinator of Alice's village with a login; a new browser for each visit."""

    house: OpenHouse
    login: str = "lee@redstone.example"
    password: str = PASSWORD
    is_operator: bool = False
    id: str = field(init=False)
    secret: str = field(init=False)

    def __post_init__(self) -> None:
        with self.house.database.begin() as session:
            issued = credentials.add(
                session, SEALER, login=self.login, password=self.password, name="Lee", language="en",
                village_id=self.house.scene.alice.village, is_operator=self.is_operator, now=self.house.clock.now(),
            )  # fmt: skip
        self.id, self.secret = issued.coordinator_id, pyotp.parse_uri(issued.uri).secret

    def code(self, at: datetime | None = None) -> str:
        return pyotp.TOTP(self.secret).at(at or self.house.clock.now())

    def tries(self, **given: str) -> TestResponse:
        """Try to come in; what is not given is right."""
        body = {"login": self.login, "password": self.password, "code": self.code()}
        return knock(self.house, body | {k: v for k, v in given.items() if k in body}, **given)

    def comes_in(self) -> Guest:
        """Come in as the same guest as a browser that was handed the cookie."""
        self.house.clock.step(seconds=30)
        answer = self.tries()
        assert answer.status_code == 200, answer.text
        return holding(self.house, token_in(answer))


def knock(house: OpenHouse, body: dict[str, str], **from_where: str) -> TestResponse:
    client = Client(house.web.app)
    return client.post(
        "/api/sign_in/password", json=body,
        headers={KEY_HEADER: from_where.get("key") or next(KEYS), FACE_HEADER: "desk"},
        environ_overrides={"REMOTE_ADDR": from_where.get("address", "203.0.113.7")},
    )  # fmt: skip


def token_in(answer: TestResponse) -> str:
    named, _, rest = answer.headers["Set-Cookie"].partition("=")
    assert named == "homethread_desk"
    return rest.partition(";")[0]


def holding(house: OpenHouse, token: str) -> Guest:
    return Guest(house, Badge("desk", token))
