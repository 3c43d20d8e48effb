"""A paired terminal's token: bound to its key, renewed by it, and worth little to whoever copied it."""

from pathlib import Path

import pytest

from app.storage.database import Database
from tests.doors.box import Box, copied, paired, reads
from tests.web.open_house import Badge, Guest, OpenHouse
from tests.web.wire import Gone


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


def test_a_token_is_renewed_by_its_key(house: OpenHouse) -> None:
    box = paired(house)
    before, first = copied(box), box.token
    house.clock.step(hours=12)
    answer = box.renew()
    assert answer.status_code == 200
    assert box.token != first
    assert answer.get_json()["until"].startswith("2026-11-30T22:00:00")
    house.clock.step(minutes=1, seconds=59)
    assert (reads(before), box.sees().status_code) == (200, 200)
    house.clock.step(seconds=1)
    assert (reads(before), box.sees().status_code) == (401, 200)


def test_a_copied_cookie_without_the_key_dies_at_the_next_renewal(house: OpenHouse) -> None:
    box = paired(house)
    thief = copied(box)
    other = Box(house)
    assert reads(thief) == 200
    at = box.renewal()["at"]
    forged = {"at": at, "signature": other.signature(f"homethread-token\n{box.device().id}\n{at}")}
    assert thief.command("/api/terminal/token", forged).status_code == 401
    house.clock.step(hours=12)
    assert box.renew().status_code == 200
    house.clock.step(minutes=2)
    assert reads(thief) == 401
    assert thief.command("/api/terminal/token", forged).status_code == 401
    assert box.sees().status_code == 200


def test_a_renewal_leaves_sockets_open_and_the_next_one_closes_those_of_older_tokens(house: OpenHouse) -> None:
    box = paired(house)
    with house.served() as port, Guest(house, Badge("terminal", box.token)).connect(port) as thief:
        house.clock.step(hours=12)
        assert box.renew().status_code == 200
        with Guest(house, Badge("terminal", box.token)).connect(port) as own:
            assert "at" in thief.emit("beat", {"page": "idle", "visible": True}), "it may be the box's own"
            house.clock.step(hours=12)
            assert box.renew().status_code == 200
            thief.ended()
            assert "at" in own.emit("beat", {"page": "idle", "visible": True})


def test_a_renewal_is_not_played_again(house: OpenHouse) -> None:
    box = paired(house)
    house.clock.step(hours=1)
    body = box.renewal()
    thief = copied(box)
    assert box.renew(body, key="mine").status_code == 200
    mine = box.token
    assert thief.command("/api/terminal/token", body).get_json()["error"] == "signature_stale"
    assert box.renew(body, key="mine").status_code == 200, "its own answer was lost"
    assert box.token == mine
    house.clock.step(minutes=2)
    assert box.renew(body, key="mine").get_json()["error"] == "signature_stale"
    for minutes in (-6, 6):
        told = box.renew(box.renewal(minutes=minutes)).get_json()
        assert (told["error"], told["detail"]) == ("signature_stale", {"now": house.clock.now().isoformat()})


@pytest.mark.parametrize("signature", ["AAAA", "A" * 86 + "==", "/" * 86 + "=="])
def test_nonsense_is_no_signature(house: OpenHouse, signature: str) -> None:
    box = paired(house)
    assert box.renew({"at": "2026-11-23T10:00:00Z", "signature": signature}).status_code == 401
    assert box.renew({"at": "2026-13-23T10:00:00Z", "signature": signature}).status_code == 422


def test_a_token_past_its_time_opens_nothing_but_its_renewal(house: OpenHouse) -> None:
    box = paired(house)
    house.clock.step(days=7)
    assert box.sees().status_code == 401
    stale = copied(box)
    assert box.renew().status_code == 200
    assert (box.sees().status_code, reads(stale)) == (200, 401)
    with house.served() as port:
        house.clock.step(days=6)
        with Guest(house, Badge("terminal", box.token)).connect(port) as wire:
            assert "at" in wire.emit("beat", {"page": "idle", "visible": True})
            house.clock.step(days=1)
            with pytest.raises(Gone):
                wire.emit("beat", {"page": "idle", "visible": True})


def test_a_lost_answer_does_not_lock_the_terminal_out(house: OpenHouse) -> None:
    """The box still has the token of before, long after the two minutes, and its key."""
    box = paired(house)
    old = Badge("terminal", box.token)
    house.clock.step(hours=12)
    assert box.renew().status_code == 200
    house.clock.step(days=1)
    box.guest.keep(old)
    assert box.sees().status_code == 401
    assert box.renew().status_code == 200
    assert (box.sees().status_code, reads(Guest(house, old))) == (200, 401)


def test_a_terminal_without_a_key_is_not_renewed(house: OpenHouse) -> None:
    guest = house.terminal(house.scene.alice)
    assert guest.get("/api/now").get_json()["terminal"]["device"] is None
    body = {"at": "2026-11-23T10:00:00Z", "signature": "A" * 86 + "=="}
    assert guest.command("/api/terminal/token", body).status_code == 401
    house.clock.step(days=8)
    assert guest.get("/api/now").status_code == 200
