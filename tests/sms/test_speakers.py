"""For whom a number speaks: shared, changed, unconfirmed and unknown ones; and what a stranger is told."""

from datetime import timedelta

from sqlalchemy import select

from app.calls.words import CallState
from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from app.notices.models import Notice, StoppedNumber
from app.sms import strangers
from app.sms.words import Outcome
from tests.scene import at
from tests.sms.stage import ALICE, BOB, GRANNY, Stage

TOMORROW = at(19, day=24)
STRANGER, LANDLINE = "+8613900000099", "+861065529988"


def change_number(stage: Stage, person_id: str, number: str | None) -> None:
    with stage.database.begin() as session:
        person = session.get_one(Person, person_id)
        person.phone, person.phone_confirmed_at = number, stage.now if number else None


def test_two_sides_on_one_phone_are_asked_who_writes(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW)
    stage.share(stage.alice.caregiver, ALICE)
    asked = stage.write(ALICE, "3")
    assert (asked.outcome, asked.template) == (Outcome.ASKED, "sms_which_person")
    assert asked.params["choices"] == ["Alice", "Granny of Alice"]
    assert stage.call(call_id).state is CallState.BOOKED
    answered = stage.write(ALICE, "2")
    assert (answered.outcome, answered.text.person_id) == (Outcome.CANCELLED, stage.alice.caregiver)
    assert answered.reply.person_id == stage.alice.caregiver
    assert "cancelled" in stage.told(stage.alice.parent)


