"""Who writes to a blob alone: in a folder one process and thread, in a bucket nobody."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.gateways import blob_stores, s3_blobs
from app.gateways.s3_blobs import S3Blobs
from app.messages.ports import Occupied

PIECE = b"a sealed piece"
# Holds a blob alone until its input ends, or it does.
HOLDS = """
import pathlib, sys
from app.gateways.blob_stores import opened
with opened(None, pathlib.Path(sys.argv[1])).alone("blob"):
    print("alone", flush=True)
    sys.stdin.read()
"""


def test_a_folders_blob_is_written_by_one_alone_until_it_lets_go_or_dies(tmp_path: Path) -> None:
    blobs = blob_stores.opened(None, tmp_path)
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"alone\n"
        for sent in (signal.SIGCONT, signal.SIGSTOP):
            holder.send_signal(sent)
            with pytest.raises(Occupied), blobs.alone("blob"):
                pytest.fail("two of them")
        with blobs.alone("another"):
            blobs.put("blob", 0, PIECE)  # whoever only reads or puts is asked nothing
        holder.kill()
        holder.wait()
        with blobs.alone("blob"), pytest.raises(Occupied), blobs.alone("blob"):
            pytest.fail("two threads of one process")
    with blobs.alone("blob"):
        assert blobs.get("blob", 0) == PIECE
    blobs.delete("blob")
    assert list(blobs.blob_ids()) == ["another"]


def test_a_bucket_keeps_nobody_out_and_says_how_long_a_write_may_last() -> None:
    blobs = S3Blobs("s3+http://key:secret@127.0.0.1:9/bucket")  # never called
    with blobs.alone("blob"), blobs.alone("blob"):
        pass
    a_call = s3_blobs.CONNECT_SECONDS + s3_blobs.ANSWER_SECONDS
    assert blobs.write_lasts.total_seconds() >= 2 * (1 + s3_blobs.RETRIES) * a_call
