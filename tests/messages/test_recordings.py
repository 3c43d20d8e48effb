"""A recording over HTTP: the parts that were asked for, nothing that a browser keeps, and what the disk lost."""

import pytest

from app.messages.ports import Blobs
from app.messages.vault import Vault
from app.messages.views import VAULT
from tests.messages.conftest import Post
from tests.messages.recordings import recorded

RANGES: list[tuple[str, int, tuple[int, int | None]]] = [
    ("bytes=0-99", 206, (0, 100)), ("bytes=16000-17999", 206, (16_000, 18_000)), ("bytes=-50", 206, (-50, None)),
    ("bytes=20000-", 206, (20_000, None)), ("bytes=999999-", 416, (0, 0)), ("bytes=0-1,5-9", 200, (0, None)),
    ("pieces=1-2", 200, (0, None)), ("nonsense", 200, (0, None)),
]  # fmt: skip


def test_a_range_opens_only_the_pieces_that_it_lies_in(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = post.house.scene.alice
    long = recorded(8.0, bits=48_000)
    assert len(long) > 40_000
    path = f"/api/messages/{post.sent(post.house.parent(alice), alice, long)['id']}/recording"
    terminal, opened = post.house.terminal(alice), list[int]()
    vault: Vault = post.house.web.app.extensions[VAULT]
    get = type(vault.blobs).get

    def counted(store: Blobs, blob_id: str, index: int) -> bytes:
        opened.append(index)
        return get(store, blob_id, index)

    monkeypatch.setattr(type(vault.blobs), "get", counted)
    for asked, status, (start, end) in RANGES:
        opened.clear()
        answer = terminal.get(path, Range=asked)
        assert (answer.status_code, answer.data) == (status, long[start:end]), asked
        assert (answer.headers["Cache-Control"], answer.headers["Accept-Ranges"]) == ("private, no-store", "bytes")
        if asked == "bytes=16000-17999":
            assert (opened, answer.headers["Content-Range"]) == ([0, 1], f"bytes 16000-17999/{len(long)}")
    version = terminal.get(path).headers["ETag"]
    assert terminal.get(path, If_None_Match=version).status_code == 304
    assert terminal.get(path, Range="bytes=0-9", If_Range=version).data == long[:10]
    assert terminal.get(path, Range="bytes=0-9", If_Range='"another"').data == long


def test_a_piece_that_the_disk_lost_is_said_and_not_half_a_recording(post: Post) -> None:
    alice = post.house.scene.alice
    path = f"/api/messages/{post.sent(post.house.parent(alice), alice)['id']}/recording"
    for piece in (post.folder / "messages").rglob("*"):
        if piece.is_file():
            piece.unlink()
    lost = post.house.terminal(alice).get(path)
    assert (lost.status_code, lost.get_json()["error"]) == (503, "recording_away")
