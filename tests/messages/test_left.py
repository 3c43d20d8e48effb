"""What media programs bring: messages left over a call, in the name of who left them; nothing else is let in so."""

import base64
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.calls import left_messages
from app.calls.media_models import MediaLease
from app.calls.models import Call, Seat
from app.calls.words import CallState, Outcome, SeatSide, WorkKind
from app.families.models import Consent
from app.families.words import ConsentKind
from app.kernel import media_token
from app.messages.models import Message
from app.messages.words import From
from app.web.models import MediaProgram
from tests.messages.conftest import Post
from tests.messages.recordings import recorded
from tests.scene import SEALER, at

KEYS = (f"left-message-{number}" for number in count(1))
NAME = "media-1"


@pytest.fixture
def call(post: Post) -> str:
    """Alice's, unanswered: her mother and the terminal have seats, and an answering machine was asked for."""
    house, alice = post.house, post.house.scene.alice
    call_id = house.scene.book(alice, at(20))
    post.until(at(20, 1))
    now = house.clock.now()
    with house.database.begin() as session:
        session.add(MediaProgram(id="program", name=NAME, seen_at=now, started_at=now))
        session.flush()
        session.add(
            MediaLease(
                id="lease",
                kind=WorkKind.ANSWERING,
                call_id=call_id,
                program_id="program",
                made_at=now,
                leased_until=now,
            )
        )
        sides = {SeatSide.PARENT: f"person:{alice.parent}", SeatSide.VILLAGE: f"terminal:{alice.terminal}"}
        for side, occupant in sides.items():
            session.add(
                Seat(
                    id=f"seat-{side}", call_id=call_id, side=side, occupant=occupant, device_id="d", sid="s", page="p",
                    taken_at=now, leased_until=now,
                )
            )  # fmt: skip
    return call_id


def bring(post: Post, call: str, *, seat: str = "seat-parent.1", token: str | None = None, **said: str) -> TestResponse:
    body, now = recorded(), post.house.clock.now()
    wanted = {"key": next(KEYS), "filetype": "audio/ogg", "call": call, "seat": seat} | said
    packed = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in wanted.items())
    token = media_token.issue(SEALER.media_key, NAME, now) if token is None else token
    headers = {
        "Tus-Resumable": "1.0.0", "Upload-Length": str(len(body)), "Upload-Metadata": packed,
        "Content-Type": "application/offset+octet-stream", "Authorization": f"Bearer {token}",
    }  # fmt: skip
    return post.house.nobody().ask("POST", "/uploads", headers=headers, data=body)


def the_message(post: Post) -> Message:
    with post.house.database.read() as session:
        return session.scalars(select(Message)).one()


def outcome(post: Post, call: str) -> Outcome | None:
    with post.house.database.read() as session:
        return session.get_one(Call, call).outcome


@pytest.mark.parametrize(("seat", "end"), [("seat-parent.1", From.PARENT), ("seat-village.3", From.VILLAGE)])
def test_it_is_theirs_who_left_it(post: Post, call: str, seat: str, end: From) -> None:
    alice = post.house.scene.alice
    assert bring(post, call, seat=seat).status_code == 201
    post.settle()
    message = the_message(post)
    by = {From.PARENT: f"person:{alice.parent}", From.VILLAGE: f"terminal:{alice.terminal}"}[end]
    assert (message.from_, message.by, message.contact_id, message.child_id) == (end, by, alice.parent, alice.child)
    hearer = post.house.terminal(alice) if end is From.PARENT else post.house.parent(alice)
    assert [each["id"] for each in post.thread(hearer, alice)] == [message.id]


@pytest.mark.parametrize("is_before", [True, False])
def test_it_is_what_became_of_the_call(post: Post, call: str, is_before: bool) -> None:
    if is_before:
        bring(post, call)
    post.until(at(20, 11))
    assert outcome(post, call) is (Outcome.MESSAGE if is_before else Outcome.MISSED)
    bring(post, call)
    post.settle()
    assert outcome(post, call) is Outcome.MESSAGE


def test_a_call_that_was_held_stays_so(post: Post, call: str) -> None:
    with post.house.database.begin() as session:
        held = {"state": CallState.ENDED, "outcome": Outcome.HELD, "ended_at": post.house.clock.now()}
        session.execute(update(Call).where(Call.id == call).values(held))
    bring(post, call)
    post.settle()
    assert outcome(post, call) is Outcome.HELD


def test_brought_again_by_another_program_it_is_there_once(post: Post, call: str) -> None:
    with post.house.database.begin() as session:
        now = post.house.clock.now()
        session.add(MediaProgram(id="another", name="media-2", seen_at=now, started_at=now))
    first = bring(post, call, key="the-same-one")
    token = media_token.issue(SEALER.media_key, "media-2", post.house.clock.now())
    again = bring(post, call, key="the-same-one", token=token)
    assert first.headers["Location"] == again.headers["Location"]
    headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}
    found = post.house.nobody().ask("HEAD", again.headers["Location"], headers=headers)
    assert found.headers["Upload-Offset"] == str(len(recorded()))
    post.settle()
    the_message(post)


class TestRefused:
    def test_without_a_token_that_is_good(self, post: Post, call: str) -> None:
        now = post.house.clock.now()
        tokens = {
            "none": "", "nonsense": "a.b.c",
            "old": media_token.issue(SEALER.media_key, NAME, now - timedelta(minutes=5)),
            "another key": media_token.issue(bytes(32), NAME, now),
            "never connected": media_token.issue(SEALER.media_key, "nobody", now),
        }  # fmt: skip
        assert {case: bring(post, call, token=token).status_code for case, token in tokens.items()} == dict.fromkeys(
            tokens, 401
        )

    def test_for_a_call_that_had_no_machine(self, post: Post, call: str) -> None:
        other = post.house.scene.book(post.house.scene.bob, at(21))
        assert bring(post, other).status_code == 404
        assert bring(post, "no-such-call").status_code == 404
        assert bring(post, call, seat="seat-of-nobody.1").status_code == 404

    def test_long_after_the_machine_was_gone(self, post: Post, call: str) -> None:
        long_ago = post.house.clock.now() - left_messages.MAY_WAIT - timedelta(hours=1)
        with post.house.database.begin() as session:
            session.execute(update(MediaLease).values(ended_at=long_ago))
        assert bring(post, call).status_code == 404

    def test_without_consent_to_messages_and_a_picture_ever(self, post: Post, call: str) -> None:
        theirs = update(Consent).where(Consent.kind == ConsentKind.MESSAGE)
        with post.house.database.begin() as session:
            session.execute(theirs.values(revoked_at=post.house.clock.now()))
        assert bring(post, call, filetype="image/webp").status_code == 422
        refused = bring(post, call)
        assert (refused.status_code, refused.get_json()["error"]) == (409, "consent_ended")

    def test_what_somebodys_own_phone_is_sending(self, post: Post, call: str) -> None:
        alice = post.house.scene.alice
        own = post.send(post.house.parent(alice), alice)
        token = media_token.issue(SEALER.media_key, NAME, post.house.clock.now())
        headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}
        assert post.house.nobody().ask("HEAD", own.headers["Location"], headers=headers).status_code == 404

    def test_at_every_other_door(self, post: Post, call: str) -> None:
        token = media_token.issue(SEALER.media_key, NAME, post.house.clock.now())
        for path in ("/api/now", "/api/calls/x", "/api/families/x/thread", "/api/slots"):
            assert post.house.nobody().get(path, Authorization=f"Bearer {token}").status_code in (401, 403), path
