"""The real web program as tus-js-client sees it, over lines that are cut, and through its own death."""

import base64
import hashlib
import json
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.messages.rules import LOCK
from app.messages.taking import KEPT_AT_ONCE
from app.messages.words import UploadState
from tests.contracts.conftest import Client, RunScript, Script
from tests.contracts.tus_program import Answer, TusProgram
from tests.services.cutting_proxy import CuttingProxy
from tests.web.waiting import until

MINUTES = os.urandom(233_333)  # three minutes of speech, and no whole number of pieces
HALF = len(MINUTES) // 2
DIGEST = hashlib.sha256(MINUTES).hexdigest()
WITH_IT = {"uploadDataDuringCreation": True}
PATIENT = [20, 50, 100, 200, 400, 800, 1600]
NAMES = (f"recording-{number}" for number in count(1))

Proxied = Callable[..., int]


@pytest.fixture(scope="module")
def program(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TusProgram]:
    yield from _program(sqlite_template, tmp_path_factory.mktemp("tus"))


@pytest.fixture
def mortal(sqlite_template: Path, tmp_path: Path) -> Iterator[TusProgram]:
    yield from _program(sqlite_template, tmp_path)


def _program(template: Path, folder: Path) -> Iterator[TusProgram]:
    shutil.copyfile(template, folder / "homethread.sqlite")
    running = TusProgram(f"sqlite:///{folder / 'homethread.sqlite'}", folder)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "minutes.ogg"
    path.write_bytes(MINUTES)
    return path


@pytest.fixture(scope="module")
def script(run_script: RunScript) -> Script:
    return run_script("tus_client.mjs")


@pytest.fixture
def proxied() -> Iterator[Callable[..., CuttingProxy]]:
    with ExitStack() as stack:

        def open_(to_port: int, **how: Any) -> CuttingProxy:
            proxy = CuttingProxy(to_port, **how)
            stack.callback(proxy.stop)
            return proxy

        yield open_


def wanted(program: TusProgram, port: int | None = None, **options: Any) -> dict[str, Any]:
    """Options of tus-js-client for a recording of Alice's, by way of another port."""
    metadata = {"key": next(NAMES), "filetype": "audio/ogg", "child_id": program.whose.child, "sha256": DIGEST}
    return {
        "endpoint": f"http://127.0.0.1:{port or program.port}/uploads", "headers": program.headers,
        "metadata": metadata, "retryDelays": PATIENT, **options,
    }  # fmt: skip


def upload(script: Script, recording: Path, options: dict[str, Any]) -> Client:
    client = script.new_client()
    client.tell("upload", {"path": str(recording), "options": options})
    return client


def begun(program: TusProgram, length: int = len(MINUTES), **headers: str) -> Answer:
    said = {"key": next(NAMES), "filetype": "audio/ogg", "child_id": program.whose.child}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
    return program.ask("POST", "/uploads", None, Upload_Length=str(length), Upload_Metadata=metadata, **headers)


def added(program: TusProgram, where: str, offset: int, body: bytes, **headers: str) -> Answer:
    headers |= {"Upload_Offset": str(offset), "Content_Type": "application/offset+octet-stream"}
    return program.ask("PATCH", where, body, **headers)


@pytest.mark.parametrize(
    "options",
    [{}, WITH_IT, {"chunkSize": 10_000}, {"chunkSize": 10_000} | WITH_IT],
    ids=["whole", "with its making", "in pieces", "in pieces with its making"],
)  # fmt: skip
def test_what_is_sent_is_kept(program: TusProgram, script: Script, recording: Path, options: dict[str, Any]) -> None:
    client = upload(script, recording, wanted(program, **options))
    url = client.hear(event="success")["url"]
    assert program.digest(url) == DIGEST
    assert program.messages_of(url) == 1


@pytest.mark.parametrize("by", ["a piece", "the middle of one"])
def test_given_up_and_taken_up_again(
    program: TusProgram, script: Script, recording: Path, proxied: Callable[..., CuttingProxy], by: str
) -> None:
    """By the same page, then by another that knows the address alone, as after a reload."""
    slow = proxied(program.port, bytes_per_second=150_000)
    options = wanted(program, slow.port) | ({"chunkSize": 20_000, "abort_after": 60_000} if by == "a piece" else {})
    client = upload(script, recording, options)
    url = client.hear(event="made")["url"]
    if by != "a piece":
        until(lambda: program.ask("HEAD", path_of(url)).offset > 50_000)
        client.tell("abort", False)
    client.hear(event="aborted")
    kept = program.ask("HEAD", path_of(url)).offset
    assert 0 < kept < len(MINUTES)
    again = upload(script, recording, wanted(program, uploadUrl=f"http://127.0.0.1:{program.port}{path_of(url)}"))
    first = again.hear(event="progress")
    assert first["sent"] >= kept
    assert program.digest(again.hear(event="success")["url"]) == DIGEST
    client.tell("start")
    client.hear(event="success")
    assert program.messages_of(url) == 1


