"""The feed by HTTP: made once, read by anybody who has the address, 304, 404, 429, and in no log."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from werkzeug.test import TestResponse

from app.calls import feed_views
from app.storage.database import Database
from app.web.limits import Limit
from app.web.principals import PERSON
from tests.scene import at
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(sqlite_database, tmp_path, public_url="https://calls.example.org")


def path_of(guest: Guest) -> str:
    """Make a feed; its path."""
    made = guest.command("/api/feed")
    assert made.status_code == 201
    url = str(made.get_json()["url"])
    return url.removeprefix("https://calls.example.org")


def read(house: OpenHouse, path: str, address: str = "198.51.100.7", **headers: str) -> TestResponse:
    """Ask as a stranger's program would, from this address."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.nobody().ask(
        "GET", path, headers={"Host": "calls.example.org", **named}, environ_base={"REMOTE_ADDR": address}
    )


def summaries(answer: TestResponse) -> list[str]:
    return [str(event["summary"]) for event in Calendar.from_ical(answer.data).events]


def test_a_feed_is_made_read_and_revoked(house: OpenHouse) -> None:
    house.scene.book(house.scene.alice, at(19))
    alice = house.parent(house.scene.alice)
    assert alice.get("/api/feed").get_json() == {"made_at": None, "read_at": None}
    made = alice.command("/api/feed").get_json()
    assert made["webcal_url"] == made["url"].replace("https:", "webcal:")
    path = made["url"].removeprefix("https://calls.example.org")
    answer = read(house, path)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert summaries(answer) == ["Call with Child of Alice"]
    assert alice.get("/api/feed").get_json() == {"made_at": "2026-11-23T10:00:00Z", "read_at": "2026-11-23T10:00:00Z"}
    assert alice.command("/api/feed/revoke").get_json() == {}
    assert alice.get("/api/feed").get_json() == {"made_at": None, "read_at": None}
    assert read(house, path).status_code == 404


def test_a_caregiver_and_a_child_have_the_same(house: OpenHouse) -> None:
    alice = house.scene.alice
    house.scene.book(alice, at(19))
    for person_id, summary in ((alice.caregiver, "Call: Child of Alice and Alice"), (alice.child, "Call with Alice")):
        guest = Guest(house, house.badge(PERSON, person_id, None))
        assert summaries(read(house, path_of(guest))) == [summary]


def test_a_command_that_is_repeated_gives_the_same_address(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    first, again = (alice.command("/api/feed", key="lost").get_json() for _ in range(2))
    assert first == again
    assert path_of(alice) not in first["url"]


@pytest.mark.parametrize("face", ["terminal", "desk"])
def test_a_feed_is_for_persons(house: OpenHouse, face: str) -> None:
    guest = {"terminal": house.terminal, "desk": house.desk}[face](house.scene.alice)
    assert guest.get("/api/feed").status_code == 403
    assert [guest.command(path).status_code for path in ("/api/feed", "/api/feed/revoke")] == [403, 403]


def test_what_did_not_change_is_not_sent_again(house: OpenHouse) -> None:
    house.scene.book(house.scene.alice, at(19))
    path = path_of(house.parent(house.scene.alice))
    first = read(house, path)
    house.clock.step(minutes=1)
    again = read(house, path, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    house.scene.book(house.scene.alice, at(21))
    changed = read(house, path, If_None_Match=first.headers["ETag"])
    assert (changed.status_code, len(summaries(changed))) == (200, 2)


def test_an_address_that_nobody_made_is_not_found(house: OpenHouse) -> None:
    path_of(house.parent(house.scene.alice))
    wild = ["a" * 32, "x", "A" * 32, "%00", "..%2F..%2Fetc", "a" * 4000, "\u738b", "' OR 1=1 --", "%ff%fe"]
    assert {secret: read(house, f"/calendar/{secret}.ics").status_code for secret in wild} == dict.fromkeys(wild, 404)


def test_unknown_and_revoked_are_told_the_same(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    path = path_of(alice)
    alice.command("/api/feed/revoke")
    revoked, unknown = read(house, path), read(house, f"/calendar/{'a' * 32}.ics")
    assert (revoked.status_code, revoked.data, list(revoked.headers)) == (
        unknown.status_code, unknown.data, list(unknown.headers),
    )  # fmt: skip


def test_guesses_from_an_address_are_counted_and_reading_is_not(
    house: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_views, "MISSES_FROM_AN_ADDRESS", Limit("feed_miss", 3, 600))
    path = path_of(house.parent(house.scene.alice))
    assert [read(house, f"/calendar/{guess * 32}.ics").status_code for guess in "ab"] == [404] * 2
    assert [read(house, path).status_code for _ in range(5)] == [200] * 5
    assert [read(house, f"/calendar/{guess * 32}.ics").status_code for guess in "cd"] == [404, 429]
    refused = read(house, path)
    assert (refused.status_code, 1 <= int(refused.headers["Retry-After"]) <= 600) == (429, True)
    assert read(house, path, address="198.51.100.8").status_code == 200


def test_one_feed_can_be_read_so_often_an_hour(house: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_views, "READS_OF_A_FEED", Limit("feed_read", 3, 3_600))
    alice, bob = (path_of(house.parent(whose)) for whose in (house.scene.alice, house.scene.bob))
    assert [read(house, alice).status_code for _ in range(4)] == [200] * 3 + [429]
    assert read(house, bob).status_code == 200
    house.clock.step(hours=1)
    assert read(house, alice).status_code == 200


def test_the_address_is_in_no_log(
    house: OpenHouse, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(house.parent(house.scene.alice))
    with caplog.at_level(logging.DEBUG):
        read(house, path)
        monkeypatch.setattr("app.calls.feeds.entries", lambda *_: 1 / 0)
        assert read(house, path).status_code == 500
    assert "/calendar/<secret>.ics failed" in caplog.text
    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in caplog.text


def test_who_leaves_the_last_family_has_no_feed_any_more(house: OpenHouse) -> None:
    alice = house.scene.alice
    path = path_of(Guest(house, house.badge(PERSON, alice.caregiver, None)))
    ended = f"/api/families/{alice.family}/members/{alice.caregiver}/end"
    assert house.desk(alice).command(ended, {"role": "caregiver"}).status_code == 200
    assert read(house, path).status_code == 404


def test_who_reads_gets_what_changed_since(house: OpenHouse) -> None:
    """A subscription goes on through the weeks, with what is booked then."""
    path = path_of(house.parent(house.scene.alice))
    assert summaries(read(house, path)) == []
    house.clock.step(days=20)
    house.scene.book(house.scene.alice, house.clock.now() + timedelta(hours=2))
    assert summaries(read(house, path)) == ["Call with Child of Alice"]
