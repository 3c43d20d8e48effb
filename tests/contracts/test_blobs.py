"""One contract for every store of sealed pieces: a folder, and a bucket of an S3-compatible store."""

import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.config import BadSetting, load
from app.gateways import blob_stores, s3_blobs
from app.gateways.s3_blobs import S3Blobs
from app.messages.keyring import Keyring
from app.messages.pieces import PIECE_BYTES, Spoiled
from app.messages.ports import Blobs, NoRoom
from app.messages.vault import Place, Vault
from tests.services.ports import free_port
from tests.services.s3 import BUCKET, PrivateS3

PIECE = os.urandom(PIECE_BYTES + 28)
MANY = 1_005  # more than a bucket's listing says at once
KINDS = ("folder", "s3", "s3 with a prefix")


@pytest.fixture(scope="module")
def bucket() -> Iterator[PrivateS3]:
    running = PrivateS3()
    yield running
    running.stop()


@pytest.fixture(params=KINDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    address = None
    if request.param != "folder":
        s3: PrivateS3 = request.getfixturevalue("bucket")
        address = s3.url(prefix="village/one") if "prefix" in request.param else s3.url()
    opened = blob_stores.opened(address, tmp_path)
    yield opened
    for blob_id in list(opened.blob_ids()):
        opened.delete(blob_id)


def test_what_was_put_is_read(blobs: Blobs) -> None:
    blobs.put("blob", 0, PIECE)
    blobs.put("blob", 1, b"")
    blobs.put("blob", 10, b"tenth")
    assert [blobs.get("blob", index) for index in (0, 1, 10)] == [PIECE, b"", b"tenth"]


def test_put_over_put_the_last_one_stands(blobs: Blobs) -> None:
    for piece in (PIECE, PIECE[:500], PIECE[500:7_000], b"x"):
        blobs.put("blob", 3, piece)
        assert blobs.get("blob", 3) == piece


def test_what_is_not_there_is_missing(blobs: Blobs) -> None:
    blobs.put("blob", 1, PIECE)
    for blob_id, index in (("blob", 0), ("blob", 11), ("nobodys", 1), ("blo", 1)):
        with pytest.raises(KeyError):
            blobs.get(blob_id, index)


def test_deleted_with_all_its_pieces_and_none_of_anothers(blobs: Blobs) -> None:
    for index in range(92):  # the longest recording
        blobs.put("blob", index, b"piece")
    blobs.put("blob2", 0, b"another's, whose id begins alike")
    blobs.delete("blob")
    blobs.delete("blob")
    blobs.delete("never-there")
    assert list(blobs.blob_ids()) == ["blob2"]
    for index in range(92):
        with pytest.raises(KeyError):
            blobs.get("blob", index)
    assert blobs.get("blob2", 0)
    blobs.put("blob", 0, PIECE)
    assert blobs.get("blob", 0) == PIECE


@pytest.mark.parametrize("many", [30, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize("blobs", ["folder", "s3"], indirect=True)
def test_every_one_of_many_is_listed_once(blobs: Blobs, many: int) -> None:
    names = [f"{number:03x}-{number}" for number in range(many)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: blobs.put(name, 0, b"x"), names))
        blobs.put(names[0], 1, b"x")
        assert sorted(blobs.blob_ids()) == sorted(names)
        list(pool.map(blobs.delete, names))
    assert list(blobs.blob_ids()) == []


def test_what_many_put_at_once_is_there_whole(blobs: Blobs) -> None:
    """Also where they put the same piece: one of them stands, never a mixture."""
    pieces = [bytes([number]) * (10_000 + number) for number in range(24)]
    gate = threading.Barrier(8)

    def put(number: int) -> None:
        if number < gate.parties:
            gate.wait()
        blobs.put("own", number, pieces[number])
        blobs.put("same", 0, pieces[number])
        assert blobs.get("same", 0) in pieces

    with ThreadPoolExecutor(gate.parties) as pool:
        list(pool.map(put, range(len(pieces))))
    assert [blobs.get("own", number) for number in range(len(pieces))] == pieces


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "a" * 41, "a\0b", "ä", "a.b"])
def test_no_name_leads_elsewhere(blobs: Blobs, name: str) -> None:
    for ask in (lambda: blobs.put(name, 0, b"x"), lambda: blobs.get(name, 0), lambda: blobs.delete(name)):
        with pytest.raises(ValueError, match="not the id"):
            ask()


def test_a_probe_leaves_nothing_and_many_may_look_at_once(blobs: Blobs) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _number: blobs.probe(), range(8)))
    assert list(blobs.blob_ids()) == []


def test_a_recording_goes_through_it(blobs: Blobs) -> None:
    vault, whole = Vault(blobs, Keyring([bytes(32)])), os.urandom(3 * PIECE_BYTES + 77)
    place, offset = Place("blob", os.urandom(32), len(whole)), 0
    while offset < len(whole):
        offset = vault.append(place, offset, whole[offset : offset + 9_999])
    assert b"".join(vault.read(place)) == whole
    blobs.put("blob", 1, blobs.get("blob", 2))
    with pytest.raises(Spoiled):
        b"".join(vault.read(place))


