"""A device whose link had died comes back to its seat, in which somebody may have gone on at another device."""

import pytest

from app.calls import seats
from app.calls.seats import Device, Taken, seat_name
from app.kernel.errors import Refused
from app.web.principals import Principal
from tests.calls.media_stage import live, person
from tests.calls.test_desk_seat import coordinator
from tests.scene import Scene

Two = tuple[Principal, Principal]


@pytest.fixture(params=["a terminal and a caregiver's phone", "two phones", "two desks"])
def two(scene: Scene, request: pytest.FixtureRequest) -> Two:
    """Who was in the seat, and who goes on in it."""
    alice = scene.alice
    if request.param == "two phones":
        return alice.as_parent, alice.as_parent
    if request.param == "two desks":
        return (coordinator(scene, "Teacher Li"),) * 2
    return alice.as_terminal, person(alice.caregiver)


def take(
    scene: Scene, call_id: str, who: Principal, page: str, had: str | None = None, *, is_here: bool = True
) -> Taken:
    with scene.database.begin() as session:
        device = Device(f"sid of {page}", page, is_here=is_here, name="Somebody", had=had)
        return seats.take(session, call_id, who, device, scene.clock.now())


def lose(scene: Scene, page: str) -> None:
    with scene.database.begin() as session:
        assert len(seats.disconnected(session, f"sid of {page}", scene.clock.now())) == 1


def test_it_takes_the_call_from_nobody(scene: Scene, two: Two) -> None:
    """Where nobody is any more it goes on; and who joins there with a touch takes it."""
    call_id = live(scene, scene.alice)
    had = seat_name(take(scene, call_id, two[0], "first").seat)
    assert seat_name(take(scene, call_id, two[0], "first", had).seat) == had, "it was there all the time"
    lose(scene, "first")
    take(scene, call_id, two[1], "second")
    with pytest.raises(Refused, match="seat_taken_elsewhere"):
        take(scene, call_id, two[0], "first", had)
    with scene.database.read() as session:
        assert seats.held(session, call_id, "sid of second").occupant == two[1].name
    lose(scene, "second")
    assert take(scene, call_id, two[0], "first", had).seat.occupant == two[0].name
    assert take(scene, call_id, two[1], "second").displaced == "sid of first"


def test_what_only_stands_ready_leaves_it_the_seat_while_its_link_is_away(scene: Scene) -> None:
    call_id, there, phone = live(scene, scene.alice), scene.alice.as_terminal, person(scene.alice.caregiver)
    had = seat_name(take(scene, call_id, there, "first").seat)
    lose(scene, "first")
    with pytest.raises(Refused, match="seat_taken_elsewhere"):
        take(scene, call_id, phone, "second", is_here=False)
    assert seat_name(take(scene, call_id, there, "first", had).seat) == had
    lose(scene, "first")
    assert take(scene, call_id, phone, "second").seat.occupant == phone.name, "who joins with a touch goes on"
