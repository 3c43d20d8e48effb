"""The runner runs small groups that fail in every way that it promises to notice."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.groups import Check, Group
from tests.running import Outcome, Runner

MIXED = """
import pytest
@pytest.fixture
def breaks_afterwards():
    yield
    raise OSError
def test_passes(record_property): record_property('figure', 'first frame after 0.4 s')
def test_fails(): assert 1 == 2
def test_breaks_in_its_fixture(breaks_afterwards): pass
@pytest.mark.skip(reason='not today')
def test_is_skipped(): pass
@pytest.mark.xfail(reason='known')
def test_fails_as_expected(): assert 1 == 3
@pytest.mark.long
def test_takes_long(): pass
"""
SKIPPED = "import pytest\n@pytest.mark.skip(reason='not today')\ndef test_a(): pass\n"
HANGS = "import time\ndef test_a(): pass\ndef test_b(): time.sleep(600)\n"
ENDLESS = f"6{os.getpid():07}"  # seconds, told from those of another run on this machine
LEAVES = f"""
import subprocess
def test_a():
    subprocess.Popen(["setsid", "--fork", "sleep", "{ENDLESS}"]).wait()
"""


def run(tmp_path: Path, text: str, *, limit_seconds: int = 60, acceptance: bool = False, workers: int = 1) -> Outcome:
    path = tmp_path / "test_made.py"
    path.write_text(text)
    # An absolute path stands for itself wherever it is joined to a folder.
    plugins = ("--disable-plugin-autoload",) if workers == 1 else ("-p", "no:schemathesis")  # starts sooner
    group = Group("made", "", limit_seconds, (str(path),), plugins=plugins, workers=workers)
    return Runner(acceptance=acceptance).run(group)


@pytest.mark.parametrize(("workers", "acceptance", "passed"), [(1, False, 1), (2, True, 2)])
def test_every_outcome_is_counted_and_told(tmp_path: Path, workers: int, acceptance: bool, passed: int) -> None:
    outcome = run(tmp_path, MIXED, workers=workers, acceptance=acceptance)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (passed, 2, 2)
    assert "assert 1 == 2" in outcome.output
    assert "first frame after 0.4 s" in outcome.notes
    assert sum("not today" in note or "known" in note for note in outcome.notes) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [("import nowhere\n", "No module named 'nowhere'"), ("X = 1\n", "ran no test"), (SKIPPED, "ran no test")],
)
def test_a_group_of_which_nothing_ran_fails(tmp_path: Path, text: str, said: str) -> None:
    outcome = run(tmp_path, text)
    assert (outcome.passed, outcome.failed) == (0, 1)
    assert said in outcome.output + " ".join(outcome.notes)


def test_a_group_without_its_folder_fails_and_does_not_run_all_others(tmp_path: Path) -> None:
    outcome = Runner().run(Group("made", "", 60, (str(tmp_path / "nowhere"),)))
    assert (outcome.passed, outcome.failed) == (0, 1)


def test_what_takes_longest_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.running.SLOW_SECONDS", 0.5)
    outcome = run(tmp_path, "import time\ndef test_a(): pass\ndef test_b(): time.sleep(0.6)\n")
    (slow,) = [note for note in outcome.notes if note.startswith("took ")]
    assert slow.endswith("::test_b")


def test_a_hung_group_ends_at_its_limit_and_names_the_test(tmp_path: Path) -> None:
    outcome = run(tmp_path, HANGS, limit_seconds=8)
    assert (outcome.passed, outcome.failed) == (1, 1)
    assert any(note.startswith("did not end:") and note.endswith("::test_b") for note in outcome.notes)
    assert any("hung" in note for note in outcome.notes)


def test_a_process_left_behind_is_ended_and_fails_the_group(tmp_path: Path) -> None:
    outcome = run(tmp_path, LEAVES)
    assert (outcome.passed, outcome.failed) == (1, 1)
    assert any(f"sleep {ENDLESS}" in note for note in outcome.notes)
    assert running(f"sleep {ENDLESS}") == []


def test_a_check_that_fails_counts_as_a_test() -> None:
    bad = Check("bad", (sys.executable, "-c", "print('line 3 is wrong'); raise SystemExit(1)"))
    missing = Check("missing", ("no-such-program",))
    good = Check("good", (sys.executable, "-c", "print('fine')"))
    outcome = Runner().run(Group("made", "", 60, checks=(bad, missing, good)))
    assert (outcome.passed, outcome.failed) == (1, 2)
    assert "line 3 is wrong" in outcome.output
    assert "no-such-program" in outcome.output
    assert "fine" not in outcome.output


def test_stopping_ends_what_runs(tmp_path: Path) -> None:
    mark = tmp_path / "began"
    hangs = Check("hangs", (sys.executable, "-c", f"open({str(mark)!r}, 'w'); import time; time.sleep({ENDLESS})"))
    runner = Runner()
    thread = threading.Thread(target=runner.run, args=(Group("made", "", 60, checks=(hangs,)),))
    thread.start()
    while not mark.exists():
        time.sleep(0.01)
    runner.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert running(f"time.sleep({ENDLESS})") == []


def test_settings_of_an_installation_reach_no_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMETHREAD_DATABASE", "sqlite:////nowhere")
    text = "import os\ndef test_a(): assert not [name for name in os.environ if name.startswith('HOMETHREAD_')]\n"
    assert run(tmp_path, text).passed == 1


def running(words: str) -> list[int]:
    """Processes of this machine whose command line holds these words, this one aside."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words in line:
            found.append(int(entry.name))
    return found
