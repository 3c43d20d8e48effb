"""The doors under many hands: guesses by the thousand, tries that race, texts without end, and what logs say."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import event, func, select

from app.desk.models import AuditEntry
from app.doors import codes, housekeeping, invitations, rules
from app.doors.models import Invitation, NumberProof, SignInCode
from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from app.kernel.errors import HomethreadError
from app.notices.models import Notice
from app.storage.database import Database
from app.web.api import Door
from app.web.floor import EXTENSION
from app.web.models import DeviceSession
from tests.doors.conftest import Doors
from tests.doors.test_codes import ALICE, UNKNOWN, am_i, ask, prove, wrong
from tests.doors.test_invitations import NEW_NUMBER, accept, invite

KEYS = (f"abuse {n}" for n in count())


def door(doors: Doors, address: str) -> Door:
    """A caller from anywhere, at the threshold of the use cases."""
    return Door(doors.house.web.app.extensions[EXTENSION], address, "", next(KEYS), doors.house.clock.now())


def error_of(do: Callable[[], object]) -> str | None:
    try:
        do()
    except HomethreadError as error:
        return error.code
    return None


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile, without values."""
    asked: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def rows_of(doors: Doors, kind: type) -> int:
    with doors.house.database.read() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def at_once(do: Callable[[int], str | None], times: int) -> list[str | None]:
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(do, range(times)))


def test_asking_and_guessing_do_the_same_work_for_a_number_that_nobody_has(doors: Doors) -> None:
    asked, guessed = [], []
    for number in (ALICE, UNKNOWN):
        guest = doors.house.nobody()
        with statements(doors.house.database) as asking:
            challenge = ask(guest, number)
        with statements(doors.house.database) as guessing:
            assert prove(guest, challenge, "000000").get_json()["error"] == "wrong_code"
        asked.append(asking)
        guessed.append(guessing)
    assert asked[0] == asked[1]
    assert guessed[0] == guessed[1]
    assert len(asked[0]) > 5


def test_hundreds_of_guesses_from_as_many_addresses_are_five(doors: Doors) -> None:
    challenge = ask(doors.house.nobody())
    code = doors.code(ALICE)
    errors = [
        error_of(lambda n=n: codes.prove(door(doors, f"10.0.{n >> 8}.{n & 255}"), challenge, wrong(code)))  # type: ignore[misc]
        for n in range(300)
    ]
    assert errors.count("wrong_code") == rules.MOST_TRIES
    assert errors.count("code_used_or_expired") == 300 - rules.MOST_TRIES
    assert prove(doors.house.nobody(), challenge, code).get_json()["error"] == "code_used_or_expired"


def test_a_thousand_cards_from_as_many_addresses_are_stopped_for_an_hour(doors: Doors) -> None:
    made = invite(doors, doors.house.scene.alice, doors.house.scene.alice.parent)
    errors = [
        error_of(lambda n=n: invitations.accept(door(doors, f"10.0.{n >> 8}.{n & 255}"), f"{n:012}"))  # type: ignore[misc]
        for n in range(1000)
    ]
    assert errors.count("code_used_or_expired") == rules.INVITATIONS_TRIED_HERE.most
    assert errors[-1] == "too_often"
    doors.house.clock.at += timedelta(hours=1)
    assert accept(doors.house.nobody(), made["code"]) is None


def test_one_address_that_guesses_cards_without_end_keeps_nobody_else_waiting(doors: Doors) -> None:
    made = invite(doors, doors.house.scene.alice, doors.house.scene.alice.parent)
    tries = rules.INVITATIONS_TRIED_HERE.most + 20
    errors = [error_of(lambda n=n: invitations.accept(door(doors, "192.0.2.1"), f"{n:012}")) for n in range(tries)]  # type: ignore[misc]
    assert errors.count("code_used_or_expired") == rules.INVITATIONS_FROM_AN_ADDRESS.most
    assert accept(doors.house.nobody(), made["code"]) is None


def test_a_village_that_joins_at_one_address_is_not_kept_waiting(doors: Doors) -> None:
    alice = doors.house.scene.alice
    for _ in range(rules.INVITATIONS_FROM_AN_ADDRESS.most + 3):
        made = invite(doors, alice, alice.parent)
        assert accept(doors.house.nobody(), made["code"]) is None


