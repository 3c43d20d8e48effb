"""Puts groups onto two cores: light ones side by side, those that are sensitive to time alone."""

import queue
import threading
from collections.abc import Iterator, Sequence

from tests.groups import Group
from tests.running import Outcome, Runner

CORES = 2


def run_all(groups: Sequence[Group], runner: Runner) -> Iterator[Outcome]:
    """Each group's outcome, as it ends."""
    ended: queue.Queue[tuple[Group, Outcome | BaseException]] = queue.Queue()
    waiting, running = list(groups), dict[Group, threading.Thread]()
    try:
        while waiting or running:
            for group in startable(waiting, list(running)):
                waiting.remove(group)
                running[group] = threading.Thread(target=_run, args=(group, runner, ended))
                running[group].start()
            group, outcome = ended.get()
            running.pop(group).join()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        runner.stop()
        for thread in running.values():
            thread.join()


def startable(waiting: Sequence[Group], running: Sequence[Group]) -> list[Group]:
    """Those that fit beside what runs, in the order of the table."""
    free = CORES - sum(group.cores for group in running)
    starting = []
    for group in waiting:
        if group.cores <= free:
            starting.append(group)
            free -= group.cores
    return starting


def _run(group: Group, runner: Runner, ended: "queue.Queue[tuple[Group, Outcome | BaseException]]") -> None:
    try:
        ended.put((group, runner.run(group)))
    except BaseException as broken:  # the main thread raises it again
        ended.put((group, broken))