def test_who_said_who_they_are_is_not_asked_again_for_two_hours(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    stage.share(stage.alice.caregiver, ALICE)
    stage.write(ALICE, "1")
    stage.write(ALICE, "2")
    assert stage.write(ALICE, "1").text.person_id == stage.alice.caregiver
    stage.scene.clock.step(hours=3)
    assert stage.write(ALICE, "1").template == "sms_which_person"


def test_two_who_bring_the_child_and_share_a_phone_are_one_voice(stage: Stage) -> None:
    with stage.database.begin() as session:
        grandpa = families.add_person(
            session, name="Grandpa", zone="Asia/Shanghai", language="en", phone=GRANNY, confirmed_at=stage.now
        )  # fmt: skip
        families.add_member(
            session, family_id=stage.alice.family, person_id=grandpa.id, role=MemberRole.CAREGIVER, now=stage.now
        )  # fmt: skip
    stage.settle()
    stage.scene.book(stage.alice, TOMORROW)
    assert stage.write(GRANNY, "1").outcome is Outcome.CONFIRMED


def test_a_phone_for_two_families_asks_which_call(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    his = stage.scene.book(stage.scene.bob, at(20, day=24))
    stage.share(stage.scene.bob.parent, ALICE)
    asked = stage.write(ALICE, "1")
    assert asked.template == "sms_which_call"
    answered = stage.write(ALICE, "2")
    assert (answered.text.call_id, answered.text.person_id) == (his, stage.scene.bob.parent)


def test_a_number_that_was_given_up_speaks_for_nobody(stage: Stage) -> None:
    """Changed in the middle of a conversation: the old one chooses nothing, the new one has nothing to choose from."""
    call_id = stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "2")
    change_number(stage, stage.alice.parent, "+8613800000077")
    old = stage.write(ALICE, "1")
    assert (old.outcome, old.template, old.text.person_id) == (Outcome.STRANGER, "sms_stranger", None)
    assert stage.call(call_id).state is CallState.BOOKED
    new = stage.write("+8613800000077", "1")
    assert (new.outcome, new.template) == (Outcome.CONFIRMED, "sms_confirmed")


def test_who_gets_the_number_of_another_goes_on_with_nothing_of_theirs(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "3")
    change_number(stage, stage.alice.parent, "+8613800000077")
    change_number(stage, stage.scene.bob.parent, ALICE)
    answered = stage.write(ALICE, "1")
    assert (answered.outcome, answered.template) == (Outcome.REFUSED, "sms_no_call")
    assert answered.reply.person_id == stage.scene.bob.parent
    assert [call.id for call in stage.calls(stage.alice)] == [call_id]


def test_what_went_to_the_number_before_is_not_answered_from_the_new_one(stage: Stage) -> None:
    reminded = stage.scene.book(stage.alice, TOMORROW)
    stage.scene.book(stage.alice, at(19, day=25))
    stage.reminded(stage.alice.parent, reminded)
    stage.scene.clock.step(minutes=1)
    change_number(stage, stage.alice.parent, "+8613800000077")
    assert stage.write("+8613800000077", "3").template == "sms_which_call"


def test_an_unconfirmed_number_and_one_without_a_family_are_strangers(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    with stage.database.begin() as session:
        session.get_one(Person, stage.alice.parent).phone_confirmed_at = None
        families.end_membership(
            session, family_id=stage.scene.bob.family, person_id=stage.scene.bob.parent, role=MemberRole.PARENT,
            now=stage.now,
        )  # fmt: skip
    for number in (ALICE, BOB):
        answered = stage.write(number, "3")
        assert (answered.outcome, answered.template) == (Outcome.STRANGER, "sms_stranger")
        assert (answered.reply.person_id, answered.params) == (None, {})
    assert [call.state for call in stage.calls(stage.alice)] == [CallState.BOOKED]


def test_a_stranger_is_told_once_and_then_for_a_month_nothing(stage: Stage) -> None:
    told = [stage.write(STRANGER, text).template for text in ("Hello", "1", "你是谁", "5")]
    assert told == ["sms_stranger", None, None, None]
    stage.scene.clock.step(days=31)
    again = stage.write(STRANGER, "你好")
    assert (again.template, again.reply.language) == ("sms_stranger", "zh-CN")
    assert again.reply.number == STRANGER


def test_a_strangers_language_is_the_one_of_the_text_or_of_the_number(stage: Stage) -> None:
    for number, text, language in (
        (STRANGER, "1", "zh-CN"), ("+8613900000098", "who are you", "en"), ("+4915112345678", "1", "en"),
    ):  # fmt: skip
        answered = stage.write(number, text)
        assert answered.reply.language == language


def test_a_landline_is_not_texted(stage: Stage) -> None:
    answered = stage.write(LANDLINE, "Hello")
    assert (answered.outcome, answered.notice) == (Outcome.STRANGER, None)


def test_stop_is_heard_from_anybody_and_told_once(stage: Stage) -> None:
    for number in (ALICE, STRANGER):
        assert [stage.write(number, text).template for text in ("退订", "T", "9")] == ["sms_stopped", None, None]
    with stage.database.read() as session:
        assert set(session.scalars(select(StoppedNumber.number))) == {ALICE, STRANGER}
    assert stage.write(STRANGER, "Hello").notice is None
    assert [stage.write(number, "START").template for number in (ALICE, STRANGER)] == ["sms_started"] * 2
    with stage.database.read() as session:
        assert session.scalars(select(StoppedNumber.number)).all() == []


def test_a_stopped_number_still_confirms(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "STOP")
    assert stage.write(ALICE, "1").template == "sms_confirmed"


def test_nobody_is_answered_without_end(stage: Stage) -> None:
    """A machine at the other end: it is heard twenty times an hour, and its stop always."""
    call_id = stage.scene.book(stage.alice, TOMORROW)
    answered = [stage.write(ALICE, "0") for _time in range(24)]
    assert [each.template for each in answered] == ["sms_help"] * 20 + [None] * 4
    ignored = stage.write(ALICE, "3")
    assert (ignored.outcome, ignored.notice) == (Outcome.IGNORED, None)
    assert stage.call(call_id).state is CallState.BOOKED
    assert stage.write(ALICE, "STOP").template == "sms_stopped"
    stage.scene.clock.step(hours=1)
    assert stage.write(ALICE, "3").outcome is Outcome.CANCELLED


def test_a_stranger_who_stops_and_starts_without_end_is_not_answered_without_end(stage: Stage) -> None:
    answered = [stage.write(STRANGER, text).template for text in ["STOP", "START"] * 13]
    assert answered == ["sms_stopped", "sms_started"] * 10 + [None] * 6


def test_a_village_sees_the_strangers_whose_number_it_wrote_down_and_no_others(stage: Stage) -> None:
    with stage.database.begin() as session:
        session.get_one(Person, stage.alice.caregiver).phone_confirmed_at = None
    for number in (GRANNY, STRANGER, GRANNY):
        stage.write(number, "Hello")
    stage.scene.clock.step(minutes=1)
    with stage.database.read() as session:
        hers = strangers.of_village(session, stage.alice.village, stage.now)
        charlies = strangers.of_village(session, stage.scene.charlie.village, stage.now)
        of_nobody = strangers.of_nobody(session, stage.now)
    assert [(each.number, each.texts, each.person_id) for each in hers] == [("…12", 2, stage.alice.caregiver)]
    assert hers[0].last_at == stage.now - timedelta(minutes=1)
    assert charlies == []
    assert [(each.number, each.texts, each.name) for each in of_nobody] == [("…99", 1, None)]


def test_who_is_this_names_the_village_to_its_people(stage: Stage) -> None:
    answered = stage.write(GRANNY, "5")
    assert answered.params == {"place": "Redstone", "name": "Redstone"}


def test_one_answer_to_a_text_however_often_it_is_followed(stage: Stage) -> None:
    stage.scene.book(stage.alice, TOMORROW)
    stage.write(ALICE, "0")
    with stage.database.read() as session:
        assert len(session.scalars(select(Notice).where(Notice.key.like("reply:%"))).all()) == 1