def test_a_neighbour_who_guesses_from_the_same_house_shares_the_limit(doors: Doors) -> None:
    def from_(address: str) -> str | None:
        guest = doors.house.nobody()
        return str(
            guest.ask(
                "POST", "/api/sign_in/invitation", headers={"Idempotency-Key": next(KEYS)},
                data='{"code": "000000000000"}', environ_overrides={"REMOTE_ADDR": address},
            ).get_json()["error"]
        )  # fmt: skip

    most = rules.INVITATIONS_FROM_AN_ADDRESS.most
    errors = [from_(f"2001:db8:1:2:{n:x}::{n:x}") for n in range(most + 1)]
    assert errors == ["code_used_or_expired"] * most + ["too_often"]
    assert from_("2001:db8:1:3::1") == "code_used_or_expired"


def test_the_same_question_twice_at_once_is_one_code_and_one_text(doors: Doors) -> None:
    challenges = at_once(lambda _: ask(doors.house.nobody(), key="one"), 3)
    assert len(set(challenges)) == 1
    assert rows_of(doors, SignInCode) == 1
    assert len(doors.texts(ALICE)) == 1


def test_the_same_right_code_twice_at_once_is_one_device(doors: Doors) -> None:
    challenge = ask(doors.house.nobody())
    code = doors.code(ALICE)

    def enter(_: int) -> str | None:
        error: str | None = prove(doors.house.nobody(), challenge, code, key="mine").get_json().get("error")
        return error

    assert at_once(enter, 4) == [None] * 4
    assert rows_of(doors, DeviceSession) == 1


def test_right_codes_that_race_with_other_keys_let_one_in(doors: Doors) -> None:
    challenge = ask(doors.house.nobody())
    code = doors.code(ALICE)
    answers = at_once(lambda n: prove(doors.house.nobody(), challenge, code).get_json().get("error"), 4)
    assert sorted(answers, key=str) == [None, *["code_used_or_expired"] * 3]
    assert rows_of(doors, DeviceSession) == 1


def test_the_faces_are_told_again_when_the_fifth_try_was_right_and_its_answer_was_lost(doors: Doors) -> None:
    with doors.house.database.begin() as session:
        session.get_one(Person, doors.house.scene.alice.caregiver).phone = ALICE
    guest = doors.house.nobody()
    challenge = ask(guest)
    code = doors.code(ALICE)
    for _ in range(rules.MOST_TRIES - 1):
        prove(guest, challenge, wrong(code))
    told = prove(guest, challenge, code, key="fifth").get_json()
    assert len(told["faces"]) == 2
    assert prove(guest, challenge, code, key="fifth").get_json() == told
    assert prove(guest, challenge, wrong(code), key="fifth").get_json()["error"] == "code_used_or_expired"
    assert prove(guest, challenge, code, key="sixth").get_json()["error"] == "code_used_or_expired"
    doors.house.clock.at += rules.CODE_LIVES
    assert prove(guest, challenge, code, key="fifth").get_json()["error"] == "code_used_or_expired"


def test_whoever_left_meanwhile_is_let_in_no_more(doors: Doors) -> None:
    alice = doors.house.scene.alice
    guest = doors.house.nobody()
    challenge = ask(guest)
    code = doors.code(ALICE)
    with doors.house.database.begin() as session:
        families.end_membership(
            session, family_id=alice.family, person_id=alice.parent, role=MemberRole.PARENT,
            now=doors.house.clock.now(),
        )  # fmt: skip
    doors.house.clock.step(seconds=1)
    answer = prove(guest, challenge, code)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "code_used_or_expired")
    assert am_i(guest) is None


def test_of_invitations_that_are_made_at_once_one_is_good(doors: Doors) -> None:
    alice = doors.house.scene.alice
    made = at_once(lambda _: str(invite(doors, alice, alice.parent)["code"]), 4)
    answers = [accept(doors.house.nobody(), str(code)) for code in made]
    assert sorted(answers, key=str) == [None, *["code_used_or_expired"] * 3]


def test_a_desk_bombs_nobody_with_invitations(doors: Doors) -> None:
    alice = doors.house.scene.alice
    desk, asked = doors.house.desk(alice), {"person_id": alice.parent, "channel": "text"}
    made = [desk.command("/api/invitations", asked) for _ in range(5)]
    assert [answer.status_code for answer in made] == [201] * 3 + [429] * 2
    assert len(doors.texts(ALICE)) == 3
    # What was refused ended nothing, and the number has had its texts from every door.
    assert doors.house.nobody().command("/api/sign_in/code", {"number": ALICE}).status_code == 429
    assert accept(doors.house.nobody(), made[2].get_json()["code"]) is None


