"""Uploads that race, stall, die, break off, or find no room: what was told to be kept is kept, nothing is doubled."""

import base64
import errno
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from app.bootstrap import vault
from app.config import load
from app.messages import uploads
from app.messages.models import Blob, Message, Upload
from app.messages.rules import LOCK
from app.messages.vault import Place, Vault
from app.messages.words import UploadState
from app.storage.database import Database
from tests.messages.conftest import allow_messages
from tests.messages.test_tus import create, head, messages, patch
from tests.web.open_house import Guest, OpenHouse

WHOLE = os.urandom(50_000)
RACERS, ROUNDS = 4, 5


class Body(io.RawIOBase):
    """What a client sends: after `held_at` bytes it stalls until it is let go; it may end before it should."""

    def __init__(self, content: bytes, held_at: int) -> None:
        self._content, self._held_at, self._read = content, held_at, 0
        self.stalls, self.goes_on = threading.Event(), threading.Event()

    def readable(self) -> bool:
        return True

    def readinto(self, room: "memoryview") -> int:  # type: ignore[override]
        if self._read >= self._held_at:
            self.stalls.set()
            assert self.goes_on.wait(30)
        until = len(self._content) if self.goes_on.is_set() else self._held_at
        part = self._content[self._read : min(until, self._read + len(room))]
        room[: len(part)] = part
        self._read += len(part)
        return len(part)


def send(guest: Guest, where: str, offset: int, body: Body, length: int) -> TestResponse:
    headers = {
        "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip
    lies = {"wsgi.input": body, "CONTENT_LENGTH": str(length)}  # the client would measure it first
    return guest.ask("PATCH", where, headers=headers, environ_overrides=lies)


@contextmanager
def stalled(guest: Guest, where: str, content: bytes, held_at: int) -> Iterator[tuple[Body, Future[TestResponse]]]:
    """A PATCH from 0 on that is under way and stalls; its answer is there once the body was let go."""
    body = Body(content, held_at)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send, guest, where, 0, body, len(content))
        try:
            assert body.stalls.wait(30)
            yield body, answer
        finally:
            body.goes_on.set()


def begun(house: OpenHouse, length: int = len(WHOLE)) -> str:
    return create(house.parent(house.scene.alice), house.scene.alice, length).headers["Location"]


def offset_of(house: OpenHouse, where: str) -> int:
    return int(head(house.parent(house.scene.alice), where).headers["Upload-Offset"])


def kept(house: OpenHouse, folder: Path, where: str) -> bytes:
    """The plain bytes of a whole upload, as a player would read them."""
    reading: Vault = vault(load({"HOMETHREAD_DATA_DIR": str(folder)}))
    with house.database.read() as session:
        upload = session.get_one(Upload, where.rsplit("/", 1)[1])
        assert upload.state is UploadState.COMPLETE
        assert upload.blob_id
        blob = session.get_one(Blob, upload.blob_id)
        place = Place(blob.id, reading.key_of(session, upload.family_id), blob.length_bytes)
    return b"".join(reading.read(place))


def goes_on_to_the_whole(house: OpenHouse, folder: Path, where: str, offset: int) -> None:
    taken = patch(house.parent(house.scene.alice), where, offset, WHOLE[offset:])
    assert taken.status_code == 204, taken.data
    assert kept(house, folder, where) == WHOLE
    assert len(messages(house)) == 1


def test_of_many_at_once_one_is_taken(house: OpenHouse, tmp_path: Path) -> None:
    for _round in range(ROUNDS):
        where, gate = begun(house), threading.Barrier(RACERS)
        bodies = [bytes([number]) * len(WHOLE) for number in range(RACERS)]

        def race(guest: Guest, body: bytes, where: str = where, gate: threading.Barrier = gate) -> int:
            gate.wait()
            return patch(guest, where, 0, body).status_code

        guests = [house.parent(house.scene.alice) for _ in range(RACERS)]
        with ThreadPoolExecutor(RACERS) as pool:
            statuses = list(pool.map(race, guests, bodies))
        assert statuses.count(204) == 1, statuses
        assert set(statuses) <= {204, 409, 423}
        assert kept(house, tmp_path, where) == bodies[statuses.index(204)]
    assert len(messages(house)) == ROUNDS


