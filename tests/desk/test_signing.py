"""A consent that is signed on the screen, over HTTP: kept, shown to the desk alone, refused without a signature."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.families.models import Consent, Signature
from app.families.signature_rules import MOST_PLACES
from app.storage.database import Database
from tests.desk.test_enrol import page, refusal, yes
from tests.web.open_house import Guest, OpenHouse

DRAWN = [[100, 200, 300, 80, 500, 320], [600, 200]]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice)


def on_screen(house: OpenHouse, **other: Any) -> dict[str, Any]:
    return yes(house, evidence="screen: at school", signature=DRAWN, **other)


def counted(house: OpenHouse) -> list[int | None]:
    with house.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in (Consent, Signature)]


def signature(guest: Guest, consent_id: str) -> tuple[int, Any]:
    answer = guest.get(f"/api/consents/{consent_id}/signature")
    return answer.status_code, answer.get_json()


def test_it_is_kept_with_its_consent_and_shown_again(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    given = [desk.command("/api/consents", on_screen(house), key="one try") for _ in range(2)]
    assert [answer.status_code for answer in given] == [201, 201]
    consent_id = given[0].get_json()["id"]
    assert counted(house) == [4, 1], "sent twice it is kept once"
    by_id = {one["id"]: one for one in page(desk, alice.family)["consents"]}
    assert {key: one["is_signed"] for key, one in by_id.items()} == {key: key == consent_id for key in by_id}
    assert by_id[consent_id]["evidence"] == "screen: at school"
    assert signature(desk, consent_id) == (200, {"strokes": DRAWN, "signed_at": "2026-11-23T10:00:00Z"})
    desk.command(f"/api/consents/{consent_id}/revoke")
    assert signature(desk, consent_id)[0] == 200, "withdrawn, it can be asked about for a while"


def test_nobody_but_the_own_desk_finds_it(house: OpenHouse, desk: Guest) -> None:
    alice, charlie = house.scene.alice, house.scene.charlie
    consent_id = desk.command("/api/consents", on_screen(house)).get_json()["id"]
    assert signature(house.desk(charlie), consent_id)[0] == 404
    assert [signature(guest, consent_id)[0] for guest in (house.parent(alice), house.terminal(alice))] == [403, 403]
    assert signature(house.nobody(), consent_id)[0] == 401
    on_paper = next(one["id"] for one in page(desk, alice.family)["consents"] if one["id"] != consent_id)
    assert signature(desk, on_paper)[0] == signature(desk, "aaaaaaaaaaaaaaaa")[0] == 404


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"signature": None}, (422, "no_signature")), ({"evidence": "paper"}, (422, "bad_evidence")),
        ({"signature": []}, (422, "bad_signature")), ({"signature": [[5, 5]]}, (422, "bad_signature")),
        ({"signature": [[0, 0, 9_999, 0]]}, (422, "bad_signature")),
        ({"signature": [[0, 0, 9, 9] * MOST_PLACES]}, (413, "signature_too_large")),
        ({"signature": "M0 0L500 0"}, (422, "not_understood")), ({"signature": [[0.5, 1.5]]}, (422, "not_understood")),
        ({"signature": [[10**30, 0]]}, (422, "bad_signature")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_told_and_nothing_is_kept(
    house: OpenHouse, desk: Guest, wrong: dict[str, Any], told: tuple[int, str]
) -> None:
    answer = desk.command("/api/consents", on_screen(house) | wrong)
    assert (refusal(answer), set(answer.get_json())) == (told, {"error", "detail", "message"})
    assert counted(house) == [3, 0]


def test_more_than_a_page_may_send_is_refused(house: OpenHouse, desk: Guest) -> None:
    huge = json.dumps(on_screen(house) | {"signature": [[1, 2] * 20_000]}).encode()
    assert desk.command("/api/consents", huge).status_code == 413
    assert counted(house) == [3, 0]
