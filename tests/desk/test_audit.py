"""Every command of a coordinator that touches somebody leaves one entry, with a name a reader knows and no number."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from app import bootstrap, factory
from app.bootstrap import Services
from app.config import load
from app.desk import audit, service
from app.desk.models import AuditEntry
from app.families.models import Person, PicturePin
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.jobs.worker import Worker
from app.kernel.numbers import E164
from app.notices.models import Delivery
from app.storage.database import Database
from app.web import sessions
from app.web.principals import COORDINATOR, TERMINAL
from tests.desk.conftest import Desk
from tests.desk.test_queries import undelivered
from tests.doors.at_desk import Lee
from tests.doors.box import Box
from tests.families.pictures import bands, packed
from tests.scene import NOW, SEALER, ZONE, at
from tests.web.open_house import Guest, OpenHouse

NUMBER = "+8613912345678"
EVENINGS = {"weekdays": [0], "from_minute": 1080, "until_minute": 1320}
SHIFT = {"kind": "weekly", "occupation": "shift", "detail": EVENINGS}
# They touch nobody but the one who gives them.
OWN = {"POST /sign_out", "POST /devices/<device_id>/end"}
# They name nothing: whoever asks does it to the own village.
OF_THE_ASKERS_VILLAGE = {
    "POST /families", "POST /openings", "POST /closures", "POST /terminals", "POST /village/promise"
}  # fmt: skip


@dataclass
class Office:
    """The desk of Alice's village, whose coordinator is an operator, and a worker that settles what follows."""

    house: OpenHouse
    desk: Guest
    lee: Lee
    worker: Worker
    phones: SimulatedPhones

    def settle(self) -> None:
        while self.worker.run_due(Lane.STEP) + self.worker.run_due(Lane.ERRAND):
            pass

    def entries(self) -> list[AuditEntry]:
        self.settle()
        with self.house.database.read() as session:
            return list(session.scalars(select(AuditEntry)).all())

    def forget(self) -> None:
        """What was done to set the stage is not what is asked."""
        self.settle()
        with self.house.database.begin() as session:
            session.execute(delete(AuditEntry))

    def made(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.desk.command(path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.get_json()


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    house = OpenHouse(database, tmp_path)
    lee = Lee(house, is_operator=True)
    phones = SimulatedPhones(tmp_path / "phones.sqlite", house.clock)
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    services = Services(config, database, house.clock, phones, phones, DirectOnly(), SEALER)
    return Office(house, lee.comes_in(), lee, Worker(database, house.clock, bootstrap.handlers(services)), phones)


def pair(office: Office, **more: Any) -> dict[str, Any]:
    return {"child_id": office.house.scene.alice.child, "contact_id": office.house.scene.alice.parent, **more}


def consent(office: Office) -> dict[str, Any]:
    return pair(office, kind="message", given_by=office.house.scene.alice.parent, evidence="paper")


def somebody(role: str = "caregiver") -> dict[str, str]:
    return {"name": "Uncle", "role": role, "zone": ZONE, "language": "en"}


def closure() -> dict[str, Any]:
    return {"starts_at": at(19).isoformat(), "ends_at": at(21).isoformat(), "reason": "flood"}


def booking(office: Office) -> dict[str, Any]:
    alice = office.house.scene.alice
    return {"child_id": alice.child, "parent_id": alice.parent, "starts_at": at(20).isoformat()}


def booked(office: Office) -> dict[str, str]:
    return {"call_id": office.house.scene.book(office.house.scene.alice, at(20))}


def sundays(office: Office) -> dict[str, Any]:
    alice = office.house.scene.alice
    pair = {"child_id": alice.child, "parent_id": alice.parent}
    return {**pair, "starts_on": "2026-11-29", "starts_minute": 1200, "rule": "FREQ=WEEKLY"}


def with_series(office: Office) -> dict[str, str]:
    return {"series_id": office.made("/api/series", sundays(office))["id"]}


def with_terminal(office: Office) -> dict[str, str]:
    alice, now = office.house.scene.alice, office.house.clock.now()
    office.house.terminal(alice)
    with office.house.database.begin() as session:
        (device,) = sessions.devices_of(session, TERMINAL, alice.terminal, now)
        sessions.beat(session, device.id, "home", True, now)
    return {}


def dead(office: Office) -> dict[str, str]:
    subject = f"call:{booked(office)['call_id']}"
    with office.house.database.begin() as session:
        row = session.scalars(select(DueRow).where(DueRow.subject == subject)).first()
        assert row
        row.state = DueState.DEAD
        return {"row_id": row.id}


def undelivered_text(office: Office) -> dict[str, str]:
    desk = Desk(office.house.scene, None, None)  # type: ignore[arg-type]
    return {"delivery_id": undelivered(desk, office.house.scene.alice)}


def asked_number(office: Office) -> dict[str, str]:
    alice = office.house.scene.alice
    office.made(f"/api/persons/{alice.parent}/number", {"number": NUMBER})
    office.settle()
    text = office.phones.texts(E164(NUMBER))[-1].text
    return {"code": "".join(c for c in text.partition("10")[0] if c.isdigit())[-6:]}


def with_pin(office: Office) -> dict[str, str]:
    with office.house.database.begin() as session:
        family = office.house.scene.alice.family
        session.add(PicturePin(family_id=family, pin_hash="x", set_at=NOW, tries=9, blocked_at=NOW))
    return {}


def waiting_box(office: Office) -> dict[str, str]:
    return {"user_code": Box(office.house).ask().user_code}


def invited(office: Office) -> dict[str, str]:
    body = {"person_id": office.house.scene.alice.parent, "channel": "card"}
    return {"invitation_id": office.made("/api/invitations", body)["id"]}


@dataclass(frozen=True)
class Command:
    """What is sent, what must be there before, and the entry that must be there afterwards."""

    action: str
    about: str | None
    body: Callable[[Office], Any] = lambda _office: {}
    before: Callable[[Office], dict[str, str]] = lambda _office: {}


def with_hours(office: Office) -> dict[str, str]:
    path = f"/api/persons/{office.house.scene.alice.parent}/availability"
    return {"pattern_id": office.made(path, SHIFT)["patterns"][0]["id"]}


PAIR = "Child of Alice – Alice"
COMMANDS: dict[str, Command] = {
    "POST /availability/<pattern_id>/end": Command("end_hours", "Alice", before=with_hours),
    "POST /calls": Command("book", PAIR, booking),
    "POST /calls/now": Command(
        "book", PAIR, lambda o: {"child_id": o.house.scene.alice.child, "minutes": 15}, with_terminal
    ),
    "POST /calls/<call_id>/cancel": Command("cancel", PAIR, lambda _: {"reason": "weather"}, booked),
    "POST /calls/<call_id>/move": Command("move", PAIR, lambda _: {"starts_at": at(21).isoformat()}, booked),
    "POST /closures": Command("add_closure", "Redstone", lambda _: closure()),
    "POST /closures/<closure_id>/lift": Command(
        "lift_closure", "Redstone", before=lambda o: {"closure_id": o.made("/api/closures", closure())["id"]}
    ),
    "POST /consents": Command("give_consent", PAIR, consent),
    "POST /consents/<consent_id>/revoke": Command(
        "revoke_consent", PAIR, before=lambda o: {"consent_id": o.made("/api/consents", consent(o))["id"]}
    ),
    "POST /dead/<row_id>/revive": Command("revive", PAIR, before=dead),
    "POST /deliveries/<delivery_id>/send_again": Command("send_again", "Alice", before=undelivered_text),
    "POST /desk/village": Command(
        "look_at_village", "Redstone", lambda o: {"village_id": o.house.scene.alice.village}
    ),
    "POST /families": Command(
        "enrol", "Wang", lambda _: {"name": "Wang", "emblem": "boat", "persons": [somebody("child")]}
    ),
    "POST /families/<family_id>/members": Command("add_member", "Uncle", lambda _: somebody()),
    "POST /families/<family_id>/members/<person_id>/end": Command(
        "end_member", "Granny of Alice", lambda _: {"role": "caregiver"},
        lambda o: {"person_id": o.house.scene.alice.caregiver},
    ),
    "POST /families/<family_id>/photos/<person_id>": Command("set_photo", "Alice", lambda _: packed(bands(), "JPEG")),
    "DELETE /families/<family_id>/pin": Command("clear_pin", "Alice", before=with_pin),
    "POST /families/<family_id>/pin/unblock": Command("unblock_pin", "Alice", before=with_pin),
    "POST /invitations": Command(
        "invite", "Alice", lambda o: {"person_id": o.house.scene.alice.parent, "channel": "card"}
    ),
    "POST /invitations/<invitation_id>/revoke": Command("revoke_invitation", "Alice", before=invited),
    "POST /no_contacts": Command("set_no_contact", PAIR, lambda o: pair(o, reason="court")),
    "POST /no_contacts/<no_contact_id>/lift": Command(
        "lift_no_contact", PAIR,
        before=lambda o: {"no_contact_id": o.made("/api/no_contacts", pair(o, reason="court"))["id"]},
    ),
    "POST /openings": Command("set_openings", "Redstone", lambda _: {"openings": []}),
    "POST /pairing/approve": Command(
        "pair", "Redstone office", lambda o: {"terminal_id": o.house.scene.alice.terminal}, waiting_box
    ),
    "PATCH /persons/<person_id>": Command("change_person", "Alicia", lambda _: {"name": "Alicia"}),
    "POST /persons/<person_id>/availability": Command("say_hours", "Alice", lambda _: SHIFT),
    "POST /persons/<person_id>/number": Command("send_number_code", "Alice", lambda _: {"number": NUMBER}),
    "POST /persons/<person_id>/number/confirm": Command("confirm_number", "Alice", before=asked_number),
    "POST /persons/<person_id>/number/show": Command("show_number", "Alice"),
    "POST /persons/<person_id>/swap": Command("swap_shift", "Alice", lambda _: {"day": "2026-11-24", "shift": "off"}),
    "POST /series": Command("book_series", PAIR, sundays),
    "POST /series/<series_id>/change": Command("change_series", PAIR, lambda _: {"minutes": 30}, with_series),
    "POST /series/<series_id>/end": Command("end_series", PAIR, lambda _: {"reason": "sick"}, with_series),
    "POST /terminals": Command("add_terminal", "School", lambda _: {"name": "School"}),
    "POST /terminals/<terminal_id>/retire": Command("retire", "Redstone office"),
    "POST /terminals/<terminal_id>/revoke": Command("revoke", "Redstone office"),
    "POST /village/promise": Command("set_promise", "Redstone", lambda _: {"days": 10}),
}  # fmt: skip


def test_every_command_of_a_coordinator_is_asked_here() -> None:
    commands = {
        f"{route.method} {route.path}"
        for api in factory.APIS
        for route in api.routes
        if COORDINATOR in route.allowed and route.method != "GET"
    }
    assert commands == set(COMMANDS) | OWN


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
    (entry,) = office.entries()
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
