"""Who may hear what, asked at each step; what goes when; that nothing lies readable anywhere. On both databases."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import MetaData, select
from werkzeug.test import TestResponse

from app.families import service as families
from app.families.models import Consent
from app.families.words import ConsentKind, MemberRole
from app.gateways.local_blobs import LOCK
from app.jobs.models import DueRow
from app.messages import retention
from app.messages.models import Blob, FamilyKey, Hearing, Message, Upload
from app.messages.ports import Blobs
from app.messages.vault import Vault
from app.messages.views import VAULT
from app.messages.words import MessageState, UploadState
from app.web.principals import PERSON
from tests.messages.conftest import Post, allow_messages
from tests.messages.recordings import recorded
from tests.web.open_house import Guest, OpenHouse


def revoke(post: Post) -> None:
    alice = post.house.scene.alice
    with post.house.database.begin() as session:
        given = select(Consent).where(Consent.child_id == alice.child, Consent.kind == ConsentKind.MESSAGE)
        for consent in session.scalars(given.where(Consent.revoked_at.is_(None))).all():
            families.revoke_consent(session, consent.id, post.house.clock.now())


def forbid(post: Post) -> None:
    alice, now = post.house.scene.alice, post.house.clock.now()
    with post.house.database.begin() as session:
        families.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=now)


def leave(post: Post) -> None:
    alice, now = post.house.scene.alice, post.house.clock.now()
    with post.house.database.begin() as session:
        families.end_membership(
            session, family_id=alice.family, person_id=alice.parent, role=MemberRole.PARENT, now=now
        )  # fmt: skip


def run_out(post: Post) -> None:
    """By itself, so that nothing tells of it."""
    with post.house.database.begin() as session:
        for consent in session.scalars(select(Consent).where(Consent.kind == ConsentKind.MESSAGE)):
            consent.until_at = post.house.clock.now()


def files(post: Post) -> list[Path]:
    return [path for path in (post.folder / "messages").rglob("*") if path.is_file() and path.name != LOCK]


def start(post: Post) -> None:
    with post.house.database.begin() as session:
        retention.start(session, post.house.clock.now())


@pytest.mark.parametrize("end", [revoke, forbid, leave, run_out])
class TestNoMore:
    def test_nothing_can_be_heard_at_once_and_all_is_gone_by_the_promised_day(
        self, post: Post, end: Callable[[Post], None]
    ) -> None:
        alice = post.house.scene.alice
        parent, terminal = post.house.parent(alice), post.house.terminal(alice)
        sent = post.sent(parent, alice)
        start(post)
        post.later(hours=1)
        end(post)
        for guest in (parent, terminal):
            for path in ("recording", "photo"):
                assert guest.get(f"/api/messages/{sent['id']}/{path}").status_code == 404
            assert guest.command(f"/api/messages/{sent['id']}/withdraw").status_code == 404
            assert post.hear(guest, sent["id"]).status_code == 404
            shown = guest.get(f"/api/families/{alice.family}/thread")
            assert shown.status_code == 404 or shown.get_json()["messages"] == []
        assert terminal.get("/api/now").get_json()["families"][0]["messages_waiting"] == 0
        post.jump(days=29)
        assert files(post), "it may be allowed again"
        post.jump(days=2)
        assert files(post) == []
        message = post.message(sent["id"])
        assert (message.state, message.blob_id, message.peaks) == (MessageState.DELETED, None, None)

    def test_what_was_on_its_way_is_refused_when_it_is_whole(self, post: Post, end: Callable[[Post], None]) -> None:
        alice = post.house.scene.alice
        terminal = post.house.terminal(alice)
        where = post.send(terminal, alice, recorded()[:500]).headers["Location"]
        with post.house.database.begin() as session:  # as if there were more to come
            upload = session.scalars(select(Upload)).one()
            upload.state, upload.offset_bytes = UploadState.OPEN, 400
            session.get_one(Blob, str(upload.blob_id)).is_complete = False
            session.delete(session.scalars(select(Message)).one())
        end(post)
        tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        rest = terminal.ask("PATCH", where, data=recorded()[400:500], headers=tus | {"Upload-Offset": "400"})
        assert rest.status_code == 204
        post.settle()
        with post.house.database.read() as session:
            message = session.scalars(select(Message)).one()
        assert message.state is MessageState.REFUSED
        assert message.reason in ("no_consent", "consent_ended", "no_contact")
        assert files(post) == []
        assert post.send(terminal, alice).status_code in (404, 409)


def test_what_is_allowed_again_in_time_is_kept(post: Post) -> None:
    alice = post.house.scene.alice
    sent = post.sent(post.house.parent(alice), alice)
    start(post)
    revoke(post)
    post.jump(days=20)
    allow_messages(post.house, alice)
    post.jump(days=40)
    assert post.house.terminal(alice).get(f"/api/messages/{sent['id']}/recording").data == recorded()


def test_another_parent_of_the_family_hears_nothing_and_who_lives_with_the_child_all(post: Post) -> None:
    alice = post.house.scene.alice
    with post.house.database.begin() as session:
        now = post.house.clock.now()
        father = families.add_person(session, name="Al", zone="Asia/Shanghai", language="en")
        families.add_member(session, family_id=alice.family, person_id=father.id, role=MemberRole.PARENT, now=now)
    sent = post.sent(post.house.parent(alice), alice)
    other = person(post.house, father.id)
    assert post.thread(other, alice) == []
    assert other.get(f"/api/messages/{sent['id']}/recording").status_code == 404
    granny = person(post.house, alice.caregiver)
    assert [each["id"] for each in post.thread(granny, alice)] == [sent["id"]]
    answer = post.sent(granny, alice, contact_id=alice.parent, answers=sent["id"])
    assert (answer["from"], answer["from_name"]) == ("village", "Granny of Alice")
    with post.house.database.begin() as session:
        families.set_no_contact(
            session, child_id=alice.child, contact_id=alice.caregiver, reason="court", now=post.house.clock.now()
        )  # fmt: skip
    assert post.thread(granny, alice) == []
    assert granny.get(f"/api/messages/{sent['id']}/recording").status_code == 404


def person(house: OpenHouse, person_id: str) -> Guest:
    return Guest(house, house.badge(PERSON, person_id, None))


def test_behind_a_pin_the_terminal_hears_nothing_but_says_what_was_heard(post: Post) -> None:
    alice = post.house.scene.alice
    terminal = post.house.terminal(alice)
    sent = post.sent(post.house.parent(alice), alice)
    pictures = ["fish", "fish", "boat", "star"]
    assert terminal.command(f"/api/families/{alice.family}/pin", {"pictures": pictures}).status_code < 300
    post.house.clock.step(hours=3)
    hidden = terminal.get(f"/api/families/{alice.family}/thread")
    assert (hidden.status_code, hidden.get_json()["error"]) == (409, "pin_needed")
    assert terminal.get(f"/api/messages/{sent['id']}/recording").status_code == 409
    assert terminal.get("/api/now").get_json()["families"][0]["messages_waiting"] == 1
    assert post.hear(terminal, sent["id"]).status_code == 200


def test_a_year_later_it_is_gone_unless_it_comes_each_year(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    once, yearly = post.sent(parent, alice), post.sent(parent, alice, deliver="2026-11-25", repeat="yearly")
    start(post)
    post.jump(days=364)
    assert post.message(once["id"]).state is MessageState.DUE
    post.jump(days=40)
    assert post.message(once["id"]).state is MessageState.DELETED
    assert (post.message(yearly["id"]).state, post.message(yearly["id"]).times) == (MessageState.DUE, 2)


def test_what_was_never_finished_is_swept_away(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    post.send(parent, alice, b"no picture that anybody takes", filetype="image/webp")
    post.send(parent, alice)
    with post.house.database.begin() as session:
        upload = session.scalars(select(Upload).where(Upload.client_key.like("a-recording-%"))).all()[-1]
        session.delete(session.scalars(select(Message)).one())
        upload.state = UploadState.OPEN
    start(post)
    post.jump(days=13)
    assert len(files(post)) == 2
    post.jump(days=3)
    assert files(post) == []


def test_pieces_without_a_row_go_after_a_day_and_no_others(post: Post) -> None:
    alice = post.house.scene.alice
    sent = post.sent(post.house.parent(alice), alice)
    blobs: Blobs = vault(post).blobs
    blobs.put("left0ver", 0, b"of a database that was put back")
    start(post)
    post.settle()
    assert "left0ver" in set(blobs.blob_ids())
    post.later(days=1, minutes=1)
    assert set(blobs.blob_ids()) == {post.message(sent["id"]).blob_id}


def test_of_a_family_that_left_not_even_the_key_is_kept(post: Post) -> None:
    alice = post.house.scene.alice
    post.sent(post.house.parent(alice), alice)
    start(post)
    with post.house.database.begin() as session:
        families.end_membership(
            session, family_id=alice.family, person_id=alice.child, role=MemberRole.CHILD, now=post.house.clock.now()
        )  # fmt: skip
    post.jump(days=29)
    with post.house.database.read() as session:
        assert session.get(FamilyKey, alice.family) is not None
    post.jump(days=3)
    with post.house.database.read() as session:
        assert session.get(FamilyKey, alice.family) is None
        assert session.scalars(select(Blob)).all() == []
    assert files(post) == []


def test_nothing_of_what_was_said_lies_readable_in_database_or_store(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    post.sent(parent, alice)
    post.send(parent, alice, recorded(6.0)[:2_000])
    known = [recorded()[200:232], recorded(6.0)[400:432], b"OpusHead", b"OggS"]
    lying = [path.read_bytes() for path in files(post)]
    assert len(lying) >= 2
    lying += [path.read_bytes() for path in post.folder.glob("homethread.db*")]
    with post.house.database.read() as session:
        tables = MetaData()
        tables.reflect(session.connection())
        rows = [str(row).encode() for table in tables.sorted_tables for row in session.execute(select(table))]
    assert any(alice.family.encode() in row for row in rows)
    written = [form for each in known for form in (each, repr(each)[2:-1].encode(), each.hex().encode())]
    assert not [form for form in written for where in (*lying, *rows) if form in where]


def vault(post: Post) -> Vault:
    found: Vault = post.house.web.app.extensions[VAULT]
    return found


def test_withdrawn_and_heard_at_once_it_is_one_of_both(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    for number in range(6):
        sent, said = post.sent(parent, alice), dict[str, int]()
        withdraw = partial(parent.command, f"/api/messages/{sent['id']}/withdraw")
        at_once(said, withdraw=withdraw, hear=partial(post.hear, terminal, sent["id"], f"race-{number}"))
        message = post.message(sent["id"])
        assert said["hear"] == 200
        assert message.heard_at is not None, "what was heard is told, whoever came first"
        assert said["withdraw"] in (200, 409)
        assert (message.state is MessageState.WITHDRAWN) is (said["withdraw"] == 200)


def at_once(said: dict[str, int], **asked: Callable[[], TestResponse]) -> None:
    """The status of each, all asked at the same moment."""
    meet = Barrier(len(asked))

    def ask(name: str) -> None:
        meet.wait()
        said[name] = asked[name]().status_code

    threads = [Thread(target=ask, args=(name,)) for name in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_hearing_told_by_many_at_once_counts_once(post: Post) -> None:
    alice = post.house.scene.alice
    terminal = post.house.terminal(alice)
    sent = post.sent(post.house.parent(alice), alice)
    post.settle()
    answers = dict[str, int]()
    at_once(answers, **{f"device_{n}": partial(post.hear, terminal, sent["id"]) for n in range(6)})
    assert list(answers.values()) == [200] * 6
    with post.house.database.read() as session:
        assert len(session.scalars(select(Hearing)).all()) == 1
        assert len(session.scalars(select(DueRow).where(DueRow.kind == "event:MessageHeard")).all()) == 1