def test_beside_one_that_is_under_way_no_other_is_taken(house: OpenHouse, tmp_path: Path) -> None:
    where, other = begun(house), house.parent(house.scene.alice)
    with stalled(house.parent(house.scene.alice), where, WHOLE, 20_000) as (body, answer):
        for offset in (0, offset_of(house, where), 30_000):
            assert patch(other, where, offset, b"x" * 500).status_code == 423
        body.goes_on.set()
        assert answer.result(30).status_code == 204
    assert kept(house, tmp_path, where) == WHOLE


def test_a_lock_whose_holder_died_is_free_again(house: OpenHouse, tmp_path: Path) -> None:
    where, alice = begun(house), house.parent(house.scene.alice)
    with house.database.begin() as session:
        mine = vault(load({"HOMETHREAD_DATA_DIR": str(tmp_path)}))
        uploads.lock(session, mine, house.scene.alice.as_parent, where.rsplit("/", 1)[1], 0, house.clock.now())
    for seconds in (0, LOCK.total_seconds() - 1):
        house.clock.step(seconds=seconds)
        assert patch(alice, where, 0, WHOLE).status_code == 423
    house.clock.step(seconds=1)
    goes_on_to_the_whole(house, tmp_path, where, 0)


def test_while_bytes_come_however_slowly_the_lock_is_kept(house: OpenHouse, tmp_path: Path) -> None:
    where, other = begun(house), house.parent(house.scene.alice)
    seen = []

    class Slow(Body):
        def readinto(self, room: "memoryview") -> int:  # type: ignore[override]
            house.clock.step(seconds=LOCK.total_seconds() - 1)
            seen.append(patch(other, where, offset_of(house, where), b"").status_code)
            return super().readinto(room)

    body = Slow(WHOLE, len(WHOLE) + 1)
    assert send(house.parent(house.scene.alice), where, 0, body, len(WHOLE)).status_code == 204
    assert len(seen) > 5
    assert set(seen) == {423}
    assert kept(house, tmp_path, where) == WHOLE


def test_who_is_still_writing_when_given_up_for_dead_is_waited_for(house: OpenHouse, tmp_path: Path) -> None:
    """Its time is over, its write is not: nobody writes before it is."""
    where, alice = begun(house), house.parent(house.scene.alice)
    blobs = vault(load({"HOMETHREAD_DATA_DIR": str(tmp_path)})).blobs
    with house.database.read() as session:
        blob_id = session.get_one(Upload, where.rsplit("/", 1)[1]).blob_id
    assert blob_id
    with blobs.alone(blob_id):
        assert patch(alice, where, 0, WHOLE).status_code == 423
        assert offset_of(house, where) == 0
    goes_on_to_the_whole(house, tmp_path, where, 0)


@pytest.mark.parametrize("held_at", [20_000, 500], ids=["after some of it", "before anything was kept"])
def test_one_that_was_given_up_for_dead_writes_nothing_over(house: OpenHouse, tmp_path: Path, held_at: int) -> None:
    where = begun(house)
    with stalled(house.parent(house.scene.alice), where, b"x" * len(WHOLE), held_at) as (body, answer):
        house.clock.step(seconds=LOCK.total_seconds() + 1)
        said = offset_of(house, where)
        assert said == held_at // 8192 * 8192, "as far as it went is said meanwhile"
        taken = patch(house.parent(house.scene.alice), where, said, WHOLE[said:])
        assert taken.status_code == 204
        body.goes_on.set()
        assert answer.result(30).status_code == 423
    assert kept(house, tmp_path, where) == b"x" * said + WHOLE[said:]
    assert len(messages(house)) == 1


def test_one_that_only_paused_goes_on(house: OpenHouse, tmp_path: Path) -> None:
    where = begun(house)
    with stalled(house.parent(house.scene.alice), where, WHOLE, 20_000) as (body, answer):
        house.clock.step(seconds=LOCK.total_seconds() + 1)
        body.goes_on.set()
        assert answer.result(30).status_code == 204
    assert kept(house, tmp_path, where) == WHOLE


