"""Sockets of nobody: opened and never entered, refused, or too talkative. Each takes threads, so none may stay."""

import threading
from datetime import timedelta

import pytest

from app.web.sockets import ENTER_WITHIN, LARGEST_EVENT_BYTES
from tests.web.open_house import OpenHouse
from tests.web.waiting import until
from tests.web.wire import EVENT, MESSAGE, Gone, Wire


def sockets(house: OpenHouse) -> int:
    """How many hold threads of the server."""
    held: int = house.web.app.wsgi_app.open  # type: ignore[attr-defined]
    return held


def flood(wire: Wire) -> None:
    """200 MB, if anybody took them."""
    for _ in range(200):
        wire.say(MESSAGE + EVENT + "x" * 1_000_000)


def test_who_never_enters_is_shown_out_and_who_entered_stays(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    with house.served() as port, alice.connect(port) as known, Wire(port) as silent:
        until(lambda: sockets(house) == 2)
        now = house.clock.now()
        house.web.sockets.close_strangers(now)
        house.web.sockets.close_strangers(now + ENTER_WITHIN - timedelta(seconds=1))
        assert sockets(house) == 2
        house.web.sockets.close_strangers(now + ENTER_WITHIN)
        silent.ended()
        until(lambda: sockets(house) == 1)
        assert "at" in known.emit("beat", {"page": "home", "visible": True})


def test_who_was_refused_is_shown_out(house: OpenHouse) -> None:
    with house.served() as port, Wire(port, cookie="homethread_phone=guessed") as guess:
        assert "refused" in guess.enter({"face": "phone"})
        house.web.sockets.close_strangers(house.clock.now())
        house.web.sockets.close_strangers(house.clock.now() + ENTER_WITHIN)
        guess.ended()
        until(lambda: sockets(house) == 0)


@pytest.mark.parametrize("entered", [True, False])
def test_a_message_past_the_limit_ends_its_socket_before_all_of_it_is_read(house: OpenHouse, entered: bool) -> None:
    alice = house.parent(house.scene.alice)
    with house.served() as port, alice.connect(port) if entered else Wire(port) as wire:
        before = threading.active_count()
        with pytest.raises((Gone, ConnectionError)):
            flood(wire)
        until(lambda: sockets(house) == 0)
        until(lambda: threading.active_count() < before)


def test_the_largest_message_that_is_allowed_arrives(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    with house.served() as port, alice.connect(port) as wire:
        beat = {"page": "home", "visible": True}
        padding = LARGEST_EVENT_BYTES - 200
        assert wire.emit("beat", beat | {"more": "x" * padding})["error"] == "not_understood"
        assert "at" in wire.emit("beat", beat)
