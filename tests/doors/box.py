"""A terminal's browser with its key, as far as the server can tell."""

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.doors import rules
from app.web.models import DeviceSession
from tests.scene import Household
from tests.web.open_house import Badge, Guest, OpenHouse


class Box:
    """A terminal's browser with its key."""

    def __init__(self, house: OpenHouse) -> None:
        self.house, self.guest = house, house.nobody()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.device_code = self.user_code = ""

    @property
    def public_key(self) -> str:
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(self.key.public_key().public_bytes(serialization.Encoding.DER, spki)).decode()

    @property
    def token(self) -> str:
        return self.guest.token("terminal")

    def ask(self) -> "Box":
        told = self.guest.command("/api/pairing", {"public_key": self.public_key}).get_json()
        self.device_code, self.user_code = told["device_code"], told["user_code"]
        assert len(self.user_code) == rules.PAIRING_DIGITS
        return self

    def claim(self, key: str = "claim") -> str:
        answer = self.guest.command("/api/pairing/claim", {"device_code": self.device_code}, key=key)
        return str(answer.get_json().get("state") or answer.get_json()["error"])

    def sees(self) -> TestResponse:
        return self.guest.get("/api/now", Homethread_Face="terminal")

    def signature(self, text: str) -> str:
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()

    def renewal(self, **later: float) -> dict[str, str]:
        """What is sent to renew at this moment, or at one that many seconds, minutes later."""
        device = self.device().id
        at = (self.house.clock.now() + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"at": at, "signature": self.signature(f"homethread-token\n{device}\n{at}")}

    def device(self) -> DeviceSession:
        with self.house.database.read() as session:
            newest = select(DeviceSession).where(DeviceSession.public_key == self.public_key)
            return session.scalars(newest.order_by(DeviceSession.opened_at.desc())).first() or pytest.fail("none")

    def renew(self, body: dict[str, str] | None = None, key: str | None = None) -> TestResponse:
        return self.guest.command("/api/terminal/token", body or self.renewal(), key=key)


def approve(house: OpenHouse, box: Box, whose: Household, desk: Guest | None = None) -> TestResponse:
    told = {"user_code": f"{box.user_code[:4]} {box.user_code[4:]}", "terminal_id": whose.terminal}
    return (desk or house.desk(whose)).command("/api/pairing/approve", told)


def paired(house: OpenHouse) -> Box:
    box = Box(house).ask()
    assert approve(house, box, house.scene.alice).status_code == 200
    assert box.claim() == "paired"
    return box


def copied(box: Box) -> Guest:
    """Another browser with a copy of the box's cookie, and without its key."""
    thief = box.house.nobody()
    thief.keep(Badge("terminal", box.token))
    return thief


def reads(guest: Guest) -> int:
    return guest.get("/api/now", Homethread_Face="terminal").status_code
