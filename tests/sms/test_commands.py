"""Each command by text does what a tap on the web does, is answered once, and can be taken back."""

from datetime import timedelta

import pytest

from app.calls import booking
from app.calls.booking import Wish
from app.calls.models import Call
from app.calls.words import CallState, Origin
from app.calls.words import Outcome as Ended
from app.families import service as families
from app.sms.words import Outcome
from app.storage.database import Database
from tests.scene import at
from tests.sms.stage import ALICE, BOB, GRANNY, Stage

TOMORROW, LATER = at(19, day=24), at(19, day=25)


def test_one_confirms_the_call_that_was_reminded_of(stage: Stage) -> None:
    reminded = stage.scene.book(stage.alice, TOMORROW, stage.alice.desk_acts)
    stage.scene.book(stage.alice, LATER, stage.alice.desk_acts)
    stage.reminded(stage.alice.caregiver, reminded)
    answered = stage.write(GRANNY, "1")
    assert (answered.outcome, answered.template) == (Outcome.CONFIRMED, "sms_confirmed")
    assert answered.text.call_id == reminded
    assert stage.told(stage.alice.parent).count("confirmed_by_other") == 1


def test_one_confirms_the_only_call_that_there_is(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW, stage.alice.desk_acts)
    assert stage.write(GRANNY, "好的").text.call_id == call_id