def test_a_line_that_is_cut_again_and_again(
    program: TusProgram, script: Script, recording: Path, proxied: Callable[..., CuttingProxy]
) -> None:
    cuts = [3_000, 40_000, 700, 61_111, 20_480, 5_000]
    proxy = proxied(program.port, cuts=cuts, bytes_per_second=2_000_000)
    url = upload(script, recording, wanted(program, proxy.port)).hear(event="success")["url"]
    assert proxy.times_cut == len(cuts)
    assert program.digest(url) == DIGEST
    assert program.messages_of(url) == 1


def test_taken_back(program: TusProgram, script: Script, recording: Path) -> None:
    client = upload(script, recording, wanted(program, chunkSize=20_000, abort_after=40_000))
    url = client.hear(event="made")["url"]
    client.hear(event="aborted")
    client.tell("abort", True)
    client.hear(event="aborted")
    assert program.state(url) is UploadState.ENDED
    assert program.ask("HEAD", path_of(url)).status == 410
    assert program.messages_of(url) == 0


@pytest.mark.parametrize("says", ["nothing of its parts", "of each part that it is the recording"])
def test_parts_at_once_are_refused(program: TusProgram, script: Script, recording: Path, says: str) -> None:
    before, options = program.uploads(), wanted(program, parallelUploads=3, retryDelays=[])
    if says != "nothing of its parts":
        options["metadataForPartialUploads"] = options["metadata"]
    assert upload(script, recording, options).hear(event="error")["status"] == 422
    assert program.uploads() == before


def test_an_address_that_is_no_more_begins_anew(program: TusProgram, script: Script, recording: Path) -> None:
    """As the protocol wants it of a client that is told 410."""
    gone = begun(program).headers["Location"]
    assert program.ask("DELETE", gone).status == 204
    at = f"http://127.0.0.1:{program.port}{gone}"
    url = upload(script, recording, wanted(program, uploadUrl=at)).hear(event="success")["url"]
    assert url != at
    assert program.digest(url) == DIGEST


def test_a_wrong_answer_to_the_whole_begins_anew(program: TusProgram, script: Script, recording: Path) -> None:
    """What came is not what the device has: it is told so, and nothing becomes a message."""
    options = wanted(program, retryDelays=[])
    options["metadata"]["sha256"] = hashlib.sha256(b"something else").hexdigest()
    client = upload(script, recording, options)
    url = client.hear(event="made")["url"]
    assert client.hear(event="error")["status"] == 460
    assert program.ask("HEAD", path_of(url)).offset == 0
    assert program.messages_of(url) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_is_compared(program: TusProgram, algorithm: str) -> None:
    where, part = begun(program).headers["Location"], MINUTES[:30_000]
    right = f"{algorithm} {base64.b64encode(hashlib.new(algorithm, part).digest()).decode()}"
    spoiled = bytes([part[0] ^ 1]) + part[1:]
    assert added(program, where, 0, spoiled, Upload_Checksum=right).status == 460
    assert program.ask("HEAD", where).offset == 0
    taken = added(program, where, 0, part, Upload_Checksum=right)
    assert (taken.status, taken.offset) == (204, len(part))
    assert added(program, where, len(part), MINUTES[len(part) :]).status == 204
    assert program.digest(where) == DIGEST


def test_what_was_told_is_kept_though_the_program_dies_between_two(mortal: TusProgram) -> None:
    where, offset = begun(mortal).headers["Location"], 0
    for part in (5_000, 120_000):
        assert added(mortal, where, offset, MINUTES[offset:part]).offset == part
        offset = part
        mortal.kill()
        mortal.start()
        assert mortal.ask("HEAD", where).offset == offset
    assert added(mortal, where, offset, MINUTES[offset:]).status == 204
    assert mortal.digest(where) == DIGEST
    assert mortal.messages_of(where) == 1