def test_guesses_at_the_desk_that_race_are_counted_each(doors: Doors) -> None:
    alice = doors.house.scene.alice
    path = f"/api/persons/{alice.caregiver}/number"
    doors.house.desk(alice).command(path, {"number": NEW_NUMBER})
    code = doors.code(NEW_NUMBER)
    desks = [doors.house.desk(alice) for _ in range(12)]

    def guess(n: int) -> str | None:
        told: str | None = desks[n].command(f"{path}/confirm", {"code": wrong(code)}).get_json()["error"]
        return told

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(guess, range(len(desks))))
    assert answers.count("wrong_code") == rules.MOST_TRIES
    assert set(answers) == {"wrong_code", "code_used_or_expired"}
    assert desks[0].command(f"{path}/confirm", {"code": code}).get_json()["error"] == "code_used_or_expired"


def test_a_code_whose_worker_slept_is_not_texted_when_it_is_old(doors: Doors) -> None:
    ask(doors.house.nobody())
    doors.house.clock.step(minutes=10, seconds=1)
    assert doors.texts(ALICE) == []
    assert rows_of(doors, Notice) == 1


def test_no_log_names_a_number_or_a_code(doors: Doors, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    doors.house.database.engine.echo = True
    alice = doors.house.scene.alice
    guest, desk = doors.house.nobody(), doors.house.desk(alice)
    challenge = ask(guest)
    code = doors.code(ALICE)
    prove(guest, challenge, wrong(code))
    prove(guest, challenge, code)
    prove(guest, challenge, code)
    ask(guest, UNKNOWN)
    card = invite(doors, alice, alice.caregiver)["code"]
    accept(guest, card)
    path = f"/api/persons/{alice.caregiver}/number"
    desk.command(path, {"number": NEW_NUMBER})
    number_code = doors.code(NEW_NUMBER)
    desk.command(f"{path}/confirm", {"code": number_code})
    desk.command(f"{path}/show")
    assert "INSERT INTO sign_in_code" in caplog.text
    for secret in (ALICE[3:], UNKNOWN[3:], NEW_NUMBER[3:], code, card, number_code, challenge):
        assert secret not in caplog.text


def test_the_audit_says_what_the_desk_did_and_no_number(doors: Doors) -> None:
    alice = doors.house.scene.alice
    desk, path = doors.house.desk(alice), f"/api/persons/{alice.caregiver}/number"
    made = invite(doors, alice, alice.caregiver)
    desk.command(f"/api/invitations/{made['id']}/revoke")
    desk.command(path, {"number": NEW_NUMBER})
    code = doors.code(NEW_NUMBER)
    desk.command(f"{path}/confirm", {"code": wrong(code)})
    desk.command(f"{path}/confirm", {"code": code})
    desk.command(f"{path}/show")
    with doors.house.database.read() as session:
        kept = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"person:{alice.caregiver}")).all()
    done = sorted((entry.action, *entry.detail) for entry in kept)
    assert done == [
        ("confirm_number",), ("invite", "channel"), ("revoke_invitation",), ("send_number_code",), ("show_number",),
    ]  # fmt: skip
    said = str([entry.detail for entry in kept])
    assert not any(secret in said for secret in (NEW_NUMBER[3:], code, made["code"]))


def test_whatever_is_good_no_more_is_swept(doors: Doors) -> None:
    alice = doors.house.scene.alice
    ask(doors.house.nobody())
    invite(doors, alice, alice.parent)
    doors.house.desk(alice).command(f"/api/persons/{alice.caregiver}/number", {"number": NEW_NUMBER})
    with doors.house.database.begin() as session:
        housekeeping.start(session, doors.house.clock.now())

    def kept(after: timedelta) -> list[int]:
        doors.house.clock.at += after
        doors.texts(ALICE)
        return [rows_of(doors, kind) for kind in (SignInCode, NumberProof, Invitation)]

    assert kept(rules.SWEPT_AFTER) == [1, 1, 1]
    assert kept(timedelta(hours=1)) == [0, 0, 1]
    assert kept(rules.INVITATION_LIVES + housekeeping.INVITATIONS_KEPT) == [0, 0, 0]
