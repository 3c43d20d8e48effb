"""The page of simulated phones: there in the demo, open to look at and to type on, absent otherwise."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import factory
from app.bootstrap import Services, vault
from app.config import load
from app.families.models import Person
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.kernel.numbers import E164
from app.notices.handsets import LONGEST_TYPED
from app.notices.handsets import STRANGER as UNKNOWN
from app.storage.database import Database
from tests.notices.conftest import People, settle
from tests.notices.stage import StepClock, plan_one, work_off
from tests.scene import SEALER

PARENT, STRANGER = E164("+8613800000011"), E164("+8613900000099")


@pytest.fixture
def phones(tmp_path: Path, clock: StepClock) -> SimulatedPhones:
    return SimulatedPhones(tmp_path / "phones.db", clock)


@pytest.fixture
def services(tmp_path: Path, database: Database, clock: StepClock, phones: SimulatedPhones) -> Services:
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    return Services(
        config,
        database,
        clock,
        sms=(phones,),
        push=None,
        handsets=phones,
        turn=DirectOnly(),
        sealer=SEALER,
        vault=vault(config),
    )


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return factory.create(services).app.test_client()


def shown(client: FlaskClient) -> list[dict[str, Any]]:
    answer = client.get("/demo/phones/texts")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()["phones"]
    return found


def of(client: FlaskClient, name: str) -> dict[str, Any]:
    """The phone of whoever is called so, and its texts."""
    phone = next(each for each in shown(client) if name in each["names"])
    return phone | {"texts": client.get(f"/demo/phones/texts?of={phone['id']}").get_json()["texts"]}


def write(client: FlaskClient, body: object, key: str = "k", **headers: str) -> TestResponse:
    return client.post("/demo/phones/texts", json=body, headers={"Idempotency-Key": key, **headers})


def test_the_page_needs_no_sign_in_and_is_in_the_browsers_language(client: FlaskClient) -> None:
    for language, title in (("zh-CN", "大家手里的普通手机"), ("en-GB", "The phones that people hold")):
        page = client.get("/demo/phones", headers={"Accept-Language": language})
        assert page.status_code == 200
        assert page.mimetype == "text/html"
        assert title in page.text


def test_the_page_keeps_to_the_policy_and_its_files_are_there(client: FlaskClient) -> None:
    page = client.get("/demo/phones")
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text
    assert "<script>" not in page.text
    files = [part.split('"')[0] for part in page.text.split('"/static/')[1:] if "." in part.split('"')[0]]
    assert len(files) == 4
    for file in files:
        assert client.get(f"/static/{file}").headers["Cache-Control"].endswith("immutable"), file


def test_each_phone_shows_its_texts_newest_last_in_its_holders_zone(
    client: FlaskClient, database: Database, people: People, phones: SimulatedPhones, clock: StepClock
) -> None:
    with database.begin() as session:
        session.get_one(Person, people.parent).zone = "Asia/Dubai"
        session.get_one(Person, people.parent).name = "Maria Fernanda Xu"
    plan_one(database, people.parent, "first")
    plan_one(database, people.parent, "second", "cancelled", clock.now() + timedelta(minutes=1))
    work_off(database, clock, phones)
    mine = of(client, "Maria Fernanda Xu")
    assert (mine["number"], mine["language"], mine["role"], mine["family"]) == ("…11", "zh-CN", "parent", "王")
    assert [text["at"] for text in mine["texts"]] == ["11-23 14:00", "11-23 14:01"]
    assert mine["texts"][0]["text"].startswith("【家线】约好了：")
    assert (mine["count"], mine["newest"]) == (2, mine["texts"][-1])


def test_everybody_with_a_number_has_a_phone_before_the_first_text_and_so_has_a_stranger(
    client: FlaskClient, database: Database, people: People
) -> None:
    others = settle(database, "2")
    with database.begin() as session:
        session.get_one(Person, others.caregiver).phone = "+8613800000012"
    found = shown(client)
    assert [(each["names"], each["role"], each["is_stranger"]) for each in found] == [
        (["parent 1"], "parent", False),
        (["caregiver 1", "caregiver 2"], "caregiver", False),
        (["parent 2"], "parent", False),
        ([], None, True),
    ]
    assert {(each["count"], each["newest"]) for each in found} == {(0, None)}


def test_a_number_that_nobody_here_holds_has_a_phone_too(
    client: FlaskClient, people: People, phones: SimulatedPhones
) -> None:
    phones.send(STRANGER, "booked", {}, "en", "<b>hello</b>", key="k")
    assert [(each["names"], each["newest"]["text"]) for each in shown(client) if each["newest"]] == [
        ([], "<b>hello</b>")
    ]
    assert len({each["id"] for each in shown(client)}) == 4


def test_nothing_new_costs_nothing(client: FlaskClient, people: People, phones: SimulatedPhones) -> None:
    first = client.get("/demo/phones/texts")
    again = client.get("/demo/phones/texts", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    phones.send(STRANGER, "booked", {}, "en", "hello", key="k")
    assert client.get("/demo/phones/texts", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("text", ["2", "好的，明天见🦊", "x" * LONGEST_TYPED, "<b>1</b>"])
def test_what_is_typed_leaves_that_phone_once(
    client: FlaskClient, people: People, phones: SimulatedPhones, text: str
) -> None:
    phone = of(client, "parent 1")
    for _try in range(2):
        assert write(client, {"id": phone["id"], "text": text}).status_code == 201
    assert [(each.text, each.is_own) for each in phones.texts(PARENT)] == [(text, True)]
    assert [(each["text"], each["is_own"]) for each in of(client, "parent 1")["texts"]] == [(text, True)]


def test_the_same_key_on_two_phones_means_two_texts(
    client: FlaskClient, people: People, phones: SimulatedPhones
) -> None:
    for phone in shown(client):
        assert write(client, {"id": phone["id"], "text": "1"}).status_code == 201
    assert [count for count, _newest in phones.states().values()] == [1, 1, 1]
    assert UNKNOWN in phones.states()


@pytest.mark.parametrize(
    "more",
    [
        {"text": ""}, {"text": "x" * (LONGEST_TYPED + 1)}, {"text": 2}, {"text": None}, {"text": "\0"}, {"by": "x"},
        {"id": "x" * 17}, {"id": 1},
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused(
    client: FlaskClient, people: People, phones: SimulatedPhones, more: dict[str, object]
) -> None:
    phone = of(client, "parent 1")
    answer = write(client, {"id": phone["id"], "text": "2"} | more)
    assert (answer.status_code, answer.get_json()["error"]) == (422, "not_understood")
    assert phones.states() == {}


@pytest.mark.parametrize("sent", [b"", b"2", b"{", b"\xff", b"[]", b'{"id": "' + b"9" * 70_000 + b'"}'])
def test_nonsense_is_refused(client: FlaskClient, people: People, sent: bytes) -> None:
    answer = client.post("/demo/phones/texts", data=sent, headers={"Idempotency-Key": "k"})
    assert answer.status_code in (413, 422)


def test_no_key_no_phone_and_another_sites_page(client: FlaskClient, people: People, phones: SimulatedPhones) -> None:
    body = {"id": of(client, "parent 1")["id"], "text": "2"}
    assert write(client, body, key="").status_code == 422
    assert write(client, body | {"id": "0123456789ab"}).status_code == 404
    assert client.get("/demo/phones/texts?of=0123456789ab").status_code == 404
    assert write(client, body, Origin="http://elsewhere.example").status_code == 403
    assert phones.states() == {}


def test_nobody_fills_the_file_with_texts(client: FlaskClient, people: People, phones: SimulatedPhones) -> None:
    body = {"id": of(client, "parent 1")["id"], "text": "2"}
    statuses = {write(client, body, key=str(turn)).status_code for turn in range(70)}
    assert statuses == {201, 429}
    assert phones.states()[PARENT][0] == 60


@pytest.mark.parametrize("path", ["/demo/phones", "/demo/phones/texts"])
def test_outside_the_demo_it_does_not_exist(services: Services, path: str) -> None:
    client = factory.create(replace(services, handsets=None)).app.test_client()
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
