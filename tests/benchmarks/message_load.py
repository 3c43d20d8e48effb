"""What uploads cost the web program: how many small clients bring whole in a second, and memory for each in flight."""

import base64
import http.client
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from app.storage.database import Database
from app.storage.migrate import upgrade
from tests.benchmarks.result import Figure
from tests.benchmarks.start import pss_mb
from tests.contracts.tus_program import TusProgram

CLIENTS, UPLOADS, ROUNDS = 6, 30, 5
# As the phone's own pace makes them of 68 kB where nothing breaks.
PIECES = (4_096, 8_192, 16_384, 32_768, 6_560)
# As many as may be under way at once: half of the threads that requests have.
IN_FLIGHT, MEMORY_RUNS, SENT, SETTLE_SECONDS = 8, 3, 12_000, 1
NAMES = (f"upload-{number}" for number in count(1))
TICKS = os.sysconf("SC_CLK_TCK")


def figures() -> dict[str, Figure]:
    with TemporaryDirectory() as place:
        folder = Path(place)
        url = f"sqlite:///{folder / 'template.sqlite'}"
        database = Database(url)
        upgrade(database)
        database.close()
        with _program(folder, "load") as program:
            found = _rate(program)
        memory = []
        for run in range(MEMORY_RUNS):
            with _program(folder, f"memory-{run}") as program:
                memory.append(_memory_kb(program))
    return found | {"memory_kb_per_upload_in_flight": Figure.of(memory)}


@contextmanager
def _program(folder: Path, name: str) -> Iterator[TusProgram]:
    own = folder / name
    own.mkdir()
    shutil.copyfile(folder / "template.sqlite", own / "homethread.sqlite")
    program = TusProgram(f"sqlite:///{own / 'homethread.sqlite'}", own)
    try:
        yield program
    finally:
        program.stop()


def _rate(program: TusProgram) -> dict[str, Figure]:
    seconds, work = [], []
    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in range(ROUNDS):
            began, worked = time.monotonic(), _cpu_seconds(program)
            list(clients.map(lambda _: _bring(program), range(UPLOADS)))
            seconds.append(time.monotonic() - began)
            work.append(_cpu_seconds(program) - worked)
    return {
        "uploads_per_second": Figure.of([UPLOADS / each for each in seconds]),
        "processor_ms_per_upload": Figure.of([1000 * each / UPLOADS for each in work]),
    }


def _bring(program: TusProgram) -> None:
    """One recording in its pieces, over one connection."""
    line = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60)
    ends = [sum(PIECES[:place]) for place in range(len(PIECES) + 1)]
    where = ""
    for offset, end in pairwise(ends):
        body = os.urandom(end - offset)
        if not where:
            line.request("POST", "/uploads", body, _making(program))
        else:
            line.request("PATCH", where, body, _adding(program, offset))
        answer = line.getresponse()
        answer.read()
        assert answer.status in (201, 204), answer.status
        assert int(answer.headers["Upload-Offset"]) == end
        where = where or answer.headers["Location"]
    line.close()


def _memory_kb(program: TusProgram) -> float:
    """Of the program with so many half-sent bodies, more than without, for each."""
    for _ in range(3):
        _bring(program)
    time.sleep(SETTLE_SECONDS)
    before = pss_mb(program.pid)
    with ExitStack() as stack:
        lines = [stack.enter_context(_half_sent(program)) for _ in range(IN_FLIGHT)]
        time.sleep(SETTLE_SECONDS)
        more = pss_mb(program.pid) - before
        for line in lines:
            line.send(bytes(sum(PIECES) - SENT))
            assert line.getresponse().status == 201
    return more * 1024 / IN_FLIGHT


@contextmanager
def _half_sent(program: TusProgram) -> Iterator[http.client.HTTPConnection]:
    line = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60)
    line.putrequest("POST", "/uploads")
    for name, value in (_making(program) | {"Content-Length": str(sum(PIECES))}).items():
        line.putheader(name, value)
    line.endheaders(bytes(SENT))
    yield line
    line.close()


def _making(program: TusProgram) -> dict[str, str]:
    said = {"key": next(NAMES), "filetype": "audio/ogg", "child_id": program.whose.child}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
    return _adding(program, 0) | {"Upload-Length": str(sum(PIECES)), "Upload-Metadata": metadata}


def _adding(program: TusProgram, offset: int) -> dict[str, str]:
    return program.headers | {
        "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip


def _cpu_seconds(program: TusProgram) -> float:
    """Of all processes of its group: fields 14 and 15 of proc_pid_stat(5)."""
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[2]) == program.pid:
            spent += int(fields[11]) + int(fields[12])
    return spent / TICKS
