"""A pytest plugin that writes each test's outcome as it happens, so that a group that hangs is still counted."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.running import AGAIN

FIGURE = "figure"  # record_property("figure", "…") puts a line into the report of a run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tally", metavar="FILE", type=Path)


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--tally")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Tally(path))


class Tally:
    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1, encoding="utf-8")
        self._told: Counter[str] = Counter()  # a second try carries what the first one noted

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(test=nodeid, outcome="began")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._write(test=report.nodeid, seconds=f"{report.duration:.2f}")
        if report.outcome != "passed" or report.when == "call":
            self._write(test=report.nodeid, outcome=report.outcome, reason=_reason(report))
        if report.when == "teardown":
            for name, words in report.user_properties[self._told[report.nodeid] :]:
                if name == FIGURE:
                    self._write(test=report.nodeid, figure=str(words))
            self._told[report.nodeid] = len(report.user_properties)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            self._write(test=report.nodeid, outcome=report.outcome, reason=_reason(report))

    def pytest_unconfigure(self) -> None:
        self._file.close()

    def _write(self, **line: str) -> None:
        self._file.write(json.dumps(line) + "\n")


def _reason(report: Any) -> str:
    if report.outcome == AGAIN:
        return _last_line(report)
    if report.outcome != "skipped":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return f"expected to fail: {getattr(report, 'wasxfail', '')}"


def _last_line(report: Any) -> str:
    """Where it failed and the first line of what was said there, or the last of what there is."""
    crash = getattr(report.longrepr, "reprcrash", None)
    words = str(crash or "").strip() or str(report.longrepr).strip()
    return words.splitlines()[-1] if words else "without a word"