def test_of_several_calls_it_is_asked_which_is_meant(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    later = stage.scene.book(stage.alice, LATER)
    asked = stage.write(GRANNY, "3")
    assert (asked.outcome, asked.template) == (Outcome.ASKED, "sms_which_call")
    assert [starts for _name, starts in asked.params["choices"]] == [
        TOMORROW.isoformat(), LATER.isoformat(),
    ]  # fmt: skip
    assert stage.call(later).state is CallState.BOOKED
    answered = stage.write(GRANNY, "2")
    assert (answered.outcome, answered.text.call_id) == (Outcome.CANCELLED, later)
    assert stage.call(later).outcome is Ended.CANCELLED


def test_one_books_what_the_other_side_proposes(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW, stage.alice.terminal_acts, is_proposal=True)
    answered = stage.write(ALICE, "1")
    assert (answered.outcome, answered.template) == (Outcome.CONFIRMED, "sms_booked")
    assert stage.call(call_id).state is CallState.BOOKED
    assert "booked" in stage.told(stage.alice.caregiver)


def test_three_declines_it(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW, stage.alice.terminal_acts, is_proposal=True)
    assert stage.write(ALICE, "3").template == "sms_cancelled"
    call = stage.call(call_id)
    assert (call.outcome, call.reason) == (Ended.CANCELLED, "declined")


def test_ones_own_proposal_is_for_the_others_to_answer(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW, is_proposal=True)
    answered = stage.write(ALICE, "1")
    assert (answered.outcome, answered.template) == (Outcome.ASKED, "sms_proposed")
    assert stage.call(call_id).state is CallState.PROPOSED


def test_one_takes_the_slot_that_got_free(stage: Stage) -> None:
    wish = Wish(
        stage.alice.family, stage.alice.child, stage.alice.parent, TOMORROW, is_proposal=True, origin=Origin.WAIT,
        expires_at=stage.now + timedelta(minutes=30),
    )  # fmt: skip
    with stage.database.begin() as session:
        offer = booking.book(session, wish, booking.Actor("", None), stage.now).id
    assert stage.write(GRANNY, "1").template == "sms_booked"
    assert stage.call(offer).state is CallState.BOOKED


def test_two_offers_three_other_times_and_a_digit_moves_the_call(stage: Stage) -> None:
    old = stage.scene.book(stage.alice, TOMORROW)
    offered = stage.write(GRANNY, "2")
    assert (offered.outcome, offered.template, len(offered.offers)) == (Outcome.OFFERED, "sms_offers", 3)
    chosen = stage.write(GRANNY, "3")
    assert (chosen.outcome, chosen.template) == (Outcome.CHOSEN, "sms_booked")
    new = stage.call(str(chosen.text.call_id))
    assert (new.starts_at, new.state) == (offered.offers[2], CallState.BOOKED)
    assert stage.call(old).moved_to_id == new.id
    assert "moved" in stage.told(stage.alice.parent)


def test_two_to_a_proposal_answers_with_another(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW, stage.alice.terminal_acts, is_proposal=True)
    offered = stage.write(ALICE, "2")
    chosen = stage.write(ALICE, "1")
    assert (chosen.outcome, chosen.template) == (Outcome.CHOSEN, "sms_proposed")
    new = stage.call(str(chosen.text.call_id))
    assert (new.starts_at, new.state) == (offered.offers[0], CallState.PROPOSED)
    assert "countered" in stage.told(stage.alice.caregiver)


def test_two_where_there_is_no_call_offers_a_new_one(stage: Stage) -> None:
    offered = stage.write(ALICE, "2")
    chosen = stage.write(ALICE, "1")
    assert (offered.template, chosen.template) == ("sms_offers", "sms_booked")
    (call,) = stage.calls(stage.alice)
    assert (call.starts_at, call.state) == (offered.offers[0], CallState.BOOKED)


def test_a_caregivers_new_call_is_a_proposal(stage: Stage) -> None:
    stage.write(GRANNY, "2")
    assert stage.write(GRANNY, "1").template == "sms_proposed"
    assert "proposed" in stage.told(stage.alice.parent)


def test_a_wrong_three_can_be_taken_back(stage: Stage) -> None:
    old = stage.scene.book(stage.alice, TOMORROW)
    cancelled = stage.write(ALICE, "3")
    assert (cancelled.outcome, cancelled.template) == (Outcome.CANCELLED, "sms_cancelled")
    assert stage.call(old).reason == "other"
    back = stage.write(ALICE, "1")
    assert (back.outcome, back.template) == (Outcome.CHOSEN, "sms_booked")
    new = stage.call(str(back.text.call_id))
    assert (new.id != old, new.starts_at, new.state) == (True, TOMORROW, CallState.BOOKED)


def test_after_a_three_a_two_offers_other_times(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "3")
    assert stage.write(ALICE, "2").template == "sms_offers"
    assert stage.write(ALICE, "2").template == "sms_booked"


def test_what_the_others_called_off_is_not_had_back_by_a_one(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "1")
    with stage.database.begin() as session:
        booking.cancel(session, call_id, stage.alice.terminal_acts, "sick", None, stage.now)
    assert stage.write(ALICE, "1").template == "sms_offers"
    assert [call.state for call in stage.calls(stage.alice)] == [CallState.ENDED]


def test_a_time_that_is_gone_brings_others(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    offered = stage.write(ALICE, "2")
    stage.scene.book(stage.scene.bob, offered.offers[0])
    answered = stage.write(ALICE, "1")
    assert (answered.outcome, answered.template) == (Outcome.OFFERED, "sms_taken")
    assert offered.offers[0] not in answered.offers
    assert stage.write(ALICE, "1").template == "sms_booked"


def test_what_was_taken_back_and_is_gone_brings_other_times(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "3")
    stage.scene.book(stage.scene.bob, TOMORROW)
    assert stage.write(ALICE, "1").template == "sms_taken"


def test_after_two_hours_a_digit_chooses_nothing(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "2")
    stage.scene.clock.step(hours=2)
    expired = stage.write(ALICE, "1")
    assert (expired.outcome, expired.template) == (Outcome.REFUSED, "sms_expired")
    call = stage.call(call_id)
    assert (call.starts_at, call.state) == (TOMORROW, CallState.BOOKED)
    assert stage.write(ALICE, "2").template == "sms_offers", "the next digit is a command again"


def test_a_choice_that_was_long_on_its_way_is_asked_for_once_more(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "2")
    late = stage.now - timedelta(hours=5)
    assert stage.write(ALICE, "1", sent_at=late).template == "sms_offers"
    assert stage.write(ALICE, "1", sent_at=late).template == "sms_booked", "a vendor's clock may be wrong all day"


def test_new_times_in_a_notice_are_chosen_by_their_digits(stage: Stage) -> None:
    missed = stage.scene.book(stage.alice, at(19))
    stage.scene.clock.at = at(20)
    stage.settle()
    assert stage.call(missed).outcome is Ended.MISSED
    stage.reminded(stage.alice.parent, missed, "missed_parent", offers_at=[TOMORROW, LATER])
    answered = stage.write(ALICE, "2")
    assert (answered.outcome, answered.template) == (Outcome.CHOSEN, "sms_booked")
    assert stage.call(str(answered.text.call_id)).starts_at == LATER


def test_of_one_missed_call_both_sides_make_one_new_one(stage: Stage) -> None:
    missed = stage.scene.book(stage.alice, at(19))
    stage.scene.clock.at = at(20)
    stage.settle()
    stage.reminded(stage.alice.parent, missed, "missed_parent", offers_at=[TOMORROW, LATER])
    stage.reminded(stage.alice.caregiver, missed, "missed_village", offers_at=[TOMORROW, LATER])
    made = stage.write(ALICE, "2").text.call_id
    asked = stage.write(GRANNY, "1")
    assert asked.template == "sms_which_call", "there is a new one already"
    assert len(stage.calls(stage.alice)) == 2
    assert stage.write(GRANNY, "1").text.call_id == made


def test_what_the_others_moved_meanwhile_is_spoken_of_where_it_is_now(stage: Stage) -> None:
    old = stage.scene.book(stage.alice, TOMORROW)
    stage.write(GRANNY, "1")
    with stage.database.begin() as session:
        new = booking.move(session, old, LATER, stage.alice.parent_acts, stage.now).id
    assert stage.write(GRANNY, "3").text.call_id == new
    assert stage.call(new).outcome is Ended.CANCELLED


def test_a_call_that_took_place_is_spoken_of_no_more(stage: Stage) -> None:
    over, ahead = stage.scene.book(stage.alice, at(19)), stage.scene.book(stage.alice, TOMORROW)
    stage.scene.clock.at = at(18, 58)
    assert stage.write(GRANNY, "1").template == "sms_which_call"
    assert stage.write(GRANNY, "1").text.call_id == over
    with stage.database.begin() as session:
        call = session.get_one(Call, over)
        call.state, call.outcome, call.ended_at = CallState.ENDED, Ended.HELD, at(19, 15)
    stage.scene.clock.at = at(19, 20)
    assert stage.write(GRANNY, "1").text.call_id == ahead


def test_nothing_that_began_is_changed(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, at(19))
    stage.scene.clock.at = at(19)
    stage.settle()
    assert stage.call(call_id).state is CallState.RINGING
    answered = stage.write(GRANNY, "2")
    assert (answered.outcome, answered.template) == (Outcome.REFUSED, "sms_refused")
    assert answered.params == {"why": "too_late"}


def test_who_says_yes_while_it_rings_is_asked_to_come(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, at(19))
    stage.scene.clock.at = at(19)
    stage.settle()
    for number in (GRANNY, ALICE):
        answered = stage.write(number, "好的")
        assert (answered.template, answered.text.call_id) == ("sms_ringing", call_id)
    assert stage.call(call_id).state is CallState.RINGING


def test_without_consent_there_are_no_times_and_no_call(stage: Stage) -> None:
    with stage.database.begin() as session:
        families.set_no_contact(
            session, child_id=stage.alice.child, contact_id=stage.alice.parent, reason="court", now=stage.now
        )  # fmt: skip
    for number in (ALICE, GRANNY):
        for digit in ("2", "4"):
            answered = stage.write(number, digit)
            assert (answered.outcome, answered.template) == (Outcome.REFUSED, "sms_refused")
            assert answered.params == {"why": "no_contact"}
    assert stage.calls(stage.alice) == []


def test_a_consent_that_ended_meanwhile_stops_a_choice(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW, stage.alice.terminal_acts, is_proposal=True)
    stage.write(ALICE, "2")
    with stage.database.begin() as session:
        families.set_no_contact(
            session, child_id=stage.alice.child, contact_id=stage.alice.parent, reason="court", now=stage.now
        )  # fmt: skip
    answered = stage.write(ALICE, "1")
    assert answered.outcome is Outcome.REFUSED
    assert {call.state for call in stage.calls(stage.alice)} == {CallState.ENDED}


def test_nothing_to_say_yes_or_no_to(stage: Stage) -> None:
    for digit in ("1", "3"):
        assert stage.write(BOB, digit).template == "sms_no_call"


@pytest.mark.parametrize(
    ("text", "template"), [("0", "sms_help"), ("7", "sms_not_understood"), ("12:30", "sms_not_understood")]
)
def test_help_leaves_the_conversation_where_it_was(stage: Stage, text: str, template: str) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    offered = stage.write(ALICE, "2")
    assert stage.write(ALICE, text).template == template
    assert stage.call(str(stage.write(ALICE, "2").text.call_id)).starts_at == offered.offers[1]


def test_both_languages_of_a_household(stage: Stage, database: Database) -> None:
    """Whoever reads English may answer in Chinese."""
    call_id = stage.scene.book(stage.alice, TOMORROW)
    assert stage.write(ALICE, "回复３。").outcome is Outcome.CANCELLED
    assert stage.call(call_id).outcome is Ended.CANCELLED
    assert database is stage.database
