"""What nobody confirms is chased, then let go in time to be used again; one word of either side keeps it."""

from datetime import datetime

import pytest

from app.calls import booking
from app.calls.booking import Wish
from app.calls.words import CallState, Origin, Outcome
from tests.flows.conftest import Evening
from tests.flows.freed import BY_ITSELF, TOMORROW, confirm, offers, the_offer
from tests.scene import Household, at


def roster_call(evening: Evening, whom: Household, starts_at: datetime, confirm_by: datetime) -> str:
    with evening.scene.database.begin() as session:
        asked = Wish(
            whom.family, whom.child, whom.parent, starts_at, origin=Origin.ROSTER, confirm_by=confirm_by
        )  # fmt: skip
        return booking.book(session, asked, BY_ITSELF, evening.scene.clock.now()).id


def test_what_nobody_confirms_is_chased_then_let_go_and_used_again(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    call_id = roster_call(evening, alice, TOMORROW, at(13, day=24))
    evening.until(at(10, day=24))
    assert evening.templates(alice.parent) == ["reminder_day", "chase"]
    assert evening.templates(alice.caregiver) == ["reminder_day", "chase"]
    evening.until(at(13, day=24))
    let_go = scene.call(call_id)
    assert (let_go.outcome, let_go.reason, let_go.ended_at) == (Outcome.CANCELLED, "unconfirmed", at(13, day=24))
    assert evening.templates(alice.parent) == ["reminder_day", "chase", "released"]
    assert evening.templates(alice.caregiver) == ["reminder_day", "chase", "released"]
    assert (the_offer(evening).family_id, the_offer(evening).starts_at) == (bob.family, TOMORROW)
    evening.until(TOMORROW)
    assert evening.templates(alice.parent) == ["reminder_day", "chase", "released"], (
        "no more reminder of what was let go"
    )


@pytest.mark.parametrize("who", ["parent", "terminal"])
def test_one_word_of_either_side_keeps_it(evening: Evening, who: str) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = roster_call(evening, alice, TOMORROW, at(13, day=24))
    evening.settle()
    confirm(evening, scene.call(call_id), alice.parent_acts if who == "parent" else alice.terminal_acts)
    evening.until(at(18, day=24))
    assert scene.call(call_id).state is CallState.BOOKED
    assert "chase" not in [*evening.templates(alice.parent), *evening.templates(alice.caregiver)]
    assert not offers(evening)


def test_who_is_asked_too_late_to_be_chased_is_asked_at_once(evening: Evening) -> None:
    roster_call(evening, evening.scene.alice, TOMORROW, at(19, 30))
    evening.settle()
    assert evening.templates(evening.scene.alice.parent) == ["chase"]
