"""Processes that race: forks of one that has read all their modules, which takes most of a start."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence


def race(acts: Sequence[Callable[[], object]]) -> None:
    """Each in a process of its own, all at once; ends this one, with 0 if all of them ended well.

    Nothing may be open yet that forks must not share, as a connection is.
    """
    (ready, is_ready), (gate, opens) = os.pipe(), os.pipe()
    racers = [_fork(act, is_ready, gate, opens) for act in acts]
    os.close(is_ready)
    for _racer in racers:
        assert os.read(ready, 1), "one of them broke"
    os.close(opens)
    codes = [os.waitstatus_to_exitcode(os.waitpid(racer, 0)[1]) for racer in racers]
    sys.exit(int(any(codes)))


def _fork(act: Callable[[], object], is_ready: int, gate: int, opens: int) -> int:
    racer = os.fork()
    if racer:
        return racer
    code = 1
    try:
        os.close(opens)
        os.write(is_ready, b".")
        os.read(gate, 1)  # ends when the last that could write to it is closed
        act()
        sys.stdout.flush()
        code = 0
    except BaseException:  # all of it is told, and none of it is the other racers'
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
