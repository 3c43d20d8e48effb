"""A seat by socket: while the database is away, where somebody went on elsewhere, and after its page had closed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.storage.database import Database
from tests.web.open_house import OpenHouse
from tests.web.wire import Wire

SEEN = {"page": "home", "visible": True}


def seat(wire: Wire, call: str, page: str = "p1", **more: Any) -> str:
    taken = wire.emit("take_seat", {"call": call, "here": True, "page": page, **more})
    assert "error" not in taken, taken
    return str(taken["seat"])


@contextmanager
def no_database(database: Database) -> Iterator[None]:
    def refuse(_connection: object) -> None:
        raise OperationalError("BEGIN", {}, Exception("it starts again"))

    event.listen(database.engine, "begin", refuse, insert=True)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", refuse)


def test_without_a_database_everything_may_be_asked_again(
    house: OpenHouse, port: int, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of what failed for good a page would believe that its call is over."""
    left = {"call": call, "reason": "hang_up", "page": "p1"}
    with house.parent(house.scene.alice).connect(port) as wire:
        mine = seat(wire, call)
        with no_database(house.database):
            for name, said in (("take_seat", {"call": call, "page": "p1"}), ("leave_seat", left), ("beat", SEEN)):
                answer = wire.emit(name, said)
                assert (answer["error"], answer["detail"]) == ("unavailable", {"retry_seconds": 2})
                assert answer["message"].endswith(".")
        assert seat(wire, call) == mine
    assert not [record for record in caplog.records if record.exc_info]


def test_who_comes_back_is_told_that_somebody_went_on_elsewhere(house: OpenHouse, port: int, call: str) -> None:
    phones = [house.parent(house.scene.alice) for _ in range(2)]
    with phones[0].connect(port) as first, phones[1].connect(port) as second:
        had = seat(first, call)
        theirs = seat(second, call, "p2")
        assert first.event("peer")["state"] == "moved"
        back = {"call": call, "here": True, "page": "p1", "had": had}
        assert first.emit("take_seat", back)["error"] == "seat_taken_elsewhere"
        assert seat(second, call, "p2", had=theirs) == theirs
        assert seat(first, call) != theirs, "who joins there anew takes it"
        assert second.event("peer")["state"] == "moved"


def test_a_page_that_closed_its_seat_comes_back_with_another_connection(house: OpenHouse, port: int, call: str) -> None:
    """The one that the other end has is of no use; and the page's heartbeat doesn't say that it is back."""
    alice = house.scene.alice
    with house.parent(alice).connect(port) as wire, house.terminal(alice).connect(port) as other:
        before = seat(wire, call, here=False)
        seat(other, call, here=False)
        assert wire.emit("leave_seat", {"call": call, "reason": "page_closed", "page": "p1"}) == {}
        assert "at" in wire.emit("beat", SEEN)
        after = seat(wire, call, here=False)
        told = [other.event("peer") for _ in range(2)]
    assert [(each["state"], each["seat"]) for each in told] == [("lost", before), ("back", after)]
    assert before != after