def test_given_up_while_it_is_under_way(house: OpenHouse) -> None:
    where, alice = begun(house), house.parent(house.scene.alice)
    with stalled(house.parent(house.scene.alice), where, WHOLE, 20_000) as (body, answer):
        assert alice.ask("DELETE", where, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
        body.goes_on.set()
        assert answer.result(30).status_code == 423
    assert head(alice, where).status_code == 410
    assert messages(house) == []


def test_slow_ones_hold_nobody_else_up(database: Database, tmp_path: Path) -> None:
    house = OpenHouse(database, tmp_path, request_threads="4")
    allow_messages(house, house.scene.alice)
    first, second, third = (begun(house) for _ in range(3))
    alice = house.parent(house.scene.alice)
    with (
        stalled(house.parent(house.scene.alice), first, WHOLE, 20_000),
        stalled(house.parent(house.scene.alice), second, WHOLE, 20_000),
    ):
        busy = patch(alice, third, 0, WHOLE)
        assert (busy.status_code, busy.get_json()["error"]) == (503, "uploads_busy")
        assert int(busy.headers["Retry-After"]) > 0
        assert offset_of(house, third) == 0
        assert alice.get("/api/now").status_code == 200
        made = create(alice, house.scene.alice, body=WHOLE[:100])
        assert made.status_code == 503
    assert patch(alice, third, 0, WHOLE).status_code == 204
    assert {kept(house, tmp_path, where) for where in (first, second, third)} == {WHOLE}


Breaks = Callable[[int], None]


def fails(after: int, error: int, *, real: Callable[[int], None] = os.fsync) -> Breaks:
    """An fsync that fails once it was called so often."""
    calls = iter(range(after))

    def fsync(file: int) -> None:
        if next(calls, None) is None:
            raise OSError(error, os.strerror(error))
        real(file)

    return fsync


@pytest.mark.parametrize("checked", [False, True], ids=["as it comes", "with a checksum"])
@pytest.mark.parametrize(
    ("error", "status", "says"),
    [(errno.ENOSPC, 507, "store_full"), (errno.EDQUOT, 507, "store_full"), (errno.EIO, 503, "unavailable")],
)
def test_a_store_that_fails_in_the_middle_keeps_what_is_there(
    house: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: bool, error: int, status: int, says: str
) -> None:
    where, alice = begun(house), house.parent(house.scene.alice)
    assert patch(alice, where, 0, WHOLE[:1_000]).status_code == 204
    more = {"Upload_Checksum": f"sha256 {_sha256(WHOLE[1_000:])}"} if checked else {}
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails(5, error))
        refused = patch(alice, where, 1_000, WHOLE[1_000:], **more)
        assert (refused.status_code, refused.get_json()["error"]) == (status, says)
        assert refused.get_json()["message"]
        reached = offset_of(house, where)
        again = patch(alice, where, reached, WHOLE[reached:])
        assert (again.status_code, offset_of(house, where)) == (status, reached)
    assert 1_000 < reached < len(WHOLE)
    goes_on_to_the_whole(house, tmp_path, where, reached)


@pytest.mark.parametrize("came", [0, 1, 5_000, 16_384, 49_999])
def test_a_body_that_ends_early_keeps_what_came(house: OpenHouse, tmp_path: Path, came: int) -> None:
    where = begun(house)
    body = Body(WHOLE[:came], came)
    body.goes_on.set()
    send(house.parent(house.scene.alice), where, 0, body, len(WHOLE))
    assert offset_of(house, where) == came
    with house.database.read() as session:
        assert session.query(Message).count() == 0
    goes_on_to_the_whole(house, tmp_path, where, came)


def test_a_body_that_ends_early_and_was_to_be_compared_keeps_nothing(house: OpenHouse, tmp_path: Path) -> None:
    where, alice = begun(house), house.parent(house.scene.alice)
    more = {"Upload_Checksum": f"sha256 {_sha256(WHOLE)}"}
    assert patch(alice, where, 0, WHOLE[:30_000], **more).status_code == 460
    assert offset_of(house, where) == 0
    goes_on_to_the_whole(house, tmp_path, where, 0)


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