def test_two_prefixes_of_a_bucket_do_not_see_each_other(bucket: PrivateS3) -> None:
    one, two = S3Blobs(bucket.url(prefix="one")), S3Blobs(bucket.url(prefix="on"))
    one.put("blob", 0, b"x")
    assert list(two.blob_ids()) == []
    two.delete("blob")
    assert one.get("blob", 0) == b"x"
    one.delete("blob")


@pytest.fixture(
    params=["no folder can be made", "nobody listens", "another secret", "another bucket", "a proxy", "silence"]
)
def away(
    request: pytest.FixtureRequest, tmp_path: Path, bucket: PrivateS3, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Blobs]:
    """A store that can't be used at present."""
    with ExitStack() as stack:
        if request.param == "no folder can be made":
            (tmp_path / "messages").touch()
            yield blob_stores.opened(None, tmp_path)
        elif request.param == "nobody listens":
            yield S3Blobs(f"s3+http://key:secret@127.0.0.1:{free_port()}/{BUCKET}")
        elif request.param == "another secret":
            yield S3Blobs(bucket.url(secret="ours-was-changed"))
        elif request.param == "another bucket":
            yield S3Blobs(bucket.url(bucket="nobodys"))
        elif request.param == "silence":
            monkeypatch.setattr(s3_blobs, "ANSWER_SECONDS", 0.1)
            deaf = stack.enter_context(socket.create_server(("127.0.0.1", free_port())))
            yield S3Blobs(f"s3+http://key:secret@127.0.0.1:{deaf.getsockname()[1]}/{BUCKET}")
        else:
            port = stack.enter_context(_answering(500, "text/html", b"<h1>a proxy has no other end</h1>"))
            yield S3Blobs(f"s3+http://key:secret@127.0.0.1:{port}/{BUCKET}")


def test_a_store_that_is_away_says_so_without_its_secrets(away: Blobs) -> None:
    asked: list[Callable[[], object]] = [
        lambda: away.put("blob", 0, PIECE), lambda: away.get("blob", 0), away.probe,
        lambda: list(away.blob_ids()), lambda: away.delete("blob"),
    ]  # fmt: skip
    if not isinstance(away, S3Blobs):
        asked = [asked[0], asked[2]]  # in a folder that isn't there nothing is, which is no error
    for ask in asked:
        with pytest.raises(OSError, match=r"the store|exists|Not a directory") as wrong:
            ask()
        assert "secret" not in str(wrong.value)


def test_a_store_that_comes_back_is_used_again() -> None:
    s3 = PrivateS3()
    with ExitStack() as stack:
        stack.callback(s3.stop)
        first = S3Blobs(s3.url())
        first.probe()
        s3.kill()
        with pytest.raises(OSError, match="does not answer"):
            first.put("blob", 0, PIECE)
        s3.restart()
        S3Blobs(s3.url()).probe()


FULL = {
    "by its number": (507, "text/plain", b"no room"),
    "MinIO's disks": (507, "application/xml", b"<Error><Code>XMinioStorageFull</Code></Error>"),
    "MinIO's quota": (400, "application/xml", b"<Error><Code>XMinioAdminBucketQuotaExceeded</Code></Error>"),
    "Ceph's quota": (403, "application/xml", b"<Error><Code>QuotaExceeded</Code></Error>"),
    "no words": (507, "application/xml", b""),
}


@pytest.mark.parametrize("says", FULL)
def test_a_full_bucket_is_no_room(says: str) -> None:
    with _answering(*FULL[says]) as port:
        blobs = S3Blobs(f"s3+http://key:secret@127.0.0.1:{port}/{BUCKET}?region=us-east-1")
        with pytest.raises(NoRoom):
            blobs.put("blob", 0, PIECE)
        with pytest.raises(NoRoom):
            blobs.probe()


def test_a_full_disk_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = blob_stores.opened(None, tmp_path)
    blobs.put("blob", 0, PIECE)

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for blob_id in ("blob", "another"):
            with pytest.raises(NoRoom):
                blobs.put(blob_id, 0, b"x")
        with pytest.raises(NoRoom):
            blobs.probe()
    assert blobs.get("blob", 0) == PIECE


BAD = [
    "s3://host/bucket", "s3://key@host/bucket", "s3://key:secret@/bucket", "s3://key:secret@host",
    "s3://key:secret@host/UPPER", "s3://key:secret@host/a/b", "s3://key:secret@host:99999/bucket",
    "s3://key:secret@host/bucket?colour=red", "s3://key:secret@host/bucket?prefix=../up",
    "s3+http://key:secret@example.org/bucket", "http://key:secret@host/bucket", "bucket",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_is_none_is_named_without_its_secret(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="HOMETHREAD_MESSAGE_STORE must be") as wrong:
        blob_stores.opened(load({"HOMETHREAD_MESSAGE_STORE": url}).message_store, tmp_path)
    assert "secret@" not in str(wrong.value).replace("key:secret@host", "")


@contextmanager
def _answering(status: int, kind: str, body: bytes) -> Iterator[int]:
    """The port of a server that has one answer to everything."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT, do_GET, do_POST = _answer, _answer, _answer  # noqa: N815

        def log_message(self, *_said: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
