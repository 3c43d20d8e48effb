"""A family's texts: who reads them, when they count as heard, and what consent and bans leave of them."""

from pathlib import Path
from typing import Any

import pytest

from app.families import service as families
from app.families.models import Consent, NoContact
from app.families.words import ConsentKind
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.storage.database import Database, new_id
from tests.families.test_pins import RIGHT, set_pin, visit
from tests.scene import Household
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


def write(house: OpenHouse, whose: Household, writer: str, text: str, outcome: Outcome = Outcome.MESSAGE) -> str:
    with house.database.begin() as session:
        now, made = house.clock.step(minutes=1), new_id(session)
        session.add(
            TextIn(
                id=made, gateway="simulated", ref=made, sender="+8613800000011", number="+8613800000011", text=text,
                sent_at=now, at=now, outcome=outcome, person_id=writer, family_id=whose.family,
            )
        )  # fmt: skip
    return made


def allow(house: OpenHouse, whose: Household) -> Consent:
    now = house.clock.now()
    with house.database.begin() as session:
        return families.give_consent(
            session, child_id=whose.child, contact_id=whose.parent, kind=ConsentKind.MESSAGE, given_by=whose.parent,
            evidence="paper", from_at=now, now=now,
        )  # fmt: skip


def ban(house: OpenHouse, whose: Household) -> NoContact:
    with house.database.begin() as session:
        return families.set_no_contact(
            session, child_id=whose.child, contact_id=whose.parent, reason="court", now=house.clock.now()
        )  # fmt: skip


def read(guest: Guest, whose: Household) -> list[str]:
    return [text["text"] for text in guest.get(f"/api/families/{whose.family}/texts").get_json()["texts"]]


def waiting(house: OpenHouse, whose: Household) -> int:
    shown: list[dict[str, Any]] = house.terminal(whose).get("/api/now").get_json()["families"]
    count: int = next(family for family in shown if family["id"] == whose.family)["texts_waiting"]
    return count


def test_a_text_is_shown_with_its_writer_and_the_language_to_read_it_in(house: OpenHouse) -> None:
    alice = house.scene.alice
    allow(house, alice)
    first = write(house, alice, alice.parent, "小荷，妈妈想你")
    write(house, alice, alice.caregiver, "She is well")
    shown = house.terminal(alice).get(f"/api/families/{alice.family}/texts").get_json()["texts"]
    assert shown[0] == {
        "id": first, "from_person": alice.parent, "name": "Alice", "photo_id": None, "text": "小荷，妈妈想你",
        "language": "zh-CN", "at": "2026-11-23T10:01:00Z", "heard_at": None,
    }  # fmt: skip
    assert [text["language"] for text in shown] == ["zh-CN", "en"]


def test_its_own_people_its_terminal_and_its_desk_read_it_and_nobody_else(house: OpenHouse) -> None:
    alice, bob, charlie = house.scene.alice, house.scene.bob, house.scene.charlie
    write(house, alice, alice.caregiver, "Hello")
    for guest in (house.parent(alice), house.terminal(alice), house.desk(alice)):
        assert read(guest, alice) == ["Hello"]
    for guest in (house.parent(bob), house.terminal(charlie), house.desk(charlie)):
        assert guest.get(f"/api/families/{alice.family}/texts").status_code == 404


def test_a_terminal_is_told_how_many_wait_until_they_are_heard(house: OpenHouse) -> None:
    alice = house.scene.alice
    ids = [write(house, alice, alice.caregiver, text) for text in ("One", "Two", "Three")]
    terminal = house.terminal(alice)
    assert (waiting(house, alice), waiting(house, house.scene.bob)) == (3, 0)
    now = house.clock.step(minutes=5)
    heard = terminal.command(f"/api/families/{alice.family}/texts/heard", {"ids": ids[:2]}).get_json()["texts"]
    assert [text["heard_at"] is not None for text in heard] == [True, True, False]
    assert waiting(house, alice) == 1
    house.clock.step(minutes=5)
    again = terminal.command(f"/api/families/{alice.family}/texts/heard", {"ids": ids}).get_json()["texts"]
    assert again[0]["heard_at"] == f"{now:%Y-%m-%dT%H:%M:%SZ}", "the first time counts"
    assert waiting(house, alice) == 0


def test_nothing_of_another_family_and_no_command_can_be_heard(house: OpenHouse) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    his = write(house, bob, bob.caregiver, "Hello")
    command = write(house, alice, alice.caregiver, "1", Outcome.CONFIRMED)
    terminal = house.terminal(alice)
    assert read(terminal, alice) == []
    for text_id in (his, command, "nothing"):
        answer = terminal.command(f"/api/families/{alice.family}/texts/heard", {"ids": [text_id]})
        assert answer.status_code == 404
    assert waiting(house, bob) == 1


def test_a_parent_is_not_heard_without_consent_to_messages(house: OpenHouse) -> None:
    alice = house.scene.alice
    write(house, alice, alice.parent, "Be good")
    assert (read(house.terminal(alice), alice), waiting(house, alice)) == ([], 0)
    consent = allow(house, alice)
    assert (read(house.terminal(alice), alice), waiting(house, alice)) == (["Be good"], 1)
    with house.database.begin() as session:
        families.revoke_consent(session, consent.id, house.clock.step(minutes=1))
    assert (read(house.terminal(alice), alice), waiting(house, alice)) == ([], 0)


def test_who_is_kept_apart_is_not_heard_whatever_was_consented(house: OpenHouse) -> None:
    alice = house.scene.alice
    allow(house, alice)
    write(house, alice, alice.parent, "Be good")
    write(house, alice, alice.caregiver, "Hello")
    ban(house, alice)
    for guest in (house.terminal(alice), house.desk(alice), house.parent(alice)):
        assert read(guest, alice) == ["Hello"]


def test_behind_a_pin_the_texts_are_not_read(house: OpenHouse) -> None:
    alice = house.scene.alice
    text = write(house, alice, alice.caregiver, "Hello")
    terminal = house.terminal(alice)
    assert set_pin(terminal, alice).status_code == 200
    terminal.command("/api/visit/end")
    assert terminal.get(f"/api/families/{alice.family}/texts").get_json()["error"] == "pin_needed"
    refused = terminal.command(f"/api/families/{alice.family}/texts/heard", {"ids": [text]})
    assert refused.get_json()["error"] == "pin_needed"
    assert waiting(house, alice) == 1, "that something waits shows by the family's picture"
    assert visit(terminal, alice, RIGHT).status_code == 200
    assert read(terminal, alice) == ["Hello"]


def test_old_ones_go_and_there_are_never_too_many(house: OpenHouse) -> None:
    alice = house.scene.alice
    write(house, alice, alice.caregiver, "Long ago")
    house.clock.step(days=31)
    for number in range(55):
        write(house, alice, alice.caregiver, f"Text {number}")
    shown = read(house.terminal(alice), alice)
    assert (len(shown), shown[0], shown[-1]) == (50, "Text 5", "Text 54")
