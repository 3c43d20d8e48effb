"""Keys: rotated while messages are sent and read, and dropped. On both databases."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import select

from app.messages import keyring, retention
from app.messages.keyring import kept_in
from app.messages.models import Blob, FamilyKey
from app.messages.vault import Vault
from app.messages.views import VAULT
from tests.messages.conftest import Post
from tests.messages.recordings import recorded


def rotate(post: Post, **settings: str) -> subprocess.CompletedProcess[str]:
    named = {f"HOMETHREAD_{name}": value for name, value in settings.items()}
    url = post.house.database.engine.url.render_as_string(hide_password=False)
    environment = {"HOMETHREAD_DATA_DIR": str(post.folder), "HOMETHREAD_DATABASE_URL": url, "PATH": "/usr/bin"} | named
    command = [sys.executable, "-m", "app", "keys", "rotate"]
    return subprocess.run(
        command, env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=60
    )


def wrapped_by(post: Post) -> set[str]:
    with post.house.database.read() as session:
        return set(session.scalars(select(FamilyKey.wrapped_by)))


def test_a_key_is_rotated_while_a_message_is_read_and_another_sent(post: Post) -> None:
    alice, bob = post.house.scene.alice, post.house.scene.bob
    sent = post.sent(post.house.parent(alice), alice)
    terminal, stop, seen = post.house.terminal(alice), Event(), list[int]()

    def read() -> None:
        while not stop.is_set():
            answer = terminal.get(f"/api/messages/{sent['id']}/recording")
            seen.append(answer.status_code if answer.data == recorded() else 0)

    reader = Thread(target=read)
    reader.start()
    try:
        rotated = rotate(post)
        assert rotated.returncode == 0, rotated.stderr
        assert rotated.stdout.startswith("1 families' keys")
        post.sent(post.house.parent(bob), bob)
    finally:
        stop.set()
        reader.join()
    assert set(seen) == {200}
    assert terminal.get(f"/api/messages/{sent['id']}/recording").data == recorded()
    assert kept_in(post.folder).newest in wrapped_by(post)
    assert rotate(post).stdout.startswith("2 families' keys")
    assert wrapped_by(post) == {kept_in(post.folder).newest}
    for whose in (alice, bob):
        message = post.thread(post.house.parent(whose), whose)[0]
        assert post.house.terminal(whose).get(f"/api/messages/{message['id']}/recording").data == recorded()


def test_keys_of_the_environment_are_wrapped_by_the_first_and_a_missing_one_is_named(post: Post) -> None:
    alice = post.house.scene.alice
    post.sent(post.house.parent(alice), alice)
    missing = rotate(post, MESSAGE_KEYS="11" * 32)
    assert missing.returncode == 1
    assert kept_in(post.folder).newest in missing.stderr
    old = (post.folder / keyring.FILE).read_text().split()
    rotated = rotate(post, MESSAGE_KEYS=",".join(["11" * 32, *old]))
    assert rotated.returncode == 0, rotated.stderr
    assert (post.folder / keyring.FILE).read_text().split() == old
    assert wrapped_by(post) == {keyring.Keyring([bytes.fromhex("11" * 32)]).newest}


def test_a_family_that_is_erased_can_not_be_read_from_a_copy_of_the_store(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    sent = post.sent(parent, alice)
    vault: Vault = post.house.web.app.extensions[VAULT]
    with post.house.database.begin() as session:
        retention.erase(session, alice.family, post.house.clock.now())
    assert parent.get(f"/api/messages/{sent['id']}/recording").status_code == 404
    assert post.thread(parent, alice) == []
    post.settle()
    with post.house.database.read() as session:
        assert session.scalars(select(Blob)).all() == []
        assert session.get(FamilyKey, alice.family) is None
    assert list(vault.blobs.blob_ids()) == []
    assert post.send(parent, alice).status_code == 201, "they begin anew, with a key of their own"
