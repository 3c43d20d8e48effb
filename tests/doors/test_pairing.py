"""A terminal comes in by a code that a coordinator approves, and is shown out again."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import select

from app.desk.models import AuditEntry
from app.doors import rules
from app.doors.models import Pairing
from app.storage.database import Database
from app.web.models import DeviceSession
from tests.doors.box import Box, approve, copied, paired, reads
from tests.web.open_house import Badge, Guest, OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


def audited(house: OpenHouse) -> list[tuple[str, str]]:
    with house.database.read() as session:
        return [(one.action, one.subject) for one in session.scalars(select(AuditEntry).order_by(AuditEntry.at))]


def test_a_code_that_is_approved_signs_the_terminal_in(house: OpenHouse) -> None:
    alice, box = house.scene.alice, Box(house).ask()
    assert box.claim() == "waiting"
    assert box.sees().status_code == 401
    answer = approve(house, box, alice)
    assert answer.get_json() == {"terminal": {"id": alice.terminal, "name": "Redstone office"}}
    assert box.claim() == "paired"
    shown = box.sees().get_json()
    assert shown["terminal"]["id"] == alice.terminal
    assert shown["terminal"]["device"] == box.device().id
    assert audited(house) == [("pair", f"terminal:{alice.terminal}")]


def test_an_answer_that_was_lost_is_had_again_by_its_key_alone(house: OpenHouse) -> None:
    box = paired(house)
    token = box.token
    assert box.claim() == "paired"
    assert box.token == token
    assert box.claim(key="another") == "gone"


def test_neither_the_code_nor_the_token_stands_in_a_table(house: OpenHouse) -> None:
    box = paired(house)
    with house.database.read() as session:
        rows = [vars(row) for kind in (Pairing, DeviceSession) for row in session.scalars(select(kind))]
    assert not [secret for secret in (box.device_code, box.user_code, box.token) if secret in str(rows)]


def test_a_code_is_good_for_ten_minutes_once_and_for_one(house: OpenHouse) -> None:
    alice, late = house.scene.alice, Box(house).ask()
    house.clock.step(minutes=10)
    assert late.claim() == "gone"
    assert approve(house, late, alice).get_json()["error"] == "pairing_gone"
    box = Box(house).ask()
    assert approve(house, box, alice).status_code == 200
    assert approve(house, box, alice).get_json()["error"] == "pairing_gone"
    house.clock.step(minutes=5)
    assert box.claim() == "gone"


def test_a_desk_pairs_terminals_of_its_own_village_alone(house: OpenHouse) -> None:
    alice, charlie, box = house.scene.alice, house.scene.charlie, Box(house).ask()
    assert approve(house, box, charlie, desk=house.desk(alice)).status_code == 404
    for guest in (house.parent(alice), house.terminal(alice)):
        assert approve(house, box, alice, desk=guest).status_code == 403
    assert approve(house, box, charlie).status_code == 200, "any desk may pair with its own"
    for path in ("revoke", "retire"):
        assert house.desk(alice).command(f"/api/terminals/{charlie.terminal}/{path}").status_code == 404


@pytest.mark.parametrize("text", ["", "AAAA", "no base64", "A" * 201])
def test_what_is_no_key_is_refused(house: OpenHouse, text: str) -> None:
    assert house.nobody().command("/api/pairing", {"public_key": text}).status_code == 422


@pytest.mark.parametrize(
    "make", [lambda: ec.generate_private_key(ec.SECP256K1()), lambda: rsa.generate_private_key(65537, 1024)]
)
def test_a_key_of_another_kind_is_refused(
    house: OpenHouse, make: Callable[[], ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey]
) -> None:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    der = make().public_key().public_bytes(serialization.Encoding.DER, spki)
    answer = house.nobody().command("/api/pairing", {"public_key": base64.b64encode(der).decode()})
    assert answer.get_json()["error"] in ("bad_key", "not_understood")


def test_two_coordinators_race_and_one_wins(house: OpenHouse) -> None:
    alice, charlie, box, start = house.scene.alice, house.scene.charlie, Box(house).ask(), Barrier(2)
    desks = [(house.desk(alice), alice), (house.desk(charlie), charlie)]

    def race(place: int) -> int:
        desk, whose = desks[place]
        start.wait()
        return approve(house, box, whose, desk=desk).status_code

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(race, (0, 1)))
    assert sorted(answers) == [200, 409]
    winner = desks[answers.index(200)][1]
    assert box.claim() == "paired"
    assert box.sees().get_json()["terminal"]["id"] == winner.terminal


def test_a_claim_that_races_with_itself_opens_one_session(house: OpenHouse) -> None:
    box = Box(house).ask()
    approve(house, box, house.scene.alice)
    start = Barrier(4)

    def race(number: int) -> str:
        start.wait()
        answer = house.nobody().command("/api/pairing/claim", {"device_code": box.device_code}, key=f"try {number}")
        return str(answer.get_json()["state"])

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(race, range(4))) == ["gone", "gone", "gone", "paired"]
    with house.database.read() as session:
        assert len(session.scalars(select(DeviceSession).where(DeviceSession.opened_by == "paired")).all()) == 1


def test_who_polls_too_fast_is_told_to_slow_down(house: OpenHouse) -> None:
    box = Box(house).ask()
    states = [box.claim() for _ in range(rules.CLAIMS_OF_A_PAIRING.most + 1)]
    assert states == ["waiting"] * rules.CLAIMS_OF_A_PAIRING.most + ["too_often"]
    house.clock.step(minutes=1)
    for _ in range(60 // rules.CLAIM_EVERY_SECONDS):
        assert box.claim() == "waiting", "the pace that it is told is never too fast"
        house.clock.step(seconds=rules.CLAIM_EVERY_SECONDS)


def test_codes_are_limited_by_address(house: OpenHouse) -> None:
    body = {"public_key": Box(house).public_key}
    statuses = [house.nobody().command("/api/pairing", body).status_code for _ in range(62)]
    assert statuses == [200] * rules.PAIRINGS_FROM_AN_ADDRESS.most + [429] * 2


def test_a_coordinator_guesses_in_vain(house: OpenHouse) -> None:
    alice, desk = house.scene.alice, house.desk(house.scene.alice)
    box = Box(house).ask()
    wrong = [f"{(int(box.user_code) + n) % 10**8:08}" for n in range(1, 41)]

    def guess(code: str) -> str:
        told = {"user_code": code, "terminal_id": alice.terminal}
        return str(house.desk(alice).command("/api/pairing/approve", told).get_json()["error"])

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(guess, wrong))
    assert answers.count("pairing_gone") == rules.APPROVALS_BY_A_DESK.most
    assert set(answers) == {"pairing_gone", "too_often"}
    assert approve(house, box, alice, desk=desk).status_code == 429, "the right one too"
    house.clock.step(minutes=10)
    assert approve(house, box.ask(), alice, desk=desk).status_code == 200
    for bad in ("1234567", "12345678a", "٠"):
        answer = desk.command("/api/pairing/approve", {"user_code": bad, "terminal_id": alice.terminal})
        assert answer.get_json()["error"] == "bad_code"


def test_pairing_anew_ends_what_was_signed_in_and_what_waited(house: OpenHouse) -> None:
    alice, old = house.scene.alice, paired(house)
    waiting = Box(house).ask()
    approve(house, waiting, alice)
    assert reads(copied(old)) == 401
    fresh = paired(house)
    assert waiting.claim() == "gone"
    assert fresh.sees().status_code == 200


@pytest.mark.parametrize("way", ["revoke", "retire"])
def test_revoked_it_is_signed_out_and_its_socket_closed(house: OpenHouse, way: str) -> None:
    alice, box = house.scene.alice, paired(house)
    beside = house.terminal(alice)
    house.clock.step(seconds=1)
    with house.served() as port:
        wires = [Guest(house, Badge("terminal", box.token)).connect(port), beside.connect(port)]
        assert house.desk(alice).command(f"/api/terminals/{alice.terminal}/{way}").status_code == 200
        for wire in wires:
            wire.ended()
            wire.close()
    assert (box.sees().status_code, reads(beside)) == (401, 401)
    assert box.renew().status_code == 401
    assert audited(house)[-1] == (way, f"terminal:{alice.terminal}")
    again = Box(house).ask()
    answer = approve(house, again, alice)
    assert answer.get_json().get("error") == ("terminal_retired" if way == "retire" else None)
    assert again.claim() == ("waiting" if way == "retire" else "paired")


def test_an_approval_that_was_not_fetched_is_revoked_too(house: OpenHouse) -> None:
    alice, box = house.scene.alice, Box(house).ask()
    approve(house, box, alice)
    house.desk(alice).command(f"/api/terminals/{alice.terminal}/revoke")
    assert box.claim() == "gone"


def test_a_coordinator_places_a_terminal(house: OpenHouse) -> None:
    alice = house.scene.alice
    made = house.desk(alice).command("/api/terminals", {"name": " School "})
    assert made.status_code == 201
    assert made.get_json()["name"] == "School"
    assert audited(house) == [("add_terminal", f"terminal:{made.get_json()['id']}")]
    assert house.terminal(alice).command("/api/terminals", {"name": "Shop"}).status_code == 403
