"""A message from its last byte on: looked at, sealed or due, heard, taken back, repeated; on both databases."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from app.messages.words import MessageState
from app.web import hints
from app.web.models import Change
from tests.messages.conftest import Post
from tests.messages.recordings import recorded
from tests.scene import at


def test_a_parents_message_is_heard_at_the_terminal_and_the_parent_sees_it(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice, key="the-first-one")
    assert (sent["from"], sent["from_name"], sent["state"], sent["key"]) == ("parent", "Alice", "due", "the-first-one")
    assert (sent["mime"], sent["duration_ms"], sent["heard_at"], sent["can"]) == ("audio/ogg", 2000, None, ["withdraw"])
    (shown,) = post.thread(terminal, alice)
    assert (shown["id"], shown["key"], shown["can"], shown["bytes"]) == (sent["id"], "", [], len(recorded()))
    heard = terminal.get(f"/api/messages/{sent['id']}/recording")
    assert (heard.status_code, heard.data, heard.mimetype) == (200, recorded(), "audio/ogg")
    post.house.clock.step(minutes=3)
    assert post.hear(terminal, sent["id"]).get_json() == {"heard": [sent["id"]], "gone": []}
    (told,) = post.thread(parent, alice)
    assert (told["heard_at"], told["can"]) == ("2026-11-23T10:03:00Z", [])


def test_a_childs_message_at_the_terminal_goes_to_the_parent(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(terminal, alice, recorded(2, "webm"), filetype="audio/webm")
    assert (sent["from"], sent["from_name"], sent["mime"]) == ("village", "Child of Alice", "audio/webm")
    assert parent.get("/api/now").get_json()["families"][0]["messages_waiting"] == 1
    assert post.hear(parent, sent["id"]).status_code == 200
    assert parent.get("/api/now").get_json()["families"][0]["messages_waiting"] == 0


def test_what_waits_is_counted_at_the_end_that_it_waits_for(post: Post) -> None:
    alice, bob = post.house.scene.alice, post.house.scene.bob
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    post.sent(parent, alice)
    post.sent(parent, alice, deliver="2026-11-24")

    def waiting() -> dict[str, int]:
        return {each["id"]: each["messages_waiting"] for each in terminal.get("/api/now").get_json()["families"]}

    assert waiting() == {alice.family: 1, bob.family: 0}
    assert parent.get("/api/now").get_json()["families"][0]["messages_waiting"] == 0
    post.until(at(7, day=24))
    assert waiting() == {alice.family: 2, bob.family: 0}


def test_sealed_it_is_there_ahead_of_its_hour_and_falls_due_at_it(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice, deliver="bedtime")
    assert (sent["state"], sent["deliver_at"]) == ("sealed", "2026-11-23T12:00:00Z")
    assert [each["state"] for each in post.thread(terminal, alice)] == ["sealed"]
    assert terminal.get(f"/api/messages/{sent['id']}/recording").data == recorded()
    post.until(at(20) - timedelta(seconds=1))
    assert post.message(sent["id"]).state is MessageState.SEALED
    post.until(at(20))
    assert [each["state"] for each in post.thread(terminal, alice)] == ["due"]


def test_a_story_each_night_comes_again_and_is_heard_anew(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice, deliver="bedtime", repeat="daily")
    for night in (23, 24, 25):
        post.until(at(20, 5, day=night))
        assert post.message(sent["id"]).heard_at is None
        assert post.message(sent["id"]).deliver_at == at(20, day=night)
        post.hear(terminal, sent["id"], key=f"night-{night}")
        assert post.message(sent["id"]).heard_at == at(20, 5, day=night)
    post.hear(terminal, sent["id"], key="of-the-night-before", at=at(21, day=24))
    (shown,) = post.thread(parent, alice)
    assert (shown["repeat"], shown["can"]) == ("daily", ["withdraw"])
    assert parent.command(f"/api/messages/{sent['id']}/withdraw").status_code == 200
    post.until(at(21, day=26))
    assert post.message(sent["id"]).state is MessageState.WITHDRAWN
    assert post.thread(terminal, alice) == []


def test_each_birthday_also_after_a_worker_was_away_for_years(post: Post) -> None:
    alice = post.house.scene.alice
    sent = post.sent(post.house.parent(alice), alice, deliver="2027-02-01", repeat="yearly")
    post.until(datetime(2027, 2, 1, 1, tzinfo=UTC))
    assert post.message(sent["id"]).times == 1
    post.house.clock.at = datetime(2030, 3, 1, tzinfo=UTC)
    post.settle()
    message = post.message(sent["id"])
    assert (message.times, message.deliver_at) == (2, datetime(2030, 1, 31, 23, tzinfo=UTC))
    post.until(datetime(2031, 2, 1, 1, tzinfo=UTC))
    assert post.message(sent["id"]).times == 3


def test_taken_back_it_is_gone_at_the_other_end_and_its_bytes_too(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice)
    assert terminal.command(f"/api/messages/{sent['id']}/withdraw").status_code == 403, "it is not theirs to take back"
    withdrawn = parent.command(f"/api/messages/{sent['id']}/withdraw").get_json()
    assert (withdrawn["state"], withdrawn["can"]) == ("withdrawn", [])
    assert post.thread(terminal, alice) == []
    for guest in (terminal, parent):
        assert guest.get(f"/api/messages/{sent['id']}/recording").status_code == 404
    again = parent.command(f"/api/messages/{sent['id']}/withdraw")
    assert (again.status_code, again.get_json()["error"]) == (409, "message_ended")
    post.settle()
    assert not [path for path in (post.folder / "messages").rglob("*") if path.is_file()]
    assert [each["state"] for each in post.thread(parent, alice)] == ["withdrawn"]


def test_what_was_heard_is_not_taken_back(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice)
    post.hear(terminal, sent["id"])
    late = parent.command(f"/api/messages/{sent['id']}/withdraw")
    assert (late.status_code, late.get_json()["error"]) == (409, "message_heard")


def test_a_hearing_that_was_on_its_way_is_told_although_it_was_taken_back(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice)
    parent.command(f"/api/messages/{sent['id']}/withdraw")
    assert post.hear(terminal, sent["id"]).status_code == 200
    (shown,) = post.thread(parent, alice)
    assert (shown["state"], shown["heard_at"]) == ("withdrawn", "2026-11-23T10:00:00Z")


@pytest.mark.parametrize(("said_hours", "kept_hours"), [(72, 1), (-200, 0)])
def test_a_hearing_counts_once_and_never_of_the_future(post: Post, said_hours: int, kept_hours: int) -> None:
    said, kept = timedelta(hours=said_hours), timedelta(hours=kept_hours)
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent_at = post.house.clock.now()
    sent = post.sent(parent, alice)
    post.later(hours=1)
    for _ in range(3):
        assert post.hear(terminal, sent["id"], at=sent_at + said).status_code == 200
    assert post.message(sent["id"]).heard_at == sent_at + kept
    assert post.hear(parent, sent["id"]).status_code == 404, "nobody hears their own"
    mixed = {
        "hearings": [
            {"message_id": each, "key": "k", "heard_at": sent_at.isoformat()} for each in (sent["id"], "nobodys")
        ]
    }
    assert terminal.command("/api/messages/hearings", mixed).get_json() == {"heard": [sent["id"]], "gone": ["nobodys"]}


def test_the_thread_comes_in_pages(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    for _ in range(32):
        assert post.send(parent, alice).status_code == 201
        post.house.clock.step(seconds=10)
    first = parent.get(f"/api/families/{alice.family}/thread").get_json()
    rest = parent.get(f"/api/families/{alice.family}/thread?before={first['next']}").get_json()
    assert (len(first["messages"]), len(rest["messages"]), rest["next"]) == (30, 2, None)
    times = [each["sent_at"] for each in first["messages"] + rest["messages"]]
    assert times == sorted(times, reverse=True)
    assert len({each["id"] for each in first["messages"] + rest["messages"]}) == 32


def test_what_arrived_otherwise_than_it_was_sent_begins_anew(post: Post) -> None:
    """Before it is taken for whole, so that the device still has it."""
    alice = post.house.scene.alice
    parent, meant = post.house.parent(alice), hashlib.sha256(recorded()).hexdigest()
    spoiled = recorded()[:-1] + b"x"
    said = {"key": "spoiled-once", "sha256": meant}
    assert post.send(parent, alice, spoiled, **said).status_code == 460
    assert post.thread(parent, alice) == []
    again = post.send(parent, alice, recorded(), **said)
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, str(len(recorded())))
    post.settle()
    assert [each["state"] for each in post.thread(parent, alice)] == ["due"]


def test_what_has_become_a_message_is_not_given_up_as_an_upload(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    where = post.send(parent, alice).headers["Location"]
    ended = parent.ask("DELETE", where, headers={"Tus-Resumable": "1.0.0"})
    assert (ended.status_code, ended.get_json()["error"]) == (409, "upload_complete")
    post.settle()
    parent.command(f"/api/messages/{post.thread(parent, alice)[0]['id']}/withdraw")
    post.settle()
    told = parent.ask("HEAD", where, headers={"Tus-Resumable": "1.0.0"})
    assert (told.status_code, told.headers["Upload-Offset"]) == (200, str(len(recorded()))), "it did arrive"


def test_whoever_may_be_looking_is_hinted_at(post: Post) -> None:
    alice, bob = post.house.scene.alice, post.house.scene.bob

    def hinted() -> set[tuple[str, str]]:
        with post.house.database.begin() as session:
            found = {hint for _id, hint in hints.changes_since(session, post.house.clock.now() - timedelta(days=1))}
            session.execute(delete(Change))
        return found

    hinted()
    sent = post.sent(post.house.parent(alice), alice)
    theirs = {("terminal", alice.terminal), ("person", alice.parent), ("person", alice.caregiver)}
    found = hinted()
    assert found >= theirs
    assert ("person", bob.parent) not in found
    post.hear(post.house.terminal(alice), sent["id"])
    assert hinted() >= theirs
