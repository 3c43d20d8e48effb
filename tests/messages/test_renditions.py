"""The form for ends that can't play the original: playing as it comes, and given up where it can't be made."""

import pytest

from app.jobs import service as jobs
from app.messages import renditions, sandbox
from tests.messages.conftest import Post
from tests.messages.recordings import recorded
from tests.web.open_house import Guest


def boxes(mp4: bytes) -> list[str]:
    """The names of the outermost, in their order (ISO/IEC 14496-12)."""
    names, at = [], 0
    while at < len(mp4):
        names.append(mp4[at + 4 : at + 8].decode())
        at += int.from_bytes(mp4[at : at + 4], "big")
    assert at == len(mp4)
    return names


@pytest.mark.parametrize("seconds", [1.0, 20.0])
def test_its_index_comes_before_what_it_indexes(seconds: float) -> None:
    made = sandbox.render(recorded(seconds))
    names = boxes(made)
    assert names.index("moov") < names.index("mdat")
    half = sandbox.measure(made[: len(made) // 2])
    assert 0.2 < half.duration_ms / 1000 / seconds < 0.6, "what came is heard before the rest did"
    assert sandbox.measure(made).duration_ms == pytest.approx(seconds * 1000, abs=150)


def answer(guest: Guest, message_id: str) -> str:
    asked = guest.get(f"/api/messages/{message_id}/recording?mime=audio/mp4")
    return str(asked.get_json()["error"]) if asked.status_code == 409 else str(asked.status_code)


def dead_rows(post: Post) -> list[str]:
    with post.house.database.read() as session:
        return [row.kind for row in jobs.dead(session)]


@pytest.mark.parametrize("failure", [sandbox.Died("ended with -9"), sandbox.Unfit("not_audio")], ids=["died", "unfit"])
def test_one_that_cannot_be_made_is_said_to_be_and_tried_again_an_hour_later(
    post: Post, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    message_id = post.sent(terminal, alice)["id"]
    made = []

    def fail(_raw: bytes) -> bytes:
        made.append(1)
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "render", fail)
        assert answer(parent, message_id) == "rendition_later"
        post.later(minutes=1)
        tries = 1 if isinstance(failure, sandbox.Unfit) else renditions.TRIES
        assert len(made) == tries
        assert dead_rows(post) == ["message.render"]
        for _ in range(3):
            assert answer(parent, message_id) == "rendition_failed"
            post.later(minutes=19)
        assert len(made) == tries, "nobody tries meanwhile"
        post.later(minutes=5)
        assert answer(parent, message_id) == "rendition_later"
        post.later(minutes=1)
        assert len(made) == 2 * tries
        assert answer(parent, message_id) == "rendition_failed"
    assert post.thread(parent, alice)[0]["state"] == "due", "where the original plays it is heard all the same"
    post.later(hours=2)
    assert answer(parent, message_id) == "rendition_later"
    post.settle()
    assert answer(parent, message_id) == "200"
    assert dead_rows(post) == []


def test_a_try_that_died_is_made_good_by_the_next(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = post.house.scene.alice
    parent, message_id = post.house.parent(alice), post.sent(post.house.terminal(alice), alice)["id"]
    render = sandbox.render
    died: list[int] = []

    def dies_twice(raw: bytes) -> bytes:
        if len(died) < renditions.TRIES - 1:
            died.append(1)
            raise sandbox.Died("ended with -9")
        return render(raw)

    monkeypatch.setattr(sandbox, "render", dies_twice)
    assert answer(parent, message_id) == "rendition_later"
    post.later(minutes=1)
    assert (len(died), answer(parent, message_id)) == (renditions.TRIES - 1, "200")


def test_what_the_desk_revives_is_on_its_way_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = post.house.scene.alice
    parent, message_id = post.house.parent(alice), post.sent(post.house.terminal(alice), alice)["id"]

    def fail(_raw: bytes) -> bytes:
        raise sandbox.Unfit("not_audio")

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "render", fail)
        answer(parent, message_id)
        post.settle()
    assert answer(parent, message_id) == "rendition_failed"
    (shown,) = post.house.desk(alice).get("/api/now").get_json()["troubles"]
    assert shown["what"] == "message.render"
    assert post.house.desk(alice).command(f"/api/dead/{shown['id']}/revive").status_code == 200
    assert answer(parent, message_id) == "rendition_later"
    post.settle()
    assert answer(parent, message_id) == "200"