def test_what_is_said_after_a_death_in_the_middle_is_kept(
    mortal: TusProgram, script: Script, recording: Path, proxied: Callable[..., CuttingProxy]
) -> None:
    """Again and again, one body each time: from where HEAD says it goes on to the whole."""
    slow = proxied(mortal.port, bytes_per_second=120_000)
    where, offset = begun(mortal).headers["Location"], 0
    for further in (40_000, 120_000):
        at = f"http://127.0.0.1:{slow.port}{where}"
        client = upload(script, recording, wanted(mortal, slow.port, uploadUrl=at, retryDelays=[]))
        until(lambda least=further: mortal.ask("HEAD", where).offset > least)  # type: ignore[misc]
        mortal.kill()
        client.hear(event="error")
        mortal.start()
        kept = mortal.ask("HEAD", where).offset
        assert further < kept < len(MINUTES)
        assert kept % KEPT_AT_ONCE == offset % KEPT_AT_ONCE
        assert added(mortal, where, kept, b"").status == 423, "whoever took it may live still"
        mortal.step(LOCK.total_seconds() + 1)
        offset = kept
    assert added(mortal, where, offset, MINUTES[offset:]).status == 204
    assert mortal.digest(where) == DIGEST
    assert mortal.messages_of(where) == 1


def test_who_stands_still_or_dies_holds_nobody_up_for_long(database_url: str, tmp_path: Path) -> None:
    """Two programs: what the one began the other one ends, and the first writes nothing over when it goes on."""
    with ExitStack() as stack:
        first = TusProgram(database_url, tmp_path)
        stack.callback(first.stop)
        second = first.beside()
        stack.callback(second.kill)
        with half_sent(first) as (where, line):
            reached = _half_kept(second, where)
            os.killpg(first.pid, signal.SIGSTOP)
            _goes_on_soon(second, where, reached)
            os.killpg(first.pid, signal.SIGCONT)
            line.sendall(MINUTES[HALF:])
            assert line.recv(100).startswith(b"HTTP/1.1 423")
        with half_sent(first) as (other, _line):
            reached = _half_kept(second, other)
            os.killpg(first.pid, signal.SIGKILL)
            _goes_on_soon(second, other, reached)
        assert {second.digest(each) for each in (where, other)} == {DIGEST}
        assert [second.messages_of(each) for each in (where, other)] == [1, 1]


def _half_kept(program: TusProgram, where: str) -> int:
    """How far it is when all that came of a half is kept."""
    reached = HALF // KEPT_AT_ONCE * KEPT_AT_ONCE
    until(lambda: program.ask("HEAD", where).offset == reached)
    return reached


def _goes_on_soon(program: TusProgram, where: str, offset: int) -> None:
    """Not at once, since whoever began may live still, but once the lock is over."""
    assert added(program, where, offset, b"").status == 423
    program.step(LOCK.total_seconds() - 1)
    until(lambda: added(program, where, offset, MINUTES[offset:]).status == 204)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def test_more_slow_ones_than_are_taken_hold_nobody_up(program: TusProgram) -> None:
    """The one too many is told to come back, and everybody else is answered at once."""
    most = 16 // 2  # HOMETHREAD_REQUEST_THREADS, of which uploads take half
    with ExitStack() as stack:
        lines = [stack.enter_context(half_sent(program)) for _ in range(most)]
        for where, _line in lines:
            until(lambda where=where: program.ask("HEAD", where).offset > 0)  # type: ignore[misc]
        refused = added(program, begun(program).headers["Location"], 0, MINUTES)
        assert (refused.status, json.loads(refused.body)["error"]) == (503, "uploads_busy")
        assert int(refused.headers["Retry-After"]) > 0
        assert program.ask("GET", "/api/now").status == 200
        for _where, line in lines:
            line.sendall(MINUTES[HALF:])
            assert line.recv(100).startswith(b"HTTP/1.1 204")
    assert {program.digest(where) for where, _line in lines} == {DIGEST}


@contextmanager
def half_sent(program: TusProgram) -> Iterator[tuple[str, socket.socket]]:
    where = begun(program).headers["Location"]
    said = program.headers | {
        "Host": "127.0.0.1", "Tus-Resumable": "1.0.0", "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream", "Content-Length": str(len(MINUTES)),
    }  # fmt: skip
    with socket.create_connection(("127.0.0.1", program.port), 20) as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        line.sendall(f"PATCH {where} HTTP/1.1\r\n{head}\r\n".encode() + MINUTES[:HALF])
        yield where, line
