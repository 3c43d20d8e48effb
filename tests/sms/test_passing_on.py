"""What is no command goes to the family, with the consent that it takes, acknowledged now and then."""

from app.families import service as families
from app.families.words import MemberRole
from app.sms import thread
from app.sms.words import Outcome
from app.web.models import Change
from tests.scene import Household, at
from tests.sms.stage import ALICE, GRANNY, Stage


def shown(stage: Stage, whose: Household) -> list[tuple[str, str]]:
    with stage.database.read() as session:
        written = thread.of_family(session, whose.family, stage.now)
    return [(each.writer.name, each.text.text) for each in written]


def test_a_message_goes_to_the_familys_page(stage: Stage) -> None:
    stage.allow_messages(stage.alice)
    answered = stage.write(ALICE, "妈妈想你")
    assert (answered.outcome, answered.template) == (Outcome.MESSAGE, "sms_passed_on")
    assert answered.params == {"place": "Redstone"}
    stage.write(GRANNY, "He is well, don't worry")
    assert shown(stage, stage.alice) == [("Alice", "妈妈想你"), ("Granny of Alice", "He is well, don't worry")]
    with stage.database.read() as session:
        hinted = {(each.topic, each.subject_id) for each in session.query(Change)}
    assert ("terminal", stage.alice.terminal) in hinted


def test_it_is_acknowledged_once_in_twelve_hours(stage: Stage) -> None:
    told = [stage.write(GRANNY, text).template for text in ("Hello", "It rains", "Bye")]
    stage.scene.clock.step(hours=12)
    assert [*told, stage.write(GRANNY, "Good morning").template] == ["sms_passed_on", None, None, "sms_passed_on"]


def test_a_message_between_leaves_the_conversation_as_it_was(stage: Stage) -> None:
    stage.scene.book(stage.alice, at(19, day=24))
    offered = stage.write(GRANNY, "2")
    stage.write(GRANNY, "Which one is best for her?")
    assert stage.call(str(stage.write(GRANNY, "3").text.call_id)).starts_at == offered.offers[2]


def test_without_consent_to_messages_a_parent_is_told_so(stage: Stage) -> None:
    answered = stage.write(ALICE, "Be good")
    assert (answered.outcome, answered.template) == (Outcome.REFUSED, "sms_refused")
    assert answered.params == {"why": "no_consent"}
    assert (shown(stage, stage.alice), answered.text.family_id) == ([], None)


def test_who_is_kept_apart_reaches_nobody(stage: Stage) -> None:
    stage.allow_messages(stage.alice)
    with stage.database.begin() as session:
        families.set_no_contact(
            session, child_id=stage.alice.child, contact_id=stage.alice.parent, reason="court", now=stage.now
        )  # fmt: skip
    answered = stage.write(ALICE, "Be good")
    assert answered.params == {"why": "no_contact"}
    assert shown(stage, stage.alice) == []


def test_who_is_in_two_families_is_asked_which(stage: Stage) -> None:
    with stage.database.begin() as session:
        families.add_member(
            session, family_id=stage.scene.bob.family, person_id=stage.alice.caregiver, role=MemberRole.CAREGIVER,
            now=stage.now,
        )  # fmt: skip
    first = stage.write(GRANNY, "It rains here")
    assert (first.outcome, first.template) == (Outcome.ASKED, "sms_which_child")
    assert first.params["choices"] == ["Child of Alice", "Child of Bob"]
    stage.write(GRANNY, "and it is cold")
    assert (shown(stage, stage.alice), shown(stage, stage.scene.bob)) == ([], [])
    chosen = stage.write(GRANNY, "2")
    assert (chosen.outcome, chosen.template) == (Outcome.CHOSEN, "sms_passed_on")
    assert [text for _name, text in shown(stage, stage.scene.bob)] == ["It rains here", "and it is cold"]
    assert shown(stage, stage.alice) == []


def test_two_on_one_phone_are_asked_who_writes(stage: Stage) -> None:
    stage.allow_messages(stage.alice)
    stage.share(stage.alice.caregiver, ALICE)
    assert stage.write(ALICE, "I think of you").template == "sms_which_person"
    stage.write(ALICE, "1")
    stage.write(ALICE, "every day")
    assert shown(stage, stage.alice) == [("Alice", "I think of you"), ("Alice", "every day")]
