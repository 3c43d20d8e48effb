"""The desk undoes that a call was cancelled: before its time is offered on, while it is, and when it was taken."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.calls import booking
from app.calls.models import Call, Claim
from app.calls.words import CallState, Origin
from app.desk import restoring, waiting
from app.desk import service as desk
from app.kernel.errors import NotFound, Refused
from app.storage.database import Database
from app.web.principals import COORDINATOR, Principal
from tests.flows.conftest import Evening
from tests.flows.freed import TOMORROW, cancel, confirm, decline, offers, the_offer
from tests.flows.test_offer_races import ROUNDS, by_threads, check_whole
from tests.scene import Scene, at, set_scene


def desk_of(scene: Scene) -> Principal:
    with scene.database.begin() as session:
        lee = desk.add_coordinator(session, scene.alice.village, "Lee", "en", scene.clock.now())
    return Principal(COORDINATOR, lee.id, scene.alice.village, "a desk", "en")


def restored(scene: Scene, call_id: str, who: Principal | None = None) -> Call:
    with scene.database.begin() as session:
        return restoring.restore(session, who or desk_of(scene), call_id, scene.clock.now())


def cancelled(evening: Evening, minutes: int = 15) -> str:
    """Alice's call of tomorrow, cancelled by herself; Bob is offered its time."""
    call_id = evening.scene.book(evening.scene.alice, TOMORROW, waiting.NOBODY, minutes=minutes)
    cancel(evening, call_id, evening.scene.alice.parent_acts)
    return call_id


def standing(scene: Scene) -> list[Call]:
    with scene.database.read() as session:
        return list(session.scalars(select(Call).where(Call.state != CallState.ENDED)))


def test_what_was_offered_on_and_not_taken_stands_again_and_who_was_asked_is_told(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    call_id = cancelled(evening)
    offer = the_offer(evening)
    scene.clock.step(minutes=2)
    again = restored(scene, call_id)
    evening.settle()
    (only,) = standing(scene)
    assert (only.id, only.state, only.starts_at, only.ends_at) == (
        again.id, CallState.BOOKED, TOMORROW, TOMORROW + timedelta(minutes=15),
    )  # fmt: skip
    assert (only.terminal_id, only.parent_id, only.child_id) == (alice.terminal, alice.parent, alice.child)
    assert scene.call(offer.id).state is CallState.ENDED
    assert evening.templates(bob.parent) == ["slot_offered", "cancelled"]
    assert evening.templates(alice.parent)[-1] == "booked"
    with pytest.raises(Refused, match="too_late"):
        confirm(evening, offer, bob.parent_acts)
    evening.until(scene.clock.now() + timedelta(hours=2))
    assert len(offers(evening)) == 1, "nothing got free that could be offered"
    check_whole(scene)


def test_what_somebody_has_taken_stays_theirs_and_the_desk_is_told_whose(evening: Evening) -> None:
    scene, bob = evening.scene, evening.scene.bob
    call_id = cancelled(evening)
    offer = the_offer(evening)
    confirm(evening, offer, bob.parent_acts)
    with pytest.raises(Refused) as refused:
        restored(scene, call_id)
    assert (refused.value.code, refused.value.detail) == ("slot_given", {"child": "Child of Bob", "parent": "Bob"})
    assert [call.id for call in standing(scene)] == [offer.id]


def test_a_longer_call_withdraws_every_offer_of_its_time(evening: Evening) -> None:
    scene = evening.scene
    scene.move_in("Carol", "drum", 4)
    call_id = cancelled(evening, 50)
    assert len([call for call in offers(evening) if call.state is CallState.PROPOSED]) > 1
    again = restored(scene, call_id)
    assert [call.id for call in standing(scene)] == [again.id]
    assert again.ends_at - again.starts_at == timedelta(minutes=50)


def test_what_is_not_cancelled_or_is_past_is_not_undone(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    booked = scene.book(alice, at(21))
    with pytest.raises(Refused, match="nothing_to_undo"):
        restored(scene, booked)
    cancel(evening, booked, alice.parent_acts)
    again = restored(scene, booked)
    with pytest.raises(Refused, match="slot_given"):
        restored(scene, booked)
    cancel(evening, again.id, alice.parent_acts)
    evening.until(at(21))
    with pytest.raises(Refused, match="nothing_to_undo"):
        restored(scene, again.id)
    with pytest.raises(NotFound):
        restored(scene, again.id, Principal(COORDINATOR, "mo", scene.charlie.village, "a desk", "en"))


def test_declined_before_it_is_undone_it_goes_back_too(evening: Evening) -> None:
    scene, bob = evening.scene, evening.scene.bob
    call_id = cancelled(evening)
    decline(evening, the_offer(evening), bob.parent_acts)
    again = restored(scene, call_id)
    assert again.id in [call.id for call in standing(scene)]


def test_taken_and_undone_at_once_one_of_them_has_it(database: Database) -> None:
    """Of the yes and the undoing the first has it, and the other is told so."""
    scene = set_scene(database)
    alice, bob, now = scene.alice, scene.bob, scene.clock.now()
    lee = desk_of(scene)
    for number in range(ROUNDS):
        starts_at = TOMORROW + timedelta(hours=number)
        call_id = scene.book(alice, starts_at)
        wish = booking.Wish(
            bob.family, bob.child, bob.parent, starts_at, is_proposal=True, origin=Origin.WAIT,
            expires_at=now + timedelta(minutes=30),
        )  # fmt: skip
        with database.begin() as session:
            booking.cancel(session, call_id, alice.parent_acts, "sick", None, now)
            offer_id = booking.book(session, wish, waiting.NOBODY, now).id

        def takes(offer_id: str = offer_id) -> str:
            with database.begin() as session:
                return booking.confirm(session, offer_id, bob.parent_acts, now).id

        said = by_threads([takes, lambda call_id=call_id: restored(scene, call_id, lee).id])  # type: ignore[misc]
        is_taken = scene.call(offer_id).state is CallState.BOOKED
        assert ("slot_given" in said, "too_late" in said) == (is_taken, not is_taken)
        at_that_time = [call for call in standing(scene) if call.starts_at == starts_at]
        assert [call.child_id for call in at_that_time] == [bob.child if is_taken else alice.child]
        with database.read() as session:
            assert set(session.scalars(select(Claim.call_id))) == {call.id for call in standing(scene)}
