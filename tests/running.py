"""Runs one group under a keeper and counts what came of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.groups import BIN, PYTHON, ROOT, Check, Group

SLOW_SECONDS, MOST_SLOW = 10, 20
AGAIN = "rerun"  # the outcome, in pytest-rerunfailures, of a try that failed and is followed by another one
KEEPER = ROOT / "tests" / "keeper.py"


@dataclass
class Outcome:
    group: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    again: int = 0  # tests that failed and were tried once more
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    output: str = ""  # of what failed


@dataclass(frozen=True)
class Ended:
    code: int
    hung: bool
    left: list[str]
    output: str


class Runner:
    """Runs groups; `stop` ends at once what runs in any thread."""

    def __init__(self, pytest_arguments: Sequence[str] = (), *, acceptance: bool = False) -> None:
        self._arguments = tuple(pytest_arguments)
        self._acceptance = acceptance
        self._live: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, group: Group) -> Outcome:
        began = time.monotonic()
        outcome = Outcome(group.name)
        for check in group.checks:
            self._check(check, began + group.limit_seconds - time.monotonic(), outcome)
        if group.folders:
            self._tests(group, outcome)
        outcome.seconds = time.monotonic() - began
        return outcome

    def stop(self) -> None:
        self._stopped = True
        for keeper in list(self._live):
            _let_go(keeper)

    def _check(self, check: Check, limit_seconds: float, outcome: Outcome) -> None:
        ended = self._keep(check.command, max(limit_seconds, 1))
        if ended.code == 0 and not ended.hung and not ended.left:
            outcome.passed += 1
            return
        outcome.failed += 1
        why = (
            "it hung"
            if ended.hung
            else f"it left behind {'; '.join(ended.left)}"
            if ended.left
            else f"code {ended.code}"
        )
        outcome.notes.append(f"{check.name} failed: {why}")
        outcome.output += f"--- {check.name}\n{ended.output}"

    def _tests(self, group: Group, outcome: Outcome) -> None:
        if not any((ROOT / "tests" / folder).exists() for folder in group.folders):
            outcome.failed += 1
            outcome.notes.append("ran no test: none of its folders is there")
            return
        with tempfile.TemporaryDirectory(prefix="homethread-tally-") as folder:
            tally = Path(folder) / "tally"
            tally.touch()
            ended = self._keep(self._pytest(group, tally), group.limit_seconds)
            count(tally.read_text(encoding="utf-8").splitlines(), outcome, group.second_tries)
        judge(group, ended, outcome)

    def _pytest(self, group: Group, tally: Path) -> list[str]:
        command = [PYTHON, "-m", "pytest", "-q", "-p", "tests.tally", "--tally", str(tally), *group.plugins]
        if group.second_tries:
            command += _second_tries(group.second_tries)
        if group.workers > 1:
            command += ["-n", str(group.workers), "--dist", "worksteal"]
        if not self._acceptance and not group.long:
            command += ["-m", "not long"]
        if not any(_is_path(argument) for argument in self._arguments):
            command += [str(ROOT / "tests" / folder) for folder in group.folders if (ROOT / "tests" / folder).exists()]
        return [*command, *self._arguments]

    def _keep(self, command: Sequence[str], limit_seconds: float) -> Ended:
        with tempfile.NamedTemporaryFile() as result, tempfile.TemporaryFile() as output:
            keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(KEEPER), result.name, str(limit_seconds), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=_environment(),
                start_new_session=True,
            )
            self._live.add(keeper)
            if self._stopped:
                _let_go(keeper)
            keeper.wait()
            self._live.discard(keeper)
            _let_go(keeper)
            output.seek(0)
            said = output.read().decode(errors="replace")
            seen: dict[str, Any] = json.loads(Path(result.name).read_text() or '{"code": 1, "hung": false, "left": []}')
        return Ended(seen["code"], seen["hung"], seen["left"], said)


def count(lines: Sequence[str], outcome: Outcome, second_tries: int = 0) -> None:
    """Adds up a tally; a test that failed in any of its phases failed, unless it was tried again."""
    tests: dict[str, str] = {}
    again: set[str] = set()
    lasted: dict[str, float] = defaultdict(float)
    for line in map(json.loads, lines):
        if "figure" in line:
            outcome.notes.append(line["figure"])
        elif "seconds" in line:
            lasted[line["test"]] += float(line["seconds"])
        elif line["outcome"] == AGAIN:
            again.add(line["test"])
            tests[line["test"]] = "began"
        elif line["outcome"] == "failed" or tests.get(line["test"]) != "failed":
            tests[line["test"]] = line["outcome"]
        if line.get("reason") and (note := _note(line)) not in outcome.notes:
            outcome.notes.append(note)
    ended = list(tests.values())
    outcome.passed += ended.count("passed")
    outcome.failed += ended.count("failed")
    outcome.skipped += ended.count("skipped")
    outcome.again += len(again)
    slowest = sorted(((seconds, test) for test, seconds in lasted.items() if seconds >= SLOW_SECONDS), reverse=True)
    outcome.notes += [f"took {seconds:.0f} s: {test}" for seconds, test in slowest[:MOST_SLOW]]
    outcome.notes += [f"did not end: {test}" for test, what in tests.items() if what == "began"]
    if again and len(again) >= second_tries:
        late = [test for test, what in tests.items() if what == "failed" and test not in again]
        outcome.notes += [f"not tried again, {second_tries} others were: {test}" for test in late]


def _note(line: dict[str, str]) -> str:
    word = "tried again" if line["outcome"] == AGAIN else "skipped"
    return f"{word} {line['test']}: {line['reason']}"


def judge(group: Group, ended: Ended, outcome: Outcome) -> None:
    """What counts as a failure of the group as a whole."""
    faults = []
    if ended.hung:
        faults.append(f"hung: ended at its limit of {group.limit_seconds} seconds")
    elif outcome.passed + outcome.failed == 0:
        faults.append("ran no test")
    elif ended.code != 0 and outcome.failed == 0:
        faults.append(f"pytest ended with {ended.code}")
    if ended.left:
        faults.append("left processes behind: " + "; ".join(ended.left))
    outcome.failed += len(faults)
    outcome.notes += faults
    if outcome.failed:
        outcome.output = ended.output


def _second_tries(most: int) -> list[str]:
    """What a program wrote into its log isn't the machine's fault: no second try for that."""
    plugins = ["-p", "rerunfailures", "-p", "tests.second_tries"]
    return [*plugins, "--reruns", "1", "--max-suite-reruns", str(most), "--rerun-except", "Traceback"]


def _let_go(keeper: subprocess.Popen[bytes]) -> None:
    """The keeper sees its input close and ends what it runs."""
    assert keeper.stdin is not None
    keeper.stdin.close()


def _is_path(argument: str) -> bool:
    return not argument.startswith("-") and (ROOT / argument.partition("::")[0]).exists()


def _environment() -> dict[str, str]:
    """Nothing that somebody set for an installation of their own reaches a test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOMETHREAD_")}
    return kept | {"PATH": f"{BIN}{os.pathsep}{kept.get('PATH', os.defpath)}", "NO_PROXY": "127.0.0.1,localhost,::1"}
