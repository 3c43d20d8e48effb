"""Every command of a coordinator that touches somebody leaves one entry, with a name a reader knows and no number."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import bootstrap, factory
from app.bootstrap import Services, vault
from app.config import load
from app.desk import audit, service
from app.desk.models import AuditEntry
from app.families.models import Person
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.worker import Worker
from app.notices.models import Delivery
from app.storage.database import Database
from app.web.principals import COORDINATOR
from tests.desk import commands, parent_commands, undo_commands
from tests.desk.commands import NUMBER, OF_A_DRAFT, OF_THE_ASKERS_VILLAGE, OWN, Office
from tests.doors.at_desk import Lee
from tests.scene import NOW, SEALER
from tests.web.open_house import Guest, OpenHouse

COMMANDS = commands.COMMANDS | parent_commands.COMMANDS | undo_commands.COMMANDS


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    house = OpenHouse(database, tmp_path)
    lee = Lee(house, is_operator=True)
    phones = SimulatedPhones(tmp_path / "phones.sqlite", house.clock)
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    services = Services(config, database, house.clock, (phones,), None, phones, DirectOnly(), SEALER, vault(config))
    return Office(house, lee.comes_in(), lee, Worker(database, house.clock, bootstrap.handlers(services)), phones)


def test_every_command_of_a_coordinator_is_asked_here() -> None:
    known = {
        f"{route.method} {route.path}"
        for api in factory.APIS
        for route in api.routes
        if COORDINATOR in route.allowed and route.method != "GET"
    }
    assert known == set(COMMANDS) | OWN | OF_A_DRAFT


def send(office: Office, name: str, by: Guest) -> TestResponse:
    """Set the stage for a command, forget what that left in the audit, and give the command."""
    command, alice = COMMANDS[name], office.house.scene.alice
    before = command.before(office)
    office.forget()
    method, _, path = name.partition(" ")
    known = {"family_id": alice.family, "person_id": alice.parent, "terminal_id": alice.terminal, **before}
    for part, value in known.items():
        path = path.replace(f"<{part}>", value)
    body = command.body(office)
    if isinstance(body, dict):
        body |= {field: value for field, value in before.items() if field in ("code", "user_code")}
    return by.command(f"/api{path}", body, method=method)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_leaves_one_entry(office: Office, name: str) -> None:
    answer = send(office, name, office.desk)
    assert answer.status_code in (200, 201), answer.text
    entries = office.entries()
    (entry,) = [each for each in entries if each.action == COMMANDS[name].action]
    assert tuple(sorted(each.action for each in entries if each is not entry)) == COMMANDS[name].others
    assert (entry.action, entry.coordinator_id, entry.village_id) == (
        COMMANDS[name].action, office.lee.id, office.house.scene.alice.village,
    )  # fmt: skip
    with office.house.database.read() as session:
        numbers = [number for number in session.scalars(select(Person.phone)) if number]
        told = audit.about(session, entry.village_id, entry.subject)
        elsewhere = audit.about(session, office.house.scene.charlie.village, entry.subject)
    assert (told, elsewhere) == (COMMANDS[name].about, None)
    assert not [number for number in [NUMBER, *numbers] if number[-8:] in f"{entry.subject}{entry.detail}"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in OF_THE_ASKERS_VILLAGE])
def test_the_desk_of_the_next_village_finds_nothing_and_leaves_none(office: Office, name: str) -> None:
    assert send(office, name, office.house.desk(office.house.scene.charlie)).status_code == 404
    assert office.entries() == []


def test_the_list_goes_back_page_by_page(office: Office) -> None:
    office.forget()
    alice, charlie = office.house.scene.alice, office.house.scene.charlie
    with office.house.database.begin() as session:
        for number in range(audit.PAGE * 2 + 5):
            moment = NOW + timedelta(minutes=number // 3)  # some share their instant
            service.record(session, office.lee.id, "change_person", f"person:{alice.parent}", {"n": number}, moment)
        other = office.house.coordinators[charlie.village]
        service.record(session, other, "change_person", f"person:{charlie.parent}", {}, NOW)
        hers = session.scalar(select(AuditEntry.id).where(AuditEntry.village_id == charlie.village))
    seen, cursor = [], ""
    for expected in (audit.PAGE, audit.PAGE, 5):
        page = office.desk.get(f"/api/audit{cursor}").get_json()
        assert len(page["entries"]) == expected
        seen += page["entries"]
        cursor = f"?before={page['next']}"
    assert page["next"] is None
    assert len({entry["id"] for entry in seen}) == audit.PAGE * 2 + 5
    assert [entry["at"] for entry in seen] == sorted((entry["at"] for entry in seen), reverse=True)
    assert {entry["about"] for entry in seen} == {"Alice"}
    assert office.desk.get(f"/api/audit?before={hers}").status_code == 404
    assert office.desk.get("/api/audit?before=nothing").status_code == 404
    assert office.desk.get("/api/audit?before=%00").status_code in (404, 422)


def test_an_entry_of_what_is_gone_or_elsewhere_names_nobody(office: Office) -> None:
    charlie = office.house.scene.charlie
    with office.house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0
        for subject in (
            f"person:{charlie.parent}",
            "person:gone",
            "call:gone",
            "notice:gone",
            "weather",
            "upload:u1",
            "",
        ):
            assert audit.about(session, office.house.scene.alice.village, subject) is None
