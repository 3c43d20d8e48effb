"""The issue's bad input over HTTP: each gets the one shape and a clear sentence in both languages, and does nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.calls.models import Call, Claim
from app.calls.words import CallState
from app.families import queries
from app.families import service as families
from app.families.models import Photo
from app.families.words import ConsentKind, MemberRole
from app.villages import service as villages
from app.villages.rules import OpeningFacts
from app.web import texts
from app.web.principals import PERSON
from tests.families.pictures import png
from tests.scene import at
from tests.web.open_house import Guest, OpenHouse

Who = Callable[[OpenHouse, str], Guest]


def parent(house: OpenHouse, language: str) -> Guest:
    return house.parent(house.scene.alice, language)


def terminal(house: OpenHouse, language: str) -> Guest:
    return house.terminal(house.scene.alice, language)


def strange_terminal(house: OpenHouse, language: str) -> Guest:
    return house.terminal(house.scene.charlie, language)


def desk(house: OpenHouse, language: str) -> Guest:
    return house.desk(house.scene.alice, language)


@dataclass(frozen=True)
class Bad:
    status: int
    error: str
    body: dict[str, Any]
    who: Who = parent


WHEN = {"starts_at": at(20).isoformat()}
BOOKINGS = {
    "an hour ago": Bad(409, "in_the_past", {"starts_at": at(17).isoformat()}),
    "last year": Bad(409, "in_the_past", {"starts_at": "2025-11-23T12:00:00Z"}),
    "in half a year": Bad(409, "too_far_ahead", {"starts_at": "2027-05-23T12:00:00Z"}),
    "beside the slots": Bad(409, "not_a_slot", {"starts_at": at(20, 7).isoformat()}),
    "at a second": Bad(409, "not_a_slot", {"starts_at": at(20).replace(second=1).isoformat()}),
    "at a second, by the desk": Bad(409, "not_a_slot", {"starts_at": at(20).replace(second=1).isoformat()}, desk),
    "at night": Bad(409, "outside_hours", {"starts_at": at(3, day=24).isoformat()}),
    "at night, by the desk": Bad(409, "outside_hours", {"starts_at": at(3, day=24).isoformat()}, desk),
    "over closing time": Bad(409, "outside_hours", {"starts_at": at(21, 50).isoformat()}, desk),
    "in a gap of the clocks": Bad(409, "no_such_time", {"wall": "2027-03-28T02:20", "zone": "Europe/Berlin"}),
    "in no zone": Bad(422, "unknown_zone", {"wall": "2026-11-23T20:00", "zone": "Asia/Atlantis"}),
    "out of the zones' folder": Bad(422, "unknown_zone", {"wall": "2026-11-23T20:00", "zone": "../../etc/passwd"}),
    "in a zone with a NUL": Bad(422, "unknown_zone", {"wall": "2026-11-23T20:00", "zone": "Asia\0"}),
    "on 30 February": Bad(422, "not_a_time", {"wall": "2027-02-30T20:00", "zone": "Asia/Shanghai"}),
    "at no time": Bad(422, "not_a_time", {}),
    "at two times": Bad(422, "not_a_time", {**WHEN, "wall": "2026-11-23T20:00", "zone": "Asia/Shanghai"}),
    "at a wall time without a zone": Bad(422, "not_a_time", {"wall": "2026-11-23T20:00"}),
    "at an instant without an offset": Bad(422, "not_understood", {"starts_at": "2026-11-23T12:00:00"}),
    "in the year 9999": Bad(422, "not_understood", {"starts_at": "9999-12-31T23:59:59Z"}),
    "in the year 1": Bad(422, "not_understood", {"starts_at": "0001-01-01T00:00:00+14:00"}),
    "for four minutes": Bad(409, "bad_length", {**WHEN, "minutes": 4}, desk),
    "for minutes in letters": Bad(422, "not_understood", {**WHEN, "minutes": "15"}, desk),
    "with a word too many": Bad(422, "not_understood", {**WHEN, "village": "mine"}),
    "for a child with a NUL": Bad(422, "not_understood", {**WHEN, "child_id": "a\0"}),
    "for no child": Bad(404, "not_found", {**WHEN, "child_id": "nobody"}),
    "asked for too late": Bad(409, "too_late_to_propose", {"starts_at": at(18, 40).isoformat()}, terminal),
    "by a terminal of another village": Bad(404, "not_found", WHEN, strange_terminal),
}


@pytest.fixture
def house(house_on_both: OpenHouse) -> OpenHouse:
    return house_on_both


def is_told(
    ask: Callable[[str], TestResponse], status: int, error: str, languages: Sequence[str] = ("en", "zh-CN")
) -> None:  # fmt: skip
    """In the one shape, and in both languages by a whole sentence."""
    for language in languages:
        answer = ask(language)
        told = answer.get_json()
        assert (answer.status_code, told["error"], set(told)) == (status, error, {"error", "detail", "message"})
        assert told["message"] == texts.text(f"error.{error}", language, **told["detail"])
        assert told["message"].endswith({"en": ".", "zh-CN": "。"}[language])
        assert "Traceback" not in answer.text


def test_a_booking_that_cannot_be(house: OpenHouse) -> None:
    for name, bad in BOOKINGS.items():
        body = {"child_id": house.scene.alice.child, **bad.body}
        try:
            is_told(lambda language: bad.who(house, language).command("/api/calls", body), bad.status, bad.error)  # noqa: B023
        except AssertionError as wrong:
            raise AssertionError(name) from wrong
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 0
        assert session.scalar(select(func.count()).select_from(Call)) == 0


def test_in_the_hour_that_the_clocks_skip(house: OpenHouse) -> None:
    """In Berlin, in a village that is open all night: twenty past two does not come on 28 March 2027."""
    house.clock.at = datetime(2027, 3, 20, 12, tzinfo=UTC)
    parent_id, child_id = family_in_berlin(house)
    badge = house.badge(PERSON, parent_id, None)
    parent, when = Guest(house, badge), {"child_id": child_id, "zone": "Europe/Berlin"}
    is_told(lambda _: parent.command("/api/calls", {**when, "wall": "2027-03-28T02:20"}), 409, "no_such_time", ("en",))
    night = {"child_id": child_id, "from": "2027-03-28T00:00:00Z", "until": "2027-03-28T02:00:00Z"}
    offered = [slot["starts_at"] for slot in parent.ask("GET", "/api/slots", query_string=night).get_json()["slots"]]
    assert len(offered) == len(set(offered)) > 0
    booked = parent.command("/api/calls", {**when, "wall": "2027-03-28T03:20"})
    assert (booked.status_code, booked.get_json()["starts_at"]) == (201, "2027-03-28T01:20:00Z")


def family_in_berlin(house: OpenHouse) -> tuple[str, str]:
    """(parent, child)"""
    now, zone = house.clock.now(), "Europe/Berlin"
    with house.database.begin() as session:
        village = villages.create_village(session, name="Spree", zone=zone, language="en").id
        villages.set_openings(session, village, [OpeningFacts(day, 0, 1440) for day in range(7)], now)
        villages.add_terminal(session, village, "Spree office", now)
        family = families.add_family(session, village_id=village, name="Berg", emblem="fox", now=now).id
        parent = families.add_person(session, name="Parent", zone=zone, language="en").id
        child = families.add_person(session, name="Child", zone=zone, language="en").id
        for person, role in ((parent, MemberRole.PARENT), (child, MemberRole.CHILD)):
            families.add_member(session, family_id=family, person_id=person, role=role, now=now)
        families.give_consent(
            session, child_id=child, contact_id=parent, kind=ConsentKind.CALL, given_by=parent, evidence="paper",
            from_at=now, now=now,
        )  # fmt: skip
    return parent, child


def test_without_consent_and_against_a_ban(house: OpenHouse) -> None:
    alice, now = house.scene.alice, house.clock.now()
    body = {"child_id": alice.child, **WHEN}
    with house.database.begin() as session:
        (given,) = queries.consents_of_child(session, alice.child)
        families.revoke_consent(session, given.id, now)
    for who in (parent, terminal, desk):
        is_told(lambda language: who(house, language).command("/api/calls", body), 409, "consent_ended")  # noqa: B023
    with house.database.begin() as session:
        families.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=now)
    is_told(lambda language: parent(house, language).command("/api/calls", body), 409, "no_contact")


@pytest.mark.parametrize("change", ["confirm", "decline", "cancel", "move"])
def test_of_a_call_of_another_village(house: OpenHouse, change: str) -> None:
    call_id = house.scene.book(house.scene.alice, at(20))
    body = {"cancel": {"reason": "sick"}, "move": {"starts_at": at(21).isoformat()}}.get(change, {})
    who = house.desk if change == "move" else house.terminal
    path = f"/api/calls/{call_id}/{change}"
    is_told(lambda language: who(house.scene.charlie, language).command(path, body), 404, "not_found")
    assert house.scene.call(call_id).state is CallState.BOOKED


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"reason": "bored"}, "unknown_reason"),
        ({}, "not_understood"),
        ({"reason": "sick", "note": "x" * 201}, "not_understood"),
        ({"reason": "sick", "note": "a\0b"}, "not_understood"),
        (b'{"reason": "sick", "note": "\\ud800"}', "not_json"),
        (b'{"reason": "sick"', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 60_000, "not_json"),
        (b'{"reason": NaN}', "not_understood"),
        ([], "not_understood"),
    ],
)
def test_a_reason_that_is_none(house: OpenHouse, body: Any, error: str) -> None:
    call_id = house.scene.book(house.scene.alice, at(20))
    status = 409 if error == "unknown_reason" else 422
    path = f"/api/calls/{call_id}/cancel"
    is_told(lambda language: parent(house, language).command(path, body), status, error)
    assert house.scene.call(call_id).state is CallState.BOOKED


@pytest.mark.parametrize(
    ("raw", "status", "error"),
    [
        (b"dear diary", 422, "not_a_photo"),
        (png(width=8000, height=5000), 413, "photo_too_many_pixels"),
        (bytes(8_000_001), 413, "photo_too_large"),
        (bytes(9_000_001), 413, "too_large"),
    ],
)
def test_a_photo_that_is_none(house: OpenHouse, raw: bytes, status: int, error: str) -> None:
    path = f"/api/families/{house.scene.alice.family}/photos/{house.scene.alice.child}"
    is_told(lambda language: parent(house, language).command(path, raw), status, error)
    with house.database.read() as session:
        assert session.scalars(select(Photo)).all() == []


@pytest.mark.parametrize(
    ("search", "error"),
    [
        ({"from": at(20), "until": at(19)}, "ends_before_start"),
        ({"from": at(20), "until": at(20) + timedelta(days=14, seconds=1)}, "search_too_long"),
        ({"from": at(20)}, "not_understood"),
        ({"from": at(20), "until": at(21), "child_id": "\0"}, "not_understood"),
    ],
)
def test_a_search_for_times_that_cannot_be(house: OpenHouse, search: dict[str, Any], error: str) -> None:
    given = {name: value if name == "child_id" else value.isoformat() for name, value in search.items()}
    query = {"child_id": house.scene.alice.child, **given}
    status = 422 if error == "not_understood" else 409
    is_told(lambda language: parent(house, language).ask("GET", "/api/slots", query_string=query), status, error)
