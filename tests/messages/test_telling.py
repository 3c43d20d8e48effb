"""Who is told that something was said, once for several; and that it was heard. On both databases."""

from sqlalchemy import select

from app.families import service as families
from app.families.models import Person
from app.kernel.numbers import E164
from app.notices.models import Notice
from app.notices.words import NoticeState
from tests.messages.conftest import Post
from tests.scene import at


def texts(post: Post, person_id: str) -> list[str]:
    with post.house.database.read() as session:
        number = session.get_one(Person, person_id).phone
    return [text.text.removeprefix("Homethread: ") for text in post.phones.texts(E164(str(number))) if not text.is_own]


def planned(post: Post, template: str) -> list[Notice]:
    with post.house.database.read() as session:
        return list(session.scalars(select(Notice).where(Notice.template == template)))


def test_who_brings_the_child_is_told_once_for_a_whole_evening_of_messages(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    for _ in range(4):
        post.sent(parent, alice)
        post.later(minutes=15)
    told = ["Alice has left a voice message for Child. Hear it at the terminal at Redstone."]
    assert texts(post, alice.caregiver) == told
    assert texts(post, alice.parent) == []


def test_once_it_was_heard_the_next_one_is_told_again_and_the_sender_costs_no_text(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    for _ in range(2):
        post.hear(terminal, post.sent(parent, alice)["id"])
        post.settle()
    assert len(texts(post, alice.caregiver)) == 2
    assert texts(post, alice.parent) == []
    heard = planned(post, "voice_heard")
    assert [(each.person_id, each.params) for each in heard] == [(alice.parent, {"by": "Child of Alice"})] * 2


def test_the_parent_is_told_of_a_word_from_the_child_and_of_an_answer(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    post.hear(parent, post.sent(terminal, alice)["id"])
    asked = post.sent(parent, alice)
    post.sent(terminal, alice, answers=asked["id"])
    first, second = texts(post, alice.parent)
    assert first.startswith("Child has left you a voice message. Open http")
    assert second.startswith("Child has answered your voice message. Open http")


def test_what_is_sealed_is_told_at_its_hour_and_what_comes_at_night_in_the_morning(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    post.sent(parent, alice, deliver="2026-11-23T23:00")
    post.until(at(6, 59, day=24))
    assert texts(post, alice.caregiver) == []
    post.until(at(7, day=24))
    assert len(texts(post, alice.caregiver)) == 1


def test_a_story_each_night_is_told_of_the_first_time_alone(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice, deliver="bedtime", repeat="daily")
    for night in (23, 24, 25):
        post.until(at(20, 30, day=night))
        post.hear(terminal, sent["id"], key=f"night-{night}")
    assert len(texts(post, alice.caregiver)) == 1


def test_nothing_is_told_of_what_was_taken_back_before_the_morning(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    post.house.clock.at = at(23)
    sent = post.sent(parent, alice)
    assert [each.state for each in planned(post, "voice_for_child")] == [NoticeState.PLANNED]
    parent.command(f"/api/messages/{sent['id']}/withdraw")
    post.until(at(9, day=24))
    assert texts(post, alice.caregiver) == []


def test_the_ledger_counts_what_was_heard(post: Post) -> None:
    alice = post.house.scene.alice
    terminal, desk = post.house.terminal(alice), post.house.desk(alice)
    post.hear(terminal, post.sent(post.house.parent(alice), alice)["id"])
    post.settle()
    ledger = desk.get("/api/ledger")
    assert "2026-11-23T10:00:00Z" in ledger.text
    assert not [word for word in ("audio", "peaks", "message_id") if word in ledger.text]


def test_nothing_is_told_of_what_may_not_be_heard_any_more(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    post.sent(parent, alice, deliver="bedtime")
    post.later(hours=1)
    with post.house.database.begin() as session:
        families.set_no_contact(
            session, child_id=alice.child, contact_id=alice.parent, reason="court", now=post.house.clock.now()
        )  # fmt: skip
    post.until(at(21))
    assert texts(post, alice.caregiver) == []
    assert planned(post, "voice_for_child") == []
