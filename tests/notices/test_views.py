"""The page of simulated phones: there in the demo, open, absent otherwise."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import factory
from app.bootstrap import Services
from app.config import load
from app.families.models import Person
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.kernel.numbers import E164
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import StepClock, plan_one, work_off
from tests.scene import SEALER

STRANGER = E164("+8613900000099")


@pytest.fixture
def phones(tmp_path: Path, clock: StepClock) -> SimulatedPhones:
    return SimulatedPhones(tmp_path / "phones.db", clock)


@pytest.fixture
def services(tmp_path: Path, database: Database, clock: StepClock, phones: SimulatedPhones) -> Services:
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    return Services(
        config, database, clock, sms=(phones,), push=None, handsets=phones, turn=DirectOnly(), sealer=SEALER
    )


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return factory.create(services).app.test_client()


def shown(client: FlaskClient) -> list[dict[str, Any]]:
    answer = client.get("/demo/phones/texts")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()["phones"]
    return found


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
    files = [part.split('"')[0] for part in page.text.split('"/static/')[1:]]
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
    mine, hers = shown(client)
    if mine["names"] != ["Maria"]:
        mine, hers = hers, mine
    assert (mine["number"], mine["language"]) == ("…11", "zh-CN")
    assert [text["at"] for text in mine["texts"]] == ["11-23 14:00", "11-23 14:01"]
    assert mine["texts"][0]["text"].startswith("约好了：")
    assert (hers["names"], hers["texts"]) == (["caregiver"], [])


def test_a_number_that_nobody_here_holds_has_a_phone_too(
    client: FlaskClient, people: People, phones: SimulatedPhones
) -> None:
    phones.send(STRANGER, "booked", {}, "en", "<b>hello</b>", key="k")
    assert [(each["names"], each["texts"][0]["text"]) for each in shown(client) if each["texts"]] == [
        ([], "<b>hello</b>")
    ]
    assert len(shown(client)) == 3
    assert len({each["id"] for each in shown(client)}) == 3


def test_nothing_new_costs_nothing(client: FlaskClient, people: People, phones: SimulatedPhones) -> None:
    first = client.get("/demo/phones/texts")
    again = client.get("/demo/phones/texts", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    phones.send(STRANGER, "booked", {}, "en", "hello", key="k")
    assert client.get("/demo/phones/texts", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("path", ["/demo/phones", "/demo/phones/texts"])
def test_outside_the_demo_it_does_not_exist(services: Services, path: str) -> None:
    client = factory.create(replace(services, handsets=None)).app.test_client()
    assert client.get(path).status_code == 404
