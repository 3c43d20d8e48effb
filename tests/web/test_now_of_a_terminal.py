"""What a terminal is told of its families: what waits for their word, what came to nothing, what they wish for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.calls import agreement, booking, series
from app.calls.booking import Actor, Wish
from app.calls.series import SeriesWish
from app.calls.words import Origin
from tests.scene import Household, at
from tests.web.open_house import Guest, OpenHouse

BY_ITSELF = Actor("", None)
TOMORROW, LATER = at(19, day=24), at(19, day=26)


@pytest.fixture
def house(house_on_both: OpenHouse) -> OpenHouse:
    return house_on_both


def shown(guest: Guest, whose: Household) -> dict[str, Any]:
    found = guest.get("/api/now").get_json()["families"]
    family: dict[str, Any] = next(one for one in found if one["id"] == whose.family)
    return family


def made(house: OpenHouse, wish: Wish) -> str:
    """A call that nobody has asked for."""
    with house.database.begin() as session:
        return booking.book(session, wish, BY_ITSELF, house.clock.now()).id


def test_a_parents_proposal_waits_for_a_word_and_a_familys_own_does_not(house: OpenHouse) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    house.scene.book(alice, at(20, day=24), alice.desk_acts)
    asked = house.scene.book(alice, LATER, is_proposal=True)
    house.scene.book(bob, LATER - timedelta(hours=2), bob.terminal_acts, is_proposal=True)
    terminal = house.terminal(alice)
    hers, his = shown(terminal, alice), shown(terminal, bob)
    assert (hers["is_awaited"], hers["awaited"]["id"], hers["is_counter"]) == (True, asked, False)
    assert hers["awaited"]["can"] == ["confirm", "decline", "counter"]
    assert hers["next_call"]["starts_at"] == "2026-11-24T12:00:00Z"
    assert (his["is_awaited"], his["awaited"]) == (False, None)
    house.clock.step(hours=25)
    assert not shown(terminal, alice)["is_awaited"], "it has run out, whether or not anybody has noticed"


def test_the_call_after_the_next_is_known_before_that_one_begins(house: OpenHouse) -> None:
    """Who hangs up sees it, also where the link carried nothing but the voice meanwhile."""
    alice = house.scene.alice
    first, second = (house.scene.book(alice, when, alice.desk_acts) for when in (TOMORROW, LATER))
    terminal = house.terminal(alice)
    assert shown(terminal, alice)["following"] is None
    house.clock.step(hours=(TOMORROW - house.clock.now()) / timedelta(hours=1) - 10 / 60)
    family = shown(terminal, alice)
    assert (family["next_call"]["id"], family["following"]["id"]) == (first, second)


def test_an_offer_waits_and_goes_before_what_is_due_later(house: OpenHouse) -> None:
    alice = house.scene.alice
    house.scene.book(alice, LATER, is_proposal=True)
    soon = house.clock.now() + timedelta(minutes=30)
    offer = made(house, replace(alice.wish(TOMORROW), is_proposal=True, origin=Origin.WAIT, expires_at=soon))
    assert shown(house.terminal(alice), alice)["awaited"]["id"] == offer


def test_a_call_that_has_to_be_confirmed_waits_until_anybody_has(house: OpenHouse) -> None:
    alice, terminal = house.scene.alice, house.terminal(house.scene.alice)
    call_id = made(house, replace(alice.wish(LATER), confirm_by=LATER - timedelta(hours=6)))
    family = shown(terminal, alice)
    assert (family["is_awaited"], family["awaited"]["id"], family["next_call"]["id"]) == (True, call_id, call_id)
    assert terminal.command(f"/api/calls/{call_id}/confirm").status_code == 200
    assert not shown(terminal, alice)["is_awaited"]


def test_the_parents_other_time_is_known_as_an_answer(house: OpenHouse) -> None:
    alice = house.scene.alice
    asked = house.scene.book(alice, TOMORROW, alice.terminal_acts, is_proposal=True)
    with house.database.begin() as session:
        agreement.counter(session, asked, LATER, alice.parent_acts, house.clock.now())
    family = shown(house.terminal(alice), alice)
    assert (family["awaited"]["starts_at"], family["is_counter"]) == ("2026-11-26T11:00:00Z", True)


@pytest.mark.parametrize("by_parent", [True, False])
def test_what_was_called_off_stands_there_until_there_is_another_call(house: OpenHouse, by_parent: bool) -> None:
    alice, terminal = house.scene.alice, house.terminal(house.scene.alice)
    call_id = house.scene.book(alice, LATER)
    by = alice.parent_acts if by_parent else alice.terminal_acts
    with house.database.begin() as session:
        booking.cancel(session, call_id, by, "weather", None, house.clock.now())
    assert shown(terminal, alice)["refused"] == {
        "starts_at": "2026-11-26T11:00:00Z", "child_id": alice.child, "parent_id": alice.parent, "reason": "weather",
        "by_parent": by_parent,
    }  # fmt: skip
    house.scene.book(alice, LATER)
    assert shown(terminal, alice)["refused"] is None


def test_what_a_series_gave_up_is_no_call_that_was_called_off(house: OpenHouse) -> None:
    alice, terminal, now = house.scene.alice, house.terminal(house.scene.alice), house.clock.now()
    wish = SeriesWish(alice.family, alice.child, alice.parent, LATER.date(), 19 * 60, "FREQ=WEEKLY")
    with house.database.begin() as session:
        series_id = series.book_series(session, wish, alice.parent_acts, now).id
    with house.database.begin() as session:
        series.end_series(session, series_id, None, "no_time", alice.parent_acts, now)
    family = shown(terminal, alice)
    assert (family["next_call"], family["refused"]) == (None, None)


def test_a_family_behind_its_pictures_shows_that_something_waits_and_no_more(house: OpenHouse) -> None:
    alice, terminal = house.scene.alice, house.terminal(house.scene.alice)
    pictures = {"pictures": ["fish", "boat", "fish", "cat"]}
    assert terminal.command(f"/api/families/{alice.family}/pin", pictures).status_code == 200
    assert terminal.command("/api/waits", {"child_id": alice.child}).status_code == 201
    assert terminal.command("/api/visit/end").status_code == 200
    house.scene.book(alice, LATER, is_proposal=True)
    family = shown(terminal, alice)
    assert family["is_awaited"]
    empty = {name: family[name] for name in ("members", "next_call", "awaited", "is_counter", "refused", "wishes")}
    assert not any(empty.values())
    assert terminal.command("/api/waits", {"child_id": alice.child}).get_json()["error"] == "pin_needed"


def test_a_family_wishes_for_a_slot_at_the_terminal_and_takes_it_back(house: OpenHouse) -> None:
    alice, terminal = house.scene.alice, house.terminal(house.scene.alice)
    wished = {"child_id": alice.child, "parent_id": alice.parent}
    for _ in range(2):
        assert len(terminal.command("/api/waits", wished).get_json()["waits"]) == 1
    (wish,) = shown(terminal, alice)["wishes"]
    assert (wish["child_id"], wish["parent_id"]) == (alice.child, alice.parent)
    assert shown(terminal, house.scene.bob)["wishes"] == []
    stranger = house.terminal(house.scene.charlie)
    assert stranger.command(f"/api/waits/{wish['id']}/end").status_code == 404
    assert terminal.command(f"/api/waits/{wish['id']}/end").get_json()["waits"] == []
    assert shown(terminal, alice)["wishes"] == []
