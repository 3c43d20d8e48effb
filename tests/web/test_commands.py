"""Commands are idempotent: one key, one effect, one answer, also where they race."""

from collections import Counter
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.calls.models import Call
from app.web.models import Idempotency
from tests.scene import at
from tests.web.open_house import OpenHouse

RACERS = 4


def booking(house: OpenHouse, hour: int = 20, day: int = 23) -> dict[str, str]:
    return {"child_id": house.scene.alice.child, "starts_at": at(hour, day=day).isoformat()}


def booked(house: OpenHouse) -> int:
    with house.database.read() as session:
        return session.scalar(select(func.count()).select_from(Call)) or 0


def kept(house: OpenHouse) -> int:
    with house.database.read() as session:
        return session.scalar(select(func.count()).select_from(Idempotency)) or 0


@pytest.mark.parametrize("key", ["", "k" * 65, "schlüssel", "tab\tulator"])
def test_a_key_that_is_none(house: OpenHouse, key: str) -> None:
    answer = house.parent(house.scene.alice).command("/api/calls", booking(house), key=key)
    assert (answer.status_code, answer.get_json()["error"]) == (422, "idempotency_key_missing")
    assert booked(house) == 0


def test_no_key_at_all(house: OpenHouse) -> None:
    answer = house.parent(house.scene.alice).ask("POST", "/api/calls", json=booking(house))
    assert (answer.status_code, answer.get_json()["error"]) == (422, "idempotency_key_missing")
    assert booked(house) == 0


def test_the_longest_key(house: OpenHouse) -> None:
    assert house.parent(house.scene.alice).command("/api/calls", booking(house), key="k" * 64).status_code == 201


def test_repeated_it_is_answered_as_at_first(house_on_both: OpenHouse) -> None:
    house = house_on_both
    alice = house.parent(house.scene.alice)
    first = alice.command("/api/calls", booking(house), key="one")
    house.clock.step(minutes=3)
    again = alice.command("/api/calls", booking(house), key="one")
    assert (again.status_code, again.data) == (first.status_code, first.data) == (201, first.data)
    assert booked(house) == 1


def test_replayed_when_it_would_be_refused_by_now(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    first = alice.command("/api/calls", booking(house), key="one")
    house.clock.step(days=1)
    again = alice.command("/api/calls", booking(house), key="one")
    assert (again.status_code, again.data) == (201, first.data)


@pytest.mark.parametrize("other", [{"hour": 21}, {"path": "/api/calls/none/confirm"}])
def test_a_key_for_something_else(house: OpenHouse, other: dict[str, str | int]) -> None:
    alice = house.parent(house.scene.alice)
    alice.command("/api/calls", booking(house), key="one")
    path, hour = str(other.get("path", "/api/calls")), int(other.get("hour", 20))
    answer = alice.command(path, booking(house, hour), key="one")
    assert (answer.status_code, answer.get_json()["error"]) == (422, "idempotency_key_reused")
    assert booked(house) == 1


def test_the_same_key_of_two_people_is_two_keys(house: OpenHouse) -> None:
    first = house.parent(house.scene.alice).command("/api/calls", booking(house), key="one")
    body = {"child_id": house.scene.bob.child, "starts_at": at(21).isoformat()}
    second = house.parent(house.scene.bob).command("/api/calls", body, key="one")
    assert (first.status_code, second.status_code, booked(house)) == (201, 201, 2)


def test_a_refusal_is_not_kept(house: OpenHouse) -> None:
    """Who is refused may try again with the same key, and may then get what was refused."""
    alice, bob = house.parent(house.scene.alice), house.parent(house.scene.bob)
    taken = bob.command("/api/calls", {"child_id": house.scene.bob.child, "starts_at": at(20).isoformat()})
    before = kept(house)
    assert alice.command("/api/calls", booking(house), key="one").get_json()["error"] == "slot_taken"
    assert kept(house) == before
    bob.command(f"/api/calls/{taken.get_json()['id']}/cancel", {"reason": "sick"})
    assert alice.command("/api/calls", booking(house), key="one").status_code == 201


def race(house: OpenHouse, *bodies: dict[str, str]) -> list[TestResponse]:
    """All at once with one key, each from a browser of its own."""
    answers: list[TestResponse] = []
    start = Barrier(len(bodies))
    guests = [house.parent(house.scene.alice) for _ in bodies]

    def run(number: int) -> None:
        start.wait()
        answers.append(guests[number].command("/api/calls", bodies[number], key="one"))

    threads = [Thread(target=run, args=(number,)) for number in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_at_the_same_moment_it_is_done_once(house_on_both: OpenHouse) -> None:
    house = house_on_both
    answers = race(house, *[booking(house)] * RACERS)
    assert Counter((answer.status_code, answer.data) for answer in answers) == {(201, answers[0].data): RACERS}
    assert (booked(house), kept(house)) == (1, 1)


def test_at_the_same_moment_with_different_bodies_one_wins(house_on_both: OpenHouse) -> None:
    house = house_on_both
    answers = race(house, *[booking(house, 9 + number, day=24) for number in range(RACERS)])
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * (RACERS - 1)
    assert {a.get_json()["error"] for a in answers if a.status_code == 422} == {"idempotency_key_reused"}
    assert booked(house) == 1
