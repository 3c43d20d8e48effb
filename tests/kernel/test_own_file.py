"""Files with secrets are made once and whole, by threads as by programs."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from app.kernel import own_file

THREADS, ROUNDS = 6, 40


def test_threads_that_make_a_file_at_once_agree_on_one(tmp_path: Path) -> None:
    barrier = Barrier(THREADS)

    def make(number: int, path: Path) -> bytes:
        barrier.wait(10)
        own_file.make(path, bytes([number]) * 32)
        return path.read_bytes()

    with ThreadPoolExecutor(THREADS) as pool:
        for turn in range(ROUNDS):
            path = tmp_path / f"{turn}.key"
            (read,) = set(pool.map(make, range(THREADS), [path] * THREADS))
            assert len(set(read)) == 1
            assert len(read) == 32
    assert len(list(tmp_path.iterdir())) == ROUNDS, "nothing is left beside them"


def test_a_file_is_replaced_whole_and_stays_its_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    own_file.make(path, b"first")
    own_file.make(path, b"second")
    assert path.read_bytes() == b"first"
    own_file.replace(path, b"third")
    assert path.read_bytes() == b"third"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["a.key"]
