"""The vendors' door: who is heard, how much, and that nothing which comes in by it is ever a fault of ours."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import factory
from app.bootstrap import Services, vault
from app.config import load
from app.gateways.direct_only import DirectOnly
from app.kernel.numbers import E164
from app.notices.ports import Accepted, Arrivals, BadHook, BadSignature, HookRequest, Inbound
from app.sms import hooks
from app.sms.models import TextIn
from app.storage.database import Database
from tests.scene import SEALER, StepClock
from tests.sms.stage import ALICE


@dataclass(frozen=True)
class Vendor:
    """A gateway whose vendor calls with JSON: a list of [ref, sender, text]."""

    name: str
    signs: bool
    can_receive: bool = True
    templates_only: bool = False
    receipts: bool = True
    can_query: bool = False
    max_segments: int = 3
    signature: str = ""

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        raise AssertionError("nothing is sent here")

    def query(self, key: str) -> Accepted | None:
        raise AssertionError("nobody is asked here")

    def probe(self) -> None: ...

    def hook(self, request: HookRequest, now: datetime) -> Arrivals:
        if self.signs and request.headers.get("x-signature") != request.url:
            raise BadSignature("not signed")
        if request.query == b"bug":
            raise RuntimeError("a fault of the reader's own")
        try:
            said = json.loads(request.query or request.body)
        except ValueError as wrong:
            raise BadHook("no JSON") from wrong
        texts = [Inbound(ref, sender, text, now) for ref, sender, text in said]
        return Arrivals(texts=texts, answer="<ok/>", mime="text/xml")


class House:
    """A web program with one vendor that signs and one that doesn't."""

    def __init__(self, database: Database, folder: Path, **settings: str) -> None:
        self.database, self.config = database, load({"HOMETHREAD_DATA_DIR": str(folder), **settings})
        self.gateways = (Vendor("signing", signs=True), Vendor("plain", signs=False))
        self.services = Services(
            self.config, database, StepClock(), self.gateways, None, None, DirectOnly(), SEALER, vault(self.config)
        )  # fmt: skip
        self.client = factory.create(self.services).app.test_client()

    def path(self, gateway: str) -> str:
        return f"/hooks/{gateway}/{hooks.secret(SEALER, gateway)}"

    def call(
        self, path: str, body: bytes = b"[]", *, query: str = "", method: str = "POST", address: str = "127.0.0.1",
        **headers: str,
    ) -> TestResponse:  # fmt: skip
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            path, method=method, data=body, query_string=query, headers=named, environ_base={"REMOTE_ADDR": address}
        )

    def signed(self, body: bytes, address: str = "203.0.113.9", **more: str) -> TestResponse:
        path = self.path("signing")
        return self.call(path, body, address=address, X_Signature=f"{self.config.public_url}{path}", **more)

    def texts(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(TextIn)) or 0


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


TEXT = json.dumps([["7", ALICE, "1"]]).encode()


def test_a_vendor_of_this_machine_is_heard_and_answered_as_it_wants(house: House) -> None:
    answer = house.call(house.path("plain"), TEXT)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "<ok/>", "text/xml")
    assert house.texts() == 1


def test_it_may_come_by_get_and_come_again(house: House) -> None:
    for _time in range(2):
        answer = house.call(house.path("plain"), b"", query=TEXT.decode(), method="GET")
        assert answer.status_code == 200
    assert house.texts() == 1


@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.2", "2001:db8::1", "::ffff:203.0.113.9", ""])
def test_who_does_not_sign_is_heard_from_this_machine_alone(house: House, address: str) -> None:
    assert house.call(house.path("plain"), TEXT, address=address).status_code == 404
    assert house.texts() == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_several_addresses(house: House, address: str) -> None:
    assert house.call(house.path("plain"), TEXT, address=address).status_code == 200


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "X_Real_Ip"])
def test_a_proxy_that_nobody_told_us_of_is_not_this_machine(house: House, header: str) -> None:
    assert house.call(house.path("plain"), TEXT, **{header: "203.0.113.9"}).status_code == 404


def test_a_proxy_of_ours_says_who_calls(database: Database, tmp_path: Path) -> None:
    house = House(database, tmp_path, HOMETHREAD_PROXIES="1")
    assert house.call(house.path("plain"), TEXT, X_Forwarded_For="203.0.113.9").status_code == 404
    assert house.call(house.path("plain"), TEXT, X_Forwarded_For="203.0.113.9, 127.0.0.1").status_code == 200
    assert house.call(house.path("plain"), TEXT).status_code == 200


def test_who_signs_is_heard_from_anywhere_and_who_does_not_is_not(house: House) -> None:
    assert house.signed(TEXT).status_code == 200
    forged = house.call(house.path("signing"), TEXT, X_Signature="forged")
    assert (forged.status_code, forged.get_json()["error"]) == (403, "not_allowed")
    assert house.texts() == 1


def test_a_wrong_secret_or_gateway_is_not_there(house: House) -> None:
    right = house.path("plain")
    for path in (
        right[:-1], right + "0", right.upper(), right.replace("plain", "signing"), right.replace("plain", "other"),
        "/hooks/plain/", "/hooks/plain", "/hooks/plain/%00", "/hooks/plain/%ff%fe", "/hooks/plain/好", "/hooks/%00/x",
    ):  # fmt: skip
        assert house.call(path, TEXT).status_code == 404, path
    assert house.texts() == 0


def test_what_is_no_call_of_the_vendor_is_a_bad_request(house: House) -> None:
    for body in (b"", b"{", b"\x00" * 50, b"\xff\xfe", b'[["too", "few"]]', b"3", b"{}x"):
        answer = house.call(house.path("plain"), body)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "not_understood"), body
    assert house.call(house.path("plain"), b"", query="bug", method="GET").status_code == 400
    assert house.texts() == 0


def test_an_enormous_call_is_too_large(house: House) -> None:
    enough = json.dumps([["8", ALICE, "a" * 200_000]]).encode()
    assert house.call(house.path("plain"), enough).status_code == 200
    for size in (256 * 1024 + 1, 5_000_000):
        answer = house.call(house.path("plain"), b"a" * size)
        assert (answer.status_code, answer.get_json()["error"]) == (413, "too_large")
    assert house.call(house.path("plain"), b"", query="a" * 300_000, method="GET").status_code == 413


def test_other_methods_are_not_taken(house: House) -> None:
    assert {house.call(house.path("plain"), TEXT, method=method).status_code for method in ("PUT", "DELETE")} == {405}


def test_the_addresses_for_the_vendors_are_the_ones_that_are_heard(house: House) -> None:
    """A program of this machine calls past the proxy, which would hide that it is one."""
    addresses = hooks.addresses(house.gateways, SEALER, "https://calls.example.org", "http://127.0.0.1:8080")
    assert addresses == {
        "signing": f"https://calls.example.org{house.path('signing')}",
        "plain": f"http://127.0.0.1:8080{house.path('plain')}",
    }
    assert len({hooks.secret(SEALER, name) for name in ("plain", "signing", "Plain")}) == 3


def test_a_database_that_is_away_is_for_the_vendor_to_try_again(house: House, tmp_path: Path) -> None:
    gone = Database(f"sqlite:///{tmp_path}/nowhere/nothing.db")
    away = replace(house.services, database=gone)
    client = factory.create(away).app.test_client()
    answer = client.post(house.path("plain"), data=TEXT)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    gone.close()
